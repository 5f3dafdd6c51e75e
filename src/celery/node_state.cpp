#include "celery/node_state.hpp"

#include <unistd.h>

namespace selvage::celery {

namespace {
constexpr std::size_t kMaxNames = 1'000;
}

void RevokedIds::add(const std::string& id, Timestamp when) {
  if (id.empty() || id.size() > kMaxTaskName) return;
  const auto [known, is_new] = when_.try_emplace(id, when);
  if (!is_new) {
    known->second = std::max(known->second, when);
    return;
  }
  order_.emplace_back(when, id);
  while (order_.size() > kMax) {
    when_.erase(order_.front().second);
    order_.pop_front();
  }
}

bool RevokedIds::contains(const std::string& id, Timestamp time) const {
  if (when_.empty()) return false;
  const auto found = when_.find(id);
  return found != when_.end() && found->second + kKept > time;
}

void RevokedIds::forget_old(Timestamp time) {
  while (!order_.empty() && order_.front().first + kKept <= time) {
    const std::string id = std::move(order_.front().second);
    order_.pop_front();
    const auto found = when_.find(id);
    if (found == when_.end()) continue;
    if (found->second + kKept <= time) {
      when_.erase(found);
    } else {  // revoked again meanwhile
      order_.emplace_back(found->second, id);
    }
  }
}

NodeState::NodeState(std::string name) : name_(std::move(name)), pid_(getpid()) {}

seconds NodeState::uptime() const {
  return std::chrono::duration_cast<seconds>(steady_now() - started_);
}

void NodeState::count_received(std::string_view task) {
  if (const auto found = totals_.find(task); found != totals_.end()) {
    ++found->second;
  } else if (totals_.size() < kMaxNames) {
    totals_.emplace(task, 1);
  } else {
    ++totals_["other"];
  }
}

NodeState::Running::Running(NodeState& node, ActiveTask& task)
    : node_(node), place_(node.active_.emplace(task.message.id, &task)) {}

NodeState::Running::~Running() { node_.active_.erase(place_); }

}  // namespace selvage::celery
