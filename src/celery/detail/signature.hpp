// Reading signatures: {"task", "args", "kwargs", "options", "subtask_type", "immutable"}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "celery/make_message.hpp"

namespace selvage::celery {

enum class SignatureKind { task, group, chain, chord };

// The signature must outlive it.
class Signature {
 public:
  // Errors: celery.signature.
  [[nodiscard]] static Result<Signature> read(const json::value& signature);

  [[nodiscard]] SignatureKind kind() const { return kind_; }
  [[nodiscard]] const std::string& task() const { return task_; }
  [[nodiscard]] bool immutable() const { return immutable_; }
  [[nodiscard]] const json::object& options() const { return *options_; }
  [[nodiscard]] const json::object& kwargs() const { return *kwargs_; }
  [[nodiscard]] std::string text_option(std::string_view name) const;
  // The parts of a group or a chain.
  [[nodiscard]] Result<const json::array*> tasks() const;
  // `before` (JSON texts) in front of its own args, as a JSON array; only its own when immutable.
  [[nodiscard]] std::string args_after(const std::vector<std::string>& before) const;
  // Queue (empty: none named), priority, times, limits, group, headers and what it links to.
  [[nodiscard]] Result<MessageOptions> message_options() const;
  // How many results a chord waits for because of it.
  [[nodiscard]] static std::int64_t members(const json::value& signature);

 private:
  SignatureKind kind_ = SignatureKind::task;
  std::string task_;
  bool immutable_ = false;
  const json::object* options_ = nullptr;
  const json::object* kwargs_ = nullptr;
  const json::array* args_ = nullptr;
};

[[nodiscard]] std::unexpected<Error> bad_signature(std::string what);

}  // namespace selvage::celery
