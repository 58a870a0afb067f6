// SPDX-License-Identifier: MIT
// Gradients of a layer against dual numbers and against central differences.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/testing/dual.hpp"
#include "nn/testing/findings.hpp"
#include "nn/testing/layer_rig.hpp"

namespace nn::testing {

/// Makes one layer over each scalar type; `of_dual` is empty for a layer that has no form over
/// Dual.
struct LayerMaker {
  std::function<AnyLayer<double>()> of_double;
  std::function<AnyLayer<float>()> of_float;
  std::function<AnyLayer<Dual>()> of_dual;
};

/// What findings call the gradient of the input (part 0) or of a parameter.
template <Real T>
[[nodiscard]] std::string gradient_name(const LayerRig<T>& rig, std::size_t part) {
  if (part == 0) return "gradient of the input";
  return "gradient of parameter '" + rig.parameters()[part - 1].name + "'";
}

namespace detail {

/// A layer and a batch, seen as one function: loss = sum_i dy_i y_i of the input (part 0) and of
/// each parameter (parts 1, 2, ...).
template <Real T>
class LossOfLayer {
 public:
  LossOfLayer(AnyLayer<T> layer, const Shape& sample, Index batch_size, InputRange range,
              const Pass& pass)
      : rig_(std::move(layer), sample), batch_(rig_.batch(batch_size, range)), pass_(pass) {}

  [[nodiscard]] std::size_t num_parts() const { return rig_.parameters().size() + 1; }
  [[nodiscard]] const LayerRig<T>& rig() const { return rig_; }
  [[nodiscard]] Shape shape(std::size_t part) const {
    return part == 0 ? batch_.x_shape : rig_.parameters()[part - 1].shape;
  }
  [[nodiscard]] T* values(std::size_t part) {
    return part == 0 ? batch_.x.data() : rig_.parameters()[part - 1].value().data();
  }
  [[nodiscard]] const T* gradient(std::size_t part) const {
    return part == 0 ? batch_.dx.data() : rig_.parameters()[part - 1].gradient().data();
  }

  [[nodiscard]] T loss() {
    rig_.forward(batch_, pass_);
    T sum(0);
    for (Index i = 0; i < batch_.y.size(); ++i) {
      sum += batch_.factors[static_cast<std::size_t>(i)] * batch_.y.data()[i];
    }
    return sum;
  }
  /// What the layer itself says its gradients are.
  void backward() { rig_.run(batch_, pass_); }

 private:
  LayerRig<T> rig_;
  RiggedBatch<T> batch_;
  Pass pass_;
};

/// One way to move a part: along one element, or along a direction that has all of them in it.
struct Probe {
  Index element = -1;  // -1: all
  [[nodiscard]] double direction(Index i) const {
    if (element >= 0) return i == element ? 1 : 0;
    return test_number(TestNumbers::parameter, i, 1000);
  }
};

/// All elements of small parts, some of large ones; and the direction that moves all.
[[nodiscard]] inline std::vector<Probe> probes_of(Index count) {
  constexpr Index most = 40;
  std::vector<Probe> probes;
  for (Index i = 0; i < std::min(count, most); ++i) {
    probes.push_back({count <= most ? i : i * count / most + (i % 3) % (count / most)});
  }
  probes.push_back({});
  return probes;
}

/// d loss along the probe, exactly.
[[nodiscard]] inline double slope_by_duals(LossOfLayer<Dual>& loss, std::size_t part, Probe probe) {
  const Index count = loss.shape(part).num_elements();
  Dual* const values = loss.values(part);
  for (Index i = 0; i < count; ++i) values[i].derivative = probe.direction(i);
  const double slope = loss.loss().derivative;
  for (Index i = 0; i < count; ++i) values[i].derivative = 0;
  return slope;
}

/// d loss along the probe from two steps of 1e-5 to either side: error about 1e-9.
[[nodiscard]] inline double slope_by_differences(LossOfLayer<double>& loss, std::size_t part,
                                                 Probe probe) {
  constexpr double step = 1e-5;
  double* const values = loss.values(part);
  const std::vector<double> before(values, values + loss.shape(part).num_elements());
  const auto loss_at = [&](double distance) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      values[i] = before[i] + distance * probe.direction(static_cast<Index>(i));
    }
    return loss.loss();
  };
  const double rise = loss_at(step) - loss_at(-step);
  std::copy(before.begin(), before.end(), values);
  return rise / (2 * step);
}

/// Compares one part's gradient with `slope(probe)`; says whether all probes agree.
template <class Slope>
bool check_part(Findings& findings, const std::string& where, const std::string& method,
                const Shape& shape, const std::vector<double>& gradient, double tolerance,
                Slope&& slope) {
  for (const Probe probe : probes_of(shape.num_elements())) {
    double got = 0, size = 1;  // rounding errors grow with the size of the terms
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const double term = gradient[i] * probe.direction(static_cast<Index>(i));
      if (probe.direction(static_cast<Index>(i)) != 0) got += term;
      size += std::abs(gradient[i]);
    }
    const double expected = slope(probe);
    if (std::abs(expected - got) <= tolerance * size) continue;
    const std::string place =
        probe.element >= 0 ? " at " + coordinates(shape, probe.element) : " along a direction";
    findings.push_back(sentence({{where, place}, to_text(expected), to_text(got), method}));
    return false;
  }
  return true;
}

}  // namespace detail

/// Adds a finding for each of the layer's gradients that is wrong: the input's and every
/// parameter's, where the loss is a sum of the outputs with random factors.
inline void check_gradients(Findings& findings, const std::string& where, const LayerMaker& make,
                            const Shape& sample, Index batch_size, InputRange range,
                            const Pass& pass = LayerRig<double>::training_pass()) {
  detail::LossOfLayer<double> loss(make.of_double(), sample, batch_size, range, pass);
  std::optional<detail::LossOfLayer<Dual>> exact;
  if (make.of_dual) exact.emplace(make.of_dual(), sample, batch_size, range, pass);
  loss.backward();
  for (std::size_t part = range.is_whole ? 1 : 0; part < loss.num_parts(); ++part) {
    const Shape shape = loss.shape(part);
    const double* first = loss.gradient(part);
    const std::vector<double> gradient(first, first + shape.num_elements());
    const std::string place = where + ": " + gradient_name(loss.rig(), part);
    bool agrees = true;
    if (exact) {
      agrees = detail::check_part(
          findings, place, "dual numbers", shape, gradient, 1e-11,
          [&](detail::Probe probe) { return detail::slope_by_duals(*exact, part, probe); });
    }
    if (!agrees) continue;  // one finding says it
    detail::check_part(
        findings, place, "central differences", shape, gradient, 1e-7,
        [&](detail::Probe probe) { return detail::slope_by_differences(loss, part, probe); });
  }
}

}  // namespace nn::testing
