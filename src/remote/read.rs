//! [`RemoteCheckpoint`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::path::Path as FilePath;

use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore};
use serde::de::DeserializeOwned;

use super::fetch::Object;
use super::fetched::Fetched;
use super::refused;
use crate::checkpoint::{Opening, TensorInfo, part};
use crate::de::contents::Contents;
use crate::de::reader::{Data, Reader, Settings};
use crate::error::ErrorKind;
use crate::header::Header;
use crate::{Error, Naming, Result, Tensor, Tree};

/// What the first request asks for: most headers, and all of a small file.
const FIRST: u64 = 64 * 1024;

/// An opened file of an object store, whose tensors are not fetched yet:
/// [`Checkpoint::open_in`](crate::Checkpoint::open_in).
///
/// # Examples
///
/// ```
/// # use object_store::{memory::InMemory, path::Path};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> safejax::Result<()> {
/// # let (store, path) = (InMemory::new(), Path::from("w.safetensors"));
/// # safejax::to_store(&store, &path, &std::collections::BTreeMap::from([("w", ndarray::arr1(&[1.0f32]))])).await?;
/// let checkpoint = safejax::Checkpoint::open_in(&store, &path).await?;
/// assert_eq!(checkpoint.keys().collect::<Vec<_>>(), ["w"]);
/// assert_eq!(checkpoint.tensor("w").await?.shape(), [1]);
/// # Ok(())
/// # }
/// ```
pub struct RemoteCheckpoint<'s> {
    object: Object<'s>,
    contents: Contents<'static>,
    settings: Settings,
    /// The beginning of the file, which came with the header.
    start: Vec<u8>,
}

/// Where it is, and what is in it.
impl fmt::Debug for RemoteCheckpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, store) = (&self.object.path, self.object.store);
        write!(f, "RemoteCheckpoint {path} in {store}: {} tensors, {}", self.len(), self.naming())
    }
}

impl<'s> RemoteCheckpoint<'s> {
    pub(super) async fn open(store: &'s dyn ObjectStore, path: &Path, opening: Opening) -> Result<Self> {
        let options = GetOptions { range: Some(GetRange::Bounded(0..FIRST)), ..GetOptions::default() };
        let first = store.get_opts(path, options).await.map_err(refused)?;
        let len = first.meta.size;
        // A weak tag does not say that the bytes are the same.
        let tag = first.meta.e_tag.clone().filter(|tag| !tag.starts_with("W/"));
        let object = Object { store, path: path.clone(), tag };
        let mut start: Vec<u8> = first.bytes().await.map_err(refused)?.into();
        let header_end = Header::length(&start, len)? as u64 + 8;
        if header_end > start.len() as u64 {
            let rest = object.get(start.len() as u64..header_end).await?;
            start.extend_from_slice(&rest);
        }
        let header = Header::parse(&start, len)?.into_owned();
        let contents = Contents::new(header, &opening.wanted, &opening.renames)?;
        Ok(Self { object, contents, settings: opening.settings, start })
    }

    /// The naming that the keys follow.
    #[must_use]
    pub fn naming(&self) -> &Naming {
        self.contents.naming()
    }

    /// The keys of the tensors, in the order of the file's data.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let header = self.contents.header();
        header.entries().iter().map(|entry| header.key(entry))
    }

    /// How many tensors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contents.header().entries().len()
    }

    /// Whether there are no tensors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The user's metadata.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        self.contents.user_metadata()
    }

    /// The dtype, the shape and the place of a tensor.
    ///
    /// # Errors
    ///
    /// When there is none of this key.
    pub fn info(&self, key: &str) -> Result<TensorInfo> {
        let index = self.find(key)?;
        let header = self.contents.header();
        let entry = self.contents.tensor(index).ok_or_else(|| self.missing(key))?;
        Ok(TensorInfo {
            dtype: entry.dtype,
            shape: header.shape(entry).to_vec(),
            bytes: self.range(index),
            file: Some(FilePath::new(self.object.path.as_ref()).to_path_buf()),
        })
    }

    /// Fetches one tensor.
    ///
    /// # Errors
    ///
    /// When there is none of this key, and when the store refuses.
    pub async fn tensor(&self, key: &str) -> Result<Tensor> {
        let index = self.find(key)?;
        let mut fetched = Fetched::default();
        self.fetch(&mut fetched, BTreeSet::from([index])).await?;
        let info = self.info(key)?;
        Tensor::new(info.dtype, info.shape, fetched.tensors.remove(&index).unwrap_or_default())
    }

    /// Fetches everything as a [`Tree`].
    ///
    /// # Errors
    ///
    /// As [`get`](RemoteCheckpoint::get).
    pub async fn tree(&self) -> Result<Tree> {
        self.get().await
    }

    /// Fetches a value, and no tensor that its type does not ask for.
    ///
    /// The type is read once with zeros in place of the data, to learn which tensors it asks for, and
    /// again when they are there: a `Deserialize` of one's own runs twice.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::get`](crate::Checkpoint::get), and when the store refuses.
    pub async fn get<T: DeserializeOwned>(&self) -> Result<T> {
        self.read(|fetched| self.reader(fetched, &self.settings).read()).await
    }

    /// Fetches what is at a path, and nothing else: [`Checkpoint::get_at`](crate::Checkpoint::get_at).
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::get_at`](crate::Checkpoint::get_at), and when the store refuses.
    pub async fn get_at<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let settings = Settings { deny_unknown: false, ..self.settings.clone() };
        let read =
            |fetched: &Fetched| part::read(&self.reader(fetched, &settings), path)?.ok_or_else(|| self.missing(path));
        self.read(read).await
    }

    fn reader<'r>(&'r self, fetched: &'r Fetched, settings: &Settings) -> Reader<'r, 'r> {
        // What is read for nothing is not reported.
        let settings = Settings { watch: None, ..settings.clone() };
        Reader::new(&self.contents, None, Data::Fetched(fetched), &settings)
    }

    /// Reads, fetches what was asked for, and reads again, until everything was there.
    async fn read<T>(&self, read: impl Fn(&Fetched) -> Result<T>) -> Result<T> {
        let mut fetched = Fetched::default();
        loop {
            let value = read(&fetched);
            let asked = fetched.asked.take();
            // An error of the type's own may be due to the zeros; any other is not.
            let settled = match &value {
                Ok(_) => false,
                Err(error) => !matches!(error.kind(), ErrorKind::Custom(_) | ErrorKind::Type { .. }),
            };
            if asked.is_empty() || settled {
                return value.map_err(|error| error.in_file(FilePath::new(self.object.path.as_ref())));
            }
            drop(value);
            self.fetch(&mut fetched, asked).await?;
        }
    }

    /// Fetches tensors, given by their places in the header, which are in the order of the data.
    async fn fetch(&self, fetched: &mut Fetched, asked: BTreeSet<usize>) -> Result<()> {
        let meter = crate::progress::Meter::new(self.settings.watch.as_ref(), self.contents.header().data_len());
        let mut away = Vec::new();
        for tensor in asked {
            let range = self.range(tensor);
            let here = self.start.get(range.start as usize..range.end as usize);
            match here {
                Some(bytes) => drop(fetched.tensors.insert(tensor, bytes.to_vec())),
                None => away.push((tensor, range)),
            }
        }
        let ranges: Vec<Range<u64>> = away.iter().map(|(_, range)| range.clone()).collect();
        let all = self.object.get_all(&ranges).await;
        let all = all.map_err(|error| error.in_file(FilePath::new(self.object.path.as_ref())))?;
        fetched.tensors.extend(away.into_iter().map(|(tensor, _)| tensor).zip(all));
        for (tensor, bytes) in &fetched.tensors {
            meter.add(bytes.len(), || self.contents.key_in_file(crate::de::contents::Item::Tensor(*tensor)));
        }
        Ok(())
    }

    /// Where a tensor's bytes lie in the file.
    fn range(&self, tensor: usize) -> Range<u64> {
        let start = self.contents.header().data_start();
        self.contents.tensor(tensor).map_or(0..0, |entry| start + entry.begin..start + entry.end)
    }

    fn find(&self, key: &str) -> Result<usize> {
        self.contents.find(key).ok_or_else(|| self.missing(key))
    }

    #[cold]
    fn missing(&self, key: &str) -> Error {
        let error = Error::new(ErrorKind::Missing { nearest: self.contents.nearest(key) });
        error.at(|| key.to_owned()).in_file(FilePath::new(self.object.path.as_ref()))
    }
}
