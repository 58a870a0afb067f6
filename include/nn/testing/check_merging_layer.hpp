// SPDX-License-Identifier: MIT
// The form that every layer with several inputs or results fills in the tests; for the layers of
// users too.
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
#include "nn/testing/merged_batch.hpp"

namespace nn::testing {

/// Shapes of samples that the layer can't take together, and all of what it says then.
struct MergingRefusal {
  std::vector<Shape> samples;
  std::string sentence;
};

/// What is not the same for all layers with several inputs.
struct MergingExpectations {
  Shape output;                            ///< of one sample
  std::vector<Shape> further_outputs{};    ///< of a layer with several results, those behind it
  std::vector<MergingRefusal> refusals{};  ///< as `output_shape` throws them
  bool is_random = false;                  ///< training draws numbers: another step, another y
  InputRange input{};                      ///< keep clear of what the layer can't differentiate
  double float_tolerance = 1e-5;           ///< of float against double
  std::function<Index()> allocations{};    ///< heap allocations so far; none: not tested
};

namespace detail {

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
  std::vector<Shape> outputs = form.expected.further_outputs;
  outputs.insert(outputs.begin(), form.expected.output);
  const Index num_results = form.layer.num_results();
  if (std::ssize(outputs) != num_results) {
    findings.push_back(
        sentence({{form.name, ": num_results()"}, std::ssize(outputs), num_results}));
    return;
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Shape output = form.layer.merged_shape(form.samples, static_cast<Index>(i));
    if (output == outputs[i]) continue;
    findings.push_back(sentence({place(form.samples), outputs[i].to_string(), output.to_string()}));
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
  for (std::size_t i = 0; i < all.num_results(); ++i) {
    intact(form.name + ": y", all.y(i).is_intact());
    intact(form.name + ": dy", all.dy(i).is_intact());
  }
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

/// A result that nobody reads counts like one whose gradient is 0.
inline void check_each_result(Findings& findings, const MergingContext& form) {
  const auto skips = [](std::size_t) { return false; };
  for (std::size_t unread = 0; unread < form.batch().num_results(); ++unread) {
    if (form.layer.num_results() == 1) return;
    MergedBatch expected = form.batch(), actual = form.batch();
    fill(expected.dy(unread).data(), expected.dy(unread).size(), [](Index) { return 0.0; });
    expected.forward(form.layer);
    expected.backward(form.layer, skips);
    const std::vector<double> gradients = form.parameter_gradients();
    actual.forward(form.layer);
    actual.backward(form.layer, skips, static_cast<std::ptrdiff_t>(unread));
    const std::vector<double> own = form.parameter_gradients();
    const std::string without = ", without dy of result " + std::to_string(unread);
    compare_exactly(findings, form.name + without, "gradients of parameters",
                    {std::ssize(gradients)}, gradients.data(), own.data());
    for (std::size_t i = 0; i < expected.num_inputs(); ++i) {
      compare_exactly(findings, input_name(form, i) + without, "dx", expected.shape(i),
                      expected.dx(i).data(), actual.dx(i).data());
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
  for (std::size_t i = 0; i < actual.num_results(); ++i) actual.y(i).set_bits();
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
  Index num_made = form.expected.output.num_elements();
  for (const Shape& each : form.expected.further_outputs) num_made += each.num_elements();
  const bool is_one = form.expected.further_outputs.empty();
  const Findings more = check_layer(joined, {count},
                                    {.output = is_one ? form.expected.output : Shape{num_made},
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
concept DescribedMergingLayer = (MergingLayer<L> ||
                                 MultiTensorLayer<L>)&&requires(const L& layer,
                                                                const Arguments& a) {
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
    for (std::size_t i = 0; i < expected.num_results(); ++i) {
      compare_exactly(findings, form.name + ", loaded", "y", expected.y_shape(i),
                      expected.y(i).data(), actual.y(i).data());
    }
  } catch (const std::exception& error) {
    findings.push_back(
        sentence({{form.name, ", loaded"}, "a layer that can be loaded", error.what()}));
  }
}

}  // namespace detail

/// Holds a layer with several inputs or results against all that the library expects of it: of any
/// layer, as `check_layer` does, with the inputs of a sample as one row, and several results too;
/// and of each input and result. Returns what is wrong, nothing for a sound layer. `make` makes the
/// layer over a scalar type, as for `check_layer`. `samples` are the shapes of one sample of each
/// input.
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
  detail::check_each_result(findings, form);
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
