// The three products of a linear layer at the sizes of ViT-B/16, against Eigen and against the machine's peak.
//
// 400 rows are the kept tokens of 8 images (49 and the class token), 1576 all tokens of the decoder. Usage: products
// [threads]. Eigen gets the same threads; it needs -march=native to use wide vectors, our kernels choose by themselves.
#include <Eigen/Core>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/core/random.hpp>

#include "../measure.hpp"

namespace {

using mae::Index;
using Kernels = mae::Kernels<mae::Cpu<float>>;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix random_matrix(Index rows, Index columns, std::uint64_t seed) {
  Matrix matrix(rows, columns);
  const mae::RandomStream random(seed, mae::Purpose::initialise);
  for (Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -1.0f, 1.0f);
  return matrix;
}

void compare(Index rows, Index in, Index out, int threads) {
  const Matrix x = random_matrix(rows, in, 1), w = random_matrix(out, in, 2), b = random_matrix(1, out, 3);
  const Matrix dy = random_matrix(rows, out, 4);
  Matrix y(rows, out), dx(rows, in), dw = Matrix::Zero(out, in), db = Matrix::Zero(1, out);
  const mae::WorkspaceSize size = Kernels::linear_workspace(in, out);
  const Matrix memory(1, mae::Workspace::bytes(size, threads) / Index{sizeof(float)} + mae::alignment);
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  const mae::Workspace ws{reinterpret_cast<char*>((address + 63) / 64 * 64), size, threads};

  const std::vector<std::function<void()>> works = {
      [&] { Kernels::linear(rows, in, out, x.data(), w.data(), b.data(), y.data(), ws); },
      [&] { y.noalias() = x * w.transpose(), y.rowwise() += b.row(0); },
      [&] { Kernels::linear_input_gradient(rows, in, out, dy.data(), w.data(), dx.data(), false, ws); },
      [&] { dx.noalias() = dy * w; },
      [&] { Kernels::linear_weight_gradient(rows, in, out, dy.data(), x.data(), dw.data(), db.data(), ws); },
      [&] { dw.noalias() += dy.transpose() * x, db += dy.colwise().sum(); },
  };
  const mae::benchmark::Measured measured = mae::benchmark::interleaved(threads, 20, works);
  const double operations = 2.0 * static_cast<double>(rows) * static_cast<double>(in) * static_cast<double>(out);
  const char* roles[] = {"forward", "input gradient", "weight gradient"};
  for (std::size_t role = 0; role < 3; ++role) {
    const double ours = operations / measured.seconds[2 * role], eigen = operations / measured.seconds[2 * role + 1];
    const std::string name = std::string("linear ") + roles[role] + " " + std::to_string(rows) + "x" +
                             std::to_string(in) + "->" + std::to_string(out);
    mae::benchmark::report(name, ours * 1e-9, eigen * 1e-9, "Eigen", ours / measured.peak, "GFLOP/s");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : mae::DefaultThreads::count();
  Eigen::setNbThreads(threads);
  const Index layers[][2] = {{768, 2304}, {768, 768},  {768, 3072}, {3072, 768},
                             {512, 1536}, {512, 512}, {512, 2048}, {2048, 512}, {64, 192}};
  for (const Index rows : {Index{400}, Index{1576}})
    for (const auto& [in, out] : layers) compare(rows, in, out, threads);
}
