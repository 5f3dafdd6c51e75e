#include "stack/ignore_file.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

IgnoreFile git(std::string bytes) {
  return IgnoreFile::git(std::make_shared<const Text>(".gitignore", std::move(bytes)));
}
IgnoreFile docker(std::string bytes) {
  return IgnoreFile::docker(std::make_shared<const Text>(".dockerignore", std::move(bytes)));
}

TEST_CASE("Globs: blanks of each dialect") {
  CHECK(Glob("*.c", GlobDialect::plain).matches("a.c"));
  CHECK_FALSE(Glob("*.c", GlobDialect::plain).matches("a/b.c"));
  CHECK(Glob("a?c", GlobDialect::git).matches("abc"));
  CHECK_FALSE(Glob("a?c", GlobDialect::git).matches("a/c"));
  CHECK(Glob("[a-c!]x", GlobDialect::git).matches("!x"));
  CHECK_FALSE(Glob("[!a-c]x", GlobDialect::git).matches("bx"));
  CHECK(Glob("[]]", GlobDialect::git).matches("]"));
  CHECK(Glob("[open", GlobDialect::git).matches("[open"));
  CHECK(Glob("\\*", GlobDialect::git).matches("*"));
  CHECK(Glob("a/**/b", GlobDialect::git).matches("a/b"));
  CHECK(Glob("a/**/b", GlobDialect::git).matches("a/x/y/b"));
  CHECK_FALSE(Glob("a/**/b", GlobDialect::git).matches("a/xb"));
  CHECK_FALSE(Glob("a**b", GlobDialect::git).matches("a/b"));
  CHECK(Glob("a**b", GlobDialect::docker).matches("a/b"));
  CHECK_FALSE(Glob("**/b", GlobDialect::git).matches("xb"));
  CHECK_FALSE(Glob(std::string(5000, 'a'), GlobDialect::git).matches(std::string(5000, 'a')));
}

TEST_CASE("Globs: many stars cost no time") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  CHECK_FALSE(Glob(pattern + "b", GlobDialect::git).matches(std::string(3000, 'a')));
}

TEST_CASE("Ignore files: git's rules") {
  const IgnoreFile rules =
      git("# secrets\n.env\n!.env.example\n*.key \n/build\nlogs/\ndoc/*.txt\n");
  CHECK(rules.ignores(".env"));
  CHECK(rules.ignores("deploy/.env"));
  CHECK_FALSE(rules.ignores(".env.example"));
  CHECK(rules.ignores("a/b/c.key"));
  CHECK(rules.ignores("build/x"));
  CHECK_FALSE(rules.ignores("src/build"));
  CHECK_FALSE(rules.ignores("logs"));
  CHECK(rules.ignores("logs", true));
  CHECK(rules.ignores("a/logs/x.log"));
  CHECK(rules.ignores("doc/a.txt"));
  CHECK_FALSE(rules.ignores("doc/a/b.txt"));
  CHECK(rules.decided_by("x/.env")->where() == ".gitignore:2:1");
  CHECK_FALSE(rules.decided_by("README").has_value());
}

TEST_CASE(
    "Ignore files: nothing below an ignored folder comes back with git, with Docker it does") {
  CHECK(git("secrets/\n!secrets/public\n").ignores("secrets/public"));
  CHECK_FALSE(docker("secrets/\n!secrets/public\n").ignores("secrets/public"));
  CHECK(docker("secrets/\n!secrets/public\n").ignores("secrets/private"));
}

TEST_CASE("Ignore files: Docker counts from the root of the context") {
  const IgnoreFile rules = docker(".env\n./a/../node_modules\n  **/*.pem\n*\n!src\n");
  CHECK_FALSE(docker(".env").ignores("deploy/.env"));
  CHECK(docker("**/.env").ignores("deploy/.env"));
  CHECK(docker("**/.env").ignores(".env"));
  CHECK(rules.ignores("README"));
  CHECK_FALSE(rules.ignores("src/main.py"));
  CHECK(docker("a/../node_modules").ignores("node_modules/x"));
  CHECK_FALSE(docker("#a\n").ignores("#a"));
}

TEST_CASE("Ignore files: too many patterns are cut and said") {
  std::string many;
  for (std::size_t i = 0; i < IgnoreFile::kMaxPatterns + 5; ++i) many += "a\n";
  CHECK(git(many).cut_short());
  CHECK(git(many).size() == IgnoreFile::kMaxPatterns);
}

}  // namespace
}  // namespace selvage::stack
