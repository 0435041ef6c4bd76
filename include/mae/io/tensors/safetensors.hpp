// safetensors: named tensors in one file. The format of the published checkpoints, read and written strictly.
//
//   8 bytes   n, the length of the header, little-endian
//   n bytes   the header: JSON, padded with spaces (safetensors_header.hpp)
//   the rest  the tensors one after another, row-major, little-endian
//
// Opening a file reads and checks its header against its size; what is then read, and how, says tensor_file.hpp. A file
// is written atomically (atomic_file.hpp).
// Format: github.com/huggingface/safetensors.
#pragma once
#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/file_kind.hpp>
#include <mae/io/tensors/safetensors_header.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The longest header allowed, in bytes.
inline constexpr Index safetensors_header_limit = 100'000'000;

namespace detail {
/// Reads and checks the header of a safetensors file. The tensors' bytes are counted from the start of the file.
inline SafetensorsHeader read_safetensors_header(const InputFile& file) {
  constexpr const char* what = "a safetensors file";
  std::uint64_t length = 0;
  char begin = 0;
  if (file.size() < 8)
    refuse_kind(file, std::to_string(file.size()) + " bytes", std::string(what) + ", at least 8 bytes");
  file.read(0, &length, 8);
  if (length > std::uint64_t{safetensors_header_limit})
    refuse_kind(
        file, "a header of " + std::to_string(length) + " bytes, more than " + std::to_string(safetensors_header_limit),
        what);
  const Index data = 8 + static_cast<Index>(length);  // where the tensors start
  if (file.size() > 8) file.read(8, &begin, 1);
  if (data > file.size() && file.size() > 8 && begin != '{') refuse_kind(file, "no header", what);
  if (data > file.size())
    throw Error(file.path(), std::to_string(file.size()) + " bytes",
                "at least " + std::to_string(data) + ": its header is cut, as a download or copy that stopped");
  std::string text(static_cast<std::size_t>(length), ' ');
  file.read(8, text.data(), static_cast<Index>(length));
  SafetensorsHeader header = parse_header(file.path(), text, file.size() - data);
  for (TensorEntry& entry : header.entries) entry.begin += data, entry.end += data;
  return header;
}
}  // namespace detail

/// A safetensors file open for reading.
class SafetensorsFile : public TensorFile {
 public:
  /// Opens `path` and checks its header. Throws `Error(path, found, expected)` for any breach of the format.
  static SafetensorsFile read(const std::string& path) {
    InputFile file(path);
    detail::SafetensorsHeader header = detail::read_safetensors_header(file);
    std::vector<InputFile> parts;
    parts.push_back(std::move(file));
    return {path, "safetensors", std::move(parts), std::move(header.entries), std::move(header.metadata)};
  }

 private:
  using TensorFile::TensorFile;
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
