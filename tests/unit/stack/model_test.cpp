// The resolved model of every case of tests/stacks/model against what Docker Compose v2 says.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "stack/compose.hpp"
#include "stack/render.hpp"

namespace selvage::stack {
namespace {

namespace fs = std::filesystem;
namespace bj = boost::json;

struct Case {
  std::string name;
  LoadOptions options;
  std::vector<std::pair<std::string, std::string>> files;
};

std::string slurp(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The blocks that begin with `mark` at the start of a line; what comes before is the first.
std::vector<std::string> blocks(const std::string& text, const std::string& mark) {
  std::vector<std::string> found;
  std::size_t begin = 0;
  std::size_t from = 0;
  while (true) {
    std::size_t at =
        text.compare(from, mark.size(), mark) == 0 ? from : text.find("\n" + mark, from);
    if (at == std::string::npos) break;
    if (at != from || text[at] == '\n') ++at;
    found.push_back(text.substr(begin, at - begin));
    begin = at + mark.size();
    from = begin;
  }
  found.push_back(text.substr(begin));
  return found;
}

void read_arguments(const std::string& line, LoadOptions& options) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string& value = words[i + 1];
    if (words[i] == "-f")
      options.files.emplace_back(value);
    else if (words[i] == "-p")
      options.project_name = value;
    else if (words[i] == "--profile")
      options.profiles.push_back(value);
    else if (words[i] == "--env-file")
      options.env_files.emplace_back(value);
    else if (words[i] == "--project-directory")
      options.directory = value;
    else
      FAIL("unknown argument " << words[i]);
  }
}

std::vector<Case> read_cases(const fs::path& path) {
  std::vector<Case> cases;
  const auto all = blocks(slurp(path), "=== ");
  for (std::size_t i = 1; i < all.size(); ++i) {
    auto parts = blocks(all[i], "--- ");
    Case each;
    std::istringstream head(parts[0]);
    std::getline(head, each.name);
    each.options.environment["HOME"] = "/home/demo";
    for (std::string line; std::getline(head, line);) {
      if (line.starts_with("args: ")) read_arguments(line.substr(6), each.options);
      if (line.starts_with("env: ")) {
        const std::size_t equals = line.find('=');
        each.options.environment[line.substr(5, equals - 5)] = line.substr(equals + 1);
      }
    }
    for (std::size_t k = 1; k < parts.size(); ++k) {
      const std::size_t end = parts[k].find('\n');
      each.files.emplace_back(parts[k].substr(0, end), parts[k].substr(end + 1));
    }
    cases.push_back(std::move(each));
  }
  return cases;
}

// The first place where the two differ; empty when they are the same.
std::string difference(const bj::value& ours, const bj::value& theirs, const std::string& path) {
  if (ours.is_number() && theirs.is_number()) {
    const double a = ours.to_number<double>();
    const double b = theirs.to_number<double>();
    if (std::abs(a - b) <= 1e-6 * std::abs(b)) return {};
  } else if (ours.is_object() && theirs.is_object()) {
    for (const auto& member : theirs.get_object()) {
      const bj::value* found = ours.get_object().if_contains(member.key());
      const std::string there = path + "." + std::string(member.key());
      if (found == nullptr)
        return there + " is missing, should be " + bj::serialize(member.value());
      if (auto inside = difference(*found, member.value(), there); !inside.empty()) return inside;
    }
    for (const auto& member : ours.get_object()) {
      if (theirs.get_object().contains(member.key())) continue;
      return path + "." + std::string(member.key()) +
             " should not be there: " + bj::serialize(member.value());
    }
    return {};
  } else if (ours.is_array() && theirs.is_array() &&
             ours.get_array().size() == theirs.get_array().size()) {
    for (std::size_t i = 0; i < ours.get_array().size(); ++i) {
      auto inside = difference(ours.get_array()[i], theirs.get_array()[i],
                               path + "[" + std::to_string(i) + "]");
      if (!inside.empty()) return inside;
    }
    return {};
  } else if (ours == theirs) {
    return {};
  }
  return path + " is " + bj::serialize(ours) + ", should be " + bj::serialize(theirs);
}

class Directory {
 public:
  Directory() {
    std::string pattern = (fs::temp_directory_path() / "selvage-model-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root_ = fs::canonical(pattern);
    fs::create_directory(root_ / "case");
  }
  ~Directory() { fs::remove_all(root_); }
  fs::path path() const { return root_ / "case"; }

 private:
  fs::path root_;
};

// Empty when the case resolves as expected.
std::string judge(Case each, const bj::value& expected) {
  const Directory directory;
  for (const auto& [name, content] : each.files) {
    fs::create_directories((directory.path() / name).parent_path());
    std::ofstream(directory.path() / name) << content;
  }
  const auto inside = [&](fs::path& path) {
    if (path.is_relative()) path = directory.path() / path;
  };
  for (fs::path& file : each.options.files) inside(file);
  for (fs::path& file : each.options.env_files) inside(file);
  // without files, the working directory is the one to begin in
  if (each.options.files.empty() || !each.options.directory.empty()) inside(each.options.directory);
  each.options.keep_unused = false;
  const auto project = load_project(each.options);
  if (!project) {
    return expected.is_null() ? "" : "refused: " + project.error().message;
  }
  if (expected.is_null()) return "should be refused";
  std::string json = config_json(*project, {.redact = false, .escape_dollars = false});
  const fs::path above = directory.path().parent_path();
  for (const auto& [place, name] :
       {std::pair(directory.path().string(), "@DIR@"), std::pair(above.string(), "@UP@")}) {
    for (std::size_t at = 0; (at = json.find(place, at)) != std::string::npos;) {
      json.replace(at, place.size(), name);
    }
  }
  boost::system::error_code wrong;
  const bj::value ours = bj::parse(json, wrong);
  if (wrong) return "not JSON: " + json;
  return difference(ours, expected, "");
}

TEST_CASE("Model: every case resolves as Docker Compose v2 resolves it") {
  std::size_t count = 0;
  for (const auto& entry :
       fs::directory_iterator(fs::path(SELVAGE_SOURCE_DIR) / "tests/stacks/model")) {
    if (entry.path().extension() != ".cases") continue;
    fs::path answers = entry.path();
    answers.replace_extension(".expected.json");
    const bj::value expected = bj::parse(slurp(answers));
    for (Case& each : read_cases(entry.path())) {
      const std::string name = entry.path().stem().string() + ": " + each.name;
      const bj::value* answer = expected.as_object().if_contains(each.name);
      REQUIRE_MESSAGE(answer != nullptr,
                      name << " has no answer; run tests/stacks/model/regenerate");
      const std::string wrong = judge(std::move(each), *answer);
      CHECK_MESSAGE(wrong.empty(), name << ": " << wrong);
      ++count;
    }
  }
  CHECK(count >= 600);
}

}  // namespace
}  // namespace selvage::stack
