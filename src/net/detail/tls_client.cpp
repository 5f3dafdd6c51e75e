#include "net/detail/tls_client.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/text.hpp"
#include "net/address_policy.hpp"

namespace selvage::net::detail {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

std::shared_ptr<ssl::context> bare_context() {
  auto made = std::make_shared<ssl::context>(ssl::context::tls_client);
  error_code ignored;  // options that cannot be set are none of these
  made->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, ignored);
  made->set_verify_mode(ssl::verify_peer, ignored);
  return made;
}

}  // namespace

Result<std::shared_ptr<ssl::context>> tls_client_context(const std::string& ca_file) {
  if (ca_file.empty()) {
    // Reading the system's authorities takes milliseconds, so it is done once.
    static const std::shared_ptr<ssl::context> system = [] {
      auto made = bare_context();
      error_code ignored;  // without authorities every handshake fails and says so
      made->set_default_verify_paths(ignored);
      return made;
    }();
    return system;
  }
  auto made = bare_context();
  error_code failed;
  made->load_verify_file(ca_file, failed);
  if (!failed) return made;
  return fail(ErrorKind::invalid, "stream.tls",
              fmt::format("{} holds no certificate authority: {}", in_quotes(ca_file, 200),
                          failed.message()),
              "name a readable PEM file");
}

void demand_name(SSL* tls, const std::string& name) {
  if (IpAddress::parse(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name.c_str());
    return;
  }
  SSL_set1_host(tls, name.c_str());
  SSL_set_tlsext_host_name(tls, name.c_str());
}

std::string tls_trouble(const SSL* tls, const std::string& otherwise) {
  const long verdict = SSL_get_verify_result(tls);
  return verdict == X509_V_OK ? otherwise : X509_verify_cert_error_string(verdict);
}

}  // namespace selvage::net::detail
