#include "app/http/visible_job.hpp"

#include "base/text.hpp"

namespace selvage::app {

Task<Result<tryon::Session>> find_visible_job(data::Database& database, std::string id,
                                              Principal principal) {
  auto found = CO_TRY(
      co_await database.read([&id](data::Transaction& tx) { return tryon::find_session(tx, id); }));
  const bool visible =
      found && (principal.admin || (principal.owner && found->owner == *principal.owner));
  if (!visible) {
    co_return fail(ErrorKind::not_found, "job.not_found",
                   fmt::format("there is no job {}", in_quotes(id)),
                   "ids are in the answer to POST /v1/jobs; a key sees the jobs of its own owner");
  }
  co_return std::move(*found);
}

}  // namespace selvage::app
