// How a program begins and ends: settings are read, work is done, an error becomes one line and exit status 1.
#pragma once
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>

#include "../commands.hpp"
#include "process.hpp"
#include "room.hpp"
#include "settings.hpp"

namespace program {

/// Calls work(), and says in one line what goes wrong. Returns the exit status.
template <class Work>
int answer(const Work& work) {
  try {
    begin();
    work();
    return finish();
  } catch (const mae::Error& error) { std::fprintf(stderr, "%s\n", error.what()); } catch (const std::bad_alloc&) {
    too_little_memory();
  } catch (const std::length_error&) {  // a vector longer than any can be
    too_little_memory();
  } catch (const std::exception& error) {  // a thread that cannot be started
    std::fprintf(stderr, "mae: system: found \"%s\", expected a machine that can do it\n",
                 mae::printable(error.what()).c_str());
  }
  return 1;
}

/// Reads the settings S from the command line and calls body(settings). Returns the exit status.
template <class S, class Body>
int run(int count, char** arguments, const Body& body) {
  return answer([&] {
    S settings;
    if (!settings.parse(count, arguments)) return;
    outlive_readers();
    body(settings);
  });
}

}  // namespace program
