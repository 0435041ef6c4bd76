#include "new_images.hpp"

#include <mae/data/canvas.hpp>

#include <cstdio>

namespace program {

std::vector<mae::Index> all_of(const Opened& opened) {
  std::vector<mae::Index> numbers(static_cast<std::size_t>(opened.images().size()));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<mae::Index>(i);
  return numbers;
}

std::vector<mae::Index> spread(mae::Index count, mae::Index most) {
  std::vector<mae::Index> places;
  const mae::Index taken = std::min(count, most);
  for (mae::Index i = 0; i < taken; ++i) places.push_back(i * count / taken);
  return places;
}

NewImages::NewImages(const Opened& opened, std::vector<mae::Index> numbers, const DataSettings& settings, bool stops)
    : opened_(opened), numbers_(std::move(numbers)), settings_(settings), stops_(stops), state_(numbers_.size()) {}

std::string NewImages::name(mae::Index i) const {
  return opened_.decodes() ? opened_.name(number(i)) : std::to_string(number(i));
}

std::pair<mae::Index, mae::Index> NewImages::file_size(mae::Index i) const {
  if (opened_.decodes()) return size_of_file(opened_.file(number(i)), settings_);
  std::pair<mae::Index, mae::Index> size;
  opened_.images().with_image(number(i), [&](const mae::ImageView& image) { size = {image.height, image.width}; });
  return size;
}

mae::Index NewImages::passed_over() const { return std::count(state_.begin(), state_.end(), unreadable); }

void NewImages::ensure_all_read() const {
  if (const mae::Index skipped = settings_.skipped; skipped > 0)
    throw mae::Error(opened_.place(), std::to_string(skipped) + (skipped == 1 ? " image" : " images") + " skipped",
                     "all to be read; what is written is of the others");
}

void NewImages::look(mae::Index i, const std::function<void(const mae::ImageView&)>& use) const {
  std::atomic<State>& state = state_[static_cast<std::size_t>(i)];
  const bool first = state == unseen;
  bool found = false;
  std::string why;
  if (state != unreadable) {
    try {
      opened_.images().with_image(number(i), [&](mae::ImageView image) {
        if (image.number != number(i)) return;  // one in its place; why is told already
        found = true;
        image.number = i;
        state = seen;
        use(image);
      });
    } catch (const mae::Error& error) {
      if (found || stops_) throw;
      why = error.what();
    }
    // A collection that skips what it cannot read has told each file.
    if (!found && state.exchange(unreadable) != unreadable && settings_.bad_images() == "stop") {
      ++settings_.skipped;
      std::fprintf(stderr, "skipped: %s\n", mae::printable(why).c_str());
    }
  }
  if (first && progress_) progress_->count();
  if (found) return;
  const std::vector<std::uint8_t> nothing(static_cast<std::size_t>(channel_count()));
  use({nothing.data(), channel_count(), 1, 1, i});
}

}  // namespace program
