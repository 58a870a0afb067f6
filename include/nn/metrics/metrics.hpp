// SPDX-License-Identifier: MIT
// All metrics that `compile` takes, and the list of them for reading files: the one place where a
// new metric is added. (Some losses are metrics too.)
#pragma once

#include "nn/metrics/accuracy.hpp"
#include "nn/metrics/auc.hpp"
#include "nn/metrics/binary_accuracy.hpp"
#include "nn/metrics/categorical_accuracy.hpp"
#include "nn/metrics/f1_score.hpp"
#include "nn/metrics/mean_iou.hpp"
#include "nn/metrics/precision.hpp"
#include "nn/metrics/r2_score.hpp"
#include "nn/metrics/recall.hpp"
#include "nn/metrics/root_mean_squared_error.hpp"
#include "nn/metrics/top_k_categorical_accuracy.hpp"

#define NN_FOR_EACH_METRIC(DO) \
  DO(Accuracy)                 \
  DO(AUC)                      \
  DO(BinaryAccuracy)           \
  DO(CategoricalAccuracy)      \
  DO(F1Score)                  \
  DO(MeanIoU)                  \
  DO(Precision) DO(R2Score) DO(Recall) DO(RootMeanSquaredError) DO(TopKCategoricalAccuracy)
