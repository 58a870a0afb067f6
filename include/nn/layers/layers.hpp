// SPDX-License-Identifier: MIT
// All layers, and the list of them that a file is read with: the one place that a new layer is
// added to.
#pragma once

#include "nn/layers/conv2d.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/layers/max_pooling2d.hpp"
#include "nn/layers/relu.hpp"
#include "nn/layers/rescaling.hpp"
#include "nn/layers/softmax.hpp"

namespace nn {

template <class... Layers>
struct LayerTypes {};

/// The library's layers, and more.
template <Real T, class... More>
using BuiltInLayers = LayerTypes<Conv2D<T>, Dense<T>, Dropout<T>, Flatten<T>, MaxPooling2D<T>,
                                 ReLU<T>, Rescaling<T>, Softmax<T>, More...>;

}  // namespace nn
