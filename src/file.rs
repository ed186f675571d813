//! Files: positioned reads and writes, and replacement in one step.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{Error, Result, memory};

/// Fills `buffer` from `offset` on, and hands it back filled.
#[cfg(unix)]
pub(crate) fn read_exact_at<'b>(file: &File, buffer: &'b mut [MaybeUninit<u8>], offset: u64) -> Result<&'b mut [u8]> {
    /// What is about to be written stays in the cache between here and there.
    const STEP: usize = 512 << 10;
    memory::fill_in_parts(buffer, |done, rest| {
        let (part, _) = rest.split_at_mut(rest.len().min(STEP));
        memory::prefault(part);
        match rustix::io::pread(file, part, offset + done as u64) {
            Ok(([], _)) => Err(Error::io(io::ErrorKind::UnexpectedEof.into())),
            Ok((read, _)) => Ok(Some(read)),
            // A signal came before any byte did.
            Err(rustix::io::Errno::INTR) => Ok(None),
            Err(error) => Err(Error::io(error.into())),
        }
    })
}

/// Reads into all of `buffer` from `offset` on.
#[cfg(unix)]
pub(crate) fn read_exact_to(file: &File, buffer: &mut [u8], offset: u64) -> Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset).map_err(Error::io)
}

/// Writes all of `bytes` from `offset` on.
#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Fills `buffer` from `offset` on, and hands it back filled.
#[cfg(windows)]
pub(crate) fn read_exact_at<'b>(file: &File, buffer: &'b mut [MaybeUninit<u8>], offset: u64) -> Result<&'b mut [u8]> {
    let buffer = memory::zeroed(buffer);
    read_exact_to(file, buffer, offset)?;
    Ok(buffer)
}

/// Reads into all of `buffer` from `offset` on.
#[cfg(windows)]
pub(crate) fn read_exact_to(file: &File, buffer: &mut [u8], offset: u64) -> Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = buffer.get_mut(filled..).unwrap_or_default();
        match std::os::windows::fs::FileExt::seek_read(file, rest, offset + filled as u64) {
            Ok(0) => return Err(Error::io(io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io(error)),
        }
    }
    Ok(())
}

/// Writes all of `bytes` from `offset` on.
#[cfg(windows)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        let rest = bytes.get(written..).unwrap_or_default();
        match std::os::windows::fs::FileExt::seek_write(file, rest, offset + written as u64) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Replaces the file at `path` in one step by what `write` puts into a new one of `len` bytes.
///
/// A crash at any moment leaves the old file or the new one. The old file's mode is kept, a new file
/// gets the umask's, and a symlink is followed. What is no regular file (`/dev/stdout`, a pipe)
/// cannot be replaced and is written to as a stream.
pub(crate) fn replace(path: &Path, len: u64, sync: bool, write: impl FnOnce(&File) -> Result<()>) -> Result<()> {
    let target = resolve(path).map_err(Error::io)?;
    let old = fs::metadata(&target).ok();
    if old.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(Error::io(io::ErrorKind::IsADirectory.into()));
    }
    if old.is_some_and(|old| !old.is_file()) {
        return stream(&target, len, write);
    }
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let temporary = stage(&directory, &target, len, sync, write)?;
    temporary.persist(&target).map_err(|error| Error::io(error.error))?;
    if sync {
        sync_directory(&directory).map_err(Error::io)?;
    }
    Ok(())
}

/// Writes a temporary file of `len` bytes that is to take the place of `target`, whose mode it gets.
pub(crate) fn stage(
    directory: &Path,
    target: &Path,
    len: u64,
    sync: bool,
    write: impl FnOnce(&File) -> Result<()>,
) -> Result<NamedTempFile> {
    check_directory(directory).map_err(Error::io)?;
    let old = fs::metadata(target).ok().map(|old| old.permissions());
    let temporary = create_in(directory, old.as_ref()).map_err(Error::io)?;
    fill(temporary.as_file(), len, write)?;
    if sync {
        temporary.as_file().sync_data().map_err(Error::io)?;
    }
    Ok(temporary)
}

fn fill(file: &File, len: u64, write: impl FnOnce(&File) -> Result<()>) -> Result<()> {
    allocate(file, len);
    file.set_len(len).map_err(Error::io)?;
    write(file)
}

/// Writes to what is no regular file, after all of it is there.
fn stream(target: &Path, len: u64, write: impl FnOnce(&File) -> Result<()>) -> Result<()> {
    // The standard permissions of a temporary file are the owner's alone.
    let mut temporary = tempfile::tempfile().map_err(Error::io)?;
    fill(&temporary, len, write)?;
    let mut target = OpenOptions::new().write(true).open(target).map_err(Error::io)?;
    io::copy(&mut temporary, &mut target).map_err(Error::io)?;
    target.flush().map_err(Error::io)
}

/// Says which directory is missing; the name of the temporary file would say nothing.
fn check_directory(directory: &Path) -> io::Result<()> {
    match fs::metadata(directory) {
        Ok(_) => Ok(()),
        Err(error) => Err(io::Error::new(error.kind(), format!("the directory `{}`: {error}", directory.display()))),
    }
}

/// The file that a path stands for, through symlinks, also where the last one leads nowhere yet.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const LINKS: usize = 40;
    let mut target = path.to_path_buf();
    for _ in 0..LINKS {
        match fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_symlink() => {
                let link = fs::read_link(&target)?;
                target = target.parent().map_or_else(|| link.clone(), |parent| parent.join(&link));
            }
            _ => return Ok(target),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// A temporary file with the permissions that the target has, from before there is anything in it.
fn create_in(directory: &Path, old: Option<&fs::Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".safejax-").suffix(".tmp");
    // Without an old file, those of any file a program creates; the umask takes its part of both.
    #[cfg(unix)]
    builder.permissions(old.cloned().unwrap_or_else(|| std::os::unix::fs::PermissionsExt::from_mode(0o666)));
    let temporary = builder.tempfile_in(directory)?;
    if let Some(old) = old {
        temporary.as_file().set_permissions(old.clone())?;
    }
    Ok(temporary)
}

/// Reserves the space where the file system can; where it cannot, writing will do.
#[cfg(target_os = "linux")]
fn allocate(file: &File, len: u64) {
    if len > 0 {
        let _ = rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, len);
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(_file: &File, _len: u64) {}

#[cfg(unix)]
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
