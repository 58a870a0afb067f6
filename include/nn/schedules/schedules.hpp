// SPDX-License-Identifier: MIT
// All schedules, and the list of them for reading files: the one place where a new schedule is
// added.
#pragma once

#include "nn/schedules/cosine_decay.hpp"
#include "nn/schedules/exponential_decay.hpp"
#include "nn/schedules/one_cycle.hpp"

#define NN_FOR_EACH_SCHEDULE(DO) \
  DO(CosineDecay) DO(ExponentialDecay) DO(OneCycle) DO(OneCycleMomentum)
