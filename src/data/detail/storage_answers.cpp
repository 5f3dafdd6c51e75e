#include "data/detail/storage_answers.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMostShown = 200;
constexpr std::string_view kUnknownHint =
    "check that STORAGE_URL names the storage itself, and not a page in front of it";

const AnswerRow* find(std::span<const AnswerRow> table, std::string_view said) {
  if (said.empty()) return nullptr;
  for (const AnswerRow& row : table) {
    if (row.said == said) return &row;
  }
  return nullptr;
}

std::string without(std::string text, const Secret& secret) {
  if (secret.empty()) return text;
  for (std::size_t at = text.find(secret.reveal()); at != std::string::npos;
       at = text.find(secret.reveal(), at)) {
    text.replace(at, secret.reveal().size(), "***");
  }
  return text;
}

}  // namespace

Refusal refusal_of(std::span<const AnswerRow> table, std::string_view service,
                   const SaidError& said, std::span<const Secret* const> secrets) {
  const AnswerRow* row = find(table, said.code);
  if (row == nullptr) row = find(table, said.status);
  std::string message = said.message;
  for (const Secret* const secret : secrets) message = without(std::move(message), *secret);
  std::string what = fmt::format("{} answers {}", service, said.status);
  if (!said.code.empty()) what += " " + in_quotes(said.code, 60);
  if (!message.empty()) what += ": " + in_quotes(message, kMostShown);
  if (row != nullptr) {
    return {{row->kind, std::string(row->code), std::move(what), std::string(row->hint), nullptr},
            row->again};
  }
  if (said.status.starts_with('5')) {
    return {{ErrorKind::unavailable, "storage.unavailable", std::move(what), {}, nullptr},
            Again::soon};
  }
  return {{ErrorKind::unavailable, "storage.protocol", std::move(what), std::string(kUnknownHint),
           nullptr},
          Again::no};
}

Refusal not_understood(std::string_view service, std::string_view what) {
  return {{ErrorKind::unavailable, "storage.protocol",
           fmt::format("what answers is not {}: {}", service, what), std::string(kUnknownHint),
           nullptr},
          Again::no};
}

}  // namespace selvage::data
