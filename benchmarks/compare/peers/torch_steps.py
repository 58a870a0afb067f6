# SPDX-License-Identifier: MIT
"""PyTorch's side of the comparison of training steps: networks of many kinds on random numbers.

    torch_steps.py WORK MODE THREADS

WORK is one of NETWORKS; MODE is f32-fused: Adam's fused form. Images are measured in both layouts,
and the quicker one counts.
"""
import json
import statistics
import sys
import time

import torch
from torch import nn

NOT_AVAILABLE = 3


class Recurrent(nn.Module):
    """A recurrent layer, whose last step tells the class."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer(64, 128, batch_first=True)
        self.classes = nn.Linear(128, 10)

    def forward(self, x):
        return self.classes(self.layer(x)[0][:, -1])


class Transformer(nn.Module):
    """An encoder, the mean over its tokens, and classes."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(128, 4, dim_feedforward=512, dropout=0,
                                                  activation="gelu", batch_first=True)
        self.classes = nn.Linear(128, 10)

    def forward(self, x):
        return self.classes(self.encoder(x).mean(1))


def depthwise():
    layers, channels = [], 64
    for _ in range(3):
        layers += [nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
                   nn.BatchNorm2d(channels), nn.ReLU(),
                   nn.Conv2d(channels, 128, 1, bias=False), nn.BatchNorm2d(128), nn.ReLU()]
        channels = 128
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def conv1d():
    layers, channels = [], 32
    for _ in range(3):
        layers += [nn.Conv1d(channels, 64, 5, padding=2), nn.ReLU()]
        channels = 64
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 10))


def normalized_dense():
    layers = [layer for _ in range(4)
              for layer in (nn.Linear(512, 512), nn.LayerNorm(512), nn.GELU())]
    return nn.Sequential(*layers, nn.Linear(512, 10))


# The network, and the shape of its batch.
NETWORKS = {
    "lstm": (lambda: Recurrent(nn.LSTM), (32, 100, 64)),
    "gru": (lambda: Recurrent(nn.GRU), (32, 100, 64)),
    "depthwise": (depthwise, (64, 64, 32, 32)),
    "conv1d": (conv1d, (64, 32, 256)),
    "transformer": (Transformer, (32, 64, 128)),
    "layernorm_mlp": (normalized_dense, (256, 512)),
}


def median_seconds(budget, work):
    for _ in range(3):
        work()
    seconds = []
    start = time.perf_counter()
    while len(seconds) < 5 or time.perf_counter() - start < budget:
        before = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - before)
    return statistics.median(seconds)


def seconds_of_step(make, shape, layout):
    """The median of training steps: forward, loss, backward, Adam."""
    model = make().to(memory_format=layout)
    x = torch.randn(shape).contiguous(memory_format=layout)
    y = torch.arange(shape[0]) * 7 % 10
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return median_seconds(2, step)


def main():
    work, mode, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    if work not in NETWORKS or mode != "f32-fused":
        sys.exit(NOT_AVAILABLE)
    make, shape = NETWORKS[work]
    layouts = [torch.contiguous_format] + [torch.channels_last] * (len(shape) == 4)
    seconds = min(seconds_of_step(make, shape, layout) for layout in layouts)
    print(json.dumps({"peer": "torch", "version": torch.__version__, "work": work, "mode": mode,
                      "threads": threads, "shape": work, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
