// All programs in one: `mae pretrain --data photos`, `mae features …`. `mae --help` lists them.
//
// Called by the name of one, through a link, it is that one: `pretrain --data photos`.
#include "commands.hpp"

#include "framework/program.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

namespace {

const program::Command* find(std::string_view name) {
  for (const program::Command& command : program::commands)
    if (name == command.name) return &command;
  return nullptr;
}

void help() {
  std::printf("mae %s: masked autoencoders\nUsage: mae COMMAND [SETTINGS]...\n\n", mae::version);
  for (const program::Command& command : program::commands) std::printf("  %-12s %s\n", command.name, command.purpose);
  std::printf("\n`mae COMMAND --help` lists the settings of each.\n");
}

/// Calls a command as if the program's name were "mae NAME". `arguments` end in a null pointer.
int call(const program::Command& command, int count, char** arguments) {
  std::string name = std::string("mae ") + command.name;
  arguments[0] = name.data();
  return command.main(count, arguments);
}

[[noreturn]] void refuse(const std::string& found) {
  std::vector<std::string> names;
  for (const program::Command& command : program::commands) names.push_back(command.name);
  const std::string meant = program::nearest(found, names);
  throw mae::Error("command line", program::shown(mae::printable(found)),
                   meant.empty() ? "a command, as mae --help lists them" : "a command; did you mean " + meant + "?");
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view path = count > 0 ? arguments[0] : "mae", own = path.substr(path.rfind('/') + 1);
  if (const program::Command* const command = find(own)) return command->main(count, arguments);
  const std::string first = count > 1 ? arguments[1] : "";
  if (const program::Command* const command = find(first)) return call(*command, count - 1, arguments + 1);
  return program::answer([&] {
    if (first == "--help" || first == "-h" || (first == "help" && count == 2)) return help();
    if (first == "--version") return void(std::printf("mae %s\n", mae::version));
    if (first != "help") refuse(first);
    const program::Command* const command = find(arguments[2]);
    if (!command) refuse(arguments[2]);
    std::string flag = "--help";
    char* asked[] = {arguments[0], flag.data(), nullptr};
    std::exit(call(*command, 2, asked));
  });
}
