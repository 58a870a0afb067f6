// SPDX-License-Identifier: MIT
// dlib: its dnn layers and trainer, on the BLAS that it was built with.
#include <dlib/dnn.h>
#include <dlib/revision.h>

#include "run_epochs.hpp"

namespace {

using Image = dlib::matrix<unsigned char>;
using Input = dlib::input<Image>;
template <class Below>
using Convolution = dlib::add_layer<dlib::con_<32, 3, 3, 1, 1, 0, 0>, Below>;  // without padding
using Network = dlib::loss_multiclass_log<
    dlib::fc<10, dlib::relu<dlib::fc<128, dlib::relu<Convolution<Input>>>>>>;

class DlibModel {
 public:
  DlibModel() : trainer_(network_, dlib::adam(0, compare::beta1, compare::beta2)) {
    trainer_.set_learning_rate(compare::learning_rate);
    trainer_.set_iterations_without_progress_threshold(1'000'000);  // a constant rate
  }

  void train(const compare::Digits& digits, const std::uint32_t* order) {
    gather(digits, order);
    trainer_.train_one_step(images_, labels_);
  }

  [[nodiscard]] compare::Index count_hits(const compare::Digits& digits,
                                          const std::uint32_t* order) {
    gather(digits, order);
    const auto answers = trainer_.get_net()(images_);
    compare::Index hits = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i) hits += answers[i] == labels_[i];
    return hits;
  }

 private:
  void gather(const compare::Digits& digits, const std::uint32_t* order) {
    for (std::size_t i = 0; i < images_.size(); ++i) {
      const auto image = digits.images.begin() + order[i] * compare::num_pixels;
      std::copy(image, image + compare::num_pixels, images_[i].begin());
      labels_[i] = digits.labels[order[i]];
    }
  }

  Network network_;
  dlib::dnn_trainer<Network, dlib::adam> trainer_;
  std::vector<Image> images_ =
      std::vector<Image>(compare::batch_size, Image(compare::image_size, compare::image_size));
  std::vector<unsigned long> labels_ = std::vector<unsigned long>(compare::batch_size);
};

}  // namespace

int main(int argc, char** argv) {
  const compare::Task task(argc, argv);
  if (task.work != "epoch" || task.mode != "f32") task.refuse();
  DlibModel model;
  compare::run_epochs(
      task,
      compare::Report("dlib",
                      std::to_string(DLIB_MAJOR_VERSION) + "." + std::to_string(DLIB_MINOR_VERSION),
                      task),
      model);
}
