// Lesson 15: from tokens to a mask.
//
// A mask, here, says of each pixel what it shows: class 0, 1, ..., or 255 where nobody can tell. (The library calls it
// a class map, for to an autoencoder a mask is what hides patches.) The encoder gives a token for each patch. Blocks
// add to tokens and move none, so token l is that of patch row ⌊l / columns⌋ and column l mod columns, at the end as at
// the beginning. It knows what its patch shows, and what attention brought from the others. The smallest head asks
// every token by itself, with the same K × D weights in all places, for K numbers, one a class, the larger the
// likelier:
//
//     z_l = W x_l + b     (logits).
//
// That is one answer for P × P pixels. Bilinear interpolation makes of it a value for each. Let the centres of tokens
// lie at 0, 1, 2, ...; then that of pixel u lies at s = (u + 1/2) / P - 1/2 (at 0 if this is less), and its value is
// that of the two tokens beside it, by shares of 1 - t and t, t = s - ⌊s⌋: in columns, and again in rows. That is
// linear, y = U x with a matrix U of shares that does not depend on x, so backward is its transpose, ẋ = Uᵀ ẏ: a token
// hears of a pixel's slope by the share that it has in the pixel.
//
// The loss: with p = softmax(z) in each pixel (the shares of lesson 7) and M the pixels n that have a class c_n,
//
//     L = -1/|M| Σ_{n in M} log p_n[c_n],     ż_n[k] = (p_n[k] - [k = c_n]) / |M|  in M, 0 elsewhere,
//
// where [...] is 1 if that is so, else 0. Who knows nothing calls all K classes equally likely, and pays log K.
//
// How good is a mask? Let n_ck count the pixels of class c that were called k. Of each class, divide what is right by
// all that is it or was called it, "intersection over union":
//
//     IoU_c = n_cc / (Σ_k n_ck + Σ_k n_kc - n_cc).
//
// Mean IoU is the mean over classes, from counts over all images. A mean over images instead would let one pixel in an
// image weigh as much as thousands in another, and has no number, 0 / 0, for images without the class.
//
// Paper: section 5, "Semantic segmentation", table 5. The head: Strudel et al., "Segmenter", 2021, section 3.2.
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/ops/pixel_cross_entropy.hpp>
#include <mae/ops/upsample.hpp>
#include <mae/train/segmentation.hpp>

#include <cmath>
#include <cstdio>

using mae::dyn, mae::Expression, mae::Index, mae::Shape, mae::View;
using Policy = mae::Reference<double>;

/// A row of three tokens of one number, 4 pixels wide → 4 × 12 pixels, all rows alike.
struct Stretch {
  using Inputs = mae::Inputs<mae::Input<Shape<dyn, 3, 1>, void, true>>;
  MAE_MODULE()
  constexpr auto operator()(const Expression auto& x) const { return mae::upsample<1, 3, 4>(x); }  // [B, 48, 1]
};

void interpolation() {
  const double x[] = {0, 8, 80};
  double share[12][3] = {};  // U
  for (int u = 0; u < 12; ++u) {
    const double s = std::fmax((u + 0.5) / 4 - 0.5, 0), low = std::floor(s), t = s - low;
    share[u][int(low)] += 1 - t;
    share[u][int(low) < 2 ? int(low) + 1 : 2] += t;  // beyond the last token there is none
  }
  const mae::Weights<Stretch, Policy> none;
  mae::Session<mae::Program<Stretch, Policy>> session(1);
  const View<const double, Shape<dyn, 3, 1>> tokens(x);
  const auto y = session.forward(none, tokens);  // [1, 48, 1]
  std::printf("pixel  eighths of tokens 0 1 2    of tokens 0, 8, 80: by hand  library\n");
  for (int u = 0; u < 12; ++u)
    std::printf("%5d %15.0f %3.0f %3.0f %31.0f %8.0f\n", u, 8 * share[u][0], 8 * share[u][1], 8 * share[u][2],
                share[u][0] * x[0] + share[u][1] * x[1] + share[u][2] * x[2], y(0, u, 0));  // y = U x

  auto slopes = session.seed_gradient();  // ẏ [1, 48, 1]
  for (double& slope : slopes) slope = 0;
  slopes(0, 3, 0) = 8, slopes(0, 6, 0) = 16;
  mae::Weights<Stretch, Policy> nothing;
  session.backward(nothing);
  const auto back = session.input_gradient_of<0>();  // ẋ [1, 3, 1]
  std::printf("slopes 8 of pixel 3 and 16 of pixel 6, in tokens:");
  for (int j = 0; j < 3; ++j)  // ẋ = Uᵀ ẏ
    std::printf("  %.0f (library %.0f)", 8 * share[3][j] + 16 * share[6][j], back(0, j, 0));
}

/// Logits of two classes in four pixels, and the classes.
struct FourPixels {
  using Inputs = mae::Inputs<mae::Input<Shape<dyn, 4, 2>, void, true>, mae::Indices<Shape<dyn, 4>>>;
  MAE_MODULE()
  constexpr auto operator()(const Expression auto& logits, const Expression auto& classes) const {
    return mae::pixel_cross_entropy(logits, classes);  // [B]
  }
};

void loss() {
  const double three = std::log(3), logits[] = {three, 0, three, 0, 0, 0, three, 0};  // 3:1, 3:1, 1:1, 3:1
  const std::int32_t labels[] = {0, 1, 0, 255};
  const View<const double, Shape<dyn, 4, 2>> z(logits);           // [1, 4, 2]
  const View<const std::int32_t, Shape<dyn, 4>> classes(labels);  // [1, 4]
  mae::Weights<FourPixels, Policy> none, nothing;
  mae::Session<mae::Program<FourPixels, Policy>> session(1);
  const double library = session.step(none, nothing, z, classes);
  const double by_hand = -(std::log(3. / 4) + std::log(1. / 4) + std::log(1. / 2)) / 3;  // three have a class
  std::printf("\n\nloss of four pixels: %.4f by hand, %.4f by the library; slopes times 3:", by_hand, library);
  const auto slopes = session.input_gradient_of<0>();  // [1, 4, 2]
  for (Index n = 0; n < 4; ++n) std::printf(" (%.2f, %.2f)", 3 * slopes(0, n, 0), 3 * slopes(0, n, 1));
}

/// Two images of 100 pixels. Of one the object, 1 pixel, is overlooked; of the other it is found, all 9.
void scores() {
  mae::SegmentationScores image[] = {mae::SegmentationScores(2), mae::SegmentationScores(2)}, both(2), nothing(2);
  for (int i = 0; i < 2; ++i)
    for (int pixel = 0; pixel < 100; ++pixel) {
      const int truth = pixel < (i == 0 ? 1 : 9), called = i == 0 ? 0 : truth;
      image[i].add(truth, called), both.add(truth, called), nothing.add(truth, 0);
    }
  std::printf("\n\nIoU of objects: %.2f in one image, %.2f in the other, mean %.2f; of counts over both %.2f\n",
              image[0].iou(1), image[1].iou(1), (image[0].iou(1) + image[1].iou(1)) / 2, both.iou(1));
  std::printf("background everywhere: %.1f %% of pixels are right, mean IoU %.1f %%\n\n",
              100 * nothing.pixel_accuracy(), 100 * nothing.mean_iou());
}

/// A scene of 3 × 4 patches of 4 × 4 pixels: classes . o #, and ? where nobody can tell.
constexpr char scene[] =
    "................................"
    "...?oo?.....????..?oooo?....####"
    ".?oooooo?...####.oooooooo...####"
    ".oooooooo...####.?oooooo?...####"
    "..?oooo?....####...?oo?.....####"
    "............####............####";
constexpr char drawn[] = ".o#";

/// tokens [B, 12, 3] → logits [B, 192, 3], and with classes [B, 192] → loss [B].
struct Head {
  using Inputs = mae::Inputs<mae::Input<Shape<dyn, 12, 3>>>;
  mae::Linear<3, 3> head;
  MAE_MODULE(head)
  constexpr auto operator()(const Expression auto& tokens) const { return mae::upsample<3, 4, 4>(head(tokens)); }
};
struct HeadLoss : Head {
  using Inputs = mae::Inputs<mae::Input<Shape<dyn, 12, 3>>, mae::Indices<Shape<dyn, 192>>>;
  constexpr auto operator()(const Expression auto& tokens, const Expression auto& classes) const {
    return mae::pixel_cross_entropy(Head::operator()(tokens), classes);
  }
};

int main() {
  interpolation();
  loss();
  scores();

  // An encoder as good as can be: token l tells what share of its patch is of which class.
  mae::Tensor<double, Shape<dyn, 12, 3>> tokens(1);
  mae::Tensor<std::int32_t, Shape<dyn, 192>> classes(1);
  const auto token_of = [](Index pixel) { return pixel / 16 / 4 * 4 + pixel % 16 / 4; };
  for (Index n = 0; n < 192; ++n) {
    classes(0, n) = 255;
    for (Index k = 0; k < 3; ++k)
      if (scene[n] == drawn[k]) classes(0, n) = std::int32_t(k), tokens(0, token_of(n), k) += 1. / 16;
  }
  mae::Weights<Head, Policy> weights, gradients;  // zeros
  mae::Session<mae::Program<HeadLoss, Policy>> session(1);
  for (int step = 0; step <= 2000; ++step) {
    gradients.zero();
    const double now = session.step(weights, gradients, tokens, classes);
    if (step % 500 == 0) std::printf("step %4d  loss %.4f\n", step, now);
    for (Index i = 0; i < weights.size(); ++i) weights.data()[i] -= gradients.data()[i];  // a learning rate of 1
  }

  mae::Session<mae::Program<Head, Policy, mae::Inference>> answer(1);
  const auto logits = answer.forward(weights, tokens);  // [1, 192, 3]
  mae::SegmentationScores by_patch(3), by_pixel(3);
  char patches[192], pixels[192];
  for (Index n = 0; n < 192; ++n) {
    Index of_patch = 0, of_pixel = 0;
    for (Index k = 1; k < 3; ++k) {
      if (tokens(0, token_of(n), k) > tokens(0, token_of(n), of_patch)) of_patch = k;
      if (logits(0, n, k) > logits(0, n, of_pixel)) of_pixel = k;
    }
    patches[n] = drawn[of_patch], pixels[n] = drawn[of_pixel];
    if (classes(0, n) < 3) by_patch.add(classes(0, n), of_patch), by_pixel.add(classes(0, n), of_pixel);
  }
  std::printf("\n%-20s%-20s%s\n", "true", "a class a patch", "interpolated");
  for (int row = 0; row < 192; row += 16)
    std::printf("%.16s    %.16s    %.16s\n", scene + row, patches + row, pixels + row);
  std::printf("%-20s%-20.3f%.3f\n", "mean IoU", by_patch.mean_iou(), by_pixel.mean_iou());

  // What is wrong yet is at contours: one answer a patch is coarse. Smaller patches help, or finer maps (lesson 16).

  //! mae::Segmenter<mae::ImageShape<1, 12, 16, 4>, mae::Transformer<32, 2, 4>, 256> model;  // all of it, in one type
  // error: mae::Segmenter: a class map holds 1 to 255 classes; 255 marks pixels without one
}
