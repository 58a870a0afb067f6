# SPDX-License-Identifier: MIT
"""What is compared: the rows, and the runs that each consists of."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Run:
    """One call of a program. Slow ones train on fewer images: `tables` scales their time."""
    program: str
    work: str
    mode: str
    threads: int
    images: int = 60000
    epochs: int = 1

    def arguments(self):
        return [self.work, self.mode, str(self.threads), str(self.images), str(self.epochs)]

    def describe(self):
        plural = "" if self.threads == 1 else "s"
        return f"{self.program} {self.work} {self.mode}, {self.threads} thread{plural}"


def runs_of(work, programs, modes, threads):
    return [Run(program, work, mode, number)
            for number in threads for mode in modes for program in programs]


# Networks of `steps`.
STEPS = ("lstm", "gru", "depthwise", "conv1d", "transformer", "layernorm_mlp")

# In this order; each round runs all of it.
ROWS = {
    "peak": [Run("peak", "peak", mode, threads)
             for mode in ("f32", "bf16", "int8", "memory") for threads in (1, 2)],
    "epoch": [
        Run("nn", "epoch", "f32", 2, epochs=3),
        Run("onednn", "epoch", "f32", 2),
        Run("torch", "epoch", "f32", 2, 30000),
        Run("torch", "epoch", "f32-fused", 2, 30000),
        Run("openblas", "epoch", "f32", 2, 15000),
        Run("eigen", "epoch", "f32", 2, 15000),
        Run("dlib", "epoch", "f32", 2, 3840),
        Run("nn", "epoch", "bf16", 2),
        Run("onednn", "epoch", "bf16", 2),
        Run("torch", "epoch", "bf16", 2, 30000),
        Run("nn", "epoch", "f32", 1, 30000),
        Run("onednn", "epoch", "f32", 1, 30000),
        Run("nn", "epoch", "bf16", 1, 30000),
        Run("onednn", "epoch", "bf16", 1, 30000),
    ],
    "deeper": [Run(program, "deeper", "f32", 2, 7680) for program in ("nn", "torch")],
    "resnet20": [Run("nn", "resnet20", "f32", 2, 2560),
                 Run("torch", "resnet20", "f32-fused", 2, 2560)],
    "plain20": [Run("nn", "plain20", "f32", 2, 2560),
                Run("torch", "plain20", "f32-fused", 2, 2560)],
    "predict": runs_of("predict", ("nn", "onednn", "torch"), ("f32", "bf16"), (2,))
               + [Run("nn", "predict", "int8", 2)],
    "image": runs_of("image", ("nn", "onednn"), ("f32", "bf16"), (2, 1))
             + runs_of("image", ("nn",), ("int8",), (2, 1)) + [Run("torch", "image", "f32", 2)],
    "product": runs_of("product", ("nn", "onednn", "openblas", "eigen"), ("f32",), (2, 1)),
    "convolution": runs_of("convolution", ("nn", "onednn"), ("f32",), (2,)),
    "steps": [Run(program, network, mode, 2) for network in STEPS
              for program, mode in (("steps", "f32"), ("torch_steps", "f32-fused"))],
    "flags": [Run(program, "epoch", "f32", 2, 15000)
              for program in ("nn", "nn_native", "nn_clang")],
    "recipe": [Run("mnist_train", "recipe", "f32", 2), Run("mnist_train", "recipe", "bf16", 2),
               Run("torch", "recipe", "f32", 2)],
    "program": runs_of("program", ("nn", "dlib"), ("-O2",), (1,)),
}
ONCE = {"peak"}  # rows of the first round only
WITHOUT_MNIST = {"program", "peak", "product", "convolution", "steps"}


def select(selectors, max_images):
    """{row: runs} of what `selectors` name: a row, with or without mode and threads (epoch/f32/2).

    Epochs get `max_images` at most. Raises ValueError for a selector that names nothing.
    """
    chosen = {}
    for selector in selectors:
        found = False
        for row, runs in ROWS.items():
            for run in runs:
                if f"{row}/{run.mode}/{run.threads}/".startswith(f"{selector}/"):
                    found = True
                    images = min(run.images, max_images)
                    chosen.setdefault(row, {})[dataclasses.replace(run, images=images)] = None
        if not found:
            raise ValueError(f"expected rows of {', '.join(ROWS)}, with or without mode and "
                             f"threads as in epoch/f32/2, got {selector}")
    return {row: list(chosen[row]) for row in ROWS if row in chosen}
