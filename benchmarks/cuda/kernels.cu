// What the own kernels of `Cuda` take: instantiates them for the compiler's report, and prints, for the shapes of ViT-B
// with batch 64, the shared memory that `launch` asks for and the bytes moved. It runs no kernel and needs no GPU.
// benchmarks/cuda_resources makes a table of both.
#include <cstdio>
#include <string>

#include <mae/backend/adamw.hpp>
#include <mae/backend/cuda/kernels.cuh>

namespace {
using namespace mae;
using namespace mae::cuda;

/// Calls everything once, so that it is compiled.
template <class T>
void instantiate() {
  using K = Kernels<Cuda<T>>;
  const AttentionShape s{};
  T* const t = nullptr;
  float* const f = nullptr;
  K::attention(s, t, t, t, t, f, {});
  K::attention_gradient(s, t, t, t, t, f, t, {t, t, t, false, false}, {});
  K::layer_norm(0, 0, f, f, f, 1e-6, t, f);
  K::layer_norm_gradient(0, 0, f, f, f, t, f, false, f, f, {});
  K::template linear_activated<mae::Gelu>(0, 0, 0, t, f, f, t, t, {});
  K::linear_add(0, 0, 0, t, f, f, f, f, {});
  K::linear_weight_gradient(0, 0, 0, t, t, f, f, {});
  K::template activation_gradient<mae::Gelu>(0, t, t, t);
  K::sum_of_squares(0, f, {});
  K::check_gradient(0, f, 0, 0, nullptr, {});
  K::update(0, UpdateOperands<float, 2>{f, f, {f, f}}, static_cast<const AdamwFactors<float>*>(nullptr), nullptr);
}

/// "attention_kernel<8, bf16>|encoder|shared bytes|bytes moved|least possible".
void row(const std::string& kernel, const char* where, Index shared, double moved, double least) {
  std::printf("%s|%s|%jd|%.0f|%.0f\n", kernel.c_str(), where, shared, moved, least);
}

/// Moved is what blocks ask of the second cache, where what a block reads twice comes from the first: so what counts is
/// how many blocks read a thing. Least is each operand once.
template <class T>
void rows_of_shape(const char* type, const char* where, Index tokens, Index heads, Index d) {
  const double t = sizeof(T), batch = 64, D = double(heads * d), R = batch * double(tokens), n = R * D;
  const double blocks = double((tokens + attention_rows - 1) / attention_rows);
  const double lse = batch * double(heads * tokens) * 4;
  const std::string of_attention = std::string(d <= 32 ? "<4, " : "<8, ") + type + ">";
  row("attention_kernel" + of_attention, where, attention_shared(d, 1, 2, 1, 0), n * t * (2 + 2 * blocks) + lse,
      n * t * 4 + lse);
  row("attention_query_gradient_kernel" + of_attention, where, attention_shared(d, 2, 2, 1, 2 * attention_rows),
      n * t * (4 + 2 * blocks) + lse, n * t * 6 + lse);
  row("attention_key_gradient_kernel" + of_attention, where, attention_shared(d, 2, 2, 2, 2 * attention_others),
      n * t * (4 + 3 * blocks) + lse * blocks, n * t * 7 + lse);
  const std::string of_rows = std::string("<4, float, ") + type + ">";
  const double each_row = R * 8, factors = D * 4;
  row("layer_norm_kernel" + of_rows, where, 0, n * (4 + t) + each_row + R / row_warps * 2 * factors,
      n * (4 + t) + each_row + 2 * factors);
  row("layer_norm_input_gradient_kernel" + of_rows, where, 0, n * (8 + t) + each_row + R / row_warps * factors,
      n * (8 + t) + each_row + factors);
  const double column_blocks = D / (4 * warp_size);
  row(std::string("strips_kernel<4, LayerNormTerms<float, ") + type + ">>", where,
      strip_rows * warp_size * Index{sizeof(Terms<2, 4>)},
      n * (4 + t) + each_row * column_blocks + strips * 2 * factors, n * (4 + t) + each_row + 2 * factors);
  row(std::string("runs_kernel<Activated<Gelu, ") + type + ">>", where, 0, 4 * n * 2 * t, 4 * n * 2 * t);
  row(std::string("runs_kernel<ActivationGradient<Gelu, ") + type + ">>", where, 0, 4 * n * 3 * t, 4 * n * 3 * t);
  const double weights = 4 * D * D, out = 4 * D;
  if (sizeof(T) == 2) row("runs_kernel<Convert<bf16, float>>", where, 0, weights * 6, weights * 6);
  row(std::string("strips_kernel<4, Columns<") + type + ">>", where,
      strip_rows * warp_size * Index{sizeof(Terms<1, 4>)}, R * out * t + strips * out * 4, R * out * t + out * 8);
  row(std::string("rows_kernel<BiasFirst<") + type + ">>", where, 0, 2 * R * out * t, R * out * t + out * t);
  if (sizeof(T) == 2) return;  // what comes has sums in float, whatever the rows are stored as
  row("each_kernel<AddStrips<2>>", where, 0, strips * 2 * factors + 4 * factors, 4 * factors);
  row("each_kernel<AddStrips<1>>", where, 0, strips * out * 4 + 2 * out * 4, 2 * out * 4);
  row("each_kernel<AddTo>", where, 0, 3 * out * 4, 3 * out * 4);
}
/// Trained weights of so many Transformer blocks.
constexpr Index block_weights(Index width, Index blocks) { return blocks * (12 * width * width + 13 * width); }
/// What an optimizer runs over all weights, where every gradient is finite.
void rows_of_update() {
  constexpr Index encoder = block_weights(768, 12) + 768 * 769 + 768 + 2 * 768;
  constexpr Index decoder = block_weights(512, 8) + 512 * 769 + 512 + 2 * 512 + 768 * 513;
  const double n = double(encoder + decoder), sums = sum_blocks * 8.0;
  constexpr Index shared = sum_threads / warp_size * Index{sizeof(double)};
  row("squares_kernel<float>", "weights", shared, n * 4 + sums, n * 4 + 8);
  row("add_up_kernel<double>", "weights", shared, sums + 8, sums + 8);
  row("check_kernel<float>", "weights", sum_threads * Index{sizeof(Index)}, sums + 8, sums + 8);
  row("each_kernel<Update<AdamwFactors<float>>>", "weights", 0, n * 32, n * 32);
}

}  // namespace

int main(int count, char**) {
  if (count > 1000) instantiate<float>(), instantiate<bf16>();
  rows_of_shape<float>("float", "encoder", 50, 12, 64);
  rows_of_shape<float>("float", "decoder", 197, 16, 32);
  rows_of_shape<bf16>("bf16", "encoder", 50, 12, 64);
  rows_of_shape<bf16>("bf16", "decoder", 197, 16, 32);
  rows_of_update();
}
