"""Health, readiness and metrics of processes that have no API: at MONITOR_PORT."""

import contextlib
import http.client
import json
import signal
import socket
import threading
import unittest

from celery_service import Service
from celery_world import client, skip_reason
from platform_process import Platform, free_port
from running_redis import RunningRedis


class Process(Platform):
    """One whose requests go to its monitor."""

    def __init__(self, role, settings=None, data=None):
        self.monitor_port = free_port()
        super().__init__(role, data, {"MONITOR_PORT": str(self.monitor_port), **(settings or {})})
        self.api_port, self.port = self.port, self.monitor_port
        self.wait_until(lambda: self.get("/health").json["status"] == "ok", "the monitor says that all is well")

    def environment(self):
        return {**super().environment(), "HTTP_PORT": str(getattr(self, "api_port", self.port))}

    def failed(self):
        return [check["name"] for check in self.get("/ready").json["checks"] if not check["ok"]]


class GatedService(Service):
    """Has a task that ends when the test lets it."""

    def __init__(self):
        self.entered, self.open = threading.Event(), threading.Event()
        super().__init__()

    def gate(self, _task):
        self.entered.set()
        self.open.wait(60)
        return 200, "through", {}

    def close(self):
        self.open.set()
        super().close()


class Monitor(unittest.TestCase):
    def test_worker_and_beat_tell_their_own_components(self):
        for role, parts in (("worker", {"database", "storage", "queue"}), ("beat", {"database", "queue", "schedule"})):
            with self.subTest(role=role), Process(role) as process:
                health = process.get("/health").json
                self.assertEqual(health["roles"], [role])
                self.assertEqual(set(health["components"]) - {"sizing"}, parts)
                self.assertEqual(process.get("/ready").status, 200)
                metrics = process.get("/metrics")
                self.assertIn("text/plain; version=0.0.4", metrics.headers["Content-Type"])
                self.assertIn(b"process_resident_memory_bytes ", metrics.body)
                self.assertEqual(b"celery_worker_up" in metrics.body, role == "worker")
                code, out, _ = process.command("healthcheck")
                self.assertEqual((code, json.loads(out)["roles"]), (0, [role]))
                self.assertEqual(process.stop(), 0)
                code, _, err = process.command("healthcheck", check=False)
                self.assertEqual(code, 3, err)
                self.assertIn("MONITOR_PORT", err)

    def test_it_takes_get_and_head_of_three_paths_and_listens_on_loopback(self):
        with Process("beat") as process:
            head = process.request("HEAD", "/health")
            self.assertEqual((head.status, head.body), (200, b""))
            big = {"Content-Length": "70000"}
            for method, path, headers, status, code in (
                    ("POST", "/health", {}, 405, "http.method_not_allowed"),
                    ("DELETE", "/metrics", {}, 405, "http.method_not_allowed"),
                    ("GET", "/", {}, 404, "http.not_found"), ("GET", "/v1/jobs", {}, 404, "http.not_found"),
                    ("GET", "/health", big, 413, "http.body_too_large"),
                    ("GET", "/health", {"X-Long": "x" * 9000}, 431, "http.head_too_large")):
                with self.subTest(method=method, path=path, status=status):
                    answer = process.request(method, path, headers=headers)
                    self.assertEqual(answer.status, status)
                    self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
                    self.assertEqual(answer.json["code"], code)
            with open(f"/proc/{process.process.pid}/net/tcp") as table:
                listeners = [line.split()[1] for line in table if line.split()[3] == "0A"]
            self.assertIn(f"0100007F:{process.monitor_port:04X}", listeners)
            self.assertNotIn(f"00000000:{process.monitor_port:04X}", listeners)

    def test_more_connections_than_it_holds_are_answered_503(self):
        with Process("beat") as process, contextlib.ExitStack() as held:
            for _ in range(64):
                held.enter_context(socket.create_connection(("127.0.0.1", process.monitor_port)))
            process.wait_until(lambda: process.get("/health").status == 503, "the next is refused")
            held.close()
            process.wait_until(lambda: process.get("/health").status == 200, "places are free again")

    def test_a_port_that_is_taken_is_said_with_what_to_do(self):
        with Process("beat") as first:
            for role in ("worker", "beat"):
                code, _, err = first.command(role, check=False)
                self.assertEqual(code, 3, err)
                self.assertIn(f"127.0.0.1:{first.monitor_port} is already in use", err)
                self.assertIn("MONITOR_PORT of its own", err)
            code, _, err = first.command("beat", "--set", "MONITOR_HOST=worker.local", check=False)
            self.assertEqual(code, 2, err)
            self.assertIn("MONITOR_HOST", err)

    def test_up_opens_it_beside_the_api_and_healthcheck_asks_both(self):
        with Process("up", {"OPERATIONS_ACCESS": "admin"}) as process:
            self.assertEqual(process.get("/health").json["roles"], ["worker", "api", "beat"])
            self.assertEqual(process.get("/metrics").status, 200)
            self.assertEqual(process.get("/v1/jobs").status, 404)
            process.port = process.api_port
            self.assertEqual(process.get("/metrics").status, 401)
            process.wait_until(lambda: process.get("/health").json["status"] == "ok", "the API is well")
            self.assertEqual(len(process.command("healthcheck")[1].splitlines()), 2)
            code, _, err = process.command("healthcheck", "--set", f"HTTP_PORT={free_port()}", check=False)
            self.assertEqual(code, 3, err)  # the monitor is well, but nobody gets in

    @unittest.skipIf(skip_reason(), skip_reason())
    def test_without_redis_ready_names_the_queue_and_it_comes_back(self):
        redis = RunningRedis()
        self.addCleanup(redis.close)
        with Process("worker", {"QUEUE_URL": redis.url()}) as worker, Process("beat", {"QUEUE_URL": redis.url()}) as beat:
            self.assertEqual(worker.failed() + beat.failed(), [])
            redis.kill()
            for process in (worker, beat):
                process.wait_until(lambda p=process: p.get("/ready").status == 503, "it is not ready")
                self.assertEqual(process.failed(), ["queue"])
                health = process.get("/health")
                self.assertEqual((health.status, health.json["status"]), (200, "degraded"))
                self.assertIn("error", health.json["components"]["queue"])
                self.assertEqual(process.command("healthcheck", check=False)[0], 1)
            redis.start()
            for process in (worker, beat):
                process.wait_until(lambda p=process: p.get("/ready").status == 200, "it is ready again")

    @unittest.skipIf(skip_reason(), skip_reason())
    def test_a_draining_worker_still_answers_and_is_not_ready(self):
        redis, service = RunningRedis(), GatedService()
        self.addCleanup(redis.close)
        self.addCleanup(service.close)
        app = client(redis.url())
        self.addCleanup(app.close)
        with Process("worker", {"QUEUE_URL": redis.url(), "CELERY_QUEUES": "celery",
                                "CELERY_HTTP_TASKS": f"gate={service.url}/gate"}) as process:
            app.send_task("gate")
            self.assertTrue(service.entered.wait(30))
            process.process.send_signal(signal.SIGTERM)
            process.wait_until(lambda: process.get("/ready").status == 503, "it says that it goes")
            ready = process.get("/ready").json
            self.assertEqual((ready["ready"], ready["reason"]), (False, "draining"))
            self.assertEqual(process.failed(), [])
            self.assertEqual(process.get("/health").json["status"], "ok")
            self.assertEqual(process.get("/metrics").status, 200)
            service.open.set()
            self.assertEqual(process.process.wait(30), 0)
            with self.assertRaises((OSError, http.client.HTTPException)):
                process.get("/health")


if __name__ == "__main__":
    unittest.main()
