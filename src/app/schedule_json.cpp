#include "app/schedule_json.hpp"

#include <boost/json.hpp>

namespace selvage::app {

namespace {

json::value or_null(std::optional<Timestamp> time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

}  // namespace

json::value schedule_json(const schedule::EntryRow& row) {
  // what is stored was dumped by us; a definition that cannot be read is shown as it is
  auto definition = json::parse(row.definition);
  json::object out =
      definition && definition->is_object() ? definition->get_object() : json::object{};
  out["name"] = row.entry.name;
  out["enabled"] = row.entry.enabled;
  out["source"] = schedule::name(row.source);
  out["next_at"] = row.entry.enabled ? or_null(row.next_at) : json::value(nullptr);
  out["last_at"] = or_null(row.last_at);
  out["fires"] = row.fires;
  out["skipped"] = row.skipped;
  out["problem"] = row.problem.empty() ? json::value(nullptr) : json::value(row.problem);
  return out;
}

json::value fire_json(const schedule::FireRow& row) {
  return json::object{{"task_id", row.task_id},
                      {"time", or_null(row.time)},
                      {"fired_at", to_rfc3339(row.fired_at)}};
}

}  // namespace selvage::app
