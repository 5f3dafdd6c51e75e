// The head of a request and the chunks of a body, from a client that means harm. Besides not
// crashing, the parsers must not depend on how the bytes were cut, and what they let through must
// hold what handlers rely on.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/detail/chunked.hpp"
#include "net/detail/http_head.hpp"

namespace {

using namespace selvage;
using net::detail::ChunkedDecoder;
using net::detail::HeadScanner;

constexpr std::uint64_t kMaxBody = 4096;

void check_request(const net::Request& request) {
  SELVAGE_CHECK(!request.path.empty());
  SELVAGE_CHECK(request.path == "*" || request.path.front() == '/');
  SELVAGE_CHECK(request.path.find("//") == std::string::npos);
  SELVAGE_CHECK(request.path.find('\0') == std::string::npos);
  SELVAGE_CHECK((request.path + "/").find("/../") == std::string::npos);
  for (const auto& [name, value] : request.headers) {
    SELVAGE_CHECK(!name.empty());
    SELVAGE_CHECK((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
}

void parse_head(std::string_view input) {
  HeadScanner whole;
  const HeadScanner::State state = whole.scan(input);
  HeadScanner by_byte;
  HeadScanner::State last = HeadScanner::State::incomplete;
  for (std::size_t i = 1; i <= input.size() && last == HeadScanner::State::incomplete; ++i) {
    last = by_byte.scan(input.substr(0, i));
  }
  SELVAGE_CHECK(last == state);
  if (state != HeadScanner::State::complete) return;
  SELVAGE_CHECK(whole.size() == by_byte.size());
  net::Request request;
  const auto framing = net::detail::parse_head(input.substr(0, whole.size()), request);
  if (!framing) return;
  SELVAGE_CHECK(!(framing->chunked && framing->content_length > 0));
  check_request(request);
}

void decode_chunks(std::string_view input) {
  ChunkedDecoder whole(kMaxBody);
  std::string body;
  std::string_view rest = input;
  const ChunkedDecoder::State state = whole.feed(rest, body);
  SELVAGE_CHECK(body.size() <= kMaxBody);

  ChunkedDecoder by_byte(kMaxBody);
  std::string same_body;
  ChunkedDecoder::State last = ChunkedDecoder::State::more;
  std::size_t taken = 0;
  while (taken < input.size() && last == ChunkedDecoder::State::more) {
    std::string_view byte = input.substr(taken++, 1);
    last = by_byte.feed(byte, same_body);
  }
  SELVAGE_CHECK(last == state && same_body == body);
  if (state == ChunkedDecoder::State::done) SELVAGE_CHECK(input.size() - rest.size() == taken);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  parse_head(input);
  decode_chunks(input);
  return 0;
}
