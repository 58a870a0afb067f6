// SPDX-License-Identifier: MIT
// The front door: one include for defining, training, evaluating, using and saving a network.
#pragma once

#include <iostream>  // for std::cout << model.summary()

#include "nn/callbacks/backup_and_restore.hpp"
#include "nn/callbacks/early_stopping.hpp"
#include "nn/callbacks/terminate_on_nan.hpp"
#include "nn/core/parallel.hpp"
#include "nn/io/model_file.hpp"
#include "nn/kernels/machine/cpu.hpp"
#include "nn/layers/layers.hpp"
#include "nn/link_check.hpp"
#include "nn/losses/losses.hpp"
#include "nn/merging/merging.hpp"
#include "nn/metrics/confusion_matrix.hpp"
#include "nn/metrics/metrics.hpp"
#include "nn/model/freezing.hpp"
#include "nn/model/residual.hpp"
#include "nn/model/sequential.hpp"
#include "nn/optimizers/optimizers.hpp"
#include "nn/schedules/schedules.hpp"
#include "nn/training/evaluate.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/forward_backward.hpp"
#include "nn/training/input_gradient.hpp"
#include "nn/training/predict.hpp"
#include "nn/training/train_on_batch.hpp"

#if defined(NN_COMPILED)  // then the code is in the file that includes nn/compiled.hpp
#define NN_INSTANCE extern template
#include "nn/instances.inc"
#undef NN_INSTANCE
#endif
