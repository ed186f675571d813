//! The second walk: each tensor goes straight to the place that was planned for it.

use crate::error::ErrorKind;
use crate::memory::{self, Region, Strided};
use crate::progress::Meter;
use crate::ser::file::FileSink;
use crate::ser::plan::{Plan, Slot};
use crate::ser::skeleton::Skeleton;
use crate::ser::trace::Trace;
#[cfg(feature = "object_store")]
use crate::ser::window::Window;
use crate::{Dtype, Error, Result};

/// Where the bytes go.
pub(crate) enum Sink<'w> {
    Memory(Region),
    File(FileSink<'w>),
    #[cfg(feature = "object_store")]
    Window(Window),
}

/// Holds the walk to the plan. Nothing of the first walk is trusted: a tensor that is not what was
/// planned ends the save.
pub(crate) struct Writer<'w> {
    skeleton: &'w Skeleton,
    plan: &'w Plan,
    next: usize,
    sink: Sink<'w>,
    /// The tensor that comes in parts.
    parts: Option<Parts>,
    meter: Option<&'w Meter>,
}

/// How far a tensor has come whose bytes come in parts.
struct Parts {
    slot: Slot,
    /// Its number among all.
    tensor: usize,
    done: usize,
}

impl<'w> Writer<'w> {
    /// Begins with the header, which is known already.
    pub(crate) fn new(skeleton: &'w Skeleton, plan: &'w Plan, mut sink: Sink<'w>) -> Result<Self> {
        match &mut sink {
            Sink::Memory(region) => region.put(0, |slot| memory::copy_into(slot, &plan.header))?,
            Sink::File(file) => file.put(0, &plan.header)?,
            #[cfg(feature = "object_store")]
            Sink::Window(window) => window.put(0, &plan.header),
        }
        Ok(Self { skeleton, plan, next: 0, sink, parts: None, meter: None })
    }

    /// Reports how far the walk has come.
    pub(crate) fn metered(self, meter: &'w Meter) -> Self {
        Self { meter: Some(meter).filter(|meter| meter.is_watched()), ..self }
    }

    /// The key of the tensor that is to come.
    pub(crate) fn next_key(&self) -> Option<&str> {
        (self.next < self.plan.slots.len()).then(|| self.plan.keys.tensor(self.next))
    }

    /// Whether this file is not to have the tensor that comes next, which passes by here.
    pub(crate) fn skips_next(&mut self) -> bool {
        let skips = matches!(self.plan.slots.get(self.next), Some(None));
        self.next += usize::from(skips);
        skips
    }

    fn count(&self, bytes: usize, tensor: usize) {
        if let Some(meter) = self.meter {
            meter.add(bytes, || self.plan.keys.tensor(tensor));
        }
    }

    /// The place of the tensor that comes next, if it is the one that was planned; `None` where this
    /// file is not to have it.
    fn claim(&mut self, dtype: Dtype, shape: &[usize]) -> Result<Option<Slot>> {
        let index = self.next;
        self.next += 1;
        let (Some(slot), Some(info)) = (self.plan.slots.get(index), self.skeleton.tensors().get(index)) else {
            return Err(changed(format!("it has more than the {index} tensors of before")));
        };
        let planned = self.skeleton.shape(info);
        if dtype != info.dtype || shape != planned {
            let reason = format!("a tensor {dtype} {shape:?} was {} {planned:?} before", info.dtype);
            return Err(changed(reason).at(|| self.plan.keys.tensor(index).to_owned()));
        }
        Ok(*slot)
    }

    pub(crate) fn tensor(&mut self, tensor: &Strided<'_>) -> Result<()> {
        let index = self.next;
        let Some(slot) = self.claim(tensor.dtype(), tensor.shape())? else { return Ok(()) };
        let mut offset = slot.offset;
        match &mut self.sink {
            Sink::Memory(region) => region.put(slot.position.get(), |place| tensor.write_to(place))?,
            Sink::File(file) => {
                let step = if self.meter.is_some() { Meter::STEP } else { usize::MAX };
                tensor.for_each_chunk(FileSink::CHUNK, |bytes| {
                    for part in bytes.chunks(step) {
                        file.put(offset, part)?;
                        offset += part.len() as u64;
                        if let Some(meter) = self.meter {
                            meter.add(part.len(), || self.plan.keys.tensor(index));
                        }
                    }
                    Ok(())
                })?;
                return Ok(());
            }
            #[cfg(feature = "object_store")]
            Sink::Window(window) => {
                return window.if_within(slot.offset, slot.len, |window| {
                    tensor.for_each_chunk(FileSink::CHUNK, |bytes| {
                        window.put(offset, bytes);
                        offset += bytes.len() as u64;
                        Ok(())
                    })
                });
            }
        }
        self.count(slot.len, index);
        Ok(())
    }

    /// Begins a tensor whose bytes come in parts.
    pub(crate) fn begin(&mut self, dtype: Dtype, shape: &[usize]) -> Result<()> {
        let tensor = self.next;
        self.parts = self.claim(dtype, shape)?.map(|slot| Parts { slot, tensor, done: 0 });
        Ok(())
    }

    /// The next bytes of the tensor that was begun.
    pub(crate) fn part(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(Parts { slot, tensor, done }) = &mut self.parts else { return Ok(()) };
        let (from, tensor) = (*done, *tensor);
        *done += bytes.len();
        if *done > slot.len {
            return Err(other_length(slot.len, *done));
        }
        let offset = slot.offset + from as u64;
        match &mut self.sink {
            Sink::Memory(region) => region.append(slot.position.get(), bytes)?,
            Sink::File(file) => file.put(offset, bytes)?,
            #[cfg(feature = "object_store")]
            Sink::Window(window) => {
                window.put(offset, bytes);
                return Ok(());
            }
        }
        self.count(bytes.len(), tensor);
        Ok(())
    }

    /// Ends the tensor that was begun.
    pub(crate) fn end(&mut self) -> Result<()> {
        match self.parts.take() {
            Some(Parts { slot, done, .. }) if done != slot.len => Err(other_length(slot.len, done)),
            _ => Ok(()),
        }
    }

    /// Ends the walk: every tensor must have come, and under the names that were planned.
    pub(crate) fn finish(self, trace: Trace) -> Result<Sink<'w>> {
        let planned = self.plan.slots.len();
        if self.next < planned {
            return Err(changed(format!("it has {} tensors and had {planned} before", self.next)));
        }
        if trace != self.skeleton.trace {
            return Err(changed("its fields, keys or items are not those of before".to_owned()));
        }
        Ok(self.sink)
    }
}

#[cold]
fn other_length(planned: usize, found: usize) -> Error {
    changed(format!("a tensor of {planned} bytes has {found} now"))
}

#[cold]
fn changed(reason: String) -> Error {
    Error::new(ErrorKind::Changed { reason })
}
