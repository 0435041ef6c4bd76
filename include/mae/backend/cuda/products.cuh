// The products of a linear layer and of its gradients, by cuBLASLt.
//
// A row-major matrix is a column-major one turned over, which is what cuBLASLt takes. So with x [R, in], w [out, in]:
//     y = x wᵀ + b    is  Y [out × R] = Wᵀ X, bias along the rows of Y: epilogue BIAS; a residual is C with beta 1
//     dx = dy w       is  dX [in × R] = W dY;                           += by beta 1
//     dw += dyᵀ x     is  dW [in × out] = X dYᵀ, beta 1;                db is dY summed along R: epilogue BGRADB
// cuBLASLt's GELU is the tanh approximation, which MAE's weights were not trained with: `linear_gelu` is BIAS and the
// exact GELU in a pass of its own.
//
// In bf16, factors must be bf16: the weights are rounded into the workspace, and so is a factor that is stored in
// float, a piece of its rows at a time, for the workspace must not grow with the batch.
#pragma once
#include <mae/backend/cuda/maps.cuh>
#include <mae/backend/policy.hpp>

namespace mae::cuda {

template <class T>
inline constexpr cudaDataType data_type = std::is_same_v<T, bf16> ? CUDA_R_16BF : CUDA_R_32F;
template <class Element>
inline constexpr cublasComputeType_t compute_type =
    std::is_same_v<Element, tf32> ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;

/// A column-major matrix, dense.
struct Matrix {
  const void* data;
  cudaDataType type;
  Index rows, columns;
  bool transposed = false;
};
/// What happens to a product as it is written: a bias is added to each column, or what one factor sums up to is noted.
struct Epilogue {
  cublasLtEpilogue_t kind = CUBLASLT_EPILOGUE_DEFAULT;
  const void* vector = nullptr;
  cudaDataType type = CUDA_R_32F;
};
struct Room {
  void* memory;
  Index bytes;
};

/// A handle of cuBLASLt that is given back.
template <class Handle, cublasStatus_t (*destroy)(Handle)>
struct Owned {
  Handle handle = nullptr;
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (handle) destroy(handle);
  }
};
using OwnedLayout = Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;

/// d = a b + beta · c, `c` of d's shape and type.
inline void multiply(cublasComputeType_t compute, const Matrix& a, const Matrix& b, float beta, const void* c,
                     const Matrix& d, void* to, const Epilogue& epilogue, const Room& room) {
  Runtime& runtime = Runtime::get();
  Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy> product;
  Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> preference;
  OwnedLayout a_layout, b_layout, d_layout;
  auto set = [&](cublasLtMatmulDescAttributes_t attribute, const auto& value) {
    check(cublasLtMatmulDescSetAttribute(product.handle, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  };
  auto lay_out = [](OwnedLayout& layout, const Matrix& m) {
    check(cublasLtMatrixLayoutCreate(&layout.handle, m.type, static_cast<std::uint64_t>(m.rows),
                                     static_cast<std::uint64_t>(m.columns), m.rows),
          "cublasLtMatrixLayoutCreate");
  };
  check(cublasLtMatmulDescCreate(&product.handle, compute, CUDA_R_32F), "cublasLtMatmulDescCreate");
  set(CUBLASLT_MATMUL_DESC_TRANSA, a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(CUBLASLT_MATMUL_DESC_TRANSB, b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue.kind);
  if (epilogue.vector) {
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, epilogue.vector);
    set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, static_cast<std::int32_t>(epilogue.type));
  }
  lay_out(a_layout, a), lay_out(b_layout, b), lay_out(d_layout, d);
  check(cublasLtMatmulPreferenceCreate(&preference.handle), "cublasLtMatmulPreferenceCreate");
  const auto bytes = static_cast<std::size_t>(room.bytes);
  check(cublasLtMatmulPreferenceSetAttribute(preference.handle, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes,
                                             sizeof bytes),
        "cublasLtMatmulPreferenceSetAttribute");
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;
  check(cublasLtMatmulAlgoGetHeuristic(runtime.products, product.handle, a_layout.handle, b_layout.handle,
                                       d_layout.handle, d_layout.handle, preference.handle, 1, &best, &found),
        "cublasLtMatmulAlgoGetHeuristic");
  if (found == 0)
    throw Error("cublasLtMatmulAlgoGetHeuristic",
                "no algorithm for a product of " + std::to_string(d.rows) + " x " + std::to_string(d.columns), "one");
  const float alpha = 1;
  check(cublasLtMatmul(runtime.products, product.handle, &alpha, a.data, a_layout.handle, b.data, b_layout.handle,
                       &beta, c, d_layout.handle, to, d_layout.handle, &best.algo, room.memory, bytes, runtime.kernels),
        "cublasLtMatmul");
}

/// The products of a policy whose factors are of type T. `Element` is what the policy is called by.
template <class Element>
struct Products {
  using T = typename Elements<Element>::Activation;
  static constexpr bool narrow = !std::is_same_v<T, float>;
  static constexpr cublasComputeType_t compute = compute_type<Element>;
  /// What cuBLASLt may use for itself, as NVIDIA recommends for its newer devices; and how large a piece of rounded
  /// rows may be.
  static constexpr Index own_bytes = Index{32} << 20, piece_bytes = Index{8} << 20;

  static constexpr Index piece_rows(Index width) {
    const Index rows = piece_bytes / (width * Index{sizeof(T)});
    return rows > 0 ? rows : 1;
  }
  static constexpr Index piece_size(Index width) {
    return narrow ? align_up(piece_rows(width) * width * Index{sizeof(T)}) : 0;
  }
  /// cuBLASLt's own, rounded weights, a bias or its gradient, pieces of x and of dy.
  static constexpr Index bytes(Index in, Index out) {
    return own_bytes + (narrow ? align_up(in * out * Index{sizeof(T)}) : 0) + align_up(out * Index{sizeof(float)}) +
           piece_size(in) + piece_size(out);
  }
  struct Scratch {
    Scratch(char* base, Index in, Index out) : room{base, own_bytes} {
      weights = base + own_bytes;
      vector = weights + (narrow ? align_up(in * out * Index{sizeof(T)}) : 0);
      x = vector + align_up(out * Index{sizeof(float)});
      dy = x + piece_size(in);
    }
    Room room;
    char *weights, *vector, *x, *dy;
  };

  /// `count` numbers as factors or biases of type To: as they are, or converted to `place`.
  template <class To, class From>
  static const To* as(const From* from, Index count, char* place) {
    if constexpr (std::is_same_v<To, From>) {
      return from;
    } else {
      To* const to = reinterpret_cast<To*>(place);
      convert(count, to, from);
      return to;
    }
  }
  /// Calls work(first, count) for pieces of the rows: all at once, unless `X` or `Y` must be rounded.
  template <class X, class Y, class Work>
  static void pieces(Index R, Index in, Index out, const Work& work) {
    Index most = R;
    if (!std::is_same_v<X, T> && piece_rows(in) < most) most = piece_rows(in);
    if (!std::is_same_v<Y, T> && piece_rows(out) < most) most = piece_rows(out);
    for (Index first = 0; first < R; first += most) work(first, R - first < most ? R - first : most);
  }

  /// y = x wᵀ + b, plus the residual where there is one.
  template <class X, class Residual, class Y>
  static void forward(Index R, Index in, Index out, const X* x, const float* w, const float* b,
                      const Residual* residual, Y* y, char* base) {
    const Scratch scratch(base, in, out);
    const T* const weights = as<T>(w, in * out, scratch.weights);
    const Epilogue bias{CUBLASLT_EPILOGUE_BIAS, as<Y>(b, out, scratch.vector), data_type<Y>};
    pieces<X, T>(R, in, out, [&](Index first, Index count) {
      Y* const to = y + first * out;
      if constexpr (!std::is_same_v<Residual, Y>)
        if (residual) convert(count * out, to, residual + first * out);
      const void* c = to;
      if constexpr (std::is_same_v<Residual, Y>)
        if (residual) c = residual + first * out;
      multiply(compute, {weights, data_type<T>, in, out, true},
               {as<T>(x + first * in, count * in, scratch.x), data_type<T>, in, count}, residual ? 1.0f : 0.0f, c,
               {to, data_type<Y>, out, count}, to, bias, scratch.room);
    });
  }
  template <class Y, class X>
  static void input_gradient(Index R, Index in, Index out, const Y* dy, const float* w, X* dx, bool accumulate,
                             char* base) {
    const Scratch scratch(base, in, out);
    const T* const weights = as<T>(w, in * out, scratch.weights);
    pieces<T, Y>(R, in, out, [&](Index first, Index count) {
      X* const to = dx + first * in;
      multiply(compute, {weights, data_type<T>, in, out},
               {as<T>(dy + first * out, count * out, scratch.dy), data_type<T>, out, count}, accumulate ? 1.0f : 0.0f,
               to, {to, data_type<X>, in, count}, to, {}, scratch.room);
    });
  }
  template <class Y, class X>
  static void weight_gradient(Index R, Index in, Index out, const Y* dy, const X* x, float* dw, float* db, char* base) {
    const Scratch scratch(base, in, out);
    float* const sum = reinterpret_cast<float*>(scratch.vector);
    Epilogue bias;
    if (db) bias = {CUBLASLT_EPILOGUE_BGRADB, sum, CUDA_R_32F};
    pieces<X, Y>(R, in, out, [&](Index first, Index count) {
      multiply(compute, {as<T>(x + first * in, count * in, scratch.x), data_type<T>, in, count},
               {as<T>(dy + first * out, count * out, scratch.dy), data_type<T>, out, count, true}, 1.0f, dw,
               {dw, CUDA_R_32F, in, out}, dw, bias, scratch.room);
      if (db) each(out, AddTo{db, sum});
    });
  }
};

}  // namespace mae::cuda
