// Weights: the numbers of a model in one block of memory, found by name or walked by the optimizer.
//
// The same type holds gradients and the optimizer's moments, which have one number for each weight. Kernels work on
// `kernel_data()`, the program on `data()` and `at()`; where the memories differ, a pointer to one is good until the
// other is asked for.
#pragma once
#include <mae/autograd/trace/parameter.hpp>
#include <mae/backend/buffer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <class Model, class Policy>
class Weights {
 public:
  using Element = typename Policy::Parameter;

  /// All zero.
  Weights() : data_(weights_size<Model>), parameters_(mae::parameters<Model>()) {}
  /// As the model's modules say (`nn/init.hpp`), from the random numbers of `seed` and each parameter's name.
  explicit Weights(std::uint64_t seed) : Weights() { initialise(seed); }

  void initialise(std::uint64_t seed) {
    for (const ParameterInfo& parameter : parameters_) initialise(parameter, seed);
  }
  void initialise(const ParameterInfo& parameter, std::uint64_t seed) {
    const RandomStream stream(seed, Purpose::initialise, 0, name_key(parameter.name));
    Element* const values = at(parameter);
    for (Index i = 0; i < parameter.count; ++i) values[i] = static_cast<Element>(parameter.initial(stream, i));
  }
  void zero() { data_.zero(); }

  Element* data() { return data_.host(); }
  const Element* data() const { return data_.host(); }
  /// The numbers in the memory of the policy.
  Element* kernel_data() { return data_.device(); }
  const Element* kernel_data() const { return data_.device(); }
  Index size() const { return data_.size(); }
  const std::vector<ParameterInfo>& parameters() const { return parameters_; }
  /// The parameter called `name`, or null.
  const ParameterInfo* find(std::string_view name) const {
    for (const ParameterInfo& parameter : parameters_)
      if (parameter.name == name) return &parameter;
    return nullptr;
  }
  /// The first of `parameter`'s values.
  Element* at(const ParameterInfo& parameter) { return data() + parameter.offset; }
  const Element* at(const ParameterInfo& parameter) const { return data() + parameter.offset; }

 private:
  /// FNV-1a: a parameter's first values depend on its name, not on its place in the model.
  static std::uint64_t name_key(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return hash;
  }

  DualBuffer<Element, typename Policy::MemorySpace> data_;
  std::vector<ParameterInfo> parameters_;
};

}  // namespace mae
MAE_PRECISE_END
