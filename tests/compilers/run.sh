#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds program.cpp by each compiler that the README names and runs it, warnings as errors. Levels
# and dialects are spread over the compilers: each of them once, not each with each.
set -euo pipefail
here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(CDPATH='' cd "$here/../.." && pwd)
# shellcheck source=cmake/requirements.sh
source "$root/cmake/requirements.sh"

builds=(
  "g++-11 -std=c++20 -O2"
  "g++-12 -std=gnu++20 -O3"
  "g++-12 -std=gnu++23 -Ofast"
  "clang++-14 -std=c++20 -O0"
  "clang++-15 -std=gnu++2b -O0"
  "clang++-16 -std=c++2b -O0"
  "clang++-19 -std=c++23 -O1"
  "clang++-22 -std=gnu++20 -O1 -ffast-math"
)
warnings=(-Werror -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
  -Wdouble-promotion -Wnull-dereference -Wcast-align -Wcast-qual -Wformat=2 -Wundef -Wextra-semi
  -Wnon-virtual-dtor -Woverloaded-virtual -Wmissing-declarations -Wzero-as-null-pointer-constant)
warnings_of_gcc=(-Wuseless-cast -Wlogical-op -Wduplicated-cond)

# build_and_run COMPILER OPTION...
build_and_run() {
  local folder log options=("${warnings[@]}")
  folder=$(mktemp -d)
  log=$folder/log
  [[ $1 != g++* ]] || options+=("${warnings_of_gcc[@]}")
  if "$@" "${options[@]}" -I "$root/include" -isystem /usr/include/eigen3 \
    -isystem /usr/local/include/eigen3 "$here/program.cpp" -o "$folder/program" -pthread \
    >"$log" 2>&1 && (cd "$folder" && ./program && NN_ISA=portable ./program) \
    >>"$log" 2>&1; then
    say "passed: $*"
  else
    head -n 40 "$log"
    say "FAILED: $*"
    rm -r "$folder"
    return 1
  fi
  rm -r "$folder"
}

if (($# > 0)); then
  build_and_run "$@"
  exit
fi
require libeigen3-dev g++-11 g++-12 clang-14 clang-15 clang-16 clang-19 clang-22
printf '%s\n' "${builds[@]}" | xargs -P "$(nproc)" -L 1 "${BASH_SOURCE[0]}"
