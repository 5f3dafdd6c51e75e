#include "app/size/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/json.hpp"
#include "base/text.hpp"

namespace selvage::app::size {

namespace {

using sizing::Measure;
using sizing::SizeAdvice;

constexpr std::size_t kColumns = 80;
constexpr std::size_t kBar = 40;       // columns of a probability of 1
constexpr double kLeastShown = 0.005;  // sizes less probable than that are left out
constexpr std::string_view kBlock = "█";

std::string words(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string_view wearer_text(std::optional<sizing::Sex> sex) {
  if (!sex) return "sex not told";
  return sizing::name(*sex);
}

// Breaks `text` at blanks, `indent` columns before every line but the first.
std::string wrapped(std::string_view text, std::size_t first, std::size_t indent) {
  std::string out;
  std::size_t column = first;
  bool fresh = true;
  for (const std::string_view word : split(text, ' ')) {
    if (!fresh && column + 1 + word.size() > kColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
      fresh = true;
    }
    if (!fresh) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    fresh = false;
  }
  return out;
}

std::string bar(double share) {
  const auto blocks = static_cast<std::size_t>(std::lround(share * kBar));
  std::string text;
  for (std::size_t i = 0; i < blocks; ++i) text += kBlock;
  return text;
}

std::string_view in_words(double confidence) {
  if (confidence >= 0.8) return "sure";
  if (confidence >= 0.6) return "fairly sure";
  if (confidence >= 0.45) return "unsure, see the neighbouring sizes";
  return "a guess, see the neighbouring sizes";
}

std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string option(const std::optional<sizing::SizeOption>& one) {
  return one ? fmt::format("{},{:.3f}", field(one->label), one->probability) : ",";
}

}  // namespace

std::string answer_text(const SizeAdvice& advice, const sizing::Wearer& wearer,
                        std::string_view photo) {
  std::string out = fmt::format("{}\n", in_quotes(photo, 70));
  out += fmt::format("height {:g} cm, {}, {} fit\n\n", wearer.height_cm, wearer_text(wearer.sex),
                     sizing::name(wearer.fit));
  out += fmt::format("Size {}   {:.0f} %, {}\n\n", advice.size, advice.confidence * 100,
                     in_words(advice.confidence));
  for (const sizing::SizeOption& one : advice.options) {
    const bool shown = one.probability >= kLeastShown || one.label == advice.size ||
                       (advice.smaller && one.label == advice.smaller->label) ||
                       (advice.larger && one.label == advice.larger->label);
    if (!shown) continue;
    out += fmt::format("  {:<16} {:>3.0f} %  {}\n", one.label, one.probability * 100,
                       bar(one.probability));
  }
  out += "\n  measure             cm\n";
  for (const Measure m : sizing::kMeasures) {
    const sizing::Estimate& one = advice.measurements[m];
    out += fmt::format("  {:<16} {:>5.1f} ± {:.1f}\n", sizing::name(m), one.cm, one.sd);
  }
  out += "  Two of three bodies lie within ±, nineteen of twenty within twice that.\n";
  out += fmt::format("\n  body type        {}\n", words(sizing::name(advice.body_type)));
  out += "  chart            " + wrapped(mended_utf8(advice.chart), 19, 19) + "\n";
  if (!advice.warnings.empty()) out += "\n";
  for (const sizing::Warning& warning : advice.warnings) {
    out += "  note: " + wrapped(warning.message, 8, 8) + "\n";
  }
  return out;
}

std::string refusal_json(const Error& error) {
  return json::dump(json::object{
      {"code", error.code}, {"detail", mended_utf8(error.describe())}, {"hint", error.hint}});
}

std::string csv_header() {
  std::string header =
      "name,height_cm,sex,size,confidence,smaller,smaller_probability,larger,larger_probability";
  for (const Measure m : sizing::kMeasures) {
    header += fmt::format(",{0}_cm,{0}_sd", sizing::name(m));
  }
  return header + ",body_type,warnings,error,reason,hint";
}

std::string csv_row(std::string_view photo, const sizing::Wearer& wearer,
                    const Result<SizeAdvice>& advice) {
  std::string row = field(photo) + ",";
  if (wearer.height_cm > 0) row += fmt::format("{:g}", wearer.height_cm);
  row += ",";
  if (wearer.sex) row += sizing::name(*wearer.sex);
  if (!advice) {
    constexpr std::size_t kEmpty = 6 + 2 * sizing::kMeasures.size() + 2;
    row += std::string(kEmpty + 1, ',');
    const Error& error = advice.error();
    return row +
           fmt::format("{},{},{}", field(error.code), field(error.describe()), field(error.hint));
  }
  row += fmt::format(",{},{:.3f},{},{}", field(advice->size), advice->confidence,
                     option(advice->smaller), option(advice->larger));
  for (const Measure m : sizing::kMeasures) {
    const sizing::Estimate& one = advice->measurements[m];
    row += fmt::format(",{:.1f},{:.1f}", one.cm, one.sd);
  }
  std::string codes;
  for (const sizing::Warning& warning : advice->warnings) {
    codes += (codes.empty() ? "" : " ") + std::string(warning.code);
  }
  return row + fmt::format(",{},{},,,", sizing::name(advice->body_type), field(codes));
}

}  // namespace selvage::app::size
