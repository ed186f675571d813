//! Saving to an object store in parts.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};
use serde::Serialize;

use super::fetch::Object;
use super::refused;
use crate::ser::plan::Plan;
use crate::ser::skeleton::Skeleton;
use crate::ser::window::Window;
use crate::ser::writer::{Sink, Writer};
use crate::{Error, Options, Result};

/// The least bytes of a part but the last. Stores ask for 5 MiB.
const PART: u64 = 8 * 1024 * 1024;

/// The most parts: S3 takes 10 000.
const PARTS: u64 = 10_000;

/// So many parts are under way at a time.
const AT_ONCE: usize = 4;

pub(super) async fn write<T: ?Sized + Serialize>(
    options: &Options,
    store: &dyn ObjectStore,
    path: &Path,
    value: &T,
) -> Result<()> {
    let (skeleton, plan) = options.plan(value)?;
    let save = Save { options, value, skeleton: &skeleton, plan: &plan };
    if plan.total <= PART {
        return save.whole(store, path).await;
    }
    let mut upload = match store.put_multipart(path).await {
        Err(object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. }) => {
            return save.whole(store, path).await;
        }
        upload => upload.map_err(refused)?,
    };
    let done = match save.parts(upload.as_mut()).await {
        Ok(()) => upload.complete().await.map_err(refused).map(|_| ()),
        Err(error) => Err(error),
    };
    if done.is_err() {
        // The first error counts; stores remove what was begun and not finished sooner or later.
        let _ = upload.abort().await;
    }
    done
}

struct Save<'s, T: ?Sized> {
    options: &'s Options,
    value: &'s T,
    skeleton: &'s Skeleton,
    plan: &'s Plan,
}

impl<T: ?Sized + Serialize> Save<'_, T> {
    async fn whole(&self, store: &dyn ObjectStore, path: &Path) -> Result<()> {
        let object = Object { store, path: path.clone(), tag: None };
        let meter = self.options.meter(self.plan.data_len());
        object.put(self.part(0, self.plan.total)?).await?;
        meter.add(self.plan.data_len() as usize, || self.last_key());
        Ok(())
    }

    async fn parts(&self, upload: &mut dyn MultipartUpload) -> Result<()> {
        let meter = self.options.meter(self.plan.data_len());
        let step = PART.max(self.plan.total.div_ceil(PARTS));
        let mut under_way = FuturesUnordered::new();
        let mut begin = 0;
        while begin < self.plan.total {
            if under_way.len() == AT_ONCE {
                under_way.next().await.transpose()?;
            }
            let end = self.plan.total.min(begin + step);
            let sent = upload.put_part(self.part(begin, end)?.into());
            let (meter, header) = (&meter, self.plan.header.len() as u64);
            under_way.push(async move {
                sent.await.map_err(refused)?;
                let bytes = end.saturating_sub(header) - begin.saturating_sub(header);
                meter.add(bytes as usize, || self.last_key());
                Ok::<(), Error>(())
            });
            begin = end;
        }
        while let Some(sent) = under_way.next().await {
            sent?;
        }
        Ok(())
    }

    /// The bytes of the file from `begin` to `end`, by a walk over the value.
    fn part(&self, begin: u64, end: u64) -> Result<Vec<u8>> {
        let window = Sink::Window(Window::new(begin..end));
        match self.options.write(self.value, Writer::new(self.skeleton, self.plan, window)?)? {
            Sink::Window(window) => Ok(window.into_bytes()),
            _ => Err(Error::unsupported("a part goes nowhere else")),
        }
    }

    fn last_key(&self) -> &str {
        self.plan.order.last().map_or("", |&tensor| self.plan.keys.tensor(tensor))
    }
}
