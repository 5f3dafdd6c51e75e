// The schemas of the API, as JSON Schema 2020-12 (what OpenAPI 3.1 uses).
#include "app/http/openapi.hpp"

namespace selvage::app {

const std::string_view kSchemas = R"json({
  "Problem": {"type": "object", "properties": {"type": {"type": "string"}, "title": {"type":
    "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}, "code": {"type":
    "string", "description": "Stable; branch on it."}, "hint": {"type": "string", "description":
    "What to do."}, "instance": {"type": "string"}, "request_id": {"type": "string"},
    "retry_after_s": {"type": "integer", "description": "As Retry-After says."},
    "queue_position": {"type": "integer", "description": "How many wait; of queue.full."},
    "estimated_wait_s": {"type": "integer", "description": "Until all that waits is done."}},
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
    "processing", "completed", "failed"]}, "progress": {"type": "integer", "minimum": 0,
    "maximum": 100, "description": "Percent; never falls."}, "stage": {"type": ["string",
    "null"], "enum": ["inputs", "provider", "storing", "waiting", null]}, "cancel_requested":
    {"type": "boolean"}, "queue_position": {"type": "integer", "minimum": 1, "description":
    "Of a queued job asked for by itself, up to 1001; owners take turns, so it is no promise."},
    "credits": {"type": "integer"}, "created_at":
    {"type": "string", "format": "date-time"}, "started_at": {"type": ["string", "null"],
    "format": "date-time"}, "finished_at": {"type": ["string", "null"], "format": "date-time"},
    "queue_ms": {"type": ["integer", "null"]}, "processing_ms": {"type": ["integer", "null"]},
    "attempts": {"type": "integer"}, "provider": {"type": ["string", "null"]}, "retry_of":
    {"type": ["string", "null"]}, "result_url": {"type": ["string", "null"], "description":
    "Signed; expires."}, "error": {"type": ["object", "null"], "properties": {"code": {"type":
    "string"}, "message": {"type": "string", "description": "For the shopper."}, "detail":
    {"type": "string", "description": "For operators only."}}, "required": ["code", "message"]},
    "inputs": {"type": "array", "items": {"type": "string"}}}, "required": ["id", "task_id",
    "request_id", "channel", "owner", "status", "progress", "stage", "cancel_requested",
    "credits", "created_at", "started_at",
    "finished_at", "queue_ms", "processing_ms", "attempts", "provider", "retry_of",
    "result_url", "error"]},
  "BulkRequest": {"type": "object", "properties": {"jobs": {"type": "array", "minItems": 1,
    "maxItems": 100, "items": {"$ref": "#/components/schemas/BulkJob"}}}, "required": ["jobs"],
    "additionalProperties": false},
  "BulkJob": {"type": "object", "properties": {"person_image_url": {"type": "string", "format":
    "uri", "maxLength": 2048}, "garment_image_urls": {"type": "array", "minItems": 1,
    "maxItems": 8, "items": {"type": "string", "format": "uri", "maxLength": 2048}}, "prompt":
    {"type": "string", "maxLength": 4000}, "options": {"type": "object"}, "credits": {"type":
    "integer", "minimum": 1, "maximum": 1000}, "session_id": {"type": "string", "format":
    "uuid"}, "idempotency_key": {"type": "string", "maxLength": 255}}, "required":
    ["person_image_url", "garment_image_urls"], "additionalProperties": false},
  "BulkAnswer": {"type": "object", "properties": {"accepted": {"type": "integer"}, "refused":
    {"type": "integer"}, "jobs": {"type": "array", "description": "In the order of the request.",
    "items": {"type": "object", "properties": {"status": {"type": "integer", "description":
    "As POST /v1/jobs would have answered."}, "job": {"$ref": "#/components/schemas/Job"},
    "problem": {"$ref": "#/components/schemas/Problem"}}, "required": ["status"]}}},
    "required": ["accepted", "refused", "jobs"]},
  "WebhookRequest": {"type": "object", "properties": {"url": {"type": "string", "format": "uri",
    "maxLength": 2048}, "events": {"type": "array", "minItems": 1, "items": {"type": "string",
    "enum": ["job.completed", "job.failed", "job.cancelled"]}, "description":
    "All when left out."}}, "required": ["url"], "additionalProperties": false},
  "Webhook": {"type": "object", "properties": {"id": {"type": "string"}, "channel": {"type":
    "string", "enum": ["b2b", "b2c"]}, "owner": {"type": "string"}, "url": {"type": "string"},
    "events": {"type": "array", "items": {"type": "string"}}, "enabled": {"type": "boolean"},
    "disabled_reason": {"type": ["string", "null"]}, "failing_since": {"type": ["string",
    "null"], "format": "date-time"}, "created_at": {"type": "string", "format": "date-time"},
    "secret": {"type": "string", "description": "Shown once."}}, "required": ["id", "channel",
    "owner", "url", "events", "enabled", "disabled_reason", "failing_since", "created_at"]},
  "Webhooks": {"type": "object", "properties": {"webhooks": {"type": "array", "items": {"$ref":
    "#/components/schemas/Webhook"}}}, "required": ["webhooks"]},
  "Delivery": {"type": "object", "properties": {"id": {"type": "string", "description":
    "The webhook-id of every attempt."}, "webhook_id": {"type": "string"}, "event": {"type":
    "string"}, "job_id": {"type": "string"}, "state": {"type": "string", "enum": ["pending",
    "delivered", "failed"]}, "attempts": {"type": "integer"}, "last_status": {"type":
    ["integer", "null"]}, "last_error": {"type": ["string", "null"]}, "created_at": {"type":
    "string", "format": "date-time"}, "last_attempt_at": {"type": ["string", "null"], "format":
    "date-time"}, "next_attempt_at": {"type": ["string", "null"], "format": "date-time"}},
    "required": ["id", "webhook_id", "event", "job_id", "state", "attempts", "last_status",
    "last_error", "created_at", "last_attempt_at", "next_attempt_at"]},
  "DeliveryPage": {"type": "object", "properties": {"deliveries": {"type": "array", "items":
    {"$ref": "#/components/schemas/Delivery"}}, "next_cursor": {"type": ["string", "null"]}},
    "required": ["deliveries", "next_cursor"]},
  "Replayed": {"type": "object", "properties": {"replayed": {"type": "integer"}}, "required":
    ["replayed"]},
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
    "roles": {"type": "array", "items": {"type": "string"}}, "version": {"type": "string"},
    "git_sha": {"type": "string"}, "uptime_s": {"type": "integer"}, "reason": {"type": "string"}}, "required": ["status", "components"]},
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
    "integer"}, "paused": {"type": "boolean"}, "oldest_ready_ms": {"type": ["integer", "null"]}},
    "required": ["queue", "ready", "delayed", "leased", "dead", "paused", "oldest_ready_ms"]},
  "Queues": {"type": "object", "properties": {"queues": {"type": "array", "items": {"$ref":
    "#/components/schemas/Queue"}}}, "required": ["queues"]},
  "LoginRequest": {"type": "object", "properties": {"code": {"type": "string", "maxLength":
    200}}, "required": ["code"]},
  "ConsoleSession": {"type": "object", "properties": {"signed_in": {"type": "boolean"},
    "version": {"type": "string"}, "provider": {"type": "string"}, "picture_origin": {"type":
    "string"}, "started_at": {"type": "string", "format": "date-time"}}, "required": ["signed_in",
    "version", "provider", "picture_origin", "started_at"]},
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
  "ScheduleRequest": {"type": "object", "properties": {"name": {"type": "string", "maxLength":
    100}, "cron": {"type": "string", "description": "Five fields, or @daily; this or every."},
    "timezone": {"type": "string", "description": "IANA zone of cron; default UTC."}, "every":
    {"type": "string", "description": "30s, 5m, 1h."}, "task": {"type": "string", "maxLength":
    200}, "args": {"type": "array"}, "kwargs": {"type": "object"}, "queue": {"type": "string",
    "maxLength": 200}, "priority": {"type": "integer", "minimum": 0, "maximum": 9}, "expires":
    {"type": "string"}, "catch_up": {"type": "string", "enum": ["skip", "once", "all"]},
    "catch_up_max": {"type": "integer", "minimum": 1, "maximum": 1000}, "jitter": {"type":
    "string"}, "enabled": {"type": "boolean"}}, "required": ["task"], "additionalProperties":
    false},
  "Schedule": {"type": "object", "properties": {"name": {"type": "string"}, "enabled": {"type":
    "boolean"}, "source": {"type": "string", "enum": ["file", "database"]}, "cron": {"type":
    "string"}, "timezone": {"type": "string"}, "every": {"type": "string"}, "task": {"type":
    "string"}, "args": {"type": "array"}, "kwargs": {"type": "object"}, "queue": {"type":
    "string"}, "priority": {"type": "integer"}, "expires": {"type": "string"}, "catch_up":
    {"type": "string"}, "catch_up_max": {"type": "integer"}, "jitter": {"type": "string"},
    "next_at": {"type": ["string", "null"], "format": "date-time"}, "last_at": {"type":
    ["string", "null"], "format": "date-time"}, "fires": {"type": "integer"}, "skipped":
    {"type": "integer"}, "problem": {"type": ["string", "null"]}}, "required": ["name",
    "enabled", "source", "next_at", "last_at", "fires", "skipped", "problem"]},
  "ScheduleWithFires": {"allOf": [{"$ref": "#/components/schemas/Schedule"}, {"type": "object",
    "properties": {"last_fires": {"type": "array", "items": {"type": "object", "properties":
    {"task_id": {"type": "string"}, "time": {"type": ["string", "null"], "format":
    "date-time"}, "fired_at": {"type": "string", "format": "date-time"}}, "required":
    ["task_id", "time", "fired_at"]}}}, "required": ["last_fires"]}]},
  "Schedules": {"type": "object", "properties": {"schedules": {"type": "array", "items":
    {"$ref": "#/components/schemas/Schedule"}}}, "required": ["schedules"]},
  "ScheduleRun": {"type": "object", "properties": {"task_id": {"type": "string"}}, "required":
    ["task_id"]},
  "SizeRequest": {"type": "object", "properties": {"image_url": {"type": "string", "format":
    "uri", "maxLength": 2048}, "height_cm": {"type": "number", "minimum": 100, "maximum": 250},
    "sex": {"type": "string", "enum": ["male", "female"], "description":
    "As the wearer says; never guessed."}, "fit": {"type": "string", "enum": ["slim", "regular",
    "loose"], "default": "regular"}, "chart": {"description":
    "A chart of the store by its id (its usual one: default), standard, or a chart in full.",
    "oneOf": [{"type": "string", "maxLength": 64}, {"$ref":
    "#/components/schemas/SizeChartDocument"}]}, "include": {"type": "string", "enum": ["pose"]}},
    "required": ["image_url", "height_cm"], "additionalProperties": false},
  "SizeForm": {"type": "object", "properties": {"image": {"type": "string", "contentMediaType":
    "image/*", "description": "JPEG, PNG or WebP"}, "image_url": {"type": "string", "description":
    "Instead of image."}, "height_cm": {"type": "string"}, "sex": {"type": "string", "enum":
    ["male", "female"]}, "fit": {"type": "string", "enum": ["slim", "regular", "loose"]}, "chart":
    {"type": "string", "description": "An id, or a chart as JSON."}, "include": {"type": "string",
    "enum": ["pose"]}}, "required": ["height_cm"]},
  "Measured": {"type": "object", "properties": {"cm": {"type": "number"}, "uncertainty_cm":
    {"type": "number", "description": "Standard deviation of the error."}}, "required": ["cm",
    "uncertainty_cm"]},
  "SizeOption": {"type": "object", "properties": {"size": {"type": "string"}, "probability":
    {"type": "number"}}, "required": ["size", "probability"]},
  "SizeAnswer": {"type": "object", "properties": {"recommended_size": {"type": "string",
    "description": "XS to XXL, or a label of the chart."}, "confidence": {"type": "number",
    "minimum": 0, "maximum": 1, "description": "That the size is right."}, "body_type": {"type":
    "string", "enum": ["hourglass", "bottom_hourglass", "top_hourglass", "triangle",
    "inverted_triangle", "rectangle"]}, "measurements": {"type": "object", "properties":
    {"shoulder": {"$ref": "#/components/schemas/Measured"}, "chest": {"$ref":
    "#/components/schemas/Measured"}, "waist": {"$ref": "#/components/schemas/Measured"}, "hip":
    {"$ref": "#/components/schemas/Measured"}, "inseam": {"$ref":
    "#/components/schemas/Measured"}, "arm": {"$ref": "#/components/schemas/Measured"}},
    "required": ["shoulder", "chest", "waist", "hip", "inseam", "arm"]}, "neighbours": {"type":
    "object", "properties": {"smaller": {"oneOf": [{"$ref": "#/components/schemas/SizeOption"},
    {"type": "null"}]}, "larger": {"oneOf": [{"$ref": "#/components/schemas/SizeOption"}, {"type":
    "null"}]}}, "required": ["smaller", "larger"]}, "sizes": {"type": "array", "items": {"$ref":
    "#/components/schemas/SizeOption"}}, "chart": {"type": "object", "properties": {"name":
    {"type": "string"}, "measure": {"type": "string"}}, "required": ["name", "measure"]}, "fit":
    {"type": "string"}, "warnings": {"type": "array", "items": {"type": "object", "properties":
    {"code": {"type": "string"}, "message": {"type": "string"}}, "required": ["code", "message"]}},
    "method_version": {"type": "string"}, "pose": {"$ref": "#/components/schemas/SizePose"}},
    "required": ["recommended_size", "confidence", "body_type", "measurements", "neighbours",
    "sizes", "chart", "fit", "warnings", "method_version"]},
  "SizePose": {"type": "object", "description":
    "In pixels of the upright picture of this size, which may be smaller than the photo.",
    "properties": {"image_width": {"type": "integer"}, "image_height": {"type": "integer"},
    "score": {"type": "number"}, "landmarks": {"type": "array", "minItems": 33, "maxItems": 33,
    "items": {"type": "object", "properties": {"name": {"type": "string"}, "x": {"type":
    "number"}, "y": {"type": "number"}, "visibility": {"type": "number"}, "presence": {"type":
    "number"}}, "required": ["name", "x", "y", "visibility", "presence"]}}, "lines": {"type":
    "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "x0": {"type":
    "number"}, "y0": {"type": "number"}, "x1": {"type": "number"}, "y1": {"type": "number"}},
    "required": ["name", "x0", "y0", "x1", "y1"]}}}, "required": ["image_width", "image_height",
    "score", "landmarks", "lines"]},
  "SizeEstimate": {"type": "object", "properties": {"id": {"type": "string"}, "status": {"type":
    "string", "enum": ["queued", "completed", "failed"]}, "created_at": {"type": "string",
    "format": "date-time"}, "finished_at": {"type": ["string", "null"], "format": "date-time"},
    "answer": {"oneOf": [{"$ref": "#/components/schemas/SizeAnswer"}, {"type": "null"}]}, "error":
    {"type": ["object", "null"], "properties": {"code": {"type": "string"}, "message": {"type":
    "string"}, "hint": {"type": "string"}}, "required": ["code", "message", "hint"]}},
    "required": ["id", "status", "created_at", "finished_at", "answer", "error"]},
  "SizeRange": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"},
    "description": "From, to; of the body."},
  "ChartSize": {"type": "object", "properties": {"label": {"type": "string", "maxLength": 16},
    "shoulder": {"$ref": "#/components/schemas/SizeRange"}, "chest": {"$ref":
    "#/components/schemas/SizeRange"}, "waist": {"$ref": "#/components/schemas/SizeRange"}, "hip":
    {"$ref": "#/components/schemas/SizeRange"}, "inseam": {"$ref":
    "#/components/schemas/SizeRange"}, "arm": {"$ref": "#/components/schemas/SizeRange"}},
    "required": ["label"]},
  "SizeChartDocument": {"type": "object", "properties": {"name": {"type": "string", "maxLength":
    100}, "sex": {"type": "string", "enum": ["male", "female", "unisex"], "default": "unisex"},
    "unit": {"type": "string", "enum": ["cm", "in"], "default": "cm"}, "primary": {"type":
    "string", "enum": ["shoulder", "chest", "waist", "hip", "inseam", "arm"], "description":
    "The measure that decides."}, "sizes": {"type": "array", "minItems": 1, "maxItems": 40,
    "items": {"$ref": "#/components/schemas/ChartSize"}, "description": "From small to large."}},
    "required": ["name", "sizes"]},
  "SizeChart": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type":
    "string"}, "sex": {"type": "string"}, "unit": {"type": "string"}, "primary": {"type":
    "string"}, "sizes": {"type": "array", "items": {"$ref": "#/components/schemas/ChartSize"}},
    "created_at": {"type": "string", "format": "date-time"}, "updated_at": {"type": "string",
    "format": "date-time"}}, "required": ["id", "name", "sex", "unit", "primary", "sizes",
    "created_at", "updated_at"]},
  "SizeCharts": {"type": "object", "properties": {"size_charts": {"type": "array", "items":
    {"$ref": "#/components/schemas/SizeChart"}}}, "required": ["size_charts"]},
  "DeadLetters": {"type": "object", "properties": {"tasks": {"type": "array", "items": {"$ref":
    "#/components/schemas/Task"}}}, "required": ["tasks"]}
})json";

}  // namespace selvage::app
