# SPDX-License-Identifier: MIT
"""Medians of the results, as Markdown."""
import collections
import statistics

NAMES = {"nn": "nn", "onednn": "oneDNN", "torch": "PyTorch", "openblas": "OpenBLAS",
         "eigen": "Eigen", "dlib": "dlib"}
IMAGES = 60000  # of an epoch
EPOCHS = {"epoch", "deeper", "resnet20", "plain20", "flags"}  # rows whose times are of one
SAVINGS = {"f32-fused": "f32"}  # modes of one peer that count as another's

# Floating-point operations of one image: the products of Conv2D, Dense 128, Dense 10. Training does
# each three times (forward, both gradients), but has no input gradient of the convolution.
CONVOLUTION, DENSE = 2 * 9 * 32 * 26 * 26, 2 * (21632 * 128 + 128 * 10)
# Of the deeper network, without those on padding; Conv2D 32, 32, pooling, 64, 64, pooling, Dense.
FIRST = 2 * 32 * (3 * 28 - 2) ** 2
LATER = (2 * 32 * 32 * (3 * 28 - 2) ** 2 + 2 * (32 + 64) * 64 * (3 * 14 - 2) ** 2
         + 2 * (3136 * 128 + 128 * 10))
# Of the residual network: the first convolution; then in each stage of 28, 14 and 7 pixels six (of
# the first stage: all of 16 channels), and where it shrinks, shortcuts and a smaller first one.
RESIDUAL = 2 * 9 * 16 * 28 ** 2
STAGES = 2 * (6 * 9 * 16 * 16 * 28 ** 2 + (5 * 9 * 32 + 10 * 16) * 32 * 14 ** 2
              + (5 * 9 * 64 + 10 * 32) * 64 * 7 ** 2 + 64 * 10)
OPERATIONS = {"epoch": IMAGES * (2 * CONVOLUTION + 3 * DENSE),
              "deeper": IMAGES * (2 * FIRST + 3 * LATER),
              **dict.fromkeys(("resnet20", "plain20"), IMAGES * (2 * RESIDUAL + 3 * STAGES)),
              "predict": 10000 * (CONVOLUTION + DENSE), "image": CONVOLUTION + DENSE}


class Results:
    """The lines of all rounds."""

    def __init__(self, lines):
        self.groups = collections.defaultdict(list)
        for line in lines:
            self.groups[self.key(line)].append(line)

    @staticmethod
    def key(line):
        return (line["row"], line["program"], line["mode"], line["threads"], line.get("epoch", 1),
                line.get("shape"))

    def lines(self, row, program, mode, threads, epoch=1, shape=None):
        return self.groups.get((row, program, mode, threads, epoch, shape), [])

    def median(self, figure, *key, **more):
        """The median of `figure` over the rounds, or None where there is nothing."""
        values = [line[figure] for line in self.lines(*key, **more) if figure in line]
        return statistics.median(values) if values else None

    def seconds(self, *key, **more):
        """The median time; that of an epoch as if it had all images."""
        values = [line["seconds"] * (IMAGES / line["images"] if key[0] in EPOCHS else 1)
                  for line in self.lines(*key, **more)]
        return statistics.median(values) if values else None

    def rounds(self):
        """How many figures the medians are of."""
        counts = [len(group) for key, group in self.groups.items()
                  if key[0] != "peak"]
        few, many = min(counts, default=1), max(counts, default=1)
        return f"medians of {few} to {many} runs" if few < many else f"medians of {many} runs"

    def peak(self, mode, threads):
        return self.median("gflops", "peak", "peak", mode, threads)

    def kinds(self, row):
        """(program, mode, threads) of the row's first epochs, in the order of their first run."""
        return list(dict.fromkeys(key[1:4] for key in self.groups if key[0] == row))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def number(value, form=".2f"):
    return "" if value is None else format(value, form)


def percent(part, whole):
    return "" if not part or not whole else f"{100 * part / whole:.0f} %"


def ratio(part, whole, form=".2f"):
    return "" if not part or not whole else format(part / whole, form)


def timings(results, row, unit, scale, form):
    """One line for each program, mode and number of threads, with nn's share of a peer's time."""
    rows = []
    for program, mode, threads in results.kinds(row):
        key = (row, program, mode, threads)
        seconds = results.seconds(*key)
        ours = results.seconds(row, "nn", SAVINGS.get(mode, mode), threads)
        peak = results.peak(SAVINGS.get(mode, mode), threads)
        rate = OPERATIONS[row] / seconds * 1e-9
        cells = [NAMES[program], mode, str(threads), number(seconds * scale, form),
                 "" if program == "nn" else ratio(ours, seconds), percent(rate, peak)]
        if row == "epoch":
            cells += [number(results.median("peak_mb", *key), ".0f")]
        rows.append(cells)
    head = ["", "mode", "threads", unit, "nn / this", "of peak"]
    return table(head + ["peak memory, MB"] * (row == "epoch"), rows)


def peaks(results):
    rows = [[what, number(results.median(figure, "peak", "peak", mode, 1), ".0f"),
             number(results.median(figure, "peak", "peak", mode, 2), ".0f")]
            for what, mode, figure in (
                ("float32 multiply-adds, GFLOP/s", "f32", "gflops"),
                ("bfloat16 multiply-adds, GFLOP/s", "bf16", "gflops"),
                ("int8 dot products, GOP/s", "int8", "gflops"),
                ("reading memory, GB/s", "memory", "gbytes"))]
    return table(["this machine at most", "1 thread", "2 threads"], rows)


def epochs(results):
    text = timings(results, "epoch", "seconds", 1, ".2f")
    scaling = [[NAMES[program], mode, ratio(results.seconds("epoch", program, mode, 1),
                                            results.seconds("epoch", program, mode, 2))]
               for program in ("nn", "onednn") for mode in ("f32", "bf16")
               if results.lines("epoch", program, mode, 1)]
    text += "\n" + table(["1 thread / 2 threads", "mode", "speed-up"], scaling)
    later = [[mode, *(ratio(results.seconds("epoch", "nn", mode, 2, epoch=epoch),
                            results.seconds("epoch", "nn", mode, 2)) for epoch in (2, 3))]
             for mode in ("f32", "bf16") if results.lines("epoch", "nn", mode, 2, epoch=3)]
    return text + "\n" + table(["nn, time of a later epoch", "epoch 2 / 1", "epoch 3 / 1"], later)


def products(results):
    shapes = list(dict.fromkeys(key[5] for key in results.groups if key[0] == "product"))
    rows = []
    for program, mode, threads in results.kinds("product"):
        peak = results.peak(mode, threads)
        cells = []
        for shape in shapes:
            rate = results.median("gflops", "product", program, mode, threads, shape=shape)
            cells.append(f"{rate:.0f} ({percent(rate, peak)})" if peak else f"{rate:.0f}")
        rows.append([NAMES[program], str(threads), *cells])
    return table(["GFLOP/s (of peak)", "threads", *(f"`{shape}`" for shape in shapes)], rows)


def convolutions(results):
    """One line for each shape and direction."""
    rows = []
    for key in [key for key in results.groups if key[:2] == ("convolution", "nn")]:
        _, _, mode, threads, _, shape = key
        rates = {program: results.median("gflops", "convolution", program, mode, threads,
                                         shape=shape) for program in ("nn", "onednn")}
        rows.append([shape, number(rates["nn"], ".0f"),
                     percent(rates["nn"], results.peak(mode, threads)),
                     number(rates["onednn"], ".0f"), ratio(rates["onednn"], rates["nn"])])
    return table(["size and channels, kernel", "nn, GFLOP/s", "of peak", "oneDNN, GFLOP/s",
                  "nn / oneDNN, time"], rows)


def steps(results):
    """One line for each network."""
    rows = []
    for shape in dict.fromkeys(key[5] for key in results.groups if key[0] == "steps"):
        ours = results.seconds("steps", "steps", "f32", 2, shape=shape)
        theirs = results.seconds("steps", "torch_steps", "f32-fused", 2, shape=shape)
        rows.append([shape, number(ours and 1e3 * ours), number(theirs and 1e3 * theirs),
                     ratio(ours, theirs)])
    return table(["network", "nn, ms", "PyTorch, ms", "nn / PyTorch"], rows)


def flags(results):
    names = {"nn": "g++ -O2", "nn_native": "g++ -O3 -march=native", "nn_clang": "clang++ -O2"}
    base = results.seconds("flags", "nn", "f32", 2)
    rows = []
    for program, mode, threads in results.kinds("flags"):
        seconds = results.seconds("flags", program, mode, threads)
        rows.append([names[program], number(seconds), ratio(seconds, base)])
    return table(["nn compiled by", "epoch, seconds", "against g++ -O2"], rows)


def recipe(results):
    rows = []
    for program, mode, threads in results.kinds("recipe"):
        key = ("recipe", program, mode, threads)
        accuracy = results.median("accuracy", *key)
        name = "nn, `mnist_train --recipe fast`" if program == "mnist_train" else "PyTorch"
        rows.append([name + ("" if mode == "f32" else ", bfloat16"),
                     number(results.seconds(*key)), f"{100 * accuracy:.2f} %"])
    return table(["99 % in one epoch", "seconds", "accuracy"], rows)


def program(results):
    ours = results.seconds("program", "nn", "-O2", 1)
    rows = []
    for name, mode, threads in results.kinds("program"):
        key = ("program", name, mode, threads)
        seconds = results.seconds(*key)
        rows.append([NAMES[name], number(seconds, ".1f"),
                     "" if name == "nn" else ratio(ours, seconds),
                     number(results.median("peak_mb", *key), ".0f"),
                     number(results.median("kilobytes", *key), ".0f")])
    return table(["g++ -O2", "CPU seconds", "nn / this", "compiler's memory, MB",
                  "stripped program, kB"], rows)


SECTIONS = {
    "peak": ("The machine", peaks),
    "epoch": ("An epoch of 60,000 images, batch 128, Adam", epochs),
    "deeper": ("An epoch of a deeper network, batch 128, Adam",
               lambda results: timings(results, "deeper", "seconds", 1, ".1f")),
    "resnet20": ("An epoch of a residual network of 20 layers, batch 128, Adam",
                 lambda results: timings(results, "resnet20", "seconds", 1, ".1f")),
    "plain20": ("The same without batch normalization",
                lambda results: timings(results, "plain20", "seconds", 1, ".1f")),
    "predict": ("Prediction of 10,000 images",
                lambda results: timings(results, "predict", "ms", 1e3, ".0f")),
    "image": ("Prediction of one image, median",
              lambda results: timings(results, "image", "µs", 1e6, ".1f")),
    "product": ("The products of the first Dense, [128, 21632] by [21632, 128] and its gradients",
                products),
    "convolution": ("Convolutions, batch 128 (64 of 8x8), float32, 2 threads", convolutions),
    "steps": ("Training steps of other networks, Adam, 2 threads", steps),
    "flags": ("Compilers and flags, float32, 2 threads", flags),
    "recipe": ("A small network that reaches 99 % in one epoch, 2 threads", recipe),
    "program": ("A user's program", program),
}


def markdown(report):
    """The whole report: where and how it was measured, then a section for each row."""
    results = Results(report["results"])
    commands = "\n".join(f"    {command}" for command in report["commands"])
    parts = [f"{report['machine']}, {report['date']}, nn {report['commit']}; {results.rounds()}:"
             f"\n\n{commands}\n"]
    rows = {key[0] for key in results.groups}
    for row, (title, render) in SECTIONS.items():
        if row in rows:
            parts.append(f"### {title}\n\n{render(results)}")
    if report["left_out"]:
        parts.append("Left out: " + "; ".join(report["left_out"]) + ".\n")
    return "\n".join(parts)
