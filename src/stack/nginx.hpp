// nginx configuration: a tree of directives, each word with its place. What is read is what nginx'
// own tokenizer takes; whether a directive exists is left to nginx -t. Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/problem.hpp"

namespace selvage::stack {

struct NginxWord {
  std::string text;  // quotes and escapes resolved, variables not
  bool quoted = false;
  Span span;
};

struct NginxDirective {
  NginxWord name;
  std::vector<NginxWord> arguments;
  bool has_block = false;
  std::vector<NginxDirective> children;  // of a block of directives
  Span span;                             // from the name to the ';' or the '}'
  Span block;                            // between the braces; the code of a *_by_lua_block

  // The text of argument i, empty when there is none.
  [[nodiscard]] std::string_view argument(std::size_t i) const;
  // The first child of that name, nullptr when there is none.
  [[nodiscard]] const NginxDirective* child(std::string_view child_name) const;
};

struct NginxFile {
  TextPtr text;
  std::vector<NginxDirective> directives;
  std::vector<Problem> problems;
};

// Blocks deeper than 32 and more than 20,000 words are a problem and not read.
[[nodiscard]] NginxFile parse_nginx(TextPtr text);

// Calls `visit` for every directive, outer ones first; `parents` are the blocks around it, the
// innermost last.
void each_directive(
    const NginxFile& file,
    const std::function<void(const NginxDirective& directive,
                             const std::vector<const NginxDirective*>& parents)>& visit);

struct NginxVariable {
  std::string name;
  bool braced = false;
  Span span;  // with the '$'
};

// $name and ${name} in all words, in the order of the file: nginx' own variables, and in a
// template (*.template) those that envsubst fills in.
[[nodiscard]] std::vector<NginxVariable> nginx_variables(const NginxFile& file);

}  // namespace selvage::stack
