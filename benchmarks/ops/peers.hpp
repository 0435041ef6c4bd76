// Who else multiplies matrices: Eigen, OpenBLAS, oneDNN, each behind the same three calls.
//
//    forward          y  [R, out] = x  [R, in]   w [out, in]ᵀ
//    input gradient   dx [R, in]  = dy [R, out]  w [out, in]
//    weight gradient  dw [out, in] += dy [R, out]ᵀ x [R, in]
//
// A peer does the product alone; ours adds the bias and sums its gradient as well. Matrices are row-major and dense,
// as they are in a network, and nothing is prepared in advance: weights change with every step. In bf16, x, w and dy
// are bf16 and dw is float, as mixed precision has it. What a peer cannot do it has no `multiply` for, or, if that
// depends on the processor, throws `Unable`.
#pragma once
#include <dlfcn.h>

#include <Eigen/Core>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <mae/core/bf16.hpp>
#include <mae/core/config.hpp>
#if MAE_HAS_ONEDNN
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#endif

namespace mae::benchmark {

/// What a peer says of a product that it has no kernel for on this processor.
struct Unable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// C [M, N] (+)= A B, where A is [M, K] or, if `turn_a`, stored as [K, M]; B likewise.
struct Sizes {
  Index M, N, K;
  bool turn_a, turn_b, add;
};

/// Eigen: headers only, wide vectors if it is compiled for them (-march=native).
class EigenPeer {
 public:
  explicit EigenPeer(int threads) { Eigen::setNbThreads(threads); }
  static std::string name() {
    return "Eigen " + std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
           std::to_string(EIGEN_MINOR_VERSION);
  }
  bool present() const { return true; }
  void multiply(const Sizes& s, const float* a, const float* b, float* c) {
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const Matrix> A(a, s.turn_a ? s.K : s.M, s.turn_a ? s.M : s.K);
    const Eigen::Map<const Matrix> B(b, s.turn_b ? s.N : s.K, s.turn_b ? s.K : s.N);
    Eigen::Map<Matrix> C(c, s.M, s.N);
    if (!s.turn_a && s.turn_b) C.noalias() = A * B.transpose();
    if (!s.turn_a && !s.turn_b) C.noalias() = A * B;
    if (s.turn_a && !s.turn_b) C.noalias() += A.transpose() * B;
  }
};

/// OpenBLAS, loaded when the program runs. Its choice of kernels is left to it, whatever the environment says.
class OpenBlas {
 public:
  explicit OpenBlas(int threads) {
    for (const char* forced : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS"}) ::unsetenv(forced);
    // After a product its threads look for another one for 2^n cycles: by default so long that whoever comes next has
    // half a processor less. Within a millisecond the next repetition still finds them awake.
    ::setenv("OPENBLAS_THREAD_TIMEOUT", "20", 1);
    library_ = std::strlen(MAE_OPENBLAS) ? ::dlopen(MAE_OPENBLAS, RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (!library_) return;
    find("cblas_sgemm", product_);
    find("openblas_get_corename", core_);
    find("openblas_get_config", config_);
    void (*set_threads)(int) = nullptr;
    find("openblas_set_num_threads", set_threads);
    if (set_threads) set_threads(threads);
  }
  OpenBlas(const OpenBlas&) = delete;
  OpenBlas& operator=(const OpenBlas&) = delete;

  /// "OpenBLAS 0.3.34, kernels SkylakeX".
  std::string name() const {
    std::string version = config_ ? config_() : "OpenBLAS";
    version = version.substr(0, version.find(' ', version.find(' ') + 1));
    return version + (core_ ? std::string(", kernels ") + core_() : "");
  }
  bool present() const { return product_ != nullptr; }
  void multiply(const Sizes& s, const float* a, const float* b, float* c) {
    constexpr int row_major = 101, as_is = 111, turned = 112;
    const int M = static_cast<int>(s.M), N = static_cast<int>(s.N), K = static_cast<int>(s.K);
    product_(row_major, s.turn_a ? turned : as_is, s.turn_b ? turned : as_is, M, N, K, 1.0f, a, s.turn_a ? M : K, b,
             s.turn_b ? K : N, s.add ? 1.0f : 0.0f, c, N);
  }

 private:
  using Product = void (*)(int order, int turn_a, int turn_b, int M, int N, int K, float factor, const float* a,
                           int a_row, const float* b, int b_row, float old, float* c, int c_row);

  /// Some builds put a prefix before every name.
  template <class Function>
  void find(const std::string& name, Function& function) {
    for (const char* prefix : {"", "scipy_"})
      if (void* found = ::dlsym(library_, (prefix + name).c_str())) function = reinterpret_cast<Function>(found);
  }

  void* library_ = nullptr;
  Product product_ = nullptr;
  char* (*core_)() = nullptr;
  char* (*config_)() = nullptr;
};

#if MAE_HAS_ONEDNN
/// oneDNN: its matrix product, made once for every shape. It runs on the same OpenMP threads as we do.
class OneDnn {
 public:
  explicit OneDnn(int) {}
  static std::string name() {
    const dnnl_version_t* version = dnnl_version();
    return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
           std::to_string(version->patch);
  }
  bool present() const { return true; }
  template <class T, class R>
  void multiply(const Sizes& s, const T* a, const T* b, R* c) {
    using Memory = dnnl::memory;
    const auto describe = [](Index rows, Index columns, bool turned, auto* example) {
      constexpr bool is_bf16 = std::is_same_v<std::remove_cvref_t<decltype(*example)>, bf16>;
      return Memory::desc({rows, columns}, is_bf16 ? Memory::data_type::bf16 : Memory::data_type::f32,
                          turned ? Memory::dims{1, rows} : Memory::dims{columns, 1});
    };
    const auto A = describe(s.M, s.K, s.turn_a, a), B = describe(s.K, s.N, s.turn_b, b);
    const auto C = describe(s.M, s.N, false, c);
    const std::string key = std::to_string(s.M) + " " + std::to_string(s.N) + " " + std::to_string(s.K) + " " +
                            std::to_string(sizeof(T)) + std::to_string(s.turn_a) + std::to_string(s.turn_b);
    auto known = products_.find(key);
    if (known == products_.end()) {
      dnnl::primitive_attr more;
      if (s.add) {
        dnnl::post_ops sum;
        sum.append_sum(1.0f);
        more.set_post_ops(sum);
      }
      try {
        known = products_.emplace(key, dnnl::matmul({engine_, A, B, C, more})).first;
      } catch (const dnnl::error& error) { throw Unable(error.what()); }
    }
    Memory from_a(A, engine_, const_cast<T*>(a)), from_b(B, engine_, const_cast<T*>(b)), to(C, engine_, c);
    known->second.execute(stream_, {{DNNL_ARG_SRC, from_a}, {DNNL_ARG_WEIGHTS, from_b}, {DNNL_ARG_DST, to}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::unordered_map<std::string, dnnl::matmul> products_;
};
#else
/// Not installed where this was compiled.
struct OneDnn {
  explicit OneDnn(int) {}
  static std::string name() { return "oneDNN"; }
  bool present() const { return false; }
};
#endif

}  // namespace mae::benchmark
