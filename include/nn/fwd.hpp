// SPDX-License-Identifier: MIT
// Names alone, without Eigen: for headers that only mention a model.
#pragma once

#include "nn/core/real.hpp"

namespace nn {

template <Real T>
class Model;
template <Real T>
class Sequential;
class Callback;
class History;
class Metric;
class Samples;
class SampleWeights;
class Scores;
class Targets;
class Workspace;

struct BuildOptions;
struct CompileOptions;
struct EvaluateOptions;
struct FitOptions;
struct PredictOptions;
struct SaveOptions;
struct ValidationData;

}  // namespace nn
