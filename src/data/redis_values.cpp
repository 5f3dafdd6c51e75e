// The values that go to a Redis server and come from it.

#include <array>
#include <charconv>

#include "data/detail/sha1.hpp"
#include "data/redis.hpp"
#include "net/stream.hpp"

namespace selvage::data {

std::int64_t RedisReply::integer() const {
  SELVAGE_CHECK(is_integer());
  return *std::get_if<std::int64_t>(&value_);
}

const std::string& RedisReply::text() const {
  SELVAGE_CHECK(is_text());
  return *std::get_if<std::string>(&value_);
}

const RedisReply::Array& RedisReply::array() const {
  SELVAGE_CHECK(is_array());
  return *std::get_if<Array>(&value_);
}

std::string RedisReply::take_text() {
  SELVAGE_CHECK(is_text());
  return std::move(*std::get_if<std::string>(&value_));
}

RedisReply::Array RedisReply::take_array() {
  SELVAGE_CHECK(is_array());
  return std::move(*std::get_if<Array>(&value_));
}

namespace {

using Header = std::array<char, 32>;

// "<mark><number>\r\n"; its length.
std::size_t write_header(Header& into, char mark, std::size_t number) {
  into[0] = mark;
  char* end = std::to_chars(into.data() + 1, into.data() + into.size() - 2, number).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return static_cast<std::size_t>(end - into.data());
}

void append_header(std::string& text, char mark, std::size_t number) {
  Header header;
  text.append(header.data(), write_header(header, mark, number));
}

}  // namespace

RedisCommand::RedisCommand(std::string_view name) {
  body_.reserve(120);
  arg(name);
}

RedisCommand& RedisCommand::arg(std::string_view word) & {
  append_header(body_, '$', word.size());
  body_ += word;
  body_ += "\r\n";
  ++words_;
  return *this;
}

RedisCommand& RedisCommand::arg(std::int64_t number) & {
  std::array<char, 24> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return arg(std::string_view(digits.data(), end));
}

std::string RedisCommand::encode() const {
  std::string text;
  text.reserve(body_.size() + 16);
  append_header(text, '*', words_);
  text += body_;
  return text;
}

// All or nothing, so that a full stream is never left with half a command.
bool RedisCommand::append_to(net::Stream& stream) const {
  Header header;
  return stream.append({header.data(), write_header(header, '*', words_)}, body_);
}

RedisScript::RedisScript(std::string_view source) : source_(source), sha1_(sha1_hex(source)) {}

std::string suffix_key(std::string_view name, std::string_view suffix) {
  // as the server does: from the first '{' to the first '}' behind it, when something is between
  const std::size_t open = name.find('{');
  const std::size_t close = open == name.npos ? name.npos : name.find('}', open);
  const bool tagged = close != name.npos && close > open + 1;
  std::string key;
  key.reserve(name.size() + suffix.size() + 3);
  if (!tagged) key += '{';
  key += name;
  if (!tagged) key += '}';
  key += ':';
  key += suffix;
  return key;
}

}  // namespace selvage::data
