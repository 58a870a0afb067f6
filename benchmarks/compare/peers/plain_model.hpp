// SPDX-License-Identifier: MIT
// The digit recogniser as one writes it with a matrix library and nothing else: its products, and
// plain loops around them, in OpenMP where that pays.
#pragma once

#include <random>

#include "../products.hpp"
#include "run_epochs.hpp"

namespace compare {

/// Weights with their gradients and Adam's moments.
struct Parameter {
  std::vector<float> value, gradient, m, v;

  Parameter(Index size, Index fan_in, Index fan_out, std::mt19937& random)
      : value(static_cast<std::size_t>(size)), gradient(value), m(value), v(value) {
    if (fan_in == 0) return;                                                     // a bias
    const float limit = std::sqrt(6.0f / static_cast<float>(fan_in + fan_out));  // Glorot uniform
    std::uniform_real_distribution<float> uniform(-limit, limit);
    for (float& weight : value) weight = uniform(random);
  }

  void update(float rate) {
    float *w = value.data(), *first = m.data(), *second = v.data();
    const float* g = gradient.data();
    const auto size = static_cast<Index>(value.size());
#pragma omp parallel for simd schedule(static) if (size > 65536)
    for (Index i = 0; i < size; ++i) {
      first[i] = beta1 * first[i] + (1 - beta1) * g[i];
      second[i] = beta2 * second[i] + (1 - beta2) * g[i] * g[i];
      w[i] -= rate * first[i] / (std::sqrt(second[i]) + epsilon);
    }
  }
};

/// `Product` has `run(shape, a, b, c)`, which computes a `ProductShape` on row-major matrices.
template <class Product>
class PlainModel {
 public:
  /// Trains on one batch.
  void train(const Digits& digits, const std::uint32_t* order) {
    forward(digits, order);
    softmax_gradient();
    Product::run({"", num_hidden, batch_size, num_classes, true, false}, h_.data(), dy_.data(),
                 w3_.gradient.data());
    sum_rows(dy_, b3_.gradient);
    Product::run({"", batch_size, num_classes, num_hidden, false, true}, dy_.data(),
                 w3_.value.data(), dh_.data());
    mask(h_, dh_);
    Product::run({"", num_features, batch_size, num_hidden, true, false}, z_.data(), dh_.data(),
                 w2_.gradient.data());
    sum_rows(dh_, b2_.gradient);
    Product::run({"", batch_size, num_hidden, num_features, false, true}, dh_.data(),
                 w2_.value.data(), dz_.data());
    mask(z_, dz_);
    Product::run({"", num_taps, num_rows, num_filters, true, false}, patches_.data(), dz_.data(),
                 w1_.gradient.data());
    sum_rows(dz_, b1_.gradient);
    const float rate = corrected_rate(++step_);
    for (Parameter* p : {&w1_, &b1_, &w2_, &b2_, &w3_, &b3_}) p->update(rate);
  }

  /// Number of right answers among the batch's images.
  [[nodiscard]] Index count_hits(const Digits& digits, const std::uint32_t* order) {
    forward(digits, order);
    Index hits = 0;
    for (Index i = 0; i < batch_size; ++i) {
      const auto row = y_.begin() + i * num_classes;
      hits += std::max_element(row, row + num_classes) - row == labels_[i];
    }
    return hits;
  }

 private:
  using Values = std::vector<float>;
  static constexpr Index num_taps = kernel_size * kernel_size;
  static constexpr Index num_rows = batch_size * map_size * map_size;

  void forward(const Digits& digits, const std::uint32_t* order) {
    gather_patches(digits, order);
    Product::run({"", num_rows, num_taps, num_filters, false, false}, patches_.data(),
                 w1_.value.data(), z_.data());
    add_bias(z_, b1_.value, true);
    Product::run({"", batch_size, num_features, num_hidden, false, false}, z_.data(),
                 w2_.value.data(), h_.data());
    add_bias(h_, b2_.value, true);
    Product::run({"", batch_size, num_hidden, num_classes, false, false}, h_.data(),
                 w3_.value.data(), y_.data());
    add_bias(y_, b3_.value, false);
  }

  /// One row of nine pixels for each position of the kernel.
  void gather_patches(const Digits& digits, const std::uint32_t* order) {
#pragma omp parallel for schedule(static)
    for (Index i = 0; i < batch_size; ++i) {
      labels_[i] = digits.labels[order[i]];
      const std::uint8_t* image = digits.images.data() + order[i] * num_pixels;
      float* patch = patches_.data() + i * map_size * map_size * num_taps;
      for (Index row = 0; row < map_size; ++row) {
        for (Index col = 0; col < map_size; ++col) {
          for (Index tap = 0; tap < num_taps; ++tap) {
            const Index y = row + tap / kernel_size, x = col + tap % kernel_size;
            *patch++ = static_cast<float>(image[y * image_size + x]) * (1.0f / 255);
          }
        }
      }
    }
  }

  static void add_bias(Values& x, const Values& bias, bool is_relu) {
    const auto cols = static_cast<Index>(bias.size()), rows = static_cast<Index>(x.size()) / cols;
#pragma omp parallel for schedule(static) if (rows > batch_size)
    for (Index i = 0; i < rows; ++i) {
      float* row = x.data() + i * cols;
      for (Index j = 0; j < cols; ++j) {
        const float sum = row[j] + bias[static_cast<std::size_t>(j)];
        row[j] = is_relu ? std::max(sum, 0.0f) : sum;
      }
    }
  }

  /// dx = 0 where a ReLU gave 0.
  static void mask(const Values& y, Values& dx) {
    const auto size = static_cast<Index>(y.size());
    const float* from = y.data();
    float* to = dx.data();
#pragma omp parallel for simd schedule(static) if (size > 65536)
    for (Index i = 0; i < size; ++i) to[i] = from[i] > 0 ? to[i] : 0.0f;
  }

  static void sum_rows(const Values& dx, Values& sums) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (std::size_t i = 0; i < dx.size(); i += sums.size()) {
      for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += dx[i + j];
    }
  }

  /// dy = (softmax(y) - one-hot label) / N
  void softmax_gradient() {
    for (Index i = 0; i < batch_size; ++i) {
      const float* y = y_.data() + i * num_classes;
      float* dy = dy_.data() + i * num_classes;
      const float largest = *std::max_element(y, y + num_classes);
      float sum = 0;
      for (Index k = 0; k < num_classes; ++k) sum += dy[k] = std::exp(y[k] - largest);
      for (Index k = 0; k < num_classes; ++k) {
        dy[k] = (dy[k] / sum - (k == labels_[i] ? 1.0f : 0.0f)) / static_cast<float>(batch_size);
      }
    }
  }

  std::mt19937 random_{1};
  Parameter w1_{num_taps * num_filters, num_taps, num_taps* num_filters, random_};
  Parameter b1_{num_filters, 0, 0, random_};
  Parameter w2_{num_features * num_hidden, num_features, num_hidden, random_};
  Parameter b2_{num_hidden, 0, 0, random_};
  Parameter w3_{num_hidden * num_classes, num_hidden, num_classes, random_};
  Parameter b3_{num_classes, 0, 0, random_};
  Index step_ = 0;
  std::uint8_t labels_[batch_size] = {};
  Values patches_ = Values(num_rows * num_taps);
  Values z_ = Values(batch_size * num_features), dz_ = z_;  // behind the convolution's ReLU
  Values h_ = Values(batch_size * num_hidden), dh_ = h_;    // behind the first Dense's ReLU
  Values y_ = Values(batch_size * num_classes), dy_ = y_;   // logits
};

/// `main` of a peer that only has products.
template <class Product>
void run_plain(const Task& task, const Report& report) {
  if (task.mode != "f32") task.refuse();
  if (task.work == "product") {
    const auto make = [](const ProductShape& shape, const float* a, const float* b, float* c) {
      return [=] { Product::run(shape, a, b, c); };
    };
    compare_products(report, make);
  } else if (task.work == "epoch") {
    PlainModel<Product> model;
    run_epochs(task, report, model);
  } else {
    task.refuse();
  }
}

}  // namespace compare
