#include "data/detail/call_body.hpp"

#include <exception>

namespace selvage::data {

Result<void> call_body(std::move_only_function<Result<void>(Transaction&)>& body,
                       Transaction& transaction) {
  std::string what;
  try {
    return body(transaction);
  } catch (const std::exception& bug) {
    what = bug.what();
  } catch (...) {  // whatever a body throws, the other bodies and this thread go on
    what = "an unknown exception";
  }
  return fail(ErrorKind::internal, "db.body_threw", "a transaction's body threw: " + what);
}

}  // namespace selvage::data
