#include "net/detail/form_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/id.hpp"

namespace selvage::net::detail {
namespace {

constexpr std::size_t kBoundaryBytes = 24;  // random, so no part can hold it

// How browsers write a name inside quotes, so that it can end neither the quotes nor the line.
std::string escape(std::string_view name) {
  std::string out;
  for (char c : name) {
    switch (c) {
      case '"':
        out += "%22";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string head_of(const FormPart& part, std::string_view boundary, bool first) {
  std::string head = fmt::format("{}--{}\r\nContent-Disposition: form-data; name=\"{}\"",
                                 first ? "" : "\r\n", boundary, escape(part.name));
  if (!part.filename.empty()) head += fmt::format("; filename=\"{}\"", escape(part.filename));
  if (!part.content_type.empty()) head += "\r\nContent-Type: " + escape(part.content_type);
  return head + "\r\n\r\n";
}

}  // namespace

FormBody::FormBody(const std::vector<FormPart>& parts) {
  const std::string boundary = "selvage-" + random_token(kBoundaryBytes);
  content_type_ = "multipart/form-data; boundary=" + boundary;
  heads_.reserve(parts.size() + 1);
  for (const FormPart& part : parts) {
    pieces_.push_back(heads_.emplace_back(head_of(part, boundary, heads_.empty())));
    pieces_.push_back(part.data);
  }
  pieces_.push_back(heads_.emplace_back("\r\n--" + boundary + "--\r\n"));
  for (const std::string_view piece : pieces_) size_ += piece.size();
}

std::size_t FormBody::read(char* to, std::size_t room) {
  std::size_t written = 0;
  while (written < room && piece_ < pieces_.size()) {
    const std::string_view rest = pieces_[piece_].substr(offset_);
    const std::size_t count = std::min(rest.size(), room - written);
    std::memcpy(to + written, rest.data(), count);
    written += count;
    offset_ += count;
    if (offset_ == pieces_[piece_].size()) {
      ++piece_;
      offset_ = 0;
    }
  }
  return written;
}

void FormBody::rewind() {
  piece_ = 0;
  offset_ = 0;
}

}  // namespace selvage::net::detail
