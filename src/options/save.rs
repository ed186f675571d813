//! The verbs that save.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::Options;
use crate::memory::Region;
use crate::progress::Meter;
use crate::rename::Renames;
use crate::ser::file::FileSink;
use crate::ser::keys::Keys;
use crate::ser::plan::{About, Plan};
use crate::ser::serializer::Serializer;
use crate::ser::skeleton::Skeleton;
use crate::ser::walker::{Mode, Walker};
use crate::ser::writer::{Sink, Writer};
use crate::{Error, Naming, Result, Tree, file, shards};

impl Options {
    pub(crate) fn plan<T: ?Sized + Serialize>(&self, value: &T) -> Result<(Skeleton, Plan)> {
        let skeleton = self.skeleton(value)?;
        let naming = self.naming_on_save();
        let keys = self.keys(&skeleton, &naming)?;
        let about = About { naming: &naming, metadata: &self.metadata, keep_empty: self.empty_metadata };
        let plan = Plan::new(&skeleton, keys, &about)?;
        Ok((skeleton, plan))
    }

    /// The naming to save in.
    pub(crate) fn naming_on_save(&self) -> Naming {
        self.naming.clone().unwrap_or_else(Naming::flax)
    }

    pub(crate) fn keys(&self, skeleton: &Skeleton, naming: &Naming) -> Result<Keys> {
        Keys::of(skeleton, naming, &self.renames)
    }

    /// The first walk.
    pub(crate) fn skeleton<T: ?Sized + Serialize>(&self, value: &T) -> Result<Skeleton> {
        let mut walker = Walker::new(Mode::Skeleton(Skeleton::default()), self.max_depth);
        walker.value(value).map_err(|error| walker.locate(error))?;
        let trace = walker.trace();
        match walker.mode {
            Mode::Skeleton(mut skeleton) => {
                skeleton.trace = trace;
                Ok(skeleton)
            }
            Mode::Write(_) => Err(Error::unsupported("the first walk writes nothing")),
        }
    }

    /// The second walk.
    pub(crate) fn write<'w, T: ?Sized + Serialize>(&self, value: &T, writer: Writer<'w>) -> Result<Sink<'w>> {
        let mut walker = Walker::new(Mode::Write(writer), self.max_depth);
        walker.value(value).map_err(|error| walker.locate(error))?;
        let trace = walker.trace();
        match walker.mode {
            Mode::Write(writer) => writer.finish(trace),
            Mode::Skeleton(_) => Err(Error::unsupported("the second walk builds nothing")),
        }
    }

    /// Saves a value as the bytes of a safetensors file: [`to_bytes`](crate::to_bytes).
    ///
    /// # Errors
    ///
    /// As [`to_bytes`](crate::to_bytes).
    pub fn to_bytes<T: ?Sized + Serialize>(&self, value: &T) -> Result<Vec<u8>> {
        let (skeleton, plan) = self.plan(value)?;
        let region = Region::new(plan.lengths.iter().copied())?;
        let region = region.shared_by(self.threads.for_len(usize::try_from(plan.total).unwrap_or_default()));
        let meter = self.meter(plan.data_len());
        let writer = Writer::new(&skeleton, &plan, Sink::Memory(region))?.metered(&meter);
        match self.write(value, writer)? {
            Sink::Memory(region) => region.finish(),
            _ => Err(Error::unsupported("bytes do not go to a file")),
        }
    }

    /// Writes what is planned of a value to a file.
    pub(crate) fn write_to<T: ?Sized + Serialize>(
        &self,
        file: &File,
        value: &T,
        skeleton: &Skeleton,
        plan: &Plan,
        meter: &Meter,
    ) -> Result<()> {
        let writer = Writer::new(skeleton, plan, Sink::File(FileSink::new(file, self.sync)))?.metered(meter);
        match self.write(value, writer)? {
            Sink::File(mut sink) => sink.flush(),
            _ => Err(Error::unsupported("a file does not go to memory")),
        }
    }

    /// Saves a value to a writer: [`to_writer`](crate::to_writer).
    ///
    /// # Errors
    ///
    /// As [`to_writer`](crate::to_writer).
    pub fn to_writer<W: Write, T: ?Sized + Serialize>(&self, mut writer: W, value: &T) -> Result<()> {
        let bytes = self.to_bytes(value)?;
        writer.write_all(&bytes).and_then(|()| writer.flush()).map_err(Error::io)
    }

    /// Saves a value to a file: [`to_file`](crate::to_file).
    ///
    /// # Errors
    ///
    /// As [`to_file`](crate::to_file).
    pub fn to_file<P: AsRef<Path>, T: ?Sized + Serialize>(&self, path: P, value: &T) -> Result<()> {
        let path = path.as_ref();
        let save = || {
            let (skeleton, plan) = self.plan(value)?;
            let meter = self.meter(plan.data_len());
            file::replace(path, plan.total, self.sync, |file| self.write_to(file, value, &skeleton, &plan, &meter))
        };
        save().map_err(|error| error.in_file(path))
    }

    /// Saves a value in shards: [`to_shards`](crate::to_shards).
    ///
    /// # Errors
    ///
    /// As [`to_shards`](crate::to_shards).
    pub fn to_shards<P: AsRef<Path>, T: ?Sized + Serialize>(
        &self,
        directory: P,
        value: &T,
        max_shard_size: u64,
    ) -> Result<()> {
        let directory = directory.as_ref();
        shards::write(self, directory, value, max_shard_size).map_err(|error| error.in_file(directory))
    }

    /// Turns a value into a [`Tree`]: [`to_tree`](crate::to_tree).
    ///
    /// With a [`naming`](Options::naming) the tree has that naming's native shape, as a file of it
    /// would be read.
    ///
    /// # Errors
    ///
    /// As [`to_tree`](crate::to_tree); with a naming, when the naming cannot hold the value.
    pub fn to_tree<T: ?Sized + Serialize>(&self, value: &T) -> Result<Tree> {
        match &self.naming {
            None => Serializer::with_max_depth(self.max_depth).value(value),
            // The keys have changed already when the tree is read.
            Some(_) => Self { renames: Renames::default(), ..self.clone() }.from_bytes(&self.to_bytes(value)?),
        }
    }
}
