// RespReader: the answers of a Redis server out of the bytes as they arrive (RESP version 2).
//
// Incremental: each byte is looked at once however it is cut into pieces, and a long string is
// built in its final place. Memory is bounded by the limit whatever the server claims; a claim is
// never allocated ahead of the bytes that prove it.
//
//   std::span<char> room = reader.room();
//   reader.received(read(fd, room.data(), room.size()));
//   while (reader.next(reply) == RespReader::Step::reply) use(std::move(reply));
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/redis.hpp"

namespace selvage::data {

class RespReader {
 public:
  static constexpr std::size_t kBuffer = 64U << 10U;  // also the longest line
  static constexpr std::size_t kMaxDepth = 32;        // arrays within arrays

  // `max_reply` bounds the memory of one answer, in bytes: its text and 48 bytes for each element.
  explicit RespReader(std::size_t max_reply = kMaxRedisReply);

  // Where the next bytes go; never empty after next() said `more`.
  [[nodiscard]] std::span<char> room();
  void received(std::size_t count) { end_ += count; }

  enum class Step {
    reply,   // `reply` holds the next answer
    more,    // it takes more bytes
    broken,  // this is not RESP, or more than the limits allow; nothing after it can be understood
  };
  [[nodiscard]] Step next(RedisReply& reply);
  // What is broken, without the server's bytes but the first.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  struct Level {
    RedisReply::Array items;
    std::size_t missing;
  };
  enum class Parsed { value, opened, more, broken };

  Parsed parse(RedisReply& value);
  Parsed parse_line(char kind, std::string_view line, RedisReply& value);
  Parsed open_array(std::int64_t count, RedisReply& value);
  Parsed go_on_with_text(RedisReply& value);
  bool charge(std::size_t bytes);
  Parsed break_off(std::string why);
  [[nodiscard]] std::size_t buffered() const { return end_ - begin_; }

  const std::size_t max_reply_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t searched_ = 0;  // of the line that begins at begin_: known to hold no line feed
  std::vector<Level> open_;   // the arrays around the next value
  bool in_text_ = false;      // a bulk string has begun
  std::size_t text_left_ = 0;
  std::string text_;
  std::size_t cost_ = 0;  // of the answer so far
  std::string trouble_;
};

}  // namespace selvage::data
