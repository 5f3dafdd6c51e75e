// Any bytes as each of a stack's files: the first byte chooses the reader. Every place lies in the
// text, problems are bounded, and an edit of a .env file changes that one value.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stack/alloy.hpp"
#include "stack/crontab.hpp"
#include "stack/dockerfile.hpp"
#include "stack/dotenv.hpp"
#include "stack/env_check.hpp"
#include "stack/env_generate.hpp"
#include "stack/ignore_file.hpp"
#include "stack/markdown.hpp"
#include "stack/nginx.hpp"
#include "stack/shell.hpp"

using namespace selvage::stack;

namespace {

void check_span(const Span& span, const TextPtr& text) {
  SELVAGE_CHECK(span.file == text.get());
  SELVAGE_CHECK(span.begin <= span.end && span.end <= text->bytes().size());
}

void check_problems(const std::vector<Problem>& problems, const TextPtr& text) {
  SELVAGE_CHECK(problems.size() <= kMaxProblems);
  for (const Problem& problem : problems) check_span(problem.span, text);
}

void check_dotenv(const TextPtr& text) {
  const EnvFile file = parse_dotenv(text);
  for (const EnvProblem& problem : file.problems) check_span(problem.span, text);
  for (const EnvAssignment& assignment : file.assignments) {
    check_span(assignment.name_span, text);
    check_span(assignment.value_span, text);
    SELVAGE_CHECK(assignment.name_span.bytes() == assignment.name);
  }
  if (!file.accepted()) return;
  const auto edited = std::make_shared<const Text>("b", with_value(file, "NEW_name", "it's #1\\$"));
  const EnvFile after = parse_dotenv(edited);
  SELVAGE_CHECK(after.accepted());
  const EnvAssignment* changed = after.find("NEW_name");
  SELVAGE_CHECK(changed != nullptr && changed->raw == "it's #1\\$$");
  for (const EnvAssignment& before : file.assignments) {
    if (before.name == "NEW_name") continue;
    const EnvAssignment* kept = after.find(before.name);
    SELVAGE_CHECK(kept != nullptr && kept->raw == file.find(before.name)->raw);
  }
}

// What is generated is read back, once made it stays, and nothing else changes.
void check_generation(const TextPtr& text) {
  const EnvFile file = parse_dotenv(text);
  (void)check_env({&file, nullptr, nullptr, 0644, "", {}});
  (void)env_values(file, {{"HOME", "/root"}});
  if (!file.accepted() || text->bytes().size() > 4096) return;
  const EnvGenerated made = generate_secrets(file, {}, {"A_SECRET"});
  const auto again = std::make_shared<const Text>("b", made.bytes);
  const EnvFile after = parse_dotenv(again);
  SELVAGE_CHECK(after.accepted() && after.find("A_SECRET") != nullptr);
  SELVAGE_CHECK(generate_secrets(after, {}, {"A_SECRET"}).bytes == made.bytes);
}

void check_dockerfile(const TextPtr& text) {
  const Dockerfile file = parse_dockerfile(text);
  check_problems(file.problems, text);
  for (const DockerInstruction& instruction : file.instructions) {
    check_span(instruction.span, text);
    for (const DockerWord& word : instruction.words) check_span(word.span, text);
    for (const DockerHeredoc& heredoc : instruction.heredocs) check_span(heredoc.content, text);
    (void)instruction.pairs();
  }
  (void)file.effective("USER");
}

void check_shell(const TextPtr& text) {
  const ShellScript script = parse_shell(text);
  check_problems(script.problems, text);
  for (const ShellCommand& command : script.commands) {
    check_span(command.span, text);
    for (const ShellWord& word : command.words) check_span(word.span, text);
    for (const ShellAssignment& assignment : command.assignments) {
      check_span(assignment.value.span, text);
    }
  }
  for (const ShellVariable& variable : script.variables) check_span(variable.span, text);
  for (const ShellHeredoc& heredoc : script.heredocs) check_span(heredoc.content, text);
}

void check_alloy_block(const AlloyBlock& block, const TextPtr& text) {
  for (const AlloyAttribute& attribute : block.attributes) {
    check_span(attribute.expression, text);
    for (const AlloyEntry& entry : alloy_object(attribute.expression))
      check_span(entry.value, text);
    (void)alloy_string(attribute.expression);
  }
  for (const AlloyBlock& inner : block.blocks) check_alloy_block(inner, text);
}

void check_markdown(const TextPtr& text) {
  const MarkdownPage page = parse_markdown(text);
  for (const MarkdownHeading& heading : page.headings) check_span(heading.span, text);
  for (const MarkdownCode& block : page.blocks) check_span(block.content, text);
  for (const MarkdownLink& link : page.links) check_span(link.span, text);
  for (const Span& code : page.inline_code) check_span(code, text);
}

void check_ignore(const TextPtr& text) {
  for (const IgnoreFile& file : {IgnoreFile::git(text), IgnoreFile::docker(text)}) {
    for (const char* path : {".env", "a/b/c.key", "node_modules/x"}) {
      if (const auto by = file.decided_by(path)) check_span(*by, text);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = std::make_shared<const Text>(
      "a", std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  switch (data[0] % 8) {
    case 0:
      check_dotenv(text);
      check_generation(text);
      break;
    case 1:
      check_dockerfile(text);
      break;
    case 2: {
      const NginxFile file = parse_nginx(text);
      check_problems(file.problems, text);
      for (const NginxVariable& use : nginx_variables(file)) check_span(use.span, text);
      break;
    }
    case 3: {
      const Crontab crontab = parse_crontab(text, CrontabKind::system);
      check_problems(crontab.problems, text);
      for (const CronJob& job : crontab.jobs) check_span(job.command_span, text);
      break;
    }
    case 4:
      check_shell(text);
      break;
    case 5: {
      const AlloyFile file = parse_alloy(text);
      check_problems(file.problems, text);
      check_alloy_block(file.root, text);
      break;
    }
    case 6:
      check_markdown(text);
      break;
    default:
      check_ignore(text);
  }
  return 0;
}
