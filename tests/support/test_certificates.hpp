// A certificate authority of a test's own and one server certificate signed by it, made on the spot
// with openssl.
#pragma once

#include <stdexcept>
#include <string>

#include "support/server_process.hpp"

namespace selvage::testing {

class TestCertificates {
 public:
  // `names` as in a certificate's alternative names.
  explicit TestCertificates(const std::string& names = "DNS:localhost,IP:127.0.0.1") {
    const std::string extensions = directory_ / "extensions";
    std::ofstream(extensions) << "subjectAltName=" << names << "\n";
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=Selvage test authority", "-keyout", directory_ / "ca.key",
             "-out", ca_file()});
    openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/CN=Selvage test server", "-keyout", key_file(), "-out", directory_ / "request"});
    openssl({"x509", "-req", "-days", "2", "-in", directory_ / "request", "-CA", ca_file(),
             "-CAkey", directory_ / "ca.key", "-CAcreateserial", "-extfile", extensions, "-out",
             certificate_file()});
  }
  [[nodiscard]] std::string ca_file() const { return directory_ / "ca.crt"; }
  [[nodiscard]] std::string certificate_file() const { return directory_ / "server.crt"; }
  [[nodiscard]] std::string key_file() const { return directory_ / "server.key"; }

 private:
  static void openssl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const Finished made = run_program(std::move(arguments));
    if (made.exit_code != 0) throw std::runtime_error("openssl: " + made.output);
  }
  TemporaryDirectory directory_;
};

}  // namespace selvage::testing
