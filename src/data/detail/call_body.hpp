// Running what callers hand to a database, on its threads.
#pragma once

#include <functional>

#include "data/database.hpp"

namespace selvage::data {

// Calls `body`, turning what it throws into db.body_threw.
[[nodiscard]] Result<void> call_body(std::move_only_function<Result<void>(Transaction&)>& body,
                                     Transaction& transaction);

}  // namespace selvage::data
