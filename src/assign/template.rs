//! Reading a model's successor: in the model's own form, from the file and the model together.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fit::{Fit, Found};
use crate::de::contents::{Contents, Item, Wanted};
use crate::de::origin::Origin;
use crate::de::reader::{Data, Reader, Settings};
use crate::entry::Entry;
use crate::header::{self, Header, Planned};
use crate::memory::Region;
use crate::options::Options;
use crate::rename::Renames;
use crate::ser::keys::Keys;
use crate::ser::plan::{self, Plan};
use crate::ser::skeleton::{Body, Skeleton};
use crate::ser::writer::{Sink, Writer};
use crate::{Error, Naming, Result};

/// Reads a value of the model's structure.
pub(crate) fn read<T: Serialize + DeserializeOwned>(
    options: &Options,
    model: &T,
    skeleton: &Skeleton,
    fit: &Fit<'_, '_, '_>,
    file: &Reader<'_, '_>,
) -> Result<T> {
    let naming = plan::separate(skeleton);
    let keys = Arc::new(Keys::of(skeleton, &naming, &Renames::default())?);
    let kept = Kept::of(options, model, skeleton, &keys, fit)?;
    let mut template = Template::default();
    template.tensors(skeleton, &keys, fit, file, &kept)?;
    template.leaves(skeleton, &keys, fit, file, &naming)?;

    let header = header::write(template.planned.iter().copied(), Some(&template.metadata))?;
    let total = template.planned.iter().map(|planned| planned.len).sum::<u64>() + header.len() as u64;
    let header = Header::parse(&header, total)?;
    let contents = Contents::new(header, &Wanted::Exactly(naming), &Renames::default())?;
    let settings = Settings { deny_unknown: false, ..options.opening().settings };
    Reader::new(&contents, None, Data::Origins(&template.origins), &settings).read()
}

/// The tensors of the model that the file does not have, and that are to stay.
struct Kept {
    bytes: Vec<u8>,
    plan: Plan,
}

impl Kept {
    fn of<T: Serialize>(
        options: &Options,
        model: &T,
        skeleton: &Skeleton,
        keys: &Arc<Keys>,
        fit: &Fit<'_, '_, '_>,
    ) -> Result<Self> {
        let kept = fit.tensors.iter().enumerate().filter(|(_, found)| found.item.is_none());
        let plan = Plan::of_tensors(skeleton, Arc::clone(keys), kept.map(|(tensor, _)| tensor).collect(), None)?;
        if plan.order.is_empty() {
            return Ok(Self { bytes: Vec::new(), plan });
        }
        let region = Region::new(plan.lengths.iter().copied())?;
        let writer = Writer::new(skeleton, &plan, Sink::Memory(region))?;
        let bytes = match options.write(model, writer)? {
            Sink::Memory(region) => region.finish()?,
            _ => return Err(Error::unsupported("kept tensors stay in memory")),
        };
        Ok(Self { bytes, plan })
    }

    fn tensor(&self, tensor: usize) -> Option<&[u8]> {
        let slot = self.plan.slots.get(tensor).copied().flatten()?;
        let begin = usize::try_from(slot.offset).ok()?;
        self.bytes.get(begin..begin + slot.len)
    }
}

/// The header of the value that is read, in the making.
#[derive(Default)]
struct Template<'x> {
    planned: Vec<Planned<'x>>,
    /// In the order of `planned`.
    origins: Vec<Origin<'x>>,
    metadata: BTreeMap<String, String>,
}

impl<'x> Template<'x> {
    fn take(&mut self, key: &'x str, file: &'x Reader<'x, 'x>, tensor: usize, shape: &'x [usize]) -> Result<()> {
        let entry = file.entry(tensor)?;
        let len = entry.end - entry.begin;
        self.planned.push(Planned { key, dtype: entry.dtype, shape, len });
        self.origins.push(Origin::File(file, tensor));
        Ok(())
    }

    fn tensors(
        &mut self,
        skeleton: &'x Skeleton,
        keys: &'x Keys,
        fit: &'x Fit<'_, '_, '_>,
        file: &'x Reader<'x, 'x>,
        kept: &'x Kept,
    ) -> Result<()> {
        for (index, (info, found)) in skeleton.tensors().iter().zip(&fit.tensors).enumerate() {
            let key = keys.tensor(index);
            match (found.item, kept.tensor(index)) {
                // A shape of the file's framework alone is not that of the template.
                (Some(Item::Tensor(tensor)), _) if info.spec.is_some() => {
                    self.take(key, file, tensor, skeleton.shape(info))?;
                }
                (Some(Item::Tensor(tensor)), _) => self.take(key, file, tensor, file.shape(tensor)?)?,
                (_, Some(bytes)) => {
                    let (shape, len) = (skeleton.shape(info), bytes.len() as u64);
                    self.planned.push(Planned { key, dtype: info.dtype, shape, len });
                    self.origins.push(Origin::Model(bytes));
                }
                _ => return Err(Error::unsupported("neither the file nor the model has it").at(|| key.to_owned())),
            }
        }
        Ok(())
    }

    fn leaves(
        &mut self,
        skeleton: &'x Skeleton,
        keys: &'x Keys,
        fit: &'x Fit<'_, '_, '_>,
        file: &'x Reader<'x, 'x>,
        naming: &Naming,
    ) -> Result<()> {
        let mut leaves = Vec::new();
        for ((key, leaf), Found { item, .. }) in keys.leaves().zip(&fit.leaves) {
            let text = match *item {
                // A number of the model may be a tensor without dimensions in the file.
                Some(Item::Tensor(tensor)) => {
                    self.take(key, file, tensor, file.shape(tensor)?)?;
                    continue;
                }
                Some(Item::Leaf(index)) => file.contents.leaf(index).map(|text| file.text(text).to_owned()),
                None => Some(leaf.entry(skeleton.text_of(leaf))),
            };
            leaves.push(key.to_owned());
            plan::insert(&mut self.metadata, key, text.unwrap_or_default())?;
        }
        let root = skeleton.nodes().first().map(|node| node.body);
        let bare = matches!(root, Some(Body::Tensor | Body::Leaf(_)));
        let lists = keys.lists().map(str::to_owned).collect();
        let entry = Entry { naming: naming.clone(), bare, leaves, lists };
        plan::insert(&mut self.metadata, Entry::KEY, entry.to_text())
    }
}
