// A multipart/form-data body (RFC 7578) read piece by piece from the parts, which are not copied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.hpp"

namespace selvage::net::detail {

class FormBody {
 public:
  // `parts` must outlive the body and stay as they are.
  explicit FormBody(const std::vector<FormPart>& parts);
  FormBody(const FormBody&) = delete;
  FormBody& operator=(const FormBody&) = delete;

  [[nodiscard]] const std::string& content_type() const { return content_type_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Fills `to` with at most `room` bytes and returns how many; 0 at the end.
  std::size_t read(char* to, std::size_t room);
  void rewind();

 private:
  std::string content_type_;
  std::vector<std::string> heads_;        // of each part, then the closing boundary
  std::vector<std::string_view> pieces_;  // views into heads_ and the parts, in order
  std::uint64_t size_ = 0;
  std::size_t piece_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace selvage::net::detail
