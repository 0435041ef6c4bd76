#include "source.hpp"

#include "checkpoints.hpp"

#include <mae/checkpoint/checkpoint.hpp>
#include <mae/data/batches.hpp>
#include <mae/io/files/shared_files.hpp>
#include <mae/io/images/data_source.hpp>
#include <mae/io/images/name_list.hpp>

#include "display.hpp"

#include <image_formats.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

namespace program {

using Data = mae::DataSource<ImageFormats>;

struct Collections {
  std::unique_ptr<const Data> data, validation;
  std::string copies{};  // a line about held-out images that are byte copies, or ""
};

namespace {

std::vector<mae::Index> in_order(mae::Index count) {
  std::vector<mae::Index> numbers(static_cast<std::size_t>(count));
  for (mae::Index i = 0; i < count; ++i) numbers[static_cast<std::size_t>(i)] = i;
  return numbers;
}

std::unique_ptr<const Data> open(const std::string& path, mae::DataOptions options, const DataSettings& settings,
                                 mae::Index channels, bool classes, const std::vector<std::string>& names) {
  options.format = settings.format() == "auto" ? "" : settings.format();
  options.idx_layout = settings.idx_layout() == "auto" ? "" : settings.idx_layout();
  options.parts = settings.parts();
  options.folder.channels = channels;
  options.folder.shortest_side = settings.shortest_side();
  options.folder.cache_bytes = settings.cache_megabytes() * 1'000'000;
  options.folder.needs_classes = classes;
  options.folder.classes = names;
  options.folder.bad = settings.bad_images() == "skip" ? mae::BadImage::skip : mae::BadImage::stop;
  options.folder.decoding = settings.decode_options();
  options.folder.report = [](const std::string& text) {
    std::fprintf(stderr, "skipped: %s\n", mae::printable(text).c_str());
  };
  auto data = std::make_unique<const Data>(path, options);
  data->images().ensure_valid(path);
  return data;
}

/// Throws mae::Error if an image of `validation` is one of `data`.
void refuse_shared(const Data& validation, const Data& data, const Text& setting) {
  const auto path_in = [](const Data& files) { return [&files](mae::Index i) { return files.file(i); }; };
  const auto shared = mae::shared_file(validation.file_count(), path_in(validation), data.file_count(), path_in(data));
  if (!shared) return;
  const std::string found = validation.file(shared->first), known = data.file(shared->second);
  throw setting.error(mae::detail::quoted(found) + ", a file to train on" +
                          (found == known ? "" : ", where it is " + mae::detail::quoted(known)),
                      "images that are not trained on");
}

/// A line about files held out that are byte copies of files to train on; "" if there are none.
template <class Path, class OtherPath>
std::string describe_copies(mae::Index count, const Path& path, mae::Index others, const OtherPath& other_path) {
  const auto copies = mae::copied_files(count, path, others, other_path);
  if (!copies) return "whether held-out images are byte copies of others is not looked at: too many files of one size";
  if (copies->count == 0) return "";
  return "held-out images that are byte copies of images to train on: " + std::to_string(copies->count) + ", such as " +
         mae::detail::quoted(path(copies->first.first)) + " of " + mae::detail::quoted(other_path(copies->first.second));
}

/// What was passed over on the way to the images, in lines.
void describe_folder(const mae::ImageList& list, std::vector<std::string>& lines) {
  if (list.ignored > 0) lines.push_back(std::to_string(list.ignored) + " files there are not named as images");
  if (list.passed_over > 0)
    lines.push_back("folders passed over, empty or a system's own: " + std::to_string(list.passed_over));
  if (list.repeated > 0)
    lines.push_back("links passed over, to folders that are read already: " + std::to_string(list.repeated));
  if (!list.unlabelled.empty()) lines.push_back("no classes: " + list.unlabelled);
  std::map<std::string, std::string> small;
  for (const std::string& name : list.class_names)
    if (const auto [other, is_new] = small.emplace(mae::detail::lower_case(name), name); !is_new)
      lines.push_back("the classes " + mae::detail::quoted(other->second) + " and " + mae::detail::quoted(name) +
                      " differ by the case of letters alone");
}

}  // namespace

mae::DecodeOptions DataSettings::decode_options() const {
  return {.alpha = alpha() == "drop"    ? mae::Alpha::drop
                   : alpha() == "black" ? mae::Alpha::black
                                        : mae::Alpha::white,
          .sixteen_bit_white = sixteen_bit_white(),
          .max_pixels = max_pixels(),
          .report = [](const std::string& text) { std::fprintf(stderr, "note: %s\n", mae::printable(text).c_str()); }};
}

Source::Source(const DataSettings& settings, mae::Index channels, Use use, const std::vector<std::string>& classes)
    : settings_(settings), collections_(std::make_unique<Collections>()) {
  if (settings.data().empty()) throw settings.data.error("nothing", "a folder or a file of images");
  if (!settings.validation().empty() && settings.validation_share() > 0)
    throw settings.validation_share.error("a share beside " + settings.validation.subject(), "one of the two");
  memory_for("the images of " + settings.data(), "a folder of images, decoded when they are needed, needs less");
  const bool labelled = use == Use::labelled || !classes.empty();
  const mae::Split wanted = use == Use::everything ? mae::Split::all : mae::Split::train;
  collections_->data = open(settings.data(), {.split = wanted}, settings, channels, labelled, classes);
  if (!classes.empty() && class_names() != classes) {
    const auto [found, expected] = mae::first_difference(class_names(), classes);
    throw mae::Error(settings.data(), found, expected);
  }
  const mae::Images all = collections_->data->images();
  // What is held out must be the same for every run on these data, whatever its seed.
  std::vector<mae::Index> numbers = in_order(all.size());
  if (settings.validation_share() > 0 || settings.limit() > 0) numbers = mae::shuffled(all.size(), 0, 0);
  if (settings.validation_share() > 0) {
    const auto share = std::llround(settings.validation_share() * static_cast<double>(all.size()));
    if (share == 0 || share == all.size())
      throw settings.validation_share.error(
          std::to_string(share) + " of " + std::to_string(all.size()) + " images of " + settings.data(),
          "a share that leaves some on both sides");
    const auto kept = numbers.end() - share;
    validation_ = std::make_unique<Subset>(Subset{all, {kept, numbers.end()}});
    numbers.erase(kept, numbers.end());
  }
  if (settings.limit() > static_cast<mae::Index>(numbers.size()))
    throw settings.limit.error(std::to_string(settings.limit()),
                               "at most the " + std::to_string(numbers.size()) + " images that there are");
  if (settings.limit() > 0) numbers.resize(static_cast<std::size_t>(settings.limit()));
  training_ = std::make_unique<Subset>(Subset{all, std::move(numbers)});
  const auto file_in = [](const Data& data, const Subset& part) {
    return [&](mae::Index i) { return data.file(part.numbers[static_cast<std::size_t>(i)]); };
  };
  if (validation_ && collections_->data->folder())
    collections_->copies =
        describe_copies(validation_->size(), file_in(*collections_->data, *validation_), training_->size(),
                        file_in(*collections_->data, *training_));
  if (settings.validation().empty()) return;
  std::error_code unknown;
  const bool same = std::filesystem::equivalent(settings.validation(), settings.data(), unknown);
  collections_->validation = open(settings.validation(), {.split = mae::Split::test, .whole = !same}, settings,
                                  channels, labelled, collections_->data->class_names());
  refuse_shared(*collections_->validation, *collections_->data, settings.validation);
  const mae::Images other = collections_->validation->images();
  validation_ = std::make_unique<Subset>(Subset{other, in_order(other.size())});
  if (collections_->data->folder() && collections_->validation->folder())
    collections_->copies =
        describe_copies(validation_->size(), file_in(*collections_->validation, *validation_), training_->size(),
                        file_in(*collections_->data, *training_));
}
Source::~Source() = default;

mae::Normalization normalization_of(const DataSettings& settings, const mae::Images& images,
                                    const std::string& checkpoint) {
  const std::string& kind = settings.normalization();
  const auto channels = static_cast<std::size_t>(images.channels());
  if (kind == "auto" && !checkpoint.empty()) return normalization_of_file(checkpoint, images.channels());
  if (kind == "auto" || kind == "data") {
    Progress progress("statistics", images.size());
    return mae::Normalization::of(Counted{images, progress});
  }
  if (kind == "imagenet") {
    if (channels != 3) throw settings.normalization.error("imagenet for images of 1 channel", "data or given");
    return {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
  }
  for (const Numbers* const given : {&settings.mean, &settings.deviation})
    if ((*given)().size() != channels)
      throw given->error(std::to_string((*given)().size()) + " numbers",
                         std::to_string(channels) + ", one for each channel, as normalization is given");
  return {settings.mean(), settings.deviation()};
}

std::vector<std::string> Source::describe() const {
  auto line = [](const Subset& part, const std::string& from) {
    return std::to_string(part.size()) + " images of " + from +
           (part.class_count() > 0 ? ", " + std::to_string(part.class_count()) + " classes" : ", no classes");
  };
  const Data &data = *collections_->data, *const other = collections_->validation.get();
  std::string parts;
  for (const std::string& part : data.parts()) parts += (parts.empty() ? "; its parts " : ", ") + part;
  std::vector<std::string> lines{line(training(), data.place() + " (" + data.format() + parts + ")")};
  if (data.folder()) describe_folder(data.folder()->list(), lines);
  lines.insert(lines.end(), data.notes().begin(), data.notes().end());
  if (!validation_) return lines;
  lines.push_back("held out: " + line(*validation_, other ? other->place() : "them"));
  if (!collections_->copies.empty()) lines.push_back(collections_->copies);
  if (other && other->folder()) describe_folder(other->folder()->list(), lines);
  if (other) lines.insert(lines.end(), other->notes().begin(), other->notes().end());
  std::set<std::int32_t> missing;
  for (mae::Index label = 0; label < validation_->class_count(); ++label) missing.insert(static_cast<int>(label));
  for (mae::Index i = 0; i < validation_->size(); ++i) missing.erase(validation_->label(i));
  if (!missing.empty())
    lines.push_back(
        "classes without a held-out image: " + std::to_string(missing.size()) +
        (class_names().empty()
             ? ""
             : ", such as " + mae::detail::quoted(class_names()[static_cast<std::size_t>(*missing.begin())])));
  return lines;
}

bool Source::decodes() const {
  return collections_->data->folder() || (collections_->validation && collections_->validation->folder());
}

const std::vector<std::string>& Source::class_names() const { return collections_->data->class_names(); }

std::vector<std::string> Source::files(const Subset& part) const {
  std::vector<std::string> names;
  if (const auto* const folder = collections_->data->folder())
    for (const mae::Index number : part.numbers) names.push_back(folder->name(number));
  return names;
}

double Source::bytes() const {
  double bytes = 0;
  for (const Data* const data : {collections_->data.get(), collections_->validation.get()}) {
    if (!data) continue;
    if (data->folder()) {
      bytes += 1e6 * static_cast<double>(settings_.cache_megabytes());
      continue;
    }
    bytes += static_cast<double>(data->dataset()->pixels.capacity());
    bytes += 4.0 * static_cast<double>(data->dataset()->labels.capacity());
    // Their numbers: in the set, in what is trained on, and in the order of an epoch.
    bytes += 3.0 * sizeof(mae::Index) * static_cast<double>(data->images().size());
  }
  return bytes;
}

double Source::decoding_bytes(mae::Index count) const {
  mae::Index most = 0;
  for (const Data* const data : {collections_->data.get(), collections_->validation.get()})
    if (data && data->folder()) most = std::max(most, data->folder()->decoding_bytes());
  return static_cast<double>(count * most);
}

void Source::check_classes(mae::Index most, const std::string& model) const {
  for (const Subset* const part : {training_.get(), validation_.get()})
    if (part && part->class_count() > most)
      throw mae::Error(
          settings_.data(), std::to_string(part->class_count()) + " classes",
          "at most " + std::to_string(most) + ", the Classes of " + model + " in examples/programs/models.hpp");
}

}  // namespace program
