// Bytes that were received and not yet used, in one block that grows on demand and is given back
// when idle.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace selvage::net::detail {

class InputBuffer {
 public:
  // A head of a usual browser fits; ten thousand idle connections hold 40 MB.
  static constexpr std::size_t kSmallest = 4 * 1024;

  [[nodiscard]] std::string_view unread() const { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }

  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Free space behind the unread bytes; empty when they fill `cap` bytes.
  [[nodiscard]] std::span<char> space(std::size_t cap) {
    if (end_ == capacity_ && begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == capacity_ && capacity_ < cap) {
      grow(std::min(cap, std::max(kSmallest, capacity_ * 2)));
    }
    return {data_.get() + end_, capacity_ - end_};
  }
  // `count` bytes were written to the front of space().
  void commit(std::size_t count) { end_ += count; }

  // Gives memory beyond the smallest block back. REQUIRES: empty().
  void shrink() {
    if (capacity_ <= kSmallest) return;
    data_.reset();
    capacity_ = 0;
  }

 private:
  void grow(std::size_t capacity) {
    auto bigger = std::make_unique_for_overwrite<char[]>(capacity);
    if (!empty()) std::memcpy(bigger.get(), data_.get() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
    data_ = std::move(bigger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace selvage::net::detail
