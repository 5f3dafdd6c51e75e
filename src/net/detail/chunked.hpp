// Decoder of the chunked transfer coding (RFC 9112 section 7.1), strict and incremental.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace selvage::net::detail {

class ChunkedDecoder {
 public:
  enum class State { more, done, malformed, too_large };

  explicit ChunkedDecoder(std::uint64_t max_body) : max_body_(max_body) {}

  // Takes from the front of `input` and appends what it decodes to `body`, which never grows beyond
  // the cap. After done, `input` begins with what follows the message. malformed and too_large are
  // final.
  State feed(std::string_view& input, std::string& body);

 private:
  enum class Step { size, extension, size_end, data, data_cr, data_lf, trailer, last_lf };
  State take_framing(char c);
  State take_size_digit(char c);
  void end_size_line();

  std::uint64_t max_body_;
  std::uint64_t decoded_ = 0;
  std::uint64_t left_ = 0;  // of the current chunk
  Step step_ = Step::size;
  std::size_t line_length_ = 0;  // of the current framing line
  std::size_t digits_ = 0;
  std::size_t trailer_length_ = 0;
};

}  // namespace selvage::net::detail
