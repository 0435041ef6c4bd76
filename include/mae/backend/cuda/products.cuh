// The products of a linear layer and of its gradients, by cuBLASLt.
//
// A row-major matrix is a column-major one turned over, which is what cuBLASLt takes. So with x [R, in], w [out, in]:
//     y = x wᵀ + b    is  Y [out × R] = Wᵀ X, bias along the rows of Y: epilogue BIAS; a residual is C with beta 1
//     dx = dy w       is  dX [in × R] = W dY;                           += by beta 1
//     dw += dyᵀ x     is  dW [in × out] = X dYᵀ, beta 1;                db is dY summed along R: epilogue BGRADB
// cuBLASLt's GELU is the tanh approximation, which MAE's weights were not trained with: `linear_activated` is BIAS and
// the activation in a pass of its own. Where cuBLASLt has no algorithm with the epilogue, the bias and its gradient are
// passes of their own too.
//
// Same bits every run: parts of a sum may only meet in a step of their own, in float (backend/cuda/matmul.cuh).
//
// In bf16, factors must be bf16: the weights are rounded into the workspace at each product, for a kernel keeps nothing
// between calls: 6 bytes a weight, beside the 32 of AdamW. A factor that is stored in float is rounded as well, a piece
// of its rows at a time, for the workspace must not grow with the batch.
#pragma once
#include <mae/backend/cuda/matmul.cuh>
#include <mae/backend/cuda/pointwise.cuh>
#include <mae/backend/cuda/sums.cuh>
#include <mae/backend/policy.hpp>
#include <mae/core/shape.hpp>

namespace mae::cuda {

template <class T>
inline constexpr cudaDataType data_type = std::is_same_v<T, bf16> ? CUDA_R_16BF : CUDA_R_32F;
template <class Element>
inline constexpr cublasComputeType_t compute_type =
    std::is_same_v<Element, tf32> ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;

/// y[r, o] = b[o], plus the residual where there is one: what a product without an epilogue is then added to.
template <class Y>
struct BiasFirst {
  Y* y;
  const Y *residual, *b;
  Index out;
  __device__ void operator()(Index r, Index o) const {
    const Index i = r * out + o;
    y[i] = residual ? stored<Y>(float(residual[i]) + float(b[o])) : b[o];
  }
};

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
  /// cuBLASLt's own, rounded weights, a bias or its gradient, sums of columns, pieces of x and of dy.
  static constexpr Index bytes(Index in, Index out) {
    return own_bytes + (narrow ? align_up(in * out * Index{sizeof(T)}) : 0) + align_up(out * Index{sizeof(float)}) +
           column_bytes(out) + piece_size(in) + piece_size(out);
  }
  struct Scratch {
    Scratch(char* base, Index in, Index out) : room{base, own_bytes} {
      weights = base + own_bytes;
      vector = weights + (narrow ? align_up(in * out * Index{sizeof(T)}) : 0);
      partial = vector + align_up(out * Index{sizeof(float)});
      x = partial + column_bytes(out);
      dy = x + piece_size(in);
    }
    DeviceWorkspace room;
    char *weights, *vector, *partial, *x, *dy;
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
    const Y* const bias = as<Y>(b, out, scratch.vector);
    pieces<X, T>(R, in, out, [&](Index first, Index count) {
      Y* const to = y + first * out;
      if constexpr (!std::is_same_v<Residual, Y>)
        if (residual) convert(count * out, to, residual + first * out);
      const Y* before = residual ? to : nullptr;
      if constexpr (std::is_same_v<Residual, Y>)
        if (residual) before = residual + first * out;
      const Matrix w_t{weights, data_type<T>, in, out, true};
      const Matrix x_t{as<T>(x + first * in, count * in, scratch.x), data_type<T>, in, count};
      const Matrix y_t{to, data_type<Y>, out, count};
      if (multiply(compute, w_t, x_t, before ? 1.0f : 0.0f, before ? before : to, y_t, {CUBLASLT_EPILOGUE_BIAS, bias},
                   scratch.room))
        return;
      rows(count, out, BiasFirst<Y>{to, before, bias, out});
      must_multiply(compute, w_t, x_t, 1, to, y_t, scratch.room);
    });
  }
  template <class Y, class X>
  static void input_gradient(Index R, Index in, Index out, const Y* dy, const float* w, X* dx, bool accumulate,
                             char* base) {
    const Scratch scratch(base, in, out);
    const T* const weights = as<T>(w, in * out, scratch.weights);
    pieces<T, Y>(R, in, out, [&](Index first, Index count) {
      X* const to = dx + first * in;
      must_multiply(compute, {weights, data_type<T>, in, out},
                    {as<T>(dy + first * out, count * out, scratch.dy), data_type<T>, out, count},
                    accumulate ? 1.0f : 0.0f, to, {to, data_type<X>, in, count}, scratch.room);
    });
  }
  template <class Y, class X>
  static void weight_gradient(Index R, Index in, Index out, const Y* dy, const X* x, float* dw, float* db, char* base) {
    const Scratch scratch(base, in, out);
    float* const sum = reinterpret_cast<float*>(scratch.vector);
    pieces<X, Y>(R, in, out, [&](Index first, Index count) {
      const Matrix x_t{as<T>(x + first * in, count * in, scratch.x), data_type<T>, in, count};
      const T* const slopes = as<T>(dy + first * out, count * out, scratch.dy);
      const Matrix dy_t{slopes, data_type<T>, out, count, true}, dw_t{dw, CUDA_R_32F, in, out};
      if (db && multiply(compute, x_t, dy_t, 1, dw, dw_t, {CUBLASLT_EPILOGUE_BGRADB, sum}, scratch.room))
        return each(out, AddTo{db, sum});
      must_multiply(compute, x_t, dy_t, 1, dw, dw_t, scratch.room);
      if (db) add_columns(count, out, slopes, db, reinterpret_cast<float*>(scratch.partial));
    });
  }
};

}  // namespace mae::cuda
