# SPDX-License-Identifier: MIT
"""PyTorch's side of the comparison.

    torch_program.py WORK MODE THREADS [IMAGES [EPOCHS]]

WORK is epoch, deeper, resnet20, plain20, predict, image or recipe; MODE is f32, bf16 (autocast in training), or
f32-fused: Adam's fused form. `deeper` is an epoch of a network of four convolutions, `recipe`
trains the small one that reaches 99 % in one epoch.
"""
import json
import os
import pathlib
import statistics
import sys
import time

import torch
from torch import nn

BATCH_SIZE = 128
NOT_AVAILABLE = 3


def read(name, header_bytes):
    data = (pathlib.Path(os.environ["NN_MNIST_DIR"]) / name).read_bytes()
    return torch.frombuffer(bytearray(data[header_bytes:]), dtype=torch.uint8)


def read_digits(name):
    images = read(f"{name}-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28).float() / 255
    return images, read(f"{name}-labels-idx1-ubyte", 8).long()


def make_model():
    return initialized(nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Flatten(),
                                     nn.Linear(32 * 26 * 26, 128), nn.ReLU(), nn.Linear(128, 10)))


def make_deeper_model():
    layers = []
    for channels, filters in ((1, 32), (32, 64)):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(),
                   nn.Conv2d(filters, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return initialized(nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(),
                                     nn.Linear(128, 10)))


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels, filters, stride, normalizes):
        super().__init__()

        def convolution(inputs, size, by):
            layers = [nn.Conv2d(inputs, filters, size, by, size // 2, bias=not normalizes)]
            return nn.Sequential(*layers, *[nn.BatchNorm2d(filters)] * normalizes)
        self.first = convolution(channels, 3, stride)
        self.second = convolution(filters, 3, 1)
        self.shortcut = nn.Identity() if stride == 1 else convolution(channels, 1, stride)

    def forward(self, x):
        y = self.second(torch.relu(self.first(x)))
        return torch.relu(y + self.shortcut(x))


def make_residual_model(normalizes):
    """Channels last, which is the quicker layout for it."""
    layers = [nn.Conv2d(1, 16, 3, padding=1, bias=not normalizes),
              *[nn.BatchNorm2d(16)] * normalizes, nn.ReLU()]
    channels = 16
    for filters in (16, 32, 64):
        for block in range(3):
            layers.append(Block(channels, filters, 1 + (block == 0 and filters > 16), normalizes))
            channels = filters
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    return model.to(memory_format=torch.channels_last)


def initialized(model):
    for layer in model:
        if hasattr(layer, "weight"):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def accuracy_of(model, images, labels):
    with torch.inference_mode():
        hits = sum((model(images[i:i + 1000]).argmax(1) == labels[i:i + 1000]).sum().item()
                   for i in range(0, len(labels), 1000))
    return hits / len(labels)


def run_epochs(mode, count, epochs, model):
    images, labels = read_digits("train")
    test = read_digits("t10k")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=mode != "f32")
    loss_function = nn.CrossEntropyLoss()
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        order = torch.randperm(count)
        for first in range(0, count, BATCH_SIZE):
            rows = order[first:first + BATCH_SIZE]
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=mode == "bf16"):
                loss = loss_function(model(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
        seconds = time.perf_counter() - start
        yield {"epoch": epoch, "images": count, "seconds": seconds,
               "accuracy": accuracy_of(model, *test)}


def median_seconds(budget, work):
    work()
    seconds = []
    start = time.perf_counter()
    while len(seconds) < 5 or time.perf_counter() - start < budget:
        before = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - before)
    return statistics.median(seconds)


def run_predict(mode, count, batches):
    dtype = torch.bfloat16 if mode == "bf16" else torch.float32
    model = nn.Sequential(make_model(), nn.Softmax(1)).to(dtype).eval()
    images = read_digits("t10k")[0][:count].to(dtype)

    def work(batch):
        with torch.inference_mode():
            for first in range(0, count, batch):
                model(images[first:first + batch])

    def seconds_of(batch):
        start = time.perf_counter()
        work(batch)
        return time.perf_counter() - start

    work(batches[0])
    fastest = min(batches, key=seconds_of)
    yield {"images": count, "seconds": median_seconds(0.7, lambda: work(fastest))}


def run_recipe():
    """One epoch of Adam with one cycle of the rate, on images of mean 0 and deviation 1."""
    def normalized(images):
        return images.sub(0.1307).div(0.3081)
    images, labels = read_digits("train")
    images = normalized(images)
    test_images, test_labels = read_digits("t10k")
    model = nn.Sequential(
        nn.Conv2d(1, 24, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(24, 32, 3), nn.MaxPool2d(2),
        nn.ReLU(), nn.Flatten(), nn.Linear(800, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, betas=(0.7, 0.9))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1e-2, total_steps=235, cycle_momentum=False)
    start = time.perf_counter()
    for first in range(0, 60000, 256):
        optimizer.zero_grad()
        rows = slice(first, first + 256)
        loss = nn.functional.cross_entropy(model(images[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        schedule.step()
    seconds = time.perf_counter() - start
    yield {"images": 60000, "seconds": seconds,
           "accuracy": accuracy_of(model, normalized(test_images), test_labels)}


def main():
    work, mode, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    count, epochs = (int(text) for text in (sys.argv[4:] + ["60000", "1"][len(sys.argv) - 4:]))
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    runs = {
        "epoch": lambda: run_epochs(mode, count, epochs, make_model()),
        "resnet20": lambda: run_epochs(mode, count, epochs, make_residual_model(True)),
        "plain20": lambda: run_epochs(mode, count, epochs, make_residual_model(False)),
        "deeper": lambda: run_epochs(mode, count, epochs, make_deeper_model()),
        "predict": lambda: run_predict(mode, 10000, (100, 250, 500, 1000)),
        "image": lambda: run_predict(mode, 1, (1,)),
        "recipe": run_recipe,
    }
    if work not in runs or mode == "int8":
        sys.exit(NOT_AVAILABLE)
    for figures in runs[work]():
        print(json.dumps({"peer": "torch", "version": torch.__version__, "work": work,
                          "mode": mode, "threads": threads, **figures}), flush=True)


if __name__ == "__main__":
    main()
