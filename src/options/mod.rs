//! [`Options`], the one place for what can be chosen.

mod load;
mod save;

use std::collections::BTreeMap;

use crate::cast::Casts;
use crate::checkpoint::Opening;
use crate::de::contents::Wanted;
use crate::de::reader::Settings;
use crate::depth::MAX_DEPTH;
use crate::progress::{Meter, Progress, Watch};
use crate::rename::Renames;
use crate::threads::Threads;
use crate::{Naming, shards};

/// The user's entries of a file's metadata.
pub type Metadata = BTreeMap<String, String>;

/// How to save and how to load: a builder, and the same verbs as the free functions.
///
/// # Examples
///
/// ```
/// use safejax::{Naming, Options};
/// # use std::collections::BTreeMap;
/// # let params = BTreeMap::from([("w", ndarray::arr1(&[1.0f32]))]);
///
/// let options = Options::new().naming(Naming::flax().separator("/")).metadata("format", "flax");
/// let bytes = options.to_bytes(&params)?;
/// # Ok::<(), safejax::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    naming: Option<Naming>,
    /// Whether a file may follow another variant of the naming (another separator, say).
    variants: bool,
    metadata: Metadata,
    empty_metadata: bool,
    casts: Casts,
    max_depth: usize,
    sync: bool,
    renames: Renames,
    missing_keys: MissingKeys,
    unknown_keys: Option<UnknownKeys>,
    base_name: Option<String>,
    watch: Option<Watch>,
    threads: Threads,
}

/// What an assignment does about keys of the model that the file does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissingKeys {
    /// They are an error.
    #[default]
    Deny,
    /// The model keeps what it has there.
    Keep,
}

/// What a load does about keys of the file that the type, or the model, does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnknownKeys {
    /// They are ignored: the default of `from_*`.
    Allow,
    /// They are an error that names all of them: the default of `assign_*`.
    Deny,
}

impl Options {
    /// The defaults: flax with `.` on save, the file's own naming on load, [`Casts::Widen`].
    pub fn new() -> Self {
        Self {
            naming: None,
            variants: false,
            metadata: Metadata::new(),
            empty_metadata: false,
            casts: Casts::default(),
            max_depth: MAX_DEPTH,
            sync: false,
            renames: Renames::default(),
            missing_keys: MissingKeys::default(),
            unknown_keys: None,
            base_name: None,
            watch: None,
            threads: Threads::default(),
        }
    }

    /// The naming to save in, and the one that a file must follow when it is loaded.
    ///
    /// Without it files are saved in [`Naming::flax`], and loaded in the naming that they record or
    /// that their keys fit.
    pub fn naming(mut self, naming: Naming) -> Self {
        (self.naming, self.variants) = (Some(naming), false);
        self
    }

    /// The naming of a framework, whose files may differ in its options.
    pub(crate) fn framework(naming: Naming) -> Self {
        Self { variants: true, ..Self::new().naming(naming) }
    }

    /// Adds an entry to the metadata of the files that are saved.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Whether a file without metadata gets an empty `__metadata__` all the same, as some writers do.
    pub fn empty_metadata(mut self, write: bool) -> Self {
        self.empty_metadata = write;
        self
    }

    /// Which conversions between dtypes are made when a value is loaded.
    pub fn casts(mut self, casts: Casts) -> Self {
        self.casts = casts;
        self
    }

    /// How many levels a value may nest, 128 unless said otherwise.
    ///
    /// The limit keeps a hostile file from overflowing the stack.
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels;
        self
    }

    /// Whether [`to_file`](Options::to_file) waits until the data is on the disk.
    pub fn sync(mut self, sync: bool) -> Self {
        self.sync = sync;
        self
    }

    /// How many threads share the copying and the reading of large data: as many as there are cores
    /// and no more than four, unless said otherwise. With 1 no other thread is started.
    #[cfg(feature = "parallel")]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::new(threads);
        self
    }

    /// What [`assign_from_file`](Options::assign_from_file) does about keys that the file does not
    /// have: an error unless said otherwise.
    pub fn missing_keys(mut self, missing_keys: MissingKeys) -> Self {
        self.missing_keys = missing_keys;
        self
    }

    /// What a load does about keys that the type does not have: `from_*` ignores them and `assign_*`
    /// denies them unless said otherwise.
    pub fn unknown_keys(mut self, unknown_keys: UnknownKeys) -> Self {
        self.unknown_keys = Some(unknown_keys);
        self
    }

    /// Changes the keys on their way: on save those of the value to those of the file, on load those
    /// of the file to those of the value.
    ///
    /// It is the same closure in both directions, so what saves under other names and what loads
    /// from them are two `Options`. Several changes are made one after the other. The keys that come
    /// out must follow the naming, and two that come out the same are an error that names both.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// use safejax::Options;
    ///
    /// let params = BTreeMap::from([("gamma", ndarray::arr1(&[1.0f32]))]);
    /// let bytes = Options::new().rename(|key| key.replace("gamma", "scale")).to_bytes(&params)?;
    /// assert_eq!(safejax::Checkpoint::from_bytes(&bytes)?.keys().collect::<Vec<_>>(), ["scale"]);
    /// # Ok::<(), safejax::Error>(())
    /// ```
    pub fn rename(mut self, rename: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.renames.by(rename);
        self
    }

    /// Changes how keys begin, as [`rename`](Options::rename): the first pair whose first half a key
    /// begins with puts the second half there instead.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// use ndarray::{Array1, arr1};
    /// use safejax::Options;
    ///
    /// let params = BTreeMap::from([("model", BTreeMap::from([("w", arr1(&[1.0f32]))]))]);
    /// let bytes = safejax::to_bytes(&params)?; // model.w
    /// // An empty second half strips a prefix, an empty first half adds one to what is left.
    /// let options = Options::new().rename_prefixes([("model.", "")]);
    /// let params: BTreeMap<String, Array1<f32>> = options.from_bytes(&bytes)?;
    /// assert_eq!(params["w"], arr1(&[1.0]));
    /// # Ok::<(), safejax::Error>(())
    /// ```
    pub fn rename_prefixes<F: Into<String>, T: Into<String>>(
        mut self,
        prefixes: impl IntoIterator<Item = (F, T)>,
    ) -> Self {
        self.renames.prefixes(prefixes.into_iter().map(|(from, to)| (from.into(), to.into())).collect());
        self
    }

    /// What the names of the files of [`to_shards`](Options::to_shards) begin with, `model` unless
    /// said otherwise.
    pub fn shard_name(mut self, base: impl Into<String>) -> Self {
        self.base_name = Some(base.into());
        self
    }

    /// Has a closure told how far each save and load has come: after every tensor, and every few
    /// megabytes of a large one.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::{Options, Progress};
    ///
    /// let options = Options::new().on_progress(|Progress { bytes_done, bytes_total, key, .. }| {
    ///     eprintln!("{key}: {bytes_done} of {bytes_total} bytes");
    /// });
    /// # let _ = options;
    /// ```
    pub fn on_progress(mut self, watch: impl Fn(Progress<'_>) + Send + Sync + 'static) -> Self {
        self.watch = Some(Watch::new(watch));
        self
    }

    pub(crate) fn user_metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(crate) fn keeps_empty_metadata(&self) -> bool {
        self.empty_metadata
    }

    pub(crate) fn syncs(&self) -> bool {
        self.sync
    }

    pub(crate) fn base_name(&self) -> &str {
        self.base_name.as_deref().unwrap_or(shards::BASE)
    }

    pub(crate) fn keeps_missing(&self) -> bool {
        self.missing_keys == MissingKeys::Keep
    }

    pub(crate) fn denies_unknown(&self, default: UnknownKeys) -> bool {
        self.unknown_keys.unwrap_or(default) == UnknownKeys::Deny
    }

    pub(crate) fn meter(&self, total: u64) -> Meter {
        Meter::new(self.watch.as_ref(), total)
    }

    /// How a checkpoint is opened and read.
    pub(crate) fn opening(&self) -> Opening {
        let settings = Settings {
            casts: self.casts,
            max_depth: self.max_depth,
            deny_unknown: self.denies_unknown(UnknownKeys::Allow),
            watch: self.watch.clone(),
            threads: self.threads,
        };
        Opening { wanted: self.wanted(), renames: self.renames.clone(), settings }
    }

    fn wanted(&self) -> Wanted {
        match &self.naming {
            None => Wanted::Any,
            Some(naming) if self.variants => Wanted::Like(naming.clone()),
            Some(naming) => Wanted::Exactly(naming.clone()),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
