#include <boost/json.hpp>

#include "app/command.hpp"
#include "app/env/report.hpp"
#include "app/env/stack_env.hpp"
#include "base/json.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "stack/env_check.hpp"
#include "stack/env_diff.hpp"
#include "stack/env_generate.hpp"
#include "stack/env_template.hpp"
#include "stack/replace_file.hpp"

namespace selvage::app {

namespace {

namespace fs = std::filesystem;

std::unexpected<Error> usage(std::string message, std::string hint) {
  return fail(ErrorKind::invalid, "env.usage", std::move(message), std::move(hint));
}

Result<bool> wants_json(const Invocation& invocation) {
  const std::string format = invocation.value("--format").value_or("text");
  if (format == "json") return true;
  if (format == "text") return false;
  return usage(fmt::format("--format is text or json, got {}", in_quotes(format)), "");
}

Result<StackEnvOptions> options_of(const Invocation& invocation) {
  if (invocation.arguments.size() > 1) {
    return usage(fmt::format("selvage env {} takes one folder", invocation.action),
                 "for example: selvage env check deploy");
  }
  StackEnvOptions options;
  if (!invocation.arguments.empty()) options.folder = invocation.arguments[0];
  if (const auto files = invocation.flags.find("--file"); files != invocation.flags.end()) {
    options.compose_files.assign(files->second.begin(), files->second.end());
  }
  options.env_file = invocation.value("--env").value_or("");
  options.template_file = invocation.value("--template").value_or("");
  options.shell = invocation.has("--shell");
  return options;
}

// What a reader should know beside the findings.
std::string remark_on(const StackEnv& env) {
  const std::string file = env.path.string();
  if (!env.file && !env.usage) return file + " does not exist";
  if (!env.file) return file + " does not exist; selvage env generate writes it";
  if (env.usage) return "";
  return env.file->accepted() ? "There is no Compose file: only the file itself was judged."
                              : "What the stack reads is looked at once Compose takes the file.";
}

Result<int> check(const Invocation& invocation) {
  const bool as_json = TRY(wants_json(invocation));
  const StackEnv env = TRY(open_stack_env(TRY(options_of(invocation))));
  stack::EnvCheck question;
  question.file = env.file ? &*env.file : nullptr;
  question.usage = env.usage ? &*env.usage : nullptr;
  question.template_file = env.template_file ? &*env.template_file : nullptr;
  question.permissions = env.permissions;
  std::error_code error;
  question.canonical_path = fs::weakly_canonical(env.path, error).string();
  question.environment = env.environment;
  std::vector<stack::EnvFinding> findings = stack::check_env(question);
  if (env.project) {
    for (const stack::Notice& notice : env.project->notices) {
      if (notice.code != "compose.env_file_missing") continue;
      findings.insert(findings.begin(),
                      {stack::EnvFindingKind::missing, true, "", notice.where, notice.text,
                       "write the file, or mark it required: false"});
    }
  }
  if (!env.refused_at.empty()) {
    findings.insert(findings.begin(),
                    {stack::EnvFindingKind::malformed,
                     true,
                     "",
                     {},
                     "with these values Compose refuses " + env.refused_at,
                     "look which variable is read there; selvage stack show tells all of it"});
  }
  const std::string file = env.path.string();
  if (as_json) {
    fmt::print("{}", findings_json(findings, file));
  } else {
    if (env.file || !findings.empty()) fmt::print("{}\n", findings_text(findings, file));
    if (const std::string remark = remark_on(env); !remark.empty()) {
      fmt::print("{}", indented(printable(remark), 0));
    }
  }
  if (!env.file && !env.usage) return 1;
  const bool strict = invocation.has("--strict");
  for (const stack::EnvFinding& finding : findings) {
    if (finding.error || strict) return 1;
  }
  return 0;
}

bool is_template(const fs::path& path) {
  const std::string name = to_lower_ascii(path.filename().string());
  for (const char* word : {"example", "template", "sample", "dist"}) {
    if (name.contains(word)) return true;
  }
  return false;
}

Result<int> diff(const Invocation& invocation) {
  const bool as_json = TRY(wants_json(invocation));
  if (invocation.arguments.size() != 2) {
    return usage("selvage env diff needs two env files",
                 "for example: selvage env diff .env .env.example");
  }
  const fs::path first = invocation.arguments[0];
  const fs::path second = invocation.arguments[1];
  std::vector<stack::EnvFile> files;
  for (const fs::path& path : {first, second}) {
    files.push_back(TRY(read_env_file(path)));
    for (const stack::EnvProblem& problem : files.back().problems) {
      if (!problem.fatal) continue;
      return fail(ErrorKind::invalid, "env.malformed",
                  fmt::format("{}: {}", problem.span.where(), problem.message),
                  "selvage env check lists all that is wrong");
    }
  }
  const bool names_only =
      invocation.has("--names-only") || is_template(first) || is_template(second);
  const auto differences = stack::diff_env(files[0], files[1], {}, names_only);
  fmt::print("{}", as_json ? differences_json(differences, first.string(), second.string())
                           : differences_text(differences, first.string(), second.string()));
  return differences.empty() ? 0 : 1;
}

std::unexpected<Error> no_usage(const StackEnv& env) {
  if (env.file && !env.file->accepted()) {
    return fail(ErrorKind::invalid, "env.malformed",
                fmt::format("Compose does not take {}", env.path.string()),
                fmt::format("see what is wrong: selvage env check --env {}", env.path.string()));
  }
  return usage("there is no Compose file here", "name one: --file FILE");
}

Result<int> write_template(const Invocation& invocation) {
  const StackEnvOptions options = TRY(options_of(invocation));
  const StackEnv env = TRY(open_stack_env(options));
  if (!env.usage) return no_usage(env);
  const std::string output = invocation.value("--output").value_or("");
  if (output == "-") {
    fmt::print("{}", stack::env_template(*env.usage));
    return 0;
  }
  const fs::path path = !output.empty()         ? fs::path(output)
                        : env.template_file     ? fs::path(env.template_file->text->name())
                        : options.folder == "." ? fs::path(".env.example")
                                                : options.folder / ".env.example";
  std::error_code error;
  const bool exists = fs::exists(fs::symlink_status(path, error));
  std::string bytes;
  if (exists) {
    const stack::EnvFile before = TRY(read_env_file(path));
    bytes = stack::with_missing_variables(before, *env.usage);
    if (bytes == before.text->bytes()) {
      fmt::print("{}", indented(path.string() + " has every variable that the stack reads", 0));
      return 0;
    }
  } else {
    bytes = stack::env_template(*env.usage);
  }
  TRY(stack::replace_file(path, bytes, 0644));
  fmt::print("{}", indented(fmt::format("{} {}", exists ? "added what was missing to" : "wrote",
                                        path.string()),
                            0));
  return 0;
}

void print_names(std::string_view title, const std::vector<std::string>& names) {
  if (names.empty()) return;
  fmt::print("\n{}:\n", title);
  for (const std::string& name : names) fmt::print("  {}\n", printable(name));
}

json::array names_json(const std::vector<std::string>& names) {
  json::array list;
  for (const std::string& name : names) list.emplace_back(name);
  return list;
}

bool is_variable(std::string_view name) {
  if (name.empty() || is_digit(name[0])) return false;
  for (const char c : name) {
    const char lower = to_lower_ascii(c);
    if (c != '_' && !is_digit(c) && (lower < 'a' || lower > 'z')) return false;
  }
  return true;
}

// What is filled: the env file, else the template, else a new one.
stack::EnvFile base_of(const StackEnv& env, const stack::EnvUsage& usage) {
  if (env.file) return *env.file;
  if (env.template_file && env.template_file->accepted()) return *env.template_file;
  return stack::parse_dotenv(
      std::make_shared<const stack::Text>(env.path.string(), stack::env_template(usage)));
}

Result<int> generate(const Invocation& invocation) {
  const bool as_json = TRY(wants_json(invocation));
  StackEnvOptions options = TRY(options_of(invocation));
  std::error_code error;
  const fs::path named = options.env_file;  // one that is not there yet is written
  const bool exists = named.empty() || fs::exists(fs::symlink_status(named, error));
  if (!exists) options.env_file.clear();
  StackEnv env = TRY(open_stack_env(options));
  if (!exists) {
    env.path = named;
    env.file.reset();
  }
  if (env.file && !env.file->accepted()) return no_usage(env);
  std::vector<std::string> wanted;
  if (const auto names = invocation.flags.find("--name"); names != invocation.flags.end()) {
    wanted = names->second;
  }
  for (const std::string& name : wanted) {
    if (!is_variable(name)) {
      return usage(fmt::format("{} is no name of a variable", in_quotes(name)),
                   "letters, digits and _, for example: --name WEBHOOK_TOKEN");
    }
  }
  const stack::EnvUsage known = env.usage.value_or(stack::EnvUsage{});
  const stack::EnvFile base = base_of(env, known);
  const stack::EnvGenerated result = stack::generate_secrets(base, known, wanted);
  const bool changes = !result.generated.empty() || !env.file;
  const bool writes = changes && !invocation.has("--dry-run");
  if (writes) TRY(stack::replace_file(env.path, result.bytes, 0600));
  if (as_json) {
    fmt::print("{}\n", json::dump(json::object{{"file", mended_utf8(env.path.string())},
                                               {"written", writes},
                                               {"generated", names_json(result.generated)},
                                               {"to_fill", names_json(result.to_fill)},
                                               {"insecure", names_json(result.insecure)}}));
    return 0;
  }
  const std::string path = printable(env.path.string());
  fmt::print("{}", indented(writes    ? fmt::format("wrote {} (mode 0600)", path)
                            : changes ? fmt::format("{} is not written (--dry-run)", path)
                                      : fmt::format("{} has all its secrets", path),
                            0));
  print_names(writes ? "made" : "to be made", result.generated);
  print_names("left for you to fill in", result.to_fill);
  print_names("kept although they can be guessed; rotate them", result.insecure);
  return 0;
}

Result<int> run(const Invocation& invocation) {
  if (invocation.action == "check") return check(invocation);
  if (invocation.action == "diff") return diff(invocation);
  if (invocation.action == "template") return write_template(invocation);
  return generate(invocation);
}

}  // namespace

Command env_command() {
  return {
      .name = "env",
      .summary = "Check, compare, template and fill the env file of a Compose stack.",
      .details =
          "Reads .env as Docker Compose v2 does and asks the Compose files what they want. "
          "FOLDER is the stack's, by default the current one. No value is ever printed.\n"
          "check finds what is missing, empty, a placeholder, insecure, weak (under 128 bits), "
          "shared by two secrets, malformed, readable by others or unused. diff compares two "
          "files; running containers are not asked. generate fills the stack's own secrets "
          "with 256 random bits, keeps every value and comment, and leaves API keys and the "
          "like to you.\n"
          "Exit codes: 0 fine, 1 errors were found (check) or the files differ (diff), 2 wrong "
          "usage or a file that cannot be read, 3 the file cannot be written.\n"
          "  selvage env generate deploy && selvage env check deploy\n"
          "  selvage env diff .env .env.example",
      .actions = {{"check", "[FOLDER]", "what is wrong with the env file"},
                  {"diff", "FILE FILE", "how two env files differ, values not told"},
                  {"template", "[FOLDER]", "write .env.example, or add what it lacks"},
                  {"generate", "[FOLDER]", "make the secrets that are missing"}},
      .flags = {{"--file", "FILE", "a Compose file; several as with docker compose -f", "", true},
                {"--env", "FILE", "the env file; default: .env in FOLDER"},
                {"--template", "FILE", "the template; default: .env.example in FOLDER"},
                {"--shell", "", "variables that are exported count as set"},
                {"--strict", "", "check: notes fail it, too"},
                {"--names-only", "", "diff: values do not count; so it is beside a template"},
                {"--output", "FILE", "template: where to; - prints it"},
                {"--name", "NAME", "generate: make this one, too", "", true},
                {"--dry-run", "", "generate: say what would be made"},
                {"--format", "FORMAT", "text (default) or json"}},
      .run = run};
}

}  // namespace selvage::app
