// SPDX-License-Identifier: MIT
// What holds for the passes of every layer, beside the right gradients.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/parallel.hpp"
#include "nn/testing/findings.hpp"
#include "nn/testing/layer_rig.hpp"

namespace nn::testing {

namespace detail {

/// Compares the result, dx and the gradients of the parameters.
template <Real T, Real Expected>
void compare_passes(Findings& findings, const std::string& where, const LayerRig<T>& rig,
                    const RiggedBatch<Expected>& expected,
                    const std::vector<Expected>& expected_gradients, const RiggedBatch<T>& actual,
                    double tolerance = 0) {
  compare(findings, where, "y", expected.y_shape, expected.y.data(), actual.y.data(), tolerance);
  compare(findings, where, "dx", expected.x_shape, expected.dx.data(), actual.dx.data(), tolerance);
  const Expected* wanted = expected_gradients.data();
  for (const NamedParameter<T>& parameter : rig.parameters()) {
    compare(findings, where, "gradient of parameter '" + parameter.name + "'", parameter.shape,
            wanted, parameter.gradient().data(), tolerance);
    wanted += parameter.shape.num_elements();
  }
}

/// Sets the number of threads while it lives.
class ThreadSetting {
 public:
  explicit ThreadSetting(int threads) { set_num_threads(threads); }
  // NOLINTNEXTLINE(bugprone-exception-escape): num_threads() is never refused
  ~ThreadSetting() { set_num_threads(before_); }
  ThreadSetting(const ThreadSetting&) = delete;
  ThreadSetting& operator=(const ThreadSetting&) = delete;

 private:
  int before_ = num_threads();
};

}  // namespace detail

/// forward assigns all of y, backward all of dx, and neither writes behind the end of its memory.
template <Real T>
void check_assignment(Findings& findings, const std::string& where, LayerRig<T>& rig,
                      InputRange range) {
  RiggedBatch<T> batch = rig.batch(3, range);
  const RiggedBatch<T> before = rig.batch(3, range);
  rig.run(batch);
  const auto finite = [&](const char* place, const Shape& shape, const GuardedBuffer<T>& values) {
    const T* end = values.data() + values.size();
    const T* found = std::find_if(values.data(), end, [](T v) { return !is_finite(v); });
    if (found == end) return;
    findings.push_back(
        sentence({{where, ": ", place, " at ", coordinates(shape, found - values.data())},
                  "a finite number",
                  to_text(static_cast<double>(*found)),
                  "it was NaN before the pass"}));
  };
  const auto intact = [&](const char* place, bool is_intact, const Text& context = {}) {
    if (is_intact) return;
    findings.push_back(
        sentence({{where, ": ", place}, "nothing written behind its end", "a write", context}));
  };
  finite("y", batch.y_shape, batch.y);
  finite("dx", batch.x_shape, batch.dx);
  intact("y", batch.y.is_intact());
  intact("dx", batch.dx.is_intact());
  intact("dy", batch.dy.is_intact());
  intact("pass.memory", batch.memory.is_intact(), {"workspace_bytes: ", batch.memory.size()});
  if (!batch.x.has_bits_of(before.x)) {
    findings.push_back(sentence({{where, ": x"}, "no change by a pass", "one"}));
  }
}

/// backward adds to the gradients of parameters, and assigns them where `accumulate` is false;
/// without `needs_dx` they are the same.
template <Real T>
void check_accumulation(Findings& findings, const std::string& where, LayerRig<T>& rig,
                        InputRange range) {
  RiggedBatch<T> batch = rig.batch(3, range);
  rig.run(batch);
  const std::vector<T> once = rig.parameter_gradients();
  const auto examine = [&](const std::string& what, T before, const Pass& pass, T expected_extra) {
    batch.set_output_gradient();
    rig.fill_parameter_gradients(before);
    rig.backward(batch, pass);
    std::vector<T> expected = once;
    for (T& value : expected) value += expected_extra;
    const T* wanted = expected.data();
    for (const NamedParameter<T>& parameter : rig.parameters()) {
      compare(findings, where + ", " + what, "gradient of parameter '" + parameter.name + "'",
              parameter.shape, wanted, parameter.gradient().data(), 1e-12);
      wanted += parameter.shape.num_elements();
    }
  };
  Pass pass = rig.training_pass();
  examine("accumulate onto 5", T(5), pass, T(5));
  pass.needs_dx = false;
  examine("without dx", T(0), pass, T(0));
  pass.needs_dx = true;
  pass.accumulate = false;
  examine("accumulate false", not_a_number<T>, pass, T(0));
}

/// A pass depends on nothing but its own tensors: another one before it, or between its forward and
/// its backward, changes no bit.
template <Real T>
void check_independence(Findings& findings, const std::string& where, LayerRig<T>& rig,
                        InputRange range) {
  RiggedBatch<T> first = rig.batch(3, range);
  rig.run(first);
  const std::vector<T> gradients = rig.parameter_gradients();
  RiggedBatch<T> again = rig.batch(3, range);
  rig.run(again);
  detail::compare_passes(findings, where + ", second pass over the same batch", rig, first,
                         gradients, again);
  RiggedBatch<T> mixed = rig.batch(3, range);
  RiggedBatch<T> other = rig.batch(2, range, 1);
  rig.forward(mixed);
  rig.run(other);
  rig.fill_parameter_gradients(T(0));
  rig.backward(mixed);
  detail::compare_passes(findings, where + ", another pass between forward and backward", rig,
                         first, gradients, mixed);
}

/// backward is linear in dy.
template <Real T>
void check_linearity(Findings& findings, const std::string& where, LayerRig<T>& rig,
                     InputRange range) {
  RiggedBatch<T> batch = rig.batch(3, range);
  rig.run(batch);
  std::vector<T> gradients = rig.parameter_gradients();
  RiggedBatch<T> scaled = rig.batch(3, range);
  rig.forward(scaled);
  std::for_each(scaled.dy.data(), scaled.dy.data() + scaled.dy.size(),
                [](T& value) { value *= T(3); });
  rig.fill_parameter_gradients(T(0));
  rig.backward(scaled);
  for (T& value : gradients) value *= T(3);
  std::for_each(batch.dx.data(), batch.dx.data() + batch.dx.size(),
                [](T& value) { value *= T(3); });
  detail::compare_passes(findings, where + ", dy three times as large", rig, batch, gradients,
                         scaled, 1e-12);
}

/// A batch gives what its samples give one by one; the gradients of parameters are sums over
/// samples. This holds at inference, and in training unless the layer draws numbers or mixes the
/// samples of a batch.
template <Real T>
void check_samples_alone(Findings& findings, const std::string& where, LayerRig<T>& rig,
                         InputRange range, bool in_training) {
  constexpr Index size = 5;
  Pass pass = rig.training_pass();
  pass.training = in_training;
  RiggedBatch<T> batch = rig.batch(size, range);
  RiggedBatch<T> joined = rig.batch(size, range);
  rig.forward(batch, pass);
  std::vector<T> gradients;
  if (in_training) {
    rig.run(batch, pass);
    gradients = rig.parameter_gradients();
    rig.fill_parameter_gradients(T(0));
  }
  const Index x_size = batch.x.size() / size, y_size = batch.y.size() / size;
  for (Index n = 0; n < size; ++n) {
    RiggedBatch<T> alone = rig.batch(1, range);
    std::copy_n(batch.x.data() + n * x_size, x_size, alone.x.data());
    rig.forward(alone, pass);
    std::copy_n(alone.y.data(), y_size, joined.y.data() + n * y_size);
    if (!in_training) continue;
    joined.set_output_gradient();
    std::copy_n(joined.dy.data() + n * y_size, y_size, alone.dy.data());
    rig.backward(alone, pass);
    std::copy_n(alone.dx.data(), x_size, joined.dx.data() + n * x_size);
  }
  const std::string place = where + ", samples one by one";
  if (in_training) {
    detail::compare_passes(findings, place, rig, batch, gradients, joined, 1e-12);
  } else {
    compare(findings, place + " at inference", "y", batch.y_shape, batch.y.data(), joined.y.data(),
            1e-12);
  }
}

/// The same bits with 1, 2 and 3 threads, on a batch that is large enough to be cut in pieces.
template <Real T>
void check_threads(Findings& findings, const std::string& where, LayerRig<T>& rig, InputRange range,
                   Index enough_elements = 20000) {
  const Index sample = std::max<Index>(1, rig.batch(1, range).x.size());
  const Index size = std::max<Index>(3, enough_elements / sample);
  RiggedBatch<T> expected = rig.batch(size, range), actual = rig.batch(size, range);
  {
    const detail::ThreadSetting one(1);
    rig.run(expected);
  }
  const std::vector<T> gradients = rig.parameter_gradients();
  for (const int threads : {2, 3}) {
    const detail::ThreadSetting several(threads);
    rig.run(actual);
    detail::compare_passes(findings, where + ", " + std::to_string(threads) + " threads", rig,
                           expected, gradients, actual);
  }
}

/// Once a shape has been seen, a pass takes nothing from the heap. `allocations` says how often
/// that has happened so far.
template <Real T>
void check_allocations(Findings& findings, const std::string& where, LayerRig<T>& rig,
                       InputRange range, const std::function<Index()>& allocations) {
  RiggedBatch<T> batch = rig.batch(3, range);
  rig.run(batch);
  Pass inference = rig.training_pass();
  inference.training = false;
  rig.forward(batch, inference);
  const Index before = allocations();
  rig.run(batch);
  rig.forward(batch, inference);
  const Index count = allocations() - before;
  if (count == 0) return;
  findings.push_back(sentence({{where, ", second pass"}, "no allocation", count}));
}

}  // namespace nn::testing
