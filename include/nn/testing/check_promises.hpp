// SPDX-License-Identifier: MIT
// Promises that change how a pass ends: the optimizer's step in backward, gradients in columns, an
// affine map behind the layer.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/testing/findings.hpp"
#include "nn/testing/layer_rig.hpp"

namespace nn::testing {

namespace detail {

/// w -= g
struct DescentRule {
  template <Real T>
  void operator()(T* w, const T* g, Index count) const {
    for (Index i = 0; i < count; ++i) w[i] -= g[i];
  }
};

/// Writes down the columns that it reads.
template <Real T>  // NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor): is final
class ColumnWriter final : public kernels::ColumnReader<T> {
 public:
  explicit ColumnWriter(kernels::Matrix<T> to) : kernels::ColumnReader<T>(1), to_(to) {}
  void begin(Index) override {}
  void read(Index, Index first, kernels::Matrix<const T> strip) override {
    for (Index i = 0; i < strip.rows; ++i) {
      for (Index j = 0; j < strip.cols; ++j) to_(i, first + j) = strip(i, j);
    }
  }
  void end() override {}

 private:
  kernels::Matrix<T> to_;
};

/// The batch's tensor as a matrix with a row for each sample.
template <class T>
[[nodiscard]] kernels::Matrix<T> rows_of(T* data, const Shape& shape) {
  return {data, shape[0], shape.num_elements() / std::max<Index>(shape[0], 1)};
}

/// Backward with the optimizer's step, where dx goes to memory or in columns: the same dx, and each
/// parameter less its gradient. The parameters are as before afterwards.
template <Real T>
void check_step(Findings& findings, const std::string& where, LayerRig<T>& rig, InputRange range,
                bool in_columns) {
  const ParameterUpdate step = ParameterUpdate::of<T>(DescentRule{});
  RiggedBatch<T> expected = rig.batch(3, range), actual = rig.batch(3, range);
  rig.run(expected);
  std::vector<std::vector<T>> before;
  for (const NamedParameter<T>& parameter : rig.parameters()) {
    const T* const value = parameter.value().data();
    before.emplace_back(value, value + parameter.shape.num_elements());
  }
  const std::vector<T> gradients = rig.parameter_gradients();

  Pass pass = rig.training_pass();
  rig.forward(actual, pass);
  pass.accumulate = false;
  pass.update = &step;
  if (in_columns) {
    ColumnWriter<T> writer(rows_of(actual.dx.data(), actual.x_shape));
    pass.memory = actual.memory.data();
    rig.layer().backward(actual.x.data(), actual.x_shape, actual.y.data(), actual.y_shape,
                         actual.dy.data(), writer, pass);
  } else {
    rig.backward(actual, pass);
  }
  compare(findings, where, "dx", actual.x_shape, expected.dx.data(), actual.dx.data(), 1e-12);
  const T* gradient = gradients.data();
  for (std::size_t i = 0; i < before.size(); ++i) {
    const NamedParameter<T>& parameter = rig.parameters()[i];
    std::vector<T> wanted = before[i];
    DescentRule{}(wanted.data(), gradient, parameter.shape.num_elements());
    gradient += parameter.shape.num_elements();
    compare(findings, where, "parameter '" + parameter.name + "'", parameter.shape, wanted.data(),
            parameter.value().data(), 1e-12);
    std::copy(before[i].begin(), before[i].end(), parameter.value().data());
  }
}

/// The layer's reader of dy, unless it declines, sums the same gradients as backward.
template <Real T>
void check_dy_reader(Findings& findings, const std::string& where, LayerRig<T>& rig,
                     InputRange range) {
  RiggedBatch<T> batch = rig.batch(3, range);
  rig.run(batch);
  const std::vector<T> expected = rig.parameter_gradients();
  batch.set_output_gradient();
  rig.fill_parameter_gradients(not_a_number<T>);
  Pass pass = rig.training_pass();
  pass.memory = batch.memory.data();
  pass.needs_dx = pass.accumulate = false;
  auto* const reader =
      rig.layer().dy_reader(batch.x.data(), batch.x_shape, batch.y.data(), batch.y_shape, pass);
  if (reader == nullptr) return;
  reader->begin(1);
  reader->read(0, 0, rows_of<const T>(batch.dy.data(), batch.y_shape));
  reader->end();
  const T* wanted = expected.data();
  for (const NamedParameter<T>& parameter : rig.parameters()) {
    compare(findings, where, "gradient of parameter '" + parameter.name + "'", parameter.shape,
            wanted, parameter.gradient().data(), 1e-12);
    wanted += parameter.shape.num_elements();
  }
}

/// With a map behind the layer, and a ReLU behind that, forward gives what it gives without them,
/// mapped.
template <Real T>
void check_applied_affine(Findings& findings, const std::string& where, LayerRig<T>& rig,
                          InputRange range) {
  RiggedBatch<T> expected = rig.batch(3, range), actual = rig.batch(3, range);
  Pass pass = rig.training_pass();
  pass.training = false;
  rig.forward(expected, pass);
  const Index features = expected.y_shape.back();
  std::vector<T> map(static_cast<std::size_t>(2 * features));
  fill(map.data(), 2 * features,
       [](Index i) { return 2 * test_number(TestNumbers::parameter, i, 1); });
  const kernels::Affine<T> affine{map.data(), map.data() + features};
  for (Index i = 0; i < expected.y.size(); ++i) {
    T& y = expected.y.data()[i];
    y = std::max(y * affine.scale[i % features] + affine.shift[i % features], T(0));
  }
  pass.memory = actual.memory.data();
  pass.activation = Activation::relu;
  rig.layer().forward(actual.x.data(), actual.x_shape, actual.y.data(), actual.y_shape, affine,
                      pass);
  compare(findings, where, "y", expected.y_shape, expected.y.data(), actual.y.data(), 1e-12);
}

/// At inference forward does what `affine` says.
template <Real T>
void check_own_affine(Findings& findings, const std::string& where, LayerRig<T>& rig,
                      InputRange range) {
  RiggedBatch<T> batch = rig.batch(3, range);
  Pass pass = rig.training_pass();
  pass.training = false;
  rig.forward(batch, pass);
  const Index features = batch.x_shape.back();
  std::vector<T> map(static_cast<std::size_t>(2 * features), not_a_number<T>);
  rig.layer().affine(map.data(), map.data() + features);
  std::vector<T> mapped(batch.x.data(), batch.x.data() + batch.x.size());
  Index i = 0;
  for (T& x : mapped) {
    const auto j = static_cast<std::size_t>(i++ % features);
    x = x * map[j] + map[j + static_cast<std::size_t>(features)];
  }
  compare(findings, where, "y", batch.y_shape, mapped.data(), batch.y.data(), 1e-12);
}

/// At inference forward copies.
template <Real T>
void check_identity(Findings& findings, const std::string& where, LayerRig<T>& rig,
                    InputRange range) {
  RiggedBatch<T> batch = rig.batch(3, range);
  Pass pass = rig.training_pass();
  pass.training = false;
  rig.forward(batch, pass);
  if (batch.y_shape != batch.x_shape) {
    findings.push_back(
        sentence({{where, ": y"}, batch.x_shape.to_string(), batch.y_shape.to_string()}));
    return;
  }
  compare(findings, where, "y", batch.y_shape, batch.x.data(), batch.y.data(), 0);
}

}  // namespace detail

/// With the optimizer's step in backward, parameters and dx are those of a step behind it, whatever
/// the layer has promised; gradients in columns are those in memory; affine maps are what they say;
/// what inference leaves out is no work.
template <Real T>
void check_promises(Findings& findings, const std::string& where, LayerRig<T>& rig,
                    InputRange range) {
  const Promises& promises = rig.layer().promises();
  detail::check_step(findings, where + ", step in backward", rig, range, false);
  if (promises.applies_affine) {
    detail::check_applied_affine(findings, where + ", with an affine map", rig, range);
  }
  if (rig.layer().is_affine_on(rig.sample())) {
    detail::check_own_affine(findings, where + ", as an affine map", rig, range);
  }
  if (promises.is_identity_at_inference) {
    detail::check_identity(findings, where + ", at inference", rig, range);
  }
  if (promises.gives_dx_in_columns && rig.sample().rank() == 1) {  // as only then in a model
    detail::check_step(findings, where + ", dx in columns", rig, range, true);
  }
  if (promises.takes_dy_in_columns) {
    detail::check_dy_reader(findings, where + ", dy in columns", rig, range);
  }
}

}  // namespace nn::testing
