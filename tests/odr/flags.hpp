// What a file of a program computes with the library, to be compared with another file that was compiled with other flags.
#pragma once
#include <cstdint>
#include <string>

struct Outcome {
  double first_loss = 0, last_loss = 0;
  std::uint64_t weights = 0;  ///< a hash of their bits
  std::string error;          ///< what a training that diverges ends with
};
Outcome of_plain_file();
Outcome of_fast_file();
Outcome of_unoptimised_file();
