#include "net/tcp_probe.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <thread>

#include "net/loop.hpp"

using namespace selvage;
using namespace selvage::net;

namespace {

// Echoes one message a connection, by TLS when it has a certificate.
class EchoServer {
 public:
  explicit EchoServer(SSL_CTX* tls = nullptr) : tls_(tls) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 8);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~EchoServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void serve() {
    for (;;) {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      char buffer[1024];
      if (tls_ == nullptr) {
        const ssize_t got = ::recv(client, buffer, sizeof buffer, 0);
        if (got > 0) ::send(client, buffer, static_cast<std::size_t>(got), MSG_NOSIGNAL);
      } else {
        const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(tls_), &SSL_free);
        SSL_set_fd(tls.get(), client);
        if (SSL_accept(tls.get()) == 1) {
          const int got = SSL_read(tls.get(), buffer, sizeof buffer);
          if (got > 0) SSL_write(tls.get(), buffer, got);
        }
      }
      ::close(client);
    }
  }

  SSL_CTX* tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

// A certificate for "localhost" that the system's authorities, named by SSL_CERT_FILE, are told to
// trust.
class TrustedCertificate {
 public:
  TrustedCertificate() : context_(SSL_CTX_new(TLS_server_method())) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("selvage test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    file_ = std::filesystem::temp_directory_path() /
            ("selvage-authority-" + std::to_string(::getpid()) + ".pem");
    FILE* out = std::fopen(file_.c_str(), "w");
    PEM_write_X509(out, certificate);
    std::fclose(out);
    ::setenv("SSL_CERT_FILE", file_.c_str(), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~TrustedCertificate() {
    SSL_CTX_free(context_);
    std::filesystem::remove(file_);
  }
  [[nodiscard]] SSL_CTX* context() const { return context_; }

 private:
  SSL_CTX* context_;
  std::filesystem::path file_;
};

Task<Result<std::string>> echo(std::string host, std::uint16_t port, TcpProbe::Security security,
                               milliseconds limit) {
  const auto probe =
      CO_TRY(co_await TcpProbe::connect(host, port, security, Deadline::after(limit)));
  CO_TRY(co_await probe->send("hello"));
  std::string answer = CO_TRY(co_await probe->receive());
  const auto end = co_await probe->receive();
  if (end || end.error().code != "probe.closed") co_return "the end was not seen";
  co_return answer;
}

Result<std::string> run(std::string host, std::uint16_t port,
                        TcpProbe::Security security = TcpProbe::Security::plain,
                        milliseconds limit = milliseconds(5000)) {
  Loop loop;
  return loop.run_until_done(echo(std::move(host), port, security, limit));
}

}  // namespace

TEST_CASE(
    "TCP probe: TLS is taken from a host whose certificate is valid for its name, and from no "
    "other") {
  const TrustedCertificate certificate;
  EchoServer server(certificate.context());
  const auto good = run("localhost", server.port(), TcpProbe::Security::tls);
  REQUIRE_MESSAGE(good.has_value(), good.error().describe());
  CHECK(*good == "hello");
  const auto wrong_name = run("127.0.0.1", server.port(), TcpProbe::Security::tls);
  REQUIRE_FALSE(wrong_name.has_value());
  CHECK(wrong_name.error().code == "probe.tls");
  EchoServer plain;
  CHECK(run("localhost", plain.port(), TcpProbe::Security::tls).error().code == "probe.tls");
}

TEST_CASE("TCP probe: says, hears, and sees the end") {
  EchoServer server;
  CHECK(run("127.0.0.1", server.port()) == "hello");
  CHECK(run("localhost", server.port()) == "hello");
}

TEST_CASE(
    "TCP probe: a closed port, an unknown name and an address nobody answers are told apart") {
  std::uint16_t closed = 0;
  {
    EchoServer server;
    closed = server.port();
  }
  const auto refused = run("127.0.0.1", closed);
  CHECK(refused.error().code == "probe.connect");
  CHECK(refused.error().message.find("127.0.0.1:" + std::to_string(closed)) != std::string::npos);
  CHECK(run("no-such-host.invalid", 1).error().code == "probe.resolve");
}

TEST_CASE("TCP probe: a server that accepts and stays silent is given up at the deadline") {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 8) == 0);
  socklen_t length = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  const std::uint16_t port = ntohs(address.sin_port);
  for (const auto security : {TcpProbe::Security::plain, TcpProbe::Security::tls}) {
    const auto start = steady_now();
    const auto late = run("127.0.0.1", port, security, milliseconds(120));
    CHECK(late.error().code == "probe.timeout");
    CHECK(late.error().kind == ErrorKind::timeout);
    CHECK(steady_now() - start < milliseconds(1500));
    CHECK(steady_now() - start >= milliseconds(120));
  }
  ::close(listener);
}
