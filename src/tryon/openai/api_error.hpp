// The API's error objects and what each means. The table in api_error.cpp is the one place that
// knows.
#pragma once

#include <string>
#include <string_view>

#include "tryon/provider.hpp"

namespace selvage::tryon::openai {

// {"error": {"message", "type", "param", "code"}}; what is absent is empty.
struct ApiError {
  int status = 0;
  std::string type;
  std::string code;
  std::string param;
  std::string message;     // shortened, one line, without keys
  std::string moderation;  // "output: sexual, violence", for logs alone
};

// Never fails: a body that is no error object leaves all but the status empty.
[[nodiscard]] ApiError parse_api_error(int status, std::string_view body);

struct Classification {
  ProviderFailure failure = ProviderFailure::overloaded;
  bool transient = false;   // the same call may succeed in a moment
  bool final_word = false;  // no header of the answer changes that
};
[[nodiscard]] Classification classify(const ApiError& error);

// "OpenAI answered 400 moderation_blocked: Your request was rejected"
[[nodiscard]] std::string describe(const ApiError& error);

}  // namespace selvage::tryon::openai
