// SPDX-License-Identifier: MIT
// All schedules, and the list of them for reading files: the one place where a new schedule is
// added.
#pragma once

#include "nn/schedules/cosine_decay.hpp"
#include "nn/schedules/cosine_decay_restarts.hpp"
#include "nn/schedules/exponential_decay.hpp"
#include "nn/schedules/inverse_time_decay.hpp"
#include "nn/schedules/one_cycle.hpp"
#include "nn/schedules/piecewise_constant_decay.hpp"
#include "nn/schedules/polynomial_decay.hpp"
#include "nn/schedules/warm_up.hpp"

#define NN_FOR_EACH_SCHEDULE(DO) \
  DO(CosineDecay)                \
  DO(CosineDecayRestarts)        \
  DO(ExponentialDecay)           \
  DO(InverseTimeDecay)           \
  DO(OneCycle) DO(OneCycleMomentum) DO(PiecewiseConstantDecay) DO(PolynomialDecay) DO(WarmUp)
