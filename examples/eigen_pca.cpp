// What does an encoder know of digits that nobody named? Its features as Eigen sees them, and their two main directions.
//
//   eigen_pca [--epochs 40] [--out .]
//
// Pre-trains on digits without labels for some seconds. The features [B, L + 1, D] of `encode` and Eigen's matrices are
// the same memory. Principal component analysis: the mean over the patches of each image is a point x in R^D; the
// eigenvectors of the covariance 1/(B - 1) Σ (x - mean)(x - mean)ᵀ with the largest eigenvalues are the directions in
// which the points differ most. Writes eigen-pca.png: each test image as the digit that it is, at its first two
// coordinates. The colours are labels, which the encoder never saw.
#include "digits.hpp"
#include "programs/framework/program.hpp"

#include <mae/data/to_tensor.hpp>
#include <mae/interop/eigen.hpp>
#include <mae/io/images/png.hpp>
#include <mae/plot/font.hpp>
#include <mae/model/encode.hpp>

#include <Eigen/Eigenvalues>

#include <cstdio>

namespace {

using mae::Index;

struct Settings : program::Settings {
  Settings() : program::Settings("eigen_pca", "Principal components of an encoder's features, by Eigen.") {}
  program::Integer epochs{*this, "epochs", 40, "passes over the images", program::between(1, 1e6)};
  program::Text out{*this, "out", ".", "folder for the image"};
};

/// A square image: the label of each point [B, 2], at its place.
mae::Image scatter(const Eigen::MatrixX2f& points, const mae::Dataset& images) {
  constexpr mae::Colour colours[10] = {{31, 119, 180}, {255, 127, 14}, {44, 160, 44},   {214, 39, 40},  {148, 103, 189},
                                       {140, 86, 75},  {227, 119, 194}, {100, 100, 100}, {160, 160, 20}, {23, 170, 190}};
  constexpr Index side = 720, margin = 40;
  mae::Image canvas = mae::blank_image(3, side, side);
  const Eigen::RowVector2f low = points.colwise().minCoeff(), extent = points.colwise().maxCoeff() - low;
  for (Index i = 0; i < points.rows(); ++i) {
    const Eigen::RowVector2f at = (points.row(i) - low).cwiseQuotient(extent) * float(side - 2 * margin);
    const auto digit = static_cast<std::size_t>(images.labels[static_cast<std::size_t>(i)]);
    mae::draw_text(canvas, std::to_string(digit), side - margin - Index(at.y()) - 8, margin + Index(at.x()) - 5,
                   colours[digit]);
  }
  mae::draw_text(canvas, "first component", side - 24, side / 2 - 90, {40, 40, 40});
  mae::draw_text(canvas, "second component, upwards", 8, 8, {40, 40, 40});
  return canvas;
}

}  // namespace

int main(int count, char** arguments) {
  return program::run<Settings>(count, arguments, [](const Settings& settings) {
    program::check_folder("--out", settings.out());
    const digits::Split data = digits::load();
    program::make_folder("--out", settings.out());
    const auto statistics = mae::Normalization::of(data.unlabelled);
    mae::PretrainingOptions options;
    options.epochs = settings.epochs();
    options.warmup = 0.1 * static_cast<double>(settings.epochs());
    options.base_learning_rate = 4e-3;
    mae::Pretraining<digits::Autoencoder, digits::Policy> run(data.unlabelled, options, statistics);
    run.train();

    const auto images = mae::to_tensor<digits::Geometry>(data.test, statistics);  // [B, 1, 8, 8]
    const auto features = mae::encode(run.weights(), images);  // [B, L + 1, D]
    constexpr Index D = digits::Encoder::width, L = digits::Geometry::patches;
    Eigen::MatrixXf points(features.batch(), D);
    for (Index i = 0; i < features.batch(); ++i)
      points.row(i) = mae::as_eigen(features, i).bottomRows(L).colwise().mean();
    points.rowwise() -= points.colwise().mean().eval();
    const Eigen::MatrixXf covariance = points.transpose() * points / float(points.rows() - 1);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> solver(covariance);  // eigenvalues grow

    float share = 0;
    std::puts("component  explains  together");
    for (Index k = 0; k < 8; ++k) {
      const float part = solver.eigenvalues()(D - 1 - k) / covariance.trace();
      share += part;
      std::printf("%9jd  %6.1f %%  %6.1f %%\n", k + 1, 100 * double(part), 100 * double(share));
    }
    const Eigen::MatrixX2f directions = solver.eigenvectors().rightCols(2).rowwise().reverse();
    mae::write_png(settings.out() + "/eigen-pca.png", scatter(points * directions, data.test));
    std::printf("wrote %s/eigen-pca.png\n", settings.out().c_str());
  });
}
