#include "celery/routes.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace selvage::celery {

Result<Routes> Routes::parse(std::string default_queue, const std::vector<std::string>& patterns) {
  Routes routes{.default_queue = std::move(default_queue), .patterns = {}};
  for (const std::string& text : patterns) {
    const std::size_t equals = text.rfind('=');
    const std::string pattern(trim(std::string_view(text).substr(0, equals)));
    const std::string queue(
        equals == std::string::npos ? "" : trim(std::string_view(text).substr(equals + 1)));
    if (pattern.empty() || queue.empty()) {
      return fail(ErrorKind::invalid, "celery.route",
                  fmt::format("CELERY_ROUTES: {} is no route", in_quotes(text)),
                  "write pattern=queue, for example shop.*=thumbnails");
    }
    routes.patterns.emplace_back(pattern, queue);
  }
  return routes;
}

std::string Routes::queue_of(std::string_view task) const {
  for (const auto& [pattern, queue] : patterns) {
    if (fits_glob(task, pattern)) return queue;
  }
  return default_queue;
}

// Linear but for the last star: a mismatch goes back to it and lets it take one byte more.
bool fits_glob(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace selvage::celery
