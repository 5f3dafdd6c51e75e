#include "base/detail/env_file.hpp"

#include <doctest/doctest.h>

namespace selvage::detail {
namespace {

std::string shown(const EnvText& text) {
  std::string all;
  for (const auto& entry : text.entries) {
    all += std::to_string(entry.line) + " " + entry.name + "=[" + entry.value + "]\n";
  }
  return all;
}

TEST_CASE("env file: reads every spelling of a value") {
  const EnvText text = parse_env(R"(# a comment
PLAIN=value
  INDENTED = spaced value   # comment
export EXPORTED=yes
export=odd

EMPTY=
EMPTY_COMMENT= # nothing
HASH=a#b
SINGLE='as it is: \n "$HOME" # x'
DOUBLE="tab\there \"quoted\" back\\slash \$5 \q" # comment
EQUALS=a=b=c
MULTI="first
second"
AFTER=1
URL=redis://:p@ss@host:6379/0
_X9=last)",
                                 ".env");
  CHECK(text.problems.empty());
  CHECK(shown(text) == R"(2 PLAIN=[value]
3 INDENTED=[spaced value]
4 EXPORTED=[yes]
5 export=[odd]
7 EMPTY=[]
8 EMPTY_COMMENT=[]
9 HASH=[a#b]
10 SINGLE=[as it is: \n "$HOME" # x]
11 DOUBLE=[tab	here "quoted" back\slash $5 \q]
12 EQUALS=[a=b=c]
13 MULTI=[first
second]
15 AFTER=[1]
16 URL=[redis://:p@ss@host:6379/0]
17 _X9=[last]
)");
}

TEST_CASE("env file: CRLF, a byte order mark and a missing last line feed change nothing") {
  const EnvText text = parse_env(
      "\xEF\xBB\xBF"
      "A=1\r\n\r\n# c\r\nB=\"x\r\ny\"\r\nC='z'\r\nD=\r",
      ".env");
  CHECK(text.problems.empty());
  CHECK(shown(text) == "1 A=[1]\n4 B=[x\ny]\n6 C=[z]\n7 D=[]\n");
}

TEST_CASE("env file: every bad line is reported with its place, and the good ones are kept") {
  const EnvText text = parse_env(
      "GOOD=1\n"
      "no equals\n"
      "=value\n"
      "9NAME=x\n"
      "export\n"
      "TRAIL=\"x\" y\n"
      "DASH-ED=1\n"
      "OPEN=\"never closed\n"
      "ALSO_GOOD=2\n",
      "deploy/.env");
  CHECK(shown(text) == "1 GOOD=[1]\n9 ALSO_GOOD=[2]\n");
  CHECK(text.problems == std::vector<std::string>{
                             "deploy/.env:2: '=' is missing after \"no\"",
                             "deploy/.env:3: a name (letters, digits and _) is expected here",
                             "deploy/.env:4: a name (letters, digits and _) is expected here",
                             "deploy/.env:5: a name (letters, digits and _) is expected here",
                             "deploy/.env:6: there is text after the closing quote of TRAIL",
                             "deploy/.env:7: '=' is missing after \"DASH\"",
                             "deploy/.env:8: the quote that opens the value of OPEN is not closed",
                         });
}

TEST_CASE("env file: problems never repeat a value, which may be a secret") {
  const EnvText text = parse_env("KEY=\"hunter2\" hunter2\nOTHER='hunter2\n", ".env");
  CHECK(text.problems.size() == 2);
  for (const auto& problem : text.problems) CHECK(problem.find("hunter2") == std::string::npos);
}

TEST_CASE("env file: a NUL byte is refused") {
  const EnvText text = parse_env(std::string_view("A=x\0y\n", 6), ".env");
  CHECK(text.entries.empty());
  CHECK(text.problems.size() == 1);
}

TEST_CASE("env file: many unclosed quotes stay cheap") {
  std::string hostile;
  while (hostile.size() < kMaxEnvFileBytes) hostile += "A='\nB=\"\n";
  const EnvText text = parse_env(hostile, ".env");
  CHECK(text.entries.size() + text.problems.size() > 0);
}

TEST_CASE("read_file: says why a file cannot be read") {
  CHECK(read_file("/nonexistent/file", 10).error().message ==
        "cannot read /nonexistent/file: No such file or directory");
  CHECK(read_file("/", 10).error().message == "cannot read /: Is a directory");
  CHECK(read_file("/dev/zero", 5'000).error().message ==
        "cannot read /dev/zero: it is larger than 5000 bytes");
  CHECK(read_file("/dev/null", 0).value().empty());
}

}  // namespace
}  // namespace selvage::detail
