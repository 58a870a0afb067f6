// SPDX-License-Identifier: MIT
// The layers beside those of the main road. They are compiled into a program that uses them, or
// names them to `load`.
#pragma once

#include "nn/layers/activity_regularization.hpp"
#include "nn/layers/adaptive_average_pooling2d.hpp"
#include "nn/layers/adaptive_max_pooling2d.hpp"
#include "nn/layers/alpha_dropout.hpp"
#include "nn/layers/attention.hpp"
#include "nn/layers/average_pooling1d.hpp"
#include "nn/layers/average_pooling2d.hpp"
#include "nn/layers/category_encoding.hpp"
#include "nn/layers/conv1d.hpp"
#include "nn/layers/conv1d_transpose.hpp"
#include "nn/layers/conv2d_transpose.hpp"
#include "nn/layers/conv3d.hpp"
#include "nn/layers/cropping1d.hpp"
#include "nn/layers/cropping2d.hpp"
#include "nn/layers/depthwise_conv2d.hpp"
#include "nn/layers/discretization.hpp"
#include "nn/layers/embedding.hpp"
#include "nn/layers/gaussian_dropout.hpp"
#include "nn/layers/gaussian_noise.hpp"
#include "nn/layers/global_average_pooling1d.hpp"
#include "nn/layers/global_max_pooling1d.hpp"
#include "nn/layers/global_max_pooling2d.hpp"
#include "nn/layers/group_normalization.hpp"
#include "nn/layers/gru.hpp"
#include "nn/layers/layer_normalization.hpp"
#include "nn/layers/layers.hpp"
#include "nn/layers/lstm.hpp"
#include "nn/layers/masking.hpp"
#include "nn/layers/max_pooling1d.hpp"
#include "nn/layers/multi_head_attention.hpp"
#include "nn/layers/permute.hpp"
#include "nn/layers/prelu.hpp"
#include "nn/layers/random_brightness.hpp"
#include "nn/layers/random_contrast.hpp"
#include "nn/layers/random_crop.hpp"
#include "nn/layers/random_erasing.hpp"
#include "nn/layers/random_flip.hpp"
#include "nn/layers/repeat_vector.hpp"
#include "nn/layers/reshape.hpp"
#include "nn/layers/rms_normalization.hpp"
#include "nn/layers/separable_conv2d.hpp"
#include "nn/layers/simple_rnn.hpp"
#include "nn/layers/spatial_dropout1d.hpp"
#include "nn/layers/spatial_dropout2d.hpp"
#include "nn/layers/unit_normalization.hpp"
#include "nn/layers/up_sampling1d.hpp"
#include "nn/layers/up_sampling2d.hpp"
#include "nn/layers/zero_padding1d.hpp"
#include "nn/layers/zero_padding2d.hpp"

// It would indent each line more than the one before.
// clang-format off
#define NN_FOR_EACH_MORE_LAYER(DO) \
  DO(ActivityRegularization) DO(AdaptiveAveragePooling2D) DO(AdaptiveMaxPooling2D) \
  DO(AlphaDropout) DO(Attention) DO(AveragePooling1D) DO(AveragePooling2D) DO(CategoryEncoding) \
  DO(Conv1D) DO(Conv1DTranspose) DO(Conv2DTranspose) DO(Conv3D) DO(Cropping1D) DO(Cropping2D) \
  DO(DepthwiseConv2D) DO(Discretization) DO(Embedding) DO(GRU) DO(GaussianDropout) \
  DO(GaussianNoise) DO(GlobalAveragePooling1D) DO(GlobalMaxPooling1D) DO(GlobalMaxPooling2D) \
  DO(GroupNormalization) DO(LSTM) DO(LayerNormalization) DO(Masking) DO(MaxPooling1D) \
  DO(MultiHeadAttention) DO(PReLU) DO(Permute) DO(RMSNormalization) DO(RandomBrightness) \
  DO(RandomContrast) DO(RandomCrop) DO(RandomErasing) DO(RandomFlip) DO(RepeatVector) \
  DO(Reshape) DO(SeparableConv2D) DO(SimpleRNN) DO(SpatialDropout1D) DO(SpatialDropout2D) \
  DO(UnitNormalization) DO(UpSampling1D) DO(UpSampling2D) DO(ZeroPadding1D) DO(ZeroPadding2D)
// clang-format on
