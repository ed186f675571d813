#!/usr/bin/env bash
# How long a model of 30 structs takes to compile with safejax and with serde_json: the crate that holds
# it alone, its dependencies being there already. Prints the medians of the processor time of interleaved
# builds, and their ratio.
#
#     benches/compile_time.sh [ROUNDS] [CARGO FLAGS, such as --release]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=${1:-7}
shift || true

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# 30 structs: 24 layers of arrays, blocks of layers, and a model of blocks.
structs() {
    echo 'use ndarray::{Array1, Array2, Array4};'
    echo 'use serde::{Deserialize, Serialize};'
    for i in $(seq 0 23); do
        echo '#[derive(Serialize, Deserialize)]'
        case $((i % 3)) in
            0) echo "pub struct Layer$i { pub kernel: Array2<f32>, pub bias: Array1<f32> }" ;;
            1) echo "pub struct Layer$i { pub w: Array4<f32>, pub b: Array1<f32>, pub stride: usize }" ;;
            2) echo "pub struct Layer$i { pub scale: Array1<f32>, pub offset: Array1<f32>, pub mean: Option<Array1<f32>>, pub name: String }" ;;
        esac
    done
    for i in $(seq 0 4); do
        echo '#[derive(Serialize, Deserialize)]'
        echo "pub struct Block$i { pub first: Layer$((i * 4)), pub second: Layer$((i * 4 + 1)), pub rest: Vec<Layer$((i * 4 + 2))>, pub last: Layer$((i * 4 + 3)) }"
    done
    echo '#[derive(Serialize, Deserialize)]'
    echo 'pub struct Model { pub blocks: (Block0, Block1, Block2, Block3, Block4), pub l20: Layer20, pub l21: Layer21, pub l22: Layer22, pub l23: Layer23 }'
}

crate() { # name, dependency, how to save, how to load
    mkdir -p "$work/$1/src"
    cat >"$work/$1/Cargo.toml" <<TOML
[package]
name = "$1"
version = "0.0.0"
edition = "2024"

[dependencies]
ndarray = { version = "0.17", features = ["serde"] }
serde = { version = "1", features = ["derive"] }
$2

[workspace]
TOML
    {
        structs
        echo 'fn main() {'
        echo '    let bytes = std::fs::read("model").unwrap_or_default();'
        echo "    let model: Model = $4.unwrap();"
        echo "    println!(\"{}\", $3.unwrap().len());"
        echo '}'
    } >"$work/$1/src/main.rs"
}
crate with_safejax "safejax = { path = \"$root\" }" 'safejax::to_bytes(&model)' 'safejax::from_bytes(&bytes)'
crate with_serde_json 'serde_json = "1"' 'serde_json::to_vec(&model)' 'serde_json::from_slice(&bytes)'

build() { # name, cargo flags
    cargo build --quiet --offline --manifest-path "$work/$1/Cargo.toml" --target-dir "$work/target" "${@:2}"
}
for name in with_safejax with_serde_json; do
    cargo build --quiet --manifest-path "$work/$name/Cargo.toml" --target-dir "$work/target" "$@"
done

# Processor time, which other programs do not disturb much.
TIMEFORMAT='%U %S'
for _ in $(seq "$rounds"); do
    for name in with_safejax with_serde_json; do
        touch "$work/$name/src/main.rs"
        { time build "$name" "$@"; } 2>&1 | awk '{ print int(($1 + $2) * 1000) }' >>"$work/$name.times"
    done
done
median() { sort -n "$1" | sed -n "$(((rounds + 1) / 2))p"; }
safejax=$(median "$work/with_safejax.times")
json=$(median "$work/with_serde_json.times")
awk -v a="$safejax" -v b="$json" 'BEGIN { printf "safejax %d ms, serde_json %d ms: %.2f (target 1.5)\n", a, b, a / b }'
