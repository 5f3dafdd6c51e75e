// Whatever an S3 service may send: an element tree, or an error that names its place.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "data/detail/s3_answers.hpp"
#include "data/detail/xml.hpp"

namespace {

std::size_t count(const selvage::data::XmlElement& element, int depth) {
  SELVAGE_CHECK(depth <= selvage::data::kMaxXmlDepth);
  SELVAGE_CHECK(!element.name.empty() || element.children.empty());
  std::size_t elements = 1;
  for (const auto& child : element.children) elements += count(child, depth + 1);
  return elements;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace selvage::data;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto root = parse_xml(text)) {
    SELVAGE_CHECK(count(*root, 1) <= kMaxXmlElements);
  } else {
    SELVAGE_CHECK(root.error().code == "xml.syntax");
  }
  if (const auto page = read_s3_page(text); !page) {
    SELVAGE_CHECK(page.error().code == "storage.protocol");
  }
  selvage::net::ClientResponse response;
  response.status = 400;
  response.body = text;
  const auto refusal = judge_s3(response, "us-east-1", selvage::Secret("a secret"));
  SELVAGE_CHECK(refusal && !refusal->error.code.empty() && refusal->error.message.size() < 4096);
  return 0;
}
