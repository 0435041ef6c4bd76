// What a file is, told by its first bytes: so that a reader that was given something else can say what, and what to do.
//
// Names lie: a checkpoint that was cloned without Git LFS is a short text, a download that failed is a web page, and
// weights are handed out as pickles in ZIP archives. Only what the first half kilobyte shows for certain is named.
// Formats: those of PyTorch (torch.save), NumPy, Git LFS, ZIP (APPNOTE 4.3), HDF5, ONNX (protobuf), the usual marks.
#pragma once
#include <array>

#include <mae/io/files/checked_size.hpp>
#include <mae/io/files/image_kind.hpp>
#include <mae/io/files/input_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A kind of file: its name with an article, and what makes of it something that can be read here, if anything does.
/// Both are empty if the kind is not known.
struct FileKind {
  std::string name, advice;
};

namespace detail {

struct FileMark {
  std::size_t offset;
  std::string_view mark, name, advice;
};
inline constexpr std::string_view from_torch =
    "in Python, d = torch.load(FILE) and safetensors.torch.save_file(d.get('model', d), 'weights.safetensors')";
inline constexpr std::string_view from_npz = "in Python, for k, a in np.load(FILE).items(): np.save(k, a)";
inline constexpr FileMark file_marks[] = {
    {0, "version https://git-lfs"sv, "a pointer of Git LFS, not the file itself", "git lfs pull fetches the file"},
    {0, "\x93NUMPY"sv, "an array of NumPy (.npy)", ""},
    {0, "\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19."sv, "weights of PyTorch (a pickle)", from_torch},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file", "in Python, np.save('x.npy', h5py.File(FILE)['x'][:])"},
    {0, "\x1f\x8b"sv, "a file packed with gzip", "gunzip unpacks it"},
    {0, "BZh"sv, "a file packed with bzip2", "bunzip2 unpacks it"},
    {0, "\xfd\x37zXZ\0"sv, "a file packed with xz", "unxz unpacks it"},
    {0, "\x28\xb5\x2f\xfd"sv, "a file packed with zstd", "unzstd unpacks it"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive", "unpack it"},
    {0, "Rar!"sv, "a RAR archive", "unpack it"},
    {257, "ustar"sv, "a tar archive", "tar -xf unpacks it"},
    {0, "GGUF"sv, "a GGUF file", ""},
    {0, "lmgg"sv, "a GGML file", ""},
    {0, "%PDF"sv, "a PDF document", ""},
    {0, "PAR1"sv, "a Parquet file", ""},
    {0, "ARROW1"sv, "an Arrow file", ""},
    {0, "SQLite format 3"sv, "an SQLite database", ""},
    {0, "MATLAB 5.0"sv, "a MATLAB file", "in Python, np.save('x.npy', scipy.io.loadmat(FILE)['x'])"},
    {128, "DICM"sv, "a DICOM file", ""},
    {0, "\x7f\x45LF"sv, "a program", ""},
};

/// The name of the first entry of a ZIP archive; empty if it is not all there.
inline std::string_view first_of_zip(std::string_view start) {
  if (start.size() < 30) return {};
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(start[26])) +
                      256 * static_cast<std::size_t>(static_cast<unsigned char>(start[27]));
  return start.substr(30, length);
}
inline FileKind kind_of_zip(std::string_view start) {
  const std::string_view first = first_of_zip(start);
  if (first.ends_with("data.pkl")) return {"weights of PyTorch (a ZIP archive with a pickle)", std::string(from_torch)};
  if (first.ends_with(".npy")) return {"an archive of NumPy (.npz)", std::string(from_npz)};
  return {"a ZIP archive, as PyTorch writes weights (.pth) and NumPy several arrays (.npz)",
          "weights: " + std::string(from_torch)};
}

/// Text of whatever kind; nothing if `start` has bytes that no text has.
inline FileKind kind_of_text(std::string_view start) {
  for (const char c : start)
    if (static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\r' && c != '\t' && c != '\f') return {};
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  start.remove_prefix((std::min)(start.find_first_not_of(" \n\r\t\f"), start.size()));
  std::string lower(start);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const char* page : {"<!doctype html", "<html", "<head", "<?xml"})
    if (lower.starts_with(page)) return {"a web page", "a server answered with it: download the file again"};
  if (lower.starts_with('{') && lower.find("\"weight_map\"") != lower.npos)
    return {"an index of weights that are divided among several files",
            "in Python, load each with safetensors.torch.load_file and save all as one with save_file"};
  if (lower.starts_with('{') || lower.starts_with('[')) return {"a text in JSON", ""};
  std::size_t length = 0;
  while (length < (std::min)(start.size(), std::size_t{40}) && start[length] >= ' ' && start[length] <= '~') ++length;
  if (length < 4) return {};
  return {"a text that begins " + quoted(std::string(start.substr(0, length))), ""};
}

/// True for a map of MessagePack's, of up to 15 keys, of which the first is a name.
inline bool begins_msgpack(std::string_view start) {
  if (start.size() < 40 || (start[0] & '\xf0') != '\x80' || start[0] == '\x80' || (start[1] & '\xe0') != '\xa0')
    return false;
  const auto length = static_cast<std::size_t>(start[1] & 31);
  for (const char c : start.substr(2, length))
    if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_') return false;
  return length > 0;
}

/// The kind of a file of `size` bytes that begins with `start`, 512 bytes or all.
inline FileKind kind_of_start(std::string_view start, Index size) {
  if (size == 0) return {"an empty file", "copy or download it again"};
  if (start.starts_with("PK\3\4")) return kind_of_zip(start);
  for (const FileMark& known : file_marks)
    if (start.size() > known.offset && start.substr(known.offset).starts_with(known.mark))
      return {std::string(known.name), std::string(known.advice)};
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(start.data()), start.size());
  if (const ImageKind* const image = image_kind(bytes)) return {std::string("a ") + image->name + " image", ""};
  if (start.size() >= 16 && start[8] == '{' && start.substr(4, 4) == "\0\0\0\0"sv) return {"a safetensors file", ""};
  if (start.size() >= 4 && start.starts_with("\0\0"sv) && start[2] >= 8 && start[2] <= 14 && start[2] != 10 &&
      start[3] > 0 && start[3] <= 9)
    return {"an IDX file, as those of MNIST", ""};
  if (start.size() >= 4 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5)
    return {"a pickle of Python", "weights: " + std::string(from_torch)};
  if (start.size() >= 16 && start[0] == 8 && start[1] > 0 && start[1] < 32 && start[2] == 0x12 &&
      start.find("ytorch") < 16)
    return {"an ONNX model", ""};
  if (begins_msgpack(start)) return {"a MessagePack file, as Flax writes weights", ""};
  return kind_of_text(start);
}

}  // namespace detail

/// What `file` is. Reads its first half kilobyte. Throws `Error` if the disk fails.
inline FileKind file_kind(const InputFile& file) {
  std::array<char, 512> start{};
  const Index count = (std::min)(file.size(), static_cast<Index>(start.size()));
  file.read(0, start.data(), count);
  return detail::kind_of_start({start.data(), static_cast<std::size_t>(count)}, file.size());
}

/// Throws `Error` about a file that is not what was `expected`: what it is, if that is known, else `found`, and
/// what to do.
[[noreturn]] inline void refuse_kind(const InputFile& file, const std::string& found, const std::string& expected) {
  const FileKind kind = file_kind(file);
  throw Error(file.path(), kind.name.empty() ? found : kind.name,
              expected + (kind.advice.empty() ? "" : "; " + kind.advice));
}

}  // namespace mae
MAE_PRECISE_END
