#include "data/detail/xml.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool ends_name(char c) { return c == '>' || c == '/' || kSpace.contains(c); }

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      put(0xE0 | point >> 12);
    } else {
      put(0xF0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3F));
    }
    put(0x80 | (point >> 6 & 0x3F));
  }
  put(0x80 | (point & 0x3F));
}

class Parser {
 public:
  explicit Parser(std::string_view document) : text_(document) {}

  Result<XmlElement> document() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    TRY(skip_between_elements());
    XmlElement root = TRY(element(1));
    TRY(skip_between_elements());
    if (at_ != text_.size()) return wrong("something follows the root element");
    return root;
  }

 private:
  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(ErrorKind::unavailable, "xml.syntax",
                fmt::format("the XML is broken at byte {}: {}", at_, what));
  }
  [[nodiscard]] bool next_is(std::string_view text) const {
    return text_.substr(at_).starts_with(text);
  }
  Result<void> skip_past(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) return wrong("it ends too early");
    at_ = found + end.size();
    return {};
  }
  void skip_space() { at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size()); }

  // A comment or a processing instruction; false when neither stands here.
  Result<bool> skip_aside() {
    if (next_is("<!--")) {
      TRY(skip_past("-->"));
    } else if (next_is("<?")) {
      TRY(skip_past("?>"));
    } else if (next_is("<!") && !next_is("<![CDATA[")) {
      return wrong("document types are not taken");
    } else {
      return false;
    }
    return true;
  }
  Result<void> skip_between_elements() {
    do {
      skip_space();
    } while (TRY(skip_aside()));
    return {};
  }

  // "<name ...>content</name>" or "<name .../>".
  Result<XmlElement> element(int depth) {
    if (!next_is("<")) return wrong("an element should begin here");
    if (depth > kMaxXmlDepth) return wrong("elements are nested too deeply");
    if (++elements_ > kMaxXmlElements) return wrong("there are too many elements");
    ++at_;
    XmlElement element;
    const std::string_view full_name = name();
    if (full_name.empty()) return wrong("an element has no name");
    element.name = full_name.substr(full_name.rfind(':') + 1);
    if (TRY(skip_attributes())) return element;
    TRY(content(element, depth));
    at_ += 2;  // "</"
    if (name() != full_name) return wrong("an end tag belongs to another element");
    skip_space();
    if (!next_is(">")) return wrong("an end tag does not end");
    ++at_;
    element.text = trim(element.text);
    return element;
  }
  std::string_view name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !ends_name(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // Past the '>' of a start tag; true when it was "/>".
  Result<bool> skip_attributes() {
    for (char quote = '\0'; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '>') {
        return text_[at_++ - 1] == '/';
      }
    }
    return wrong("a start tag does not end");
  }
  // Up to the "</" of the end tag.
  Result<void> content(XmlElement& element, int depth) {
    while (!next_is("</")) {
      if (at_ >= text_.size()) return wrong("it ends inside an element");
      if (next_is("<![CDATA[")) {
        const std::size_t begin = at_ + 9;
        TRY(skip_past("]]>"));
        element.text += text_.substr(begin, at_ - 3 - begin);
      } else if (next_is("<")) {
        if (!TRY(skip_aside())) element.children.push_back(TRY(this->element(depth + 1)));
      } else if (next_is("&")) {
        TRY(reference(element.text));
      } else {
        const std::size_t end = std::min(text_.find_first_of("<&", at_), text_.size());
        element.text += text_.substr(at_, end - at_);
        at_ = end;
      }
    }
    return {};
  }
  Result<void> reference(std::string& out) {
    constexpr std::size_t kLongest = 10;  // "&#x10FFFF;"
    const std::size_t end = text_.substr(at_, kLongest).find(';');
    if (end == std::string_view::npos) return wrong("a reference does not end");
    const std::string_view what = text_.substr(at_ + 1, end - 1);
    struct Named {
      std::string_view name;
      char means;
    };
    constexpr Named kNamed[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (const Named& named : kNamed) {
      if (what != named.name) continue;
      out += named.means;
      at_ += end + 1;
      return {};
    }
    const bool hex = what.starts_with("#x");
    const std::string_view digits = what.starts_with('#') ? what.substr(hex ? 2 : 1) : "";
    std::uint32_t point = 0;
    const auto [last, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), point, hex ? 16 : 10);
    const bool surrogate = point >= 0xD800 && point < 0xE000;
    if (digits.empty() || failed != std::errc() || last != digits.data() + digits.size() ||
        point == 0 || point > 0x10FFFF || surrogate) {
      return wrong("a reference means nothing");
    }
    append_utf8(out, point);
    at_ += end + 1;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  for (const XmlElement& element : children) {
    if (element.name == wanted) return &element;
  }
  return nullptr;
}

std::string_view XmlElement::text_of(std::string_view wanted) const {
  const XmlElement* const found = child(wanted);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

Result<XmlElement> parse_xml(std::string_view document) { return Parser(document).document(); }

}  // namespace selvage::data
