// What the program `doctor` finds on a machine: lines that are OK, worth a note, or a problem, with the cure.
//
// Nothing is changed: what is written to try a disk is removed again.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace program {

class Checkup {
 public:
  void ok(const std::string& name, const std::string& text) { add("OK", name, text, ""); }
  /// Works, but not as well as it could.
  void note(const std::string& name, const std::string& text, const std::string& cure) {
    add("note", name, text, cure);
  }
  /// Does not work.
  void problem(const std::string& name, const std::string& text, const std::string& cure) {
    add("problem", name, text, cure);
  }
  int problems() const { return problems_; }
  int notes() const { return notes_; }
  /// Lines are printed as they come, unless they are kept for this.
  void keep() { quiet_ = true; }
  nlohmann::ordered_json json() const;

 private:
  void add(const char* state, const std::string& name, const std::string& text, const std::string& cure);

  nlohmann::ordered_json lines_ = nlohmann::ordered_json::array();
  int problems_ = 0, notes_ = 0;
  bool quiet_ = false;
};

/// The processor: what it is, instruction sets, how many may be used, threads, load.
void check_processor(Checkup& checkup);
/// Memory that there is, and that this process may have.
void check_memory_of_machine(Checkup& checkup);
/// Compilers, whether they take C++20, and whether models can be compiled on demand.
void check_compilers(Checkup& checkup);
/// The folder of work, the temporary one and the one of compiled models: room, rights, locks, speed.
void check_disks(Checkup& checkup);
/// MPI and GPUs; `cuda`: this build has programs for them.
void check_others(Checkup& checkup, bool cuda);
/// Language and terminal.
void check_terminal(Checkup& checkup);

}  // namespace program
