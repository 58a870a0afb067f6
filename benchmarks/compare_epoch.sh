#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An epoch of the digit recogniser here and in PyTorch, in turn on this machine.
#
#   NN_MNIST_DIR=DIR benchmarks/compare_epoch.sh [ROUNDS]      (default 3)
#
# PYTHON names an interpreter that has torch (default python3). Prints the seconds of every epoch, then
# the medians and their ratio; of PyTorch the better of 1 and 2 threads counts.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/requirements.sh
source "$root/cmake/requirements.sh"
[[ -n ${NN_MNIST_DIR:-} ]] || fail "compare_epoch: expected NN_MNIST_DIR to name MNIST's folder, got nothing"
python=${PYTHON:-python3}
"$python" -c 'import torch' 2>/dev/null ||
  fail "compare_epoch: expected an interpreter with torch, got $python; pip install torch numpy and set PYTHON"

folder=$root/build/examples
build "$root" "$folder" -DNN_BUILD_TESTS=OFF -DNN_BUILD_BENCHMARKS=OFF >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ours() { # THREADS: appends the seconds of two epochs
  "$folder/mnist_train" --quiet --epochs 2 --threads "$1" --model "$work/model" --metrics "$work/metrics.json" >/dev/null
  grep -o '"seconds":[0-9.e+-]*' "$work/metrics.json" | cut -d: -f2 | tee -a "$work/nn_$1" |
    sed "s/^/nn, $1 threads: /"
}
torch() {
  "$python" "$root/benchmarks/peers/torch_epoch.py" "$1" 2 | tee /dev/stderr |
    sed 's/.*threads: \([0-9.]*\) s.*/\1/' >>"$work/torch_$1"
}
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

for ((round = 0; round < ${1:-3}; ++round)); do
  for threads in 1 2; do
    ours "$threads"
    torch "$threads"
  done
done
awk -v n1="$(median "$work/nn_1")" -v n2="$(median "$work/nn_2")" \
  -v t1="$(median "$work/torch_1")" -v t2="$(median "$work/torch_2")" 'BEGIN {
    t = t1 < t2 ? t1 : t2
    printf "medians: nn %.2f s (1 thread), %.2f s (2); torch %.2f s (1), %.2f s (2)\n", n1, n2, t1, t2
    printf "nn with 2 threads takes %.2f x the better time of torch\n", n2 / t }'
