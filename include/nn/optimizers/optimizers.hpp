// SPDX-License-Identifier: MIT
// All optimizers, and the list of them for reading files: the one place where a new optimizer is
// added.
#pragma once

#include "nn/optimizers/adadelta.hpp"
#include "nn/optimizers/adagrad.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/adam_w.hpp"
#include "nn/optimizers/adamax.hpp"
#include "nn/optimizers/ftrl.hpp"
#include "nn/optimizers/lamb.hpp"
#include "nn/optimizers/lion.hpp"
#include "nn/optimizers/muon.hpp"
#include "nn/optimizers/nadam.hpp"
#include "nn/optimizers/rms_prop.hpp"
#include "nn/optimizers/sgd.hpp"

#define NN_FOR_EACH_OPTIMIZER(DO) \
  DO(Adadelta)                    \
  DO(Adagrad)                     \
  DO(Adam)                        \
  DO(Adamax) DO(AdamW) DO(Ftrl) DO(Lamb) DO(Lion) DO(Muon) DO(Nadam) DO(RMSprop) DO(SGD)
