#include "data/detail/resp_reader.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <random>

using namespace selvage;
using namespace selvage::data;

namespace {

// The answer in a notation of its own, for comparing.
std::string shown(const RedisReply& reply) {
  if (reply.is_nil()) return "nil";
  if (reply.is_integer()) return std::to_string(reply.integer());
  if (reply.is_text()) return "'" + reply.text() + "'";
  if (reply.failure() != nullptr) return "!" + reply.failure()->text;
  std::string text = "[";
  for (const RedisReply& item : reply.array()) text += shown(item) + " ";
  return text + "]";
}

// All answers in `bytes`, which arrive `piece` at a time; behind them "more", or "broken: why".
std::string read_all(std::string_view bytes, std::size_t piece,
                     std::size_t max_reply = kMaxRedisReply) {
  RespReader reader(max_reply);
  std::string all;
  for (;;) {
    RedisReply reply;
    switch (reader.next(reply)) {
      case RespReader::Step::reply:
        all += shown(reply) + " ";
        continue;
      case RespReader::Step::broken:
        CHECK(reader.next(reply) == RespReader::Step::broken);  // for good
        return all + "broken: " + reader.trouble();
      case RespReader::Step::more:
        break;
    }
    if (bytes.empty()) return all + "more";
    const std::span<char> room = reader.room();
    REQUIRE_FALSE(room.empty());
    const std::size_t count = std::min({piece, bytes.size(), room.size()});
    std::memcpy(room.data(), bytes.data(), count);
    reader.received(count);
    bytes.remove_prefix(count);
  }
}

struct Made {
  std::string bytes;
  std::string shown;
};

Made make_reply(std::mt19937& random, int depth) {
  const auto pick = [&](int to) { return std::uniform_int_distribution<int>(0, to)(random); };
  switch (pick(depth > 4 ? 4 : 6)) {
    case 0:
      return {"$-1\r\n", "nil"};
    case 1: {
      const int n = pick(2'000'000) - 1'000'000;
      return {fmt::format(":{}\r\n", n), std::to_string(n)};
    }
    case 2:
      return {"-ERR no\r\n", "!ERR no"};
    case 3:
      return {"+OK\r\n", "'OK'"};
    case 4: {
      std::string text(static_cast<std::size_t>(pick(pick(20) == 0 ? 200'000 : 30)), 'x');
      for (char& c : text) c = static_cast<char>(pick(255));
      return {fmt::format("${}\r\n{}\r\n", text.size(), text), "'" + text + "'"};
    }
    default: {
      const int count = pick(5);
      Made made{fmt::format("*{}\r\n", count), "["};
      for (int i = 0; i < count; ++i) {
        const Made item = make_reply(random, depth + 1);
        made.bytes += item.bytes;
        made.shown += item.shown + " ";
      }
      made.shown += "]";
      return made;
    }
  }
}

}  // namespace

TEST_CASE("RESP: every kind of answer, however it is cut into pieces") {
  const std::string bytes =
      "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
      "*3\r\n:1\r\n*2\r\n+a\r\n$-1\r\n$1\r\nz\r\n+end\r\n";
  const std::string wanted =
      "'OK' !ERR no -42 'a\r\nbc' '' nil nil [] [1 ['a' nil ] 'z' ] 'end' more";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    CAPTURE(piece);
    CHECK(read_all(bytes, piece) == wanted);
  }
}

TEST_CASE("RESP: random answers arrive as they were made") {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    Made all;
    for (int i = 0; i < 20; ++i) {
      const Made made = make_reply(random, 0);
      all.bytes += made.bytes;
      all.shown += made.shown + " ";
    }
    const auto piece = std::uniform_int_distribution<std::size_t>(1, 100'000)(random);
    CHECK(read_all(all.bytes, piece) == all.shown + "more");
  }
}

TEST_CASE("RESP: what is not RESP is broken, wherever it begins") {
  for (const std::string_view bad :
       {"x\r\n", "\r\n", "\n", "+OK\n", "$\r\n", "$-2\r\n", "$1x\r\n", "$ 1\r\n", "$1\r\nabc\r\n",
        "*-2\r\n", "*x\r\n", ":\r\n", ":1.5\r\n", ":99999999999999999999\r\n",
        "$99999999999999999999\r\n", "%1\r\n+a\r\n+b\r\n", "*2\r\n:1\r\nx\r\n"}) {
    CAPTURE(bad);
    for (const std::size_t piece : {std::size_t{1}, bad.size()}) {
      CHECK(read_all(bad, piece).starts_with("broken: "));
      CHECK(read_all("+OK\r\n" + std::string(bad), piece).starts_with("'OK' broken: "));
    }
  }
}

TEST_CASE("RESP: claims beyond the limits are refused before anything is stored for them") {
  CHECK(read_all("$67108865\r\n", 100).starts_with("broken: an answer is too large"));
  CHECK(read_all("*2000000\r\n", 100).starts_with("broken: an answer is too large"));
  CHECK(read_all("$1000\r\n", 100, 1000).starts_with("broken"));
  CHECK(read_all("$900\r\n", 100, 1000) == "more");
  // also in many small parts
  std::string many = "*20\r\n";
  for (int i = 0; i < 20; ++i) many += ":1\r\n";
  CHECK(read_all(many, 7, 900).starts_with("broken"));
  CHECK(read_all(many, 7, 2000).starts_with("[1 1 1"));
  // and each answer has the whole limit for itself
  CHECK(
      read_all("$900\r\n" + std::string(900, 'x') + "\r\n$900\r\n" + std::string(900, 'y') + "\r\n",
               64, 1000)
          .ends_with("more"));
}

TEST_CASE("RESP: a line without an end and arrays without bottom are refused") {
  CHECK(read_all("+" + std::string(200'000, 'x'), 1000) == "broken: a line is too long");
  CHECK(read_all("+" + std::string(60'000, 'x') + "\r\n", 1000).ends_with("more"));
  std::string deep;
  for (std::size_t i = 0; i < RespReader::kMaxDepth; ++i) deep += "*1\r\n";
  CHECK(read_all(deep + ":1\r\n", 5).ends_with("more"));
  CHECK(read_all(deep + "*1\r\n", 5) == "broken: an answer is nested too deeply");
}
