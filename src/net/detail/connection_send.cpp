// The way out of a connection: head, body, and streams with somebody watching for the client's end.
#include <exception>

#include "base/log.hpp"
#include "net/detail/connection.hpp"

namespace selvage::net::detail {

namespace {

// A body up to this size is copied behind its head: one plain send costs less than a gathered one.
constexpr std::size_t kCopiedBody = 4 * 1024;
// Buffers above this are given back between requests.
constexpr std::size_t kKeptOutput = 16 * 1024;

}  // namespace

Task<bool> Connection::send(Response& response) {
  using Body = ResponseFraming::Body;
  ResponseFraming framing{.length = response.body.size(),
                          .keep_alive = current_.keep_alive,
                          .http_1_0 = current_.http_1_0};
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  if (response.stream) {
    framing.body = current_.http_1_0 ? Body::until_close : Body::chunked;
    if (current_.http_1_0) current_.keep_alive = framing.keep_alive = false;
  }
  if (bodiless) framing.body = Body::none;

  output_.clear();
  if (output_.capacity() > kKeptOutput) output_ = {};
  append_response_head(output_, response, framing,
                       {.common = worker_.common_headers(),
                        .request_id = current_.request_id,
                        .cors_origin = current_.cors_origin});
  OutputParts output;
  const bool has_body = !bodiless && current_.method != Method::head;
  if (has_body && !response.stream) {
    if (response.body.size() <= kCopiedBody) {
      output_ += response.body;
    } else {
      output.parts[1] = response.body;
    }
  }
  output.parts[0] = output_;
  if (!transport_.write_now(output)) co_return false;
  if (!output.empty() && !co_await transport_.write_all(output, limits().write_time)) {
    co_return false;
  }
  if (!has_body || !response.stream) co_return true;
  co_return co_await send_stream(response, framing.body == Body::chunked);
}

Task<bool> Connection::send_stream(Response& response, bool chunked) {
  StreamWriter stream(transport_, chunked, limits().write_time);
  stream_ = &stream;
  set_phase(Phase::stream, SteadyTime::max());
  if (worker_.draining()) stream.close();
  TaskGroup watch;
  watch.spawn(watch_client(stream), "http stream watch");
  std::exception_ptr crash;
  try {
    co_await response.stream(stream);
  } catch (...) {
    // The head is out, so the only way left to say "this is not all" is to cut the connection.
    crash = std::current_exception();
  }
  stream_ = nullptr;
  transport_.interrupt();
  co_await watch.join();
  transport_.allow_waits();
  if (!crash) co_return co_await stream.finish();
  co_return note_stream_crash(crash);
}

bool Connection::note_stream_crash(const std::exception_ptr& crash) const {
  std::string why;
  try {
    std::rethrow_exception(crash);
  } catch (const std::exception& bug) {
    why = bug.what();
  } catch (...) {
    why = "an exception that is no std::exception";
  }
  log::error(
      "stream_crashed",
      {{"request_id", current_.request_id}, {"handler", current_.route->pattern}, {"error", why}});
  return false;
}

// While a response streams nobody else reads, so the end of the client shows here. What it sends
// ahead is kept for later, as much as a head may hold.
Task<void> Connection::watch_client(StreamWriter& stream) {
  while (input_.size() < limits().head.value) {
    const std::size_t count = co_await transport_.read_some(input_.space(limits().head.value));
    if (count == 0) {
      if (stream_ != nullptr) stream.client_gone();
      co_return;
    }
    input_.commit(count);
  }
}

}  // namespace selvage::net::detail
