// What the bodies of operations take on a GPU: compiles a step of pre-training and one of fine-tuning for the report of
// the compiler, and prints, for ViT-B with 64 images, the shared memory and the bytes moved of every body that runs in
// them. It runs no kernel and needs no GPU. benchmarks/cuda_resources makes a table of both.
//
// A body is what an operation hands to `each`, `rows`, `column_sums` or `row_sums` (backend/kernels.hpp). Its row is
// named by the kernel, the operation and the direction, and by what the operation reads: where two differ in more than
// that, the table has the one with more registers.
#include <cstdio>
#include <string>
#include <utility>

#include <mae/mae.cuh>

namespace {
using namespace mae;
using Autoencoder = presets::Base;
using Classes = Classifier<presets::Image224, presets::BaseEncoder, 1000>;

/// Calls everything once, so that it is compiled.
template <class Loss, class Policy, class... X>
void step(const X&... inputs) {
  const Weights<Loss, Policy> weights{0};
  Weights<Loss, Policy> gradients;
  BatchStep<Program<Loss, Policy>> all(1);
  all.start(1, weights, gradients, inputs...);
  all.finish();
}
template <class T>
void instantiate() {
  const Tensor<float, presets::Image224::Pixels> images(1);
  const Autoencoder::Masks masks(1);
  step<PretrainingLoss<Autoencoder>, Cuda<T>>(images, masks.keep(), masks.hidden(), masks.restore());
  step<ClassificationLoss<Classes>, Cuda<T>>(images, Tensor<float, Shape<dyn, 1000>>(1));
}

constexpr double B = 64, f = 4;  // images; bytes of a float
/// What the second cache takes for one number that a thread stores while its neighbours store elsewhere.
constexpr double sector = 32;

/// "rows_kernel<Gather<0>::forward>|[B, 196, 768] float, ids [B, 49]|shared bytes|bytes moved|least possible".
void row(const std::string& body, const std::string& reads, Index shared, double moved, double least) {
  std::printf("%s|%s|%jd|%.0f|%.0f\n", body.c_str(), reads.c_str(), shared, moved, least);
}
std::string tokens(int N, int D, const char* type) {
  return "[B, " + std::to_string(N) + ", " + std::to_string(D) + "] " + type;
}
std::string ids(int K) { return ", ids [B, " + std::to_string(K) + "]"; }

/// Patches and targets, floats in every precision. To normalise them a thread has a patch, and reads it three times.
void rows_of_patches() {
  constexpr int L = 196, V = 49, M = L - V, n = 768;
  const double image = B * L * n * f, target = B * M * n * f;
  row("rows_kernel<Patchify<16>::forward>", "[B, 3, 224, 224] float", 0, 2 * image, 2 * image);
  row("rows_kernel<Gather<0>::forward>", tokens(L, n, "float") + ids(V), 0, 2 * B * V * n * f, 2 * B * V * n * f);
  row("rows_kernel<Gather<0>::forward>", tokens(L, n, "float") + ids(M), 0, 2 * target, 2 * target);
  row("each_kernel<NormalizePatches::forward>", tokens(M, n, "float"), 0, B * M * n * (3 * f + sector), 2 * target);
}
/// Each of N tokens reads its position; those of some patches by `ids`.
void row_of_positions(int N, int D, const char* type, double t, const std::string& ids) {
  const double all = B * N * D, table = 197.0 * D * f;
  row("rows_kernel<Position::forward>", tokens(N, D, type) + ids, 0, all * (t + 2 * f), all * (t + f) + table);
}
/// N patches' tokens of width D, numbers of `t` bytes, that get a class token and positions.
void rows_of_embedding(int N, int D, const char* type, double t, const std::string& ids) {
  const double patches = B * N * D, all = B * (N + 1) * D, sums = B * D * t + 2 * D * f;
  row("rows_kernel<ClassToken::forward>", tokens(N, D, type), 0, (patches + all) * t, (patches + all) * t);
  row("rows_kernel<ClassToken::backward>", tokens(N, D, type), 0, 2 * patches * t, 2 * patches * t);
  row("column_sums_kernel<ClassToken::backward>", tokens(N, D, type), 4096, sums, sums);
  row_of_positions(N + 1, D, type, t, ids);
}
/// A gradient of the residual stream, in float, that goes on to x [B, N, D] as it is.
void row_of_pass(int N, int D, const char* type, double t) {
  row("each_kernel<BackwardCall::pass>", tokens(N, D, type), 0, B * N * D * (f + t), B * N * D * (f + t));
}
void rows_of_streams() {
  constexpr std::pair<int, int> streams[] = {{50, 768}, {197, 512}, {197, 768}};
  for (const auto& [N, D] : streams) {
    row_of_pass(N, D, "float", f);
    row_of_pass(N, D, "bf16", 2);
  }
  row_of_pass(147, 512, "float", f);
}
/// Of decoder tokens [B, 197, D], those that were hidden.
void rows_of_hidden(const char* type, double t) {
  constexpr int N = 197, M = 147, D = 512;
  const double hidden = B * M * D * t;
  row("rows_kernel<Gather<1>::forward>", tokens(N, D, type) + ids(M), 0, 2 * hidden, 2 * hidden);
  row("each_kernel<Gather<1>::backward>", tokens(N, D, type) + ids(M), 0, B * N * D * t, B * N * D * t);
  row("rows_kernel<Gather<1>::backward>", tokens(N, D, type) + ids(M), 0, 3 * hidden, 3 * hidden);
}
/// The mean of a sample's tokens, floats in every precision.
void rows_of_pool() {
  constexpr int N = 197, D = 768;
  const double tokens_of_all = B * N * D, pooled = B * D;
  row("rows_kernel<Pool<0>::forward>", tokens(N, D, "float"), 0, tokens_of_all * f, tokens_of_all * f);
  row("rows_kernel<Pool<0>::backward>", tokens(N, D, "float"), 0, 2 * tokens_of_all * f, (tokens_of_all + pooled) * f);
}
/// Branches that a sample may do without, and the loss.
template <class T>
void rows_of_fine_tuning(const char* type) {
  constexpr double t = sizeof(T);
  constexpr int N = 197, D = 768, classes = 1000;
  for (const std::string draw : {"0", "1"}) {
    const double branch = B * N * D * t;
    row("each_kernel<DropPath<" + draw + ">::forward>", tokens(N, D, type), 0, B * (8 + f), B * (8 + f));
    row("rows_kernel<DropPath<" + draw + ">::forward>", tokens(N, D, type), 0, 2 * branch, 2 * branch);
    row("rows_kernel<DropPath<" + draw + ">::backward>", tokens(N, D, type), 0, 2 * branch, 2 * branch);
  }
  // A thread has a sample: it reads the logits three times.
  const std::string logits = "[B, 1000] " + std::string(type);
  const double all = B * classes;
  row("each_kernel<CrossEntropy::forward>", logits, 0, all * (3 * t + f), all * (t + f));
  row("each_kernel<CrossEntropy::backward>", logits, 0, all * (3 * t + f + sector), all * (2 * t + f));
}
template <class T>
void rows_of_pretraining(const char* type) {
  constexpr double t = sizeof(T);
  constexpr int N = 197, V = 50, M = 147, D = 512, n = 768;
  rows_of_embedding(49, 768, type, t, ids(49));
  // Restored places that were hidden all read the one mask token.
  const double visible = B * V * D * t, hidden = B * M * D * t, places = B * N * D * t;
  row("rows_kernel<Restore::forward>", tokens(V, D, type) + ids(N - 1), 0, visible + B * M * D * f + places,
      visible + D * f + places);
  row("rows_kernel<Restore::backward>", tokens(V, D, type) + ids(N - 1), 0, 2 * visible, 2 * visible);
  row("column_sums_kernel<Restore::backward>", tokens(V, D, type) + ids(N - 1), 4096, hidden + 2 * D * f,
      hidden + 2 * D * f);
  row_of_positions(N, D, type, t, "");
  const double predicted = B * M * n;
  row("row_sums_kernel<PatchError::forward>", tokens(M, n, type), 256, predicted * (t + f), predicted * (t + f));
  row("rows_kernel<PatchError::backward>", tokens(M, n, type), 0, predicted * (2 * t + f), predicted * (2 * t + f));
}

}  // namespace

int main(int count, char**) {
  if (count > 1000) instantiate<float>(), instantiate<bf16>();
  rows_of_patches();
  rows_of_streams();
  row("each_kernel<detail::SeedFromLoss<float>>", "losses", 0, 2 * B * f, 2 * B * f);
  rows_of_hidden("float", 4);
  rows_of_hidden("bf16", 2);
  rows_of_pretraining<float>("float");
  rows_of_pretraining<bf16>("bf16");
  rows_of_embedding(196, 768, "float", 4, "");
  rows_of_embedding(196, 768, "bf16", 2, "");
  rows_of_fine_tuning<float>("float");
  rows_of_fine_tuning<bf16>("bf16");
  rows_of_pool();
}
