//! `shape`, `permute` and `reshape` of one field, which must agree on the axes.

use crate::attributes::{Attributes, Extent, Framework, Key, Permutation};
use crate::errors::Errors;

pub(super) fn check(ours: &Attributes, errors: &mut Errors) {
    let mut orders = ours.keys.iter().filter(|(key, _)| matches!(key, Key::Permute | Key::Transpose));
    if let (Some(_), Some((_, second))) = (orders.next(), orders.next()) {
        errors.at(second, "`permute` and `transpose` exclude each other: both say the order of the axes");
        return;
    }
    let from_shape = ours.shape.as_ref().map(|shape| shape.value.len());
    let permute = ours.permutation.as_ref().and_then(|permutation| match &permutation.value {
        Permutation::Transpose => None,
        Permutation::Axes(axes) => Some((&permutation.key, axes.len())),
    });
    if let (Some(rank), Some((key, len))) = (from_shape, permute)
        && rank != len
    {
        let message = format!("`permute` has {len} axes, but `shape` has {rank}");
        errors.at(key, message);
        return;
    }
    let Some(reshape) = &ours.reshape else { return };
    let rank = from_shape.or(permute.map(|(_, len)| len));
    for framework in [Framework::Flax, Framework::Haiku, Framework::Objax] {
        let Some(pattern) = reshape.value.get(framework) else { continue };
        if let Err(message) = check_reshape(pattern, rank, ours.shape.as_ref().map(|shape| shape.value.as_slice())) {
            errors.at(&reshape.key, message);
        }
    }
}

/// Refuses a pattern that no tensor of this shape fits.
fn check_reshape(pattern: &[Option<usize>], rank: Option<usize>, shape: Option<&[Extent]>) -> Result<(), String> {
    let open = pattern.iter().filter(|axis| axis.is_none()).count();
    let known = pattern.iter().flatten().try_fold(1usize, |product, len| product.checked_mul(*len));
    let Some(known) = known else { return Err("the shape on disk has more elements than memory".to_owned()) };
    if let Some(rank) = rank
        && open > 1
        && open != rank
    {
        return Err(format!(
            "each `_` of `reshape` stands for an axis in memory, and there are {rank}; one `_` alone stands for all of \
             them"
        ));
    }
    if open == rank.unwrap_or(open) && open > 1 && known != 1 {
        return Err("the axes that `reshape` adds are of length 1".to_owned());
    }
    let lens = shape.into_iter().flatten().map(|extent| match extent {
        Extent::Is(len) => Some(*len),
        Extent::Any | Extent::Named(_) => None,
    });
    let count = lens
        .collect::<Option<Vec<usize>>>()
        .and_then(|lens| lens.iter().try_fold(1usize, |product, len| product.checked_mul(*len)));
    let fits = match (shape, count, open) {
        (Some(_), Some(count), 0) => known == count,
        (Some(_), Some(count), _) => known != 0 && count % known == 0,
        _ => true,
    };
    if fits { Ok(()) } else { Err("`reshape` has another number of elements than `shape`".to_owned()) }
}
