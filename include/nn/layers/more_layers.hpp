// SPDX-License-Identifier: MIT
// The layers beside those of the main road. They are compiled into a program that uses them, or
// names them to `load`.
#pragma once

#include "nn/layers/activation/prelu.hpp"
#include "nn/layers/attention/attention.hpp"
#include "nn/layers/attention/multi_head_attention.hpp"
#include "nn/layers/augmentation/random_brightness.hpp"
#include "nn/layers/augmentation/random_contrast.hpp"
#include "nn/layers/augmentation/random_crop.hpp"
#include "nn/layers/augmentation/random_erasing.hpp"
#include "nn/layers/augmentation/random_flip.hpp"
#include "nn/layers/convolution/conv1d.hpp"
#include "nn/layers/convolution/conv1d_transpose.hpp"
#include "nn/layers/convolution/conv2d_transpose.hpp"
#include "nn/layers/convolution/conv3d.hpp"
#include "nn/layers/convolution/depthwise_conv2d.hpp"
#include "nn/layers/convolution/separable_conv2d.hpp"
#include "nn/layers/embedding.hpp"
#include "nn/layers/layers.hpp"
#include "nn/layers/masking.hpp"
#include "nn/layers/normalization/group_normalization.hpp"
#include "nn/layers/normalization/layer_normalization.hpp"
#include "nn/layers/normalization/rms_normalization.hpp"
#include "nn/layers/normalization/unit_normalization.hpp"
#include "nn/layers/pooling/adaptive_average_pooling2d.hpp"
#include "nn/layers/pooling/adaptive_max_pooling2d.hpp"
#include "nn/layers/pooling/average_pooling1d.hpp"
#include "nn/layers/pooling/average_pooling2d.hpp"
#include "nn/layers/pooling/global_average_pooling1d.hpp"
#include "nn/layers/pooling/global_max_pooling1d.hpp"
#include "nn/layers/pooling/global_max_pooling2d.hpp"
#include "nn/layers/pooling/max_pooling1d.hpp"
#include "nn/layers/preprocessing/category_encoding.hpp"
#include "nn/layers/preprocessing/discretization.hpp"
#include "nn/layers/recurrent/gru.hpp"
#include "nn/layers/recurrent/lstm.hpp"
#include "nn/layers/recurrent/simple_rnn.hpp"
#include "nn/layers/regularization/activity_regularization.hpp"
#include "nn/layers/regularization/alpha_dropout.hpp"
#include "nn/layers/regularization/gaussian_dropout.hpp"
#include "nn/layers/regularization/gaussian_noise.hpp"
#include "nn/layers/regularization/spatial_dropout1d.hpp"
#include "nn/layers/regularization/spatial_dropout2d.hpp"
#include "nn/layers/reshaping/cropping1d.hpp"
#include "nn/layers/reshaping/cropping2d.hpp"
#include "nn/layers/reshaping/permute.hpp"
#include "nn/layers/reshaping/repeat_vector.hpp"
#include "nn/layers/reshaping/reshape.hpp"
#include "nn/layers/reshaping/up_sampling1d.hpp"
#include "nn/layers/reshaping/up_sampling2d.hpp"
#include "nn/layers/reshaping/zero_padding1d.hpp"
#include "nn/layers/reshaping/zero_padding2d.hpp"

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
