#include "celery/detail/body.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "celery/message.hpp"

namespace selvage::celery {

namespace {

constexpr std::string_view kTypeMark = "__type__";
constexpr std::string_view kValueMark = "__value__";
// How kombu names a type whose value it writes as text that says all.
constexpr std::string_view kTextTypes[] = {"datetime", "date",  "time",  "decimal",
                                           "uuid",     "bytes", "base64"};

std::unexpected<Error> malformed(std::string message) {
  return fail(ErrorKind::invalid, "celery.malformed", std::move(message),
              "the sender must use task_serializer = 'json'");
}

// zlib's own format is what kombu calls gzip; a real gzip header is taken as well.
class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, 15 + 32) == Z_OK; }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::string> all(std::string_view packed) {
    std::string out;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    int state = ready_ ? Z_OK : Z_MEM_ERROR;
    while (state == Z_OK) {
      const std::size_t had = out.size();
      out.resize(had + kStep);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + had);
      stream_.avail_out = kStep;
      state = inflate(&stream_, Z_NO_FLUSH);
      out.resize(had + kStep - stream_.avail_out);
      if (out.size() > kMaxBody) {
        return fail(ErrorKind::too_large, "celery.too_large",
                    fmt::format("the compressed body holds more than {} bytes", kMaxBody),
                    "store large data elsewhere and send its key");
      }
      if (state == Z_OK && stream_.avail_in == 0 && stream_.avail_out > 0) state = Z_BUF_ERROR;
    }
    if (state != Z_STREAM_END || stream_.avail_in > 0) {
      return malformed("the compressed body is not whole zlib data");
    }
    return out;
  }

 private:
  static constexpr uInt kStep = 64 * 1024;
  z_stream stream_{};
  bool ready_ = false;
};

// The end of the JSON string that starts at `i`.
std::size_t after_string(std::string_view text, std::size_t i) {
  for (++i; text[i] != '"'; ++i) {
    if (text[i] == '\\') ++i;
  }
  return i + 1;
}

// A uuid comes as {"hex": <32 digits>}; all else is text already.
json::value plain_value(json::value v) {
  json::value* hex = v.is_object() ? v.get_object().if_contains("hex") : nullptr;
  if (hex == nullptr || !hex->is_string()) return v;
  std::string uuid(hex->get_string());
  if (uuid.size() == 32) {
    for (const std::size_t dash : {8, 13, 18, 23}) uuid.insert(dash, 1, '-');
  }
  return json::value(boost::json::string(uuid));
}

void make_plain(json::value& v) {
  if (auto* items = v.if_array()) {
    for (json::value& item : *items) make_plain(item);
  } else if (auto* members = v.if_object()) {
    const json::value* type = members->if_contains(kTypeMark);
    json::value* plain = members->if_contains(kValueMark);
    if (type != nullptr && plain != nullptr && members->size() == 2 && type->is_string() &&
        std::ranges::find(kTextTypes, std::string_view(type->get_string())) !=
            std::end(kTextTypes)) {
      json::value taken = plain_value(std::move(*plain));
      v = std::move(taken);
      return;
    }
    for (auto& member : *members) make_plain(member.value());
  }
}

}  // namespace

Result<std::string> unwrap_body(std::string_view body, std::string_view encoding,
                                std::string_view compression) {
  std::string out;
  if (equals_icase(encoding, "base64")) {
    if (!decode_base64(body, out)) return malformed("the body is not base64");
  } else if (encoding.empty() || equals_icase(encoding, "utf-8")) {
    out = body;
  } else {
    return malformed(fmt::format("body_encoding {} is not known", in_quotes(encoding)));
  }
  if (compression.empty()) return out;
  if (compression == "application/x-gzip") return Inflater().all(out);
  return fail(ErrorKind::unsupported, "celery.compression",
              fmt::format("the body is compressed as {}", in_quotes(compression)),
              "set task_compression = 'gzip' at the sender, or none");
}

Result<json::value> parse_json(std::string_view text, std::string_view what) {
  boost::json::parse_options options;
  options.max_depth = kMaxMessageDepth;
  boost::json::error_code error;
  json::value parsed = boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (error) {
    return malformed(fmt::format("{} is not JSON: {} (NaN and Infinity are not JSON either)", what,
                                 error.message()));
  }
  return parsed;
}

std::vector<std::string_view> elements_of(std::string_view text) {
  std::vector<std::string_view> elements;
  std::size_t i = text.find('[') + 1;
  std::size_t start = i;
  const auto add = [&](std::size_t end) {
    if (const auto element = trim(text.substr(start, end - start)); !element.empty()) {
      elements.push_back(element);
    }
    start = end + 1;
  };
  for (int depth = 1; depth > 0;) {
    switch (text[i]) {
      case '"':
        i = after_string(text, i);
        continue;
      case '[':
      case '{':
        ++depth;
        break;
      case ']':
      case '}':
        if (--depth == 0) add(i);
        break;
      case ',':
        if (depth == 1) add(i);
        break;
      default:
        break;
    }
    ++i;
  }
  return elements;
}

Result<std::string> plain_values(std::string_view json) {
  if (!json.contains(kTypeMark)) return std::string(json);
  json::value tree = TRY(parse_json(json, "a typed value"));
  make_plain(tree);
  return boost::json::serialize(tree);
}

}  // namespace selvage::celery
