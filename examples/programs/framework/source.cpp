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
#include <limits>
#include <set>

namespace program {

namespace {

std::vector<mae::Index> in_order(mae::Index count) {
  std::vector<mae::Index> numbers(static_cast<std::size_t>(count));
  for (mae::Index i = 0; i < count; ++i) numbers[static_cast<std::size_t>(i)] = i;
  return numbers;
}

std::unique_ptr<const Opened> opened(const Opener& open, const Wanted& wanted) {
  auto data = open(wanted);
  data->images().ensure_valid(wanted.path);
  return data;
}

/// Throws mae::Error if an image of `validation` is one of `data`.
void refuse_shared(const Opened& validation, const Opened& data, const Text& setting) {
  const auto path_in = [](const Opened& files) { return [&files](mae::Index i) { return files.file(i); }; };
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
         mae::detail::quoted(path(copies->first.first)) + " of " +
         mae::detail::quoted(other_path(copies->first.second));
}

/// Leaves out the images of a part that cannot be read, which are told: others would be counted in their place.
void leave_out_unreadable(Subset& part) {
  std::vector<char> good(part.numbers.size());
  Progress progress("held out", part.size());
  mae::parallel_for_each<mae::DefaultThreads>(part.size(), mae::DefaultThreads::count(), [&](mae::Index i, int) {
    const auto at = static_cast<std::size_t>(i);
    part.images.with_image(part.numbers[at],
                           [&](const mae::ImageView& image) { good[at] = image.number == part.numbers[at]; });
    progress.count();
  });
  std::size_t kept = 0;
  for (std::size_t at = 0; at < good.size(); ++at)
    if (good[at]) part.numbers[kept++] = part.numbers[at];
  part.numbers.resize(kept);
  validate(part, "held-out images");
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

mae::FolderOptions folder_options(const DataSettings& settings, mae::Index channels) {
  mae::FolderOptions options;
  options.channels = channels;
  options.shortest_side = settings.shortest_side();
  options.cache_bytes = settings.cache_megabytes() * 1'000'000;
  options.bad = settings.bad_images() == "skip" ? mae::BadImage::skip : mae::BadImage::stop;
  options.decoding = settings.decode_options();
  options.report = [&settings](const std::string& text) {
    ++settings.skipped;
    std::fprintf(stderr, "skipped: %s\n", mae::printable(text).c_str());
  };
  return options;
}

std::unique_ptr<const Opened> open_images(const DataSettings& settings, const std::string& path, mae::Index channels) {
  auto images = image_opener(settings, channels, false)({.path = path, .everything = true});
  if (!images->decodes()) throw mae::Error(path, images->kind(), "a folder of images");
  return images;
}

std::pair<mae::Index, mae::Index> size_of_file(const std::string& path, const DataSettings& settings) {
  const mae::ImageHeader header = mae::image_header<ImageFormats>(path, 0, settings.decode_options());
  return {header.upright_height(), header.upright_width()};
}

Division divide(const DataSettings& settings, mae::Index count) {
  // What is held out must be the same for every run on these data, whatever its seed.
  std::vector<mae::Index> numbers = in_order(count);
  if (settings.validation_share() > 0 || settings.limit() > 0) numbers = mae::shuffled(count, 0, 0);
  if (settings.validation_share() == 0) return {std::move(numbers), {}};
  const auto share = std::llround(settings.validation_share() * static_cast<double>(count));
  if (share == 0 || share == count)
    throw settings.validation_share.error(
        std::to_string(share) + " of " + std::to_string(count) + " images of " + settings.data(),
        "a share that leaves some on both sides");
  Division division{{}, {numbers.end() - share, numbers.end()}};
  numbers.resize(static_cast<std::size_t>(count - share));
  division.training = std::move(numbers);
  return division;
}

Source::Source(const DataSettings& settings, mae::Index channels, Use use, const std::vector<std::string>& classes)
    : Source(settings, image_opener(settings, channels, use == Use::labelled || !classes.empty()),
             use == Use::everything, classes) {}

Source::Source(const DataSettings& settings, const Opener& open, bool everything,
               const std::vector<std::string>& classes)
    : settings_(settings) {
  if (settings.data().empty()) throw settings.data.error("nothing", "a folder or a file of images");
  if (!settings.validation().empty() && settings.validation_share() > 0)
    throw settings.validation_share.error("a share beside " + settings.validation.subject(), "one of the two");
  memory_for("the images of " + settings.data(), "a folder of images, decoded when they are needed, needs less");
  data_ = opened(open, {.path = settings.data(), .everything = everything, .classes = classes});
  if (!classes.empty() && class_names() != classes) {
    const auto [found, expected] = mae::first_difference(class_names(), classes);
    throw mae::Error(settings.data(), found, expected);
  }
  const mae::Images all = data_->images();
  Division division = divide(settings, all.size());
  std::vector<mae::Index>& numbers = division.training;
  if (!division.held_out.empty()) validation_ = std::make_unique<Subset>(Subset{all, std::move(division.held_out)});
  if (settings.limit() > static_cast<mae::Index>(numbers.size()))
    throw settings.limit.error(std::to_string(settings.limit()),
                               "at most the " + std::to_string(numbers.size()) + " images that there are");
  if (settings.limit() > 0) numbers.resize(static_cast<std::size_t>(settings.limit()));
  training_ = std::make_unique<Subset>(Subset{all, std::move(numbers)});
  const auto file_in = [](const Opened& data, const Subset& part) {
    return [&](mae::Index i) { return data.file(part.numbers[static_cast<std::size_t>(i)]); };
  };
  const auto look_at_held_out = [&] {
    if (held_out().decodes() && settings.bad_images() == "skip") leave_out_unreadable(*validation_);
    if (data_->decodes() && held_out().decodes())
      copies_ = describe_copies(validation_->size(), file_in(held_out(), *validation_), training_->size(),
                                file_in(*data_, *training_));
  };
  if (validation_) look_at_held_out();
  if (settings.validation().empty()) return;
  std::error_code unknown;
  const bool same = std::filesystem::equivalent(settings.validation(), settings.data(), unknown);
  other_ = opened(open, {.path = settings.validation(), .held_out = true, .whole = !same, .classes = class_names()});
  refuse_shared(*other_, *data_, settings.validation);
  const mae::Images others = other_->images();
  validation_ = std::make_unique<Subset>(Subset{others, in_order(others.size())});
  look_at_held_out();
}

std::optional<mae::Normalization> known_normalization(const DataSettings& settings, mae::Index channels,
                                                      const std::string& checkpoint) {
  const std::string& kind = settings.normalization();
  if (kind == "auto" && !checkpoint.empty()) return normalization_of_file(checkpoint, channels);
  if (kind == "auto" || kind == "data") return {};
  if (kind == "imagenet") {
    if (channels != 3) throw settings.normalization.error("imagenet for images of 1 channel", "data or given");
    return mae::Normalization{{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
  }
  for (const Numbers* const given : {&settings.mean, &settings.deviation})
    if (static_cast<mae::Index>((*given)().size()) != channels)
      throw given->error(std::to_string((*given)().size()) + " numbers",
                         std::to_string(channels) + ", one for each channel, as normalization is given");
  return mae::Normalization{settings.mean(), settings.deviation()};
}

mae::Normalization normalization_of(const DataSettings& settings, const mae::Images& images,
                                    const std::string& checkpoint) {
  if (const auto known = known_normalization(settings, images.channels(), checkpoint)) return *known;
  Progress progress("statistics", images.size());
  return mae::Normalization::of(Counted{images, progress});
}

std::vector<std::string> Source::describe() const {
  auto line = [](const Subset& part, const std::string& from) {
    return std::to_string(part.size()) + " images of " + from +
           (part.class_count() > 0 ? ", " + std::to_string(part.class_count()) + " classes" : ", no classes");
  };
  std::vector<std::string> lines{line(training(), data_->place() + " (" + data_->kind() + ")")};
  const auto add = [&](const std::vector<std::string>& notes) {
    lines.insert(lines.end(), notes.begin(), notes.end());
  };
  add(data_->notes());
  if (!validation_) return lines;
  lines.push_back("held out: " + line(*validation_, other_ ? other_->place() : "them"));
  if (!copies_.empty()) lines.push_back(copies_);
  if (other_) add(other_->notes());
  add(data_->notes_on(training_->numbers, held_out(), validation_->numbers));
  if (!training_->images.gives<mae::Label>()) return lines;
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

bool Source::decodes() const { return data_->decodes() || (other_ && other_->decodes()); }

const std::vector<std::string>& Source::class_names() const { return data_->class_names(); }

std::vector<std::string> Source::files(const Subset& part) const {
  std::vector<std::string> names;
  if (data_->decodes())
    for (const mae::Index number : part.numbers) names.push_back(data_->name(number));
  return names;
}

std::string Source::identity() const {
  const mae::Images all = data_->images();
  nlohmann::ordered_json known{{"images", all.size()}, {"classes", all.classes()}};
  if (!data_->decodes()) return known.dump();
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a of 64 bits; a name ends with 0
  for (mae::Index i = 0; i < all.size(); ++i) {
    const std::string name = data_->name(i);
    for (std::size_t k = 0; k <= name.size(); ++k)
      hash = (hash ^ static_cast<unsigned char>(name.c_str()[k])) * 1099511628211U;
  }
  known["names"] = hash;
  return known.dump();
}

double Source::bytes() const {
  double bytes = 0;
  for (const Opened* const data : {data_.get(), other_.get()})
    if (data && data->decodes())
      bytes += std::min(1e6 * static_cast<double>(settings_.cache_megabytes()), data->bytes());
    else if (data) bytes += data->bytes();
  return bytes;
}

double Source::decoding_bytes(mae::Index count) const {
  mae::Index most = 0;
  for (const Opened* const data : {data_.get(), other_.get()})
    if (data && data->decodes()) most = std::max(most, data->decoding_bytes());
  return static_cast<double>(count * most);
}

void Source::check_classes(mae::Index most, const std::string& model) const {
  for (const Subset* const part : {training_.get(), validation_.get()})
    if (part && part->class_count() > most)
      throw mae::Error(settings_.data(), std::to_string(part->class_count()) + " classes",
                       "at most " + std::to_string(most) + ", as " + model +
                           " has, or its sizes (mae models) with classes=" + std::to_string(part->class_count()));
}

}  // namespace program
