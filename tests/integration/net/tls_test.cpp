// Certificates: who is trusted, and under which name.
#include <doctest/doctest.h>

#include "net/egress_guard.hpp"
#include "net/http_client.hpp"
#include "support/tls_server.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;
using testing::TlsServer;

const std::string kPng = std::string("\x89PNG\r\n\x1a\n", 8) + std::string(500, 'p');
const std::string kPicture =
    "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 508\r\n\r\n" + kPng;

std::string fetch(const std::string& url, const std::string& ca_file) {
  EgressOptions options;
  options.allowed = {*CidrRange::parse("127.0.0.0/8"), *CidrRange::parse("::1/128")};
  options.total_time = 5s;
  options.ca_file = ca_file;
  Loop loop;
  EgressGuard guard(loop, std::move(options));
  const auto fetched = loop.run_until_done(guard.fetch_image(url, {}));
  return fetched ? "fetched" : fetched.error().code;
}

std::string get(const std::string& url, const std::string& ca_file) {
  Loop loop;
  HttpClient client(loop, {.ca_file = ca_file});
  ClientRequest request;
  request.url = url;
  request.deadline = Deadline::after(5s);
  const auto response = loop.run_until_done(client.send(std::move(request)));
  return response ? "answered" : response.error().code;
}

TEST_CASE(
    "TLS: the guard connects to the checked address but asks for the certificate of the name") {
  const TlsServer server("DNS:localhost", kPicture);
  CHECK(fetch(server.url("localhost", "/x.png"), server.ca_file()) == "fetched");
  CHECK(server.served() == 1);
  // The same address under a name that the certificate does not hold.
  CHECK(fetch(server.url("127.0.0.1"), server.ca_file()) == "egress.connect");
  CHECK(server.served() == 1);
}

TEST_CASE("TLS: a certificate for an address holds for that address") {
  const TlsServer server("IP:127.0.0.1", kPicture);
  CHECK(fetch(server.url("127.0.0.1"), server.ca_file()) == "fetched");
}

TEST_CASE("TLS: nobody is trusted who is not known") {
  const TlsServer server("DNS:localhost", kPicture);
  CHECK(fetch(server.url("localhost"), "") == "egress.connect");
  CHECK(get(server.url("localhost"), "") == "http.tls");
  CHECK(fetch(server.url("localhost"), "/no/such/file.pem") == "egress.connect");
  CHECK(get(server.url("localhost"), "/no/such/file.pem") == "http.tls");
  CHECK(server.served() == 0);
  CHECK(get(server.url("localhost"), server.ca_file()) == "answered");
}

}  // namespace
}  // namespace selvage::net
