// How much memory this process may have, and what to say where that is too little.
#pragma once
#include <string>

namespace program {

/// What a process may still take, and who says so: "ulimit -v", "ulimit -d", "its control group" or "this machine".
struct Room {
  double bytes;
  std::string by;
};
/// The least of what the limits of the process and of its control groups and the memory of the machine leave.
/// `system` stands before the paths of /proc and /sys, for tests.
Room memory_room(const std::string& system = "");

/// From now on memory is taken for `what`. Should there be too little, the message is that, and `advice`.
void memory_for(const std::string& what, const std::string& advice);
/// Says on stderr for what there was too little memory.
void too_little_memory();

}  // namespace program
