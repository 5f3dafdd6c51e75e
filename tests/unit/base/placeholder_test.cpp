#include "base/placeholder.hpp"

#include <doctest/doctest.h>

namespace selvage {
namespace {

TEST_CASE("placeholder_reason: finds what a template leaves behind") {
  for (const char* value : {"changeme",
                            "CHANGE_ME",
                            "change-me-please",
                            "changeme123",
                            "change this",
                            "your-key-here",
                            "YOUR_API_KEY",
                            "<your key>",
                            "<token>",
                            "xxx",
                            "XXXX-XXXX",
                            "xxxxxxxxxxxx",
                            "TODO",
                            "todo",
                            "FIXME",
                            "tbd",
                            "replace-with-real-key",
                            "REPLACE_ME",
                            "replaceme",
                            "placeholder",
                            "${OPENAI_API_KEY}",
                            "postgres://${USER}@host",
                            "  changeme  "}) {
    CAPTURE(value);
    CHECK(placeholder_reason(value).has_value());
  }
}

TEST_CASE("placeholder_reason: lets real values pass") {
  for (const char* value : {"", "sk-proj-4f9aT8", "https://yours.example", "replacements.example",
                            "exchange", "a<b>c", "x", "xx", "redis://127.0.0.1:6379", "todo-list",
                            "s3cr$et", "${unfinished", "local", "<", "<>"}) {
    CAPTURE(value);
    CHECK_FALSE(placeholder_reason(value).has_value());
  }
}

TEST_CASE("insecure_reason: finds secrets that everyone knows") {
  for (const char* value : {"password", "Password", "PASS_WORD", "secret", "admin", "minioadmin",
                            "postgres", "123456", "1234567890", "12345678901234", "0123456789",
                            "abcdef", "aaaaaaaa", "1", "root", "guest", "secret-key", "qwerty"}) {
    CAPTURE(value);
    CHECK(insecure_reason(value).has_value());
  }
}

TEST_CASE("insecure_reason: lets other secrets pass, the empty one too") {
  for (const char* value : {"", "correct horse battery staple", "password-is-not-this", "kJ8x",
                            "121212", "ab", "13579"}) {
    CAPTURE(value);
    CHECK_FALSE(insecure_reason(value).has_value());
  }
}

}  // namespace
}  // namespace selvage
