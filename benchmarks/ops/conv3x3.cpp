// Convolutions of 3 × 3 on all maps of a pyramid, against the machine's peak.
//
// Usage: conv3x3 [repetitions = 10] [threads = all]. Prints a row for each: 256 channels on the maps of one image of
// 512 pixels (64², 32², 16² and 8² places), and 64 channels on those of 16 small ones (24², 12² and 6²). Backward is
// the gradient of the input and of the weights together. One thread is measured in processor seconds. `conv3x3.py` runs
// it in turn with PyTorch.
#include <mae/autograd/run/session.hpp>
#include <mae/backend/cpu/kernels.hpp>
#include <mae/nn/conv3x3.hpp>

#include "../measure.hpp"

namespace {

using namespace mae;

template <class Maps, Index C>
struct Convolution {
  using Inputs = mae::Inputs<Input<Shape<dyn, Maps::places, C>, void, true>>;
  Conv3x3<Maps, C, C> conv;
  MAE_MODULE(conv)
  constexpr auto operator()(const Expression auto& x) const { return conv(x); }
};

template <class Maps, Index C>
void measure(Index batch, int repetitions, int threads) {
  using P = Program<Convolution<Maps, C>, Cpu<float>>;
  Weights<typename P::Model, Cpu<float>> weights(1), gradients;
  Tensor<float, Shape<dyn, Maps::places, C>> x(batch);
  const RandomStream random(2, Purpose::probe);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -1.0f, 1.0f);
  Session<P> session(batch);
  session.forward(weights, x);
  for (float& slope : session.seed_gradient()) slope = 0.5f;
  const std::vector<std::function<void()>> works{[&] { session.forward(weights, x); },
                                                 [&] { session.backward(gradients); }};
  const auto measured = benchmark::interleaved(repetitions, works, [&] { return benchmark::peak<float>(threads); });
  for (std::size_t i = 0; i < 2; ++i) {
    const double operations = static_cast<double>(P::flops * batch) * (i == 0 ? 1 : 2);
    const double speed = operations / measured.seconds[i];
    benchmark::Row row =
        benchmark::row(std::string("conv3x3 ") + (i == 0 ? "forward" : "backward") + ", " + std::to_string(C) +
                           " channels, " + std::to_string(batch) + " x " + std::to_string(Maps::places) + " places",
                       1e-9 * speed, "GFLOP/s", threads, speed / measured.limit, benchmark::limit_name<float>());
    row["operations"] = operations;
    benchmark::print(row);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 10;
  const int threads = argc > 2 ? std::atoi(argv[2]) : DefaultThreads::count();
  if (repetitions < 1 || threads < 1) return std::fprintf(stderr, "usage: conv3x3 [repetitions] [threads]\n"), 1;
  DefaultThreads::limit(threads);
  benchmark::processor_time = threads == 1;
  try {
    measure<Levels<Grid<64, 64, 8>, Grid<32, 32, 16>, Grid<16, 16, 32>, Grid<8, 8, 64>>, 256>(1, repetitions, threads);
    measure<Levels<Grid<24, 24, 2>, Grid<12, 12, 4>, Grid<6, 6, 8>>, 64>(16, repetitions, threads);
  } catch (const std::exception& error) { return std::fprintf(stderr, "%s\n", error.what()), 1; }
}
