#include "stack/dockerfile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "stack/detail/docker_words.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMaxInstructions = 5000;
constexpr std::size_t kMaxFlags = 32;
constexpr std::size_t kMaxOpenHeredocs = 8;

constexpr std::array<std::string_view, 18> kInstructions = {
    "ADD",    "ARG",   "CMD",         "COPY",  "ENTRYPOINT", "ENV",
    "EXPOSE", "FROM",  "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN",    "SHELL", "STOPSIGNAL",  "USER",  "VOLUME",     "WORKDIR"};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

bool takes_heredocs(std::string_view name) {
  return name == "RUN" || name == "COPY" || name == "ADD";
}
bool may_be_exec(std::string_view name) {
  return name == "RUN" || name == "CMD" || name == "ENTRYPOINT" || name == "SHELL" ||
         name == "COPY" || name == "ADD" || name == "VOLUME";
}

class Parser {
 public:
  explicit Parser(TextPtr text) : bytes_(text->bytes()) { file_.text = std::move(text); }

  Dockerfile run() {
    if (bytes_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    directives();
    while (at_ < bytes_.size()) {
      if (file_.instructions.size() >= kMaxInstructions) {
        problem(at_, at_, fmt::format("only the first {} instructions are read", kMaxInstructions));
        break;
      }
      const std::string_view line = trim(current_line());
      if (line.empty() || line[0] == '#') {
        next_line();
      } else {
        instruction();
      }
    }
    if (file_.stages.empty()) problem(0, 0, "there is no FROM");
    return std::move(file_);
  }

 private:
  Span span(std::size_t begin, std::size_t end) const { return span_in(*file_.text, begin, end); }
  void problem(std::size_t begin, std::size_t end, std::string message) {
    add_problem(file_.problems, span(begin, end), std::move(message));
  }

  std::size_t line_end() const { return std::min(bytes_.find('\n', at_), bytes_.size()); }
  std::string_view current_line() const { return bytes_.substr(at_, line_end() - at_); }
  void next_line() { at_ = std::min(line_end() + 1, bytes_.size()); }

  // Directives stand before all else; the first line that is none ends them.
  void directives() {
    for (; at_ < bytes_.size(); next_line()) {
      std::string_view line = trim(current_line());
      if (!line.starts_with('#')) return;
      line = trim(line.substr(1));
      const auto equals = line.find('=');
      if (equals == std::string_view::npos) return;
      const std::string name = to_lower_ascii(trim(line.substr(0, equals)));
      const std::string_view value = trim(line.substr(equals + 1));
      if (name != "syntax" && name != "escape" && name != "check") return;
      file_.directives.push_back({name, std::string(value), span(at_, line_end())});
      if (name != "escape") continue;
      if (value == "\\" || value == "`") {
        file_.escape = value[0];
      } else {
        problem(at_, line_end(), "the escape character is \\ or `");
      }
    }
  }

  // Joins the lines of one instruction, remembering where each character stands.
  void gather(detail::DockerText& joined) {
    for (;;) {
      std::string_view line = current_line();
      if (line.ends_with('\r')) line.remove_suffix(1);
      const std::string_view trimmed = trim(line);
      if (!joined.text.empty() && (trimmed.empty() || trimmed[0] == '#')) {
        next_line();  // comments and empty lines may stand between continued lines
        if (at_ >= bytes_.size()) return;
        continue;
      }
      std::size_t length = line.size();
      while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t')) --length;
      const bool continued = length > 0 && line[length - 1] == file_.escape;
      if (continued) {
        line = line.substr(0, length - 1);
      }
      for (std::size_t i = 0; i < line.size(); ++i) joined.add(line[i], at_ + i);
      last_line_end_ = line_end();
      next_line();
      if (!continued || at_ >= bytes_.size()) return;
      if (joined.text.empty()) joined.add(' ', last_line_end_);
    }
  }

  void instruction() {
    DockerInstruction next;
    detail::DockerText joined;
    gather(joined);
    const std::size_t name_begin = joined.text.find_first_not_of(" \t");
    if (name_begin == std::string::npos) return;
    const std::size_t name_end =
        std::min(joined.text.find_first_of(" \t", name_begin), joined.text.size());
    next.name = upper(std::string_view(joined.text).substr(name_begin, name_end - name_begin));
    next.name_span = span(joined.places[name_begin], joined.places[name_end - 1] + 1);
    joined.remove_prefix(name_end);
    if (std::ranges::find(kInstructions, next.name) == kInstructions.end()) {
      problem(next.name_span.begin, next.name_span.end,
              fmt::format("there is no instruction {}", in_quotes(next.name, 40)));
    }
    take_flags(next, joined);
    next.text = trim(joined.text);
    next.exec_form = may_be_exec(next.name) && detail::exec_words(joined, *file_.text, next.words);
    if (next.name == "HEALTHCHECK") {
      take_healthcheck(next, joined);
    } else if (!next.exec_form) {
      next.words = detail::docker_words(joined, *file_.text, file_.escape);
    }
    if (takes_heredocs(next.name)) take_heredocs(next);
    next.span = span(next.name_span.begin, last_line_end_);
    if (next.text.empty()) {
      problem(next.name_span.begin, next.name_span.end,
              fmt::format("{} needs an argument", next.name));
    }
    if (next.name == "FROM") take_stage(next);
    next.stage = file_.stages.empty() ? 0 : file_.stages.size() - 1;
    if (file_.stages.empty() && next.name != "ARG") {
      problem(next.name_span.begin, next.name_span.end,
              fmt::format("{} stands before the first FROM", next.name));
    }
    file_.instructions.push_back(std::move(next));
  }

  void take_flags(DockerInstruction& next, detail::DockerText& joined) {
    while (next.flags.size() < kMaxFlags) {
      const std::size_t begin = joined.text.find_first_not_of(" \t");
      if (begin == std::string::npos || joined.text.compare(begin, 2, "--") != 0) return;
      const std::size_t end = std::min(joined.text.find_first_of(" \t", begin), joined.text.size());
      const std::string_view word =
          std::string_view(joined.text).substr(begin + 2, end - begin - 2);
      const auto equals = word.find('=');
      DockerFlag flag;
      flag.name = word.substr(0, equals);
      if (equals != std::string_view::npos) flag.value = word.substr(equals + 1);
      flag.span = span(joined.places[begin], joined.places[end - 1] + 1);
      if (flag.name.empty()) return;  // "--" alone belongs to the command
      next.flags.push_back(std::move(flag));
      joined.remove_prefix(end);
    }
  }

  // HEALTHCHECK [flags] NONE | CMD command: `exec_form` and the words behind CMD are the command's.
  void take_healthcheck(DockerInstruction& next, detail::DockerText joined) {
    next.words = detail::docker_words(joined, *file_.text, file_.escape);
    if (next.words.empty() || !equals_icase(next.words[0].text, "CMD")) {
      if (next.words.size() != 1 || !equals_icase(next.words[0].text, "NONE")) {
        problem(next.name_span.begin, last_line_end_,
                "HEALTHCHECK takes NONE or CMD and a command");
      }
      return;
    }
    const std::size_t begin = joined.text.find_first_not_of(" \t");
    joined.remove_prefix(begin + 3);
    std::vector<DockerWord> command;
    next.exec_form = detail::exec_words(joined, *file_.text, command);
    if (!next.exec_form) return;
    next.words.resize(1);
    std::ranges::move(command, std::back_inserter(next.words));
  }

  void take_heredocs(DockerInstruction& next) {
    if (open_heredocs_ >= kMaxOpenHeredocs) return;  // each costs a look at all that follows
    for (const detail::HeredocStart& start : detail::heredoc_starts(next.text)) {
      const std::size_t begin = at_;
      bool closed = false;
      while (at_ < bytes_.size() && !closed) {
        std::string_view line = current_line();
        if (line.ends_with('\r')) line.remove_suffix(1);
        while (start.strips_tabs && line.starts_with('\t')) line.remove_prefix(1);
        closed = line == start.name;
        if (closed) next.heredocs.push_back({start.name, start.expands, span(begin, at_)});
        last_line_end_ = line_end();
        next_line();
      }
      if (closed) continue;
      problem(next.name_span.begin, next.name_span.end,
              fmt::format("the heredoc {} is never closed", in_quotes(start.name, 40)));
      ++open_heredocs_;
      at_ = begin;  // one slip should not hide the rest of the file
      return;
    }
  }

  void take_stage(const DockerInstruction& from) {
    DockerStage stage;
    stage.span = from.span;
    if (!from.words.empty()) {
      stage.image = from.words[0].text;
      stage.image_span = from.words[0].span;
    }
    if (from.words.size() == 3 && equals_icase(from.words[1].text, "AS")) {
      stage.name = to_lower_ascii(from.words[2].text);
    } else if (from.words.size() > 1) {
      problem(from.span.begin, from.span.end, "FROM takes an image and perhaps AS and a name");
    }
    if (const DockerFlag* platform = from.flag("platform")) stage.platform = platform->value;
    file_.stages.push_back(std::move(stage));
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t last_line_end_ = 0;
  std::size_t open_heredocs_ = 0;
  Dockerfile file_;
};

}  // namespace

const DockerFlag* DockerInstruction::flag(std::string_view flag_name) const {
  const auto found = std::ranges::find(flags, flag_name, &DockerFlag::name);
  return found == flags.end() ? nullptr : &*found;
}

std::vector<DockerPair> DockerInstruction::pairs() const {
  std::vector<DockerPair> pairs;
  if (words.empty() || (name != "ENV" && name != "ARG" && name != "LABEL")) return pairs;
  if (name != "ARG" && !words[0].text.contains('=')) {
    const auto value = text.find_first_of(" \t");  // ENV NAME the rest of the line
    std::string_view rest;
    if (value != std::string::npos) rest = trim(std::string_view(text).substr(value));
    pairs.push_back({words[0].text, std::string(rest), words[0].span});
    return pairs;
  }
  for (const DockerWord& word : words) {
    const auto equals = word.text.find('=');
    DockerPair pair{word.text.substr(0, equals), std::nullopt, word.span};
    if (equals != std::string::npos) pair.value = word.text.substr(equals + 1);
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

std::optional<std::size_t> Dockerfile::parent_of(std::size_t stage) const {
  if (stage >= stages.size()) return std::nullopt;
  const std::string image = to_lower_ascii(stages[stage].image);
  for (std::size_t i = stage; i > 0; --i) {
    if (!image.empty() && stages[i - 1].name == image) return i - 1;
  }
  return std::nullopt;
}

const DockerInstruction* Dockerfile::effective(std::string_view instruction) const {
  if (stages.empty()) return nullptr;
  for (std::optional<std::size_t> stage = stages.size() - 1; stage; stage = parent_of(*stage)) {
    for (auto it = instructions.rbegin(); it != instructions.rend(); ++it) {
      const bool in_stage = it->stage == *stage && it->span.begin >= stages[*stage].span.begin;
      if (in_stage && it->name == instruction) return &*it;
    }
  }
  return nullptr;
}

Dockerfile parse_dockerfile(TextPtr text) { return Parser(std::move(text)).run(); }

}  // namespace selvage::stack
