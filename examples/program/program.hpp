// How a program begins and ends: settings are read, work is done, an error becomes one line and exit status 1.
#pragma once
#include <cstdio>
#include <exception>
#include <new>

#include "process.hpp"
#include "settings.hpp"

namespace program {

/// Reads the settings S from the command line and calls body(settings). Returns the exit status.
template <class S, class Body>
int run(int count, char** arguments, const Body& body) {
  try {
    begin();
    S settings;
    if (settings.parse(count, arguments)) body(settings);
    return finish();
  } catch (const std::bad_alloc&) {
    std::fputs("mae: memory: found too little, expected room for the plan; a smaller batch needs less\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}

}  // namespace program
