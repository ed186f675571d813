"""Writes tests/fixtures/conversion: one network with the same values, as flax, haiku and objax save it.

    python generate_conversion.py

The networks are real ones of the three frameworks (requirements-conversion.txt), whose parameters are
replaced by values that tell every element apart. Before anything is written, all three must give the
same output, and flax and haiku the same statistics after one more step of training. The files are
written by safejax 0.5.0.
"""

import hashlib
import json
import struct
from pathlib import Path

import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import objax

jnp.DeviceArray = jax.Array  # safejax 0.5.0 still names what jax has removed

import safejax.flax
import safejax.haiku
import safejax.objax

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "conversion"
INPUTS, CHANNELS, OUTPUTS, SIZE = 2, 4, 3, 5
DECAY, EPSILON = 0.9, 1e-5
# So many steps that haiku's correction for the zeros at the start, 1 - DECAY ** counter, is 1: then
# `average` is `hidden`, as in flax and objax, which do not correct.
SETTLED = 1_000_000


def values():
    """Every tensor of the network, as flax shapes it; no two elements are equal."""
    shapes = {
        "conv.kernel": (3, 3, INPUTS, CHANNELS), "conv.bias": (CHANNELS,),
        "bn.scale": (CHANNELS,), "bn.bias": (CHANNELS,), "bn.mean": (CHANNELS,), "bn.var": (CHANNELS,),
        "layers.0.kernel": (CHANNELS, CHANNELS), "layers.0.bias": (CHANNELS,),
        "layers.1.kernel": (CHANNELS, CHANNELS), "layers.1.bias": (CHANNELS,),
        "out.kernel": (CHANNELS, OUTPUTS), "out.bias": (OUTPUTS,),
    }
    start, all_values = 0, {}
    for name, shape in shapes.items():
        count = int(np.prod(shape))
        array = (np.arange(start, start + count, dtype=np.float32) - 60) / 64
        all_values[name] = (np.abs(array) + 0.5 if name == "bn.var" else array).reshape(shape)
        start += count
    return all_values


class FlaxNet(nn.Module):
    def setup(self):
        self.conv = nn.Conv(CHANNELS, (3, 3))
        self.bn = nn.BatchNorm(momentum=DECAY, epsilon=EPSILON)
        self.layers = [nn.Dense(CHANNELS), nn.Dense(CHANNELS)]
        self.out = nn.Dense(OUTPUTS)

    def __call__(self, x, training=False):
        x = nn.relu(self.bn(self.conv(x), use_running_average=not training)).mean((1, 2))
        for layer in self.layers:
            x = nn.relu(layer(x))
        return self.out(x)


class HaikuNet(hk.Module):
    def __init__(self):
        super().__init__(name="net")
        self.conv = hk.Conv2D(CHANNELS, 3, name="conv")
        self.bn = hk.BatchNorm(True, True, DECAY, eps=EPSILON, name="bn")
        self.layers = [hk.Linear(CHANNELS), hk.Linear(CHANNELS)]
        self.out = hk.Linear(OUTPUTS, name="out")

    def __call__(self, x, training=False):
        x = jax.nn.relu(self.bn(self.conv(x), training)).mean((1, 2))
        for layer in self.layers:
            x = jax.nn.relu(layer(x))
        return self.out(x)


class Net(objax.Module):
    def __init__(self):
        self.conv = objax.nn.Conv2D(INPUTS, CHANNELS, 3)
        self.bn = objax.nn.BatchNorm2D(CHANNELS, momentum=DECAY, eps=EPSILON)
        self.layers = objax.ModuleList([objax.nn.Linear(CHANNELS, CHANNELS) for _ in range(2)])
        self.out = objax.nn.Linear(CHANNELS, OUTPUTS)

    def __call__(self, x):
        x = objax.functional.relu(self.bn(self.conv(x), training=False)).mean((2, 3))
        for layer in self.layers:
            x = objax.functional.relu(layer(x))
        return self.out(x)


def filled(like, new):
    """The new values, after a check that the framework has these names and shapes."""
    shapes = lambda tree: jax.tree_util.tree_map(lambda leaf: (leaf.shape, str(leaf.dtype)), tree)
    assert shapes(like) == shapes(new), (shapes(like), shapes(new))
    return jax.tree_util.tree_map(jnp.asarray, new)


def flax_variables(v, x):
    dense = lambda name: {"kernel": v[f"{name}.kernel"], "bias": v[f"{name}.bias"]}
    new = {
        "params": {
            "conv": dense("conv"), "bn": {"scale": v["bn.scale"], "bias": v["bn.bias"]},
            "layers_0": dense("layers.0"), "layers_1": dense("layers.1"), "out": dense("out"),
        },
        "batch_stats": {"bn": {"mean": v["bn.mean"], "var": v["bn.var"]}},
    }
    return filled(FlaxNet().init(jax.random.PRNGKey(0), x), new)


def haiku_variables(net, v, x):
    dense = lambda name: {"w": v[f"{name}.kernel"], "b": v[f"{name}.bias"]}
    channels = lambda name: v[name].reshape(1, 1, 1, -1)
    average = lambda name: {
        "average": channels(name), "hidden": channels(name), "counter": np.asarray(SETTLED, np.int32),
    }
    params = {
        "net/~/conv": dense("conv"), "net/~/bn": {"scale": channels("bn.scale"), "offset": channels("bn.bias")},
        "net/~/linear": dense("layers.0"), "net/~/linear_1": dense("layers.1"), "net/~/out": dense("out"),
    }
    state = {"net/~/bn/~/mean_ema": average("bn.mean"), "net/~/bn/~/var_ema": average("bn.var")}
    old_params, old_state = net.init(jax.random.PRNGKey(0), x)
    return {"params": filled(old_params, params), "state": filled(old_state, state)}


def objax_variables(net, v):
    channels = lambda name: v[name].reshape(1, -1, 1, 1)
    new = {
        "(Net).conv(Conv2D).b": v["conv.bias"].reshape(-1, 1, 1), "(Net).conv(Conv2D).w": v["conv.kernel"],
        "(Net).bn(BatchNorm2D).gamma": channels("bn.scale"), "(Net).bn(BatchNorm2D).beta": channels("bn.bias"),
        "(Net).bn(BatchNorm2D).running_mean": channels("bn.mean"),
        "(Net).bn(BatchNorm2D).running_var": channels("bn.var"),
        "(Net).out(Linear).w": v["out.kernel"], "(Net).out(Linear).b": v["out.bias"],
    }
    for index in range(2):
        new[f"(Net).layers(ModuleList)[{index}](Linear).w"] = v[f"layers.{index}.kernel"]
        new[f"(Net).layers(ModuleList)[{index}](Linear).b"] = v[f"layers.{index}.bias"]
    variables = net.vars()
    assert variables.keys() == new.keys(), variables.keys() ^ new.keys()
    for name, variable in variables.items():
        assert variable.value.shape == new[name].shape, name
        variable.assign(jnp.asarray(new[name]))
    return variables


def emit(name, data, notes):
    """The file and its manifest, which is read from the bytes without safetensors."""
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    numpy_dtypes = {"F32": np.float32, "I32": np.int32}
    tensors, tree = {}, {}
    for key, info in header.items():
        begin, end = info["data_offsets"]
        raw = body[begin:end]
        first = np.frombuffer(raw, numpy_dtypes[info["dtype"]])[:4].tolist()
        digest = hashlib.sha256(raw).hexdigest()
        tensors[key] = {"dtype": info["dtype"], "shape": info["shape"], "sha256": digest, "first": first}
        tree[key] = key
    manifest = {
        "file": f"{name}.safetensors", "producer": f"safejax 0.5.0: safejax.{name}.serialize", "layout": name,
        "metadata": None, "file_size": len(data), "file_sha256": hashlib.sha256(data).hexdigest(), "notes": notes,
        "order": list(header), "tensors": tensors, "tree": tree,
    }
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.safetensors").write_bytes(data)
    (OUT / f"{name}.json").write_text(json.dumps(manifest, indent=1) + "\n")
    print(f"{name:8} {len(data):6} bytes, {len(tensors)} tensors")


def main():
    v = values()
    x = np.random.default_rng(0).normal(size=(2, SIZE, SIZE, INPUTS)).astype(np.float32)

    flax_net, flax_vars = FlaxNet(), flax_variables(v, x)
    flax_output = flax_net.apply(flax_vars, x)

    haiku_net = hk.without_apply_rng(hk.transform_with_state(lambda x, training=False: HaikuNet()(x, training)))
    init = hk.without_apply_rng(hk.transform_with_state(lambda x: HaikuNet()(x, True)))
    haiku_vars = haiku_variables(init, v, x)
    haiku_output, _ = haiku_net.apply(haiku_vars["params"], haiku_vars["state"], x)

    objax_net = Net()
    objax_vars = objax_variables(objax_net, v)
    objax_output = objax_net(jnp.asarray(x.transpose(0, 3, 1, 2)))

    np.testing.assert_allclose(haiku_output, flax_output, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(objax_output, flax_output, rtol=1e-5, atol=1e-6)

    # Training goes on from the same statistics.
    _, flax_next = flax_net.apply(flax_vars, x, training=True, mutable=["batch_stats"])
    _, haiku_next = haiku_net.apply(haiku_vars["params"], haiku_vars["state"], x, True)
    for name in ("mean", "var"):
        average = haiku_next[f"net/~/bn/~/{name}_ema"]["average"].reshape(-1)
        np.testing.assert_allclose(average, flax_next["batch_stats"]["bn"][name], rtol=1e-5, atol=1e-6)

    emit("flax", safejax.flax.serialize(flax_vars), "flax 0.8.2; a list made in setup() gives layers_0, layers_1")
    emit("haiku", safejax.haiku.serialize(haiku_vars),
         f"dm-haiku 0.0.12; the moving averages are settled: hidden is average, and counter {SETTLED}")
    emit("objax", safejax.objax.serialize(objax_vars), "objax 1.8.0")


if __name__ == "__main__":
    main()
