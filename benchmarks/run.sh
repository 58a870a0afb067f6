#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the benchmark suite, runs it and writes its results as JSON.
#
#   benchmarks/run.sh [RESULTS.json] [option of Google Benchmark]...
#
# Default: build/benchmarks/results.json. --benchmark_filter=REGEX runs a part.
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/requirements.sh
source "$root/cmake/requirements.sh"
require g++ cmake ninja-build libeigen3-dev libbenchmark-dev
folder=$root/build/benchmarks
build "$root" "$folder" -DNN_BUILD_TESTS=OFF -DNN_BUILD_EXAMPLES=OFF -DNN_BUILD_BENCHMARKS=ON

results=$folder/results.json
if [[ $# -gt 0 && $1 != --* ]]; then
  results=$1
  shift
fi
"$folder/benchmarks/nn_benchmarks" --benchmark_out="$results" --benchmark_out_format=json "$@"
say "Results: $results"
