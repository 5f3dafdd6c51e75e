// Dockerfiles as BuildKit reads them: stages, instructions with their words, heredocs, parser
// directives. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/problem.hpp"

namespace selvage::stack {

struct DockerWord {
  std::string text;  // quotes and escapes resolved, variables not
  Span span;
};

struct DockerFlag {  // --from=build
  std::string name;  // "from"
  std::string value;
  Span span;
};

struct DockerHeredoc {
  std::string name;     // EOF
  bool expands = true;  // the name was not quoted
  Span content;
};

struct DockerPair {  // of ENV, ARG, LABEL
  std::string name;
  std::optional<std::string> value;  // ARG alone may have none
  Span span;
};

struct DockerInstruction {
  std::string name;  // in capitals: "RUN"
  std::string text;  // behind the name and the flags, its lines joined, comments between them gone
  std::vector<DockerFlag> flags;
  std::vector<DockerWord> words;  // of `text`, or the strings of the exec form
  bool exec_form = false;         // ["executable", "argument"]
  std::vector<DockerHeredoc> heredocs;
  Span span;  // from the name to the end of the last line
  Span name_span;
  std::size_t stage = 0;  // index into stages; 0 also for what stands before the first FROM

  [[nodiscard]] const DockerFlag* flag(std::string_view flag_name) const;
  // The NAME=VALUE pairs of ENV, ARG and LABEL, the old form "ENV NAME VALUE" too.
  [[nodiscard]] std::vector<DockerPair> pairs() const;
};

struct DockerStage {
  std::string image;  // as written, with its variables; "scratch"; the name of an earlier stage
  std::string name;   // in lower case; empty without AS
  std::string platform;
  Span span;
  Span image_span;
};

struct DockerDirective {  // "# syntax=docker/dockerfile:1"
  std::string name;       // in lower case
  std::string value;
  Span span;
};

struct Dockerfile {
  TextPtr text;
  char escape = '\\';
  std::vector<DockerDirective> directives;
  std::vector<DockerStage> stages;
  std::vector<DockerInstruction> instructions;
  std::vector<Problem> problems;

  // What the image has at the end: the last instruction of that name in the last stage or in the
  // stages it is built on; nullptr when there is none.
  [[nodiscard]] const DockerInstruction* effective(std::string_view instruction) const;
  // The stage of an earlier FROM that `stage` is built on; nullopt for an image.
  [[nodiscard]] std::optional<std::size_t> parent_of(std::size_t stage) const;
};

[[nodiscard]] Dockerfile parse_dockerfile(TextPtr text);

}  // namespace selvage::stack
