#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scaling.py STEPS MPIRUN [OPTION...]: how fast the digit reader trains in several processes.

Measures updates of one process and of two, by the program STEPS (steps.cpp), a few times in turn,
and takes the quickest of each: other work on the machine only adds to a time. Makes a model of the
time of an update of it, says how well that predicts the other measurements, and computes tables for
machines and networks that are not at hand."""
import os
import subprocess
import sys

WEIGHTS = 2_770_634
LINK_BATCH, BATCHES = 128, (64, 128, 256, 512, 1024)
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def run(program, *arguments, launcher=()):
    environment = {**os.environ, "NN_NUM_THREADS": "1"}
    done = subprocess.run([*launcher, program, *arguments], env=environment, check=True,
                          capture_output=True, text=True)
    return done.stdout.split()


def together(program, batch, steps):
    """Seconds of an update where two processes compute, each for itself: what they take from each
    other is in it."""
    environment = {**os.environ, "NN_NUM_THREADS": "1"}
    both = [subprocess.Popen([program, batch, steps], env=environment, stdout=subprocess.PIPE,
                             text=True) for _ in range(2)]
    return max(float(each.communicate()[0].split()[3]) for each in both)


def main():
    program, launcher = sys.argv[1], [*sys.argv[2:], "-n", "2"]
    alone, shared = {}, {}
    for _ in range(ROUNDS):
        for batch in BATCHES:
            steps = str(max(4, 2048 // batch))
            if batch < 1024:  # the share of two in twice the batch
                alone[batch] = min(alone.get(batch, 9e9), together(program, str(batch), steps))
            if batch > 64:
                found = float(run(program, str(batch), steps, launcher=launcher)[3])
                shared[batch] = min(shared.get(batch, 9e9), found)
    link = run(program, "link", launcher=launcher)
    latency, bandwidth = float(link[1]), 1e9 * float(link[3])

    # compute(n) = fixed + slope n, by least squares of relative errors.
    weights = [1 / time**2 for time in alone.values()]
    s0, s1 = sum(weights), sum(w * n for w, n in zip(weights, alone))
    s2 = sum(w * n * n for w, n in zip(weights, alone))
    t0 = sum(w * t for w, t in zip(weights, alone.values()))
    t1 = sum(w * n * t for w, n, t in zip(weights, alone, alone.values()))
    slope = (s0 * t1 - s1 * t0) / (s0 * s2 - s1 * s1)
    fixed = (t0 - slope * s1) / s0

    def sent(processes):  # bytes that each process sends in an update, and as many come in
        return 2 * 4 * WEIGHTS * (processes - 1) / processes

    def link_time(processes, seconds_of_message, bytes_per_second):
        return 2 * (processes - 1) * seconds_of_message + sent(processes) / bytes_per_second

    # What passes over memory take beside the link, less the optimizer's work that is shared out.
    extra = (shared[LINK_BATCH] - fixed - slope * LINK_BATCH / 2 - link_time(2, latency, bandwidth))
    print(f"one process: {1e3 * fixed:.2f} ms + {1e6 * slope:.1f} us for each sample")
    print(f"link: {1e6 * latency:.1f} us, {bandwidth / 1e9:.2f} GB/s; beside it {1e3 * extra:.2f} ms")
    print("\n| batch | measured, 2 processes | by the model | off |\n|---|---|---|---|")
    for batch, time in shared.items():
        predicted = fixed + slope * batch / 2 + link_time(2, latency, bandwidth) + extra
        note = "fitted" if batch == LINK_BATCH else f"{100 * (predicted / time - 1):+.0f} %"
        print(f"| {batch} | {1e3 * time:.1f} ms | {1e3 * predicted:.1f} ms | {note} |")

    for title, batch_of in (("batches of 1024 in all", lambda p: 1024 / p),
                            ("batches of 1024 for each machine", lambda p: 1024)):
        print(f"\n| machines, {title} | 10 Gbit/s | 100 Gbit/s |\n|---|---|---|")
        machines = 2
        while machines <= 1024:
            cells = []
            for gigabits in (10, 100):
                one = fixed + slope * 1024
                time = (fixed + slope * batch_of(machines) + extra
                        + link_time(machines, 20e-6 if gigabits == 10 else 3e-6, gigabits / 8 * 1e9))
                samples = batch_of(machines) * machines
                cells.append(f"{samples / time / (1024 / one):.1f}")
            print(f"| {machines} | {cells[0]} | {cells[1]} |")
            machines *= 2


main()
