// Lesson 1: a shape is a type.
//
// A network is arithmetic on arrays of numbers. An array of shape [B, N, D] holds B · N · D of them; number (b, n, d)
// lies at place (b · N + n) · D + d, which is all that "row-major" means. Most mistakes in writing a network are
// mistakes of shape, so here a shape is a type and the compiler finds them. Only the number of samples B is left open.
//
// The paper (He et al., 2021, section 3, "Masking") cuts an image of C channels and H × W pixels into a grid of
// patches of P × P. That makes L = (H / P) · (W / P) patches of n = P · P · C numbers each; no number is lost or used
// twice, so L · n = C · H · W. All of it is known before the program runs.
#include <mae/model/geometry.hpp>
#include <mae/tensor/tensor.hpp>

#include <cstdio>

using mae::dyn;
using mae::Shape;

// The paper's images: 3 channels, 224 × 224 pixels, patches of 16 × 16.
using Geometry = mae::ImageShape<3, 224, 224, 16>;
static_assert(Geometry::patches == 14 * 14);
static_assert(Geometry::patch_values == 16 * 16 * 3);
static_assert(std::is_same_v<Geometry::Pixels, Shape<dyn, 3, 224, 224>>);
static_assert(std::is_same_v<Geometry::Patches, Shape<dyn, 196, 768>>);
static_assert(Geometry::Pixels::count == Geometry::Patches::count);

int main() {
  using Tokens = Shape<dyn, 4, 6>;  // [B, 4, 6]: any number of samples of 4 tokens of width 6
  std::printf("Shape<dyn, 4, 6>: rank %jd, %jd numbers a sample, %jd rows of width %jd\n", Tokens::rank, Tokens::count,
              mae::rows_of<Tokens>, mae::width_of<Tokens>);
  using Wider = mae::WithExtent<Tokens, -1, 24>;  // arithmetic on shapes is arithmetic on types
  static_assert(std::is_same_v<Wider, Shape<dyn, 4, 24>>);

  mae::Tensor<float, Tokens> x(2);  // [2, 4, 6], 48 numbers, all zero
  x(1, 2, 3) = 5;
  std::printf("a batch of %jd: x(1, 2, 3) is number %jd of %jd\n", x.batch(), mae::Index(&x(1, 2, 3) - x.data()),
              x.size());
  auto flat = x.view().reshape<Shape<dyn, 24>>();  // [2, 24]  the same numbers
  std::printf("under the shape [2, 24] it is flat(1, 15) = %g\n", flat(1, 15));

  std::printf("an image of 3 x 224 x 224 = %jd numbers is %jd patches of %jd\n", Geometry::Pixels::count,
              Geometry::patches, Geometry::patch_values);

  // Mistakes. Take `//!` away from one of these lines: the compiler gives one error, with the sentence below it.
  // The numbers at fault stand in the compiler's note, such as `rule::PatchesTileImage<224, 15, 15>`.

  //!x(1, 2);
  // error: mae: a tensor takes one index for each extent of its shape

  //!x.view().reshape<Shape<dyn, 25>>();
  // error: mae::View::reshape: both shapes must hold the same number of elements

  //!static_assert(mae::ImageShape<3, 224, 240, 15>::patches > 0);
  // error: mae::ImageShape: the height must be a multiple of the patch side

  //!static_assert(mae::Transformer<768, 12, 10>::heads > 0);
  // error: mae::Transformer<D, Blocks, Heads>: the width D must be a multiple of Heads
}
