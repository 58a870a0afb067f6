// SPDX-License-Identifier: MIT
// The smallest user: a model of one layer.
#include <nn/sequential.hpp>

int main() {
  nn::Sequential model{nn::Dense{2}};
  model.build({3});
  std::cout << model.count_parameters() << " parameters\n";
}
