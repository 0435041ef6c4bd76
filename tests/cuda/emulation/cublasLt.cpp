// Products of the emulated cuBLASLt. It takes no combination of types that cuBLASLt's table of them lacks, no matrix that
// is less aligned than the heuristic was told, and no reduction whose bits may differ from run to run.
#include "cublasLt.h"

#include <cmath>
#include <vector>

#include <mae/core/bf16.hpp>

namespace {

/// op(m) as floats, [rows][columns] of op(m), `across` first: element (i, k) at [i * inner + k].
std::vector<float> unpacked(const void* memory, const emulated_layout& layout, bool by_columns) {
  std::vector<float> values(layout.rows * layout.columns);
  for (std::uint64_t c = 0; c < layout.columns; ++c)
    for (std::uint64_t r = 0; r < layout.rows; ++r) {
      const auto at = static_cast<std::size_t>(c * static_cast<std::uint64_t>(layout.leading) + r);
      values[by_columns ? c * layout.rows + r : r * layout.columns + c] =
          layout.type == CUDA_R_32F ? static_cast<const float*>(memory)[at]
                                    : float(static_cast<const mae::bf16*>(memory)[at]);
    }
  return values;
}
/// Rounded to 10 bits of fraction.
float to_tf32(float value) {
  const std::uint32_t bits = __float_as_uint(value);
  return std::isfinite(value) ? __uint_as_float((bits + 0xfffu + ((bits >> 13) & 1u)) & ~0x1fffu) : value;
}
std::size_t element_bytes(const emulated_layout& layout) { return layout.type == CUDA_R_32F ? 4 : 2; }
std::size_t bytes_of(const emulated_layout& layout) {
  return (static_cast<std::size_t>((layout.count - 1) * layout.distance) +
          (layout.columns - 1) * static_cast<std::size_t>(layout.leading) + layout.rows) *
         element_bytes(layout);
}
/// Where matrix `g` of `layout` begins.
const void* matrix(const void* first, const emulated_layout& layout, std::int32_t g) {
  return static_cast<const char*>(first) + static_cast<std::size_t>(g * layout.distance) * element_bytes(layout);
}

void multiply(const emulated_matmul& product, const void* a, const emulated_layout& a_layout, const void* b,
              const emulated_layout& b_layout, float beta, const void* c, void* d, const emulated_layout& layout) {
  const std::uint64_t m = layout.rows, n = layout.columns,
                      k = product.a == CUBLAS_OP_N ? a_layout.columns : a_layout.rows;
  // Rows of op(a) and columns of op(b), each k numbers side by side.
  std::vector<float> left = unpacked(a, a_layout, product.a == CUBLAS_OP_T),
                     right = unpacked(b, b_layout, product.b == CUBLAS_OP_N);
  if (product.epilogue == CUBLASLT_EPILOGUE_BGRADB)
    for (std::uint64_t j = 0; j < n; ++j) {
      float sum = 0;
      for (std::uint64_t i = 0; i < k; ++i) sum += right[j * k + i];
      if (product.bias_type == CUDA_R_32F) static_cast<float*>(product.bias)[j] = sum;
      else static_cast<mae::bf16*>(product.bias)[j] = mae::bf16(sum);
    }
  if (product.compute == CUBLAS_COMPUTE_32F_FAST_TF32) {
    for (float& value : left) value = to_tf32(value);
    for (float& value : right) value = to_tf32(value);
  }
  for (std::uint64_t j = 0; j < n; ++j)
    for (std::uint64_t i = 0; i < m; ++i) {
      const auto at = static_cast<std::size_t>(j * static_cast<std::uint64_t>(layout.leading) + i);
      const float *const x = &left[i * k], *const y = &right[j * k];
      float sums[8] = {};
      std::uint64_t t = 0;
      for (; t + 8 <= k; t += 8)
        for (std::uint64_t lane = 0; lane < 8; ++lane) sums[lane] += x[t + lane] * y[t + lane];
      for (; t < k; ++t) sums[0] += x[t] * y[t];
      float sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
      if (beta != 0)
        sum += beta * (layout.type == CUDA_R_32F ? static_cast<const float*>(c)[at]
                                                 : float(static_cast<const mae::bf16*>(c)[at]));
      if (product.epilogue == CUBLASLT_EPILOGUE_BIAS)
        sum += product.bias_type == CUDA_R_32F ? static_cast<const float*>(product.bias)[i]
                                               : float(static_cast<const mae::bf16*>(product.bias)[i]);
      if (layout.type == CUDA_R_32F) static_cast<float*>(d)[at] = sum;
      else static_cast<mae::bf16*>(d)[at] = mae::bf16(sum);
    }
}

}  // namespace

const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS         ? "CUBLAS_STATUS_SUCCESS"
         : status == CUBLAS_STATUS_INVALID_VALUE ? "CUBLAS_STATUS_INVALID_VALUE"
                                                 : "CUBLAS_STATUS_NOT_SUPPORTED";
}
struct emulated_handle {};
cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = new emulated_handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* product, cublasComputeType_t compute, cudaDataType) {
  *product = new emulated_matmul{compute};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t product) {
  delete product;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, std::size_t bytes) {
  auto set = [&](auto& field) {
    if (bytes != sizeof field) return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(&field, value, bytes);
    return CUBLAS_STATUS_SUCCESS;
  };
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA: return set(product->a);
    case CUBLASLT_MATMUL_DESC_TRANSB: return set(product->b);
    case CUBLASLT_MATMUL_DESC_EPILOGUE: return set(product->epilogue);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return set(product->bias);
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE: return set(product->bias_type);
  }
  return CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type, std::uint64_t rows,
                                          std::uint64_t columns, std::int64_t leading) {
  if (rows == 0 || columns == 0 || leading < static_cast<std::int64_t>(rows)) return CUBLAS_STATUS_INVALID_VALUE;
  *layout = new emulated_layout{type, rows, columns, leading};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                                std::size_t bytes) {
  auto set = [&](auto& field) {
    if (bytes != sizeof field) return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(&field, value, bytes);
    return CUBLAS_STATUS_SUCCESS;
  };
  return attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT ? set(layout->count) : set(layout->distance);
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete layout;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = new emulated_preference;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete preference;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                                    std::size_t bytes) {
  auto set = [&](auto& field) {
    if (bytes != sizeof field) return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(&field, value, bytes);
    return CUBLAS_STATUS_SUCCESS;
  };
  if (attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) return set(preference->workspace);
  if (attribute == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK) return set(preference->schemes);
  return set(preference->alignment[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES]);
}
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t product, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                                              cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t preference, int most,
                                              cublasLtMatmulHeuristicResult_t* results, int* found) {
  *found = 0;
  ++emulation::heuristics;
  if (preference->schemes != CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE)
    throw emulation::Fault("a product whose sums may be added up in any order, or in bf16");
  if (!emulation::epilogues && product->epilogue != CUBLASLT_EPILOGUE_DEFAULT) {  // the three ways to refuse, in turn
    results[0].state = CUBLAS_STATUS_NOT_SUPPORTED;
    *found = emulation::heuristics % 3 == 0;
    return *found ? CUBLAS_STATUS_SUCCESS
                  : emulation::heuristics % 3 == 1 ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_INVALID_VALUE;
  }
  const bool narrow = a->type == CUDA_R_16BF;
  const auto bias = product->bias_type < 0 ? d->type : static_cast<cudaDataType_t>(product->bias_type);
  if (most < 1 || a->type != b->type || c->type != d->type || (!narrow && d->type != CUDA_R_32F) ||
      (product->epilogue != CUBLASLT_EPILOGUE_DEFAULT && bias != d->type) ||
      (narrow && product->compute != CUBLAS_COMPUTE_32F))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  results[0] = {{preference->workspace}, preference->workspace, CUBLAS_STATUS_SUCCESS, 1};
  std::memcpy(results[0].algo.alignment, preference->alignment, sizeof preference->alignment);
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t product, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  const float factor = *static_cast<const float*>(beta);
  const std::uint64_t a_inner = product->a == CUBLAS_OP_N ? a_layout->columns : a_layout->rows,
                      b_inner = product->b == CUBLAS_OP_N ? b_layout->rows : b_layout->columns,
                      m = product->a == CUBLAS_OP_N ? a_layout->rows : a_layout->columns,
                      n = product->b == CUBLAS_OP_N ? b_layout->columns : b_layout->rows;
  if (a_layout->count != d_layout->count || b_layout->count != d_layout->count || c_layout->count != d_layout->count)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (a_inner != b_inner || m != d_layout->rows || n != d_layout->columns || *static_cast<const float*>(alpha) != 1 ||
      !algorithm || workspace_bytes < algorithm->workspace)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (!emulation::on_device(a, bytes_of(*a_layout)) || !emulation::on_device(b, bytes_of(*b_layout)) ||
      !emulation::on_device(d, bytes_of(*d_layout)) || (factor != 0 && !emulation::on_device(c, bytes_of(*c_layout))) ||
      (workspace_bytes > 0 && !emulation::on_device(workspace, workspace_bytes)) ||
      (product->bias && !emulation::on_device(product->bias, 1)))
    throw emulation::Fault("a product whose matrices do not lie on the device");
  const void* const matrices[] = {a, b, c, d};
  const emulated_layout* const layouts[] = {a_layout, b_layout, c_layout, d_layout};
  for (int i = 0; i < 4; ++i)
    if (reinterpret_cast<std::uintptr_t>(matrices[i]) % algorithm->alignment[i] != 0 ||
        static_cast<std::size_t>(layouts[i]->distance) * element_bytes(*layouts[i]) % algorithm->alignment[i] != 0)
      throw emulation::Fault("a product whose matrices are less aligned than the heuristic was told");
  return emulation::enqueue(stream,
                            [=, product = *product, a_layout = *a_layout, b_layout = *b_layout, d_layout = *d_layout] {
                              for (std::int32_t g = 0; g < d_layout.count; ++g)
                                multiply(product, matrix(a, a_layout, g), a_layout, matrix(b, b_layout, g), b_layout,
                                         factor, matrix(c, d_layout, g), const_cast<void*>(matrix(d, d_layout, g)),
                                         d_layout);
                            }) == cudaSuccess
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_INVALID_VALUE;
}
