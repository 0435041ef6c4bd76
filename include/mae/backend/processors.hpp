// How many processors' worth of time a control group of Linux lets this process have: a container's "cpus: 2".
//
// A process in a group with a quota still sees every processor of the machine. A team with a thread for each of them
// spends the quota of a period in a part of it, sleeps for the rest, and waits at every barrier for whoever sleeps.
// Groups lie in one another, so the least quota from the process's own group up to the mount counts. Both versions of
// control groups are read: `cpu.max`, and `cpu.cfs_quota_us` with `cpu.cfs_period_us`. What cannot be read, as on other
// systems, limits nothing.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <string>

namespace mae::detail {

/// The text of a small file; "" if it cannot be read.
[[gnu::cold]] inline std::string text_of(const std::string& path) {
  std::string text;
  if (std::FILE* const file = std::fopen(path.c_str(), "r")) {
    char piece[1024];
    while (const std::size_t got = std::fread(piece, 1, sizeof piece, file)) text.append(piece, got);
    std::fclose(file);
  }
  return text;
}

/// Takes what stands before `end`, or all, off the front of `text`, and `end` too.
[[gnu::cold]] inline std::string take_until(std::string& text, const char* end) {
  const std::size_t at = text.find(end);
  std::string taken = text.substr(0, at);
  text.erase(0, at == std::string::npos ? at : at + std::string(end).size());
  return taken;
}

/// A path of /proc/self/mountinfo, where "\040" is a blank.
[[gnu::cold]] inline std::string unescaped(const std::string& text) {
  auto octal = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '7' ? text[i] - '0' : -1; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = octal(i + 1), middle = octal(i + 2), low = octal(i + 3);
    const bool escape = text[i] == '\\' && high >= 0 && middle >= 0 && low >= 0;
    plain += escape ? static_cast<char>(64 * high + 8 * middle + low) : text[i];
    if (escape) i += 3;
  }
  return plain;
}

/// Whether `list`, "rw,cpu,cpuacct", has `word`.
[[gnu::cold]] inline bool has_word(const std::string& list, const std::string& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

/// Processors that the group of one folder may use: `quota` of each `period`, a part of one counted whole; 0: no limit.
[[gnu::cold]] inline int processors_of_quota(const std::string& quota, const std::string& period) {
  const long long granted = std::strtoll(quota.c_str(), nullptr, 10), each = std::strtoll(period.c_str(), nullptr, 10);
  if (granted <= 0 || each <= 0) return 0;  // "max", -1, or no number
  const long long whole = granted / each + (granted % each != 0);
  return whole < 1 << 20 ? static_cast<int>(whole) : 0;
}
[[gnu::cold]] inline int processors_of_group(const std::string& folder, bool unified) {
  if (!unified)
    return processors_of_quota(text_of(folder + "/cpu.cfs_quota_us"), text_of(folder + "/cpu.cfs_period_us"));
  std::string text = text_of(folder + "/cpu.max");
  const std::string quota = take_until(text, " ");
  return processors_of_quota(quota, text);
}

/// Where a group lies below a mount that shows the groups from `root` on: "/a/b" for "/docker/a/b" and root "/docker".
[[gnu::cold]] inline std::string below(const std::string& group, const std::string& root) {
  const std::string prefix = root == "/" ? "" : root;
  const bool inside = group.starts_with(prefix + "/") && group.find("/..") == std::string::npos;
  return inside && group.size() > prefix.size() + 1 ? group.substr(prefix.size()) : "";
}

/// Calls visit(folder, unified) for the control groups of this process that limit what `controller` says, "cpu" or
/// "memory", and for those that they lie in, up to the mount. `unified` is version 2. `system` is put before each path.
template <class Visit>
[[gnu::cold]] void each_control_group(const std::string& controller, const std::string& system, const Visit& visit) {
  std::string unified_group = "/", own_group = "/";
  for (std::string lines = text_of(system + "/proc/self/cgroup"); !lines.empty();) {  // "4:cpu,cpuacct:/a", "0::/a"
    std::string line = take_until(lines, "\n");
    const std::string number = take_until(line, ":"), controllers = take_until(line, ":");
    if (number == "0" && controllers.empty()) unified_group = line;
    if (has_word(controllers, controller)) own_group = line;
  }
  for (std::string lines = text_of(system + "/proc/self/mountinfo"); !lines.empty();) {
    std::string after = take_until(lines, "\n"), fields = take_until(after, " - ");  // "… root place options - type …"
    for (int i = 0; i < 3; ++i) take_until(fields, " ");
    const std::string root = unescaped(take_until(fields, " ")), place = unescaped(take_until(fields, " "));
    const std::string type = take_until(after, " ");
    take_until(after, " ");
    const bool unified = type == "cgroup2";
    if (!unified && !(type == "cgroup" && has_word(after, controller))) continue;
    for (std::string path = below(unified ? unified_group : own_group, root);; path.erase(path.rfind('/'))) {
      visit(system + place + path, unified);
      if (path.empty()) break;
    }
  }
}

/// The quota of this process in processors, a part of one counted whole; 0: none.
[[gnu::cold]] inline int processor_quota(const std::string& system = "") {
  int least = 0;
  each_control_group("cpu", system, [&](const std::string& folder, bool unified) {
    const int here = processors_of_group(folder, unified);
    if (here > 0 && (least == 0 || here < least)) least = here;
  });
  return least;
}

}  // namespace mae::detail
