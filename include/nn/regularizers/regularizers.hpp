// SPDX-License-Identifier: MIT
// All regularizers.
#pragma once

#include "nn/regularizers/l1.hpp"
#include "nn/regularizers/l1_l2.hpp"
#include "nn/regularizers/l2.hpp"
#include "nn/regularizers/orthogonal_regularizer.hpp"
