// Which queue a following step goes to when its signature names none. Python workers know it from
// task_routes; here it is said in the settings.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace selvage::celery {

struct Routes {
  std::string default_queue{"celery"};
  // Glob patterns of task names ("shop.*") and their queues; the first that fits wins.
  std::vector<std::pair<std::string, std::string>> patterns;

  // From "shop.*=thumbnails". Errors: celery.route (invalid).
  [[nodiscard]] static Result<Routes> parse(std::string default_queue,
                                            const std::vector<std::string>& patterns);
  [[nodiscard]] std::string queue_of(std::string_view task) const;
};

// `pattern` with '*' (any text), '?' (one byte), all else as it is.
[[nodiscard]] bool fits_glob(std::string_view text, std::string_view pattern);

}  // namespace selvage::celery
