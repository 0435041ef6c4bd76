// safetensors: named tensors in one file. The format of the published checkpoints, read and written strictly.
//
//   8 bytes   n, the length of the header, little-endian
//   n bytes   the header: JSON, padded with spaces (safetensors_header.hpp)
//   the rest  the tensors one after another, row-major, little-endian
//
// Opening a file reads and checks its header against its size; after that only a failing disk can stop a read. Tensors
// are read on demand and converted on the way, so a model of some gigabytes is never in memory twice. A file is
// written atomically (atomic_file.hpp).
// Format: github.com/huggingface/safetensors.
#pragma once
#include <bit>

#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/file_kind.hpp>
#include <mae/io/tensors/safetensors_header.hpp>

MAE_PRECISE_BEGIN
namespace mae {

static_assert(std::endian::native == std::endian::little,
              "mae/io/tensors/safetensors.hpp: files and memory are little-endian");

/// The longest header allowed, in bytes.
inline constexpr Index safetensors_header_limit = 100'000'000;

/// A safetensors file open for reading.
class SafetensorsFile {
 public:
  /// Opens `path` and checks its header. Throws `Error(path, found, expected)` for any breach of the format.
  static SafetensorsFile read(const std::string& path) { return SafetensorsFile(path); }

  const std::string& path() const { return file_.path(); }
  /// Free text about the file: name -> value.
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  /// All tensors in the order of the header.
  const std::vector<TensorEntry>& entries() const { return header_.entries; }
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

  /// Copies the `count` elements of `name` to `out`, converted to `T` (dtype.hpp). Throws `Error` if the tensor is
  /// missing, has another number of elements, or does not convert.
  template <class T>
  void copy_to(std::string_view name, T* out, Index count) const {
    const TensorEntry& entry = at(name);
    if (entry.count() != count)
      throw Error(subject(name), std::to_string(entry.count()) + " elements, shape " + shape_text(entry.shape),
                  std::to_string(count) + " elements");
    convert_elements(entry.dtype, count, out, subject(name),
                     [&](Index offset, void* to, Index bytes) { file_.read(data_ + entry.begin + offset, to, bytes); });
  }
  /// The elements of `name`, converted to `T`. Throws as `copy_to`.
  template <class T>
  std::vector<T> values(std::string_view name) const {
    const TensorEntry& entry = at(name);
    require_convertible<T>(entry.dtype, subject(name));  // only then the file vouches for the number of elements
    std::vector<T> all = detail::room_for<T>(subject(name), entry.count());
    copy_to(name, all.data(), static_cast<Index>(all.size()));
    return all;
  }
  /// The bytes of `name` as they lie in the file, whatever its dtype.
  std::vector<std::byte> bytes(std::string_view name) const {
    const TensorEntry& entry = at(name);
    std::vector<std::byte> all = detail::room_for<std::byte>(subject(name), entry.end - entry.begin);
    file_.read(data_ + entry.begin, all.data(), static_cast<Index>(all.size()));
    return all;
  }
  /// How errors name a tensor of this file: path and name.
  std::string subject(std::string_view name) const { return path() + ": tensor " + detail::quoted(std::string(name)); }

 private:
  explicit SafetensorsFile(const std::string& path) : file_(path) {
    constexpr const char* what = "a safetensors file";
    std::uint64_t length = 0;
    char begin = 0;
    if (file_.size() < 8)
      refuse_kind(file_, std::to_string(file_.size()) + " bytes", std::string(what) + ", at least 8 bytes");
    file_.read(0, &length, 8);
    if (length > std::uint64_t{safetensors_header_limit})
      refuse_kind(
          file_,
          "a header of " + std::to_string(length) + " bytes, more than " + std::to_string(safetensors_header_limit),
          what);
    data_ = 8 + static_cast<Index>(length);
    if (file_.size() > 8) file_.read(8, &begin, 1);
    if (data_ > file_.size() && file_.size() > 8 && begin != '{') refuse_kind(file_, "no header", what);
    if (data_ > file_.size())
      throw Error(path, std::to_string(file_.size()) + " bytes",
                  "at least " + std::to_string(data_) + ": its header is cut, as a download or copy that stopped");
    std::string text(static_cast<std::size_t>(length), ' ');
    file_.read(8, text.data(), static_cast<Index>(length));
    header_ = detail::parse_header(path, text, file_.size() - data_);
    for (std::size_t i = 0; i < entries().size(); ++i) index_.emplace(entries()[i].name, i);
  }

  InputFile file_;
  Index data_ = 0;  // where the tensors start
  detail::SafetensorsHeader header_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// A tensor to be written: its bytes stay where they are, row-major.
struct TensorBytes {
  std::string name, dtype;
  std::vector<Index> shape;
  const void* data = nullptr;
};

/// A tensor to be written whose elements are `T`s; `data` points to as many as `shape` says.
template <class T>
TensorBytes tensor_bytes(std::string name, std::vector<Index> shape, const T* data) {
  return {std::move(name), dtype_of<T>(), std::move(shape), data};
}

namespace detail {

/// `text` as a JSON string. Throws `Error` if it is not UTF-8.
inline std::string json_string(const std::string& path, const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(path, "a name or metadata that is not UTF-8: " + quoted(text), "UTF-8 text");
  }
}

/// The header for `tensors` laid one after another, padded so that the data start at a multiple of 8. `sizes` receives
/// their bytes.
inline std::string header_text(const std::string& path, const std::vector<TensorBytes>& tensors,
                               const std::map<std::string, std::string>& metadata, std::vector<Index>& sizes) {
  std::string text = "{\"__metadata__\":{";
  for (const auto& [key, value] : metadata)
    text.append(text.back() == '{' ? "" : ",")
        .append(json_string(path, key))
        .append(":")
        .append(json_string(path, value));
  text += "}";
  std::set<std::string> names{"__metadata__"};
  Index position = 0;
  for (const TensorBytes& tensor : tensors) {
    const std::string subject = path + ": tensor " + quoted(tensor.name);
    if (!names.insert(tensor.name).second) throw Error(subject, "the name twice or reserved", "a name of its own");
    const Index element = dtype_bytes(tensor.dtype), bytes = bytes_of(tensor.shape, element);
    const bool negative = std::any_of(tensor.shape.begin(), tensor.shape.end(), [](Index n) { return n < 0; });
    Index end = 0;
    if (element == 0 || bytes < 0 || negative || __builtin_add_overflow(position, bytes, &end))
      throw Error(subject, tensor.dtype + shape_text(tensor.shape),
                  "a known dtype, extents from 0 and a size below 2^63 bytes");
    text.append(",").append(json_string(path, tensor.name)).append(":{\"dtype\":\"").append(tensor.dtype);
    text.append("\",\"shape\":").append(shape_text(tensor.shape));
    text.append(",\"data_offsets\":").append(shape_text({position, end})).append("}");
    sizes.push_back(bytes);
    position = end;
  }
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  if (static_cast<Index>(text.size()) > safetensors_header_limit)
    throw Error(path, "a header of " + std::to_string(text.size()) + " bytes",
                "at most " + std::to_string(safetensors_header_limit));
  return text;
}

}  // namespace detail

/// Writes `tensors`, in this order, and `metadata` as the whole file `path`, atomically. Throws `Error` and leaves an
/// earlier file untouched if a name occurs twice, a dtype is unknown or the file cannot be written. Tensors follow
/// each other without gaps, as the format demands: to keep all aligned, give the wide element types first.
inline void write_safetensors(const std::string& path, const std::vector<TensorBytes>& tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  std::vector<Index> sizes;
  const std::string header = detail::header_text(path, tensors, metadata, sizes);
  const std::uint64_t length = header.size();
  AtomicFile file(path);
  file.write(&length, 8);
  file.write(header.data(), static_cast<Index>(length));
  for (std::size_t i = 0; i < tensors.size(); ++i) file.write(tensors[i].data, sizes[i]);
  file.commit();
}

}  // namespace mae
MAE_PRECISE_END
