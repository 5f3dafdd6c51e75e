#include "net/tcp_probe.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <optional>

#include "net/detail/wait.hpp"
#include "net/loop.hpp"

namespace selvage::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using detail::Wait;
using detail::WaitEnd;

namespace {

// Reading the system's authorities takes milliseconds, so it is done once.
asio::ssl::context& tls_context() {
  static asio::ssl::context context = [] {
    asio::ssl::context made(asio::ssl::context::tls_client);
    error_code ignored;  // without authorities every handshake fails and says so
    made.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, ignored);
    made.set_default_verify_paths(ignored);
    made.set_verify_mode(asio::ssl::verify_peer, ignored);
    return made;
  }();
  return context;
}

bool is_address(const std::string& host) {
  error_code failed;
  asio::ip::make_address(host, failed);
  return !failed;
}

}  // namespace

struct TcpProbe::Conversation : std::enable_shared_from_this<Conversation> {
  using Done = std::function<void(error_code, std::size_t)>;
  struct Outcome {
    error_code error;
    std::size_t size = 0;
  };

  Conversation(Loop& loop, std::string peer_name, Deadline at)
      : timers(loop),
        resolver(loop.context()),
        socket(loop.context()),
        peer(std::move(peer_name)),
        deadline(at) {}

  // The operation that `begin` starts, or nothing when the deadline came first. An operation that
  // was given up ends later and finds that nobody waits.
  Task<std::optional<Outcome>> step(std::function<void(Done)> begin) {
    struct Step {
      Outcome outcome;
      Wait* waiting = nullptr;
    };
    const auto step = std::make_shared<Step>();  // shared with the operation
    Wait wait(timers, deadline, {}, [this, step](WaitEnd) {
      step->waiting = nullptr;
      give_up();
    });
    step->waiting = &wait;
    begin([self = shared_from_this(), step](error_code error, std::size_t size) {
      if (step->waiting == nullptr) return;
      step->outcome = {error, size};
      step->waiting->finish();
    });
    if (co_await wait != WaitEnd::done) co_return std::nullopt;
    co_return step->outcome;
  }

  void give_up() {
    resolver.cancel();
    error_code ignored;  // closing a socket that never opened is no trouble
    socket.close(ignored);
  }

  [[nodiscard]] std::unexpected<Error> late(std::string_view doing) const {
    return fail(ErrorKind::timeout, "probe.timeout",
                fmt::format("{}: {} took too long", peer, doing),
                "check that the service runs and that a firewall lets this host through");
  }

  Task<Result<void>> resolve(std::string host, std::uint16_t port);
  Task<Result<void>> open();
  Task<Result<void>> secure(std::string host);

  detail::Timers timers;
  tcp::resolver resolver;
  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  tcp::resolver::results_type addresses;
  std::string peer;  // "host:port", for errors
  Deadline deadline;
  std::array<char, kMaxAnswer> buffer;
  std::string sending;
};

Task<Result<void>> TcpProbe::Conversation::resolve(std::string host, std::uint16_t port) {
  const auto done = co_await step([&](Done finish) {
    resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                           [this, finish, self = shared_from_this()](error_code error, auto found) {
                             addresses = std::move(found);
                             finish(error, 0);
                           });
  });
  if (!done) co_return late("looking the name up");
  if (done->error) {
    co_return fail(ErrorKind::unavailable, "probe.resolve",
                   fmt::format("{}: {}", peer, done->error.message()),
                   "check the host's name and DNS");
  }
  co_return Result<void>();
}

Task<Result<void>> TcpProbe::Conversation::open() {
  const auto done = co_await step([&](Done finish) {
    asio::async_connect(socket, addresses,
                        [finish](error_code error, const tcp::endpoint&) { finish(error, 0); });
  });
  if (!done) co_return late("connecting");
  if (done->error) {
    co_return fail(ErrorKind::unavailable, "probe.connect",
                   fmt::format("{}: {}", peer, done->error.message()),
                   "check that the service runs and listens there");
  }
  co_return Result<void>();
}

Task<Result<void>> TcpProbe::Conversation::secure(std::string host) {
  tls.emplace(socket, tls_context());
  error_code refused;
  tls->set_verify_callback(asio::ssl::host_name_verification(host), refused);
  // Server name indication takes names only.
  if (!is_address(host)) SSL_set_tlsext_host_name(tls->native_handle(), host.c_str());
  const auto done = co_await step([&](Done finish) {
    tls->async_handshake(asio::ssl::stream_base::client,
                         [finish](error_code error) { finish(error, 0); });
  });
  if (!done) co_return late("the TLS handshake");
  if (done->error) {
    co_return fail(ErrorKind::unavailable, "probe.tls",
                   fmt::format("{}: {}", peer, done->error.message()),
                   "check that the port speaks TLS and that its certificate is valid for the host");
  }
  co_return Result<void>();
}

TcpProbe::TcpProbe(std::shared_ptr<Conversation> conversation)
    : conversation_(std::move(conversation)) {}

TcpProbe::~TcpProbe() { conversation_->give_up(); }

Task<Result<std::unique_ptr<TcpProbe>>> TcpProbe::connect(std::string host, std::uint16_t port,
                                                          Security security, Deadline deadline) {
  const bool is_v6 = host.contains(':');
  std::unique_ptr<TcpProbe> probe(new TcpProbe(std::make_shared<Conversation>(
      Loop::current(),
      is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port), deadline)));
  Conversation& conversation = *probe->conversation_;
  CO_TRY(co_await conversation.resolve(host, port));
  CO_TRY(co_await conversation.open());
  if (security == Security::tls) CO_TRY(co_await conversation.secure(host));
  co_return probe;
}

Task<Result<void>> TcpProbe::send(std::string bytes) {
  Conversation& with = *conversation_;
  with.sending = std::move(bytes);  // must live as long as the operation, even one that is given up
  const auto done = co_await with.step([&](Conversation::Done finish) {
    const auto buffer = asio::buffer(with.sending);
    if (with.tls) {
      asio::async_write(*with.tls, buffer, finish);
    } else {
      asio::async_write(with.socket, buffer, finish);
    }
  });
  if (!done) co_return with.late("sending");
  if (!done->error) co_return Result<void>();
  co_return fail(ErrorKind::unavailable, "probe.closed",
                 fmt::format("{}: {}", with.peer, done->error.message()));
}

Task<Result<std::string>> TcpProbe::receive() {
  Conversation& with = *conversation_;
  const auto done = co_await with.step([&](Conversation::Done finish) {
    const auto buffer = asio::buffer(with.buffer);
    if (with.tls) {
      with.tls->async_read_some(buffer, finish);
    } else {
      with.socket.async_read_some(buffer, finish);
    }
  });
  if (!done) co_return with.late("waiting for the answer");
  if (!done->error) co_return std::string(with.buffer.data(), done->size);
  co_return fail(ErrorKind::unavailable, "probe.closed",
                 fmt::format("{} closed the connection: {}", with.peer, done->error.message()));
}

}  // namespace selvage::net
