#include "stack/dockerfile.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

Dockerfile parse(std::string bytes) {
  return parse_dockerfile(std::make_shared<const Text>("Dockerfile", std::move(bytes)));
}

constexpr const char* kTwoStages = R"(# syntax=docker/dockerfile:1.7
# just a comment
ARG VERSION=3.12
FROM --platform=linux/amd64 python:${VERSION} AS Build
RUN apt-get update \
    # between

  && apt-get install -y curl
FROM build
ENV A=1 B="two words" C=x\ y
USER app:app
HEALTHCHECK --interval=5s CMD ["curl", "-f", "http://localhost/"]
CMD ["python", "-m", "app"]
)";

TEST_CASE("Dockerfiles: stages, flags and words") {
  const Dockerfile file = parse(kTwoStages);
  CHECK(file.problems.empty());
  REQUIRE(file.directives.size() == 1);
  CHECK(file.directives[0].value == "docker/dockerfile:1.7");
  REQUIRE(file.stages.size() == 2);
  CHECK(file.stages[0].image == "python:${VERSION}");
  CHECK(file.stages[0].name == "build");
  CHECK(file.stages[0].platform == "linux/amd64");
  CHECK(file.stages[0].image_span.where() == "Dockerfile:4:29");
  CHECK(file.parent_of(1) == 0);
  CHECK_FALSE(file.parent_of(0).has_value());
  const DockerInstruction& run = file.instructions[2];
  CHECK(run.words.size() == 7);
  CHECK(run.words[3].text == "apt-get");
  CHECK(run.words[3].span.where() == "Dockerfile:8:6");
  CHECK(run.span.bytes().ends_with("-y curl"));
}

TEST_CASE("Dockerfiles: what the image has at the end") {
  const Dockerfile file = parse(kTwoStages);
  CHECK(file.effective("USER")->words[0].text == "app:app");
  CHECK(file.effective("CMD")->exec_form);
  CHECK(file.effective("CMD")->words[2].text == "app");
  CHECK(file.effective("RUN")->stage == 0);
  CHECK(file.effective("ENTRYPOINT") == nullptr);
  const DockerInstruction* check = file.effective("HEALTHCHECK");
  REQUIRE(check != nullptr);
  CHECK(check->exec_form);
  CHECK(check->words[1].text == "curl");
  CHECK(check->words[3].span.bytes() == "\"http://localhost/\"");
  CHECK(check->flag("interval")->value == "5s");
  CHECK(parse("FROM a\nUSER root\nFROM b\n").effective("USER") == nullptr);
}

TEST_CASE("Dockerfiles: variables in all their forms") {
  const Dockerfile file =
      parse(std::string(kTwoStages) + "ARG TOKEN\nENV OLD the rest  of it\nLABEL a.b=\"c\"\n");
  const auto env = file.instructions[4].pairs();
  REQUIRE(env.size() == 3);
  CHECK(env[1].value == "two words");
  CHECK(env[2].value == "x y");
  CHECK(file.instructions[0].pairs()[0].value == "3.12");
  CHECK_FALSE(file.effective("ARG")->pairs()[0].value.has_value());
  CHECK(file.effective("ENV")->pairs()[0].value == "the rest  of it");
  CHECK(file.effective("LABEL")->pairs()[0].name == "a.b");
}

TEST_CASE("Dockerfiles: heredocs") {
  const Dockerfile file = parse(
      "FROM a\nRUN <<EOF bash\nset -e\nUSER x\nEOF\nCOPY <<'ONE' <<-TWO "
      "/x/\n1\nONE\n\t2\n\tTWO\nRUN cat <<<x\n");
  CHECK(file.problems.empty());
  REQUIRE(file.instructions.size() == 4);
  CHECK(file.instructions[1].heredocs[0].content.bytes() == "set -e\nUSER x\n");
  CHECK(file.instructions[1].heredocs[0].expands);
  REQUIRE(file.instructions[2].heredocs.size() == 2);
  CHECK_FALSE(file.instructions[2].heredocs[0].expands);
  CHECK(file.instructions[2].heredocs[1].content.bytes() == "\t2\n");
  CHECK(file.instructions[3].heredocs.empty());
}

TEST_CASE("Dockerfiles: another escape character, other line ends, a mark") {
  const Dockerfile file = parse("\xEF\xBB\xBF# escape=`\r\nFROM a\r\nRUN x `\r\n  y C:\\z\r\n");
  CHECK(file.escape == '`');
  REQUIRE(file.instructions.size() == 2);
  CHECK(file.instructions[1].text == "x   y C:\\z");
}

TEST_CASE("Dockerfiles: shell form and exec form") {
  CHECK_FALSE(parse("FROM a\nCMD python -m app\n").effective("CMD")->exec_form);
  CHECK_FALSE(parse("FROM a\nCMD ['python']\n").effective("CMD")->exec_form);
  CHECK_FALSE(parse("FROM a\nCMD [\"x\", 1]\n").effective("CMD")->exec_form);
  CHECK(parse("FROM a\nCMD [ \"a\\\"b\", \\\n \"c\" ]\n").effective("CMD")->words[1].text == "c");
  CHECK(parse("FROM a\nHEALTHCHECK NONE\n").effective("HEALTHCHECK")->words[0].text == "NONE");
}

TEST_CASE("Dockerfiles: problems with their places") {
  const auto first = [](std::string bytes) {
    const Dockerfile file = parse(std::move(bytes));
    REQUIRE_FALSE(file.problems.empty());
    return file.problems[0].span.where() + ": " + file.problems[0].message;
  };
  CHECK(first("") == "Dockerfile:1:1: there is no FROM");
  CHECK(first("FROM a\nRUM x\n") == "Dockerfile:2:1: there is no instruction \"RUM\"");
  CHECK(first("RUN x\nFROM a\n").contains("before the first FROM"));
  CHECK(first("FROM a\nRUN <<E\nx\n").contains("never closed"));
  CHECK(first("FROM a b\n").contains("AS and a name"));
  CHECK(first("FROM a\nUSER\n").contains("needs an argument"));
  CHECK(first("FROM a\nHEALTHCHECK curl x\n").contains("takes NONE or CMD"));
  CHECK(first("# escape=x\nFROM a\n").contains("escape character"));
}

}  // namespace
}  // namespace selvage::stack
