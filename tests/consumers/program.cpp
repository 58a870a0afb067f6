// SPDX-License-Identifier: MIT
// The smallest user: a model of one layer.
#include <nn/sequential.hpp>

int main() {
  nn::Sequential model{nn::Dense{2}};
  model.build({3});
  return model.count_parameters() == 8 ? 0 : 1;
}
