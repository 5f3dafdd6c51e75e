#include "net/detail/chunked.hpp"

#include <algorithm>

namespace selvage::net::detail {

namespace {

constexpr std::size_t kMaxDigits = 8;       // 4 GiB - 1, beyond every body cap
constexpr std::size_t kMaxChunkLine = 128;  // extensions are read over, not stored
constexpr std::size_t kMaxTrailers = 4 * 1024;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

ChunkedDecoder::State ChunkedDecoder::feed(std::string_view& input, std::string& body) {
  while (!input.empty()) {
    if (step_ == Step::data) {
      const std::size_t taken =
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
      body.append(input.substr(0, taken));
      input.remove_prefix(taken);
      left_ -= taken;
      if (left_ == 0) step_ = Step::data_cr;
      continue;
    }
    const char c = input.front();
    input.remove_prefix(1);
    if (const State state = take_framing(c); state != State::more) return state;
  }
  return State::more;
}

ChunkedDecoder::State ChunkedDecoder::take_framing(char c) {
  switch (step_) {
    case Step::size:
      return take_size_digit(c);
    case Step::extension:
      if (++line_length_ > kMaxChunkLine) return State::malformed;
      if (c == '\r') {
        step_ = Step::size_end;
      } else if (is_control(c) && c != '\t') {
        return State::malformed;
      }
      return State::more;
    case Step::size_end:
      if (c != '\n') return State::malformed;
      end_size_line();
      return decoded_ > max_body_ ? State::too_large : State::more;
    case Step::data_cr:
      if (c != '\r') return State::malformed;
      step_ = Step::data_lf;
      return State::more;
    case Step::data_lf:
      if (c != '\n') return State::malformed;
      step_ = Step::size;
      return State::more;
    case Step::trailer:
      // Trailer fields are read over: nothing here may depend on what comes after the body.
      if (++trailer_length_ > kMaxTrailers) return State::malformed;
      if (c == '\r') {
        step_ = Step::last_lf;
        return State::more;
      }
      if (is_control(c) && c != '\t') return State::malformed;
      ++line_length_;
      return State::more;
    case Step::last_lf:
      if (c != '\n') return State::malformed;
      if (line_length_ == 0) return State::done;
      line_length_ = 0;
      step_ = Step::trailer;
      return State::more;
    case Step::data:
      break;
  }
  return State::malformed;
}

ChunkedDecoder::State ChunkedDecoder::take_size_digit(char c) {
  if (const int digit = hex_value(c); digit >= 0) {
    if (++digits_ > kMaxDigits) return State::malformed;
    left_ = left_ * 16 + static_cast<unsigned>(digit);
    return State::more;
  }
  if (digits_ == 0) return State::malformed;
  if (c == '\r') {
    step_ = Step::size_end;
    return State::more;
  }
  if (c != ';') return State::malformed;
  step_ = Step::extension;
  return State::more;
}

void ChunkedDecoder::end_size_line() {
  step_ = left_ == 0 ? Step::trailer : Step::data;
  decoded_ += left_;
  digits_ = 0;
  line_length_ = 0;
}

}  // namespace selvage::net::detail
