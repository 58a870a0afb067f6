# SPDX-License-Identifier: MIT
"""The fast recipe of examples/mnist in PyTorch: seconds and test accuracy of one epoch for each seed.

    NN_MNIST_DIR=DIR python torch_fast.py THREADS FIRST_SEED LAST_SEED

DIR holds MNIST's four IDX files, plain or .gz. Needs `pip install torch numpy`.
"""
import gzip
import os
import pathlib
import sys
import time

import numpy
import torch

threads, first_seed, last_seed = (int(argument) for argument in sys.argv[1:4])
torch.set_num_threads(threads)


def read(name, header_bytes):
    path = pathlib.Path(os.environ["NN_MNIST_DIR"]) / name
    data = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
    return torch.from_numpy(numpy.frombuffer(data, numpy.uint8, offset=header_bytes).copy())


def read_images(name):
    return (read(name, 16).reshape(-1, 1, 28, 28).float() / 255 - 0.1307) / 0.3081


images, labels = read_images("train-images-idx3-ubyte"), read("train-labels-idx1-ubyte", 8).long()
test_images, test_labels = read_images("t10k-images-idx3-ubyte"), read("t10k-labels-idx1-ubyte", 8).long()

for seed in range(first_seed, last_seed + 1):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 5), torch.nn.MaxPool2d(2), torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3), torch.nn.MaxPool2d(2), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(800, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.7, 0.9))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.01, total_steps=-(-len(labels) // 128), pct_start=0.2,
        cycle_momentum=False)
    loss_function = torch.nn.CrossEntropyLoss()

    start = time.perf_counter()
    for rows in torch.randperm(len(labels)).split(128):
        optimizer.zero_grad()
        loss_function(model(images[rows]), labels[rows]).backward()
        optimizer.step()
        schedule.step()
    seconds = time.perf_counter() - start
    with torch.no_grad():
        hits = sum((model(test_images[i:i + 1000]).argmax(1) == test_labels[i:i + 1000]).sum().item()
                   for i in range(0, len(test_labels), 1000))
    print(f"torch {torch.__version__}, seed {seed}, {threads} threads: {seconds:.2f} s, "
          f"accuracy {hits / len(test_labels):.4f}", flush=True)
