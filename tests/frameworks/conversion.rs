//! One network as flax, haiku and objax save it: a file of one becomes the file of another.
//!
//! The files were written by Python, from real networks of the three frameworks with the same values,
//! which gave the same output.

use safejax::{Deserialize, Naming, Options, Serialize};

use crate::common::{Golden, golden};
use crate::layers::{BatchNorm, Conv, Dense, settled};

/// In haiku it is one module; the others do not write the root.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Net {
    #[safejax(haiku = "net/~/conv")]
    pub(crate) conv: Conv,
    #[safejax(haiku = "net/~/bn")]
    pub(crate) bn: BatchNorm,
    #[safejax(haiku = "net/~/linear", list = "suffix")]
    pub(crate) layers: Vec<Dense>,
    #[safejax(haiku = "net/~/out")]
    pub(crate) out: Dense,
}

/// Loads the network from the file of one framework.
///
/// Flax and objax do not have the uncorrected averages and the counters of haiku. `settled` is the
/// default of the counters, and with that many steps the uncorrected averages are the corrected ones.
fn load(name: &str) -> Net {
    let file = golden(&format!("conversion/{name}"));
    let mut net: Net = match name {
        "flax" => safejax::flax::from_file(&file.path),
        "haiku" => safejax::haiku::from_file(&file.path),
        _ => safejax::objax::from_file(&file.path),
    }
    .unwrap();
    net.bn.settle();
    net
}

fn save(name: &str, net: &Net) -> Vec<u8> {
    match name {
        "flax" => safejax::flax::to_bytes(net),
        "haiku" => safejax::haiku::to_bytes(net),
        _ => safejax::objax::to_bytes(net),
    }
    .unwrap()
}

const FRAMEWORKS: [&str; 3] = ["flax", "haiku", "objax"];

#[test]
fn the_three_files_are_one_network() {
    let [flax, haiku, objax] = FRAMEWORKS.map(load);
    assert_eq!(haiku, flax);
    assert_eq!(objax, flax);

    let file = golden("conversion/flax");
    file.assert_elements("params.conv.kernel", &flax.conv.kernel);
    file.assert_elements("params.layers_1.bias", &flax.layers[1].bias);
    file.assert_elements("batch_stats.bn.mean", &flax.bn.mean);
    file.assert_elements("batch_stats.bn.var", &flax.bn.var);
}

#[test]
fn every_file_converts_to_every_other_byte_for_byte() {
    for from in FRAMEWORKS {
        for to in FRAMEWORKS {
            let Golden { bytes, .. } = golden(&format!("conversion/{to}"));
            assert!(save(to, &load(from)) == bytes, "{from} to {to}");
        }
    }
}

#[test]
fn through_all_three_nothing_is_lost() {
    let net = load("haiku");
    let mut through = net.clone();
    for framework in ["objax", "flax", "haiku"] {
        let bytes = save(framework, &through);
        through = safejax::from_bytes(&bytes).unwrap();
        through.bn.settle();
    }
    assert_eq!(through, net);
}

#[test]
fn what_only_haiku_has_is_left_out_elsewhere_and_comes_back_settled() {
    let mut net = load("haiku");
    // As after three steps: a twentieth of the average is still to be corrected.
    net.bn.mean_hidden = Some(net.bn.mean.mapv(|mean| mean * 0.95));
    net.bn.mean_counter = 3;

    let mut back: Net = safejax::flax::from_bytes(&save("flax", &net)).unwrap();
    assert_eq!(back.bn.mean_hidden, None);
    assert_eq!(back.bn.mean_counter, settled());
    assert_eq!(back.bn.mean, net.bn.mean);
    back.bn.settle();
    assert_eq!(back.bn.mean_hidden.as_ref(), Some(&net.bn.mean));

    // haiku itself keeps them.
    assert_eq!(safejax::haiku::from_bytes::<Net>(&save("haiku", &net)).unwrap(), net);
}

#[test]
fn a_conversion_reads_a_file_and_writes_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("haiku.safetensors");
    let mut net: Net = safejax::flax::from_file(golden("conversion/flax").path).unwrap();
    net.bn.settle();
    safejax::haiku::to_file(&path, &net).unwrap();
    assert!(std::fs::read(&path).unwrap() == golden("conversion/haiku").bytes);
}

#[test]
fn separators_and_kinds_are_options_of_a_conversion() {
    let net = load("objax");
    let cases = [
        (Naming::flax().separator("/"), "batch_stats/bn/mean"),
        (Naming::haiku().separator("/"), "state.net/~/bn/~/mean_ema/average"),
        (Naming::objax().kinds(false), "(Net).bn(BatchNorm2D).running_mean"),
    ];
    for (naming, key) in cases {
        let bytes = Options::new().naming(naming.clone()).to_bytes(&net).unwrap();
        assert!(crate::common::keys(&bytes).iter().any(|found| found == key), "{key} in {naming}");
        let mut back: Net = safejax::from_bytes(&bytes).unwrap();
        back.bn.settle();
        assert_eq!(back, net, "{naming}");
    }
}
