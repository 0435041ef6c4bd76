// What the example programs share: options on the command line, and how a program ends.
#pragma once
#include <mae/core/error.hpp>

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <initializer_list>
#include <iostream>
#include <string>

namespace program {

/// Throws mae::Error unless the command line is `--name VALUE` again and again, each name one of `names`.
inline void check_options(int count, char** arguments, std::initializer_list<const char*> names) {
  std::string all;
  for (const char* const name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  for (int i = 1; i < count; i += 2) {
    bool known = false;
    for (const char* const name : names) known = known || std::strcmp(arguments[i], name) == 0;
    if (!known) throw mae::Error("command line", arguments[i], "one of " + all);
    if (i + 1 == count || std::strncmp(arguments[i + 1], "--", 2) == 0)
      throw mae::Error(arguments[i], "no value", "one after it");
  }
}

/// The value of `--name VALUE` on the command line, else `otherwise`.
inline std::string option(int count, char** arguments, const char* name, const std::string& otherwise) {
  for (int i = 1; i + 1 < count; i += 2)
    if (std::strcmp(arguments[i], name) == 0) return arguments[i + 1];
  return otherwise;
}
inline int whole_number(int count, char** arguments, const char* name, int otherwise) {
  const std::string text = option(count, arguments, name, std::to_string(otherwise));
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (end == text.c_str() || *end || value < 1 || value > 1'000'000) throw mae::Error(name, text, "a number from 1");
  return static_cast<int>(value);
}

/// The folder of `--out FOLDER`, else the current one. Looked at before the work begins: throws mae::Error unless files
/// can be written there.
inline std::string output_folder(int count, char** arguments) {
  const std::string folder = option(count, arguments, "--out", ".");
  std::error_code unknown;
  if (!std::filesystem::is_directory(folder, unknown) || ::access(folder.c_str(), W_OK | X_OK) != 0)
    throw mae::Error("--out", folder, "a folder that files can be written to");
  return folder;
}

/// Runs a program's body; an error becomes one line and exit status 1.
template <class Body>
int run(const Body& body) {
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

}  // namespace program
