#include "stack/dotenv.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

EnvFile parse(std::string bytes) {
  return parse_dotenv(std::make_shared<const Text>(".env", std::move(bytes)));
}

// "NAME=raw" of all assignments, with '|' between them.
std::string read(std::string bytes) {
  std::string all;
  for (const EnvAssignment& assignment : parse(std::move(bytes)).assignments) {
    all += (all.empty() ? "" : "|") + assignment.name + (assignment.inherited ? "" : "=") +
           assignment.raw;
  }
  return all;
}

std::string problems(std::string bytes) {
  std::string all;
  for (const EnvProblem& problem : parse(std::move(bytes)).problems) {
    all += (problem.fatal ? "FATAL " : "") + problem.span.where() + ": " + problem.message + "\n";
  }
  return all;
}

TEST_CASE("Dotenv: what Compose takes for an assignment") {
  CHECK(read("A=1\nB = 2 \n\n  C=3") == "A=1|B=2|C=3");
  CHECK(read("export A=1\nexport\tB=2\nexported=3\n") == "A=1|B=2|exported=3");
  CHECK(read("A: 1\nB:2\n") == "A=1|B=2");
  CHECK(read("A\nB=\nC\r\n") == "A|B=|C");
  CHECK(read("A.b-c[0]=1\nGRÖSSE=2\n1A=3\n") == "A.b-c[0]=1|GRÖSSE=2|1A=3");
  CHECK(read("\xEF\xBB\xBF# mark\r\nA=1\r\nB='2'\r\n") == "A=1|B=2");
  CHECK(read("A=1\nLAST") == "A=1");
  CHECK(read("\xC2\xA0 A=1\xE2\x80\x89\n") == "A=1");
}

TEST_CASE("Dotenv: where a comment begins and where it does not") {
  CHECK(read("# x\nA=b #c\nA=b#c\nA=b\t#c\n") == "A=b|A=b#c|A=b\t#c");
  CHECK(read("A=#b\nB= # c\n") == "A=#b|B=# c");
  CHECK(read("A='b # c' # d\nB=\"e\"#f\n") == "A=b # c|B=e");
  const EnvFile file = parse("A=b # why  \nB='x' # how\n");
  CHECK(file.assignments[0].comment.bytes() == "# why");
  CHECK(file.assignments[1].comment.bytes() == "# how");
}

TEST_CASE("Dotenv: quotes and escapes") {
  CHECK(read(R"(A='it\'s $X \n \\')") == R"(A=it's $X \n \\)");
  CHECK(read(R"(A="say \"hi\" \$X \\ \q")") == R"(A=say "hi" $$X \ \q)");
  CHECK(read("A=\"a\\tb\\nc\"") == "A=a\tb\nc");
  CHECK(read(R"(A="\0101\0377\08\0")") == "A=A\xC3\xBF\\8\\");
  CHECK(read("A=\"one\ntwo # no\n\"\nB=1\n") == "A=one\ntwo # no\n|B=1");
  CHECK(read("A=it's\nB=\"x\" \n") == "A=it's|B=x");
  CHECK(read("A='x'B=2\n") == "A=x|B=2");
  CHECK(parse("A='$X'").assignments[0].interpolates() == false);
  CHECK(parse("A=$X").assignments[0].interpolates());
}

TEST_CASE("Dotenv: every name and value knows its place") {
  const EnvFile file = parse("# Größe\nexport  NAME = \"v\nw\" # c\nN2\n");
  const EnvAssignment& first = file.assignments[0];
  CHECK(first.exported);
  CHECK(first.name_span.where() == ".env:2:9");
  CHECK(first.value_span.where() == ".env:2:16");
  CHECK(first.value_span.bytes() == "\"v\nw\"");
  CHECK(file.assignments[1].name_span.where() == ".env:4:1");
  CHECK(file.find("N2")->inherited);
  CHECK(file.find("N3") == nullptr);
  CHECK(parse("A=1\nA=2\n").find("A")->raw == "2");
}

TEST_CASE("Dotenv: what Compose refuses, and the lines behind it") {
  const std::string found = problems("A B=1\nC D\nE?=2\nF=\"open\nG=3\n");
  CHECK(found ==
        "FATAL .env:1:1: a name cannot hold a blank\n"
        "FATAL .env:2:1: a name cannot hold a blank\n"
        "FATAL .env:3:2: \"?\" cannot stand in a name\n"
        "FATAL .env:4:3: the quote that opens the value of F is never closed\n");
  CHECK(read("F=\"open\nG=3\n") == "G=3");
  CHECK(problems("export ") == "FATAL .env:1:8: \"export\" names nothing\n");
  CHECK(problems("A\xE2\x80\x8B=1\n").starts_with("FATAL .env:1:2: "));
  CHECK(problems("\xFF=1\n").starts_with("FATAL .env:1:1: \"\\xff\""));
}

TEST_CASE("Dotenv: what Compose takes, maybe not as it was meant") {
  CHECK(problems("A=1\nB='x' # fine\nC=\"\n\"\n").empty());
  CHECK(problems("A=#b\n").contains("takes this for the value of A"));
  CHECK(problems("A=b\t#c\n").contains("only behind a space"));
  CHECK(problems("A=b \n").contains("blanks behind the value"));
  CHECK(problems("A=b'\n").contains("closes what none opened"));
  CHECK(problems("A='b' c\n").contains("behind the closing quote"));
  CHECK(problems("A: b\n").contains("as in YAML"));
  CHECK(problems("=b\n").contains("a name is missing"));
  CHECK(problems("A-B=1\n").contains("no name that a shell"));
  CHECK(problems("A=1\nA=2\n").contains(".env:2:1: A is set again; line 1 no longer counts"));
  CHECK(problems("\xEF\xBB\xBFX=1\r\n").contains("byte-order mark"));
  CHECK(problems("X=1\r\n").contains("CR LF"));
  CHECK(problems("LAST").contains("neither '=' nor a line end"));
  CHECK(parse("A=#b\nA-B=1").accepted());
  CHECK_FALSE(parse(std::string(1000, '?') + "\nA=1").accepted());
}

TEST_CASE("Dotenv: no message tells what may be a piece of a secret") {
  const std::string key = "MIIEpAIBAAKCAQEA0Zk41hVq7pX2mN8sT0wB5yR3cJ6gD9fLauEoIxQvbnmQ";
  for (const std::string& bytes :
       {"A=\"-----BEGIN\n" + key + "+/\n" + key + "==\n" + key + " x\n",
        key + "=1\n" + key + "=2\n", key + ": x\n", key + "='a' b\n", key}) {
    CHECK_FALSE(problems(bytes).contains("MIIE"));
  }
}

TEST_CASE("Dotenv: an edit changes one value and no other byte") {
  const std::string before = "# top\r\nA=1 # one\r\nexport B=\"x\"\r\nC\r\n";
  CHECK(with_value(parse(before), "A", "2") == "# top\r\nA=2 # one\r\nexport B=\"x\"\r\nC\r\n");
  CHECK(with_value(parse(before), "B", "y z") == "# top\r\nA=1 # one\r\nexport B='y z'\r\nC\r\n");
  CHECK(with_value(parse(before), "C", "3") == "# top\r\nA=1 # one\r\nexport B=\"x\"\r\nC=3\r\n");
  CHECK(with_value(parse(before), "D", "4") == before + "D=4\r\n");
  CHECK(with_value(parse("A=1"), "B", "2") == "A=1\nB=2\n");
  CHECK(with_value(parse("A=1\nA=2\n"), "A", "3") == "A=3\nA=3\n");
  CHECK(with_value(parse("A='x'B=2\n"), "A", "y") == "A='y'B=2\n");
  CHECK(with_value(parse("A=1\nX Y"), "B", "2") == "A=1\nB=2\nX Y");
}

TEST_CASE("Dotenv: what is written is read back") {
  for (const std::string value :
       {"",        "plain", "two words", "it's",      "a\"b",  "back\\slash", "\\", "$HOME",
        "${X:-y}", "a#b",   " # c",      "line\nend", "tab\t", "'",           "\"", "\\\"",
        "\\'$",    "ü",     "a=b",       "#",         "\\n",   "\r\n"}) {
    const EnvFile file = parse(with_value(parse("Z=1\n"), "A", value));
    CAPTURE(value);
    REQUIRE(file.accepted());
    const EnvAssignment* assignment = file.find("A");
    REQUIRE(assignment != nullptr);
    std::string got = assignment->raw;
    if (assignment->interpolates()) {
      for (std::size_t at = 0; (at = got.find("$$", at)) != std::string::npos; ++at) {
        got.erase(at, 1);
      }
    }
    CHECK(got == value);
    CHECK(file.assignments.size() == 2);
  }
}

}  // namespace
}  // namespace selvage::stack
