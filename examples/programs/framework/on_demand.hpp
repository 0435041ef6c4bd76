// A model that no program was built with: compiled once, kept, and executed.
//
// What is compiled is the program itself, for one model: a file that holds whole numbers and names from fixed lists,
// and includes the program. toolkit.hpp says with what. A compiled program is found again by a checksum of everything
// it depends on: that file, all headers and libraries, the compiler with its version, its flags. Not the processor:
// kernels choose when they run.
#pragma once
#include <string>
#include <vector>

#include "description.hpp"

namespace program {

/// The programs that can be compiled for a model; empty where there is nothing to compile with.
std::vector<std::string> programs_on_demand();
/// Compiles `program` for a model, or finds that it was done. Returns the path of the compiled program, and the lock
/// under which it stays there until this process ends or becomes it. Throws mae::Error in one sentence.
std::string compile_on_demand(const std::string& program, const Description& model, const std::string& subject);

}  // namespace program
