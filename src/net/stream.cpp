#include "net/stream.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>

#include "net/detail/stream_state.hpp"
#include "net/loop.hpp"

namespace selvage::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kKeptCapacity = 1U << 20U;  // of an output buffer that has been emptied
constexpr std::size_t kCompactAfter = 64U << 10U;

}  // namespace

void Stream::State::end(std::string why) {
  if (end_reason.empty()) end_reason = std::move(why);
  closed = true;
  ErrorCode ignored;  // closing a socket that never opened is no trouble
  socket.close(ignored);
}

void Stream::State::start_reading(Read& read) {
  const auto done = [self = shared_from_this(), &read](ErrorCode error, std::size_t count) {
    if (error) {
      const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
      self->end(ended ? "the peer closed the connection" : error.message());
    } else {
      read.got = count;
    }
    read.awaiting.resume();
  };
  const auto buffer = asio::buffer(read.into.data(), read.into.size());
  if (tls) {
    tls->async_read_some(buffer, done);
  } else {
    socket.async_read_some(buffer, done);
  }
}

void Stream::State::flush() {
  if (closed || writing || out_begin == out.size()) return;
  if (tls) {
    flush_tls();
  } else {
    flush_plain();
  }
}

void Stream::State::flush_plain() {
  while (out_begin < out.size()) {
    const ssize_t taken = ::send(socket.native_handle(), out.data() + out_begin,
                                 out.size() - out_begin, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken < 0) {
      if (errno == EINTR) continue;
      // what is broken shows in the pending read, behind what the peer still had to say
      if (errno == EAGAIN || errno == EWOULDBLOCK) wait_until_writable();
      return;
    }
    out_begin += static_cast<std::size_t>(taken);
    sent += static_cast<std::size_t>(taken);
  }
  out.clear();
  if (out.capacity() > kKeptCapacity) out.shrink_to_fit();
  out_begin = 0;
}

void Stream::State::wait_until_writable() {
  if (out_begin > kCompactAfter && out_begin > out.size() / 2) {
    out.erase(0, out_begin);
    out_begin = 0;
  }
  writing = true;
  socket.async_wait(Socket::wait_write, [self = shared_from_this()](ErrorCode error) {
    self->writing = false;
    if (!error) self->flush();
  });
}

// What is given to TLS counts as sent: nobody can tell how much of it the peer has decrypted.
void Stream::State::flush_tls() {
  in_flight.swap(out);
  sent += in_flight.size();
  writing = true;
  asio::async_write(*tls, asio::buffer(in_flight),
                    [self = shared_from_this()](ErrorCode error, std::size_t) {
                      self->writing = false;
                      self->in_flight.clear();
                      if (!error) self->flush();
                    });
}

bool Stream::Read::await_suspend(std::coroutine_handle<> handle) {
  if (stream.state_->closed) return false;
  awaiting = handle;
  stream.state_->start_reading(*this);
  return true;
}

Stream::Stream(std::shared_ptr<State> state) : state_(std::move(state)) {}

Stream::~Stream() { state_->end("closed"); }

Task<Result<std::unique_ptr<Stream>>> Stream::connect(StreamTarget target, Deadline deadline,
                                                      CancelToken cancel) {
  std::unique_ptr<Stream> stream(
      new Stream(std::make_shared<State>(Loop::current(), std::move(target))));
  CO_TRY(co_await stream->state_->open(deadline, std::move(cancel)));
  co_return stream;
}

Task<Result<std::size_t>> Stream::read_some(std::span<char> into, Deadline deadline,
                                            CancelToken cancel) {
  const std::shared_ptr<State> state = state_;
  const auto label = [&] { return state->target.label(); };
  if (cancel.cancelled()) {
    close();
  } else if (!deadline.passed()) {
    std::optional<detail::Timers::Key> timer;
    if (deadline.at != SteadyTime::max()) {
      timer = state->timers.add(deadline.at, [&] { state->end("timed out"); });
    }
    const auto registration = cancel.on_cancel([&] { state->end("cancelled"); });
    const std::size_t got = co_await read_some(into);
    if (timer) state->timers.remove(*timer);
    if (got > 0) co_return got;
  }
  if (cancel.cancelled()) co_return fail(cancelled_error("reading from " + label()));
  if (deadline.passed()) {
    close();
    co_return fail(ErrorKind::timeout, "stream.timeout", fmt::format("{} says nothing", label()),
                   "check that the service is not overloaded or frozen");
  }
  co_return fail(ErrorKind::unavailable, "stream.closed",
                 fmt::format("{}: {}", label(), state->end_reason));
}

bool Stream::append(std::string_view bytes, std::string_view more) {
  State& state = *state_;
  const std::size_t unsent = state.out.size() - state.out_begin + state.in_flight.size();
  if (unsent + bytes.size() + more.size() > kMaxUnsent) return false;
  state.out += bytes;
  state.out += more;
  state.appended += bytes.size() + more.size();
  return true;
}

void Stream::flush() { state_->flush(); }
std::uint64_t Stream::appended() const { return state_->appended; }
std::uint64_t Stream::sent() const { return state_->sent; }
void Stream::close() { state_->end("closed"); }
const std::string& Stream::end_reason() const { return state_->end_reason; }

bool Stream::is_quiet() const {
  if (state_->closed) return false;
  char byte = 0;
  const ssize_t got =
      ::recv(state_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

}  // namespace selvage::net
