// What `info` and `doctor` are made of: facts, lines of a checkup, and other programs that are asked.
#include <framework/checkup.hpp>
#include <framework/facts.hpp>
#include <framework/spawn.hpp>

#include <doctest/doctest.h>

TEST_CASE("a fact is a line and a value; one of several is in a list") {
  program::Facts facts;
  facts.add("images", "1,234", "images", 1234);
  facts.add("kind", "odd \xff");
  facts.add_to("note", "first", "notes");
  facts.add_to("note", "second", "notes", 2);
  facts.set("faults", 0);
  program::Facts others;
  others.add("kind", "other", "kind", "b");
  facts.append_lines(others);
  CHECK(facts.json().dump() == "{\"images\":1234,\"kind\":\"odd \xef\x9f\xbf\",\"notes\":[\"first\",2],\"faults\":0}");
  facts.append(others);
  CHECK(facts.json()["kind"] == "b");
}

TEST_CASE("counts") {
  CHECK(program::grouped(0) == "0");
  CHECK(program::grouped(999) == "999");
  CHECK(program::grouped(1000) == "1,000");
  CHECK(program::grouped(-1234567) == "-1,234,567");
  CHECK(program::counted(1, "image") == "1 image");
  CHECK(program::counted(12000, "image") == "12,000 images");
}

TEST_CASE("a checkup counts problems and notes, and keeps the cures") {
  program::Checkup checkup;
  checkup.keep();
  checkup.ok("a", "well");
  checkup.note("b", "so so", "rest");
  checkup.problem("c", "ill", "a doctor");
  CHECK(checkup.problems() == 1);
  CHECK(checkup.notes() == 1);
  CHECK(checkup.json()["lines"][0].dump() == "{\"state\":\"OK\",\"name\":\"a\",\"text\":\"well\"}");
  CHECK(checkup.json()["lines"][2]["cure"] == "a doctor");
}

TEST_CASE("another program: what it says, how it ends, and that it ends") {
  const auto shell = [](const char* text, double seconds) {
    return program::run_program({"sh", "-c", text}, {.input = "given", .seconds = seconds});
  };
  CHECK(shell("cat; echo; echo wrong >&2", 30).output == "given\nwrong\n");
  CHECK(shell("exit 3", 30).status == 3);
  CHECK(shell("echo one; echo two", 30).first_line() == "one");
  CHECK(shell("exit 0", 30).well());
  CHECK_FALSE(shell("exit 3", 30).well());
  CHECK_FALSE(shell("kill -9 $$", 30).well());
  CHECK_FALSE(program::run_program({"no such program"}, {}).found);
  CHECK_FALSE(program::run_program({}, {}).found);
  CHECK(shell("i=0; while [ $i -lt 20000 ]; do echo much; i=$((i+1)); done", 30).output.size() < 80000);
  // Neither it nor what it has started is waited for.
  const program::Ended slow = shell("echo begins; sleep 1000 & sleep 1000", 1);
  CHECK(slow.found);
  CHECK_FALSE(slow.in_time);
  CHECK(slow.output == "begins\n");
}
