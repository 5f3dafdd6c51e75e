#include "app/size/question.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/text.hpp"
#include "sizing/pose_models.hpp"

namespace selvage::app::size {

namespace {

std::unexpected<Error> usage(std::string message, std::string hint = {}) {
  return fail(ErrorKind::invalid, "size.usage", std::move(message), std::move(hint));
}

Result<sizing::Sex> sex_of(const std::string& text) {
  if (const auto sex = parse_sex(text)) return *sex;
  return usage(fmt::format("--sex must be m or f, is {}", in_quotes(text)),
               "leave it out when it is not known: sizes are then those of unisex clothes");
}

Result<sizing::Fit> fit_of(const std::string& text) {
  if (const auto fit = sizing::fit_named(text)) return *fit;
  return usage(fmt::format("--fit must be slim, regular or loose, is {}", in_quotes(text)));
}

// --models, else the setting SIZING_MODELS; no other setting is looked at, so that none of a server
// can be missing or wrong.
std::filesystem::path models_of(const Invocation& invocation) {
  if (const auto given = invocation.value("--models")) return *given;
  constexpr std::string_view kSetting = "SIZING_MODELS";
  if (const auto given = invocation.settings.find(std::string(kSetting));
      given != invocation.settings.end() && !given->second.empty()) {
    return given->second;
  }
  const auto environment = process_environment();
  const auto set = environment.find(std::string(kSetting));
  if (set != environment.end() && !set->second.empty()) return set->second;
  return sizing::default_models_directory();
}

Result<void> check_together(const Question& question) {
  if (!question.is_folder) {
    if (!question.heights.empty()) return usage("--heights is for a folder", "give --height");
    if (!question.output.empty()) {
      return usage("--output is for a folder", "write the answer where you like: > FILE");
    }
    if (!question.height_cm) {
      return usage("the height is missing: a photo alone says nothing about centimetres",
                   "give it: selvage size PHOTO --height 178");
    }
    return {};
  }
  if (question.json) return usage("--json is for one photo; a folder gives CSV");
  if (question.height_cm || !question.heights.empty()) return {};
  return usage("the heights are missing: photos alone say nothing about centimetres",
               "give --heights FILE with lines of name,height_cm, or --height for all");
}

}  // namespace

Result<double> parse_height(std::string_view text) {
  std::string_view number = trim(text);
  bool metres = false;
  if (number.ends_with("cm")) {
    number.remove_suffix(2);
  } else if (number.ends_with('m')) {
    number.remove_suffix(1);
    metres = true;
  }
  std::string digits(trim(number));
  std::ranges::replace(digits, ',', '.');
  char* end = nullptr;
  double height = std::strtod(digits.c_str(), &end);
  const bool plain = digits.find_first_not_of("0123456789.") == std::string::npos;
  // Nobody is 3 cm tall: such a number without a unit is meant in metres.
  if (plain && !digits.empty() && *end == '\0') {
    if (metres || (height > 0 && height < 3)) height *= 100;
    if (height >= sizing::kLeastHeightCm && height <= sizing::kMostHeightCm) return height;
  }
  return fail(ErrorKind::invalid, "sizing.height_invalid",
              fmt::format("the height must be {} to {} cm, is {}", sizing::kLeastHeightCm,
                          sizing::kMostHeightCm, in_quotes(text)),
              "give the height in centimetres, for example 172");
}

std::optional<sizing::Sex> parse_sex(std::string_view text) {
  const std::string word = to_lower_ascii(trim(text));
  if (word == "m" || word == "male" || word == "man") return sizing::Sex::male;
  if (word == "f" || word == "female" || word == "woman") return sizing::Sex::female;
  return std::nullopt;
}

Result<std::string> read_whole(const std::filesystem::path& file, std::size_t most) {
  auto unreadable = [&](std::string_view why) {
    return fail(ErrorKind::invalid, "size.file",
                fmt::format("{} cannot be read: {}", in_quotes(file.string(), 200), why));
  };
  std::ifstream in(file, std::ios::binary);
  if (!in) return unreadable(std::strerror(errno));
  std::string bytes;
  constexpr std::size_t kPiece = std::size_t{1} << 18;
  while (in) {
    const std::size_t before = bytes.size();
    if (before > most) return unreadable(fmt::format("it is larger than {} MB", most / 1'000'000));
    bytes.resize(before + kPiece);
    in.read(bytes.data() + before, kPiece);
    bytes.resize(before + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return unreadable("reading it failed");
  return bytes;
}

Result<Question> parse_question(const Invocation& invocation) {
  if (invocation.arguments.size() != 1) {
    return usage("selvage size needs one photo or one folder of photos",
                 "for example: selvage size photo.jpg --height 178");
  }
  Question question;
  question.photos = invocation.arguments[0];
  std::error_code error;
  const auto status = std::filesystem::status(question.photos, error);
  question.is_folder = std::filesystem::is_directory(status);
  if (!std::filesystem::exists(status)) {
    return usage(
        fmt::format("there is no file or folder {}", in_quotes(invocation.arguments[0], 200)));
  }
  if (const auto text = invocation.value("--height")) {
    question.height_cm = TRY(parse_height(*text));
  }
  if (const auto text = invocation.value("--sex")) question.sex = TRY(sex_of(*text));
  if (const auto text = invocation.value("--fit")) question.fit = TRY(fit_of(*text));
  if (const auto file = invocation.value("--chart")) {
    auto chart = sizing::parse_size_chart(TRY(read_whole(*file, sizing::kMostChartBytes)));
    if (!chart) return fail(chart.error().within(fmt::format("the size chart {}", *file)));
    question.chart = std::move(*chart);
  }
  question.heights = invocation.value("--heights").value_or("");
  question.draw = invocation.value("--draw").value_or("");
  question.output = invocation.value("--output").value_or("");
  question.models = models_of(invocation);
  question.json = invocation.has("--json");
  TRY(check_together(question));
  return question;
}

}  // namespace selvage::app::size
