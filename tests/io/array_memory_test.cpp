// Readers of arrays and data sets hold a set once: what they take beside its bytes is small and does not grow with it.
#include <algorithm>

#include <doctest/doctest.h>

#include <malloc.h>

#include <mae/io/images/data_source.hpp>
#include <mae/io/images/png.hpp>

#include <support/temporary.hpp>

namespace {
std::size_t held = 0, most_held = 0;  // bytes
}

// Not inlined, or g++ would pair the free() below with its own idea of new.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  void* const memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  held += ::malloc_usable_size(memory);
  most_held = std::max(most_held, held);
  return memory;
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  void* const memory = std::malloc(bytes);
  held += ::malloc_usable_size(memory);
  most_held = std::max(most_held, held);
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  if (memory != nullptr) held -= ::malloc_usable_size(memory);
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace {

using mae::Index;
using Source = mae::DataSource<mae::Decoders<mae::Png>>;

// What opening `path` takes beyond the bytes of the set that comes out of it.
Index beyond_the_set(const std::string& path, Index channels, const std::string& layout = "") {
  mae::DataOptions options;
  options.folder.channels = channels;
  options.idx_layout = layout;
  const std::size_t before = held;
  most_held = held;
  const Source source(path, options);
  const mae::Dataset& set = *source.dataset();
  CHECK(set.channels == channels);
  CHECK(set.pixels.size() > 1'000'000);
  return static_cast<Index>(most_held - before) - static_cast<Index>(set.pixels.size()) -
         8 * static_cast<Index>(set.labels.size());  // labels grow by doubling
}
constexpr Index little = 300'000;

}  // namespace

TEST_CASE("arrays of NumPy") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "images.npy";
  const std::vector<std::uint8_t> levels(3'145'728, 7);
  for (const std::vector<Index>& shape : {std::vector<Index>{1024, 32, 32, 3}, {1024, 3, 32, 32}, {3072, 32, 32}}) {
    CAPTURE(mae::shape_text(shape));
    mae::write_npy(path, shape, levels);
    CHECK(beyond_the_set(path, 1) < little);
    CHECK(beyond_the_set(path, 3) < little);
  }
  mae::write_npy(path, {1024, 32, 32, 3}, std::vector<double>(levels.size(), 0.5));
  CHECK(beyond_the_set(path, 1) < little);
  CHECK(beyond_the_set(path, 3) < little);
  const std::size_t before = held;
  most_held = held;
  CHECK(mae::read_npy<float>(path).values.size() == levels.size());
  CHECK(most_held - before < 4 * levels.size() + little);
}

TEST_CASE("files of MNIST, packed or not, upright or on their side") {
  const test::TemporaryDirectory folder;
  const std::string header("\0\0\x08\3\0\0\x08\0\0\0\0\x20\0\0\0\x20", 16);
  const std::string text = header + std::string(2'097'152, '\7'), path = folder / "images-idx3-ubyte";
  test::write_text(path, text);
  const gzFile packed = gzopen((folder / "packed-images-idx3-ubyte.gz").c_str(), "wb");
  gzwrite(packed, text.data(), static_cast<unsigned>(text.size()));
  gzclose(packed);
  for (const Index channels : {1, 3}) {
    CHECK(beyond_the_set(path, channels) < little);
    CHECK(beyond_the_set(path, channels, "emnist") < little);
    CHECK(beyond_the_set(folder / "packed-images-idx3-ubyte.gz", channels) < little);
  }
}

TEST_CASE("a packed file that claims more than it has is refused for what it has") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "images-idx3-ubyte.gz";
  const gzFile packed = gzopen(path.c_str(), "wb0");
  const std::string header("\0\0\x08\3\0\x10\0\0\0\0\0\x20\0\0\0\x20", 16),
      text = header + std::string(2'000'000, '\7');
  gzwrite(packed, text.data(), static_cast<unsigned>(text.size()));
  gzclose(packed);
  CHECK(test::contains(test::error_of([&] { const Source source(path); }),
                       "/images-idx3-ubyte.gz: found 2000000 elements, expected 1073741824"));
}

TEST_CASE("CIFAR") {
  const test::TemporaryDirectory folder;
  const std::string records(400 * 3073, '\3');
  for (char batch = '1'; batch <= '5'; ++batch)
    test::write_text(folder / (std::string("data_batch_") + batch + ".bin"), records);
  CHECK(beyond_the_set(folder.path, 1) < little);
  CHECK(beyond_the_set(folder.path, 3) < little);
}
