//! Many ranges of an object by few requests, several at a time.

use std::ops::Range;

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};

use super::refused;
use crate::{Error, Result};

/// Ranges that are closer than this are fetched by one request.
const GAP: u64 = 64 * 1024;

/// What one request asks for at most: larger ranges are fetched side by side.
const REQUEST: u64 = 8 * 1024 * 1024;

/// So many requests are under way at a time.
const AT_ONCE: usize = 8;

/// One object of a store, as it was when it was first asked for.
pub(super) struct Object<'s> {
    pub(super) store: &'s dyn ObjectStore,
    pub(super) path: Path,
    /// Its version, where the store tells.
    pub(super) tag: Option<String>,
}

impl Object<'_> {
    pub(super) async fn get(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: self.tag.clone(),
            ..GetOptions::default()
        };
        let result = self.store.get_opts(&self.path, options).await.map_err(refused)?;
        let bytes = result.bytes().await.map_err(refused)?;
        if bytes.len() as u64 != range.end - range.start {
            let expected = format!("{} bytes from byte {} on", range.end - range.start, range.start);
            return Err(Error::types(expected, format!("{} bytes", bytes.len())));
        }
        Ok(bytes.into())
    }

    /// The bytes of ranges, which ascend and do not overlap.
    pub(super) async fn get_all(&self, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>> {
        let mut buffers = Vec::with_capacity(ranges.len());
        for range in ranges {
            let len = usize::try_from(range.end - range.start).map_err(|_| too_large())?;
            let mut buffer = Vec::new();
            buffer.try_reserve_exact(len).map_err(|_| too_large())?;
            buffer.resize(len, 0u8);
            buffers.push(buffer);
        }
        let fetched = stream::iter(requests(ranges))
            .map(|request| async move { Ok::<_, Error>((request.clone(), self.get(request).await?)) })
            .buffer_unordered(AT_ONCE);
        fetched
            .try_for_each(|(request, bytes)| {
                let first = ranges.partition_point(|range| range.end <= request.start);
                let targets = ranges.iter().zip(&mut buffers).skip(first);
                for (range, buffer) in targets.take_while(|(range, _)| range.start < request.end) {
                    copy(range, buffer, &request, &bytes);
                }
                std::future::ready(Ok(()))
            })
            .await?;
        Ok(buffers)
    }

    pub(super) async fn put(&self, bytes: Vec<u8>) -> Result<()> {
        self.store.put(&self.path, bytes.into()).await.map_err(refused).map(|_| ())
    }
}

#[cold]
fn too_large() -> Error {
    Error::unsupported("a tensor larger than the memory")
}

/// Copies what two ranges have in common.
fn copy(range: &Range<u64>, buffer: &mut [u8], request: &Range<u64>, bytes: &[u8]) {
    let (begin, end) = (range.start.max(request.start), range.end.min(request.end));
    let within = |of: &Range<u64>| begin.saturating_sub(of.start) as usize..end.saturating_sub(of.start) as usize;
    if let (Some(to), Some(from)) = (buffer.get_mut(within(range)), bytes.get(within(request))) {
        to.copy_from_slice(from);
    }
}

/// The requests for ranges that ascend: neighbours together, large ones in parts.
fn requests(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges.iter().filter(|range| !range.is_empty()) {
        match joined.last_mut() {
            Some(last) if range.start.saturating_sub(last.end) <= GAP => last.end = range.end,
            _ => joined.push(range.clone()),
        }
    }
    let parts = |range: Range<u64>| {
        let end = range.end;
        range.step_by(REQUEST as usize).map(move |start| start..end.min(start + REQUEST))
    };
    joined.into_iter().flat_map(parts).collect()
}

#[cfg(test)]
mod tests {
    use super::{GAP, REQUEST, requests};

    #[test]
    #[allow(clippy::single_range_in_vec_init)]
    fn neighbours_are_one_request_and_large_ranges_several() {
        assert_eq!(requests(&[]), []);
        assert_eq!(requests(&[5..5]), []);
        assert_eq!(requests(&[0..10, 10..20, 20 + GAP..30 + GAP]), [0..30 + GAP]);
        assert_eq!(requests(&[0..10, 11 + GAP..20 + GAP]), [0..10, 11 + GAP..20 + GAP]);
        assert_eq!(requests(&[0..REQUEST + 1]), [0..REQUEST, REQUEST..REQUEST + 1]);
    }
}
