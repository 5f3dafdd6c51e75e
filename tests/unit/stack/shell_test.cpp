#include "stack/shell.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

ShellScript parse(std::string bytes) {
  return parse_shell(std::make_shared<const Text>("x.sh", std::move(bytes)));
}

// "docker compose up;" for each command, words in brackets when they are more than one piece.
std::string commands(std::string bytes) {
  std::string all;
  for (const ShellCommand& command : parse(std::move(bytes)).commands) {
    if (!all.empty()) all += "; ";
    std::string line;
    for (const ShellAssignment& assignment : command.assignments) {
      line += (line.empty() ? "" : " ") + assignment.name + ":=" + assignment.value.text;
    }
    for (const ShellWord& word : command.words) line += (line.empty() ? "" : " ") + word.text;
    for (const ShellRedirect& redirect : command.redirects) {
      line += (line.empty() ? "" : " ") + redirect.op + redirect.target.text;
    }
    if (command.from_pipe) line = "| " + line;
    all += line;
  }
  return all;
}

std::string variables(std::string bytes) {
  std::string all;
  for (const ShellVariable& variable : parse(std::move(bytes)).variables) {
    all += (all.empty() ? "" : " ") + variable.name + (variable.has_default ? "-" : "") +
           (variable.required ? "?" : "");
  }
  return all;
}

TEST_CASE("Shell: commands, words and quotes") {
  CHECK(commands("docker compose up -d # go\necho 'a b'\"c $X\"d\\ e") ==
        "docker compose up -d; echo a bc $Xd e");
  CHECK(commands("a && b || c; d & e") == "a; b; c; d; e");
  CHECK(commands("a \\\n  b\n") == "a b");
  CHECK(commands("A=1 B='x y' cmd C=2\nD=$(date +%F)\n") ==
        "A:=1 B:=x y cmd C=2; date +%F; D:=$(date +%F)");
  CHECK(commands("echo a#b # c\n#d\n") == "echo a#b");
  CHECK(commands("x=(a 'b c' # d\n e)\n") == "x:=(a 'b c' # d\n e)");
}

TEST_CASE("Shell: pipes and redirections") {
  CHECK(commands("pg_dump x | gzip > f.gz 2>&1\n") == "pg_dump x; | gzip >f.gz 2>&1");
  CHECK(commands("a |\n b |& c\nd\n") == "a; | b; | c; d");
  CHECK(commands("while read -r l; do echo $l; done < in | sort\n") ==
        "read -r l; echo $l; done <in; | sort");
  CHECK(commands("{ a; b; } >log\n(c; d) | e\n") == "a; b; } >log; c; d; ); | e");
  CHECK(commands("a &>log <<<\"$x\"\n") == "a &>log <<<$x");
  CHECK(commands("diff <(sort a) b\n") == "sort a; diff <(sort a) b");
  const ShellScript script = parse("a | b && c &\n");
  CHECK(script.commands[0].end == ShellEnd::pipe);
  CHECK(script.commands[1].end == ShellEnd::and_then);
  CHECK(script.commands[2].end == ShellEnd::background);
}

TEST_CASE("Shell: compound commands begin no command of their own") {
  CHECK(commands("if ! a; then b; elif c; then d; else e; fi\n") == "a; b; c; d; e");
  CHECK(commands("for x in 1 2; do echo $x; done\n") == "for x in 1 2; echo $x");
  CHECK(commands("case $1 in\n a|b) one ;;\n (c) two;;\n *) three\nesac\nfour\n") ==
        "case $1 in; one; two; three; four");
  CHECK(commands("f() {\n a\n}\nfunction g { b; }\nc\n") == "a; b; c");
  CHECK(commands("[[ -f x && $y == (a|b)* ]] && z\n(( i++ ))\n") ==
        "[[ -f x && $y == ( a | b ) * ]]; z");
  const ShellScript script = parse("if a | b; then ! c; fi\nf() { d; }\ne $(g)\n");
  CHECK(script.commands[0].condition);
  CHECK(script.commands[2].negated);
  CHECK_FALSE(script.commands[2].condition);
  CHECK(script.commands[3].in_function);
  CHECK_FALSE(script.commands[4].in_function);
  CHECK(script.commands[4].depth == 1);
}

TEST_CASE("Shell: which options are in force") {
  const ShellScript script =
      parse("#!/usr/bin/env bash\na\nset -euo pipefail\nb\nset +e +o pipefail\nc\n");
  CHECK(script.interpreter == "bash");
  CHECK_FALSE(script.commands[0].options.errexit);
  const ShellOptions strict = script.commands[2].options;
  CHECK((strict.errexit && strict.nounset && strict.pipefail));
  CHECK_FALSE(script.commands[4].options.errexit);
  CHECK(script.commands[4].options.nounset);
  CHECK(parse("#!/bin/sh -eu\n").options.nounset);
}

TEST_CASE("Shell: variables, with and without defaults") {
  CHECK(variables("echo $A \"${B:-x $C}\" '$D' ${E:?gone} $1 $? ${#F} \\$G ${H%.gz}\n") ==
        "A C B- E? F H");
  CHECK(variables("cat <<X\n$A ${B:-1}\nX\ncat <<'Y'\n$C\nY\n") == "A B-");
  CHECK(variables("echo $((A + $B)) `echo $C`") == "B C");
  const ShellScript script =
      parse("export A=1\nread -r B\nfor C in x; do :; done\n: ${D:=1}\n. ./.env\n");
  for (const char* name : {"A", "B", "C", "D"}) CHECK(script.assigns(name));
  CHECK_FALSE(script.assigns("E"));
  CHECK(script.commands[0].assignments[0].exported);
  REQUIRE(script.sourced().size() == 1);
  CHECK(script.sourced()[0].text == "./.env");
}

TEST_CASE("Shell: heredocs are text, not commands") {
  const ShellScript script = parse("psql <<-SQL | tee log\n\tdrop table x;\n\tSQL\nnext\n");
  REQUIRE(script.commands.size() == 3);
  CHECK(script.commands[2].word(0) == "next");
  REQUIRE(script.heredocs.size() == 1);
  CHECK(script.heredocs[0].content.bytes() == "\tdrop table x;\n");
  CHECK(commands("x=$(cat <<E\n)\nE\n)\ny\n") == "cat <<E; x:=$(cat <<E\n)\nE\n); y");
}

TEST_CASE("Shell: places") {
  const ShellScript script = parse("# Größe\n  docker  'compose' up\n");
  CHECK(script.commands[0].span.where() == "x.sh:2:3");
  CHECK(script.commands[0].words[1].span.where() == "x.sh:2:11");
  CHECK(script.commands[0].words[1].span.bytes() == "'compose'");
  CHECK(script.comments[0].bytes() == "# Größe");
}

TEST_CASE("Shell: what is never closed is said, and deep nesting ends") {
  CHECK(parse("echo 'x\n").problems[0].span.where() == "x.sh:1:6");
  CHECK(parse("echo \"x\n").problems.size() == 1);
  CHECK(parse("echo ${x\n").problems.size() == 1);
  CHECK_FALSE(parse("echo $(x\n").problems.empty());
  CHECK(parse("cat <<E\nx\n").problems[0].message.contains("\"E\" is never closed"));
  for (const char* unit : {"$(", "${a:-", "`", "((", "{ ", "\"$(", "a=(", "a=$("}) {
    std::string deep;
    for (int i = 0; i < 20000; ++i) deep += unit;
    CHECK(parse(deep).problems.size() <= kMaxProblems);
  }
}

}  // namespace
}  // namespace selvage::stack
