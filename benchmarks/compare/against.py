# SPDX-License-Identifier: MIT
"""The library of the working tree and that of a revision, measured in turn with the same programs."""
import dataclasses
import os
import pathlib
import shlex
import subprocess
import sys
import tarfile

import plan
import programs
import tables

COMPARE = pathlib.Path(__file__).resolve().parent
HERE = "working tree"

# A file as users with several of them have it.
PREDICTING_FILE = """#include <nn/sequential.hpp>

nn::Tensor<float, 2> classify(const nn::Tensor<float, 4>& x) {
  const auto model = nn::Sequential<float>::load("digits.safetensors");
  return model.predict(x);
}
"""
COMPILED = ["-DNN_COMPILED"]


@dataclasses.dataclass
class Tree:
    name: str
    include: pathlib.Path
    program: pathlib.Path


def git(*arguments):
    return subprocess.run(["git", "-C", programs.ROOT, *arguments], capture_output=True)


def compiler_command(include, *arguments):
    eigen = next((path for path in ("/usr/include/eigen3", "/usr/local/include/eigen3")
                  if os.path.isdir(path)), None)
    if eigen is None:
        sys.exit("compare: expected Eigen in a system folder for --against, got none")
    return ["g++", "-std=c++20", "-O2", "-DNDEBUG", "-I", str(include), "-I", eigen,
            *map(str, arguments)]


def revision_tree(revision, folder):
    """The headers of a revision, unpacked into `folder`."""
    commit = git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit.returncode != 0:
        sys.exit(f"compare: expected a revision of this repository for --against, got {revision}")
    archive = folder / "include.tar"
    packed = git("archive", f"--output={archive}", commit.stdout.decode().strip(), "include")
    if packed.returncode != 0:
        sys.exit(f"compare: expected include/ in {revision}, got {packed.stderr.decode().strip()}")
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    return Tree(revision, folder / "include", folder / "nn_of_revision")


def build(tree):
    """nn.cpp of the working tree, which says of what a revision lacks that it is not available."""
    command = compiler_command(tree.include, "-I", COMPARE, COMPARE / "nn.cpp", "-o", tree.program,
                               "-pthread")
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"compare: {tree.name} does not compile: {shlex.join(command)}\n{result.stderr}")


def compile_times(tree, folder):
    """CPU seconds of compiling a user's files, by mode."""
    file = folder / "predicting_file.cpp"
    file.write_text(PREDICTING_FILE)
    road = programs.ROOT / "tests/api/main_road.cpp"
    measures = {"main road": [road], "file that predicts": [file]}
    if (tree.include / "nn/compiled.hpp").exists():
        measures["main road, compiled library"] = [*COMPILED, road]
        measures["file that predicts, compiled library"] = [*COMPILED, file]
    figures = []
    for mode, arguments in measures.items():
        status, _, errors, usage = programs.execute(
            compiler_command(tree.include, *arguments, "-c", "-o", folder / "object.o"), {})
        if status != 0:
            return programs.Outcome([], f"{mode}: does not compile: {errors.splitlines()[:1]}")
        figures.append({"mode": mode, "threads": 1, "seconds": usage.ru_utime + usage.ru_stime})
    return programs.Outcome(figures)


def execute(run, tree, folder, prefix):
    if run.work == "program":
        return compile_times(tree, folder)
    return programs.run([str(tree.program)], run.arguments(), prefix)


def markdown(lines, trees, rounds):
    """Medians of both trees, and how much of the revision's time the working tree takes."""
    results = tables.Results(lines)
    rows = []
    for row, mode, threads, epoch, shape in dict.fromkeys(
            (key[0], *key[2:]) for key in results.groups):
        here, there = (results.median("seconds", row, tree.name, mode, threads, epoch=epoch,
                                      shape=shape) for tree in trees)
        name = row + (f", epoch {epoch}" if epoch > 1 else "") + (f", {shape}" if shape else "")
        rows.append([name, mode, str(threads), tables.number(here, ".4g"),
                     tables.number(there, ".4g"), tables.ratio(here, there, ".3f")])
    head = ["", "mode", "threads", f"{trees[0].name}, s", f"{trees[1].name}, s", "ratio"]
    return f"Medians of {rounds} rounds in turn.\n\n" + tables.table(head, rows)


def compare(arguments, folder):
    """Runs nn's part of the chosen rows with both libraries in turn; returns the table."""
    trees = [Tree(HERE, programs.ROOT / "include", folder / "nn_of_tree"),
             revision_tree(arguments.against, folder)]
    runs = [(row, run) for row, chosen in arguments.rows.items() for run in chosen
            if run.program == "nn" and row not in plan.ONCE | {"flags"}]
    if not runs:
        sys.exit("compare: expected --only to name rows that nn has for --against, got none")
    if any(run.work != "program" for _, run in runs):
        for tree in trees:
            programs.say(f"Building nn of {tree.name} ...")
            build(tree)
    lines, left_out = [], set()
    for number in range(1, arguments.rounds + 1):
        for row, run in runs:
            # Who goes first changes, so that a machine that drifts favours neither.
            for tree in trees if number % 2 else reversed(trees):
                if (tree.name, run) in left_out:
                    continue
                outcome = execute(run, tree, folder, shlex.split(arguments.prefix))
                if outcome.reason:
                    left_out.add((tree.name, run))
                    programs.say(f"  {tree.name}, {run.describe()}: left out, {outcome.reason}")
                else:
                    programs.say(f"  round {number}: {tree.name}, {run.describe()}")
                lines += [{"row": row, **figures, "program": tree.name}
                          for figures in outcome.figures]
    return markdown(lines, trees, arguments.rounds)
