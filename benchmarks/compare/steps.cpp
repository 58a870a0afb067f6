// SPDX-License-Identifier: MIT
// nn's side of the comparison of training steps: networks of many kinds on random numbers.
#include <algorithm>
#include <array>
#include <cstdint>
#include <nn/nn.hpp>
#include <string>

#include "common.hpp"

namespace {

using nn::Activation;
using nn::Padding;

const nn::DenseOptions softmax{.activation = Activation::softmax};

/// One layer of a recurrent network, whose last step tells the class.
template <class Layer>
nn::Model<float> make_recurrent() {
  return nn::Sequential{Layer{128}, nn::Dense{10, softmax}};
}

/// The encoder of a transformer (Vaswani et al. 2017), normalized behind each sum.
nn::Model<float> make_transformer() {
  const nn::Input tokens{{64, 128}};
  const auto attention = tokens | nn::MultiHeadAttention{4, 32};
  const auto attended = nn::add({tokens, attention}) | nn::LayerNormalization{{.epsilon = 1e-5}};
  const auto hidden = attended | nn::Dense{512, {.activation = Activation::gelu}} | nn::Dense{128};
  const auto encoded = nn::add({attended, hidden}) | nn::LayerNormalization{{.epsilon = 1e-5}};
  return {tokens, encoded | nn::GlobalAveragePooling1D{} | nn::Dense{10, softmax}};
}

/// Three blocks as those of MobileNet (Howard et al. 2017).
nn::Model<float> make_depthwise() {
  nn::Sequential<float> model;
  for (int block = 0; block < 3; ++block) {
    model.add(nn::DepthwiseConv2D{3, {.padding = Padding::same, .use_bias = false}});
    model.add(nn::BatchNormalization{});
    model.add(nn::ReLU{});
    model.add(nn::Conv2D{128, 1, {.use_bias = false}});
    model.add(nn::BatchNormalization{});
    model.add(nn::ReLU{});
  }
  model.add(nn::GlobalAveragePooling2D{});
  model.add(nn::Dense{10, softmax});
  return model;
}

nn::Model<float> make_conv1d() {
  nn::Sequential<float> model;
  for (int layer = 0; layer < 3; ++layer) {
    model.add(nn::Conv1D{64, 5, {.padding = Padding::same, .activation = Activation::relu}});
  }
  model.add(nn::GlobalAveragePooling1D{});
  model.add(nn::Dense{10, softmax});
  return model;
}

/// Dense layers with layer normalization and GELU behind each.
nn::Model<float> make_normalized_dense() {
  nn::Sequential<float> model;
  for (int layer = 0; layer < 4; ++layer) {
    model.add(nn::Dense{512});
    model.add(nn::LayerNormalization{{.epsilon = 1e-5}});
    model.add(nn::ActivationLayer{Activation::gelu});
  }
  model.add(nn::Dense{10, softmax});
  return model;
}

struct Network {
  const char* name;
  nn::Shape batch;  // of x
  nn::Model<float> (*make)();
};

const Network networks[] = {
    {"lstm", {32, 100, 64}, make_recurrent<nn::LSTM<float>>},
    {"gru", {32, 100, 64}, make_recurrent<nn::GRU<float>>},
    {"depthwise", {64, 32, 32, 64}, make_depthwise},
    {"conv1d", {64, 256, 32}, make_conv1d},
    {"transformer", {32, 64, 128}, make_transformer},
    {"layernorm_mlp", {256, 512}, make_normalized_dense},
};

/// The median of training steps over `batch`: forward, loss, backward, Adam.
template <int Rank>
double seconds_of_step(nn::Model<float> model, const nn::Shape& batch) {
  std::array<nn::Index, Rank> sizes;
  std::copy(batch.begin(), batch.end(), sizes.begin());
  nn::Tensor<float, Rank> x(sizes);
  const compare::AlignedValues values = compare::random_values(x.size(), 1);
  std::copy(values.begin(), values.end(), x.data());
  nn::Labels y(batch[0]);
  for (nn::Index i = 0; i < batch[0]; ++i) y(i) = static_cast<std::int32_t>(i * 7 % 10);
  if (!model.is_built()) model.build(nn::Shape(batch.begin() + 1, batch.end()));
  model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{});
  return compare::median_seconds(2, [&] { model.train_on_batch(x, y); });
}

}  // namespace

int main(int argc, char** argv) {
  const compare::Task task(argc, argv);
  nn::set_num_threads(task.threads);
  const compare::Report report("nn",
                               std::to_string(NN_VERSION_MAJOR) + "." +
                                   std::to_string(NN_VERSION_MINOR) + "." +
                                   std::to_string(NN_VERSION_PATCH),
                               task);
  if (task.mode != "f32") task.refuse();
  for (const Network& network : networks) {
    if (task.work != network.name) continue;
    const double seconds =
        network.batch.rank() == 2   ? seconds_of_step<2>(network.make(), network.batch)
        : network.batch.rank() == 3 ? seconds_of_step<3>(network.make(), network.batch)
                                    : seconds_of_step<4>(network.make(), network.batch);
    report.print({{"seconds", seconds}}, network.name);
    return 0;
  }
  task.refuse();
}
