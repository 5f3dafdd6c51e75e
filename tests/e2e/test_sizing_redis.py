"""Sizes over Redis: Celery's Python client, and producers who push to the queue themselves."""

import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from celery_world import skip_reason
from platform_process import Platform, free_port
from stand_in import StandIn
from test_sizing import BODIES, NEEDS_MODELS, NEEDS_PICTURES, POSE, Pictures

CLIENT = """
import celery, json, sys
app = celery.Celery(broker=sys.argv[1], backend=sys.argv[1])
for args, kwargs in json.loads(sys.argv[2]):
    result = app.send_task("estimate_body", args=args, kwargs=kwargs)
    try:
        print(json.dumps(["returned", result.get(timeout=60)]), flush=True)
    except Exception as error:
        print(json.dumps([type(error).__name__, [str(part) for part in error.args]]), flush=True)
"""


QUEUE = "wearon:tasks:sizing"


@NEEDS_MODELS
@NEEDS_PICTURES
@unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed")
class SizingOverRedis(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="selvage-sizing-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.port = free_port()
        redis = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder),
                                  "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL)
        self.addCleanup(lambda: (redis.kill(), redis.wait()))
        self.redis = f"redis://127.0.0.1:{self.port}/0"
        self.pictures = Pictures([POSE, BODIES])
        self.addCleanup(self.pictures.close)
        self.photo = f"{self.pictures.url}/{sorted(BODIES.glob('*.jpg'))[0].name}"

    def push(self, task):
        text = json.dumps(task).encode()
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            words = [b"LPUSH", QUEUE.encode(), text]
            connection.sendall(b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
            self.assertTrue(connection.recv(100).startswith(b":"))

    def test_an_api_and_a_worker_share_the_queue_with_plain_producers(self):
        settings = {"QUEUE_URL": self.redis, "EGRESS_ALLOW": "127.0.0.0/8"}
        with Platform("api", settings=settings) as api:
            key, stranger = api.key("store-1", "b2b"), api.key("store-2", "b2b")
            with Platform("worker", api.data, settings):
                accepted = api.post_json("/v1/size-estimates", {"image_url": self.photo, "height_cm": 172}, key)
                self.assertEqual(accepted.status, 202, accepted)
                self.push({"task_id": "plain-1", "channel": "b2b", "store_id": "store-1", "image_url": self.photo, "height_cm": 172})
                self.push({"task_id": "bad-1", "store_id": "store-1", "image_url": self.photo, "height_cm": 17})
                self.push({"task_id": accepted.json["id"], "store_id": "store-2", "image_url": self.photo, "height_cm": 111})
                places = [accepted.headers["Location"], "/v1/size-estimates/plain-1"]
                for place in places:
                    api.wait_until(lambda: api.get(place, key).status == 200 and api.get(place, key).json["status"] != "queued", place)
                mine, plain = (api.get(place, key).json for place in places)
                self.assertEqual((mine["status"], plain["status"]), ("completed", "completed"), (mine, plain))
                self.assertEqual(mine["answer"], plain["answer"])
                self.assertEqual([api.get(place, stranger).status for place in places], [404, 404])
                bad = api.get("/v1/size-estimates/bad-1", key).json
                self.assertEqual((bad["status"], bad["error"]["code"]), ("failed", "json.invalid"), bad)
                self.assertEqual(api.get("/v1/size-estimates/bad-1", stranger).status, 404)
                dead = api.command("queue", "dead", "--queue", QUEUE, check=False)
                self.assertIn("bad-1", dead[1], dead)

    @unittest.skipIf(skip_reason(), skip_reason())
    def test_pythons_clients_get_the_size_or_an_exception(self):
        url, photo, pictures = self.redis, self.photo, self.pictures
        calls = [[[photo, 172], {}], [[photo], {"height_cm": 172, "fit": "regular"}], [[f"{pictures.url}/neg_none_cat.jpg", 172], {}],
                 [[photo, 17], {}], [[photo, 172, "male", "slim", "standard", 1], {}], [[photo, 172], {"height_cm": 3}],
                 [["http://10.0.0.1/x.jpg", 172], {}]]
        collector = StandIn("otlp_collector.py")
        self.addCleanup(collector.kill)
        with Platform("worker", settings={"QUEUE_URL": url, "CELERY_QUEUES": "celery", "EGRESS_ALLOW": "127.0.0.0/8",
                                          "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.host}"}) as platform:
            platform.wait_until(lambda: platform.log_lines("started"), "the worker runs")
            client = subprocess.run([sys.executable, "-c", CLIENT, url, json.dumps(calls)], capture_output=True, text=True, timeout=120)
            self.assertEqual(client.returncode, 0, client.stderr)
            answers = [json.loads(line) for line in client.stdout.splitlines()]
            self.assertEqual(platform.stop(), 0)
        self.assertEqual(answers[0][0], "returned", answers[0])
        self.assertIn("recommended_size", answers[0][1])
        self.assertEqual(answers[1], answers[0])
        self.assertEqual(answers[2][0], "SizingFailed", answers[2])
        self.assertTrue(answers[2][1][0].startswith("sizing."), answers[2])
        for wrong in answers[3:6]:
            self.assertEqual(wrong[0], "ValueError", wrong)
        self.assertEqual(answers[6][0], "SizingFailed", answers[6])
        spans = collector.ask("GET", "/_standin/spans")
        runs = sorted((s for s in spans if s["name"] == "process estimate_body"), key=lambda s: s["start"])
        self.assertEqual(len(runs), len(calls))
        outcomes = [run["attributes"].get("selvage.sizing") for run in runs]
        self.assertEqual(outcomes[:3], ["sized", "cached", answers[2][1][0]])
        stages = [s["name"] for s in spans if s["parent_id"] == runs[0]["span_id"]]
        self.assertLessEqual({"fetch", "turn", "decode", "detect", "landmarks", "measure"}, set(stages))


if __name__ == "__main__":
    unittest.main()
