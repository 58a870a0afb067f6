// SPDX-License-Identifier: MIT
// The digit recogniser on oneDNN's primitives, driven by hand for speed: the library's layouts,
// ReLU fused, nothing reordered or allocated while it trains; loops of its own for the rest.
#pragma once

#include <map>
#include <random>

#include "onednn_parameters.hpp"

namespace compare {

/// Train it with `train`, use it with `predict`.
class OneDnnModel {
 public:
  explicit OneDnnModel(bool bfloat16)
      : type_(bfloat16 ? Type::bf16 : Type::f32), is_bfloat16_(bfloat16), w2_(bfloat16) {
    const auto description = describe_convolution(Kind::forward_training, batch_size,
                                                  {{num_filters, 1, 3, 3}, type_, Tag::any});
    conv_kernel_ = make_memory(description.weights_desc());
    conv_bias_ = make_memory(description.bias_desc());
    bias2_ = make_memory({{num_hidden}, Type::f32, Tag::x});
    kernel3_ = make_memory({{num_classes, num_hidden}, type_, Tag::oi});
    bias3_ = make_memory({{num_classes}, Type::f32, Tag::x});
    pass_ = make_pass(Kind::forward_training, batch_size, w2_.used);
    make_backward();
    initialize();
  }

  /// Trains on the images that `order` lists.
  void train(const Digits& digits, const std::uint32_t* order) {
#pragma omp parallel for schedule(static)
    for (Index i = 0; i < batch_size; ++i) {
      write_image(digits.images.data() + order[i] * num_pixels, pass_.x, i);
      labels_[i] = digits.labels[order[i]];
    }
    for (const Operation& operation : pass_.operations) operation();
    softmax_gradient();
    weights3_();
    data3_();
    mask(pass_.h, dh_, batch_size * num_hidden);
    weights2_();
    data2_();
    mask(pass_.z, dz_, batch_size * num_features);
    for (const Operation& operation : conv_weights_) operation();
    update(corrected_rate(++step_));
  }

  /// Number of right answers among the images that `order` lists.
  [[nodiscard]] Index count_hits(const Digits& digits, const std::uint32_t* order) {
    std::vector<std::uint8_t> images(batch_size * num_pixels);
    for (Index i = 0; i < batch_size; ++i) {
      std::copy_n(digits.images.data() + order[i] * num_pixels, num_pixels,
                  images.data() + i * num_pixels);
    }
    std::uint8_t answers[batch_size];
    predict(images.data(), batch_size, answers);
    Index hits = 0;
    for (Index i = 0; i < batch_size; ++i) hits += answers[i] == digits.labels[order[i]];
    return hits;
  }

  /// The classes of `count` images, with softmax computed as a caller would want it.
  void predict(const std::uint8_t* images, Index count, std::uint8_t* answers) {
    auto found = passes_.find(count);
    if (found == passes_.end()) found = passes_.emplace(count, make_inference(count)).first;
    const ForwardPass& pass = found->second;
#pragma omp parallel for schedule(static) if (count > 8)
    for (Index i = 0; i < count; ++i) write_image(images + i * num_pixels, pass.x, i);
    for (const Operation& operation : pass.operations) operation();
    float* row = values(pass.logits);
    for (Index i = 0; i < count; ++i, row += num_classes) {
      const float largest = *std::max_element(row, row + num_classes);
      float sum = 0;
      for (Index k = 0; k < num_classes; ++k) sum += row[k] = std::exp(row[k] - largest);
      for (Index k = 0; k < num_classes; ++k) row[k] /= sum;
      answers[i] = static_cast<std::uint8_t>(std::max_element(row, row + num_classes) - row);
    }
  }

 private:
  [[nodiscard]] Convolution::primitive_desc describe_convolution(Kind kind, Index count,
                                                                 const Descriptor& kernel) const {
    return describe_forward<Convolution>(
        true, kind, dnnl::algorithm::convolution_direct,
        Descriptor({count, 1, image_size, image_size}, type_, Tag::nchw), kernel,
        Descriptor({num_filters}, Type::f32, Tag::x),
        Descriptor({count, num_filters, map_size, map_size}, type_, Tag::any), memory::dims{1, 1},
        memory::dims{0, 0}, memory::dims{0, 0});
  }
  [[nodiscard]] static auto describe_dense(Kind kind, bool is_relu, const Descriptor& x,
                                           const Descriptor& kernel, const Descriptor& y) {
    const Descriptor bias({y.dims()[1]}, Type::f32, Tag::x);
    return describe_forward<Dense>(is_relu, kind, x, kernel, bias, y);
  }
  [[nodiscard]] static Descriptor rows(Index count, Index size, Type type) {
    return {{count, size}, type, Tag::nc};
  }

  [[nodiscard]] ForwardPass make_pass(Kind kind, Index count, const memory& kernel2) const {
    const auto conv = describe_convolution(kind, count, conv_kernel_.get_desc());
    const Descriptor features = rows(count, num_features, type_);
    if (conv.dst_desc().get_size() != features.get_size()) stop("onednn: padded images");
    ForwardPass pass{count,
                     make_memory(conv.src_desc()),
                     make_memory(conv.dst_desc()),
                     make_memory(rows(count, num_hidden, type_)),
                     make_memory(rows(count, num_classes, Type::f32)),
                     {}};
    const memory flat(features, engine(), pass.z.get_data_handle());
    const auto dense2 = describe_dense(kind, true, features, kernel2.get_desc(), pass.h.get_desc());
    const auto dense3 =
        describe_dense(kind, false, pass.h.get_desc(), kernel3_.get_desc(), pass.logits.get_desc());
    const auto bind = [](const memory& x, const memory& kernel, const memory& bias,
                         const memory& y) -> std::unordered_map<int, memory> {
      return {
          {DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, kernel}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, y}};
    };
    pass.operations.emplace_back(Convolution(conv), conv,
                                 bind(pass.x, conv_kernel_, conv_bias_, pass.z));
    pass.operations.emplace_back(Dense(dense2), dense2, bind(flat, kernel2, bias2_, pass.h));
    pass.operations.emplace_back(Dense(dense3), dense3,
                                 bind(pass.h, kernel3_, bias3_, pass.logits));
    return pass;
  }

  /// One image is a product with a vector: in bfloat16 it gets a copy of the kernel in plain rows.
  [[nodiscard]] ForwardPass make_inference(Index count) const {
    if (count > 1 || !is_bfloat16_) return make_pass(Kind::forward_inference, count, w2_.used);
    const memory plain = make_memory({{num_hidden, num_features}, type_, Tag::oi});
    reorder(dnnl::reorder(w2_.used, plain), w2_.used, plain);
    return make_pass(Kind::forward_inference, count, plain);
  }

  void make_backward() {
    const Descriptor features = rows(batch_size, num_features, type_);
    const Descriptor hidden = rows(batch_size, num_hidden, type_);
    const Descriptor scores = rows(batch_size, num_classes, type_);
    dz_ = make_memory(features);
    dh_ = make_memory(hidden);
    dy_ = make_memory(scores);
    const memory dw3 = make_memory({{num_classes, num_hidden}, Type::f32, Tag::oi});
    const memory db3 = make_memory(bias3_.get_desc()), db2 = make_memory(bias2_.get_desc());
    const auto dense3 =
        describe_dense(Kind::forward_training, false, hidden, kernel3_.get_desc(), scores);
    const auto dense2 =
        describe_dense(Kind::forward_training, true, features, w2_.used.get_desc(), hidden);
    const memory z(features, engine(), pass_.z.get_data_handle());
    weights3_ = dense_weights(dense3, pass_.h, dw3, db3, dy_);
    data3_ = dense_data(dense3, dh_, kernel3_, dy_);
    weights2_ = dense_weights(dense2, z, w2_.gradient, db2, dh_);
    data2_ = dense_data(dense2, dz_, w2_.used, dh_);
    make_convolution_backward();

    float* w3 = values(kernel3_);
    std::uint16_t* copy3 = nullptr;
    if (is_bfloat16_) {
      w3 = static_cast<float*>(allocate(num_classes * num_hidden * sizeof(float)));
      copy3 = values<std::uint16_t>(kernel3_);
    }
    small_.emplace_back(num_hidden, values(bias2_), values(db2));
    small_.emplace_back(num_classes * num_hidden, w3, values(dw3), copy3);
    small_.emplace_back(num_classes, values(bias3_), values(db3));
  }

  /// The convolution's master follows the layout of its gradient, and is reordered if the forward
  /// primitive wants another.
  void make_convolution_backward() {
    const auto forward =
        describe_convolution(Kind::forward_training, batch_size, conv_kernel_.get_desc());
    const auto describe = [&](const Descriptor& dz) {
      return describe_backward<ConvolutionWeights>(
          forward, dnnl::algorithm::convolution_direct, forward.src_desc(),
          Descriptor({num_filters, 1, 3, 3}, Type::f32, Tag::any),
          Descriptor({num_filters}, Type::f32, Tag::x), dz, memory::dims{1, 1}, memory::dims{0, 0},
          memory::dims{0, 0});
    };
    memory dz(forward.dst_desc(), engine(), dz_.get_data_handle());
    auto backward = describe(dz.get_desc());
    if (is_reference(backward)) {  // oneDNN 2.6 with AVX2 has quick loops for plain images only
      const memory plain = make_memory({dz.get_desc().dims(), type_, Tag::nchw});
      const dnnl::reorder::primitive_desc reorder(dz, plain, attributes(false));
      conv_weights_.emplace_back(dnnl::reorder(reorder), reorder, from_to(dz, plain));
      dz = plain;
      backward = describe(dz.get_desc());
    }
    const memory dw = make_memory(backward.diff_weights_desc());
    const memory db = make_memory(backward.diff_bias_desc());
    conv_weights_.emplace_back(ConvolutionWeights(backward), backward,
                               std::unordered_map<int, memory>{{DNNL_ARG_SRC, pass_.x},
                                                               {DNNL_ARG_DIFF_DST, dz},
                                                               {DNNL_ARG_DIFF_WEIGHTS, dw},
                                                               {DNNL_ARG_DIFF_BIAS, db}});
    conv_master_ = conv_kernel_;
    if (dw.get_desc() != conv_kernel_.get_desc()) {
      conv_master_ = make_memory(dw.get_desc());
      conv_copy_ = dnnl::reorder(conv_master_, conv_kernel_);
    }
    small_.emplace_back(num_filters * 9, values(conv_master_), values(dw));
    small_.emplace_back(num_filters, values(conv_bias_), values(db));
  }

  /// Glorot uniform; an update of step 0 then writes the copies.
  void initialize() {
    std::mt19937 random(1);
    const auto fill = [&](float* w, Index fan_in, Index fan_out, Index size) {
      const float limit = std::sqrt(6.0f / static_cast<float>(fan_in + fan_out));
      std::uniform_real_distribution<float> uniform(-limit, limit);
      for (Index i = 0; i < size; ++i) w[i] = uniform(random);
    };
    fill(values(conv_master_), 9, 9 * num_filters, 9 * num_filters);
    fill(w2_.w, num_features, num_hidden, num_features * num_hidden);
    fill(small_[3].w, num_hidden, num_classes, num_hidden * num_classes);
    update(0);
  }

  void update(float rate) {
    w2_.update(rate);
    for (SmallParameter& parameter : small_) parameter.update(rate);
    if (conv_copy_) reorder(conv_copy_, conv_master_, conv_kernel_);
  }

  void write_image(const std::uint8_t* pixels, const memory& x, Index row) const {
    const auto grey = [&](Index i) { return static_cast<float>(pixels[i]) * (1.0f / 255); };
    if (is_bfloat16_) {
      std::uint16_t* out = values<std::uint16_t>(x) + row * num_pixels;
      for (Index i = 0; i < num_pixels; ++i) out[i] = to_bfloat16(grey(i));
    } else {
      float* out = values(x) + row * num_pixels;
      for (Index i = 0; i < num_pixels; ++i) out[i] = grey(i);
    }
  }

  /// dx = 0 where a ReLU gave 0. A bfloat16 has the sign and the zero of an integer of its bits.
  void mask(const memory& y, const memory& dx, Index size) const {
    is_bfloat16_ ? mask(values<std::int16_t>(y), values<std::int16_t>(dx), size)
                 : mask(values<float>(y), values<float>(dx), size);
  }
  template <class T>
  static void mask(const T* y, T* dx, Index size) {
#pragma omp parallel for simd schedule(static) if (size > 65536)
    for (Index i = 0; i < size; ++i) dx[i] = y[i] > 0 ? dx[i] : T{0};
  }

  /// dy = (softmax(y) - one-hot label) / N
  void softmax_gradient() {
    const float* y = values(pass_.logits);
    for (Index i = 0; i < batch_size; ++i, y += num_classes) {
      float powers[num_classes], sum = 0;
      const float largest = *std::max_element(y, y + num_classes);
      for (Index k = 0; k < num_classes; ++k) sum += powers[k] = std::exp(y[k] - largest);
      for (Index k = 0; k < num_classes; ++k) {
        const float hit = k == labels_[i] ? 1.0f : 0.0f;
        const float gradient = (powers[k] / sum - hit) * (1.0f / batch_size);
        if (is_bfloat16_) {
          values<std::uint16_t>(dy_)[i * num_classes + k] = to_bfloat16(gradient);
        } else {
          values(dy_)[i * num_classes + k] = gradient;
        }
      }
    }
  }

  Type type_;  // of activations, and of what primitives read of the weights
  bool is_bfloat16_;
  LargeParameter w2_;
  memory conv_kernel_, conv_master_, conv_bias_, bias2_, kernel3_, bias3_;
  ForwardPass pass_;
  memory dz_, dh_, dy_;
  Operation weights3_, data3_, weights2_, data2_;
  std::vector<Operation> conv_weights_;
  dnnl::primitive conv_copy_;
  std::vector<SmallParameter> small_;
  std::map<Index, ForwardPass> passes_;
  std::uint8_t labels_[batch_size] = {};
  Index step_ = 0;
};

}  // namespace compare
