// A mask strategy that owns memory: options that hold it are copied byte by byte.
// expect-error: a mask strategy is copied byte by byte and has at most 32 bytes
#include <vector>

#include <mae/model/mask_strategy.hpp>

struct GivenMasking {
  static constexpr const char* name = "given";
#ifdef MAE_FIXED
  const float* numbers;
#else
  std::vector<float> numbers;
#endif
  void operator()(const mae::MaskSample& sample, float* priority) const {
    for (mae::Index l = 0; l < sample.patches(); ++l) priority[l] = numbers[static_cast<std::size_t>(l)];
  }
};

mae::Masking masking(const GivenMasking& strategy) { return strategy; }
