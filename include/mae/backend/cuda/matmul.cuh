// One call of cuBLASLt: a product of column-major matrices with an epilogue.
//
// What cuBLASLt is asked is decided once for each shape, and kept: descriptions, layouts and the algorithm. The first
// algorithm that its heuristic names is taken, which is the same in every run on the same GPU. Three things are told:
//   - parts of a sum that are made in parallel may only be added up in float, in a step of their own; so no sum has an
//     order that depends on which block was first, and none is rounded to bf16 on its way;
//   - how far each matrix is aligned, for the heuristic takes 256 bytes for granted, and a piece of rows may have 2;
//   - the type of a bias and of its gradient, which is that of the result: no other is known to work for all.
#pragma once
#include <array>
#include <map>
#include <memory>

#include <mae/backend/cuda/runtime.cuh>

namespace mae::cuda {

/// A column-major matrix, dense; or `count` of them, one behind the other.
struct Matrix {
  const void* data;
  cudaDataType type;
  Index rows, columns;
  bool transposed = false;
  Index count = 1;
};
/// cuBLASLt's epilogue: add a bias, or also return a column sum (the gradient of a bias).
struct Epilogue {
  cublasLtEpilogue_t kind = CUBLASLT_EPILOGUE_DEFAULT;
  const void* vector = nullptr;
};
struct DeviceWorkspace {
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

/// What cuBLASLt is called with for products of one shape.
struct MatmulPlan {
  Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy> product;
  Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy> a, b, d;
  cublasLtMatmulAlgo_t algorithm{};
  bool found = false;

  template <class Value>
  void set(cublasLtMatmulDescAttributes_t attribute, const Value& value) {
    check(cublasLtMatmulDescSetAttribute(product.handle, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }
};
/// All that a plan depends on.
using MatmulKey = std::array<Index, 18>;

/// The largest power of two up to `alignment` that an address is a multiple of, and `distance` too.
inline std::uint32_t aligned_to(const void* memory, Index distance = 0) {
  const auto address =
      reinterpret_cast<std::uintptr_t>(memory) | std::uintptr_t{alignment} | static_cast<std::uintptr_t>(distance);
  return static_cast<std::uint32_t>(address & (~address + 1));
}
/// What all matrices of `m` are aligned to, if the first lies at `memory`.
inline std::uint32_t aligned_to(const void* memory, const Matrix& m) {
  return aligned_to(memory, m.count > 1 ? m.rows * m.columns * (m.type == CUDA_R_16BF ? 2 : 4) : 0);
}

inline void make_plan(MatmulPlan& plan, cublasComputeType_t compute, const Matrix& a, const Matrix& b, const void* c,
                      const Matrix& d, const Epilogue& epilogue, Index room) {
  auto lay_out = [](auto& layout, const Matrix& m) {
    check(cublasLtMatrixLayoutCreate(&layout.handle, m.type, static_cast<std::uint64_t>(m.rows),
                                     static_cast<std::uint64_t>(m.columns), m.rows),
          "cublasLtMatrixLayoutCreate");
    if (m.count == 1) return;
    auto set = [&](cublasLtMatrixLayoutAttribute_t attribute, const auto& value) {
      check(cublasLtMatrixLayoutSetAttribute(layout.handle, attribute, &value, sizeof value),
            "cublasLtMatrixLayoutSetAttribute");
    };
    set(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<std::int32_t>(m.count));
    set(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, std::int64_t{m.rows * m.columns});
  };
  check(cublasLtMatmulDescCreate(&plan.product.handle, compute, CUDA_R_32F), "cublasLtMatmulDescCreate");
  plan.set(CUBLASLT_MATMUL_DESC_TRANSA, a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  plan.set(CUBLASLT_MATMUL_DESC_TRANSB, b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  plan.set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue.kind);
  if (epilogue.vector) {
    plan.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, epilogue.vector);
    plan.set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, static_cast<std::int32_t>(d.type));
  }
  lay_out(plan.a, a), lay_out(plan.b, b), lay_out(plan.d, d);

  Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> preference;
  check(cublasLtMatmulPreferenceCreate(&preference.handle), "cublasLtMatmulPreferenceCreate");
  auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
    check(cublasLtMatmulPreferenceSetAttribute(preference.handle, attribute, &value, sizeof value),
          "cublasLtMatmulPreferenceSetAttribute");
  };
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::size_t>(room));
  prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, aligned_to(a.data, a));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, aligned_to(b.data, b));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, aligned_to(c, d));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, aligned_to(d.data, d));
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(Runtime::get().products, plan.product.handle, plan.a.handle, plan.b.handle,
                                     plan.d.handle, plan.d.handle, preference.handle, 1, &best, &found);
  // An epilogue that it does not know for these types may also be a "parameter in conflict".
  const bool refused = status == CUBLAS_STATUS_NOT_SUPPORTED ||
                       (status == CUBLAS_STATUS_INVALID_VALUE && epilogue.kind != CUBLASLT_EPILOGUE_DEFAULT);
  if (!refused) check(status, "cublasLtMatmulAlgoGetHeuristic");
  plan.found = status == CUBLAS_STATUS_SUCCESS && found > 0 && best.state == CUBLAS_STATUS_SUCCESS;
  plan.algorithm = best.algo;
}

/// d = a b + beta · c for each of the matrices, `c` of d's shape and type. False, and nothing done, if cuBLASLt has no
/// algorithm for it.
inline bool multiply(cublasComputeType_t compute, const Matrix& a, const Matrix& b, float beta, const void* c,
                     const Matrix& d, const Epilogue& epilogue, const DeviceWorkspace& room) {
  static thread_local std::map<MatmulKey, std::unique_ptr<MatmulPlan>> plans;
  const MatmulKey key{compute,
                      a.type,
                      a.rows,
                      a.columns,
                      a.transposed,
                      aligned_to(a.data),
                      b.type,
                      b.rows,
                      b.columns,
                      b.transposed,
                      aligned_to(b.data),
                      d.type,
                      aligned_to(d.data),
                      aligned_to(c),
                      epilogue.kind,
                      aligned_to(epilogue.vector),
                      room.bytes,
                      d.count};
  std::unique_ptr<MatmulPlan>& plan = plans[key];
  if (!plan) {
    auto made = std::make_unique<MatmulPlan>();
    make_plan(*made, compute, a, b, c, d, epilogue, room.bytes);
    plan = std::move(made);
  }
  if (!plan->found) return false;
  if (epilogue.vector) plan->set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, epilogue.vector);
  const float alpha = 1;
  Runtime& runtime = Runtime::get();
  check(cublasLtMatmul(runtime.products, plan->product.handle, &alpha, a.data, plan->a.handle, b.data, plan->b.handle,
                       &beta, c, plan->d.handle, const_cast<void*>(d.data), plan->d.handle, &plan->algorithm,
                       room.memory, static_cast<std::size_t>(room.bytes), runtime.kernels),
        "cublasLtMatmul");
  return true;
}
/// The same without an epilogue, which cuBLASLt must know how to do.
inline void must_multiply(cublasComputeType_t compute, const Matrix& a, const Matrix& b, float beta, const void* c,
                          const Matrix& d, const DeviceWorkspace& room) {
  if (!multiply(compute, a, b, beta, c, d, {}, room))
    throw Error("cublasLtMatmulAlgoGetHeuristic",
                "no algorithm for a product of " + std::to_string(d.rows) + " x " + std::to_string(d.columns), "one");
}

}  // namespace mae::cuda
