// AnswerCache: sizes that were given lately, so that the same photo asked about again costs a hash.
//
// Keys are hashes of photo and question; values are answers, which hold no picture. In memory only,
// bounded in number and in age; the one used longest ago goes first. Any thread.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

namespace selvage::sizing {

// The key of a question about a photo: BLAKE2b-256 over both. About 1 ms for a megabyte.
[[nodiscard]] std::string cache_key(std::string_view photo, std::string_view question);

class AnswerCache {
 public:
  // No entry at all when `entries` is 0 or `life` is not above 0.
  AnswerCache(std::size_t entries, milliseconds life) : most_(entries), life_(life) {}

  [[nodiscard]] std::optional<std::string> find(const std::string& key);
  void keep(const std::string& key, std::string answer);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    std::string answer;
    SteadyTime until;
  };
  using Order = std::list<Entry>;  // the one used last at its head

  const std::size_t most_;
  const milliseconds life_;
  mutable std::mutex mutex_;
  Order order_;
  std::unordered_map<std::string_view, Order::iterator> by_key_;  // keys lie in order_
};

}  // namespace selvage::sizing
