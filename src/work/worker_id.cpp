#include "work/worker_id.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/id.hpp"

namespace selvage::work {

std::string host_name() {
  std::array<char, 65> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "unknown";
  return name.data();
}

std::string new_worker_id() {
  return fmt::format("{}-{}-{}", host_name(), getpid(), random_token(6));
}

}  // namespace selvage::work
