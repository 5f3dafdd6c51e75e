// The OPENAI_* settings as values.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "base/settings.hpp"

namespace selvage::tryon::openai {

struct Options {
  Secret api_key;
  std::string base_url;  // without a final slash
  std::string organization;
  std::string project;
  std::string model;
  std::string size;
  std::string quality;
  std::string input_fidelity;  // to send; empty when the model does not take it
  std::string output_format;
  std::int64_t output_compression = 90;
  milliseconds timeout{180'000};
  std::int64_t retries = 2;
  std::int64_t connections = 1024;
  bool count_images = false;
};
[[nodiscard]] Options read_options(const Settings& settings);
// What keeps every call from succeeding. Errors: settings.invalid.
[[nodiscard]] Result<void> check(const Options& options);

}  // namespace selvage::tryon::openai
