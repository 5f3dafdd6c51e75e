#include "base/crypto.hpp"

#include <doctest/doctest.h>

#include <random>

namespace selvage {
namespace {

TEST_CASE("sha256_hex: gives the digests of FIPS 180-4") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// The digests of RFC 4231 are in hex, ours in URL-safe base64.
std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

TEST_CASE("hmac_sha256: gives the codes of RFC 4231") {
  CHECK(hmac_sha256("Jefe", "what do ya want for nothing?") ==
        base64url(from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")));
  CHECK(hmac_sha256(std::string(20, '\x0b'), "Hi There") ==
        base64url(from_hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")));
  CHECK(hmac_sha256(std::string(131, '\xaa'),
                    "Test Using Larger Than Block-Size Key - Hash Key First") ==
        base64url(from_hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")));
}

TEST_CASE("equal_constant_time: compares content and length") {
  CHECK(equal_constant_time("", ""));
  CHECK(equal_constant_time("abc", "abc"));
  CHECK_FALSE(equal_constant_time("abc", "abd"));
  CHECK_FALSE(equal_constant_time("abc", "abcd"));
}

TEST_CASE("base64: follows the vectors of RFC 4648") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    CHECK(base64(plain) == coded);
    std::string decoded;
    CHECK(decode_base64(coded, decoded));
    CHECK(decoded == plain);
  }
  CHECK(base64url("\xFB\xFF\xFE\xFF") == "-__-_w");
  CHECK(base64("\xFB\xFF\xFE\xFF") == "+//+/w==");
}

TEST_CASE("base64: both alphabets, with and without padding, decode to the same bytes") {
  std::mt19937 random(3);
  for (std::size_t length = 0; length < 200; ++length) {
    std::string data(length, '\0');
    for (char& c : data) c = static_cast<char>(random());
    std::string padded = base64(data);
    std::string out;
    REQUIRE(decode_base64(padded, out));
    REQUIRE(out == data);
    REQUIRE(decode_base64(base64url(data), out));
    REQUIRE(out == data);
    while (padded.ends_with('=')) padded.pop_back();
    REQUIRE(decode_base64(padded, out));
    REQUIRE(out == data);
  }
}

TEST_CASE("base64: what is not base64 is refused and leaves the output alone") {
  for (const char* bad :
       {"Z", "Zg=", "=", "==", "====", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm9v!",
        "Zm\xFF"
        "9",
        "Zg===", "Z===", "Zm9v===="}) {
    CAPTURE(bad);
    std::string out = "untouched";
    CHECK_FALSE(decode_base64(bad, out));
    CHECK(out == "untouched");
  }
}

}  // namespace
}  // namespace selvage
