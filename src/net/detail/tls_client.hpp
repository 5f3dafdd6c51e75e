// What every TLS client connection of this process shares: which authorities are trusted, and which
// name a certificate must be valid for.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace selvage::net::detail {

// TLS 1.2 or newer; the peer must prove itself by the authorities in `ca_file`, or by the system's
// when it is empty. Errors: stream.tls (invalid) for a file that holds none.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> tls_client_context(
    const std::string& ca_file);

// Demands a certificate for `name`, a host name or an address, and tells a server of many names
// which one is meant.
void demand_name(SSL* tls, const std::string& name);

// Why the handshake failed, in words: what is wrong with the certificate, when that is it.
[[nodiscard]] std::string tls_trouble(const SSL* tls, const std::string& otherwise);

}  // namespace selvage::net::detail
