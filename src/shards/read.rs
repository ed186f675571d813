//! Finding and opening shards.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::index::{Index, SUFFIX, invalid};
use super::{Shard, ShardData, Shards};
use crate::entry::Entry;
use crate::header::{self, Header, Planned};
use crate::{Error, ErrorKind, Result};

/// What stands at a path.
pub(crate) enum Found {
    /// One file.
    File(PathBuf),
    /// The index of several.
    Index(PathBuf),
}

/// Looks whether a path is that of a file, of an index, or of a directory with either in it.
pub(crate) fn found_at(path: &Path) -> Result<Found> {
    let name = path.file_name().map(|name| name.to_string_lossy());
    if name.is_some_and(|name| name.ends_with(".index.json")) {
        return Ok(Found::Index(path.to_path_buf()));
    }
    if !path.is_dir() {
        return Ok(Found::File(path.to_path_buf()));
    }
    let mut indices = Vec::new();
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::io)? {
        let name = entry.map_err(Error::io)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(SUFFIX) {
            indices.push(name);
        } else if name.ends_with(".safetensors") && !name.starts_with('.') {
            files.push(name);
        }
    }
    indices.sort();
    files.sort();
    match (indices.as_slice(), files.as_slice()) {
        ([index], _) => {
            let whole = format!("{}.safetensors", index.trim_end_matches(SUFFIX));
            if files.contains(&whole) {
                return Err(ambiguous(&[whole, index.clone()]));
            }
            Ok(Found::Index(path.join(index)))
        }
        ([], [file]) if !super::write::is_shard(file) => Ok(Found::File(path.join(file))),
        ([], []) => Err(Error::unsupported("the directory holds no safetensors file")),
        ([], files) if files.iter().all(|file| super::write::is_shard(file)) => Err(Error::unsupported(format!(
            "the directory holds the shard `{}` but no index (`*{SUFFIX}`): a save may have been interrupted",
            files.first().map_or("", String::as_str)
        ))),
        ([], files) => Err(ambiguous(files)),
        (indices, _) => Err(ambiguous(indices)),
    }
}

fn ambiguous(names: &[String]) -> Error {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Error::unsupported(format!("the directory holds {}: open one of them", names.join(" and ")))
}

/// A shard that was opened.
pub(crate) struct Opened {
    pub(crate) header: Header<'static>,
    pub(crate) data: OpenedData,
}

pub(crate) enum OpenedData {
    File(fs::File),
    Loaded(crate::memory::AlignedBytes),
    Mapped(memmap2::Mmap),
}

/// Opens all shards of an index, and makes one header of theirs.
pub(crate) fn open(path: &Path, open: impl Fn(&Path) -> Result<Opened>) -> Result<(Header<'static>, Shards)> {
    let text = fs::read(path).map_err(Error::io)?;
    let index = Index::parse(&text)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut headers = Vec::new();
    let mut shards = Vec::new();
    let mut begin = 0u64;
    for file in index.files() {
        let path = directory.join(file);
        let opened = open(&path).map_err(|error| named(error, &index, file).in_file(&path))?;
        check(&index, file, &opened.header).map_err(|error| error.in_file(&path))?;
        let end = begin
            .checked_add(opened.header.data_len())
            .ok_or_else(|| invalid("the shards hold more than can be counted"))?;
        let data = match opened.data {
            OpenedData::File(file) => ShardData::File(file),
            OpenedData::Loaded(bytes) => ShardData::Loaded(bytes),
            OpenedData::Mapped(map) => ShardData::Mapped(map),
        };
        shards.push(Shard { path, begin, end, start: opened.header.data_start(), data });
        headers.push(opened.header);
        begin = end;
    }
    Ok((join(&index, &headers)?, Shards { shards }))
}

/// A shard that is not there is named with a key that it should hold.
fn named(error: Error, index: &Index, file: &str) -> Error {
    let key = index.weight_map.iter().find(|(_, other)| *other == file).map(|(key, _)| key.clone());
    match (error.kind(), key) {
        (ErrorKind::Io(io), Some(key)) if io.kind() == std::io::ErrorKind::NotFound => {
            Error::unsupported("the index names this shard, but it is not there").at(|| key)
        }
        _ => error,
    }
}

/// A shard must hold the keys that the index says, and no others.
fn check(index: &Index, file: &str, header: &Header<'_>) -> Result<()> {
    let mut held = 0;
    for entry in header.entries() {
        let key = header.key(entry);
        match index.weight_map.get(key).map(String::as_str) {
            Some(named) if named == file => held += 1,
            Some(named) => {
                let reason = format!("this shard holds the key, but the index says that it is in `{named}`");
                return Err(Error::unsupported(reason).at(|| key.to_owned()));
            }
            None => {
                let reason = "this shard holds the key, but the index does not have it";
                return Err(Error::unsupported(reason).at(|| key.to_owned()));
            }
        }
    }
    let named = index.weight_map.iter().filter(|(_, other)| *other == file);
    if held < named.clone().count() {
        let keys: std::collections::HashSet<&str> = header.entries().iter().map(|entry| header.key(entry)).collect();
        let missing = named.map(|(key, _)| key).find(|key| !keys.contains(key.as_str()));
        let error = Error::unsupported("the index says that the key is in this shard, but it is not");
        return Err(error.at(|| missing.cloned().unwrap_or_default()));
    }
    Ok(())
}

/// One header for all shards: their tensors one shard after the other, and the metadata of all.
fn join(index: &Index, headers: &[Header<'static>]) -> Result<Header<'static>> {
    let tensors = headers.iter().flat_map(|header| {
        header.entries().iter().map(|entry| Planned {
            key: header.key(entry),
            dtype: entry.dtype,
            shape: header.shape(entry),
            len: entry.end - entry.begin,
        })
    });
    let bytes = header::write(tensors, Some(&metadata(index, headers)))?;
    let data: u64 = headers.iter().map(Header::data_len).sum();
    Ok(Header::parse(&bytes, bytes.len() as u64 + data)?.into_owned())
}

/// The metadata of the shards, the first of which counts where they differ, and the leaves, which stand
/// in the index.
fn metadata(index: &Index, headers: &[Header<'static>]) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    for header in headers {
        for (key, value) in header.metadata().unwrap_or_default() {
            let key = header.text(key);
            if key != Entry::KEY {
                metadata.entry(key.to_owned()).or_insert_with(|| header.text(value).to_owned());
            }
        }
    }
    let own = index.metadata.get(Entry::KEY).and_then(|own| own.as_object());
    for (key, text) in own.into_iter().flatten() {
        metadata.extend(text.as_str().map(|text| (key.clone(), text.to_owned())));
    }
    metadata
}
