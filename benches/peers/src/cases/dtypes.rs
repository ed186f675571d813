//! Every dtype takes the same way.

use half::{bf16, f16};
use ndarray::Array1;
use safejax::Element;
use safetensors::SafeTensors;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Scale;
use crate::plain;
use crate::race::{Contestant, race};
use crate::report::{OWN, Report};

#[derive(Serialize, Deserialize)]
#[serde(bound(serialize = "E: Serialize + Clone", deserialize = "E: DeserializeOwned + Clone"))]
struct Arrays<E> {
    arrays: Vec<Array1<E>>,
}

pub fn run(scale: &Scale, report: &mut Report) {
    of_dtype::<f64>(scale, report, 1.10, |i| i as f64);
    of_dtype::<f32>(scale, report, 1.10, |i| i as f32);
    of_dtype::<f16>(scale, report, 1.10, |i| f16::from_bits(i as u16));
    of_dtype::<bf16>(scale, report, 1.10, |i| bf16::from_bits(i as u16));
    of_dtype::<i64>(scale, report, 1.10, |i| i as i64);
    of_dtype::<i32>(scale, report, 1.10, |i| i as i32);
    of_dtype::<i16>(scale, report, 1.10, |i| i as i16);
    of_dtype::<i8>(scale, report, 1.10, |i| i as i8);
    of_dtype::<u64>(scale, report, 1.10, |i| i as u64);
    of_dtype::<u32>(scale, report, 1.10, |i| i as u32);
    of_dtype::<u16>(scale, report, 1.10, |i| i as u16);
    of_dtype::<u8>(scale, report, 1.10, |i| i as u8);
    of_dtype::<bool>(scale, report, 1.5, |i| i % 3 == 0);
}

fn of_dtype<E>(scale: &Scale, report: &mut Report, target: f64, element: fn(usize) -> E)
where
    E: Element + Serialize + DeserializeOwned,
{
    let len = scale.kernel[0] * scale.kernel[1] * 4 / size_of::<E>();
    let arrays = (0..scale.layers).map(|_| Array1::from_shape_fn(len, element)).collect();
    let bytes = safejax::to_bytes(&Arrays { arrays }).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let names: Vec<String> = (0..scale.layers).map(|i| format!("arrays.{i}")).collect();
    let parts: Vec<&[u8]> = names.iter().map(|name| file.tensor(name).unwrap().data()).collect();
    let contestants = vec![
        Contestant::new("memcpy", || parts.iter().map(|part| plain::copy_elements::<E>(part)).collect::<Vec<_>>()),
        Contestant::new(OWN, || safejax::from_bytes::<Arrays<E>>(&bytes).unwrap()),
    ];
    let times = race(scale.rounds, contestants);
    let case = format!("`from_bytes`, {}", E::DTYPE);
    report.race(case, &times, [OWN, "memcpy"], "memcpy into a fresh `Vec` a tensor", target);
}
