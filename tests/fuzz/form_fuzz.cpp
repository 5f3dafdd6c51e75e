// A multipart form whose Content-Type, up to the first line feed, and body are the fuzzer's.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/http_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace selvage;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  net::Request request;
  if (const std::size_t line = input.find('\n'); line != std::string_view::npos) {
    request.headers.add("Content-Type",
                        "multipart/form-data; " + std::string(input.substr(0, line)));
    input.remove_prefix(line + 1);
  } else {
    request.headers.add("Content-Type", "multipart/form-data; boundary=X");
  }
  request.body = input;
  const auto parts = net::parse_form(request);
  if (!parts) return 0;
  SELVAGE_CHECK(parts->size() <= net::kMaxFormParts);
  std::size_t total = 0;
  for (const net::FormPart& part : *parts) {
    SELVAGE_CHECK(!part.name.empty());
    SELVAGE_CHECK((part.name + part.filename).find('\0') == std::string::npos);
    total += part.data.size();
  }
  SELVAGE_CHECK(total <= request.body.size());
  return 0;
}
