//! A tree that was read and is saved in the naming that was found reads as the same tree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use safejax::{Checkpoint, Naming, Options, Tree};

fuzz_target!(|bytes: &[u8]| {
    for naming in [Naming::flax(), Naming::haiku(), Naming::objax(), Naming::keystr(), Naming::flat()] {
        let _ = Options::new().naming(naming).from_bytes::<Tree>(bytes);
    }
    let Ok(checkpoint) = Checkpoint::from_bytes(bytes) else { return };
    let Ok(tree) = checkpoint.tree() else { return };
    let _ = tree.to_string();
    let options = Options::new().naming(checkpoint.naming().clone());
    let Ok(saved) = options.to_bytes(&tree) else { return };
    let again: Tree = safejax::from_bytes(&saved).expect("what was saved loads");
    assert_eq!(options.to_bytes(&again).expect("what was loaded saves"), saved);
});
