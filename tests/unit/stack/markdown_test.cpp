#include "stack/markdown.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

MarkdownPage parse(std::string bytes) {
  return parse_markdown(std::make_shared<const Text>("README.md", std::move(bytes)));
}

TEST_CASE("Markdown: headings of both kinds, none in code") {
  const MarkdownPage page = parse(
      "# Getting *started*! #\n\nOther\n-----\n```sh\n# comment\n```\n\n    # code\n\n#not\n"
      "- item\n\n---\n### Größe\r\n");
  REQUIRE(page.headings.size() == 3);
  CHECK(page.headings[0].text == "Getting *started*!");
  CHECK(page.headings[0].anchor == "getting-started");
  CHECK(page.headings[1].level == 2);
  CHECK(page.headings[1].span.where() == "README.md:3:1");
  CHECK(page.headings[2].text == "Größe");
}

TEST_CASE("Markdown: code with its language and its place") {
  const MarkdownPage page =
      parse("```bash title=x\na\n```\n> ~~~\n> b\n> ~~~\n````\n```\n````\n```yaml\nopen: 1\n");
  REQUIRE(page.blocks.size() == 4);
  CHECK(page.blocks[0].language == "bash");
  CHECK(page.blocks[0].content.bytes() == "a\n");
  CHECK(page.blocks[0].content.where() == "README.md:2:1");
  CHECK(page.blocks[2].content.bytes() == "```\n");
  CHECK(page.blocks[3].content.bytes() == "open: 1\n");
  const MarkdownPage inline_code =
      parse("use `a/b.py:12` and ``x ` y``, not \\`z` or ```in``` line\n");
  REQUIRE(inline_code.inline_code.size() == 3);
  CHECK(inline_code.inline_code[0].bytes() == "a/b.py:12");
  CHECK(inline_code.inline_code[1].bytes() == "x ` y");
  CHECK(inline_code.inline_code[2].bytes() == "in");
}

TEST_CASE("Markdown: links") {
  const MarkdownPage page = parse(
      "[a](docs/a.md#x \"t\") ![i](p.png) [b](<two words.md>) [c](f(1).md) `[d](code.md)`\n"
      "<https://x.example/> [e]\n\n[e]: ../e.md 'title'\n[^1]: note\n[![k](badge.svg)](ci.md)\n");
  std::string targets;
  for (const MarkdownLink& link : page.links)
    targets += (link.image ? "!" : "") + link.target + "|";
  CHECK(targets ==
        "docs/a.md#x|!p.png|two words.md|f(1).md|https://x.example/|../e.md|!badge.svg|ci.md|");
  CHECK(page.links[0].span.where() == "README.md:1:5");
}

TEST_CASE("Markdown: tasks that are done and that are not") {
  const MarkdownPage page = parse("- [x] one\n* [ ] two\n  - [X] three\n- [y] no\n- [ ]\n");
  REQUIRE(page.tasks.size() == 3);
  CHECK(page.tasks[0].done);
  CHECK_FALSE(page.tasks[1].done);
  CHECK(page.tasks[1].text == "two");
}

}  // namespace
}  // namespace selvage::stack
