// Named tensors from a file or folder of any kind that weights are handed out in, told by what is in it, whatever its
// name: safetensors, PyTorch's (.pth), NumPy's (.npz), an index of several files, a folder of Hugging Face's.
#pragma once
#include <mae/io/tensors/npz.hpp>
#include <mae/io/tensors/pth.hpp>
#include <mae/io/tensors/safetensors.hpp>
#include <mae/io/tensors/shards.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// One file of tensors. Throws `Error` as its reader does, and about a file of another kind what it is.
inline TensorFile open_tensor_file(const std::string& path) {
  const InputFile file(path);
  std::array<char, 512> start{};
  const Index count = (std::min)(file.size(), static_cast<Index>(start.size()));
  file.read(0, start.data(), count);
  const std::string_view begin(start.data(), static_cast<std::size_t>(count));
  if (begin.starts_with("PK\3\4")) return first_of_zip(begin).ends_with(".npy") ? read_npz(path) : read_pth(path);
  if (begin.starts_with("\x80\2\x8a\nl\xfc\x9c\x46")) return read_pth(path);
  if (count > 8 && begin[8] == '{' && begin[7] == 0) return SafetensorsFile::read(path);
  if (begin.starts_with('{')) return read_shards(path, open_tensor_file);
  refuse_kind(file, "none of the kinds of files of weights",
              "safetensors, .pth, .npz, an index or a folder of weights");
}

}  // namespace detail

/// Opens the weights at `path`. Throws `Error` as the reader of the container does: of what is no file of weights, it
/// says what it is.
inline TensorFile open_tensors(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode))
    return read_weights_folder(path, detail::open_tensor_file);
  return detail::open_tensor_file(path);
}

}  // namespace mae
MAE_PRECISE_END
