// SPDX-License-Identifier: MIT
// The form that every layer with several inputs fills in the tests; for the layers of users too.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

#include "nn/io/arguments_text.hpp"
#include "nn/testing/check_layer.hpp"
#include "nn/testing/joined_inputs.hpp"

namespace nn::testing {

/// Shapes of samples that the layer can't take together, and all of what it says then.
struct MergingRefusal {
  std::vector<Shape> samples;
  std::string sentence;
};

/// What is not the same for all layers with several inputs.
struct MergingExpectations {
  Shape output;                            ///< of one sample
  std::vector<MergingRefusal> refusals{};  ///< as `output_shape` throws them
  bool is_random = false;                  ///< training draws numbers: another step, another y
  InputRange input{};                      ///< keep clear of what the layer can't differentiate
  double float_tolerance = 1e-5;           ///< of float against double
  std::function<Index()> allocations{};    ///< heap allocations so far; none: not tested
};

namespace detail {

/// The tensors of one pass, each in guarded memory of its own.
class MergedBatch {
 public:
  MergedBatch(const AnyLayer<double>& layer, const std::vector<Shape>& samples, Index batch,
              InputRange range)
      : y_shape_(layer.merged_shape(samples).with_batch(batch)),
        y_(y_shape_.num_elements()),
        dy_(y_shape_.num_elements()),
        memory_(memory_bytes(layer, samples, batch)) {
    Index number = 0;
    for (const Shape& sample : samples) {
      shapes_.push_back(sample.with_batch(batch));
      GuardedBuffer<double>& x = x_.emplace_back(shapes_.back().num_elements());
      dx_.emplace_back(x.size());
      fill(x.data(), x.size(), [&](Index) {
        const double unit = (test_number(TestNumbers::input, number++) + 1) / 2;
        return range.lowest + unit * (range.highest - range.lowest);
      });
    }
    fill(dy_.data(), dy_.size(),
         [](Index i) { return test_number(TestNumbers::output_gradient, i); });
  }

  void forward(const AnyLayer<double>& layer) {
    layer.merge(inputs(), {y_.data(), y_shape_}, pass());
  }
  /// With null for the gradient of each input that `skips(i)`. Gradients of parameters are
  /// assigned.
  template <class Skips>
  void backward(const AnyLayer<double>& layer, const Skips& skips) {
    std::vector<TensorRef<double>> gradients;
    for (std::size_t i = 0; i < dx_.size(); ++i) {
      gradients.push_back({skips(i) ? nullptr : dx_[i].data(), shapes_[i]});
    }
    layer.backward(inputs(), {y_.data(), y_shape_}, {dy_.data(), y_shape_}, gradients, pass());
  }

  [[nodiscard]] std::size_t num_inputs() const { return x_.size(); }
  [[nodiscard]] const Shape& y_shape() const { return y_shape_; }
  [[nodiscard]] const Shape& shape(std::size_t i) const { return shapes_[i]; }
  [[nodiscard]] GuardedBuffer<double>& x(std::size_t i) { return x_[i]; }
  [[nodiscard]] GuardedBuffer<double>& dx(std::size_t i) { return dx_[i]; }
  [[nodiscard]] GuardedBuffer<double>& y() { return y_; }
  [[nodiscard]] GuardedBuffer<double>& dy() { return dy_; }

  [[nodiscard]] const GuardedBuffer<std::byte>& memory() const { return memory_; }

 private:
  [[nodiscard]] static Index memory_bytes(const AnyLayer<double>& layer, std::vector<Shape> shapes,
                                          Index batch) {
    for (Shape& shape : shapes) shape = shape.with_batch(batch);
    return layer.workspace_bytes(shapes, true);
  }
  [[nodiscard]] Pass pass() {
    Pass pass = LayerRig<double>::training_pass();
    pass.memory = memory_.data();
    pass.accumulate = false;
    return pass;
  }
  [[nodiscard]] Tensors<const double> inputs() {
    inputs_.clear();
    for (std::size_t i = 0; i < x_.size(); ++i) inputs_.push_back({x_[i].data(), shapes_[i]});
    return inputs_;
  }

  std::vector<Shape> shapes_;  // of the inputs, with batch
  Shape y_shape_;
  std::vector<GuardedBuffer<double>> x_, dx_;
  GuardedBuffer<double> y_, dy_;
  GuardedBuffer<std::byte> memory_;
  std::vector<TensorRef<const double>> inputs_;
};

/// What the form knows of the layer.
struct MergingContext {
  std::string name;
  AnyLayer<double> layer;
  std::vector<Shape> samples;
  MergingExpectations expected;
  ParameterBlock<double> block{};

  [[nodiscard]] std::vector<double> parameter_gradients() const {
    std::vector<double> all;
    for (const NamedParameter<double>& parameter : block) {
      const double* const first = parameter.gradient().data();
      all.insert(all.end(), first, first + parameter.shape.num_elements());
    }
    return all;
  }
  [[nodiscard]] MergedBatch batch() const { return {layer, samples, 3, expected.input}; }
};

/// "Add: input 1": counted from 0.
[[nodiscard]] inline std::string input_name(const MergingContext& form, std::size_t i) {
  return form.name + ": input " + std::to_string(i);
}

/// output_shape says what is expected, and refuses with the expected sentences.
inline void check_merged_shape(Findings& findings, const MergingContext& form) {
  const auto place = [&](const std::vector<Shape>& samples) {
    std::string shapes;
    for (const Shape& sample : samples) append_listed(shapes, sample.to_string());
    return form.name + ": output_shape(" + shapes + ")";
  };
  const Shape output = form.layer.merged_shape(form.samples);
  if (output != form.expected.output) {
    findings.push_back(
        sentence({place(form.samples), form.expected.output.to_string(), output.to_string()}));
  }
  for (const MergingRefusal& refusal : form.expected.refusals) {
    std::string got = "no error";
    try {
      static_cast<void>(form.layer.merged_shape(refusal.samples));
    } catch (const ShapeError& error) {
      got = std::string("\"") + error.what() + "\"";
    }
    if (got == "\"" + refusal.sentence + "\"") continue;
    findings.push_back(
        sentence({place(refusal.samples), {"the ShapeError \"", refusal.sentence, "\""}, got}));
  }
}

/// forward leaves its inputs alone. backward writes the gradients that are asked for, none behind
/// the end of its memory, and those of other inputs, and of parameters, don't depend on which ones
/// are.
inline void check_each_input(Findings& findings, const MergingContext& form) {
  MergedBatch all = form.batch(), before = form.batch();
  all.forward(form.layer);
  all.backward(form.layer, [](std::size_t) { return false; });
  const auto intact = [&](const std::string& where, bool is_intact) {
    if (is_intact) return;
    findings.push_back(sentence({where, "nothing written behind its end", "a write"}));
  };
  intact(form.name + ": y", all.y().is_intact());
  intact(form.name + ": dy", all.dy().is_intact());
  intact(form.name + ": pass.memory", all.memory().is_intact());
  const std::vector<double> gradients = form.parameter_gradients();
  for (std::size_t i = 0; i < all.num_inputs(); ++i) {
    intact(input_name(form, i) + ": dx", all.dx(i).is_intact());
    if (!all.x(i).has_bits_of(before.x(i))) {
      findings.push_back(sentence({input_name(form, i), "no change by a pass", "one"}));
    }
  }
  for (std::size_t skipped = 0; skipped < all.num_inputs(); ++skipped) {
    MergedBatch some = form.batch();
    some.forward(form.layer);
    some.backward(form.layer, [=](std::size_t i) { return i == skipped; });
    const std::string without = ", without dx of input " + std::to_string(skipped);
    const std::vector<double> own = form.parameter_gradients();
    compare_exactly(findings, form.name + without, "gradients of parameters",
                    {std::ssize(gradients)}, gradients.data(), own.data());
    for (std::size_t i = 0; i < all.num_inputs(); ++i) {
      if (i == skipped) continue;
      compare_exactly(findings, input_name(form, i) + without, "dx", all.shape(i), all.dx(i).data(),
                      some.dx(i).data());
    }
  }
}

/// A layer that promises to ignore y in backward gives the same gradients whatever is there.
inline void check_ignored_y(Findings& findings, const MergingContext& form) {
  if (!form.layer.promises().ignores_y) return;
  MergedBatch expected = form.batch(), actual = form.batch();
  const auto skips = [](std::size_t) { return false; };
  expected.forward(form.layer);
  expected.backward(form.layer, skips);
  actual.forward(form.layer);
  actual.y().set_bits();
  actual.backward(form.layer, skips);
  for (std::size_t i = 0; i < expected.num_inputs(); ++i) {
    compare_exactly(findings, input_name(form, i) + ", y overwritten", "dx", expected.shape(i),
                    expected.dx(i).data(), actual.dx(i).data());
  }
}

/// The form of any layer, for the inputs of a sample as one row.
template <class L, class Make>
void check_joined(Findings& findings, const MergingContext& form, const Make& make) {
  const std::vector<Shape>& samples = form.samples;
  Index count = 0;
  for (const Shape& sample : samples) count += sample.num_elements();
  const auto joined = [=]<class T>() -> JoinedInputs<T, nn::detail::promises_of<L>()>
  requires requires { make.template operator()<T>(); }
  { return {AnyLayer<T>(make.template operator()<T>()), samples}; };
  const Findings more = check_layer(joined, {count},
                                    {.output = form.expected.output,
                                     .is_random = form.expected.is_random,
                                     .input = form.expected.input,
                                     .float_tolerance = form.expected.float_tolerance,
                                     .allocations = form.expected.allocations});
  findings.insert(findings.end(), more.begin(), more.end());
  if (!findings.empty()) return;
  // Once more with a batch whose single inputs are large enough to be cut in pieces.
  LayerRig<float> rig(AnyLayer<float>(joined.template operator()<float>()), {count});
  check_threads(findings, form.name + ", large inputs", rig, form.expected.input,
                40000 * std::ssize(samples));
}

/// A layer that names its arguments, and so can be loaded.
template <class L>
concept DescribedMergingLayer = MergingLayer<L> && requires(const L& layer, const Arguments& a) {
  { L::name() } -> std::convertible_to<std::string>;
  { layer.arguments() } -> std::same_as<Arguments>;
  { L::from_arguments(a) } -> std::same_as<L>;
};

/// What arguments give back, as text and from text, is the layer that was described.
template <class L>
void check_arguments(Findings& findings, const MergingContext& form, const L& layer) {
  const std::string text = io::arguments_to_json(layer.arguments());
  try {
    io::JsonReader reader(text, form.name);
    Arguments arguments = io::read_arguments(reader);
    arguments.set_owner(L::name());
    const L loaded = L::from_arguments(arguments);
    const std::string again = io::arguments_to_json(loaded.arguments());
    if (again != text)
      findings.push_back(sentence({{form.name, ", loaded: arguments"}, text, again}));
    for (const std::string& name : arguments.unread()) {
      findings.push_back(sentence({{form.name, ", loaded"}, "all arguments read", {"not ", name}}));
    }
    if (!findings.empty()) return;
    MergedBatch expected = form.batch(), actual = form.batch();
    expected.forward(form.layer);
    AnyLayer<double> layer_again(loaded);
    ParameterBlock<double> block;
    set_parameters(layer_again, form.samples, block);
    actual.forward(layer_again);
    compare_exactly(findings, form.name + ", loaded", "y", expected.y_shape(), expected.y().data(),
                    actual.y().data());
  } catch (const std::exception& error) {
    findings.push_back(
        sentence({{form.name, ", loaded"}, "a layer that can be loaded", error.what()}));
  }
}

}  // namespace detail

/// Holds a layer with several inputs against all that the library expects of it: of any layer, as
/// `check_layer` does, with the inputs of a sample as one row; and of each input. Returns what is
/// wrong, nothing for a sound layer. `make` makes the layer over a scalar type, as for
/// `check_layer`. `samples` are the shapes of one sample of each input.
template <class Make>
[[nodiscard]] Findings check_merging_layer(const Make& make, const std::vector<Shape>& samples,
                                           const MergingExpectations& expected) {
  const auto layer = make.template operator()<double>();
  using L = std::remove_cvref_t<decltype(layer)>;
  detail::MergingContext form{layer.name(), AnyLayer<double>(layer), samples, expected};
  set_parameters(form.layer, samples, form.block);
  Findings findings;
  detail::check_merged_shape(findings, form);
  if (!findings.empty()) return findings;
  detail::check_each_input(findings, form);
  detail::check_ignored_y(findings, form);
  detail::check_joined<L>(findings, form, make);
  if constexpr (detail::DescribedMergingLayer<L>) {
    detail::check_arguments(findings, form, layer);
  } else if constexpr (
      requires { layer.arguments(); } || requires(Arguments a) { layer.from_arguments(a); }) {
    detail::check_description<L>(findings, form.name);
  }
  return findings;
}

}  // namespace nn::testing
