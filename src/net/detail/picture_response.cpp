#include "net/detail/picture_response.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace selvage::net::detail {
namespace {

constexpr const char* kTypeHint = "send a JPEG, PNG or WebP picture";

std::unexpected<Error> refuse(ErrorKind kind, const char* code, std::string_view origin,
                              std::string_view what, std::string hint = {}) {
  return fail(kind, code, fmt::format("{} {}", origin, what), std::move(hint));
}

std::string status_hint(int status) {
  if (status == 401 || status == 403) {
    return "make the picture public, or sign its URL anew if it has expired";
  }
  if (status == 404 || status == 410) return "check that the picture still exists under this URL";
  if (status == 429 || status >= 500) return "the picture's server has trouble; try again later";
  return "the URL must answer 200 with the picture itself";
}

Result<void> judge_status(std::string_view origin, int status) {
  if (status == 200) return {};
  if (status >= 300 && status < 400) {
    return refuse(ErrorKind::unprocessable, "egress.redirect", origin,
                  fmt::format("answered with a redirect ({})", status),
                  "give the final URL; redirects are not followed");
  }
  const bool passing = status == 429 || status >= 500;
  return refuse(passing ? ErrorKind::unavailable : ErrorKind::unprocessable, "egress.status",
                origin, fmt::format("answered with status {}", status), status_hint(status));
}

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> plain) {
  for (std::string_view word : plain) {
    if (equals_icase(value, word)) return true;
  }
  return false;
}

// Compressed answers are not asked for, and inflating one could make gigabytes of a megabyte.
Result<void> judge_encoding(std::string_view origin, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    const bool content = equals_icase(name, "content-encoding");
    const bool transfer = equals_icase(name, "transfer-encoding");
    if ((content && !is_one_of(value, {"", "identity"})) ||
        (transfer && !is_one_of(value, {"chunked", "identity"}))) {
      return refuse(ErrorKind::unsupported, "egress.encoding_refused", origin,
                    "sent the picture compressed a second time (Content-Encoding)",
                    "serve pictures without gzip, br or zstd; they are compressed already");
    }
  }
  return {};
}

// "image/jpeg" for "Image/JPG; charset=binary"; empty when it is none of ours.
std::string_view known_type(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  if (is_one_of(type, {"image/jpeg", "image/jpg"})) return "image/jpeg";
  if (equals_icase(type, "image/png")) return "image/png";
  if (equals_icase(type, "image/webp")) return "image/webp";
  return {};
}

// Another server's text, made safe for one line of a message.
std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string out(trim(text).substr(0, kLongest));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

struct Signature {
  std::size_t offset;
  std::string_view magic;
  std::string_view type;
};

// What a file is by its first bytes. Those after WebP are known only to be named in errors.
constexpr Signature kSignatures[] = {
    {0, "\xff\xd8\xff", "image/jpeg"}, {0, "\x89PNG\r\n\x1a\n", "image/png"},
    {8, "WEBP", "image/webp"},         {0, "GIF8", "image/gif"},
    {4, "ftypavif", "image/avif"},     {4, "ftypavis", "image/avif"},
    {4, "ftyp", "image/heic"},         {0, "BM", "image/bmp"},
    {0, "II*", "image/tiff"},          {0, "MM", "image/tiff"},
    {0, "%PDF", "application/pdf"},    {0, "<svg", "image/svg+xml"},
    {0, "<?xml", "an XML document"},   {0, "<", "an HTML page"},
};

std::string_view sniff(std::string_view bytes) {
  for (const auto& [offset, magic, type] : kSignatures) {
    if (bytes.size() < offset + magic.size() || bytes.substr(offset, magic.size()) != magic) {
      continue;
    }
    if (type == "image/webp" && !bytes.starts_with("RIFF")) continue;
    return type;
  }
  return {};
}

}  // namespace

Result<std::string> judge_head(std::string_view origin, int status, const Headers& headers) {
  TRY(judge_status(origin, status));
  TRY(judge_encoding(origin, headers));
  const std::string_view declared = headers.get("content-type");
  if (trim(declared).empty()) {
    return refuse(ErrorKind::unsupported, "egress.type_refused", origin,
                  "did not say what it sent (no Content-Type)", kTypeHint);
  }
  const std::string_view type = known_type(declared);
  if (type.empty()) {
    return refuse(ErrorKind::unsupported, "egress.type_refused", origin,
                  fmt::format("sent {}, which is not taken", shown(declared)), kTypeHint);
  }
  return std::string(type);
}

Result<void> judge_bytes(std::string_view origin, std::string_view promised,
                         std::string_view bytes) {
  if (bytes.empty()) {
    return refuse(ErrorKind::unsupported, "egress.type_refused", origin, "sent an empty file",
                  kTypeHint);
  }
  const std::string_view type = sniff(bytes);
  if (type == promised) return {};
  if (known_type(type).empty()) {
    return refuse(ErrorKind::unsupported, "egress.type_refused", origin,
                  fmt::format("sent {} under the name {}",
                              type.empty() ? "something that is no picture" : type, promised),
                  kTypeHint);
  }
  return refuse(ErrorKind::unsupported, "egress.type_mismatch", origin,
                fmt::format("promised {} but sent {}", promised, type),
                "serve the picture with the Content-Type that it has");
}

}  // namespace selvage::net::detail
