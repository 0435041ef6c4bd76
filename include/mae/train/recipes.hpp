// Recipes of fine-tuning by name: all options at once, to be changed one by one.
//
//   mae::FinetuningRecipe recipe = mae::finetuning_recipe("paper-base");
//   recipe.options.epochs = 20;
//   mae::Finetuning<Model> run(images, recipe.options, encoder);
//   mae::accuracy(run.weights(), test, run.normalization(), 64, mae::test_crops(1, recipe.evaluation_crop)[0]);
//
// `paper-base`, `paper-large` and `paper-huge` are how the published models were fine-tuned on ImageNet (He et al.,
// 2021, table 9, with the rates and layer decay of the released weights, whose targets were normalised pixels): 1024
// images in an update, mixed in passes of 32 as they were on each of 32 GPUs. They want a million images. `small-data`
// is for some hundreds or thousands: passes of 16 images, an update each, at a higher rate, without mixing (as Zhou et
// al., "RETFound", Nature 2023), and with crops and RandAugment that leave more of a small image.
#pragma once
#include <string>

#include <mae/data/mixup.hpp>
#include <mae/data/rand_augment.hpp>
#include <mae/data/random_erasing.hpp>
#include <mae/train/finetune.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct FinetuningRecipe {
  FinetuningOptions options{};
  double evaluation_crop = 1;  ///< share of an image that evaluation looks at (data/evaluation_crop.hpp)
};

inline constexpr const char* finetuning_recipes[] = {"paper-base", "paper-large", "paper-huge", "small-data"};

/// The recipe called `name`. Throws mae::Error if there is none.
inline FinetuningRecipe finetuning_recipe(const std::string& name) {
  FinetuningRecipe recipe;
  FinetuningOptions& o = recipe.options;
  recipe.evaluation_crop = 224.0 / 256;
  o.augmentation = {.flip = true, .min_crop_scale = 0.08};
  o.optimizer = {.beta2 = 0.999, .weight_decay = 0.05};
  o.min_learning_rate = 1e-6;
  o.label_smoothing = 0.1;
  const auto paper = [&](Index epochs, double base_learning_rate, double layer_decay, double drop_path) {
    o.batch = 32, o.accumulation = 32;
    o.epochs = epochs, o.warmup = 5;
    o.base_learning_rate = base_learning_rate;
    o.layer_decay = layer_decay, o.drop_path = drop_path;
    o.augmentation.transforms = {RandAugment{}, RandomErasing{}, Mixup{}};
  };
  if (name == "paper-base") paper(100, 5e-4, 0.65, 0.1);
  else if (name == "paper-large") paper(50, 1e-3, 0.75, 0.2);
  else if (name == "paper-huge") paper(50, 1e-3, 0.75, 0.3);
  else if (name == "small-data") {
    o.batch = 16, o.epochs = 100, o.warmup = 10;
    o.base_learning_rate = 5e-3;
    o.layer_decay = 0.65, o.drop_path = 0.2;
    o.augmentation.min_crop_scale = 0.6;
    o.augmentation.transforms = {RandAugment{.magnitude = 3, .operations = 1}};
  } else {
    std::string all;
    for (const char* const known : finetuning_recipes) all += (all.empty() ? "" : ", ") + std::string(known);
    throw Error("recipe", name, all);
  }
  return recipe;
}

}  // namespace mae
MAE_PRECISE_END
