// SPDX-License-Identifier: MIT
// All constraints.
#pragma once

#include "nn/constraints/max_norm.hpp"
#include "nn/constraints/min_max_norm.hpp"
#include "nn/constraints/non_neg.hpp"
#include "nn/constraints/unit_norm.hpp"
