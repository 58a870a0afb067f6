// SPDX-License-Identifier: MIT
// The layers of the main road, and the list of them for reading files. A new layer is added to
// more_layers.hpp: each one here is compiled into every program that loads a model.
#pragma once

#include "nn/layers/activation/elu.hpp"
#include "nn/layers/activation/leaky_relu.hpp"
#include "nn/layers/activation/relu.hpp"
#include "nn/layers/activation/softmax.hpp"
#include "nn/layers/activation_layer.hpp"
#include "nn/layers/augmentation/elastic_deformation.hpp"
#include "nn/layers/augmentation/random_rotation.hpp"
#include "nn/layers/augmentation/random_shear.hpp"
#include "nn/layers/augmentation/random_translation.hpp"
#include "nn/layers/augmentation/random_zoom.hpp"
#include "nn/layers/convolution/conv2d.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/normalization/batch_normalization.hpp"
#include "nn/layers/pooling/global_average_pooling2d.hpp"
#include "nn/layers/pooling/max_pooling2d.hpp"
#include "nn/layers/preprocessing/normalization.hpp"
#include "nn/layers/preprocessing/rescaling.hpp"
#include "nn/layers/regularization/dropout.hpp"
#include "nn/layers/reshaping/flatten.hpp"

namespace nn {

template <class... Layers>
struct LayerTypes {
  template <class... More>
  friend LayerTypes<Layers..., More...> operator+(LayerTypes, LayerTypes<More...>) {
    return {};
  }
};

namespace detail {

template <class L>
struct ListOf {
  using Type = LayerTypes<L>;
};
template <class... Layers>
struct ListOf<LayerTypes<Layers...>> {
  using Type = LayerTypes<Layers...>;
};

}  // namespace detail

/// One list of these types, and of those in lists among them.
template <class... TypesOrLists>
using FlatTypes = decltype((LayerTypes<>{} + ... + typename detail::ListOf<TypesOrLists>::Type{}));

// It would indent each line more than the one before.
// clang-format off
#define NN_FOR_EACH_LAYER(DO) \
  DO(ActivationLayer) DO(BatchNormalization) DO(Conv2D) DO(Dense) \
  DO(Dropout) DO(ELU) DO(ElasticDeformation) DO(Flatten) \
  DO(GlobalAveragePooling2D) DO(LeakyReLU) DO(MaxPooling2D) DO(Normalization) \
  DO(RandomRotation) DO(RandomShear) DO(RandomTranslation) DO(RandomZoom) \
  DO(ReLU) DO(Rescaling) DO(Softmax)
// clang-format on

/// The layers that `load` knows without being told, and more.
#define NN_LAYER_TYPE(L) L<T>,
template <Real T, class... More>
using BuiltInLayers = LayerTypes<NN_FOR_EACH_LAYER(NN_LAYER_TYPE) More...>;
#undef NN_LAYER_TYPE

}  // namespace nn
