#include <doctest/doctest.h>

#include "net/http_message.hpp"

namespace selvage::net {
namespace {

Result<std::vector<FormPart>> parse(std::string body,
                                    std::string_view type = "multipart/form-data; boundary=XX") {
  Request request;
  request.headers.add("Content-Type", std::string(type));
  request.body = std::move(body);
  return parse_form(request);
}

std::string part(std::string_view head, std::string_view data) {
  return fmt::format("--XX\r\n{}\r\n\r\n{}\r\n", head, data);
}

std::string code_of(const Result<std::vector<FormPart>>& result) {
  return result ? "" : result.error().code;
}

TEST_CASE("parse_form: fields and files, binary data untouched") {
  const std::string picture("\xff\xd8\r\n--XY\r\n\0--X", 12);
  const auto parts =
      parse(part("Content-Disposition: form-data; name=\"prompt\"", "red dress") +
            part("content-disposition: form-data; name=\"person\"; filename=\"me.jpg\"\r\n"
                 "Content-Type: Image/JPEG; q=1",
                 picture) +
            "--XX--\r\n");
  REQUIRE(parts);
  REQUIRE(parts->size() == 2);
  CHECK(parts->at(0).name == "prompt");
  CHECK(parts->at(0).data == "red dress");
  CHECK(parts->at(0).filename.empty());
  CHECK(parts->at(0).content_type.empty());
  CHECK(parts->at(1).name == "person");
  CHECK(parts->at(1).filename == "me.jpg");
  CHECK(parts->at(1).content_type == "image/jpeg");
  CHECK(parts->at(1).data == picture);
}

TEST_CASE("parse_form: an empty form and an empty part are fine") {
  CHECK(parse("--XX--")->empty());
  const auto parts = parse(part("Content-Disposition: form-data; name=a", "") + "--XX--");
  REQUIRE(parts);
  CHECK(parts->at(0).data.empty());
}

TEST_CASE("parse_form: quoted boundaries, escaped quotes and extended names are understood") {
  const auto parts = parse(
      "--a b\r\nContent-Disposition: form-data; name=\"a \\\"b\\\"\"; filename=\"C:\\me.png\"; "
      "filename*=UTF-8''m%C3%A9.png\r\n\r\nx\r\n--a b--\r\n",
      "Multipart/Form-Data; charset=utf-8; boundary=\"a b\"");
  REQUIRE(parts);
  CHECK(parts->at(0).name == "a \"b\"");
  CHECK(parts->at(0).filename == "m\xc3\xa9.png");
}

TEST_CASE("parse_form: another type of body is not a form") {
  CHECK(code_of(parse("{}", "application/json")) == "form.not_multipart");
  CHECK(code_of(parse("", "")) == "form.not_multipart");
}

TEST_CASE("parse_form: broken forms are refused, whatever is broken") {
  struct Row {
    std::string_view name;
    std::string body;
  };
  const std::string good = part("Content-Disposition: form-data; name=a", "1");
  const Row rows[] = {
      {"empty body", ""},
      {"preamble", "hello\r\n" + good + "--XX--"},
      {"cut off", good},
      {"cut off in data", good.substr(0, good.size() - 3)},
      {"cut off in the head", "--XX\r\nContent-Disposition: form-da"},
      {"data after the end", good + "--XX--\r\nmore"},
      {"boundary without line end", good + "--XXY\r\n"},
      {"bare line feeds", "--XX\nContent-Disposition: form-data; name=a\n\n1\n--XX--\n"},
      {"no disposition", part("Content-Type: text/plain", "1") + "--XX--"},
      {"no name", part("Content-Disposition: form-data; filename=a", "1") + "--XX--"},
      {"two dispositions", part("Content-Disposition: form-data; name=a\r\n"
                                "Content-Disposition: form-data; name=b",
                                "1") +
                               "--XX--"},
      {"attachment", part("Content-Disposition: attachment; name=a", "1") + "--XX--"},
      {"unclosed quote", part("Content-Disposition: form-data; name=\"a", "1") + "--XX--"},
      {"junk after a quote", part("Content-Disposition: form-data; name=\"a\"b", "1") + "--XX--"},
      {"transfer encoding", part("Content-Disposition: form-data; name=a\r\n"
                                 "Content-Transfer-Encoding: base64",
                                 "MQ==") +
                                "--XX--"},
      {"name with a NUL",
       part(std::string_view("Content-Disposition: form-data; name=\"a\0b\"", 42), "1") + "--XX--"},
      {"name that is not UTF-8",
       part("Content-Disposition: form-data; name=\"\xff\"", "1") + "--XX--"},
      {"endless head", "--XX\r\nX: " + std::string(9000, 'x') + "\r\n\r\n1\r\n--XX--"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(code_of(parse(row.body)) == "form.malformed");
  }
}

TEST_CASE("parse_form: unusable boundaries are refused") {
  CHECK(code_of(parse("--", "multipart/form-data")) == "form.malformed");
  CHECK(code_of(parse("--", "multipart/form-data; boundary=")) == "form.malformed");
  CHECK(code_of(parse("--", "multipart/form-data; boundary=" + std::string(71, 'x'))) ==
        "form.malformed");
}

TEST_CASE("parse_form: the number of parts is capped") {
  std::string body;
  for (std::size_t i = 0; i < kMaxFormParts; ++i) {
    body += part("Content-Disposition: form-data; name=a", "1");
  }
  CHECK(parse(body + "--XX--").has_value());
  body += part("Content-Disposition: form-data; name=a", "1");
  CHECK(code_of(parse(body + "--XX--")) == "form.too_many_parts");
}

}  // namespace
}  // namespace selvage::net
