// Who asks, and what an endpoint demands of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tryon/generation_task.hpp"

namespace selvage::app {

enum class Access {
  open,        // anybody
  operations,  // anybody while OPERATIONS_ACCESS allows it, else admin
  submit,      // an API key with the right to submit, or admin
  read,        // an API key with the right to read, or admin
  admin,       // an admin key, or the console's session
};
[[nodiscard]] std::string_view name(Access access);

struct Principal {
  bool admin = false;
  bool by_cookie = false;             // the console's session; changes need its CSRF header
  std::optional<tryon::Owner> owner;  // whose jobs it submits and sees; none for a pure admin
  std::string key_id;                 // for logs
  bool may_submit = false;
  bool may_read = false;
};

}  // namespace selvage::app
