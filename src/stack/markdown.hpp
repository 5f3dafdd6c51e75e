// What can be checked in a page of Markdown: headings, code, links, tasks. Enough of CommonMark to
// tell prose from code; no page is rendered. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stack/problem.hpp"

namespace selvage::stack {

struct MarkdownHeading {
  int level = 1;
  std::string text;    // as written, inline marks included
  std::string anchor;  // as code forges make it: "Getting started!" -> "getting-started"
  Span span;
};

struct MarkdownCode {
  std::string language;  // the first word behind the fence, in lower case; empty without one
  Span content;
};

struct MarkdownLink {
  std::string target;  // without <> and title
  bool image = false;
  Span span;  // of the target
};

struct MarkdownTask {  // "- [x] done"
  bool done = false;
  std::string text;
  Span span;
};

struct MarkdownPage {
  TextPtr text;
  std::vector<MarkdownHeading> headings;
  std::vector<MarkdownCode> blocks;  // fenced; an open one reaches to the end of the page
  std::vector<Span> inline_code;     // between the backquotes
  std::vector<MarkdownLink> links;   // [x](y), ![x](y), [x]: y, <https://y>
  std::vector<MarkdownTask> tasks;
};

[[nodiscard]] MarkdownPage parse_markdown(TextPtr text);

}  // namespace selvage::stack
