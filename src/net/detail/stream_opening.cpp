// How a Stream comes to be: name, address, connection, TLS; one deadline for all of it.
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstring>

#include "base/text.hpp"
#include "net/detail/stream_state.hpp"
#include "net/detail/tls_client.hpp"

namespace selvage::net {

namespace asio = boost::asio;
using detail::Wait;
using detail::WaitEnd;

namespace {

asio::ip::tcp::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
  if (!address.is_v4) return {asio::ip::address_v6(address.bytes), port};
  asio::ip::address_v4::bytes_type last;
  std::memcpy(last.data(), address.bytes.data() + 12, last.size());
  return {asio::ip::address_v4(last), port};
}

}  // namespace

std::string StreamTarget::label() const {
  if (!unix_path.empty()) return unix_path;
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Task<Result<Stream::State::ErrorCode>> Stream::State::step(std::string_view doing,
                                                           Deadline deadline, CancelToken cancel,
                                                           std::function<void(Done)> begin) {
  struct Step {
    ErrorCode error;
    Wait* waiting = nullptr;
  };
  const auto step = std::make_shared<Step>();  // shared with the operation
  Wait wait(timers, deadline, std::move(cancel), [&](WaitEnd) {
    step->waiting = nullptr;  // the operation ends later and finds that nobody waits
    end("given up");
  });
  step->waiting = &wait;
  begin([self = shared_from_this(), step](ErrorCode error) {
    if (step->waiting == nullptr) return;
    step->error = error;
    step->waiting->finish();
  });
  switch (co_await wait) {
    case WaitEnd::done:
      co_return step->error;
    case WaitEnd::cancelled:
      co_return fail(cancelled_error(fmt::format("connecting to {}", target.label())));
    case WaitEnd::timed_out:
      break;
  }
  co_return fail(ErrorKind::timeout, "stream.timeout",
                 fmt::format("{}: {} took too long", target.label(), doing),
                 "check that the service runs and that a firewall lets this host through");
}

Task<Result<std::vector<IpAddress>>> Stream::State::look_up(Deadline deadline, CancelToken cancel) {
  if (const auto address = IpAddress::parse(target.host)) co_return std::vector{*address};
  detail::Resolver resolver(timers, 1);
  const detail::Resolver::Answer answer = co_await resolver.resolve(target.host, deadline, cancel);
  if (answer.end == WaitEnd::cancelled) {
    co_return fail(cancelled_error(fmt::format("connecting to {}", target.label())));
  }
  if (answer.end == WaitEnd::timed_out) {
    co_return fail(ErrorKind::timeout, "stream.timeout",
                   fmt::format("{}: looking the name up took too long", target.label()),
                   "check the name servers");
  }
  if (answer.error == 0) co_return answer.addresses;
  co_return fail(ErrorKind::unavailable, "stream.resolve",
                 fmt::format("{}: {}", target.label(), gai_strerror(answer.error)),
                 "check the host's name and DNS");
}

Task<Result<void>> Stream::State::connect_to(Protocol::endpoint endpoint, Deadline deadline,
                                             CancelToken cancel) {
  ErrorCode ignored;  // closing what never opened is no trouble
  socket.close(ignored);
  closed = false;
  end_reason.clear();
  const ErrorCode error = CO_TRY(co_await step("connecting", deadline, cancel, [&](Done done) {
    socket.async_connect(endpoint, [done](ErrorCode failed) { done(failed); });
  }));
  if (!error) co_return Result<void>();
  co_return fail(ErrorKind::unavailable, "stream.connect",
                 fmt::format("{}: {}", target.label(), error.message()),
                 "check that the service runs and listens there");
}

Task<Result<void>> Stream::State::secure(Deadline deadline, CancelToken cancel) {
  authorities = CO_TRY(detail::tls_client_context(target.ca_file));
  tls.emplace(socket, *authorities);
  detail::demand_name(tls->native_handle(),
                      target.tls_name.empty() ? target.host : target.tls_name);
  const ErrorCode error =
      CO_TRY(co_await step("the TLS handshake", deadline, cancel, [&](Done done) {
        tls->async_handshake(asio::ssl::stream_base::client,
                             [done](ErrorCode failed) { done(failed); });
      }));
  if (!error) co_return Result<void>();
  co_return fail(ErrorKind::unavailable, "stream.tls",
                 fmt::format("{}: {}", target.label(),
                             detail::tls_trouble(tls->native_handle(), error.message())),
                 "check that the port speaks TLS and that its certificate is valid for the host");
}

// A connection whose other host is gone is noticed after 30 s of silence and three unanswered
// probes. Small commands are not held back to be sent together: the callers batch by themselves.
void Stream::State::tune() {
  const auto set = [&](int level, int option, int value) {
    ::setsockopt(socket.native_handle(), level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

Task<Result<void>> Stream::State::open(Deadline deadline, CancelToken cancel) {
  if (!target.unix_path.empty()) {
    sockaddr_un longest;
    if (target.unix_path.size() >= sizeof longest.sun_path) {
      co_return fail(
          ErrorKind::invalid, "stream.connect",
          fmt::format("the path {} is too long for a socket", in_quotes(target.unix_path)));
    }
    CO_TRY(co_await connect_to(asio::local::stream_protocol::endpoint(target.unix_path), deadline,
                               cancel));
  } else {
    const std::vector<IpAddress> addresses = CO_TRY(co_await look_up(deadline, cancel));
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      // an address that swallows packets leaves time for those behind it
      const milliseconds share = deadline.left() / (addresses.size() - i);
      const Deadline turn = i + 1 == addresses.size() ? deadline : Deadline::after(share);
      const Result<void> connected =
          co_await connect_to(endpoint_of(addresses[i], target.port), turn, cancel);
      if (connected) break;
      const bool give_up = i + 1 == addresses.size() || deadline.passed() ||
                           connected.error().kind == ErrorKind::cancelled;
      if (give_up) co_return fail(connected.error());
    }
    tune();
  }
  if (target.tls) CO_TRY(co_await secure(deadline, cancel));
  co_return Result<void>();
}

}  // namespace selvage::net
