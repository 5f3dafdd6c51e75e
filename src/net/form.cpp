// multipart/form-data (RFC 7578, RFC 2046 section 5.1), strictly: no preamble, no nested multipart,
// no transfer encodings. Every client in use sends this form.
#include "base/text.hpp"
#include "net/http_message.hpp"

namespace selvage::net {

namespace {

constexpr std::size_t kMaxBoundary = 70;  // RFC 2046
constexpr std::size_t kMaxPartHead = 8 * 1024;
constexpr std::string_view kLineEnd = "\r\n";

std::unexpected<Error> malformed(std::string what) {
  return fail(ErrorKind::invalid, "form.malformed", "the form is malformed: " + std::move(what),
              "send multipart/form-data as RFC 7578 describes it");
}

// One `key=value` of a header's parameters, which begin after its first ';'.
struct Parameter {
  std::string_view key;
  std::string value;
};

// Takes `"..."` from the front of `text`. A backslash escapes only a quote or itself: some clients
// send Windows paths unescaped.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    const bool escape =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\');
    if (escape) ++i;
    value += text[i];
  }
  return std::nullopt;
}

// Takes the next parameter from the front of `text`, which begins with ';'.
std::optional<Parameter> take_parameter(std::string_view& text) {
  text = trim(text.substr(1));
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  Parameter parameter{.key = trim(text.substr(0, equals)), .value = {}};
  text.remove_prefix(equals + 1);
  if (text.starts_with('"')) {
    auto quoted = take_quoted(text);
    if (!quoted) return std::nullopt;
    parameter.value = std::move(*quoted);
  } else {
    const std::size_t end = std::min(text.find(';'), text.size());
    parameter.value = trim(text.substr(0, end));
    text.remove_prefix(end);
  }
  text = trim(text);
  if (!text.empty() && text.front() != ';') return std::nullopt;
  return parameter;
}

Result<std::string> boundary_of(std::string_view content_type) {
  const std::size_t semicolon = std::min(content_type.find(';'), content_type.size());
  if (!equals_icase(trim(content_type.substr(0, semicolon)), "multipart/form-data")) {
    return fail(ErrorKind::unsupported, "form.not_multipart", "the body is not multipart/form-data",
                "send the header Content-Type: multipart/form-data; boundary=...");
  }
  std::string_view rest = trim(content_type.substr(semicolon));
  while (!rest.empty()) {
    auto parameter = take_parameter(rest);
    if (!parameter) break;
    if (!equals_icase(parameter->key, "boundary")) continue;
    const std::string& boundary = parameter->value;
    if (boundary.empty() || boundary.size() > kMaxBoundary ||
        boundary.find_first_of(kLineEnd) != std::string::npos) {
      break;
    }
    return std::move(parameter->value);
  }
  return malformed("Content-Type has no usable boundary parameter");
}

// The extended spelling utf-8''percent-encoded (RFC 8187), which some clients use for names beyond
// ASCII.
std::optional<std::string> decode_extended(std::string_view value) {
  constexpr std::string_view kCharset = "utf-8''";
  if (!starts_with_icase(value, kCharset)) return std::nullopt;
  auto decoded = percent_decode(value.substr(kCharset.size()));
  if (!decoded) return std::nullopt;
  return std::move(*decoded);
}

Result<void> read_disposition(std::string_view value, FormPart& part) {
  const std::size_t semicolon = std::min(value.find(';'), value.size());
  if (!equals_icase(trim(value.substr(0, semicolon)), "form-data")) {
    return malformed("a part's Content-Disposition is not form-data");
  }
  std::string_view rest = trim(value.substr(semicolon));
  while (!rest.empty()) {
    auto parameter = take_parameter(rest);
    if (!parameter) return malformed("a part's Content-Disposition has a broken parameter");
    if (equals_icase(parameter->key, "name")) {
      part.name = std::move(parameter->value);
    } else if (equals_icase(parameter->key, "filename")) {
      if (part.filename.empty()) part.filename = std::move(parameter->value);
    } else if (equals_icase(parameter->key, "filename*")) {
      if (auto decoded = decode_extended(parameter->value)) part.filename = std::move(*decoded);
    }
  }
  if (part.name.empty()) return malformed("a part has no name");
  for (const std::string* text : {&part.name, &part.filename}) {
    if (!is_valid_utf8(*text) || text->find('\0') != std::string::npos) {
      return malformed("a part's name or filename is not UTF-8 text");
    }
  }
  return {};
}

Result<FormPart> read_part_head(std::string_view head) {
  FormPart part;
  bool has_disposition = false;
  while (!head.empty()) {
    const std::size_t end = head.find(kLineEnd);
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(head.size(), line.size() + kLineEnd.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("a part's header line has no colon");
    const std::string_view field = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (equals_icase(field, "content-disposition")) {
      if (std::exchange(has_disposition, true)) {
        return malformed("a part has two Content-Disposition headers");
      }
      TRY(read_disposition(value, part));
    } else if (equals_icase(field, "content-type")) {
      part.content_type = to_lower_ascii(trim(value.substr(0, value.find(';'))));
    } else if (equals_icase(field, "content-transfer-encoding")) {
      const bool identity = equals_icase(value, "binary") || equals_icase(value, "8bit") ||
                            equals_icase(value, "7bit");
      if (!identity) return malformed("a part uses a Content-Transfer-Encoding");
    }
  }
  if (!has_disposition) return malformed("a part has no Content-Disposition header");
  return part;
}

}  // namespace

Result<std::vector<FormPart>> parse_form(const Request& request) {
  const std::string boundary = TRY(boundary_of(request.headers.get("Content-Type")));
  const std::string delimiter = "\r\n--" + boundary;
  std::string_view rest = request.body;
  // The first delimiter has no line end before it.
  const std::string_view first = std::string_view(delimiter).substr(kLineEnd.size());
  if (!rest.starts_with(first)) return malformed("the body does not begin with the boundary");
  rest.remove_prefix(first.size());

  std::vector<FormPart> parts;
  while (!rest.starts_with("--")) {
    if (!rest.starts_with(kLineEnd)) return malformed("a boundary is not followed by a line end");
    rest.remove_prefix(kLineEnd.size());
    if (parts.size() == kMaxFormParts) {
      return fail(ErrorKind::too_large, "form.too_many_parts",
                  fmt::format("the form has more than {} parts", kMaxFormParts),
                  "send fewer fields");
    }
    const std::size_t head_end = rest.substr(0, kMaxPartHead).find("\r\n\r\n");
    if (head_end == std::string_view::npos) {
      return malformed("the headers of a part do not end within 8 KiB");
    }
    FormPart part = TRY(read_part_head(rest.substr(0, head_end)));
    // An empty part's data is directly followed by the delimiter, whose line end is its own.
    rest.remove_prefix(head_end + 4);
    const void* found = memmem(rest.data(), rest.size(), delimiter.data(), delimiter.size());
    if (found == nullptr) return malformed("the last boundary is missing, the body may be cut off");
    const std::size_t length =
        static_cast<std::size_t>(static_cast<const char*>(found) - rest.data());
    part.data = rest.substr(0, length);
    parts.push_back(std::move(part));
    rest.remove_prefix(length + delimiter.size());
  }
  rest.remove_prefix(2);
  if (!rest.empty() && rest != kLineEnd) return malformed("there is data after the last boundary");
  return parts;
}

}  // namespace selvage::net
