// Images a step, and threads: the 32-pixel model with 1 to 256 images a step on all threads, and with 64 on 1, 2, ...
#include "sweep.hpp"

int main(int argc, char** argv) {
  using namespace mae::benchmark;
  const Sweep images("images a step", argc, argv), threads("threads", argc, argv);
  for (mae::Index batch = 1; batch <= 256; batch *= 2) images.point<Tiny32>("32-pixel model", double(batch), batch);
  for (int team = 1; team <= threads.threads; ++team) {
    mae::DefaultThreads::limit(team);
    threads.point<Tiny32>("32-pixel model", team, 64, team);
  }
}
