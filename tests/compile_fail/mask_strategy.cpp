// A mask strategy whose function returns a flag for one patch, where it must set a priority for each.
// expect-error: a mask strategy has a text `name` and sets a priority for each patch
#include <mae/model/mask_strategy.hpp>

struct EvenMasking {
  static constexpr const char* name = "even";
#ifdef MAE_FIXED
  void operator()(const mae::MaskSample& sample, float* priority) const {
    for (mae::Index l = 0; l < sample.patches(); ++l) priority[l] = static_cast<float>(l % 2);
  }
#else
  bool operator()(mae::Index patch) const { return patch % 2 == 0; }
#endif
};

mae::Masking masking() { return EvenMasking{}; }
