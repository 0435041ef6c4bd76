// A file of named tensors, whatever its container: what is in it, and reading of it on demand.
//
// A container's reader (safetensors.hpp, pth.hpp, npz.hpp, shards.hpp) finds the tensors and says of each where its
// bytes lie: in which file, from which byte, with which strides. That is all there is to a container once it was
// checked, so a `TensorFile` is a value, and no matter to whoever loads weights from it. After the check only a failing
// disk can stop a read, and bytes that are not those of their checksum, where the container has one. Tensors are
// converted on the way, piece by piece, so a model of some gigabytes is never in memory twice. open_tensors.hpp opens a
// file of any kind.
#pragma once
#include <bit>
#include <map>
#include <vector>

#include <mae/io/tensors/checked_bytes.hpp>
#include <mae/io/tensors/dtype.hpp>

MAE_PRECISE_BEGIN
namespace mae {

static_assert(std::endian::native == std::endian::little,
              "mae/io/tensors/tensor_file.hpp: files and memory are little-endian");

/// One tensor of a file: what it is and which bytes, [begin, end), its elements lie in.
struct TensorEntry {
  std::string name, dtype;
  std::vector<Index> shape;
  Index begin = 0, end = 0;
  std::vector<Index> strides{};  ///< in elements; empty where the elements follow each other, row-major
  std::size_t part = 0;          ///< in which of the files, where the tensors are divided among several
  bool swapped = false;          ///< the most significant byte of an element comes first
  /// Number of elements; 1 for an empty shape.
  Index count() const {
    Index product = 1;
    for (const Index extent : shape) product *= extent;
    return product;
  }
};

namespace detail {

/// Turns the bytes of each element round.
inline void reverse_elements(std::byte* bytes, Index count, Index element) {
  for (Index i = 0; i < count; ++i) std::reverse(bytes + i * element, bytes + (i + 1) * element);
}

/// Copies the elements of `entry`, of `element` bytes, to `to`, row-major. They are read in the order of the file,
/// through a small window: where no two overlap, no byte is read twice.
inline void gather(const InputFile& file, const TensorEntry& entry, Index element, std::byte* to) {
  struct Axis {
    Index extent, from, to, at;  // `from` and `to`: bytes from one element to the next, there and here
  };
  std::vector<Axis> axes;  // in the file's order, the fastest first
  Index size = element, reach = element;
  for (std::size_t i = entry.shape.size(); i-- > 0; size *= entry.shape[i]) {
    if (entry.shape[i] == 1) continue;
    axes.push_back({entry.shape[i], entry.strides[i] * element, size, 0});
    for (std::size_t k = axes.size() - 1; k > 0 && axes[k].from < axes[k - 1].from; --k)
      std::swap(axes[k], axes[k - 1]);
  }
  if (size == 0) return;
  bool forward = true;  // never back in the file
  for (const Axis& axis : axes) {
    forward = forward && (axis.from == 0 || axis.from >= reach);
    reach += (axis.extent - 1) * axis.from;
  }
  std::vector<std::byte> window(static_cast<std::size_t>((std::min)(forward ? Index{1 << 16} : element, reach)));
  Index begin = 0, last = 0;  // what of the tensor's bytes is in the window
  for (Index done = 0, from = 0, place = 0; done < size; done += element) {
    if (from < begin || from + element > last) {
      begin = from;
      last = (std::min)(reach, from + static_cast<Index>(window.size()));
      file.read(entry.begin + begin, window.data(), last - begin);
    }
    const std::byte* const source = window.data() + (from - begin);
    if (element == 4) std::memcpy(to + place, source, 4);  // of a known size, it is no call
    else std::memcpy(to + place, source, static_cast<std::size_t>(element));
    for (Axis& axis : axes) {
      from += axis.from;
      place += axis.to;
      if (++axis.at < axis.extent) break;
      from -= axis.extent * axis.from;
      place -= axis.extent * axis.to;
      axis.at = 0;
    }
  }
}

}  // namespace detail

/// Named tensors in a file, or in several that are one set of weights, open for reading.
class TensorFile {
 public:
  /// What a container's reader found in `parts` and checked against their sizes: a tensor lies within its file, an
  /// element of it has the size of its dtype. `checked`: runs of bytes whose checksums are told, none within another.
  /// Throws `Error` if a name occurs twice.
  TensorFile(std::string path, std::string container, std::vector<InputFile> parts, std::vector<TensorEntry> entries,
             std::map<std::string, std::string> metadata, std::vector<CheckedBytes> checked = {})
      : path_(std::move(path)),
        container_(std::move(container)),
        parts_(std::move(parts)),
        entries_(std::move(entries)),
        metadata_(std::move(metadata)),
        checksums_(std::move(checked)) {
    index_from(0);
  }
  /// Adds the tensors of `other`, in its files, and what is told there of what is not told here. Throws as above.
  void append(TensorFile other) {
    const std::size_t known = entries_.size();
    for (TensorEntry& entry : other.entries_) {
      entry.part += parts_.size();
      entries_.push_back(std::move(entry));
    }
    checksums_.append(other.checksums_, parts_.size());
    for (InputFile& part : other.parts_) parts_.push_back(std::move(part));
    add_metadata(other.metadata_);
    index_from(known);
  }
  /// Adds what is told beside the file; what the file itself tells stays.
  void add_metadata(const std::map<std::string, std::string>& more) { metadata_.insert(more.begin(), more.end()); }

  /// The file or folder that was opened.
  const std::string& path() const { return path_; }
  /// The kind of file, in words: "safetensors".
  const std::string& container() const { return container_; }
  /// Free text about the file: name -> value.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// All tensors in the order of the file.
  const std::vector<TensorEntry>& entries() const { return entries_; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const TensorEntry& entry : entries()) all.push_back(entry.name);
    return all;
  }

  /// The tensor `name`, or null.
  const TensorEntry* find(std::string_view name) const {
    const auto position = index_.find(name);
    return position == index_.end() ? nullptr : &entries()[position->second];
  }
  /// The tensor `name`. Throws `Error` if there is none.
  const TensorEntry& at(std::string_view name) const {
    const TensorEntry* entry = find(name);
    if (entry == nullptr)
      throw Error(subject(name), "no such tensor", "one of the " + std::to_string(entries().size()) + " in the file");
    return *entry;
  }
  /// The tensor `name`, which must have `shape`. Throws `Error` naming both shapes.
  const TensorEntry& at(std::string_view name, const std::vector<Index>& shape) const {
    const TensorEntry& entry = at(name);
    if (entry.shape != shape) throw Error(subject(name), "shape " + shape_text(entry.shape), shape_text(shape));
    return entry;
  }
  /// The metadata value of `key`. Throws `Error` if there is none.
  const std::string& metadata(const std::string& key) const {
    const auto position = metadata().find(key);
    if (position == metadata().end()) throw Error(path() + ": metadata", "no key " + detail::quoted(key), "one");
    return position->second;
  }

  /// Copies the `count` elements of `name` to `out`, row-major, converted to `T` (dtype.hpp). Throws `Error` if the
  /// tensor is missing, has another number of elements, or does not convert, or if its bytes are not those that were
  /// written: `out` then has some of them.
  template <class T>
  void copy_to(std::string_view name, T* out, Index count) const {
    const TensorEntry& entry = at(name);
    if (entry.count() != count)
      throw Error(subject(name), std::to_string(entry.count()) + " elements, shape " + shape_text(entry.shape),
                  std::to_string(count) + " elements");
    const std::string about = subject(name);
    require_convertible<T>(entry.dtype, about);
    if (entry.strides.empty())
      return read_all(entry, [&](const auto& read) { convert_elements(entry.dtype, count, out, about, read); });
    const std::vector<std::byte> all = bytes(name);
    convert_elements(entry.dtype, count, out, about, [&](Index offset, void* to, Index size) {
      std::memcpy(to, all.data() + offset, static_cast<std::size_t>(size));
    });
  }
  /// The elements of `name`, row-major, converted to `T`. Throws as `copy_to`.
  template <class T>
  std::vector<T> values(std::string_view name) const {
    const TensorEntry& entry = at(name);
    require_convertible<T>(entry.dtype, subject(name));  // only then the file vouches for the number of elements
    std::vector<T> all = detail::room_for<T>(subject(name), entry.count());
    copy_to(name, all.data(), static_cast<Index>(all.size()));
    return all;
  }
  /// The bytes of the elements of `name`, row-major and little-endian, whatever their dtype. Throws as `copy_to`.
  std::vector<std::byte> bytes(std::string_view name) const {
    const TensorEntry& entry = at(name);
    const Index element = dtype_bytes(entry.dtype);
    const bool plain = entry.strides.empty();
    const Index size = plain ? entry.end - entry.begin : element * entry.count();
    std::vector<std::byte> all = detail::room_for<std::byte>(subject(name), size);
    if (plain) {
      read_all(entry, [&](const auto& read) { read(0, all.data(), size); });
    } else {
      if (const CheckedBytes* const around = checksums_.unchecked(entry.part, entry.begin, entry.end)) {
        detail::require_checksum(parts_[entry.part], *around);
        checksums_.set_right(around);
      }
      detail::gather(parts_[entry.part], entry, element, all.data());
      if (entry.swapped) detail::reverse_elements(all.data(), size / element, element);
    }
    return all;
  }
  /// How errors name a tensor: the path of the file that it lies in, and its name.
  std::string subject(std::string_view name) const {
    const TensorEntry* const entry = find(name);
    const std::string& file = entry != nullptr && parts_.size() > 1 ? parts_[entry->part].path() : path();
    return file + ": tensor " + detail::quoted(std::string(name));
  }

 private:
  void index_from(std::size_t begin) {
    for (std::size_t i = begin; i < entries_.size(); ++i)
      if (!index_.emplace(entries_[i].name, i).second)
        throw Error(path_, "the tensor " + detail::quoted(entries_[i].name) + " twice", "each name once");
  }
  /// Calls take(read) for a tensor without strides: read(offset, to, bytes) are to read it whole, in its order and in
  /// whole elements.
  template <class Take>
  void read_all(const TensorEntry& entry, const Take& take) const {
    const InputFile& file = parts_[entry.part];
    const CheckedBytes* const around = checksums_.unchecked(entry.part, entry.begin, entry.end);
    detail::RunningCheck running(file, around);
    if (around != nullptr) running.pass(around->begin, entry.begin);
    take([&](Index offset, void* to, Index bytes) {
      const Index piece = around != nullptr ? detail::checked_piece : bytes;
      for (Index done = 0; done < bytes; done += piece) {
        std::byte* const out = static_cast<std::byte*>(to) + done;
        const Index now = (std::min)(piece, bytes - done);
        file.read(entry.begin + offset + done, out, now);
        running.add(out, now);
        const Index element = dtype_bytes(entry.dtype);
        if (entry.swapped) detail::reverse_elements(out, now / element, element);
      }
    });
    if (around != nullptr) running.pass(entry.end, around->end);
    running.finish();
    checksums_.set_right(around);
  }

  std::string path_, container_;
  std::vector<InputFile> parts_;
  std::vector<TensorEntry> entries_;
  std::map<std::string, std::string> metadata_;
  detail::Checksums checksums_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

}  // namespace mae
MAE_PRECISE_END
