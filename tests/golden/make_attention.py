"""Reference values for attention layers, computed by Keras in double precision.

    KERAS_BACKEND=torch python make_attention.py OUTPUT_DIRECTORY

Needs keras, torch, numpy and safetensors. Writes attention.json and attention.safetensors, which README.md describes.
"""
import inspect
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

# name, layer, config, input shapes with the batch, arguments of the call
MHA, DOT = "MultiHeadAttention", "Attention"
CASES = [
    ("mha_self", MHA, {"num_heads": 2, "key_dim": 3}, [[2, 4, 5]], {}),
    ("mha_self_causal", MHA, {"num_heads": 3, "key_dim": 2}, [[2, 5, 4]], {"use_causal_mask": True}),
    ("mha_cross", MHA, {"num_heads": 2, "key_dim": 4, "value_dim": 3}, [[2, 3, 5], [2, 6, 4]], {}),
    ("mha_key", MHA, {"num_heads": 2, "key_dim": 2, "use_bias": False, "output_shape": 7}, [[3, 4, 5], [3, 2, 3], [3, 2, 6]], {}),
    ("mha_cross_causal", MHA, {"num_heads": 1, "key_dim": 2}, [[2, 3, 4], [2, 5, 4]], {"use_causal_mask": True}),
    ("mha_masked", MHA, {"num_heads": 2, "key_dim": 3}, [[3, 5, 4]], {}),
    ("mha_masked_cross", MHA, {"num_heads": 2, "key_dim": 2}, [[3, 2, 4], [3, 5, 3]], {}),
    ("attention", DOT, {}, [[2, 3, 4], [2, 5, 4]], {}),
    ("attention_masked", DOT, {}, [[3, 4, 3], [3, 5, 3]], {}),
    ("attention_scale", DOT, {"use_scale": True}, [[2, 4, 3], [2, 4, 3]], {}),
    ("attention_key_causal", DOT, {"use_scale": True}, [[2, 4, 3], [2, 6, 5], [2, 6, 3]], {"use_causal_mask": True}),
]


def exact(x):
    """Values that float32 holds exactly."""
    return np.asarray(x, np.float32).astype(np.float64)


def weight_name(layer, weight):
    """query/kernel and the like, without the layer's own name."""
    return weight.path.removeprefix(layer.name + "/")


def run(name, layer_name, config, shapes, flags):
    call = flags
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    layer = getattr(layers, layer_name)(**config)
    inputs = [torch.tensor(exact(rng.normal(size=s)), requires_grad=True) for s in shapes]
    is_masked = "masked" in name
    if is_masked:  # padding is behind the first steps, of another number in each sample
        for x in inputs:
            for sample in range(1, len(x)):
                x.data[sample, sample + 1:] = 0
        masking = layers.Masking()
        leaves, inputs = inputs, [masking(x) for x in inputs]
    else:
        leaves = inputs
    if layer_name == MHA:
        query, *others = inputs * 2 if len(inputs) == 1 else inputs
        if is_masked:
            value = (leaves * 2)[1]
            mask = (value.detach() != 0).any(-1)[:, None, :].expand(-1, query.shape[1], -1)
            call = {**call, "attention_mask": mask}
        # Scores are asked for, as the fused kernel that is taken otherwise rounds to floats.
        result = lambda: layer(query, *others, **call, return_attention_scores=True)[0]
    else:
        result = lambda: layer(inputs, **call)
    result()
    weights = {weight_name(layer, w): exact(rng.normal(0, 0.5, w.shape)) for w in layer.weights}
    layer.set_weights(list(weights.values()))
    y = result()
    assert y.dtype == torch.float64
    dy = exact(rng.normal(size=y.shape))
    if is_masked:  # results of padding don't count
        counts = (leaves[0].detach().numpy() != 0).any(-1, keepdims=True)
        dy, y = dy * counts, y * torch.tensor(counts)
    gradients = torch.autograd.grad(y, leaves + [w.value for w in layer.weights], torch.tensor(dy))
    tensors = {f"{name}/y": y.detach().numpy(), f"{name}/dy": dy}
    for i, (x, dx) in enumerate(zip(leaves, gradients)):
        tensors |= {f"{name}/x{i}": x.detach().numpy(), f"{name}/dx{i}": dx.numpy()}
    for (key, value), gradient in zip(weights.items(), gradients[len(inputs):]):
        tensors |= {f"{name}/weights/{key}": value, f"{name}/dweights/{key}": gradient.numpy()}
    defaults = {k: p.default for k, p in inspect.signature(type(layer).__init__).parameters.items()
                if p.default is not inspect.Parameter.empty and p.default is not None}
    return {"name": name, "layer": layer_name, "config": {**defaults, **config, **flags}, "input_shapes": shapes,
            "output_shape": list(y.shape), "weights": [{"name": k, "shape": list(v.shape)} for k, v in weights.items()],
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
    (directory / "attention.json").write_text("{\n" + head + f' "cases": [\n{lines}\n ]\n}}\n')
    (directory / "attention.safetensors").write_bytes(safetensors.numpy.save(tensors))
    print(f"attention: {len(cases)} cases, {len(tensors)} tensors")


main()
