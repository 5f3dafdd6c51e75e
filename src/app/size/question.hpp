// What `selvage size` was asked: whose body, for which chart, and what to do with the answer.
#pragma once

#include <filesystem>
#include <optional>

#include "app/command.hpp"
#include "sizing/size_advice.hpp"

namespace selvage::app::size {

struct Question {
  std::filesystem::path photos;  // a file or a folder
  bool is_folder = false;
  std::optional<double> height_cm;  // nothing: each from `heights`
  std::optional<sizing::Sex> sex;
  sizing::Fit fit = sizing::Fit::regular;
  std::optional<sizing::SizeChart> chart;  // nothing: the default one of the wearer's sex
  std::filesystem::path models;
  std::filesystem::path heights;  // --heights; may be empty, as the next two
  std::filesystem::path draw;     // a file, or a folder for a folder
  std::filesystem::path output;   // --output
  bool json = false;

  [[nodiscard]] const sizing::SizeChart& chart_for(std::optional<sizing::Sex> wearer) const {
    return chart ? *chart : sizing::default_chart(wearer);
  }
};

// Errors: usage.* and sizing.* (invalid) for what does not fit together, and what a chart's file
// gives.
[[nodiscard]] Result<Question> parse_question(const Invocation& invocation);

// "178", "178.5", "178 cm", "1.78 m", "1.78". Errors: sizing.height_invalid (invalid).
[[nodiscard]] Result<double> parse_height(std::string_view text);
// "m", "male", "man", "f", "female", "woman"; nothing for others.
[[nodiscard]] std::optional<sizing::Sex> parse_sex(std::string_view text);

// All of a file. Errors: size.file (invalid) when it cannot be read or is larger than `most`.
[[nodiscard]] Result<std::string> read_whole(const std::filesystem::path& file, std::size_t most);

}  // namespace selvage::app::size
