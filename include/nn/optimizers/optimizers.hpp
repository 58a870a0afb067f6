// SPDX-License-Identifier: MIT
// All optimizers, and the list of them for reading files: the one place where a new optimizer is
// added.
#pragma once

#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"

#define NN_FOR_EACH_OPTIMIZER(DO) DO(Adam) DO(SGD)
