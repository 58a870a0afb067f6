#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains a network to read handwritten digits by mnist_train, and plots what came of it.

    examples/mnist/run.sh --help          builds the program
    examples/notebook/digits.py --recipe fast --validation-split 0.1

Options that are not listed by --help go to mnist_train. Needs matplotlib.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import matplotlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def find_program():
    """The variable MNIST_TRAIN, the program that examples/mnist/run.sh builds, or one on the PATH."""
    built = ROOT / "build/examples/mnist_train"
    program = os.environ.get("MNIST_TRAIN") or (str(built) if built.exists() else shutil.which("mnist_train"))
    if program is None:
        raise FileNotFoundError(f"expected a program {built}, got none; build it by examples/mnist/run.sh --help")
    return program


def train(*options):
    """Runs mnist_train with these options; returns all its figures, and the program's output as "output"."""
    with tempfile.TemporaryDirectory() as folder:
        metrics = pathlib.Path(folder) / "metrics.json"
        model = pathlib.Path(folder) / "mnist.safetensors"
        own = ["--metrics", str(metrics)] + ([] if "--model" in options else ["--model", str(model)])
        done = subprocess.run([find_program(), *options, *own], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip() or f"mnist_train: exit status {done.returncode}")
        return json.loads(metrics.read_text()) | {"output": done.stdout}


def summarize(figures):
    """One sentence: what was trained, and how good it is."""
    test = figures["test"]
    seconds = sum(epoch["seconds"] for epoch in figures["epochs"])
    count = len(figures["epochs"])
    return (f"{figures['recipe']}, {count} epoch{'s' if count > 1 else ''} in {seconds:.1f} s on {figures['data']}: "
            f"accuracy {test['accuracy']:.2%}, macro precision {test['precision']:.2%}, "
            f"macro recall {test['recall']:.2%}")


def plot_curves(figures):
    """Loss and accuracy of each epoch, of the training and, where there is one, the validation."""
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, name in zip(axes, ["loss", "accuracy"]):
        for key, label in [(name, "training"), ("val_" + name, "validation")]:
            values = [epoch[key] for epoch in figures["epochs"] if key in epoch]
            if values:
                axis.plot(range(1, len(values) + 1), values, marker="o", label=label)
        axis.set(title=name, xlabel="epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
        axis.legend()
    return figure


def plot_confusion(figures):
    """Which digit was read as which: counts, coloured by their share of the true digit."""
    from matplotlib import pyplot
    counts = figures["test"]["confusion_matrix"]
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    figure, axis = pyplot.subplots(figsize=(6, 5.4), layout="constrained")
    picture = axis.imshow(shares, cmap="cividis", vmin=0, vmax=1)
    for true, row in enumerate(counts):
        for read, count in enumerate(row):
            if count > 0:
                colour = "black" if shares[true][read] > 0.5 else "white"
                axis.text(read, true, str(count), ha="center", va="center", color=colour, fontsize=8)
    ticks = range(len(counts))
    axis.set(title="test set", xlabel="read", ylabel="true", xticks=ticks, yticks=ticks)
    figure.colorbar(picture, label="share of the true digit")
    return figure


def plot_classes(figures):
    """Precision and recall of each digit."""
    from matplotlib import pyplot
    classes = figures["test"]["per_class"]
    figure, axis = pyplot.subplots(figsize=(9, 3), layout="constrained")
    for offset, name in [(-0.2, "precision"), (0.2, "recall")]:
        axis.bar([k + offset for k in range(len(classes))], [c[name] for c in classes], 0.4, label=name)
    lowest = min(min(c["precision"], c["recall"]) for c in classes)
    axis.set(xlabel="digit", xticks=range(len(classes)), ylim=(max(0, lowest - 0.02), 1))
    axis.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def main():
    parser = argparse.ArgumentParser(description="Trains by mnist_train and plots the results.",
                                     epilog="Other options go to mnist_train.")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("."), metavar="DIR",
                        help="folder for curves.png, confusion.png and classes.png [here]")
    own, options = parser.parse_known_args()
    matplotlib.use("Agg")
    try:
        own.output.mkdir(parents=True, exist_ok=True)
        figures = train(*options)
    except (OSError, RuntimeError) as error:
        sys.exit(f"digits.py: {error}")
    print(summarize(figures))
    for name, plot in [("curves", plot_curves), ("confusion", plot_confusion), ("classes", plot_classes)]:
        path = own.output / f"{name}.png"
        plot(figures).savefig(path, dpi=120)
        print(path)


if __name__ == "__main__":
    main()
