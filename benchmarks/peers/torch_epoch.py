# SPDX-License-Identifier: MIT
"""The digit recogniser of examples/mnist in PyTorch with its default settings: seconds of each epoch.

    NN_MNIST_DIR=DIR python torch_epoch.py THREADS EPOCHS

DIR holds MNIST's four IDX files, plain or .gz. Needs `pip install torch numpy`.
"""
import gzip
import os
import pathlib
import sys
import time

import numpy
import torch

threads, epochs = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(0)


def read(name, header_bytes):
    path = pathlib.Path(os.environ["NN_MNIST_DIR"]) / name
    data = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
    return torch.from_numpy(numpy.frombuffer(data, numpy.uint8, offset=header_bytes).copy())


images = read("train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28).float() / 255
labels = read("train-labels-idx1-ubyte", 8).long()
test_images = read("t10k-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28).float() / 255
test_labels = read("t10k-labels-idx1-ubyte", 8).long()

model = torch.nn.Sequential(
    torch.nn.Conv2d(1, 32, 3), torch.nn.ReLU(), torch.nn.Flatten(),
    torch.nn.Linear(32 * 26 * 26, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters())
loss_function = torch.nn.CrossEntropyLoss()

for _ in range(epochs):
    start = time.perf_counter()
    order = torch.randperm(len(labels))
    for first in range(0, len(labels), 128):
        rows = order[first:first + 128]
        optimizer.zero_grad()
        loss_function(model(images[rows]), labels[rows]).backward()
        optimizer.step()
    seconds = time.perf_counter() - start
    with torch.no_grad():
        hits = sum((model(test_images[i:i + 1000]).argmax(1) == test_labels[i:i + 1000]).sum().item()
                   for i in range(0, len(test_labels), 1000))
    print(f"torch {torch.__version__}, {threads} threads: {seconds:.2f} s, "
          f"accuracy {hits / len(test_labels):.4f}", flush=True)
