// SPDX-License-Identifier: MIT
// What files may name beside the layers of the main road.
#pragma once

#include "nn/layers/more_layers.hpp"
#include "nn/model/bidirectional.hpp"
#include "nn/model/time_distributed.hpp"

namespace nn {

/// These layers: `nn::Model<float>::load<nn::MoreLayers<float>>(path)`.
#define NN_LAYER_TYPE(L) L<T>,
template <Real T = float>
using MoreLayers =
    FlatTypes<NN_FOR_EACH_MORE_LAYER(NN_LAYER_TYPE) Bidirectional<T>, TimeDistributed<T>>;
#undef NN_LAYER_TYPE

}  // namespace nn
