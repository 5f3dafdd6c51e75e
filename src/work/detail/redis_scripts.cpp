#include "work/detail/redis_scripts.hpp"

#include <deque>

#include "work/detail/lua/absorb.hpp"
#include "work/detail/lua/claim.hpp"
#include "work/detail/lua/line.hpp"
#include "work/detail/lua/operate.hpp"
#include "work/detail/lua/queue.hpp"
#include "work/detail/lua/settle.hpp"
#include "work/detail/lua/ship.hpp"

namespace selvage::work {

namespace {

// Lives for ever, as a RedisScript asks of its source.
data::RedisScript joined(std::initializer_list<std::string_view> parts) {
  static std::deque<std::string> sources;
  std::string& source = sources.emplace_back();
  for (const std::string_view part : parts) source += part;
  return data::RedisScript(source);
}

QueueScripts make_scripts() {
  using namespace lua;
  return {.claim = joined({kQueue, kLine, kAbsorb, kClaimScript}),
          .absorb = joined({kQueue, kLine, kAbsorb, kAbsorbScript}),
          .complete = joined({kCompleteScript}),
          .settle = joined({kQueue, kLine, kSettleScript}),
          .extend = joined({kQueue, kExtendScript}),
          .recall = joined({kQueue, kLine, kRecallScript}),
          .ship = joined({kQueue, kLine, kShipScript}),
          .depth = joined({kQueue, kDepthScript}),
          .look = joined({kQueue, kLookScript}),
          .dead = joined({kQueue, kLine, kDeadScript}),
          .pause = joined({kQueue, kPauseScript}),
          .upkeep = joined({kQueue, kLine, kUpkeepScript})};
}

}  // namespace

const QueueScripts& queue_scripts() {
  static const QueueScripts scripts = make_scripts();
  return scripts;
}

}  // namespace selvage::work
