// SPDX-License-Identifier: MIT
#include "nn/io/described.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <exception>
#include <string>

#include "nn/io/arguments_text.hpp"

namespace nn {
namespace {

using AllTypes = io::DescribedTypes<>;

std::string described_text(const Arguments& arguments) {
  std::string text;
  io::append_described(text, arguments);
  return text;
}

Arguments read_described_text(const std::string& text) {
  const std::string where = "text";
  io::JsonReader reader(text, where);
  return io::read_described(reader);
}

template <class V>
void check_optimizer(const V& value, const std::string& expected) {
  CAPTURE(expected);
  CHECK(described_text(value.arguments()) == expected);
  const auto made =
      io::make_described<io::OptimizerFamily<float>>(read_described_text(expected), AllTypes{});
  CHECK(made->name() == value.name());
  CHECK(described_text(made->arguments().value()) == expected);
  for (const std::int64_t step : {0, 1, 7, 30, 500}) {
    CHECK(made->learning_rate(step) == value.learning_rate(step));
  }
}

template <class V>
void check_loss(const V& value, const std::string& expected) {
  CAPTURE(expected);
  CHECK(described_text(value.arguments()) == expected);
  const auto made =
      io::make_described<io::LossFamily<float>>(read_described_text(expected), AllTypes{});
  CHECK(made->name() == value.name());
  CHECK(described_text(made->arguments().value()) == expected);
}

template <class V>
void check_metric(const V& value, const std::string& expected) {
  CAPTURE(expected);
  CHECK(described_text(value.arguments()) == expected);
  const Metric made =
      io::make_described<io::MetricFamily>(read_described_text(expected), AllTypes{});
  CHECK(made.name() == value.name());
  CHECK(described_text(made.arguments().value()) == expected);
}

/// A type in each family's list that its family would not have could not be loaded.
template <class Family, class... Listed>
std::string missing(LayerTypes<Listed...>) {
  std::string names;
  const auto look = [&]<class V>() {
    if (!(Described<V> && Family::template has<V>)) append_listed(names, V::name());
  };
  (look.template operator()<Listed>(), ...);
  return names;
}

struct OwnSchedule {
  double operator()(std::int64_t) const { return 0.5; }
};

/// Of one's own, which can be saved.
struct Halved {
  double first = 1;
  [[nodiscard]] static std::string name() { return "Halved"; }
  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("first", first); }
  [[nodiscard]] static Halved from_arguments(const Arguments& a) {
    return {a.get<double>("first")};
  }
  double operator()(std::int64_t step) const { return first / static_cast<double>(step + 1); }
};

std::string sentence_of(const auto& call) {
  try {
    static_cast<void>(call());
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace

TEST_SUITE("io/described") {
  TEST_CASE("optimizers: come back from their arguments, schedules inside") {
    check_optimizer(Adam{}, R"({"class_name":"adam","config":{"learning_rate":0.001,)"
                            R"("beta_1":0.9,"beta_2":0.999,"epsilon":1e-07,"amsgrad":false}})");
    check_optimizer(
        SGD{{.use_ema = true, .ema_momentum = 0.5, .ema_overwrite_frequency = 7}},
        R"({"class_name":"sgd","config":{"learning_rate":0.01,"momentum":0.0,"nesterov":false,)"
        R"("use_ema":true,"ema_momentum":0.5,"ema_overwrite_frequency":7}})");
    check_optimizer(AdamW{{.exclude_from_weight_decay = {"bias", "gamma"}, .clipnorm = 2}},
                    R"({"class_name":"adamw","config":{"learning_rate":0.001,"beta_1":0.9,)"
                    R"("beta_2":0.999,"epsilon":1e-07,"amsgrad":false,"weight_decay":0.004,)"
                    R"("clipnorm":2.0,"exclude_from_weight_decay":"bias, gamma"}})");
    check_optimizer(RMSprop{{.centered = true, .gradient_accumulation_steps = 4}},
                    R"({"class_name":"rmsprop","config":{"learning_rate":0.001,"rho":0.9,)"
                    R"("momentum":0.0,"epsilon":1e-07,"centered":true,)"
                    R"("gradient_accumulation_steps":4}})");
    const OneCycle cycle{0.02, 100, {.pct_start = 0.25}};
    const std::string numbers =
        R"("config":{"max_rate":0.02,"total_steps":100,"pct_start":0.25,"div_factor":25.0,)"
        R"("final_div_factor":10000.0,"base_momentum":0.85,"max_momentum":0.95}})";
    check_optimizer(Adam{{.learning_rate = cycle,
                          .beta_1 = cycle.momentum(),
                          .beta_2 = 0.99,
                          .epsilon = 1e-5,
                          .amsgrad = true}},
                    R"({"class_name":"adam","config":{"learning_rate":{"class_name":"OneCycle",)" +
                        numbers + R"(,"beta_1":{"class_name":"OneCycleMomentum",)" + numbers +
                        R"(,"beta_2":0.99,"epsilon":1e-05,"amsgrad":true}})");
    check_optimizer(
        SGD{{.learning_rate = ExponentialDecay{0.5, 10, 0.9, {.staircase = true}},
             .momentum = 0.5,
             .nesterov = true}},
        R"({"class_name":"sgd","config":{"learning_rate":{"class_name":"ExponentialDecay",)"
        R"("config":{"initial_learning_rate":0.5,"decay_steps":10,"decay_rate":0.9,)"
        R"("staircase":true}},"momentum":0.5,"nesterov":true}})");
    check_optimizer(
        SGD{{.learning_rate = CosineDecay{0, 20, {.warmup_target = 0.5, .warmup_steps = 10}}}},
        R"({"class_name":"sgd","config":{"learning_rate":{"class_name":"CosineDecay",)"
        R"("config":{"initial_learning_rate":0.0,"decay_steps":20,"alpha":0.0,)"
        R"("warmup_steps":10,"warmup_target":0.5}},"momentum":0.0,"nesterov":false}})");
    check_optimizer(SGD{{.learning_rate = CosineDecay{0.1, 20, {.alpha = 0.25}}}},
                    R"({"class_name":"sgd","config":{"learning_rate":{"class_name":"CosineDecay",)"
                    R"("config":{"initial_learning_rate":0.1,"decay_steps":20,"alpha":0.25,)"
                    R"("warmup_steps":0}},"momentum":0.0,"nesterov":false}})");
  }

  TEST_CASE("WarmUp: comes back with the schedule inside") {
    const Adam adam{{.learning_rate = WarmUp{WarmUp{CosineDecay{0.5, 100}, 5}, 10}}};
    const auto made = io::make_described<io::OptimizerFamily<float>>(adam.arguments(), AllTypes{});
    for (const std::int64_t step : {0, 5, 12, 40}) {
      CHECK(made->learning_rate(step) == adam.learning_rate(step));
    }
  }

  TEST_CASE("OneCycle: momentum comes back as a schedule") {
    const Hyperparameter momentum = OneCycle{0.02, 100}.momentum();
    Arguments arguments{"any"};
    momentum.describe(arguments, "momentum");
    const Hyperparameter made =
        Hyperparameter::from(arguments, "momentum", io::make_schedule<AllTypes>);
    for (std::int64_t step = 0; step < 120; ++step) CHECK(made.at(step) == momentum.at(step));
  }

  TEST_CASE("losses: come back from their arguments") {
    const std::string plain = R"("from_logits":false,"label_smoothing":0.0,)"
                              R"("reduction":"sum_over_batch_size"}})";
    check_loss(BinaryCrossentropy{}, R"({"class_name":"binary_crossentropy","config":{)" + plain);
    check_loss(CategoricalCrossentropy{},
               R"({"class_name":"categorical_crossentropy","config":{)" + plain);
    check_loss(CategoricalCrossentropy{{.from_logits = true,
                                        .label_smoothing = 0.1,
                                        .reduction = Reduction::mean_with_sample_weight}},
               R"({"class_name":"categorical_crossentropy","config":{"from_logits":true,)"
               R"("label_smoothing":0.1,"reduction":"mean_with_sample_weight"}})");
    check_loss(MeanAbsoluteError{}, R"({"class_name":"mean_absolute_error","config":{"reduction":)"
                                    R"("sum_over_batch_size"}})");
    check_loss(MeanSquaredError{{.reduction = Reduction::sum}},
               R"({"class_name":"mean_squared_error","config":{"reduction":"sum"}})");
    check_loss(Huber{{.delta = 0.5, .reduction = Reduction::sum}},
               R"({"class_name":"huber_loss","config":{"delta":0.5,"reduction":"sum"}})");
    check_loss(CosineSimilarity{}, R"({"class_name":"cosine_similarity","config":{"reduction":)"
                                   R"("sum_over_batch_size"}})");
    check_loss(BinaryFocalCrossentropy{{.apply_class_balancing = true}},
               R"({"class_name":"binary_focal_crossentropy","config":{)"
               R"("apply_class_balancing":true,"alpha":0.25,"gamma":2.0,)" +
                   plain);
    check_loss(CategoricalFocalCrossentropy{{.gamma = 3}},
               R"({"class_name":"categorical_focal_crossentropy","config":{"alpha":0.25,)"
               R"("gamma":3.0,)" +
                   plain);
    check_loss(SparseCategoricalCrossentropy{{.from_logits = true, .ignore_class = -1}},
               R"({"class_name":"sparse_categorical_crossentropy","config":{"from_logits":true,)"
               R"("reduction":"sum_over_batch_size","ignore_class":-1}})");
    check_loss(SparseCategoricalCrossentropy{},
               R"({"class_name":"sparse_categorical_crossentropy","config":{"from_logits":false,)"
               R"("reduction":"sum_over_batch_size"}})");
  }

  TEST_CASE("metrics: come back from their arguments, losses among them") {
    check_metric(Accuracy{}, R"({"class_name":"accuracy","config":{}})");
    check_metric(BinaryAccuracy{{.threshold = 0.25}},
                 R"({"class_name":"binary_accuracy","config":{"threshold":0.25}})");
    check_metric(CategoricalAccuracy{}, R"({"class_name":"categorical_accuracy","config":{}})");
    check_metric(AUC{{.curve = AUCCurve::PR}},
                 R"({"class_name":"auc","config":{"num_thresholds":200,"curve":"PR",)"
                 R"("summation_method":"interpolation","multi_label":false}})");
    check_metric(F1Score{{.threshold = 0.25, .class_id = 2}},
                 R"({"class_name":"f1_score","config":{"average":"macro","threshold":0.25,)"
                 R"("class_id":2}})");
    check_metric(MeanIoU{{.class_id = 1}}, R"({"class_name":"mean_iou","config":{"class_id":1}})");
    check_metric(Recall{{.top_k = 2}}, R"({"class_name":"recall","config":{"top_k":2}})");
    check_metric(TopKCategoricalAccuracy{{.k = 3}},
                 R"({"class_name":"top_k_categorical_accuracy","config":{"k":3}})");
    check_metric(Precision{{.average = Average::micro}},
                 R"({"class_name":"precision","config":{"average":"micro"}})");
    check_metric(Recall{{.average = Average::weighted}},
                 R"({"class_name":"recall","config":{"average":"weighted"}})");
    for (const auto aggregation :
         {ClassAggregation::uniform_average, ClassAggregation::variance_weighted_average}) {
      check_metric(R2Score{{.class_aggregation = aggregation}},
                   R"({"class_name":"r2_score","config":{"class_aggregation":")" +
                       std::string(to_string(aggregation)) + R"("}})");
    }
    check_metric(RootMeanSquaredError{}, R"({"class_name":"root_mean_squared_error","config":{}})");
    check_metric(MeanSquaredError{}, R"({"class_name":"mean_squared_error","config":{"reduction":)"
                                     R"("sum_over_batch_size"}})");
  }

  TEST_CASE("lists: everything in them can be loaded") {
#define NN_LISTED(V) V,
    CHECK(missing<io::LossFamily<float>>(
              LayerTypes<NN_FOR_EACH_LOSS(NN_LISTED) MeanSquaredError>{}) == "");
    CHECK(missing<io::LossFamily<double>>(
              LayerTypes<NN_FOR_EACH_LOSS(NN_LISTED) MeanSquaredError>{}) == "");
    CHECK(missing<io::MetricFamily>(LayerTypes<NN_FOR_EACH_METRIC(NN_LISTED) Accuracy>{}) == "");
    CHECK(missing<io::OptimizerFamily<float>>(LayerTypes<NN_FOR_EACH_OPTIMIZER(NN_LISTED) SGD>{}) ==
          "");
    CHECK(missing<io::ScheduleFamily>(LayerTypes<NN_FOR_EACH_SCHEDULE(NN_LISTED) OneCycle>{}) ==
          "");
#undef NN_LISTED
    CHECK(missing<io::LossFamily<float>>(LayerTypes<Adam, MeanSquaredError>{}) == "adam");
  }

  TEST_CASE("schedules: one of one's own can be saved if it names its arguments") {
    const Adam with_own{{.learning_rate = OwnSchedule{}}};
    CHECK(sentence_of([&] { return with_own.arguments(); }) ==
          "adam, argument 'learning_rate': expected a number, or a schedule that names its "
          "arguments, got another schedule; give it arguments(), from_arguments() and a static "
          "name()");
    const Arguments arguments = Adam{{.learning_rate = Halved{0.5}}}.arguments();
    const auto made =
        io::make_described<io::OptimizerFamily<float>>(arguments, io::DescribedTypes<Halved>{});
    CHECK(made->learning_rate(4) == 0.1);
    CHECK(sentence_of([&] {
            return io::make_described<io::OptimizerFamily<float>>(Arguments{arguments}, AllTypes{});
          }) ==
          "schedule: expected one of CosineDecay, CosineDecayRestarts, ExponentialDecay, "
          "InverseTimeDecay, OneCycle, OneCycleMomentum, PiecewiseConstantDecay, PolynomialDecay, "
          "WarmUp, got 'Halved'; name types of your own: load<MyOptimizer>(path)");
  }

  TEST_CASE("make_described: says what it can't make") {
    const auto message = [](const std::string& text) {
      return sentence_of([&] {
        return io::make_described<io::LossFamily<float>>(read_described_text(text), AllTypes{});
      });
    };
    CHECK(message(R"({"class_name":"adam","config":{}})")
              .starts_with("loss: expected one of binary_crossentropy, "));
    CHECK(message(R"({"class_name":"mean_squared_error","config":{}})") ==
          "mean_squared_error, argument 'reduction': expected an argument of that name, got none");
    CHECK(message(R"({"class_name":"mean_squared_error","config":{"reduction":"mean"}})") ==
          "mean_squared_error, argument 'reduction': expected one of sum_over_batch_size, sum, "
          "mean_with_sample_weight, got 'mean'");
    CHECK(message(R"({"class_name":"mean_squared_error","config":{"reduction":"sum","x":1}})") ==
          "mean_squared_error: expected arguments that it has, got 'x'; the file may be of a "
          "later version of the library");
    CHECK(message(R"({"class_name":"sparse_categorical_crossentropy","config":)"
                  R"({"from_logits":false,"reduction":"sum","ignore_class":4294967296}})") ==
          "SparseCategoricalCrossentropy: expected an ignore_class of 32 bits, got 4294967296");
    CHECK(message(R"({"class_name":"mean_squared_error"})") ==
          "text: expected class_name and config, got not both (byte 0)");
    CHECK(message(R"({"class_name":"x","config":{},"config":{}})") ==
          "text: expected class_name and config, once each, got \"config\" (byte 39)");
    const auto rate = [](const std::string& value) {
      const std::string text = R"({"class_name":"sgd","config":{"learning_rate":)" + value +
                               R"(,"momentum":0.0,"nesterov":false}})";
      return sentence_of([&] {
        return io::make_described<io::OptimizerFamily<float>>(read_described_text(text),
                                                              AllTypes{});
      });
    };
    CHECK(rate("0.5") == "nothing thrown");
    CHECK(rate("-1") == "SGD: expected a finite learning_rate of 0 or more, got -1");
    CHECK(rate("[1]") ==
          "sgd, argument 'learning_rate': expected a number, got another kind of value");
    CHECK(rate(R"({"class_name":"sgd","config":{}})")
              .starts_with("schedule: expected one of CosineDecay, "));
    std::string deep = "1";
    for (int i = 0; i < 100; ++i) deep = R"({"class_name":"a","config":{"b":)" + deep + "}}";
    CHECK(rate(deep) ==
          "text: expected at most 64 arrays and objects inside one another, got more (byte 1038)");
  }
}

}  // namespace nn
