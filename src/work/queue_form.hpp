// QueueForm: what the elements of a queue's Redis list look like to those who push them without
// Selvage.
//
// A list that plain producers LPUSH holds payloads and nothing else; what the broker needs to know
// of a task (its id, whose it is, its priority) it reads from the payload or does without. The
// form of a queue must be the same in all processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace selvage::work {

enum class QueueKind : std::uint8_t {
  plain,   // opaque: first come, first served
  celery,  // Celery messages; kombu's lists of the priority steps 0, 3, 6 and 9
  fair,    // JSON objects whose members tell the id and the fair key
};

struct QueueForm {
  std::string queue;
  QueueKind kind = QueueKind::plain;
  // Of a fair queue: the member that is the task's id, and those that, joined by ':' where they are
  // present, are its fair key: {"channel", "store_id", "user_id"} makes "b2b:store-1".
  std::string id_member;
  std::vector<std::string> key_members;
};

}  // namespace selvage::work
