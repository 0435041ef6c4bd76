// Two files of one program that were compiled with different flags train, and each has its own right numbers, in whatever
// order they were linked. Compiled with OTHER, the function of the file beside the plain one, and SAME_BITS, which says
// whether both must end with the same weights to the bit.
#include <cmath>
#include <cstdio>

#include "flags.hpp"

namespace {

/// What an unoptimised build without such flags computes; processors and compilers round differently.
constexpr double first_loss = 1.468542, last_loss = 1.337768;

int failures = 0;

void expect(bool right, const char* what) {
  if (right) return;
  std::printf("wrong: %s\n", what);
  ++failures;
}
void expect_right(const char* name, const Outcome& outcome) {
  std::printf("%s: losses %.9g, %.9g; weights %016llx; at a rate of 1e30: %s\n", name, outcome.first_loss,
              outcome.last_loss, static_cast<unsigned long long>(outcome.weights), outcome.error.c_str());
  expect(std::fabs(outcome.first_loss - first_loss) < 1e-5, "the first loss");
  expect(std::fabs(outcome.last_loss - last_loss) < 1e-4, "the last loss");
  expect(outcome.error.find("expected finite numbers") != std::string::npos, "a loss that is not finite must stop");
}

}  // namespace

int main() {
  const Outcome plain = of_plain_file(), other = OTHER();
  expect_right("plain file", plain);
  expect_right("other file", other);
  if (SAME_BITS) expect(plain.weights == other.weights, "the weights differ");
  return failures == 0 ? 0 : 1;
}
