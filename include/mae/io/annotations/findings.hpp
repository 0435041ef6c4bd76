// What is wrong with an annotated data set, in words: each kind of fault (faults.hpp) with what is done about it, how
// often it occurs, and where.
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include <mae/core/error.hpp>
#include <mae/io/annotations/faults.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Faults by kind: how often, and where the first ones are.
class Findings {
 public:
  /// So many places are kept of each kind.
  explicit Findings(std::size_t places = 5) : places_(places) {}

  struct Found {
    Index count = 0;
    std::vector<std::string> places{};
  };

  /// `place` is the file, and which annotation in it.
  void add(Fault fault, const std::string& place) {
    Found& found = found_[fault];
    ++found.count;
    if (found.places.size() < places_) found.places.push_back(place);
  }
  void add(const Findings& others) {
    for (const auto& [fault, other] : others.found_) {
      Found& found = found_[fault];
      found.count += other.count;
      for (const std::string& place : other.places)
        if (found.places.size() < places_) found.places.push_back(place);
    }
  }

  Index count(Fault fault) const {
    const auto at = found_.find(fault);
    return at == found_.end() ? 0 : at->second.count;
  }
  /// The first places of a fault.
  std::vector<std::string> places(Fault fault) const {
    const auto at = found_.find(fault);
    return at == found_.end() ? std::vector<std::string>{} : at->second.places;
  }
  Index count(FaultKind::Outcome outcome) const {
    Index sum = 0;
    for (const auto& [fault, found] : found_) sum += kind_of(fault).outcome == outcome ? found.count : 0;
    return sum;
  }
  const std::map<Fault, Found>& all() const { return found_; }

  /// A line for each kind, and one for each place that is kept.
  std::vector<std::string> lines(Faults faults) const {
    std::vector<std::string> lines;
    for (const auto& [fault, found] : found_) {
      const FaultKind kind = kind_of(fault);
      lines.push_back(std::string(kind.what) + ": " + std::to_string(found.count) + ", " +
                      (stops(kind, faults) ? "refused" : kind.done));
      for (const std::string& place : found.places) lines.push_back("    " + place);
      if (static_cast<Index>(found.places.size()) < found.count)
        lines.push_back("    and " + std::to_string(found.count - static_cast<Index>(found.places.size())) + " more");
    }
    return lines;
  }

  /// Throws mae::Error about `subject` if there is something that is refused: the first kind and its first place.
  void ensure_accepted(const std::string& subject, Faults faults) const {
    for (const auto& [fault, found] : found_) {
      const FaultKind kind = kind_of(fault);
      if (stops(kind, faults))
        throw Error(subject,
                    std::string(kind.what) + ": " + std::to_string(found.count) +
                        (found.places.empty() ? "" : ", such as " + found.places[0]),
                    kind.outcome == FaultKind::Outcome::refused
                        ? "none: which is meant?"
                        : std::string("none; or faults = mend, and they are mended: ") + kind.done);
    }
  }

 private:
  static bool stops(const FaultKind& kind, Faults faults) {
    return kind.outcome == FaultKind::Outcome::refused ||
           (faults == Faults::refuse && kind.outcome == FaultKind::Outcome::mended);
  }

  std::size_t places_;
  std::map<Fault, Found> found_;
};

}  // namespace mae
MAE_PRECISE_END
