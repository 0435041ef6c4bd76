// All primitive operations, with their kernels for Reference and Cpu: what to build a layer from that the library
// lacks. For Cuda include `<mae/backend/cuda/primitives.cuh>` beside it.
#pragma once
#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/cpu/primitives.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/broadcast.hpp>  // x * gamma, x + bias, x - mean<-1, keep_axis>(x)
#include <mae/ops/concat.hpp>     // concat<1>(x, y)
#include <mae/ops/matmul.hpp>     // x y, x yᵀ, xᵀ y
#include <mae/ops/reduce.hpp>     // sum<1>(x), mean<-1>(x)
#include <mae/ops/relu.hpp>       // max(x, 0)
#include <mae/ops/reshape.hpp>    // the same numbers, another shape
#include <mae/ops/rsqrt.hpp>      // 1 / sqrt(x + epsilon)
#include <mae/ops/scale.hpp>      // a number times x
#include <mae/ops/silu.hpp>       // x σ(x)
#include <mae/ops/slice.hpp>      // slice<-1, 0, 8>(x)
#include <mae/ops/softmax.hpp>    // shares of a row
#include <mae/ops/transpose.hpp>  // transpose<1, 2>(x)
