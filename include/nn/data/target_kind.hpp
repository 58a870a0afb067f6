// SPDX-License-Identifier: MIT
// The two kinds of target that a model can be trained on.
#pragma once

#include "nn/core/cxx20.hpp"

namespace nn {

/// Numbers of classes, counted from 0, or values for the model to come close to.
enum class TargetKind { classes, values };

}  // namespace nn
