#include "celery/no_results.hpp"

namespace selvage::celery {

namespace {

std::unexpected<Error> needs_redis() {
  return fail(ErrorKind::unsupported, "celery.needs_redis",
              "callbacks, chains and chords need a queue on Redis", "set QUEUE_URL=redis://...");
}

}  // namespace

Task<Result<bool>> NoResults::put(std::string, std::string, std::string) { co_return true; }
Task<Result<void>> NoResults::note(std::string, std::string) { co_return Result<void>(); }
Task<Result<Applied>> NoResults::apply(Guard, std::vector<Change>, std::vector<Element>) {
  co_return needs_redis();
}
// Without a stored end a task that crashed is run again.
Task<Result<bool>> NoResults::settled_before(std::string, std::string) { co_return false; }
Task<Result<ChordCount>> NoResults::chord_count(std::string) { co_return needs_redis(); }
Task<Result<std::vector<std::string>>> NoResults::chord_parts(std::string) {
  co_return needs_redis();
}
Task<Result<std::optional<std::string>>> NoResults::saved_group(std::string) {
  co_return needs_redis();
}

}  // namespace selvage::celery
