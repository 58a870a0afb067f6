// SPDX-License-Identifier: MIT
// How the first values of a parameter are drawn.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/initializer_rules.hpp"

namespace nn {

/// Any of Keras' rules, as an option of a layer: `.kernel_initializer = nn::HeNormal{}`. Or one
/// of one's own, a function without captures of the random stream, the element's index and the
/// fans:
///     .kernel_initializer = +[](const nn::Random& r, std::uint64_t i, nn::Fans) { return
///     r.normal(i); }
/// Files call that "own"; models that are loaded have weights, and draw zeros if they are built
/// anew.
class Initializer {
 public:
  using Function = double (*)(const Random& random, std::uint64_t index, Fans fans);

  // NOLINTBEGIN(google-explicit-constructor): an option's value
  Initializer(VarianceScaling scaling) : rule_(Rule::variance_scaling), scaling_(scaling) {}
  Initializer(RandomUniform r) : Initializer(Rule::random_uniform, r.minval, r.maxval) {}
  Initializer(RandomNormal r) : Initializer(Rule::random_normal, r.mean, r.stddev) {}
  Initializer(TruncatedNormal r) : Initializer(Rule::truncated_normal, r.mean, r.stddev) {}
  Initializer(Zeros) : Initializer(Rule::zeros, 0) {}
  Initializer(Ones) : Initializer(Rule::ones, 1) {}
  Initializer(Constant constant) : Initializer(Rule::constant, constant.value) {}
  Initializer(Orthogonal rule) : Initializer(Rule::orthogonal, rule.gain) {}
  Initializer(Identity rule) : Initializer(Rule::identity, rule.gain) {}
  Initializer(Function own) : rule_(Rule::own), own_(own) {}
  template <class F>
  requires std::is_class_v<F> && std::convertible_to<F, Function> Initializer(F own)
      : Initializer(static_cast<Function>(own)) {}
  // NOLINTEND(google-explicit-constructor)

  /// Value of element `index`: a pure function of the random stream, the index and the fans. Not of
  /// Orthogonal and Identity, which see the whole tensor.
  [[nodiscard]] double operator()(const Random& random, std::uint64_t index, Fans fans) const {
    switch (rule_) {
      case Rule::variance_scaling:
        return scaling_(random, index, fans);
      case Rule::random_uniform:
        return RandomUniform{a_, b_}(random, index, fans);
      case Rule::random_normal:
        return RandomNormal{a_, b_}(random, index, fans);
      case Rule::truncated_normal:
        return TruncatedNormal{a_, b_}(random, index, fans);
      case Rule::own:
        return own_ == nullptr ? 0 : own_(random, index, fans);
      default:
        return a_;
    }
  }

  /// The first values of a parameter, in row-major order. Throws `ShapeError` for an identity that
  /// is no matrix.
  template <class T>
  [[gnu::noinline]] void fill(const Random& random, const Shape& shape, T* values) const {
    const Index count = shape.num_elements();
    if (rule_ == Rule::orthogonal || rule_ == Rule::identity) {
      const std::vector<double> matrix =
          rule_ == Rule::identity ? identity(shape) : orthogonal(random, shape);
      std::transform(matrix.begin(), matrix.end(), values,
                     [](double value) { return static_cast<T>(value); });
      return;
    }
    const Fans fans = fans_of(shape);
    for (Index i = 0; i < count; ++i) {
      values[i] = static_cast<T>((*this)(random, static_cast<std::uint64_t>(i), fans));
    }
  }

  /// Keras' name, in snake case, and numbers where they are not Keras' defaults: "glorot_uniform",
  /// "constant(0.5)", "variance_scaling(2,fan_out,uniform)".
  [[nodiscard]] std::string to_string() const;

  /// The rule of that name. Throws `std::invalid_argument` for any other.
  [[nodiscard]] static Initializer from_string(std::string_view name);

 private:
  enum class Rule {
    variance_scaling,
    random_uniform,
    random_normal,
    truncated_normal,
    zeros,
    ones,
    constant,
    orthogonal,
    identity,
    own
  };
  struct Named;  // a rule and its name

  Initializer(Rule rule, double a, double b = 0) : rule_(rule), a_(a), b_(b) {}

  /// Rules that have a name without numbers, those of a parameterized name with its defaults.
  [[nodiscard]] static std::vector<Named> named();
  [[nodiscard]] bool is_same(const Initializer& o) const {
    return rule_ == o.rule_ && a_ == o.a_ && b_ == o.b_ && scaling_.scale == o.scaling_.scale &&
           scaling_.mode == o.scaling_.mode && scaling_.distribution == o.scaling_.distribution;
  }
  /// In parentheses behind a name; a variance_scaling has others.
  [[nodiscard]] std::size_t num_numbers() const {
    if (rule_ == Rule::own || rule_ == Rule::zeros || rule_ == Rule::ones) return 0;
    const bool is_single =
        rule_ == Rule::constant || rule_ == Rule::orthogonal || rule_ == Rule::identity;
    return is_single ? 1 : 2;
  }
  /// Takes the numbers of a name; false where they are not its.
  [[nodiscard]] bool read(std::string_view numbers);
  [[nodiscard]] std::vector<double> identity(const Shape& shape) const;
  [[nodiscard]] std::vector<double> orthogonal(const Random& random, const Shape& shape) const;

  static constexpr const char* modes[] = {"fan_in", "fan_out", "fan_avg"};
  static constexpr const char* distributions[] = {"truncated_normal", "untruncated_normal",
                                                  "uniform"};

  Rule rule_;
  double a_ = 0, b_ = 0;
  VarianceScaling scaling_{};
  Function own_ = nullptr;
};

struct Initializer::Named {
  const char* name;
  Initializer rule;
};

NN_COLD inline std::vector<Initializer::Named> Initializer::named() {
  return {{"glorot_uniform", GlorotUniform{}},
          {"glorot_normal", GlorotNormal{}},
          {"he_uniform", HeUniform{}},
          {"he_normal", HeNormal{}},
          {"lecun_uniform", LecunUniform{}},
          {"lecun_normal", LecunNormal{}},
          {"zeros", Zeros{}},
          {"ones", Ones{}},
          {"random_uniform", RandomUniform{}},
          {"random_normal", RandomNormal{}},
          {"truncated_normal", TruncatedNormal{}},
          {"orthogonal", Orthogonal{}},
          {"identity", Identity{}},
          {"own", Function{nullptr}},
          {"constant", Constant{}},
          {"variance_scaling", VarianceScaling{}}};
}

NN_COLD inline std::string Initializer::to_string() const {
  if (rule_ == Rule::own) return "own";
  const std::vector<Named> all = named();
  const char* name = "variance_scaling";
  for (const Named& known : all) {
    if (is_same(known.rule) && rule_ != Rule::constant) return known.name;
    if (known.rule.rule_ == rule_ && rule_ != Rule::variance_scaling) name = known.name;
  }
  const auto digits_of = [](double number) {
    char digits[32];
    return std::string(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  };
  std::string text = concat({name, "("});
  if (rule_ == Rule::variance_scaling) {
    text += digits_of(scaling_.scale) + ',' + modes[static_cast<std::size_t>(scaling_.mode)] + ',' +
            distributions[static_cast<std::size_t>(scaling_.distribution)];
  } else {
    text += digits_of(a_);
    if (num_numbers() == 2) text += ',' + digits_of(b_);
  }
  return text + ')';
}

NN_COLD inline Initializer Initializer::from_string(std::string_view name) {
  const std::size_t open = std::min(name.find('('), name.size());
  const std::string_view stem = name.substr(0, open);
  std::string known_names;
  for (const Named& known : named()) {
    append_listed(known_names, known.name);
    if (stem != known.name) continue;
    Initializer made = known.rule;
    const bool has_numbers = open < name.size() && name.ends_with(')');
    if (open == name.size() && stem != "constant") return made;
    if (has_numbers && made.read(name.substr(open + 1, name.size() - open - 2))) return made;
  }
  refuse({"Initializer",
          {"one of ", known_names, ", with its numbers in parentheses"},
          {"'", name, "'"}});
}

NN_COLD inline bool Initializer::read(std::string_view numbers) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = numbers.find(',');
    parts.push_back(numbers.substr(0, end));
    numbers.remove_prefix(end == std::string_view::npos ? 0 : end + 1);
  }
  const auto reads = [](std::string_view digits, double& number) {
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    return error == std::errc{} && stop == end && is_finite(number);
  };
  if (rule_ != Rule::variance_scaling) {
    const std::size_t count = num_numbers();
    return count == parts.size() && reads(parts[0], a_) && (count == 1 || reads(parts[1], b_));
  }
  if (parts.size() != 3 || !reads(parts[0], scaling_.scale)) return false;
  const auto mode = find_text(modes, parts[1]);
  const auto distribution = find_text(distributions, parts[2]);
  scaling_.mode = static_cast<FanMode>(mode);
  scaling_.distribution = static_cast<InitialDistribution>(distribution);
  return mode < std::size(modes) && distribution < std::size(distributions);
}

NN_COLD inline std::vector<double> Initializer::identity(const Shape& shape) const {
  if (shape.rank() != 2) refuse<ShapeError>({"Identity", "a matrix", shape.to_string()});
  std::vector<double> matrix(static_cast<std::size_t>(shape.num_elements()));
  for (Index i = 0; i < std::min(shape[0], shape[1]); ++i) {
    matrix[static_cast<std::size_t>(i * shape[1] + i)] = a_;
  }
  return matrix;
}

/// Gram and Schmidt's method, twice, so that rounding leaves the angles right; normal numbers have
/// no preferred direction, so the result has none.
NN_COLD inline std::vector<double> Initializer::orthogonal(const Random& random,
                                                           const Shape& shape) const {
  const Index count = shape.num_elements();
  const Index cols = shape.empty() ? 1 : shape.back();
  const Index rows = cols == 0 ? 0 : count / cols;
  const Index num_vectors = std::min(rows, cols), length = std::max(rows, cols);
  std::vector<double> vectors(static_cast<std::size_t>(count));  // [num_vectors, length]
  for (Index l = 0; l < num_vectors; ++l) {
    double* const vector = vectors.data() + l * length;
    for (Index i = 0; i < length; ++i) {
      vector[i] = random.normal(static_cast<std::uint64_t>(l * length + i));
    }
    for (int pass = 0; pass < 2; ++pass) {
      for (Index earlier = 0; earlier < l; ++earlier) {
        const double* const other = vectors.data() + earlier * length;
        double along = 0;
        for (Index i = 0; i < length; ++i) along += vector[i] * other[i];
        for (Index i = 0; i < length; ++i) vector[i] -= along * other[i];
      }
      double squares = 0;
      for (Index i = 0; i < length; ++i) squares += vector[i] * vector[i];
      const double scale = 1 / std::sqrt(squares);
      for (Index i = 0; i < length; ++i) vector[i] *= scale;
    }
  }
  std::vector<double> matrix(vectors.size());  // [rows, cols]
  for (Index row = 0; row < rows; ++row) {
    for (Index column = 0; column < cols; ++column) {
      const Index from = rows < cols ? row * length + column : column * length + row;
      matrix[static_cast<std::size_t>(row * cols + column)] =
          a_ * vectors[static_cast<std::size_t>(from)];
    }
  }
  return matrix;
}

}  // namespace nn
