#include "sizing/answer_cache.hpp"

#include <sodium.h>

#include <array>

#include "base/error.hpp"

namespace selvage::sizing {

std::string cache_key(std::string_view photo, std::string_view question) {
  static const bool ready = sodium_init() >= 0;
  SELVAGE_CHECK(ready);
  crypto_generichash_state state;
  const auto add = [&state](std::string_view text) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(text.data()),
                              text.size());
  };
  crypto_generichash_init(&state, nullptr, 0, crypto_generichash_BYTES);
  const std::string length = std::to_string(photo.size()) + '\n';  // where the photo ends
  add(length);
  add(photo);
  add(question);
  std::array<unsigned char, crypto_generichash_BYTES> digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::optional<std::string> AnswerCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const Order::iterator entry = found->second;
  if (entry->until <= steady_now()) {
    by_key_.erase(found);
    order_.erase(entry);
    return std::nullopt;
  }
  order_.splice(order_.begin(), order_, entry);
  return entry->answer;
}

void AnswerCache::keep(const std::string& key, std::string answer) {
  if (most_ == 0 || life_ <= milliseconds(0)) return;
  const std::lock_guard lock(mutex_);
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    const Order::iterator entry = known->second;
    by_key_.erase(known);
    order_.erase(entry);
  }
  while (order_.size() >= most_) {
    by_key_.erase(order_.back().key);
    order_.pop_back();
  }
  order_.push_front({key, std::move(answer), steady_now() + life_});
  by_key_.emplace(order_.front().key, order_.begin());
}

std::size_t AnswerCache::size() const {
  const std::lock_guard lock(mutex_);
  return order_.size();
}

}  // namespace selvage::sizing
