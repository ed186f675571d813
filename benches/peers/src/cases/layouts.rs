//! Arrays that do not lie in C order.

use ndarray::{Array2, ArrayView2, ShapeBuilder, s};
use serde::Serialize;

use super::Scale;
use crate::plain;
use crate::race::{Contestant, race};
use crate::report::{OWN, Report};

#[derive(Serialize)]
struct Views<'a> {
    layers: Vec<ArrayView2<'a, f32>>,
}

pub fn run(scale: &Scale, report: &mut Report) {
    let [rows, columns] = scale.kernel;
    let fortran: Vec<Array2<f32>> =
        (0..scale.layers).map(|_| Array2::from_shape_fn((rows, columns).f(), |(i, j)| (i + j) as f32)).collect();
    let views = Views { layers: fortran.iter().map(|array| array.view()).collect() };
    of_layout(scale, report, "`to_bytes`, Fortran order", &views, 4.0);
    drop(fortran);

    let wide: Vec<Array2<f32>> =
        (0..scale.layers).map(|_| Array2::from_shape_fn((rows, 2 * columns), |(i, j)| (i + j) as f32)).collect();
    let views = Views { layers: wide.iter().map(|array| array.slice(s![.., ..columns])).collect() };
    of_layout(scale, report, "`to_bytes`, slices of rows", &views, 2.0);
}

fn of_layout(scale: &Scale, report: &mut Report, case: &str, views: &Views<'_>, target: f64) {
    let bytes = safejax::to_bytes(views).unwrap();
    let times = race(
        scale.rounds,
        vec![
            Contestant::new("memcpy", || plain::copy(&bytes)),
            Contestant::new(OWN, || safejax::to_bytes(views).unwrap()),
        ],
    );
    report.race(case, &times, [OWN, "memcpy"], "memcpy into one fresh `Vec`", target);
}
