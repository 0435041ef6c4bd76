// whole FILE: is the checkpoint whole? Says why not, with status 1.
#include <cstdio>

#include <mae/checkpoint/run_state.hpp>

int main(int count, char** words) {
  try {
    for (int i = 1; i < count; ++i) mae::check_checkpoint(words[i]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
