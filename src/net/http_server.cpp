#include "net/http_server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/text.hpp"
#include "net/detail/client_address.hpp"
#include "net/detail/server_state.hpp"
#include "net/detail/worker.hpp"

namespace selvage::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr int kBacklog = 4096;

using SharePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

std::unexpected<Error> bind_failed(const ServerOptions& options, const error_code& error) {
  const std::string where = fmt::format("{}:{}", options.address, options.port);
  if (error == asio::error::address_in_use) {
    return fail(ErrorKind::unavailable, "http.address_in_use",
                "the address " + where + " is already in use",
                "stop the other program or choose another port");
  }
  return fail(ErrorKind::unavailable, "http.bind",
              "cannot listen on " + where + ": " + error.message(),
              "check the address, and that the port may be used without root rights");
}

// The first acceptor binds alone, so that a foreign listener on the port is noticed, and shares the
// port afterwards with its siblings.
error_code bind_to(detail::Acceptor& acceptor, const asio::ip::tcp::endpoint& endpoint,
                   bool first) {
  error_code error;
  const auto attempt = [&error](auto&& step) {
    if (!error) step(error);
  };
  attempt([&](error_code& e) { acceptor.open(endpoint.protocol(), e); });
  attempt([&](error_code& e) { acceptor.set_option(detail::Acceptor::reuse_address(true), e); });
  // Accepted sockets inherit it: small parts of a stream must not wait for each other.
  attempt([&](error_code& e) { acceptor.set_option(asio::ip::tcp::no_delay(true), e); });
  if (!first) attempt([&](error_code& e) { acceptor.set_option(SharePort(true), e); });
  attempt([&](error_code& e) { acceptor.bind(endpoint, e); });
  if (first) attempt([&](error_code& e) { acceptor.set_option(SharePort(true), e); });
  attempt([&](error_code& e) { acceptor.listen(kBacklog, e); });
  return error;
}

// Whether `socket` listens where the options want it; a port that was chosen freely is any.
bool is_listener(int socket, const asio::ip::tcp::endpoint& wanted) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) {
    return false;
  }
  asio::ip::tcp::endpoint bound;
  socklen_t length = static_cast<socklen_t>(bound.capacity());
  if (getsockname(socket, bound.data(), &length) != 0) return false;
  return bound.address() == wanted.address() &&
         (wanted.port() == 0 || bound.port() == wanted.port());
}

// Takes a kept socket over; false: it is none of ours and was closed.
bool take_over(detail::Acceptor& acceptor, int socket, const asio::ip::tcp::endpoint& endpoint) {
  if (fcntl(socket, F_SETFD, FD_CLOEXEC) != 0) return false;
  error_code error;
  if (is_listener(socket, endpoint)) {
    acceptor.assign(endpoint.protocol(), socket, error);
    if (!error) return true;
  }
  close(socket);
  return false;
}

}  // namespace

struct HttpServer::Impl {
  Impl(ServerOptions options, const Router& router, Registry& metrics)
      : state(std::move(options), router, metrics) {}

  detail::ServerState state;
  std::uint16_t port = 0;
  bool running = false;
  std::mutex mutex;  // of `workers`: hurry() may come while stop() ends
  std::vector<std::unique_ptr<detail::Worker>> workers;
};

HttpServer::HttpServer(ServerOptions options, const Router& router, Registry& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), router, metrics)) {}

HttpServer::~HttpServer() { stop(milliseconds(0)); }

Result<void> HttpServer::start() {
  SELVAGE_CHECK(!impl_->running);
  const ServerOptions& options = impl_->state.options;
  impl_->state.trusted_proxies.clear();
  for (const std::string& text : options.trusted_proxies) {
    impl_->state.trusted_proxies.push_back(TRY(detail::parse_proxy_range(text)));
  }
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error) {
    return fail(ErrorKind::invalid, "http.bind",
                "cannot listen on " + in_quotes(options.address) + ": it is not an IP address",
                "use 127.0.0.1 for this machine alone, or 0.0.0.0 for everyone");
  }
  const std::size_t threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());

  std::vector<std::unique_ptr<detail::Worker>> workers;
  std::uint16_t port = options.port;
  for (std::size_t i = 0; i < threads; ++i) {
    auto& worker = *workers.emplace_back(std::make_unique<detail::Worker>(impl_->state));
    const bool taken = i < options.listeners.size() &&
                       take_over(worker.acceptor(), options.listeners[i], {address, port});
    if (!taken) error = bind_to(worker.acceptor(), {address, port}, i == 0);
    if (error) return bind_failed(options, error);
    if (i == 0) port = worker.acceptor().local_endpoint(error).port();
  }
  for (std::size_t i = threads; i < options.listeners.size(); ++i) close(options.listeners[i]);
  impl_->port = port;
  impl_->workers = std::move(workers);
  impl_->running = true;
  for (std::size_t i = 0; i < threads; ++i) impl_->workers[i]->start(i);
  return {};
}

std::uint16_t HttpServer::port() const { return impl_->port; }

void HttpServer::stop(milliseconds grace) {
  if (!std::exchange(impl_->running, false)) return;
  for (const auto& worker : impl_->workers) worker->request_stop(grace);
  for (const auto& worker : impl_->workers) worker->join();
  std::lock_guard lock(impl_->mutex);
  impl_->workers.clear();
}

void HttpServer::hurry() {
  std::lock_guard lock(impl_->mutex);
  for (const auto& worker : impl_->workers) worker->hurry();
}

Result<std::vector<int>> HttpServer::kept_listeners() {
  std::vector<int> kept;
  for (const auto& worker : impl_->workers) {
    const int copy = dup(worker->acceptor().native_handle());  // without FD_CLOEXEC
    if (copy < 0) {
      const std::string why = std::strerror(errno);
      for (const int socket : kept) close(socket);
      return fail(ErrorKind::unavailable, "http.listeners",
                  "the listening sockets cannot be kept: " + why);
    }
    kept.push_back(copy);
  }
  return kept;
}

}  // namespace selvage::net
