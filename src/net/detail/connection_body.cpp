// How a connection reads the body of a request.
#include "net/detail/chunked.hpp"
#include "net/detail/connection.hpp"

namespace selvage::net::detail {

namespace {
// A body's memory grows with what has arrived, not with what was announced.
constexpr std::uint64_t kBodyStep = 64 * 1024;

const Refusal kTooManyBodies{.status = 503,
                             .code = "http.busy",
                             .detail = "the server holds too many large requests at the moment",
                             .hint = "try again in a moment"};
}  // namespace

Task<std::expected<void, Connection::BodyFault>> Connection::receive_body(Framing framing,
                                                                          std::uint64_t max_body,
                                                                          std::string& body) {
  if (framing.expects_continue && input_.empty()) {
    OutputParts output;
    output.parts[0] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!co_await transport_.write_all(output, limits().write_time)) {
      co_return std::unexpected(BodyFault{});
    }
  }
  body_started_ = steady_now();
  body_received_ = 0;
  set_phase(Phase::body, body_started_ + limits().body_time);
  if (framing.chunked) co_return co_await receive_chunked(max_body, body);
  co_return co_await receive_sized(framing.content_length, body);
}

Task<std::expected<void, Connection::BodyFault>> Connection::receive_sized(std::uint64_t length,
                                                                           std::string& body) {
  const std::string_view here = input_.unread().substr(0, length);
  if (!hold_body(here.size())) co_return std::unexpected(BodyFault{kTooManyBodies});
  body = here;
  input_.consume(here.size());
  body_received_ = body.size();
  while (body.size() < length) {
    const std::size_t before = body.size();
    const auto step = static_cast<std::size_t>(
        std::min<std::uint64_t>(length - before, std::max<std::uint64_t>(kBodyStep, before)));
    if (!hold_body(step)) co_return std::unexpected(BodyFault{kTooManyBodies});
    body.resize_and_overwrite(before + step, [](char*, std::size_t size) { return size; });
    const std::size_t count = co_await transport_.read_some({body.data() + before, step});
    body.resize(before + count);
    if (count == 0) co_return std::unexpected(broken_body());
    body_held_ -= step - count;
    worker_.state().body_bytes -= step - count;
    body_received_ += count;
  }
  co_return {};
}

Task<std::expected<void, Connection::BodyFault>> Connection::receive_chunked(std::uint64_t max_body,
                                                                             std::string& body) {
  ChunkedDecoder decoder(max_body);
  for (;;) {
    std::string_view input = input_.unread();
    const ChunkedDecoder::State state = decoder.feed(input, body);
    input_.consume(input_.size() - input.size());
    if (!hold_body(body.size() - body_received_)) {
      co_return std::unexpected(BodyFault{kTooManyBodies});
    }
    body_received_ = body.size();
    switch (state) {
      case ChunkedDecoder::State::done:
        co_return {};
      case ChunkedDecoder::State::malformed:
        co_return std::unexpected(
            BodyFault{Refusal{.status = 400,
                              .code = "http.malformed_chunk",
                              .detail = "the chunks of the body are malformed",
                              .hint = "send the body as RFC 9112 section 7.1 describes it"}});
      case ChunkedDecoder::State::too_large:
        co_return std::unexpected(
            BodyFault{Refusal{.status = 413,
                              .code = "http.body_too_large",
                              .detail = "the body is larger than this resource takes",
                              .hint = "send less"}});
      case ChunkedDecoder::State::more:
        break;
    }
    const std::size_t count = co_await transport_.read_some(input_.space(kBodyStep));
    if (count == 0) co_return std::unexpected(broken_body());
    input_.commit(count);
  }
}

bool Connection::hold_body(std::uint64_t more) {
  const std::uint64_t before = worker_.state().body_bytes.fetch_add(more);
  body_held_ += more;  // also when refused, so that finish() gives it back
  return before + more <= limits().all_bodies.value;
}

Connection::BodyFault Connection::broken_body() const {
  if (!transport_.interrupted()) return {};
  return {Refusal{.status = 408,
                  .code = "http.slow_body",
                  .detail = "the body of the request took too long",
                  .hint = "send the body faster"}};
}

}  // namespace selvage::net::detail
