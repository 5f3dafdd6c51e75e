#include "net/http_server.hpp"

#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>

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

}  // namespace

struct HttpServer::Impl {
  Impl(ServerOptions options, const Router& router, Registry& metrics)
      : state(std::move(options), router, metrics) {}

  detail::ServerState state;
  std::uint16_t port = 0;
  bool running = false;
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
    error = bind_to(worker.acceptor(), {address, port}, i == 0);
    if (error) return bind_failed(options, error);
    if (i == 0) port = worker.acceptor().local_endpoint(error).port();
  }
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
  impl_->workers.clear();
}

}  // namespace selvage::net
