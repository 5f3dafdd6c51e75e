#include "net/detail/transport.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>

namespace selvage::net::detail {

namespace asio = boost::asio;

void Transport::ReadSome::await_suspend(std::coroutine_handle<> awaiting) {
  transport.socket_.async_read_some(
      asio::buffer(into.data(), into.size()),
      [this, awaiting](const boost::system::error_code& error, std::size_t count) {
        received = error ? 0 : count;
        awaiting.resume();
      });
}

void Transport::Writable::await_suspend(std::coroutine_handle<> awaiting) {
  transport.socket_.async_wait(Socket::wait_write,
                               [this, awaiting](const boost::system::error_code& error) {
                                 ok = !error;
                                 awaiting.resume();
                               });
}

std::size_t Transport::read_now(std::span<char> into) {
  const ssize_t count =
      ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool Transport::write_now(OutputParts& output) {
  while (!output.empty()) {
    const ssize_t sent = send_once(output);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    auto left = static_cast<std::size_t>(sent);
    for (std::string_view& part : output.parts) {
      const std::size_t taken = std::min(left, part.size());
      part.remove_prefix(taken);
      left -= taken;
    }
  }
  return true;
}

ssize_t Transport::send_once(const OutputParts& output) {
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const auto& [first, second, third] = output.parts;
  if (second.empty() && third.empty()) {
    return ::send(socket_.native_handle(), first.data(), first.size(), kFlags);
  }
  std::array<iovec, 3> pieces{};
  std::size_t count = 0;
  for (const std::string_view part : output.parts) {
    if (part.empty()) continue;
    pieces[count++] = {const_cast<char*>(part.data()), part.size()};
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  return ::sendmsg(socket_.native_handle(), &message, kFlags);
}

Task<bool> Transport::write_all(OutputParts output, milliseconds patience) {
  for (;;) {
    if (!write_now(output)) co_return false;
    if (output.empty()) co_return true;
    set_deadline(steady_now() + patience);
    const bool writable = co_await Writable{*this};
    set_deadline(SteadyTime::max());
    if (!writable) co_return false;
  }
}

void Transport::interrupt() {
  interrupted_ = true;
  boost::system::error_code ignored;  // a socket that cannot be cancelled has nothing pending
  socket_.cancel(ignored);
}

void Transport::abort() {
  aborted_ = true;
  interrupt();
}

void Transport::finish_sending() {
  boost::system::error_code ignored;  // the client may have closed first
  socket_.shutdown(Socket::shutdown_send, ignored);
}

}  // namespace selvage::net::detail
