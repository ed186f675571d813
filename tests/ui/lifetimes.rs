//! What borrows lives no longer than what it borrows from.

use safejax::{Checkpoint, Deserialize, FromTensor, Result, StoredTensor};

#[derive(Deserialize)]
struct Borrowed<'a> {
    #[tensor]
    x: &'a [f32],
}

fn longer_than_the_bytes() -> Borrowed<'static> {
    let bytes = vec![0u8];
    safejax::from_bytes(&bytes).unwrap()
}

fn longer_than_the_checkpoint() -> Result<Borrowed<'static>> {
    Checkpoint::load("x.safetensors")?.get()
}

struct Kept<'a, 'de>(StoredTensor<'a, 'de>);

impl<'a, 'de> FromTensor<'de> for Kept<'a, 'de> {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        Ok(Self(tensor))
    }
}

struct Forever(&'static [f32]);

impl<'de> FromTensor<'de> for Forever {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        Ok(Self(tensor.borrow_slice()?))
    }
}

fn main() {}
