#include "app/env/report.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 7;  // behind "error  "

std::size_t errors_in(const std::vector<stack::EnvFinding>& findings) {
  return static_cast<std::size_t>(std::ranges::count(findings, true, &stack::EnvFinding::error));
}

json::value place_json(const stack::Span& span) {
  if (!span.known()) return nullptr;
  const stack::Place place = span.place();
  return json::object{
      {"file", mended_utf8(span.file->name())}, {"line", place.line}, {"column", place.column}};
}

std::string line_of(const stack::Span& span) {
  return span.known() ? fmt::format("line {}", span.place().line) : "";
}

}  // namespace

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string indented(std::string_view text, std::size_t indent) {
  std::string out;
  std::string line(indent, ' ');
  for (const std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (line.size() > indent && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line.assign(indent, ' ');
    }
    if (line.size() > indent) line += ' ';
    line += word;
  }
  return out + line + "\n";
}

std::string findings_text(const std::vector<stack::EnvFinding>& findings, std::string_view file) {
  const std::size_t errors = errors_in(findings);
  const std::size_t notes = findings.size() - errors;
  std::string out = printable(file) + ": ";
  if (findings.empty()) return out + "fine\n";
  if (errors > 0) out += counted(errors, "error");
  if (notes > 0) out += (errors > 0 ? ", " : "") + counted(notes, "note");
  out += "\n";
  for (const stack::EnvFinding& finding : findings) {
    const std::string sentence =
        (finding.variable.empty() ? "" : finding.variable + " ") + finding.message;
    std::string lines = indented(printable(sentence), kIndent);
    lines.replace(0, 5, finding.error ? "error" : "note ");
    out += "\n" + lines;
    const std::string where = finding.where.known() ? "at " + finding.where.where() + " " : "";
    out += indented(printable(fmt::format("{}[{}]", where, name(finding.kind))), kIndent);
    if (!finding.hint.empty()) out += indented(printable("fix: " + finding.hint), kIndent);
  }
  return out;
}

std::string findings_json(const std::vector<stack::EnvFinding>& findings, std::string_view file) {
  json::array list;
  for (const stack::EnvFinding& finding : findings) {
    list.push_back(json::object{{"kind", name(finding.kind)},
                                {"level", finding.error ? "error" : "note"},
                                {"variable", mended_utf8(finding.variable)},
                                {"place", place_json(finding.where)},
                                {"message", mended_utf8(finding.message)},
                                {"hint", mended_utf8(finding.hint)}});
  }
  const std::size_t errors = errors_in(findings);
  return json::dump(json::object{{"file", mended_utf8(file)},
                                 {"errors", errors},
                                 {"notes", findings.size() - errors},
                                 {"findings", std::move(list)}}) +
         "\n";
}

std::string differences_text(const std::vector<stack::EnvDifference>& differences,
                             std::string_view first, std::string_view second) {
  if (differences.empty()) {
    return indented(fmt::format("{} and {} say the same", printable(first), printable(second)), 0);
  }
  std::string out =
      indented(fmt::format("{} and {} differ in {}", printable(first), printable(second),
                           counted(differences.size(), "variable")),
               0);
  std::optional<stack::EnvDifferenceKind> section;
  for (const stack::EnvDifference& difference : differences) {
    if (section != difference.kind) {
      section = difference.kind;
      switch (difference.kind) {
        case stack::EnvDifferenceKind::only_first:
          out += fmt::format("\nonly in {}:\n", printable(first));
          break;
        case stack::EnvDifferenceKind::only_second:
          out += fmt::format("\nonly in {}:\n", printable(second));
          break;
        case stack::EnvDifferenceKind::value:
          out += "\nother values:\n";
          break;
      }
    }
    std::string lines = line_of(difference.first);
    if (difference.second.known()) {
      lines += (lines.empty() ? "" : " and ") + line_of(difference.second);
    }
    const std::string note = difference.note.empty() ? "" : ", " + difference.note;
    out += indented(printable(fmt::format("{} ({}{})", difference.variable, lines, note)), 2);
  }
  return out;
}

std::string differences_json(const std::vector<stack::EnvDifference>& differences,
                             std::string_view first, std::string_view second) {
  json::array list;
  for (const stack::EnvDifference& difference : differences) {
    list.push_back(json::object{{"kind", name(difference.kind)},
                                {"variable", mended_utf8(difference.variable)},
                                {"first", place_json(difference.first)},
                                {"second", place_json(difference.second)},
                                {"note", mended_utf8(difference.note)}});
  }
  return json::dump(json::object{{"first", mended_utf8(first)},
                                 {"second", mended_utf8(second)},
                                 {"differences", std::move(list)}}) +
         "\n";
}

}  // namespace selvage::app
