#include "celery/detail/python_repr.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <iterator>

#include "base/text.hpp"

namespace selvage::celery {

namespace {

constexpr std::string_view kCut = "...";

// Python prefers single quotes, unless only they would need escaping.
void append_text(std::string& out, std::string_view text, std::size_t limit) {
  const char quote = text.contains('\'') && !text.contains('"') ? '"' : '\'';
  out += quote;
  for (std::size_t i = 0; i < text.size();) {
    if (out.size() >= limit) {
      out += kCut;
      break;
    }
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const std::size_t length = byte < 0x80 ? 1 : utf8_sequence(text.substr(i));
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F || length == 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out.append(text, i, length);
    }
    i += std::max<std::size_t>(length, 1);
  }
  out += quote;
}

// Walks valid JSON text once and writes it Python's way.
class Writer {
 public:
  Writer(std::string_view json, std::size_t limit, ReprOf what)
      : json_(json), limit_(limit), tuple_(what == ReprOf::tuple && json.starts_with('[')) {}

  std::string write() {
    while (at_ < json_.size()) {
      if (out_.size() >= limit_) {
        out_ += kCut;
        return std::move(out_);
      }
      step();
    }
    return std::move(out_);
  }

 private:
  void step() {
    const char c = json_[at_];
    switch (c) {
      case '"':
        return string();
      case ',':
        out_ += ", ";
        commas_ += depth_ == 1 ? 1 : 0;
        break;
      case ':':
        out_ += ": ";
        break;
      case '[':
      case '{':
        out_ += tuple_ && depth_ == 0 ? '(' : c;
        ++depth_;
        break;
      case ']':
      case '}':
        --depth_;
        if (tuple_ && depth_ == 0) {
          if (commas_ == 0 && out_.size() > 1) out_ += ',';
          out_ += ')';
        } else {
          out_ += c;
        }
        break;
      case ' ':
      case '\t':
      case '\n':
      case '\r':
        break;
      default:
        return word();
    }
    ++at_;
  }

  void string() {
    const std::size_t start = at_++;
    for (; json_[at_] != '"'; ++at_) {
      if (json_[at_] == '\\') ++at_;
    }
    const std::string_view token = json_.substr(start, ++at_ - start);
    if (!token.contains('\\')) return append_text(out_, token.substr(1, token.size() - 2), limit_);
    const auto parsed = boost::json::parse({token.data(), token.size()});
    append_text(out_, parsed.get_string(), limit_);
  }

  void word() {
    const std::size_t end = std::min(json_.find_first_of(",:]} \t\r\n", at_), json_.size());
    const std::string_view token = json_.substr(at_, end - at_);
    at_ = end;
    out_ += token == "null"    ? "None"
            : token == "true"  ? "True"
            : token == "false" ? "False"
                               : token;
  }

  const std::string_view json_;
  const std::size_t limit_;
  const bool tuple_;
  std::string out_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int commas_ = 0;
};

}  // namespace

std::string python_repr(std::string_view json, std::size_t limit, ReprOf what) {
  return Writer(json, limit, what).write();
}

std::string python_repr_of_text(std::string_view text, std::size_t limit) {
  std::string out;
  append_text(out, text, limit);
  return out;
}

}  // namespace selvage::celery
