"""One trace from the client's request to the last stage of its job, as a collector gets it."""

import json
import unittest

from platform_process import MODELS, SAMPLES, Platform
from stand_in import StandIn
from test_sizing import Pictures
from webhook_receiver import Receiver

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


class Traces(unittest.TestCase):
    def setUp(self):
        self.collector = StandIn("otlp_collector.py")
        self.addCleanup(self.collector.kill)

    def platform(self, **more):
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{self.collector.host}",
                    "OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=secret-7Hq2", "OTEL_SERVICE_NAME": "shop", **more}
        platform = Platform(settings=settings)
        self.addCleanup(platform.close)
        return platform

    def spans(self):
        self.assertEqual(self.collector.ask("GET", "/_standin/problems"), [])
        return self.collector.ask("GET", "/_standin/spans")

    def traced_job(self, platform, key, flags="01"):
        accepted = platform.submit(key, headers={"traceparent": f"00-{TRACE}-{CALLER}-{flags}", "tracestate": "v=1"})
        self.assertEqual(accepted.status, 202, accepted)
        job = platform.wait_job(key, accepted.json["id"])
        self.assertEqual(job["status"], "completed", job)
        return job

    def test_a_job_is_one_trace_from_request_to_settlement(self):
        platform = self.platform()
        job = self.traced_job(platform, platform.key())
        platform.wait_until(lambda: any(s["name"] == "process generate" for s in self.spans()), "the job's span arrives")
        spans = [s for s in self.spans() if s["trace_id"] == TRACE]
        by_name = {s["name"]: s for s in spans}
        request, run = by_name["POST /v1/jobs"], by_name["process generate"]
        self.assertEqual((request["parent_id"], request["kind"], request["trace_state"]), (CALLER, "server", "v=1"))
        self.assertEqual(request["attributes"]["http.response.status_code"], 202)
        self.assertEqual((run["parent_id"], run["kind"]), (request["span_id"], "consumer"))
        self.assertEqual(run["attributes"]["selvage.session_id"], job["id"])
        self.assertEqual(run["attributes"]["messaging.message.id"], job["task_id"])
        self.assertEqual(run["attributes"]["selvage.outcome"], "done")
        stages = [s for s in spans if s["parent_id"] == run["span_id"]]
        self.assertEqual({s["name"] for s in stages}, {"begin", "inputs", "provider", "store", "settle"})
        for stage in stages:
            self.assertGreaterEqual(stage["start"], run["start"] - 2_000_000)
            self.assertLessEqual(stage["end"], run["end"] + 2_000_000)
        self.assertEqual(by_name["provider"]["attributes"]["gen_ai.provider.name"], "local")
        self.assertEqual(run["resource"]["service.name"], "shop")
        for event in ("job_started", "job_completed"):
            lines = [l for l in platform.log_lines(event) if l["session_id"] == job["id"]]
            self.assertEqual([l["trace_id"] for l in lines], [TRACE])
        self.assertNotIn("secret-7Hq2", platform.log_text())
        self.assertIn("secret-7Hq2", json.dumps(self.collector.ask("GET", "/_standin/calls")))

    def test_the_owners_webhook_belongs_to_the_jobs_trace(self):
        platform = self.platform(EGRESS_ALLOW="127.0.0.0/8", WEBHOOK_FIRST_RETRY="50ms")
        receiver = Receiver(lambda number: 500 if number == 0 else 200)
        self.addCleanup(receiver.close)
        key = platform.key()
        self.assertEqual(platform.post_json("/v1/webhooks", {"url": receiver.url}, key).status, 201)
        job = self.traced_job(platform, key)
        platform.wait_until(lambda: len([s for s in self.spans() if s["name"] == "POST webhook"]) == 2, "both attempts arrive")
        spans = [s for s in self.spans() if s["trace_id"] == TRACE]
        run = next(s for s in spans if s["name"] == "process generate")
        attempts = sorted((s for s in spans if s["name"] == "process webhook"), key=lambda s: s["start"])
        self.assertEqual([s["parent_id"] for s in attempts], [run["span_id"]] * 2)
        self.assertEqual([s["failed"] for s in attempts], [True, False])
        calls = sorted((s for s in spans if s["name"] == "POST webhook"), key=lambda s: s["start"])
        self.assertEqual([s["parent_id"] for s in calls], [s["span_id"] for s in attempts])
        self.assertEqual([s["attributes"]["http.response.status_code"] for s in calls], [500, 200])
        self.assertEqual([(s["kind"], s["attributes"]["selvage.session_id"]) for s in calls], [("client", job["id"])] * 2)
        sent = [next(v for k, v in headers.items() if k.lower() == "traceparent") for headers, _, _ in receiver.messages]
        self.assertEqual(sent, [f"00-{TRACE}-{s['span_id']}-01" for s in calls])

    @unittest.skipUnless(MODELS.exists(), "no pose models: run tools/fetch_models")
    def test_a_size_is_traced_stage_by_stage(self):
        platform = self.platform(SIZING_WORKERS="1", EGRESS_ALLOW="127.0.0.0/8")
        key = platform.key("store-1", "b2b")
        pictures = Pictures([SAMPLES])
        self.addCleanup(pictures.close)
        caller = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
        question = {"image_url": f"{pictures.url}/person-1.jpg?signature=secret-9Kq1", "height_cm": 172}
        answer = platform.post_json("/estimate-body", question, key, caller)
        task = platform.post_json("/v1/size-estimates", {**question, "height_cm": 173}, key, caller)
        self.assertEqual(task.status, 202, task)
        platform.wait_until(lambda: any(s["name"] == "process sizing" for s in self.spans()), "the task's span arrives")
        spans = [s for s in self.spans() if s["trace_id"] == TRACE]
        by_name = {s["name"]: s for s in spans}
        sized = "sized" if answer.status == 200 else answer.json["code"]
        submission, run = by_name["POST /v1/size-estimates"], by_name["process sizing"]
        self.assertEqual((run["parent_id"], run["kind"]), (submission["span_id"], "consumer"))
        self.assertEqual(run["attributes"]["messaging.message.id"], task.json["id"])
        stages = ["chart", "fetch", "turn", "decode", "detect", "landmarks", "measure"]
        for parent, expected in ((by_name["POST /estimate-body"], stages), (run, ["begin", *stages, "settle"])):
            children = sorted((s for s in spans if s["parent_id"] == parent["span_id"]), key=lambda s: s["start"])
            self.assertEqual([s["name"] for s in children], expected)
            for before, after in zip(children, children[1:]):
                self.assertLessEqual(before["end"], after["start"] + 2_000_000)
            self.assertEqual(parent["attributes"]["selvage.sizing"], sized)
        self.assertNotIn("secret-9Kq1", json.dumps(spans))

    def test_what_is_under_way_is_flushed_when_the_process_drains(self):
        platform = self.platform()
        self.traced_job(platform, platform.key())
        self.assertEqual(platform.stop(), 0)
        names = {s["name"] for s in self.spans()}
        self.assertTrue({"POST /v1/jobs", "process generate", "settle"} <= names, names)

    def test_a_caller_who_wants_no_recording_gets_none(self):
        platform = self.platform()
        self.traced_job(platform, platform.key(), flags="00")
        self.assertEqual(platform.stop(), 0)
        self.assertEqual([s["name"] for s in self.spans() if s["trace_id"] == TRACE], [])

    def test_probes_are_no_spans(self):
        platform = self.platform()
        for path in ("/health", "/ready", "/metrics", "/queues", "/workers", "/console/"):
            platform.get(path)
        platform.get("/v1/jobs", platform.key())
        self.assertEqual(platform.stop(), 0)
        self.assertEqual({s["name"] for s in self.spans()}, {"GET /v1/jobs"})

    def test_jobs_do_not_care_for_a_collector_that_is_away(self):
        platform = self.platform()
        self.collector.kill()
        key = platform.key()
        for _ in range(3):
            self.traced_job(platform, key)
        platform.wait_until(lambda: "otel_spans_dropped_total" in platform.get("/metrics").body.decode(), "it is counted")
        self.assertEqual(platform.stop(), 0)

    def test_without_an_endpoint_nothing_is_traced(self):
        platform = self.platform(OTEL_EXPORTER_OTLP_ENDPOINT="")
        self.traced_job(platform, platform.key())
        self.assertNotIn("trace_id", platform.log_text())
        self.assertNotIn("otel_spans", platform.get("/metrics").body.decode())
        self.assertEqual(platform.stop(), 0)
        self.assertEqual(self.collector.ask("GET", "/_standin/calls"), [])


if __name__ == "__main__":
    unittest.main()
