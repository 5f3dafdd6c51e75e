#include "data/detail/resp_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace selvage::data {

namespace {

constexpr std::size_t kElementCost = 48;
constexpr std::size_t kTrustedText = 1U << 20U;  // reserved on the server's word
constexpr std::size_t kTrustedItems = 1024;

bool parse_number(std::string_view text, std::int64_t& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size();
}

}  // namespace

RespReader::RespReader(std::size_t max_reply) : max_reply_(max_reply), buffer_(new char[kBuffer]) {}

std::span<char> RespReader::room() {
  if (begin_ == end_) {
    begin_ = end_ = searched_ = 0;
  } else if (end_ > kBuffer / 2 && begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, buffered());
    end_ -= begin_;
    searched_ -= begin_;
    begin_ = 0;
  }
  return {buffer_.get() + end_, kBuffer - end_};
}

RespReader::Step RespReader::next(RedisReply& reply) {
  for (;;) {
    RedisReply value;
    switch (parse(value)) {
      case Parsed::more:
        return Step::more;
      case Parsed::broken:
        return Step::broken;
      case Parsed::opened:
        continue;
      case Parsed::value:
        break;
    }
    while (!open_.empty()) {
      Level& level = open_.back();
      level.items.push_back(std::move(value));
      if (--level.missing > 0) break;
      value = RedisReply(std::move(level.items));
      open_.pop_back();
    }
    if (open_.empty()) {
      cost_ = 0;
      reply = std::move(value);
      return Step::reply;
    }
  }
}

RespReader::Parsed RespReader::parse(RedisReply& value) {
  if (!trouble_.empty()) return Parsed::broken;
  if (in_text_) return go_on_with_text(value);
  if (begin_ == end_) return Parsed::more;
  searched_ = std::max(searched_, begin_);
  const char* const from = buffer_.get() + searched_;
  const auto* feed = static_cast<const char*>(std::memchr(from, '\n', end_ - searched_));
  if (feed == nullptr) {
    searched_ = end_;
    return buffered() == kBuffer ? break_off("a line is too long") : Parsed::more;
  }
  const char* const start = buffer_.get() + begin_;
  const std::string_view line(start, static_cast<std::size_t>(feed - start));
  begin_ += line.size() + 1;
  if (line.size() < 2 || line.back() != '\r') return break_off("a line does not end as RESP's do");
  return parse_line(line.front(), line.substr(1, line.size() - 2), value);
}

RespReader::Parsed RespReader::parse_line(char kind, std::string_view line, RedisReply& value) {
  std::int64_t number = 0;
  switch (kind) {
    case '+':
    case '-':
      if (!charge(kElementCost + line.size())) return break_off("an answer is too large");
      value = kind == '+' ? RedisReply(std::string(line))
                          : RedisReply(RedisReply::Failure{std::string(line)});
      return Parsed::value;
    case ':':
      if (!parse_number(line, number)) return break_off("a number is none");
      if (!charge(kElementCost)) return break_off("an answer is too large");
      value = RedisReply(number);
      return Parsed::value;
    case '$':
      if (!parse_number(line, number) || number < -1) return break_off("a length is none");
      if (!charge(kElementCost)) return break_off("an answer is too large");
      if (number == -1) return Parsed::value;
      if (static_cast<std::uint64_t>(number) > max_reply_ ||
          !charge(static_cast<std::size_t>(number))) {
        return break_off("an answer is too large");
      }
      in_text_ = true;
      text_left_ = static_cast<std::size_t>(number);
      text_.reserve(std::min(text_left_, kTrustedText));
      return go_on_with_text(value);
    case '*':
      if (!parse_number(line, number) || number < -1) return break_off("a count is none");
      return open_array(number, value);
    default:
      return break_off(
          fmt::format("an answer begins with byte 0x{:02x}", static_cast<unsigned char>(kind)));
  }
}

RespReader::Parsed RespReader::open_array(std::int64_t count, RedisReply& value) {
  if (!charge(kElementCost)) return break_off("an answer is too large");
  if (count == -1) return Parsed::value;
  if (count == 0) {
    value = RedisReply(RedisReply::Array());
    return Parsed::value;
  }
  if (static_cast<std::uint64_t>(count) > max_reply_ / kElementCost) {
    return break_off("an answer is too large");
  }
  if (open_.size() == kMaxDepth) return break_off("an answer is nested too deeply");
  const auto items = static_cast<std::size_t>(count);
  open_.push_back({{}, items});
  open_.back().items.reserve(std::min(items, kTrustedItems));
  return Parsed::opened;
}

RespReader::Parsed RespReader::go_on_with_text(RedisReply& value) {
  const std::size_t count = std::min(text_left_, buffered());
  text_.append(buffer_.get() + begin_, count);
  begin_ += count;
  text_left_ -= count;
  if (text_left_ > 0 || buffered() < 2) return Parsed::more;
  if (buffer_[begin_] != '\r' || buffer_[begin_ + 1] != '\n') {
    return break_off("a text is longer than its length");
  }
  begin_ += 2;
  in_text_ = false;
  value = RedisReply(std::move(text_));
  text_ = {};
  return Parsed::value;
}

bool RespReader::charge(std::size_t bytes) {
  cost_ += bytes;
  return cost_ <= max_reply_;
}

RespReader::Parsed RespReader::break_off(std::string why) {
  trouble_ = std::move(why);
  return Parsed::broken;
}

}  // namespace selvage::data
