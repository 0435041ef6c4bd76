// A file read from its start to its end, unpacked on the way if it is a gzip file. MNIST is handed out in such files.
//
// Unpacking is zlib's (`gzread`), which also checks the checksum at the end. Whoever includes this file links with -lz.
#pragma once
#include <zlib.h>
#include <memory>

#include <mae/io/files/input_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A regular file, packed or not, open for reading once from start to end.
class UnpackedFile {
 public:
  /// Throws `Error` as `InputFile` does.
  explicit UnpackedFile(const std::string& path) : file_(path) {
    std::uint8_t mark[2] = {};
    if (file_.size() >= 2) file_.read(0, mark, 2);
    packed_ = mark[0] == 0x1f && mark[1] == 0x8b;
    if (!packed_) return;
    zlib_.reset(::gzopen(path.c_str(), "rbe"));
    if (!zlib_) detail::fail_with_errno(path, "opening", "a readable file");
  }

  const std::string& path() const { return file_.path(); }
  /// True if the file is a gzip file.
  bool packed() const { return packed_; }
  /// The most bytes that can come out: gzip's method shrinks 1032 times at best.
  Index most() const { return packed_ ? 1032 * file_.size() : file_.size(); }

  /// Copies the next bytes to `to`, `bytes` of them or as many as are left, and says how many. Throws `Error` if the
  /// packed bytes are damaged or end early.
  Index read(void* to, Index bytes) {
    Index done = 0;
    if (!packed_) {
      done = (std::min)(bytes, file_.size() - position_);
      file_.read(position_, to, done);
      position_ += done;
      return done;
    }
    constexpr Index piece = 1 << 24;  // zlib counts in int
    while (done < bytes) {
      const int got =
          ::gzread(zlib_.get(), static_cast<char*>(to) + done, static_cast<unsigned>((std::min)(piece, bytes - done)));
      int status = Z_OK;
      const char* const why = ::gzerror(zlib_.get(), &status);
      if (got < 0 || (got == 0 && status != Z_OK))
        throw Error(path(), "\"" + std::string(why) + "\"", "a whole gzip file");
      if (got == 0) break;
      done += got;
    }
    return done;
  }

 private:
  struct Close {
    void operator()(gzFile file) const { ::gzclose(file); }
  };
  InputFile file_;
  bool packed_ = false;
  Index position_ = 0;
  std::unique_ptr<gzFile_s, Close> zlib_;
};

}  // namespace mae
MAE_PRECISE_END
