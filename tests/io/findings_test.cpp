#include <mae/io/annotations/findings.hpp>

#include <doctest/doctest.h>

#include <set>

#include <support/error_of.hpp>

using mae::Fault, mae::Faults, mae::Findings;
using test::error_of;
using enum mae::FaultKind::Outcome;

TEST_CASE("every kind of fault is told in words of its own, with what is done about it") {
  std::set<std::string> words;
  int kinds = 0;
  for (int i = 0; i <= static_cast<int>(Fault::mask_faulty); ++i, ++kinds) {
    const mae::FaultKind kind = mae::kind_of(static_cast<Fault>(i));
    REQUIRE(kind.what != nullptr);
    words.insert(kind.what);
    CHECK((kind.done[0] == '\0') == (kind.outcome == refused));
  }
  CHECK(static_cast<int>(words.size()) == kinds);
  CHECK(kinds == 55);
}

TEST_CASE("findings count all, keep the first places, and say what is refused") {
  Findings findings(2);
  CHECK(findings.lines(Faults::refuse).empty());
  findings.ensure_accepted("a.json", Faults::refuse);
  findings.add(Fault::crowd_absent, "x");
  findings.ensure_accepted("a.json", Faults::refuse);  // what is only noted
  for (const char* place : {"one", "two", "three"}) findings.add(Fault::box_empty, place);
  CHECK(findings.count(Fault::box_empty) == 3);
  CHECK(findings.count(Fault::box_outside) == 0);
  CHECK(findings.count(mended) == 3);
  CHECK(findings.count(noted) == 1);
  CHECK(findings.places(Fault::box_empty) == std::vector<std::string>{"one", "two"});
  CHECK(findings.lines(Faults::mend) == std::vector<std::string>{"annotations that do not say iscrowd: 1, taken as 0",
                                                                 "    x", "boxes without width or height: 3, left out",
                                                                 "    one", "    two", "    and 1 more"});
  CHECK(findings.lines(Faults::refuse)[2] == "boxes without width or height: 3, refused");
  findings.ensure_accepted("a.json", Faults::mend);
  CHECK(
      error_of([&] { findings.ensure_accepted("a.json", Faults::refuse); }) ==
      "mae: a.json: found boxes without width or height: 3, such as one, expected none; or faults = mend, and they are "
      "mended: left out");
  Findings more;
  more.add(Fault::category_twice, "four");
  more.add(Fault::box_empty, "five");
  findings.add(more);
  CHECK(findings.count(Fault::box_empty) == 4);
  CHECK(
      error_of([&] { findings.ensure_accepted("a.json", Faults::mend); }) ==
      "mae: a.json: found categories with the id of another category: 1, such as four, expected none: which is meant?");
}
