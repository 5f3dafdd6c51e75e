"""Scheduled tasks run: by our own workers on the embedded queue, and by Python's Celery on Redis."""

import datetime
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from celery_world import skip_reason
from platform_process import Platform, free_port

PYTHON_WORKER = """
import celery, json, sys
app = celery.Celery(broker=sys.argv[1])
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)

@app.task(name="shop.sync", bind=True)
def sync(self, *args, **kwargs):
    with open(sys.argv[2], "a") as done:
        done.write(json.dumps([self.request.id, args, kwargs, self.request.expires]) + "\\n")

app.worker_main(["worker", "--pool=solo", "--concurrency=1", "--queues=celery,slow", "--loglevel=warning",
                 "--without-gossip", "--without-mingle"])
"""


def times_of(ids):
    return [datetime.datetime.fromisoformat(i.split("@")[1].replace("Z", "+00:00")).timestamp() for i in ids]


class Receiver:
    """Takes the posts of `http` tasks; {task id: how often}."""

    def __init__(self):
        self.bodies = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.append((dict(self.headers), json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class SchedulesRun(unittest.TestCase):
    def check_each_second_once(self, ids, name):
        times = sorted(times_of(i for i in ids if i.startswith(name + "@")))
        self.assertGreaterEqual(len(times), 3)
        self.assertEqual(times, [times[0] + i for i in range(len(times))])

    def test_our_worker_runs_them_on_the_embedded_queue(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        with Platform(settings={"CELERY_QUEUES": "celery", "CELERY_HTTP_TASKS": f"shop.sync={receiver.url}"}) as platform:
            platform.command("schedule", "add", "tick", "--every", "1s", "--task", "shop.sync", "--args", "[7]")
            platform.wait_until(lambda: len(receiver.bodies) >= 3, "the schedule's tasks run")
            platform.stop()
        self.assertTrue(all(7 in body.get("args", []) for _, body in receiver.bodies), receiver.bodies[0])

    @unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed")
    @unittest.skipIf(skip_reason(), skip_reason())
    def test_pythons_worker_runs_them_on_redis(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="selvage-celery-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        port = free_port()
        redis = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder),
                                  "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL)
        self.addCleanup(lambda: (redis.kill(), redis.wait()))
        url = f"redis://127.0.0.1:{port}/0"
        (folder / "worker.py").write_text(PYTHON_WORKER)
        done = folder / "done"
        with Platform("beat", settings={"QUEUE_URL": url}) as platform:
            platform.wait_until(lambda: platform.log_lines("started"), "beat runs")
            platform.command("schedule", "add", "tick", "--every", "1s", "--task", "shop.sync", "--args", "[1]",
                             "--kwargs", '{"full": true}', "--priority", "5", "--expires", "1h")
            platform.command("schedule", "add", "other", "--every", "1s", "--task", "shop.sync", "--queue", "slow")
            worker = subprocess.Popen([sys.executable, str(folder / "worker.py"), url, str(done)], cwd=folder)
            self.addCleanup(lambda: (worker.kill(), worker.wait()))

            def runs():
                return [json.loads(line) for line in done.read_text().splitlines()] if done.exists() else []

            platform.wait_until(lambda: min(sum(r[0].startswith(n) for r in runs()) for n in ("tick", "other")) >= 5,
                                "Python runs the schedule's tasks", 120)
            by_hand = platform.command("schedule", "run", "tick")[1].strip()  # another process ships it
            platform.wait_until(lambda: by_hand in [run[0] for run in runs()], "what a person sends runs as well")
            self.assertEqual(platform.stop(), 0)
            time.sleep(1.5)
            all_runs = [run for run in runs() if run[0] != by_hand]
            for name in ("tick", "other"):
                self.check_each_second_once([run[0] for run in all_runs], name)
            tick = next(run for run in all_runs if run[0].startswith("tick"))
            self.assertEqual(tick[1:3], [[1], {"full": True}])
            self.assertIsNotNone(tick[3])


if __name__ == "__main__":
    unittest.main()
