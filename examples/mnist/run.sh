#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Trains the digit recogniser: installs what is missing, builds, downloads MNIST if it can, trains.
#
#   examples/mnist/run.sh [option of mnist_train]...      (--help lists them)
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=cmake/requirements.sh
source "$root/cmake/requirements.sh"

require g++ cmake ninja-build libeigen3-dev libcli11-dev libstb-dev nlohmann-json3-dev zlib1g-dev
folder=$root/build/examples
build "$root" "$folder" -DNN_BUILD_TESTS=OFF -DNN_BUILD_BENCHMARKS=OFF

# Data that the user names, by variable or option, needs no download.
if [[ -z ${NN_MNIST_DIR:-} && " $*" != *" --data"* && " $*" != *" --help"* && \
      " $* " != *" -h "* ]]; then
  cmake -DDESTINATION="$folder/data/mnist" -P "$root/examples/mnist/download.cmake" 2>/dev/null || {
    say "MNIST could not be downloaded. Where its files are not in the build's folder already, the"
    say "program draws digits of its own. To train on the real ones, put MNIST's four files into a"
    say "folder and name it: examples/mnist/run.sh --data FOLDER"
  }
fi
exec "$folder/mnist_train" "$@"
