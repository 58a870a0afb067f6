#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and passes the tests: installs what is missing, builds, runs.
#
#   tests/run.sh [option of CMake, such as -DNN_WARNINGS_AS_ERRORS=ON]...
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/requirements.sh
source "$root/cmake/requirements.sh"

require g++ cmake ninja-build libeigen3-dev doctest-dev nlohmann-json3-dev libcli11-dev libstb-dev \
  zlib1g-dev
folder=$root/build/tests
build "$root" "$folder" -DNN_BUILD_BENCHMARKS=OFF "$@"
ctest --test-dir "$folder" --output-on-failure --parallel "$(nproc)"
