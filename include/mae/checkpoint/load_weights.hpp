// Numbers of a file become the parameters of a model, by a plan (load_plan.hpp): one tensor at a time, so that the
// weights are never in memory twice, and after all of them were found to be good.
#pragma once
#include <mae/autograd/run/weights.hpp>
#include <mae/checkpoint/finite.hpp>
#include <mae/checkpoint/load_plan.hpp>
#include <mae/checkpoint/resample_filters.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// What decides whether a table of positions and a patch filter fit.
struct PatchGeometry {
  Index channels;
  PatchGrid grid;
};
template <class Pixels>
constexpr PatchGeometry geometry_of() {
  return {Pixels::channels, {Pixels::height / Pixels::patch, Pixels::width / Pixels::patch, Pixels::patch}};
}

/// A shape with its axes in our order; empty if `axes` are not all of them.
inline std::vector<Index> in_our_order(const std::vector<Index>& shape, std::string_view axes) {
  if (axes.empty()) return shape;
  std::vector<Index> ordered;
  if (axes.size() == shape.size())
    for (const char axis : axes) ordered.push_back(shape[static_cast<std::size_t>(axis - '0')]);
  return ordered;
}
/// Whether neighbouring axes of `shape` can be made one each so that it becomes `wanted`.
inline bool groups_into(const std::vector<Index>& shape, const std::vector<Index>& wanted) {
  std::size_t at = 0;
  for (const Index extent : wanted) {
    Index product = 1;
    while (at < shape.size() && product < extent) product *= shape[at++];
    if (product != extent) return false;
  }
  return at == shape.size();
}
/// The elements of `values`, whose axes have the extents `shape`, with their axes in our order.
template <class W>
std::vector<W> permuted(const std::vector<W>& values, const std::vector<Index>& shape, std::string_view axes) {
  const std::vector<Index> ordered = in_our_order(shape, axes);
  std::vector<Index> step(shape.size(), 1), at(shape.size(), 0);
  for (std::size_t k = shape.size(); k-- > 1;) step[k - 1] = step[k] * shape[k];
  std::vector<W> out;
  out.reserve(values.size());
  for (Index from = 0; out.size() < values.size();) {
    out.push_back(values[static_cast<std::size_t>(from)]);
    for (std::size_t k = shape.size(); k-- > 0;) {
      const Index stride = step[static_cast<std::size_t>(axes[k] - '0')];
      from += stride;
      if (++at[k] < ordered[k]) break;
      from -= ordered[k] * stride;
      at[k] = 0;
    }
  }
  return out;
}

/// Reads the parameters of a plan.
class SourceReader {
 public:
  /// `shown`: the sizes that the file records or shows.
  SourceReader(const TensorFile& file, Metadata shown, const PatchGeometry& wanted,
               const std::optional<Bicubic>& resize)
      : file_(file), shown_(std::move(shown)), wanted_(wanted), resize_(resize) {}

  /// Throws mae::Error unless the tensors have the shapes that the parameter asks for.
  void ensure_readable(const Source& source) const {
    const ParameterInfo& parameter = *source.parameter;
    std::vector<Index> rows = parameter.shape;
    const auto parts = static_cast<Index>(source.tensors.size());
    if (parts > 1) rows[0] = rows[0] / parts;
    for (const std::string& tensor : source.tensors) {
      if (tensor.empty()) continue;
      const TensorEntry& entry = file_.at(tensor);
      const std::vector<Index> shape = in_our_order(entry.shape, source.axes);
      const bool fits = source.axes.empty() ? shape == rows : groups_into(shape, rows);
      if (fits && rows[0] * (std::max)(Index{1}, parts) == parameter.shape[0]) continue;
      if (fits_resized(source, shape)) continue;
      // Before 2021, timm had a patch filter as the matrix that it is.
      if (source.name == filter && shape.size() == 2 && groups_into(rows, shape)) continue;
      if (source.name.starts_with("head.") && shape.size() == rows.size() && shape[0] != rows[0])
        throw Error(file_.path(), "a classifier of " + std::to_string(shape[0]) + " classes",
                    std::to_string(rows[0]) + ", as the model has; its encoder can be loaded alone");
      const char* const hint = !resize_ && fits_other_images(source, shape) ? ", or LoadOptions{.resize}" : "";
      throw Error(file_.subject(tensor), "shape " + shape_text(entry.shape), shape_text(rows) + hint);
    }
    if (!source.factor.empty()) file_.at(source.factor, {parameter.shape[0]});
  }

  /// Reads a parameter into `values`, in memory's order, and returns what was done to the tensors on the way. Throws
  /// mae::Error if a number is not finite.
  template <class W>
  std::string read(const Source& source, W* values) const {
    const ParameterInfo& parameter = *source.parameter;
    const bool alone = source.tensors.size() == 1 && !source.tensors[0].empty();
    const bool as_it_is = alone && source.axes.empty() && source.factor.empty();
    const std::string subject = alone ? file_.subject(source.tensors[0]) : file_.path() + ": " + quoted(source.name);
    if (as_it_is && parameter.plain && file_.at(source.tensors[0]).count() == parameter.count &&
        !needs_resize(source)) {
      file_.copy_to(source.tensors[0], values, parameter.count);
      require_finite(values, parameter.shape, subject);
      return converted_type<W>(source);
    }
    std::string how = converted_type<W>(source);
    const std::vector<W> all = numbers<W>(source, how);
    require_finite(all.data(), parameter.shape, subject);
    if (parameter.plain) std::copy(all.begin(), all.end(), values);
    else
      for (Index i = 0; i < parameter.count; ++i) values[i] = all[static_cast<std::size_t>(parameter.file_position(i))];
    return how;
  }

 private:
  static constexpr const char* filter = "patch_embed.proj.weight";
  static constexpr const char* table = "pos_embed";

  static void add(std::string& how, const std::string& more) {
    if (!more.empty()) how += (how.empty() ? "" : ", ") + more;
  }
  template <class W>
  std::string converted_type(const Source& source) const {
    for (const std::string& tensor : source.tensors)
      if (!tensor.empty() && file_.at(tensor).dtype != dtype_of<W>())
        return file_.at(tensor).dtype + " -> " + dtype_of<W>();
    return "";
  }
  bool fits_other_images(const Source& source, const std::vector<Index>& shape) const {
    const std::vector<Index>& ours = source.parameter->shape;
    if (shape.size() != ours.size()) return false;
    if (source.name.ends_with(table)) return shape[0] == 1 && shape[2] == ours[2];
    return source.name == filter && shape.size() == 4 && shape[0] == ours[0] && shape[2] == shape[3];
  }
  bool fits_resized(const Source& source, const std::vector<Index>& shape) const {
    return resize_ && fits_other_images(source, shape);
  }
  /// The grid of the file's positions: recorded, or a square.
  PatchGrid grid_of(const std::string& tensor, Index patches) const {
    const auto image = shown_.find("image"), patch = shown_.find("patch");
    if (image == shown_.end() || patch == shown_.end()) return square_grid(patches, file_.subject(tensor));
    // "channels x height x width", as describe() writes it.
    const std::string& text = image->second;
    const std::size_t one = text.find(" x "), two = one == text.npos ? one : text.find(" x ", one + 3);
    if (two == text.npos) return square_grid(patches, file_.subject(tensor));
    const std::optional<Index> p = number_in<Index>(patch->second);
    const std::optional<Index> h = number_in<Index>(text.substr(one + 3, two - one - 3));
    const std::optional<Index> w = number_in<Index>(text.substr(two + 3));
    if (p && h && w && *p > 0 && *h > 0 && *w > 0 && *h / *p <= patches && *h / *p * (*w / *p) == patches)
      return {*h / *p, *w / *p, *p};
    return square_grid(patches, file_.subject(tensor));
  }
  bool needs_resize(const Source& source) const {
    if (!resize_ || !source.name.ends_with(table)) return false;
    const PatchGrid from = grid_of(source.tensors[0], file_.at(source.tensors[0]).shape[1] - 1);
    return from.rows != wanted_.grid.rows || from.columns != wanted_.grid.columns;
  }

  /// All numbers of a parameter, in the order of files.
  template <class W>
  std::vector<W> numbers(const Source& source, std::string& how) const {
    const ParameterInfo& parameter = *source.parameter;
    const auto rows = parameter.shape[0];
    const auto count = static_cast<std::size_t>(parameter.count);
    std::vector<W> all;
    all.reserve(count);
    for (const std::string& tensor : source.tensors) {
      if (tensor.empty()) {
        all.resize(all.size() + count / source.tensors.size());
        continue;
      }
      const TensorEntry& entry = file_.at(tensor);
      std::vector<W> values = file_.values<W>(tensor);
      std::vector<Index> shape = in_our_order(entry.shape, source.axes);
      if (!source.axes.empty() && shape != entry.shape) values = permuted(values, entry.shape, source.axes);
      if (resize_ && source.name == filter && shape.size() == 4) values = resized_filter(std::move(values), shape, how);
      if (needs_resize(source)) {
        const PatchGrid from = grid_of(tensor, entry.shape[1] - 1);
        Resampled<W> result =
            resample_positions(values, from, wanted_.grid, entry.shape[2], *resize_, file_.subject(tensor));
        add(how, result.report);
        values = std::move(result.values);
      }
      if (all.empty()) all = std::move(values);
      else all.insert(all.end(), values.begin(), values.end());
    }
    if (source.tensors.size() == 3) add(how, "query, key and value stacked");
    if (source.tensors.size() == 3 && source.tensors[1].empty()) add(how, "keys have no bias: zeros");
    if (source.tensors.size() == 1 && source.tensors[0].empty()) add(how, "no bias: zeros");
    if (!source.axes.empty()) add(how, "axes in another order");
    if (source.factor.empty()) return all;
    const std::vector<W> factor = file_.values<W>(source.factor);
    for (std::size_t i = 0; i < count; ++i) all[i] = all[i] * factor[i / (count / static_cast<std::size_t>(rows))];
    add(how, "times " + std::string(source.scale));
    return all;
  }
  template <class W>
  std::vector<W> resized_filter(std::vector<W> values, const std::vector<Index>& shape, std::string& how) const {
    const Index patch = wanted_.grid.patch;
    Resampled<W> sides = resample_filters(values, shape[2], patch, file_.path());
    Resampled<W> channels = adapt_channels(sides.values, shape[1], wanted_.channels, patch * patch, file_.path());
    add(how, sides.report);
    add(how, channels.report);
    return std::move(channels.values);
  }

  const TensorFile& file_;
  Metadata shown_;
  PatchGeometry wanted_;
  const std::optional<Bicubic>& resize_;
};

/// Whether all numbers are zero.
template <class W>
bool all_zero(const W* values, Index count) {
  for (Index i = 0; i < count; ++i)
    if (values[i] != W(0)) return false;
  return true;
}

/// What a table of positions is, compared with the formula of the paper's code: its numbers are `values`.
template <class W>
std::string positions_text(const ParameterInfo& parameter, const W* values) {
  const RandomStream none(0, Purpose::initialise);
  const Index width = parameter.shape.back();
  bool columns = true, rows = true;
  for (Index i = 0; i < parameter.count && (columns || rows); ++i) {
    auto is = [&](double expected) { return math::fabs(double(values[i]) - expected) < 1e-5; };
    const Index row = i / width, at = i % width;
    columns = columns && is(parameter.initial(none, i));
    rows = rows && is(parameter.initial(none, row * width + (at + width / 2) % width));
  }
  return columns ? "sine-cosine, columns first" : rows ? "sine-cosine, rows first" : "trained";
}

}  // namespace mae::detail
MAE_PRECISE_END
