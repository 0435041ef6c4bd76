// Archives of NumPy's arrays (.npz), as Google's weights of Vision Transformers are handed out in: a ZIP archive
// (zip_archive.hpp) of .npy files (npy_header.hpp). Arrays that numpy.savez_compressed packed are refused.
#pragma once
#include <mae/io/tensors/npy_header.hpp>
#include <mae/io/tensors/tensor_file.hpp>
#include <mae/io/tensors/zip_archive.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Opens an archive of arrays, named as they are there without ".npy". Throws `Error` for any breach of the format, for
/// an entry that is no array of numbers, and says of another kind of file what it is.
inline TensorFile read_npz(const std::string& path) {
  std::vector<InputFile> parts;
  parts.emplace_back(path);
  const InputFile& file = parts.front();
  std::vector<TensorEntry> entries;
  std::vector<CheckedBytes> checked;
  for (const ZipEntry& member : read_zip(file)) {
    const std::string subject = path + ": " + detail::quoted(member.name);
    if (!member.name.ends_with(".npy")) throw Error(subject, "an entry that is no .npy file", "arrays of NumPy alone");
    const NpyHeader header = read_npy_header(file, member.begin, member.end, subject);
    TensorEntry entry;
    entry.name = member.name.substr(0, member.name.size() - 4);
    entry.shape = header.shape;
    entry.begin = header.data;
    entry.end = member.end;
    entry.swapped = header.swapped;
    entry.dtype = header.kind == 'b' ? "BOOL" : std::string(1, header.kind) + std::to_string(8 * header.element);
    entry.dtype.front() = static_cast<char>(entry.dtype.front() - (header.kind == 'b' ? 0 : 'a' - 'A'));
    if (header.fortran && entry.begin != entry.end) {
      Index stride = 1;
      for (const Index extent : entry.shape) {
        entry.strides.push_back(stride);
        stride *= extent;
      }
    }
    entries.push_back(std::move(entry));
    detail::keep_checksum(checked, member);
  }
  return {path, "NumPy (.npz)", std::move(parts), std::move(entries), {}, std::move(checked)};
}

}  // namespace mae
MAE_PRECISE_END
