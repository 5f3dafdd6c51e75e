#include "celery/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "celery/make_message.hpp"

namespace selvage::celery {

namespace {

constexpr std::string_view kSeparator = "\x06\x16";

}  // namespace

Keys::Keys(std::string prefix, std::string result_prefix, int db)
    : prefix_(std::move(prefix)), result_prefix_(std::move(result_prefix)), db_(db) {
  if (!result_prefix_.empty() && !std::string_view(":_-.").contains(result_prefix_.back())) {
    result_prefix_ += '_';
  }
}

std::string Keys::queue(std::string_view name) const { return fmt::format("{}{}", prefix_, name); }

std::string Keys::list(std::string_view name, int priority) const {
  return prefix_ + list_of(name, priority);
}

std::string Keys::bindings(std::string_view exchange) const {
  return fmt::format("{}_kombu.binding.{}", prefix_, exchange);
}

std::string Keys::binding(std::string_view queue) {
  return fmt::format("{}{}{}{}", queue, kSeparator, kSeparator, queue);
}

std::string Keys::result(std::string_view task_id) const {
  return fmt::format("{}celery-task-meta-{}", result_prefix_, task_id);
}

std::string Keys::group(std::string_view group_id, std::string_view suffix) const {
  return fmt::format("{}celery-taskset-meta-{}{}", result_prefix_, group_id, suffix);
}

std::string Keys::published(std::string_view delivery_tag) const {
  return fmt::format("{}selvage-celery-published-{}", result_prefix_, delivery_tag);
}

std::string Keys::events(std::string_view type) const {
  std::string key(type);
  std::ranges::replace(key, '-', '.');
  return fmt::format("{}/{}.celeryev/{}", prefix_, db_, key);
}

std::string Keys::control() const { return fmt::format("{}/{}.celery.pidbox", prefix_, db_); }

std::string Keys::reply(std::string_view exchange, std::string_view routing_key) const {
  return fmt::format("{}{}.{}", prefix_, routing_key, exchange);
}

std::string Keys::revoked() const { return prefix_ + "selvage-celery-revoked"; }

}  // namespace selvage::celery
