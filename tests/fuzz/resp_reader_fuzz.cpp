// The answers of a hostile Redis server: the first byte says how they are cut into pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "data/detail/resp_reader.hpp"

namespace {

constexpr std::size_t kLimit = 1U << 20U;

// Elements and text of an answer; what is counted here is what the reader must have bounded.
std::size_t weight(const selvage::data::RedisReply& reply) {
  if (reply.is_text()) return 48 + reply.text().size();
  std::size_t all = 48;
  if (reply.is_array()) {
    for (const auto& item : reply.array()) all += weight(item);
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace selvage::data;
  if (size == 0) return 0;
  const std::size_t piece = data[0] == 0 ? 1000 : data[0];
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  RespReader reader(kLimit);
  for (;;) {
    RedisReply reply;
    const RespReader::Step step = reader.next(reply);
    if (step == RespReader::Step::broken) {
      SELVAGE_CHECK(!reader.trouble().empty());
      return 0;
    }
    if (step == RespReader::Step::reply) {
      SELVAGE_CHECK(weight(reply) <= kLimit);
      continue;
    }
    if (input.empty()) return 0;
    const auto room = reader.room();
    SELVAGE_CHECK(!room.empty());
    const std::size_t count = std::min({piece, input.size(), room.size()});
    std::memcpy(room.data(), input.data(), count);
    reader.received(count);
    input.remove_prefix(count);
  }
}
