# SPDX-License-Identifier: MIT
"""Runs the notebook, and the script beside it, on a small data set made here.

    notebook_test.py PROGRAM    PROGRAM: mnist_train
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import nbclient
import nbformat

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples/notebook"


def write_data(folder, kind, count):
    """Images 28x28 in ten classes, each with a bright bar of its own, as IDX files."""
    labels = bytes(i % 10 for i in range(count))
    row = [bytes(255 if x // 2 == label + 2 else 0 for x in range(28)) for label in range(10)]
    pixels = b"".join(row[label] * 28 for label in labels)
    (folder / f"{kind}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, count, 28, 28) + pixels)
    (folder / f"{kind}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, count) + labels)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_data(folder, "train", 1000)
        write_data(folder, "t10k", 200)
        os.environ["MNIST_TRAIN"] = str(pathlib.Path(sys.argv[1]).resolve())
        os.environ["MNIST_TRAIN_OPTIONS"] = f"--data {folder}"

        notebook = nbformat.read(FOLDER / "digits.ipynb", as_version=4)
        nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(FOLDER)}}).execute()
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        pictures = [output for output in outputs if "image/png" in output.get("data", {})]
        text = "".join(output.get("text", "") for output in outputs)
        assert len(pictures) == 3, f"expected 3 pictures, got {len(pictures)}"
        assert "keras, 5 epochs" in text and "accuracy 100.00%" in text, text
        assert not any(cell.get("outputs") for cell in nbformat.read(FOLDER / "digits.ipynb", 4).cells), \
            "expected the notebook in the tree without outputs"

        script = [sys.executable, FOLDER / "digits.py", "--output", folder / "plots"]
        done = subprocess.run([*script, "--recipe", "fast", "--data", name], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("fast, 1 epoch "), done.stdout
        for plot in ["curves", "confusion", "classes"]:
            assert (folder / f"plots/{plot}.png").read_bytes().startswith(b"\x89PNG"), plot
        done = subprocess.run([*script, "--epochs", "none"], capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr.startswith("digits.py: mnist_train: "), done.stderr
    print("notebook: 3 pictures; the script beside it: the same without Jupyter")


main()
