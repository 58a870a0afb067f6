// SPDX-License-Identifier: MIT
// The front door to all of the library that needs no other package.
#pragma once

#include "nn/callbacks/csv_logger.hpp"
#include "nn/callbacks/json_lines_logger.hpp"
#include "nn/callbacks/lambda_callback.hpp"
#include "nn/callbacks/learning_rate_scheduler.hpp"
#include "nn/callbacks/model_checkpoint.hpp"
#include "nn/callbacks/reduce_lr_on_plateau.hpp"
#include "nn/callbacks/tensor_board.hpp"
#include "nn/model/more_layers.hpp"
#include "nn/sequential.hpp"

#if defined(NN_COMPILED)
#define NN_INSTANCE extern template
#include "nn/more_instances.inc"
#undef NN_INSTANCE
#endif
