"""Reference values for recurrent layers that return their states or begin with given ones, computed by Keras in double precision.

    KERAS_BACKEND=torch python make_recurrent.py OUTPUT_DIRECTORY

Needs keras, torch, numpy and safetensors. Writes recurrent.json and recurrent.safetensors, which README.md describes.
"""
import json
import pathlib
import sys
import zlib

import keras
import numpy as np
import safetensors.numpy
import torch
from keras import layers
from keras.src.backend.common import dtypes

STATE, STEPS = {"return_state": True}, {"return_sequences": True}
# name, layer, config, input shapes with the batch: of sequences, and of the states to begin with
CASES = [
    ("lstm_state", "LSTM", {"units": 3, **STATE}, [[2, 4, 2]]),
    ("lstm_state_steps", "LSTM", {"units": 2, **STATE, **STEPS}, [[3, 5, 3]]),
    ("lstm_begun", "LSTM", {"units": 3}, [[2, 4, 2], [2, 3], [2, 3]]),
    ("lstm_begun_state_steps", "LSTM", {"units": 3, **STATE, **STEPS, "go_backwards": True}, [[2, 4, 2], [2, 3], [2, 3]]),
    ("lstm_begun_no_bias", "LSTM", {"units": 2, **STATE, "use_bias": False}, [[2, 1, 3], [2, 2], [2, 2]]),
    ("gru_state", "GRU", {"units": 3, **STATE}, [[2, 4, 2]]),
    ("gru_begun_state_steps", "GRU", {"units": 3, **STATE, **STEPS}, [[2, 4, 2], [2, 3]]),
    ("gru_begun_reset_before", "GRU", {"units": 2, **STATE, "reset_after": False}, [[3, 4, 2], [3, 2]]),
    ("rnn_state_steps", "SimpleRNN", {"units": 3, **STATE, **STEPS}, [[2, 4, 2]]),
    ("rnn_begun_state", "SimpleRNN", {"units": 3, **STATE}, [[2, 4, 2], [2, 3]]),
    ("lstm_masked_begun_state_steps", "LSTM", {"units": 3, **STATE, **STEPS}, [[4, 5, 2], [4, 3], [4, 3]]),
    ("lstm_masked_state", "LSTM", {"units": 3, **STATE}, [[4, 5, 2]]),
    ("gru_masked_begun_state", "GRU", {"units": 2, **STATE, "go_backwards": True}, [[4, 5, 2], [4, 2]]),
    ("rnn_masked_begun_steps", "SimpleRNN", {"units": 2, **STEPS}, [[4, 5, 2], [4, 2]]),
    ("both_lstm_state", "Bidirectional", {"layer": "LSTM", "units": 3, **STATE}, [[2, 4, 2]]),
    ("both_gru_masked_state_steps", "Bidirectional", {"layer": "GRU", "units": 2, **STATE, **STEPS}, [[4, 5, 2]]),
]


def exact(x):
    """Values that float32 holds exactly."""
    return np.asarray(x, np.float32).astype(np.float64)


def layer_of(name, config):
    if name != "Bidirectional":
        return getattr(layers, name)(**config)
    rest = {k: v for k, v in config.items() if k != "layer"}
    return layers.Bidirectional(getattr(layers, config["layer"])(**rest))


def weight_name(weight):
    """kernel and the like; forward/kernel, backward/kernel of both directions."""
    name = weight.path.split("/")[-1]
    return next((f"{side}/{name}" for side in ("forward", "backward") if f"/{side}_" in "/" + weight.path), name)


def run(name, layer_name, config, shapes):
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    layer = layer_of(layer_name, config)
    leaves = [torch.tensor(exact(rng.normal(size=s)), requires_grad=True) for s in shapes]
    x, states = leaves[0], leaves[1:]
    call = {"initial_state": states} if states else {}
    if "masked" in name:  # padding of the last steps, of the first ones, of all steps, of none
        for sample, steps in enumerate([slice(3, None), slice(0, 2), slice(None), slice(0, 0)]):
            x.data[sample, steps] = 0
        # A Masking layer in front would be forgotten beside an initial_state.
        call["mask"] = (x.detach() != 0).any(-1)

    def results():
        made = layer(x, **call)
        return list(made) if isinstance(made, (list, tuple)) else [made]
    results()
    weights = {weight_name(w): exact(rng.normal(0, 0.5, w.shape)) for w in layer.weights}
    layer.set_weights(list(weights.values()))
    made = results()
    assert all(y.dtype == torch.float64 for y in made)
    made_gradients = [exact(rng.normal(size=y.shape)) for y in made]
    tensors = {}
    for i, (y, dy) in enumerate(zip(made, made_gradients)):
        tensors |= {f"{name}/y{i}": y.detach().numpy(), f"{name}/dy{i}": dy}
    gradients = torch.autograd.grad(made, leaves + [w.value for w in layer.weights],
                                    [torch.tensor(dy) for dy in made_gradients])
    for i, (leaf, dx) in enumerate(zip(leaves, gradients)):
        tensors |= {f"{name}/x{i}": leaf.detach().numpy(), f"{name}/dx{i}": dx.numpy()}
    for (key, value), gradient in zip(weights.items(), gradients[len(leaves):]):
        tensors |= {f"{name}/weights/{key}": value, f"{name}/dweights/{key}": gradient.numpy()}
    return {"name": name, "layer": layer_name, "config": config, "input_shapes": shapes,
            "output_shapes": [list(y.shape) for y in made],
            "weights": [{"name": k, "shape": list(v.shape)} for k, v in weights.items()],
            "tolerance": {"double": 1e-9, "float": 2e-5}}, tensors


def keep_double():
    """Keras' operations on doubles give floats otherwise."""
    result_type = dtypes.result_type

    def widest(*types):
        return "float64" if torch.float64 in types or "float64" in types else result_type(*types)
    dtypes.result_type = widest
    keras.config.set_floatx("float64")


def main():
    keep_double()
    directory = pathlib.Path(sys.argv[1])
    cases, tensors = [], {}
    for case in CASES:
        described, arrays = run(*case)
        cases.append(json.dumps(described))
        tensors |= {key: np.array(value, order="C") for key, value in arrays.items()}
    head = f' "keras": "{keras.__version__}",\n "backend": "torch {torch.__version__}",\n'
    lines = ",\n".join("  " + case for case in cases)
    (directory / "recurrent.json").write_text("{\n" + head + f' "cases": [\n{lines}\n ]\n}}\n')
    (directory / "recurrent.safetensors").write_bytes(safetensors.numpy.save(tensors))
    print(f"recurrent: {len(cases)} cases, {len(tensors)} tensors")


main()
