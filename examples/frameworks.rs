//! One Rust model, three frameworks: the files of flax, haiku and objax load into one struct, and each
//! becomes the others, byte for byte.
//!
//! ```sh
//! cargo run --example frameworks
//! ```

use std::path::Path;

use ndarray::{Array1, Array2, Array4};
use safejax::{Checkpoint, Deserialize, Serialize, flax, haiku, objax};

#[derive(Serialize, Deserialize, PartialEq)]
struct Net {
    // In haiku the network is a module itself; the others do not write the root.
    #[safejax(haiku = "net/~/conv")]
    conv: Conv,
    #[safejax(haiku = "net/~/bn")]
    bn: BatchNorm,
    // layers_0, layers_1 in flax; net/~/linear, net/~/linear_1 in haiku; layers(ModuleList)[0] in objax
    #[safejax(haiku = "net/~/linear", list = "suffix")]
    layers: Vec<Dense>,
    #[safejax(haiku = "net/~/out")]
    out: Dense,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[safejax(class = "Linear")]
struct Dense {
    #[tensor(haiku = "w", objax = "w", shape(inputs, outputs))]
    kernel: Array2<f32>,
    #[tensor(haiku = "b", objax = "b", shape(outputs))]
    bias: Array1<f32>,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[safejax(class = "Conv2D")]
struct Conv {
    #[tensor(haiku = "w", objax = "w", shape(_, _, inputs, outputs))]
    kernel: Array4<f32>,
    #[tensor(haiku = "b", objax = "b", shape(outputs), reshape(objax = (_, 1, 1)))]
    bias: Array1<f32>,
}

/// Flax keeps the running statistics in the collection `batch_stats`, haiku in `state` as two
/// submodules, and objax in the module.
#[derive(Serialize, Deserialize, PartialEq)]
#[safejax(class = "BatchNorm2D")]
struct BatchNorm {
    #[tensor(objax = "gamma", shape(channels), reshape(haiku = (1, 1, 1, _), objax = (1, _, 1, 1)))]
    scale: Array1<f32>,
    #[tensor(haiku = "offset", objax = "beta", shape(channels), reshape(haiku = (1, 1, 1, _), objax = (1, _, 1, 1)))]
    bias: Array1<f32>,
    #[tensor(
        collection(flax = "batch_stats", haiku = "state"),
        haiku = "~/mean_ema.average",
        objax = "running_mean",
        var = "StateVar",
        shape(channels),
        reshape(haiku = (1, 1, 1, _), objax = (1, _, 1, 1))
    )]
    mean: Array1<f32>,
    #[tensor(
        collection(flax = "batch_stats", haiku = "state"),
        haiku = "~/var_ema.average",
        objax = "running_var",
        var = "StateVar",
        shape(channels),
        reshape(haiku = (1, 1, 1, _), objax = (1, _, 1, 1))
    )]
    var: Array1<f32>,
    #[safejax(haiku = "~/mean_ema", only(haiku), collection(haiku = "state"))]
    mean_history: Option<History>,
    #[safejax(haiku = "~/var_ema", only(haiku), collection(haiku = "state"))]
    var_history: Option<History>,
}

/// What haiku remembers of a moving average beside the average, which is
/// `hidden / (1 - decay ^ counter)`.
#[derive(Serialize, Deserialize, PartialEq)]
struct History {
    #[tensor(reshape(haiku = (1, 1, 1, _)))]
    hidden: Array1<f32>,
    #[tensor]
    counter: i32,
}

impl History {
    /// That of an average without one: after so many steps nothing is left to correct, so that haiku
    /// goes on from the average as it is.
    fn settled(average: &Array1<f32>) -> Self {
        Self { hidden: average.clone(), counter: 1_000_000 }
    }
}

impl Net {
    /// Gives haiku what the other frameworks do not have.
    fn for_haiku(mut self) -> Self {
        let BatchNorm { mean, var, mean_history, var_history, .. } = &mut self.bn;
        mean_history.get_or_insert_with(|| History::settled(mean));
        var_history.get_or_insert_with(|| History::settled(var));
        self
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One network, which Python has saved from each of the three frameworks.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/conversion");
    let path = |framework: &str| folder.join(format!("{framework}.safetensors"));

    for framework in ["flax", "haiku", "objax"] {
        let checkpoint = Checkpoint::open(path(framework))?;
        println!("The file of {framework}, {} tensors in the naming {}:", checkpoint.len(), checkpoint.naming());
        for key in checkpoint.keys() {
            println!("  {key} {:?}", checkpoint.info(key)?.shape);
        }
        println!();
    }

    let net: Net = flax::from_file(path("flax"))?;
    println!("One struct reads all three:");
    println!("  the mean in flax:  {}", net.bn.mean);
    println!("  the mean in haiku: {}", haiku::from_file::<Net>(path("haiku"))?.bn.mean);
    println!("  the mean in objax: {}\n", objax::from_file::<Net>(path("objax"))?.bn.mean);

    println!("A file of one becomes a file of another:");
    let net = net.for_haiku();
    compare("flax", "haiku", &haiku::to_bytes(&net)?, &path("haiku"))?;

    let net: Net = haiku::from_file(path("haiku"))?;
    compare("haiku", "objax", &objax::to_bytes(&net)?, &path("objax"))?;

    let net: Net = objax::from_file(path("objax"))?;
    compare("objax", "flax", &flax::to_bytes(&net)?, &path("flax"))?;
    Ok(())
}

/// Tells whether a converted file is the one that Python wrote.
fn compare(from: &str, to: &str, converted: &[u8], written: &Path) -> Result<(), Box<dyn std::error::Error>> {
    if converted != std::fs::read(written)? {
        return Err(format!("{from} to {to}: the bytes are not those that Python wrote").into());
    }
    println!("  {from} to {to}: {} bytes, the same as Python wrote", converted.len());
    Ok(())
}
