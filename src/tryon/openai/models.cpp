#include "tryon/openai/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace selvage::tryon::openai {
namespace {

// Source: OpenAI's image generation guide and its deprecations page, as of November 2026.
constexpr Model kModels[] = {
    {.id = "gpt-image-1",
     .sizes = SizeRule::three_sizes,
     .input_fidelity = true,
     .shutdown = "2026-10-23",
     .successor = "gpt-image-2.5-sunburst"},
    {.id = "gpt-image-1.5",
     .sizes = SizeRule::three_sizes,
     .input_fidelity = true,
     .shutdown = "2026-12-01",
     .successor = "gpt-image-2.5-sunburst"},
    {.id = "gpt-image-1-mini",
     .sizes = SizeRule::three_sizes,
     .shutdown = "2026-12-01",
     .successor = "gpt-image-2.5-flare"},
    {.id = "chatgpt-image-latest",
     .sizes = SizeRule::three_sizes,
     .shutdown = "2026-12-01",
     .successor = "gpt-image-2.5-sunburst"},
    {.id = "gpt-image-2"},
    {.id = "gpt-image-2.5-sunburst", .high_qualities = true},
    {.id = "gpt-image-2.5-flare", .high_qualities = true},
    {.id = "gpt-image-2.6-sunburst", .high_qualities = true},
    {.id = "gpt-image-2.6-flare", .high_qualities = true},
};
constexpr Model kUnknown{.id = "", .high_qualities = true};

constexpr int kEdgeStep = 16;
constexpr int kLongestEdge = 3840;
constexpr int kWidestRatio = 3;
constexpr int kFewestPixels = 655'360;
constexpr int kMostPixels = 8'294'400;

// "-2026-09-08"
bool is_snapshot_suffix(std::string_view text) {
  constexpr std::string_view kShape = "-dddd-dd-dd";
  return text.size() == kShape.size() && std::ranges::equal(text, kShape, [](char c, char shape) {
           return shape == 'd' ? c >= '0' && c <= '9' : c == shape;
         });
}

std::optional<int> parse_edge(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return {};
  return value;
}

bool fits_flexible(std::string_view size) {
  const std::size_t x = size.find('x');
  if (x == std::string_view::npos) return false;
  const auto width = parse_edge(size.substr(0, x));
  const auto height = parse_edge(size.substr(x + 1));
  if (!width || !height || *width > kLongestEdge || *height > kLongestEdge) return false;
  const int pixels = *width * *height;
  return *width % kEdgeStep == 0 && *height % kEdgeStep == 0 && *width <= kWidestRatio * *height &&
         *height <= kWidestRatio * *width && pixels >= kFewestPixels && pixels <= kMostPixels;
}

}  // namespace

const Model* find_model(std::string_view id) {
  const auto names = [&](const Model& model) {
    return id.starts_with(model.id) &&
           (id.size() == model.id.size() || is_snapshot_suffix(id.substr(model.id.size())));
  };
  const auto* row = std::ranges::find_if(kModels, names);
  return row == std::end(kModels) ? nullptr : row;
}

const Model& capabilities_of(std::string_view id) {
  const Model* model = find_model(id);
  return model ? *model : kUnknown;
}

Result<void> check_size(const Model& model, std::string_view size) {
  if (size == "auto") return {};
  switch (model.sizes) {
    case SizeRule::three_sizes:
      if (size == "1024x1024" || size == "1536x1024" || size == "1024x1536") return {};
      return fail(ErrorKind::invalid, "settings.invalid",
                  fmt::format("OPENAI_SIZE: {} does not make pictures of {}", model.id, size),
                  "use 1024x1024, 1536x1024, 1024x1536 or auto");
    case SizeRule::flexible:
      if (fits_flexible(size)) return {};
      return fail(
          ErrorKind::invalid, "settings.invalid",
          fmt::format("OPENAI_SIZE: \"{}\" is not a size that the model makes", size),
          "use WIDTHxHEIGHT, both multiples of 16 up to 3840, at most 3:1, 655360 to 8294400 "
          "pixels, or auto");
  }
  SELVAGE_CHECK(false);
}

Result<void> check_quality(const Model& model, std::string_view quality) {
  if (model.high_qualities || (quality != "xhigh" && quality != "max")) return {};
  return fail(ErrorKind::invalid, "settings.invalid",
              fmt::format("OPENAI_QUALITY: {} has no quality {}", model.id, quality),
              "use low, medium, high or auto");
}

std::optional<long> days_until(std::string_view date, Timestamp today) {
  const auto end = parse_rfc3339(fmt::format("{}T00:00:00Z", date));
  if (!end) return {};
  return std::chrono::floor<std::chrono::days>(*end - today).count();
}

}  // namespace selvage::tryon::openai
