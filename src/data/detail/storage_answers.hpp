// What the answers of a storage service mean: a table a service, a row an error code or status.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace selvage::data {

enum class Again {
  no,      // it would fail the same way
  soon,    // a passing fault
  slowly,  // the service asks for less
};

struct AnswerRow {
  std::string_view said;  // the service's code, or its status in digits
  ErrorKind kind;
  std::string_view code;  // ours
  Again again;
  std::string_view hint;
};

// Why a call did not do what was asked.
struct Refusal {
  Error error;
  Again again = Again::no;
};

// The words of a service's error answer.
struct SaidError {
  std::string code;     // may be empty
  std::string status;   // in digits
  std::string message;  // as sent; hostile
};

// By the first row that names the code, else the status, else as a fault of the service for 5xx and
// storage.protocol for the rest. The message is cut, quoted, and never shows one of `secrets`.
[[nodiscard]] Refusal refusal_of(std::span<const AnswerRow> table, std::string_view service,
                                 const SaidError& said, std::span<const Secret* const> secrets);

// An answer that succeeded by its status, but is not what the service would say.
[[nodiscard]] Refusal not_understood(std::string_view service, std::string_view what);

}  // namespace selvage::data
