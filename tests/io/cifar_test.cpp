#include <mae/io/images/cifar.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::cifar10, mae::cifar100, mae::Index, mae::read_cifar, mae::Split;
using test::contains, test::error_of;

namespace {

// A record: labels, and 3072 bytes that begin with `mark`.
std::string record(const std::string& labels, char mark) { return labels + mark + std::string(3071, '\5'); }

struct Cifar10 : test::TemporaryDirectory {
  Cifar10() {
    for (char batch = '1'; batch <= '5'; ++batch)
      write(std::string("data_batch_") + batch + ".bin", record("\3", batch) + record("\7", batch));
    write("test_batch.bin", record("\11", 't'));
  }
  void write(const std::string& name, const std::string& text) const { test::write_text(*this / name, text); }
  std::string error(Split split = Split::train) const {
    return error_of([&] { read_cifar(cifar10(), path, split); });
  }
};

}  // namespace

TEST_CASE("CIFAR-10: five files for training, one for testing") {
  const Cifar10 folder;
  const mae::NamedDataset train = read_cifar(cifar10(), folder.path, Split::train);
  CHECK(train.images.size() == 10);
  CHECK(train.images.channels == 3);
  CHECK(train.images.height == 32);
  CHECK(train.images.classes == 10);
  CHECK(train.images.labels == std::vector<std::int32_t>{3, 7, 3, 7, 3, 7, 3, 7, 3, 7});
  CHECK(train.images.image(3)[0] == '2');
  CHECK(train.images.image(9)[0] == '5');
  CHECK(train.images.image(9)[3071] == 5);
  CHECK(train.class_names.empty());
  CHECK(read_cifar(cifar10(), folder.path, Split::test).images.labels == std::vector<std::int32_t>{9});
}

TEST_CASE("CIFAR in grey, as with_channels makes it") {
  const Cifar10 folder;
  const mae::Dataset grey = read_cifar(cifar10(), folder.path, Split::train, 1).images;
  const mae::Dataset colour = read_cifar(cifar10(), folder.path, Split::train).images;
  CHECK(grey.channels == 1);
  CHECK(grey.size() == 10);
  CHECK(grey.copy(9) == mae::with_channels(colour.copy(9), 1));
}

TEST_CASE("the Python form of CIFAR is named") {
  const Cifar10 folder;
  folder.write("test_batch.bin", "\x80\2}q\1" + std::string(100, 'x'));
  CHECK(contains(folder.error(Split::test),
                 "/test_batch.bin: found a pickle of Python, expected CIFAR's binary records"));
}

TEST_CASE("CIFAR-100: the second label is the class") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "train.bin", record("\1\143", 'a') + record("\2\4", 'b'));
  test::write_text(folder / "test.bin", record("\2\144", 'a'));
  const mae::NamedDataset set = read_cifar(cifar100(), folder.path, Split::train);
  CHECK(set.images.labels == std::vector<std::int32_t>{99, 4});
  CHECK(set.images.image(1)[0] == 'b');
  CHECK(contains(error_of([&] { read_cifar(cifar100(), folder.path, Split::test); }),
                 "/test.bin: found the label 100 of image 0, expected labels from 0 to 99"));
}

TEST_CASE("names of classes are read if they are there, and must be complete") {
  const Cifar10 folder;
  folder.write("batches.meta.txt", "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  const auto names = read_cifar(cifar10(), folder.path, Split::test).class_names;
  CHECK(names.size() == 10);
  CHECK(names[0] == "a");
  CHECK(names[9] == "j");
  folder.write("batches.meta.txt", "a\nb\n");
  CHECK(contains(folder.error(), "/batches.meta.txt: found 2 names, expected 10"));
}

TEST_CASE("a file that is missing, cut, empty or wrong is named") {
  const Cifar10 folder;
  folder.write("data_batch_4.bin", record("\3", 'a') + "x");
  CHECK(contains(folder.error(),
                 "/data_batch_4.bin: found 3074 bytes, expected CIFAR's binary records, a multiple of 3073"));
  folder.write("data_batch_4.bin", "");
  CHECK(contains(folder.error(), "/data_batch_4.bin: found an empty file, expected CIFAR's"));
  folder.write("data_batch_4.bin", record("\3", 'a') + record("\12", 'b'));
  CHECK(contains(folder.error(), "/data_batch_4.bin: found the label 10 of image 1, expected labels from 0 to 9"));
  std::filesystem::remove(folder / "data_batch_4.bin");
  CHECK(contains(folder.error(), "/data_batch_4.bin: found \"No such file or directory\""));
  CHECK(folder.error(Split::test).empty());
}
