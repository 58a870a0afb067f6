# SPDX-License-Identifier: MIT
"""Do tools read the logs of a training run, and find its figures there?

    logs_test.py PROGRAM    PROGRAM: write_logs
"""
import csv
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.backend.event_processing import plugin_event_multiplexer


def scalars_of(folder):
    """Tag -> [(step, value)], as TensorBoard shows them."""
    reader = event_accumulator.EventAccumulator(str(folder), size_guidance={event_accumulator.SCALARS: 0})
    reader.Reload()
    found = {tag: [(e.step, e.value) for e in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}
    for tag in reader.Tags()["tensors"]:  # newer readers turn plain values into tensors
        found[tag] = [(e.step, e.tensor_proto.float_val[0]) for e in reader.Tensors(tag)]
    return found


def as_float32(values):
    return [(i, struct.unpack("f", struct.pack("f", value))[0]) for i, value in enumerate(values)]


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: expected {expected}, got {found}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        output = subprocess.run([sys.argv[1], name], check=True, capture_output=True, text=True).stdout
        history = json.loads(output)

        train = scalars_of(folder / "logs/train")
        batches = train.pop("batch_loss")
        check("steps of batches", [step for step, _ in batches], list(range(6)))
        check("tags of training", sorted(train), ["batch_accuracy", "batch_learning_rate", "epoch_accuracy",
                                                  "epoch_learning_rate", "epoch_loss"])
        validation = scalars_of(folder / "logs/validation")
        check("tags of validation", sorted(validation), ["epoch_accuracy", "epoch_loss"])
        for metric in ["loss", "accuracy"]:
            check(f"training {metric}", train["epoch_" + metric], as_float32(history[metric]))
            check(f"validation {metric}", validation["epoch_" + metric], as_float32(history["val_" + metric]))
        check("learning rate", train["epoch_learning_rate"], as_float32([0.5] * 3))
        runs = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(folder / "logs"))
        runs.Reload()
        check("runs", sorted(runs.Runs()), ["train", "validation"])

        with open(folder / "log.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
        check("epochs", [[int(row["epoch"]) for row in rows], [line["epoch"] for line in lines]],
              [[0, 1, 2], [0, 1, 2]])
        for metric, values in history.items():
            check(f"CSV, {metric}", [float(row[metric]) for row in rows], values)
            check(f"JSON lines, {metric}", [line[metric] for line in lines], values)

        picture = xml.etree.ElementTree.parse(folder / "model.svg").getroot()
        boxes = picture.findall(".//{http://www.w3.org/2000/svg}rect")
        check("boxes", len(boxes), 3)
    print("logs: TensorBoard, csv, json and XML readers find the training's figures")


main()
