#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The fast recipe of the digit recogniser here and in PyTorch, in turn on this machine.
#
#   NN_MNIST_DIR=DIR benchmarks/compare_fast.sh [SEEDS]      (default 10)
#
# PYTHON names an interpreter that has torch (default python3), THREADS how many threads both use
# (default 2). Prints the seconds and the test accuracy of one epoch for every seed, then their means.
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/requirements.sh
source "$root/cmake/requirements.sh"
[[ -n ${NN_MNIST_DIR:-} ]] || fail "compare_fast: expected NN_MNIST_DIR to name MNIST's folder, got nothing"
python=${PYTHON:-python3}
"$python" -c 'import torch' 2>/dev/null ||
  fail "compare_fast: expected an interpreter with torch, got $python; pip install torch numpy and set PYTHON"

folder=$root/build/examples
build "$root" "$folder" -DNN_BUILD_TESTS=OFF -DNN_BUILD_BENCHMARKS=OFF >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
threads=${THREADS:-2}

ours() { # SEED: one epoch
  "$folder/mnist_train" --recipe fast --quiet --threads "$threads" --seed "$1" --model "$work/model" \
    --metrics "$work/metrics.json" >/dev/null
  local seconds accuracy
  seconds=$(grep -o '"seconds":[0-9.e+-]*' "$work/metrics.json" | cut -d: -f2)
  accuracy=$(sed 's/.*"test"://' "$work/metrics.json" | grep -o '"accuracy":[0-9.]*' | cut -d: -f2)
  printf 'nn, seed %d, %d threads: %.2f s, accuracy %.4f\n' "$1" "$threads" "$seconds" "$accuracy"
}
mean() { # FILE WORD-BEFORE-THE-NUMBER
  sed "s/.*$2 \([0-9.]*\).*/\1/" "$1" | awk '{ sum += $1 } END { print sum / NR }'
}

for ((seed = 1; seed <= ${1:-10}; ++seed)); do
  ours "$seed" | tee -a "$work/nn"
  "$python" "$root/benchmarks/peers/torch_fast.py" "$threads" "$seed" "$seed" | tee -a "$work/torch"
done
awk -v n="$(mean "$work/nn" threads:)" -v t="$(mean "$work/torch" threads:)" \
  -v na="$(mean "$work/nn" accuracy)" -v ta="$(mean "$work/torch" accuracy)" 'BEGIN {
    printf "means: nn %.2f s, accuracy %.4f; torch %.2f s, accuracy %.4f\n", n, na, t, ta
    printf "nn takes %.2f x the time of torch\n", n / t }'
