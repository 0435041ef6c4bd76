// Kernels compiled once: a file that includes this leaves them to the linker.
//
// A kernel depends on types and not on the shapes of a model, so every file that trains compiles the same ones, for
// every instruction set, which is much of the compiler's work. With this header first they are only declared, and
// even a file that is built for debugging (-O0) trains fast, for the kernels are optimised where they are defined.
// That is the library target `mae::kernels`, made of this list without the word `extern`; what links it includes this
// header by itself. What the list lacks, such as kernels of one chosen instruction set, is compiled as ever.
#pragma once
#include <mae/backend/adamw.hpp>
#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/cpu/planes.hpp>
#include <mae/backend/cpu/resize.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

extern template struct ChosenProduct<float, isa::Best, DefaultThreads, float, float, float>;
extern template struct LayerNormPass<float, isa::Best, DefaultThreads, float, float>;
extern template struct AttentionKernels<float, isa::Best, DefaultThreads>;
extern template struct ActivationPass<Gelu, float, isa::Best, DefaultThreads, float>;
extern template struct TrainingKernels<float, isa::Best, DefaultThreads>;
extern template struct UpdatePass<AdamwFactors<float>, float, isa::Best, DefaultThreads>;

extern template struct ChosenProduct<double, isa::Best, DefaultThreads, double, double, double>;
extern template struct LayerNormPass<double, isa::Best, DefaultThreads, double, double>;
extern template struct AttentionKernels<double, isa::Best, DefaultThreads>;
extern template struct ActivationPass<Gelu, double, isa::Best, DefaultThreads, double>;
extern template struct TrainingKernels<double, isa::Best, DefaultThreads>;
extern template struct UpdatePass<AdamwFactors<double>, double, isa::Best, DefaultThreads>;

// Mixed precision: activations of both types, weights of one.
extern template struct ChosenProduct<bf16, isa::Best, DefaultThreads, bf16, float, bf16>;
extern template struct ChosenProduct<bf16, isa::Best, DefaultThreads, bf16, float, float>;
extern template struct ChosenProduct<bf16, isa::Best, DefaultThreads, float, float, bf16>;
extern template struct ChosenProduct<bf16, isa::Best, DefaultThreads, float, float, float>;
extern template struct ChosenProduct<bf16, isa::Best, DefaultThreads, bf16, bf16, float>;
extern template struct ChosenProduct<bf16, isa::Best, DefaultThreads, float, bf16, float>;
extern template struct LayerNormPass<float, isa::Best, DefaultThreads, float, bf16>;
extern template struct AttentionKernels<bf16, isa::Best, DefaultThreads>;
extern template struct ActivationPass<Gelu, float, isa::Best, DefaultThreads, bf16>;

// Images: from the pixels of a file to what a model looks at.
extern template struct SplitColours<isa::Best>;
extern template struct Resize<std::uint8_t, isa::Best>;
extern template struct Resize<float, isa::Best>;

}  // namespace mae::cpu
MAE_PRECISE_END
