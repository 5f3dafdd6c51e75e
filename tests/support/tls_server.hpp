// TlsServer: answers every TLS connection on loopback with one scripted response, under a
// certificate made on the spot for one host name and signed by itself. ca_file() holds that
// certificate for clients that should trust it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace selvage::testing {

class TlsServer {
 public:
  // `subject` as in a certificate's alternative names: "DNS:localhost" or "IP:127.0.0.1".
  TlsServer(const std::string& subject, std::string response) : response_(std::move(response)) {
    context_ = SSL_CTX_new(TLS_server_method());
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = self_signed(key, subject);
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    ca_file_ =
        std::filesystem::temp_directory_path() /
        ("selvage-test-ca-" + std::to_string(getpid()) + "-" + std::to_string(++made_) + ".pem");
    std::FILE* file = std::fopen(ca_file_.c_str(), "w");
    if (!file || PEM_write_X509(file, certificate) != 1) std::abort();
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);

    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, SOMAXCONN) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    SSL_CTX_free(context_);
    std::filesystem::remove(ca_file_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  [[nodiscard]] std::string url(const std::string& host, const std::string& target = "/") const {
    return "https://" + host + ":" + std::to_string(port_) + target;
  }
  [[nodiscard]] const std::string& ca_file() const { return ca_file_; }
  // Requests that came through the handshake.
  [[nodiscard]] int served() const { return served_; }

 private:
  static X509* self_signed(EVP_PKEY* key, const std::string& subject) {
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("Selvage tests"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject.c_str());
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
  }

  void serve() {
    sigset_t pipe_signal;  // OpenSSL writes with write(2), and clients here hang up on purpose
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
    while (!stopping_) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      SSL* tls = SSL_new(context_);
      SSL_set_fd(tls, fd);
      if (SSL_accept(tls) == 1) {
        char request[8192];
        if (SSL_read(tls, request, sizeof request) > 0) {
          ++served_;
          SSL_write(tls, response_.data(), static_cast<int>(response_.size()));
          SSL_shutdown(tls);
        }
      }
      SSL_free(tls);
      close(fd);
    }
  }

  static inline std::atomic<int> made_ = 0;
  std::string response_;
  SSL_CTX* context_ = nullptr;
  std::string ca_file_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> served_ = 0;
  std::thread thread_;
};

}  // namespace selvage::testing
