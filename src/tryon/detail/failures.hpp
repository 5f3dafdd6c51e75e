// Why a generation fails: one table of stable codes, each with what the shopper reads, and the
// mapping from what went wrong inside to a row of it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "tryon/provider.hpp"
#include "tryon/session.hpp"

namespace selvage::tryon::detail {

struct FailureRow {
  std::string_view code;     // stable: stored, shown, counted
  std::string_view message;  // for the shopper
  std::string_view meaning;  // for the reference page
};
[[nodiscard]] std::span<const FailureRow> failure_rows();

// REQUIRES: `code` is in the table (a bug otherwise).
[[nodiscard]] SessionFailure make_failure(std::string_view code, std::string detail);

[[nodiscard]] SessionFailure failure_of(const ProviderError& error);
// `which` says whose picture it was: "the photo of the person", "garment picture 2".
[[nodiscard]] SessionFailure failure_of_input(const Error& error, std::string_view which);

// Something of ours is away (database, Redis, storage, a full disk or pool). The job waits for it,
// it does not fail.
[[nodiscard]] bool is_infrastructure(const Error& error);
// Infrastructure that stays away until the operator mends it: a wrong key, a missing bucket.
[[nodiscard]] bool needs_operator(const Error& error);

}  // namespace selvage::tryon::detail
