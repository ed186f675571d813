//! Whatever the bytes, a file that opens is one that the safetensors library takes as well, with the
//! same tensors.

#![no_main]

use libfuzzer_sys::fuzz_target;
use safejax::Checkpoint;
use safetensors::SafeTensors;

fuzz_target!(|bytes: &[u8]| {
    let Ok(checkpoint) = Checkpoint::from_bytes(bytes) else { return };
    let judge = SafeTensors::deserialize(bytes).expect("the safetensors library refuses what opens here");
    assert_eq!(checkpoint.len(), judge.len());
    for (key, expected) in judge.iter() {
        let tensor = checkpoint.tensor(key).expect("a tensor of the file");
        assert_eq!(safetensors::Dtype::from(tensor.dtype()), expected.dtype());
        assert_eq!(tensor.shape(), expected.shape());
        assert_eq!(tensor.bytes(), expected.data());
    }
});
