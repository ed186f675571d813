"""Loads the files of the quickstart example with Python's safetensors.

    python check_written.py DIRECTORY

The keys, dtypes, shapes and values must be those that the example's model has.
"""

import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

# Per naming, the keys of the parts of the model.
NAMINGS = {
    "flax": {
        "encoder.layers.0.kernel": ("first", "kernel"),
        "encoder.layers.0.bias": ("first", "bias"),
        "encoder.layers.1.kernel": ("second", "kernel"),
        "encoder.layers.1.bias": ("second", "bias"),
        "head.kernel": ("head", "kernel"),
        "head.bias": ("head", "bias"),
    },
    "haiku": {
        "encoder/~/layers.kernel": ("first", "kernel"),
        "encoder/~/layers.bias": ("first", "bias"),
        "encoder/~/layers_1.kernel": ("second", "kernel"),
        "encoder/~/layers_1.bias": ("second", "bias"),
        "head.kernel": ("head", "kernel"),
        "head.bias": ("head", "bias"),
    },
    "objax": {
        "(Classifier).encoder(Mlp).layers(ModuleList)[0](Dense).kernel::TrainVar": ("first", "kernel"),
        "(Classifier).encoder(Mlp).layers(ModuleList)[0](Dense).bias::TrainVar": ("first", "bias"),
        "(Classifier).encoder(Mlp).layers(ModuleList)[1](Dense).kernel::TrainVar": ("second", "kernel"),
        "(Classifier).encoder(Mlp).layers(ModuleList)[1](Dense).bias::TrainVar": ("second", "bias"),
        "(Classifier).head(Dense).kernel::TrainVar": ("head", "kernel"),
        "(Classifier).head(Dense).bias::TrainVar": ("head", "bias"),
    },
}


def dense(inputs, outputs, start):
    count = np.arange(inputs * outputs, dtype=np.float32) / 8 + start
    return {"kernel": count.reshape(inputs, outputs), "bias": count[:outputs]}


MODEL = {"first": dense(2, 3, 0), "second": dense(3, 3, 10), "head": dense(3, 2, 20)}


def check(path, keys):
    tensors = load_file(path)
    assert set(tensors) == set(keys), f"the keys are {sorted(tensors)}"
    for key, (layer, name) in keys.items():
        found, expected = tensors[key], MODEL[layer][name]
        assert found.dtype == np.float32, f"{key}: {found.dtype}"
        np.testing.assert_array_equal(found, expected, err_msg=key, strict=True)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    assert "safejax" in metadata, f"the metadata is {metadata}"
    assert "relu" in metadata.values(), f"the metadata is {metadata}"
    return metadata


def main():
    directory = Path(sys.argv[1])
    for naming, keys in NAMINGS.items():
        path = directory / f"{naming}.safetensors"
        metadata = check(path, keys)
        if naming == "flax":
            assert metadata["activation"] == "relu", f"the metadata is {metadata}"
        print(f"{naming}: {len(keys)} tensors as expected")


if __name__ == "__main__":
    main()
