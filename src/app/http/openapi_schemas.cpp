// The schemas of the API, as JSON Schema 2020-12 (what OpenAPI 3.1 uses).
#include "app/http/openapi.hpp"

namespace selvage::app {

const std::string_view kSchemas = R"json({
  "Problem": {"type": "object", "properties": {"type": {"type": "string"}, "title": {"type":
    "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}, "code": {"type":
    "string", "description": "Stable; branch on it."}, "hint": {"type": "string", "description":
    "What to do."}, "instance": {"type": "string"}, "request_id": {"type": "string"}},
    "required": ["type", "title", "status", "detail", "code", "request_id"]},
  "JobRequest": {"type": "object", "properties": {"person_image_url": {"type": "string",
    "format": "uri", "maxLength": 2048}, "garment_image_urls": {"type": "array", "minItems": 1,
    "maxItems": 8, "items": {"type": "string", "format": "uri", "maxLength": 2048}}, "prompt":
    {"type": "string", "maxLength": 4000}, "options": {"type": "object"}, "credits": {"type":
    "integer", "minimum": 1, "maximum": 1000}, "session_id": {"type": "string", "format":
    "uuid"}}, "required": ["person_image_url", "garment_image_urls"], "additionalProperties":
    false},
  "JobForm": {"type": "object", "properties": {"person": {"type": "string", "contentMediaType":
    "image/*", "description": "JPEG, PNG or WebP"}, "garment": {"type": "array", "items":
    {"type": "string", "contentMediaType": "image/*"}}, "person_image_url": {"type": "string"},
    "garment_image_urls": {"type": "array", "items": {"type": "string"}}, "prompt": {"type":
    "string"}, "options": {"type": "string", "description": "A JSON object."}, "credits":
    {"type": "string"}, "session_id": {"type": "string"}}, "required": []},
  "Job": {"type": "object", "properties": {"id": {"type": "string"}, "task_id": {"type":
    "string"}, "request_id": {"type": "string"}, "channel": {"type": "string", "enum": ["b2b",
    "b2c"]}, "owner": {"type": "string"}, "status": {"type": "string", "enum": ["queued",
    "processing", "completed", "failed"]}, "credits": {"type": "integer"}, "created_at":
    {"type": "string", "format": "date-time"}, "started_at": {"type": ["string", "null"],
    "format": "date-time"}, "finished_at": {"type": ["string", "null"], "format": "date-time"},
    "queue_ms": {"type": ["integer", "null"]}, "processing_ms": {"type": ["integer", "null"]},
    "attempts": {"type": "integer"}, "provider": {"type": ["string", "null"]}, "retry_of":
    {"type": ["string", "null"]}, "result_url": {"type": ["string", "null"], "description":
    "Signed; expires."}, "error": {"type": ["object", "null"], "properties": {"code": {"type":
    "string"}, "message": {"type": "string", "description": "For the shopper."}, "detail":
    {"type": "string", "description": "For operators only."}}, "required": ["code", "message"]},
    "inputs": {"type": "array", "items": {"type": "string"}}}, "required": ["id", "task_id",
    "request_id", "channel", "owner", "status", "credits", "created_at", "started_at",
    "finished_at", "queue_ms", "processing_ms", "attempts", "provider", "retry_of",
    "result_url", "error"]},
  "JobPage": {"type": "object", "properties": {"jobs": {"type": "array", "items": {"$ref":
    "#/components/schemas/Job"}}, "next_cursor": {"type": ["string", "null"]}}, "required":
    ["jobs", "next_cursor"]},
  "Balance": {"type": "object", "properties": {"channel": {"type": "string", "enum": ["b2b",
    "b2c"]}, "owner": {"type": "string"}, "balance": {"type": "integer"}, "granted": {"type":
    "integer"}, "charged": {"type": "integer"}, "refunded": {"type": "integer"}}, "required":
    ["channel", "owner", "balance", "granted", "charged", "refunded"]},
  "Balances": {"type": "object", "properties": {"balances": {"type": "array", "items": {"$ref":
    "#/components/schemas/Balance"}}}, "required": ["balances"]},
  "GrantRequest": {"type": "object", "properties": {"channel": {"type": "string", "enum":
    ["b2b", "b2c"]}, "owner": {"type": "string", "maxLength": 128}, "amount": {"type":
    "integer", "minimum": 1, "maximum": 1000000}, "reason": {"type": "string", "maxLength":
    200}}, "required": ["channel", "owner", "amount", "reason"]},
  "Health": {"type": "object", "properties": {"status": {"type": "string", "enum": ["ok",
    "degraded"]}, "components": {"type": "object", "additionalProperties": {"type": "object",
    "properties": {"status": {"type": "string", "enum": ["ok", "degraded"]}, "latency_ms":
    {"type": "number"}, "error": {"type": "string"}}, "required": ["status", "latency_ms"]}},
    "version": {"type": "string"}, "git_sha": {"type": "string"}, "uptime_s": {"type":
    "integer"}, "reason": {"type": "string"}}, "required": ["status", "components"]},
  "Readiness": {"type": "object", "properties": {"ready": {"type": "boolean"}, "checks":
    {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"},
    "ok": {"type": "boolean"}, "latency_ms": {"type": "number"}, "error": {"type": ["string",
    "null"]}}, "required": ["name", "ok", "latency_ms", "error"]}}, "reason": {"type":
    "string"}}, "required": ["ready", "checks"]},
  "Worker": {"type": "object", "properties": {"id": {"type": "string"}, "host": {"type":
    "string"}, "pid": {"type": "integer"}, "version": {"type": "string"}, "queue": {"type":
    "string"}, "concurrency": {"type": "integer"}, "active": {"type": "integer"}, "done":
    {"type": "integer"}, "failed": {"type": "integer"}, "state": {"type": "string", "enum":
    ["running", "draining", "stopped", "lost"]}, "started_at": {"type": "string", "format":
    "date-time"}, "seen_at": {"type": "string", "format": "date-time"}}, "required": ["id",
    "host", "pid", "version", "queue", "concurrency", "active", "done", "failed", "state",
    "started_at", "seen_at"]},
  "Workers": {"type": "object", "properties": {"workers": {"type": "array", "items": {"$ref":
    "#/components/schemas/Worker"}}}, "required": ["workers"]},
  "Queue": {"type": "object", "properties": {"queue": {"type": "string"}, "ready": {"type":
    "integer"}, "delayed": {"type": "integer"}, "leased": {"type": "integer"}, "dead": {"type":
    "integer"}, "oldest_ready_ms": {"type": ["integer", "null"]}}, "required": ["queue",
    "ready", "delayed", "leased", "dead", "oldest_ready_ms"]},
  "Queues": {"type": "object", "properties": {"queues": {"type": "array", "items": {"$ref":
    "#/components/schemas/Queue"}}}, "required": ["queues"]},
  "LoginRequest": {"type": "object", "properties": {"code": {"type": "string", "maxLength":
    200}}, "required": ["code"]},
  "ConsoleSession": {"type": "object", "properties": {"signed_in": {"type": "boolean"},
    "version": {"type": "string"}, "provider": {"type": "string"}, "started_at": {"type":
    "string", "format": "date-time"}}, "required": ["signed_in", "version", "provider",
    "started_at"]},
  "Counts": {"type": "object", "properties": {"queued": {"type": "integer"}, "processing":
    {"type": "integer"}, "completed": {"type": "integer"}, "failed": {"type": "integer"}},
    "required": ["queued", "processing", "completed", "failed"]},
  "Overview": {"type": "object", "properties": {"counts": {"$ref":
    "#/components/schemas/Counts"}, "queues": {"type": "array", "items": {"$ref":
    "#/components/schemas/Queue"}}, "workers": {"type": "array", "items": {"$ref":
    "#/components/schemas/Worker"}}, "ledger": {"type": "object", "properties": {"exact":
    {"type": "boolean"}, "discrepancies": {"type": "array", "items": {"type": "string"}}},
    "required": ["exact", "discrepancies"]}}, "required": ["counts", "queues", "workers",
    "ledger"]},
  "Timeline": {"type": "object", "properties": {"step_ms": {"type": "integer"}, "points":
    {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "string",
    "format": "date-time"}, "ready": {"type": "integer"}, "leased": {"type": "integer"},
    "completed": {"type": "integer"}, "failed": {"type": "integer"}, "p50_ms": {"type":
    "number"}, "p95_ms": {"type": "number"}}, "required": ["at", "ready", "leased", "completed",
    "failed", "p50_ms", "p95_ms"]}}}, "required": ["step_ms", "points"]},
  "Task": {"type": "object", "properties": {"id": {"type": "string"}, "queue": {"type":
    "string"}, "state": {"type": "string", "enum": ["ready", "delayed", "leased", "dead"]},
    "payload": {"type": "string"}, "holder": {"type": "string"}, "reason": {"type": "string"},
    "priority": {"type": "integer"}, "deliveries": {"type": "integer"}, "retries": {"type":
    "integer"}, "enqueued_at": {"type": "string", "format": "date-time"}, "run_at": {"type":
    "string", "format": "date-time"}, "lease_until": {"type": ["string", "null"], "format":
    "date-time"}}, "required": ["id", "queue", "state", "payload", "holder", "reason",
    "priority", "deliveries", "retries", "enqueued_at", "run_at", "lease_until"]},
  "DeadLetters": {"type": "object", "properties": {"tasks": {"type": "array", "items": {"$ref":
    "#/components/schemas/Task"}}}, "required": ["tasks"]}
})json";

}  // namespace selvage::app
