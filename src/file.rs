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
    // One read does it, but for files beyond what a single call transfers.
    memory::fill_in_parts(buffer, |done, rest| match rustix::io::pread(file, rest, offset + done as u64) {
        Ok(([], _)) => Err(Error::io(io::ErrorKind::UnexpectedEof.into())),
        Ok((read, _)) => Ok(read),
        Err(error) => Err(Error::io(error.into())),
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
    let stream = old.as_ref().is_some_and(|old| !old.is_file());
    let directory = match target.parent() {
        _ if stream => std::env::temp_dir(),
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let mut temporary = stage(&directory, if stream { Path::new("") } else { &target }, len, sync, write)?;
    if stream {
        let mut target = OpenOptions::new().write(true).open(&target).map_err(Error::io)?;
        io::copy(temporary.as_file_mut(), &mut target).map_err(Error::io)?;
        return target.flush().map_err(Error::io);
    }
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
    let temporary = create_in(directory).map_err(Error::io)?;
    allocate(temporary.as_file(), len);
    temporary.as_file().set_len(len).map_err(Error::io)?;
    write(temporary.as_file())?;
    if let Ok(old) = fs::metadata(target) {
        temporary.as_file().set_permissions(old.permissions()).map_err(Error::io)?;
    }
    if sync {
        temporary.as_file().sync_all().map_err(Error::io)?;
    }
    Ok(temporary)
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

fn create_in(directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".safejax-").suffix(".tmp");
    // The mode before the umask takes its part: that of any file a program creates.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory)
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
