// Loading the pictures of a job: fetched through the egress guard or read from storage, shrunk, and
// written anew without metadata.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/task.hpp"
#include "data/object_storage.hpp"
#include "net/blocking_pool.hpp"
#include "net/egress_guard.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon::detail {

inline constexpr int kInputSide = 1024;              // pixels of the longer side a provider gets
inline constexpr std::size_t kConcurrentInputs = 4;  // of one job; each may hold 10 MiB

struct InputSources {
  net::EgressGuard& guard;
  data::ObjectStorage& storage;
  net::BlockingPool& pool;
};

struct InputProblem {
  std::size_t index = 0;  // into the URLs
  Error error;
};

// The pictures in the order of `urls` (http, https or "object:<key>"). The first failure stops the
// others. Errors are those of the guard, the storage and the decoder, and "cancelled".
[[nodiscard]] Task<std::expected<std::vector<InputImage>, InputProblem>> load_inputs(
    InputSources sources, std::vector<std::string> urls, CancelToken stop);

}  // namespace selvage::tryon::detail
