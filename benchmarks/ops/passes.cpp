// The kernels that memory limits: layer norm, GELU and AdamW over more data than the caches hold, as shares of what
// memory delivers.
//
// Usage: passes [repetitions = 10] [threads = all]. Counted are the bytes that a kernel must read and write once. The
// limit counts likewise, so a kernel that overwrites what it has just read can be faster: nobody fetches its result.
#include <mae/backend/adamw.hpp>
#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/buffer.hpp>

#include "../measure.hpp"

namespace {

using namespace mae;
using Kernels = mae::Kernels<Cpu<float>>;

struct Pass {
  const char* name;
  double bytes, operations;
  std::function<void()> work;
};

void measure(int repetitions, int threads) {
  constexpr Index rows = 50432, width = 512, count = rows * width;  // the decoder's tokens of 256 images: 98 MiB
  Buffer<float> x(count), y(count), dy(count), dx(count), statistics(2 * rows);
  Buffer<float> w(width), b(width), dw(width), db(width);
  for (Index i = 0; i < count; ++i) x.data()[i] = dy.data()[i] = static_cast<float>(i % 97) * 0.02f - 1.0f;
  const WorkspaceSize size = Kernels::layer_norm_workspace(width);
  Buffer<char> memory(Workspace::bytes(size, threads));
  const Workspace ws{memory.data(), size, threads};

  const auto adamw = rounded<float>(AdamwStep{.rate = 1e-4, .weight_decay = 0.05}.factors());
  const GradientCheck check;

  const double n = count, one = sizeof(float) * n;
  const Pass passes[] = {
      {"layer norm", 2 * one, 8 * n,
       [&] { Kernels::layer_norm(rows, width, x.data(), w.data(), b.data(), 1e-6, y.data(), statistics.data()); }},
      {"layer norm, gradient", 3 * one, 14 * n,
       [&] {
         Kernels::layer_norm_gradient(rows, width, x.data(), w.data(), statistics.data(), dy.data(), dx.data(), false,
                                      dw.data(), db.data(), ws);
       }},
      {"GELU", 2 * one, 30 * n, [&] { Kernels::activation<Gelu>(count, x.data(), y.data()); }},
      {"GELU, gradient", 3 * one, 34 * n,
       [&] { Kernels::activation_gradient<Gelu>(count, dy.data(), x.data(), dx.data()); }},
      {"AdamW", 8 * one, 14 * n,
       [&] {
         Kernels::update(count, UpdateOperands<float, 2>{x.data(), dy.data(), {y.data(), dx.data()}}, &adamw, &check);
       }},
  };
  std::vector<std::function<void()>> works;
  for (const Pass& pass : passes) works.push_back(pass.work);
  const benchmark::Bandwidth bandwidth(threads);
  const auto measured = benchmark::interleaved(repetitions, works, [&] { return bandwidth.measure(); });
  for (std::size_t i = 0; i < works.size(); ++i) {
    const double speed = passes[i].bytes / measured.seconds[i];
    benchmark::Row row =
        benchmark::row(passes[i].name, 1e-9 * speed, "GB/s", threads, speed / measured.limit, "memory");
    row["operations_a_byte"] = benchmark::rounded(passes[i].operations / passes[i].bytes);
    row["gflops"] = benchmark::rounded(1e-9 * passes[i].operations / measured.seconds[i]);
    benchmark::print(row);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 10;
  const int threads = argc > 2 ? std::atoi(argv[2]) : DefaultThreads::count();
  if (repetitions < 1 || threads < 1) return std::fprintf(stderr, "usage: passes [repetitions] [threads]\n"), 1;
  DefaultThreads::limit(threads);
  try {
    measure(repetitions, threads);
  } catch (const std::exception& error) { return std::fprintf(stderr, "%s\n", error.what()), 1; }
}
