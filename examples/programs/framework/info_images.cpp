// Images: how many of which sizes and classes, and the faults that show without decoding all of them.
#include <mae/io/images/data_source.hpp>
#include <mae/io/tensors/npy.hpp>

#include "info_files.hpp"
#include "source.hpp"

#include <image_formats.hpp>

namespace program {
namespace {

using mae::Index;

constexpr Index headers = 4096, decoded = 8;   ///< files of a folder, where not all are asked for
constexpr Index array_bytes = Index{1} << 29;  ///< an array of more is read if all is asked for

/// Sizes and faults of the files of a folder.
void tell_files(const mae::ImageFolder<ImageFormats>& folder, const Asked& asked, Facts& facts) {
  Wrong wrong;
  std::mutex mutex;
  std::vector<std::pair<Index, Index>> sizes;
  std::map<Index, Index> channels;
  std::vector<char> bad(static_cast<std::size_t>(folder.size()), 0);
  const Index taken = each_of(folder.size(), asked.scan ? folder.size() : headers, [&](Index i) {
    try {
      const mae::ImageHeader header = mae::image_header<ImageFormats>(folder.path(i));
      const std::lock_guard lock(mutex);
      sizes.emplace_back(header.upright_height(), header.upright_width());
    } catch (const mae::Error& error) { bad[static_cast<std::size_t>(i)] = 1, wrong.add(error); }
  });
  each_of(folder.size(), asked.scan ? folder.size() : decoded, [&](Index i) {
    if (bad[static_cast<std::size_t>(i)]) return;
    try {
      const mae::Image image = mae::read_image<ImageFormats>(folder.path(i));
      const std::lock_guard lock(mutex);
      ++channels[image.channels];
    } catch (const mae::Error& error) { wrong.add(error); }
  });
  tell_sizes(std::move(sizes), facts);
  std::string text;
  for (const auto& [count, images] : channels)
    text += (text.empty() ? "" : ", ") + std::string(count == 1 ? "grey" : "colour") + " in " + grouped(images);
  Index all = 0;
  for (const auto& [count, images] : channels) all += images;
  if (!text.empty()) facts.add("channels", text + of_all(all, folder.size()), "channels", channels.rbegin()->first);
  facts.set("looked_at", taken);
  wrong.tell(facts);
}

/// How many images each part of a divided folder has, by the beginnings of names.
void tell_parts(const std::vector<std::string>& parts, const mae::ImageList* list, Facts& facts) {
  if (parts.empty()) return;
  std::string text;
  Facts::Value counts = Facts::Value::object();
  for (const std::string& part : parts) {
    Index count = 0;
    if (list)
      for (const std::string& name : list->names) count += name.starts_with(part + "/") ? 1 : 0;
    text += (text.empty() ? "" : ", ") + part + (list ? " " + grouped(count) : "");
    counts[mae::json_name(part)] = list ? Facts::Value(count) : Facts::Value(nullptr);
  }
  facts.add("parts", text, "parts", counts);
}

template <class Labels>
std::vector<Index> counts_of(const Labels& labels, Index classes) {
  std::vector<Index> counts(static_cast<std::size_t>(classes), 0);
  for (const auto label : labels)
    if (label >= 0 && label < classes) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

}  // namespace

void tell_sizes(std::vector<std::pair<Index, Index>> sizes, Facts& facts) {
  if (sizes.empty()) return;
  std::sort(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first * a.second, a) < std::pair(b.first * b.second, b);
  });
  const auto &low = sizes.front(), &middle = sizes[sizes.size() / 2], &high = sizes.back();
  const auto text = [](const auto& size) { return sides(size.first, size.second); };
  const auto json = [](const auto& size) { return Facts::Value{{"width", size.second}, {"height", size.first}}; };
  facts.add("sizes",
            low == high ? "all " + text(low)
                        : "smallest " + text(low) + ", median " + text(middle) + ", largest " + text(high) + " pixels",
            "sizes", {{"min", json(low)}, {"median", json(middle)}, {"max", json(high)}});
}

void tell_classes(const std::vector<std::string>& names, const std::vector<Index>& counts, const char* of,
                  Facts& facts) {
  if (counts.empty()) return facts.add("classes", "none", "classes", Facts::Value::array());
  Facts::Value list = Facts::Value::array();
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string name = i < names.size() ? names[i] : std::to_string(i);
    list.push_back({{"name", mae::json_name(name)}, {of, counts[i]}});
    if (i < 20) text += (i == 0 ? ": " : ", ") + name + " " + grouped(counts[i]);
  }
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  if (counts.size() > 20)
    text += " and " + std::to_string(counts.size() - 20) + " more, from " + grouped(*least) + " to " + grouped(*most) +
            " " + of;
  facts.add("classes", std::to_string(counts.size()) + text, "classes", list);
}

void tell_image(const std::string& path, Facts& facts) {
  const mae::InputFile file(path);
  const mae::FileKind kind = mae::file_kind(file);
  const mae::ImageHeader header = mae::image_header<ImageFormats>(path);
  facts.add("kind", kind.name, "kind", "image");
  facts.add("size", sides(header.upright_height(), header.upright_width()) + " pixels", "size",
            {{"width", header.upright_width()}, {"height", header.upright_height()}});
  if (header.orientation != 1)
    facts.add("upright", "turned, as its orientation " + std::to_string(header.orientation) + " says", "orientation",
              header.orientation);
  const mae::Image image = mae::read_image<ImageFormats>(path);
  facts.add("channels", image.channels == 1 ? "grey" : "colour", "channels", image.channels);
}

void tell_images(const std::string& path, const std::string& format, const Asked& asked, Facts& facts) {
  mae::DataOptions options{.format = format, .split = mae::Split::all, .whole = true};
  const std::string array = mae::detail::is_folder(path) ? mae::detail::spelled_in(path, "images.npy") : path;
  if (mae::detail::is_folder(path) && mae::detail::has_file(array) && !asked.scan &&
      mae::InputFile(array).size() > array_bytes)
    return tell_array(array, asked, facts);
  const std::vector<std::string> formats = format.empty() ? mae::detail::recognise_formats(path) : std::vector{format};
  if (formats == std::vector<std::string>{"idx"}) options.folder.channels = 1;
  if (formats == std::vector<std::string>{"npy"}) {
    const mae::InputFile file(array);
    options.folder.channels = mae::detail::npy_image_axes(array, mae::read_npy_header(file).shape).channels;
  }
  const mae::DataSource<ImageFormats> data(path, options);
  const mae::Images images = data.images();
  std::map<std::string, const char*> kinds{{"folder", "a folder of images"},
                                           {"idx", "images of MNIST's form (IDX)"},
                                           {"cifar10", "CIFAR-10"},
                                           {"cifar100", "CIFAR-100"},
                                           {"npy", "images in an array of NumPy"}};
  facts.add("kind", kinds[data.format()], "kind", "images");
  facts.set("format", data.format());
  facts.add("images", grouped(images.size()), "images", images.size());
  tell_parts(data.parts(), data.folder() ? &data.folder()->list() : nullptr, facts);
  std::vector<std::string> notes = data.notes();
  if (data.folder()) {
    const mae::ImageList& list = data.folder()->list();
    describe_folder(list, notes);
    tell_classes(data.class_names(), counts_of(list.labels, static_cast<Index>(list.class_names.size())), "images",
                 facts);
    tell_files(*data.folder(), asked, facts);
  } else {
    const mae::Dataset& set = *data.dataset();
    tell_classes(data.class_names(), counts_of(set.labels, set.classes), "images", facts);
    tell_sizes({{set.height, set.width}}, facts);
    facts.add("channels", set.channels == 1 ? "grey" : "colour", "channels", set.channels);
    facts.set("faults", 0);
  }
  for (const std::string& note : notes) facts.add_to("note", note, "notes");
}

void tell_array(const std::string& path, const Asked& asked, Facts& facts) {
  const mae::InputFile file(path);
  const mae::NpyHeader header = mae::read_npy_header(file);
  std::string why_not;
  try {
    mae::detail::npy_image_axes(path, header.shape);
    if (asked.scan || file.size() <= array_bytes) tell_images(path, "npy", asked, facts);
    else why_not = memory(static_cast<double>(file.size())) + " were not read; --scan reads them";
  } catch (const mae::Error& error) { why_not = std::string(error.what()).substr(5); }
  if (!why_not.empty()) {
    facts.add("kind", "an array of NumPy", "kind", "array");
    facts.add_to("note", "as images: " + why_not, "notes");
  }
  facts.add(
      "array",
      header.dtype + " of shape " + mae::shape_text(header.shape) + (header.fortran ? ", first axis fastest" : ""),
      "shape", header.shape);
  facts.set("dtype", header.dtype);
}

}  // namespace program
