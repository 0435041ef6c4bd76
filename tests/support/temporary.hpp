// What the tests of `io` share: a directory that vanishes after the test, and the text of an expected error.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/input_file.hpp>

#include "support/error_of.hpp"
#include "support/source_folder.hpp"

namespace test {

/// A new directory, removed with all it holds.
struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "mae-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::size_t entries() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path)) count += entry.exists() ? 1 : 0;
    return count;
  }
  std::string path;
};

inline void write_text(const std::string& path, const std::string& text) {
  mae::write_file(path, text.data(), static_cast<mae::Index>(text.size()));
}
/// The same without waiting until the disk has it, for inputs of many short tests.
inline void put_text(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fclose(file) != 0)
    std::abort();
}
inline std::string read_text(const std::string& path) {
  const auto bytes = mae::read_file<char>(path);
  return std::string(bytes.begin(), bytes.end());
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The path of `name` in the folder of the test `source`, which is __FILE__: a path that may count from where the
/// compiler ran.
inline std::string beside(const std::string& source, const std::string& name) {
  const std::filesystem::path below_tests = source.substr(source.rfind("tests/"));
  return (std::filesystem::path(source_folder()) / below_tests.parent_path() / name).string();
}

/// Gives up the rights of root for its life, so that file permissions count even where tests run as root.
struct OrdinaryUser {
  OrdinaryUser() : root(::geteuid() == 0) {
    if (root && ::seteuid(65534) != 0) std::abort();
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;
  ~OrdinaryUser() {
    if (root && ::seteuid(0) != 0) std::abort();
  }
  bool root;
};

}  // namespace test
