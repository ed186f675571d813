//! Saving in shards.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use super::index::{Index, SUFFIX};
use crate::entry::Entry;
use crate::progress::Meter;
use crate::ser::keys::Keys;
use crate::ser::plan::{self, Plan};
use crate::ser::skeleton::Skeleton;
use crate::{Error, Naming, Options, Result, file};

/// Saves a value in shards of at most `max_shard_size` bytes of tensors each.
pub(crate) fn write<T: ?Sized + Serialize>(
    options: &Options,
    directory: &Path,
    value: &T,
    max_shard_size: u64,
) -> Result<()> {
    let base = options.base_name();
    let skeleton = options.skeleton(value)?;
    let naming = options.naming_on_save();
    let keys = Arc::new(options.keys(&skeleton, &naming)?);
    fs::create_dir_all(directory).map_err(Error::io)?;
    let shards = split(&skeleton, keys.stored(), max_shard_size);
    if shards.len() <= 1 {
        let path = directory.join(format!("{base}.safetensors"));
        options.to_file(&path, value)?;
        return remove_others(directory, base, &[path.as_path()]).map_err(Error::io);
    }

    let total: u64 = keys.stored().map(|tensor| size(&skeleton, tensor)).sum();
    let meter = options.meter(total);
    let save = Save { options, directory, value, skeleton: &skeleton, naming: &naming, keys: &keys, meter };
    let mut index = Index::default();
    let mut staged = Vec::new();
    for (number, shard) in shards.iter().enumerate() {
        let name = format!("{base}-{:05}-of-{:05}.safetensors", number + 1, shards.len());
        for &tensor in shard {
            index.weight_map.insert(keys.tensor(tensor).to_owned(), name.clone());
        }
        let path = directory.join(name);
        staged.push((save.shard(shard, &path).map_err(|error| error.in_file(&path))?, path));
    }
    index.metadata.insert("total_size".to_owned(), total.into());
    index.metadata.extend(save.own_metadata()?.map(|own| (Entry::KEY.to_owned(), own)));

    let path = directory.join(format!("{base}{SUFFIX}"));
    let text = index.to_text()?;
    let staged_index = file::stage(directory, &path, text.len() as u64, options.syncs(), |file| {
        file::write_all_at(file, text.as_bytes(), 0).map_err(Error::io)
    })?;
    // Between the first and the last of the next steps the files are of two saves. Without an index
    // nobody takes them for one checkpoint.
    remove(&path).map_err(Error::io)?;
    let mut kept: Vec<&Path> = vec![&path];
    for (file, path) in staged {
        file.persist(&path).map_err(|error| Error::io(error.error).in_file(&path))?;
    }
    let names: Vec<_> = index.files().into_iter().map(|name| directory.join(name)).collect();
    kept.extend(names.iter().map(|name| name.as_path()));
    staged_index.persist(&path).map_err(|error| Error::io(error.error).in_file(&path))?;
    if options.syncs() {
        file::sync_directory(directory).map_err(Error::io)?;
    }
    remove_others(directory, base, &kept).map_err(Error::io)
}

struct Save<'s, T: ?Sized> {
    options: &'s Options,
    directory: &'s Path,
    value: &'s T,
    skeleton: &'s Skeleton,
    naming: &'s Naming,
    keys: &'s Arc<Keys>,
    meter: Meter,
}

impl<T: ?Sized + Serialize> Save<'_, T> {
    /// Writes one shard beside its target.
    fn shard(&self, tensors: &[usize], path: &Path) -> Result<NamedTempFile> {
        let mut metadata = self.options.user_metadata().clone();
        let keys: Vec<&str> = tensors.iter().map(|&tensor| self.keys.tensor(tensor)).collect();
        if !self.naming.reads_as_detected(&keys) {
            let entry = Entry { naming: self.naming.clone(), bare: false, leaves: Vec::new(), lists: Vec::new() };
            metadata.insert(Entry::KEY.to_owned(), entry.to_text());
        }
        let metadata = Some(&metadata).filter(|metadata| self.options.keeps_empty_metadata() || !metadata.is_empty());
        let plan = Plan::of_tensors(self.skeleton, Arc::clone(self.keys), tensors.to_vec(), metadata)?;
        file::stage(self.directory, path, plan.total, self.options.syncs(), |file| {
            self.options.write_to(file, self.value, self.skeleton, &plan, &self.meter)
        })
    }

    /// What a single file would have in its metadata beside the user's: it belongs to no one shard.
    fn own_metadata(&self) -> Result<Option<Value>> {
        // The user's are looked at for clashes alone.
        let all = plan::metadata(self.skeleton, self.naming, self.keys, self.options.user_metadata())?;
        let user: &BTreeMap<_, _> = self.options.user_metadata();
        let own = all.into_iter().filter(|(key, _)| !user.contains_key(key));
        let own: Map<String, Value> = own.map(|(key, text)| (key, Value::String(text))).collect();
        Ok(Some(Value::Object(own)).filter(|own| own.as_object().is_some_and(|own| !own.is_empty())))
    }
}

fn size(skeleton: &Skeleton, tensor: usize) -> u64 {
    let info = skeleton.tensors().get(tensor);
    info.and_then(|info| info.dtype.byte_len(skeleton.shape(info))).unwrap_or_default() as u64
}

/// The tensors of each shard, as `huggingface_hub` splits them: in the order of the model, a new shard
/// where the next tensor does not fit, and one of its own for a tensor that is larger than a shard,
/// which comes before the shard that is being filled.
fn split(skeleton: &Skeleton, tensors: impl Iterator<Item = usize>, max_shard_size: u64) -> Vec<Vec<usize>> {
    let mut shards = Vec::new();
    let mut current = Vec::new();
    let mut filled = 0u64;
    for tensor in tensors {
        let size = size(skeleton, tensor);
        if size > max_shard_size {
            shards.push(vec![tensor]);
            continue;
        }
        if filled + size > max_shard_size {
            shards.push(std::mem::take(&mut current));
            filled = 0;
        }
        current.push(tensor);
        filled += size;
    }
    if !current.is_empty() {
        shards.push(current);
    }
    shards
}

/// Whether a file name is that of a shard: `model-00001-of-00002.safetensors`.
pub(super) fn is_shard(name: &str) -> bool {
    base_of_shard(name).is_some()
}

fn base_of_shard(name: &str) -> Option<&str> {
    let (rest, count) = name.strip_suffix(".safetensors")?.rsplit_once("-of-")?;
    let (base, number) = rest.rsplit_once('-')?;
    let is_number = |text: &str| text.len() >= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(number) && is_number(count)).then_some(base)
}

/// Removes what an earlier save under the same base name left, and this one did not replace.
fn remove_others(directory: &Path, base: &str, kept: &[&Path]) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let ours = name.strip_prefix(base).is_some_and(|rest| rest == SUFFIX || rest == ".safetensors")
            || base_of_shard(name) == Some(base);
        if ours && !kept.contains(&directory.join(name).as_path()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
