#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times nn and what is installed of oneDNN, PyTorch, OpenBLAS, Eigen and dlib on the same work.

    NN_MNIST_DIR=DIR benchmarks/compare/compare.py [--only epoch,product] [--rounds 3]
    NN_MNIST_DIR=DIR benchmarks/compare/compare.py --against REV [--only epoch,predict,image]

Builds everything first, then runs all programs in turn, once in each round, and writes results.json
(every figure of every run) and results.md (medians and ratios). What is not installed is left out,
and said. With --against, nn of the working tree and nn of a revision take turns instead; the
medians and their ratios are printed.
"""
import argparse
import datetime
import gzip
import json
import os
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import against
import plan
import programs
import tables

FOLDER = programs.ROOT / "build/compare"
MNIST_FILES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
               "t10k-labels-idx1-ubyte"]


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(plan.ROWS), metavar="ROW,...",
                        help="rows to run, or parts as in epoch/f32/2 [%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    parser.add_argument("--images", type=int, default=60000, metavar="N",
                        help="train on N images at most, and scale the time [%(default)s]")
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER / "results",
                        help="folder for results.json and results.md [build/compare/results]")
    parser.add_argument("--against", metavar="REV",
                        help="compare with the library of this revision, and with nothing else")
    parser.add_argument("--append", action="store_true", help="to the results that are there")
    parser.add_argument("--no-build", action="store_true", help="the programs are up to date")
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has torch")
    parser.add_argument("--prefix", default="", metavar="COMMAND",
                        help="put before each measured program, as in --prefix 'taskset -c 0,1'")
    arguments = parser.parse_args()
    try:
        arguments.rows = plan.select(arguments.only.split(","), arguments.images)
    except ValueError as error:
        parser.error(f"--only: {error}")
    if arguments.against and (arguments.append or arguments.no_build):
        parser.error("expected --against without --append and --no-build")
    if arguments.rounds < 1 or arguments.images < 128:
        parser.error("expected --rounds from 1 and --images from 128")
    return arguments


def plain_mnist(folder):
    """The folder of NN_MNIST_DIR, or `folder` filled with its files decompressed."""
    source = pathlib.Path(os.environ.get("NN_MNIST_DIR", ""))
    if all((source / name).is_file() for name in MNIST_FILES):
        return source
    for name in MNIST_FILES:
        packed = source / f"{name}.gz"
        if not packed.is_file():
            sys.exit("compare: expected NN_MNIST_DIR to name a folder with MNIST's four files, "
                     f"plain or .gz, got no {name} in '{source}'")
        with gzip.open(packed) as data, open(folder / name, "wb") as file:
            shutil.copyfileobj(data, file)
    return folder


def describe_machine():
    model = platform.processor() or platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    compiler = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True)
    return f"{os.cpu_count()} cores of {model}, g++ {compiler.stdout.strip() or 'unknown'}"


def describe_commit():
    result = subprocess.run(["git", "-C", programs.ROOT, "describe", "--always", "--dirty"],
                            capture_output=True, text=True)
    return result.stdout.strip() or "of unknown revision"


def execute(run, commands, prefix):
    if run.work == "program":
        return programs.compile_program(run.program)
    if run.program == "mnist_train":
        return programs.run_recipe(commands["mnist_train"], run.mode, run.threads, prefix)
    return programs.run(commands[run.program], run.arguments(), prefix)


def measure(arguments, commands, save):
    """All rounds. Calls `save` after each run with every figure so far, and why runs were left out,
    so that a measurement that is stopped leaves what it has."""
    lines, left_out = [], {}
    for number in range(1, arguments.rounds + 1):
        for row, runs in arguments.rows.items():
            if row in plan.ONCE and number > 1:
                continue
            for run in runs:
                if run in left_out:
                    continue
                start = time.monotonic()
                outcome = execute(run, commands, shlex.split(arguments.prefix))
                seconds = time.monotonic() - start
                if outcome.reason:
                    left_out[run] = outcome.reason
                    programs.say(f"  {run.describe()}: left out, {outcome.reason}")
                else:
                    programs.say(f"  round {number}: {run.describe()} ({seconds:.1f} s)")
                for figures in outcome.figures:
                    lines.append({"row": row, "program": run.program, "round": number, **figures})
                reasons = [f"{other.program} {other.work} {other.mode} ({reason})"
                           for other, reason in left_out.items()]
                save(lines, list(dict.fromkeys(reasons)))


def make_save(arguments):
    """The function that writes the results; it keeps those of earlier calls if that was asked."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "results.json"
    report = {
        "machine": describe_machine(),
        "date": datetime.date.today().isoformat(),
        "commit": describe_commit(),
        "commands": ["benchmarks/compare/compare.py " + shlex.join(sys.argv[1:])],
        "left_out": [],
        "results": [],
    }
    earlier = {"commands": [], "left_out": [], "results": []}
    if arguments.append and file.exists():
        earlier = json.loads(file.read_text())

    def save(lines, left_out):
        report["results"] = earlier["results"] + lines
        report["left_out"] = list(dict.fromkeys(earlier["left_out"] + left_out))
        file.write_text(json.dumps(report, indent=1) + "\n")
        (arguments.out / "results.md").write_text(tables.markdown(report))

    report["commands"] = earlier["commands"] + report["commands"]
    return save


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        if not plan.WITHOUT_MNIST.issuperset(arguments.rows):
            os.environ["NN_MNIST_DIR"] = str(plain_mnist(pathlib.Path(folder)))
        if arguments.against:
            return print(against.compare(arguments, pathlib.Path(folder)))
        if not arguments.no_build:
            programs.build(FOLDER, arguments.rows)
        commands = programs.find(FOLDER, arguments.python)
        start = time.monotonic()
        measure(arguments, commands, make_save(arguments))
    programs.say(f"Measured in {time.monotonic() - start:.0f} s; results: {arguments.out}")
    print((arguments.out / "results.md").read_text())


if __name__ == "__main__":
    main()
