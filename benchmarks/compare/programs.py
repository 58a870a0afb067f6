# SPDX-License-Identifier: MIT
"""Builds the programs, and runs one of them."""
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_AVAILABLE = 3  # the exit status of a program that cannot do what it was asked


def core_for_openblas():
    """The setting without which OpenBLAS takes Intel's processors that are newer than itself for
    old ones."""
    info = pathlib.Path("/proc/cpuinfo")
    processor = info.read_text() if info.exists() else ""
    if "OPENBLAS_CORETYPE" in os.environ or "GenuineIntel" not in processor:
        return {}
    return {"OPENBLAS_CORETYPE": "SKYLAKEX"} if "avx512bw" in processor else {}


# PyTorch is quicker where freed memory stays with the process; OpenMP's threads must not spin
# beside those of OpenBLAS.
ENVIRONMENT = {
    "torch": {"MALLOC_TOP_PAD_": "268435456", "MALLOC_MMAP_THRESHOLD_": "1073741824",
              "MALLOC_TRIM_THRESHOLD_": "1073741824"},
    "openblas": {"OMP_WAIT_POLICY": "passive", **core_for_openblas()},
    "dlib": core_for_openblas(),
}


@dataclasses.dataclass
class Outcome:
    """The figures that a program printed, or the reason why there are none."""
    figures: list
    reason: str = ""


def say(text):
    print(text, file=sys.stderr, flush=True)


def cmake(folder, targets, *options):
    """Configures the project in `folder` and builds those of `targets` that exist."""
    generator = []
    if shutil.which("ninja") and not (folder / "CMakeCache.txt").exists():
        generator = ["-G", "Ninja"]
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, *generator, "--log-level=WARNING",
                    "-DCMAKE_BUILD_TYPE=Release", "-DNN_BUILD_TESTS=OFF",
                    "-DNN_BUILD_BENCHMARKS=ON", *options], check=True, stdout=sys.stderr)
    subprocess.run(["cmake", "--build", folder, "--parallel", str(os.cpu_count()), "--target",
                    *targets], check=True, stdout=sys.stderr)


def build(folder, rows):
    """Builds what `rows` need."""
    say("Building ...")
    has_recipe = "recipe" in rows
    cmake(folder, ["compare_programs"] + ["mnist_train"] * has_recipe,
          f"-DNN_BUILD_EXAMPLES={'ON' if has_recipe else 'OFF'}")
    if "flags" in rows and shutil.which("clang++"):
        cmake(folder / "clang", ["compare_nn"], "-DNN_BUILD_EXAMPLES=OFF",
              "-DCMAKE_CXX_COMPILER=clang++")


def find(folder, python):
    """For each program its command, or a sentence that says why it is missing."""
    paths = {name: folder / "compare" / f"compare_{name}"
             for name in ("nn", "nn_native", "steps", "onednn", "openblas", "eigen", "dlib", "peak")}
    paths["nn_clang"] = folder / "clang/compare/compare_nn"
    paths["mnist_train"] = folder / "mnist_train"
    commands = {name: [str(path)] if path.exists() else "not installed"
                for name, path in paths.items()}
    has_torch = subprocess.run([python, "-W", "ignore", "-c", "import torch"], capture_output=True)
    for name, file in (("torch", "torch_program.py"), ("torch_steps", "torch_steps.py")):
        program = pathlib.Path(__file__).parent / "peers" / file
        commands[name] = f"{python} has no torch"
        if has_torch.returncode == 0:
            commands[name] = [python, "-W", "ignore", str(program)]
    return commands


def execute(command, environment):
    """Runs `command`; returns its exit status, its output, its errors, and its resource usage."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors,
                                   env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        return process.returncode, output.read(), errors.read().strip(), usage


def run(command, arguments, prefix):
    """Runs a program of the comparison."""
    if isinstance(command, str):
        return Outcome([], command)
    name = next((name for name in ENVIRONMENT if name in command[-1]), None)
    status, output, errors, usage = execute([*prefix, *command, *arguments],
                                            ENVIRONMENT.get(name, {}))
    if status == NOT_AVAILABLE:
        return Outcome([], "not available in this version")
    if status != 0:
        return Outcome([], f"failed with status {status}: {errors.splitlines()[-1:]}")
    figures = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    for line in figures:
        line["peak_mb"] = usage.ru_maxrss / 1024
    return Outcome(figures)


def run_recipe(command, mode, threads, prefix):
    """mnist_train's own recipe for 99 % in one epoch."""
    if isinstance(command, str):
        return Outcome([], command)
    status, output, _, _ = execute([*command, "--help"], {})
    if status != 0 or "--recipe" not in output:
        return Outcome([], "mnist_train has no --recipe in this version")
    with tempfile.TemporaryDirectory() as folder:
        metrics = pathlib.Path(folder) / "metrics.json"
        status, _, errors, usage = execute(
            [*prefix, *command, "--recipe", "fast", "--quiet", "--threads", str(threads),
             "--precision", {"f32": "float32", "bf16": "bfloat16"}[mode],
             "--model", f"{folder}/model.safetensors", "--metrics", str(metrics)], {})
        if status != 0:
            return Outcome([], f"mnist_train failed: {errors.splitlines()[-1:]}")
        result = json.loads(metrics.read_text())
    return Outcome([{"peer": "nn", "work": "recipe", "mode": mode, "threads": threads,
                     "images": 60000, "seconds": sum(e["seconds"] for e in result["epochs"]),
                     "accuracy": result["test"]["accuracy"], "peak_mb": usage.ru_maxrss / 1024}])


def compile_program(name):
    """Compiles a user's program: the documentation's, or the training program of a peer whose
    library is headers as well. CPU time: others may be at work."""
    eigen = next((path for path in ("/usr/include/eigen3", "/usr/local/include/eigen3")
                  if os.path.isdir(path)), None)
    if eigen is None or not shutil.which("g++"):
        return Outcome([], "needs g++ and Eigen in a system folder")
    compare = ROOT / "benchmarks/compare"
    arguments = {
        "nn": ["-I", ROOT / "include", "-I", eigen, ROOT / "tests/api/main_road.cpp"],
        "dlib": ["-I", compare, compare / "peers/dlib.cpp", "-ldlib", "-lopenblas"],
    }[name]
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/program"
        status, _, errors, usage = execute(
            ["g++", "-std=c++20", "-O2", *map(str, arguments), "-o", program, "-pthread"], {})
        if status != 0:
            return Outcome([], f"does not compile: {errors.splitlines()[:1]}")
        subprocess.run(["strip", program], check=True)
        size = os.path.getsize(program)
    return Outcome([{"peer": name, "work": "program", "mode": "-O2", "threads": 1,
                     "seconds": usage.ru_utime + usage.ru_stime, "kilobytes": size / 1000,
                     "peak_mb": usage.ru_maxrss / 1024}])
