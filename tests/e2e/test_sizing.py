"""Body sizing through the public API of a real process: real photos, bad input, load, privacy."""

import concurrent.futures
import http.server
import json
import os
import pathlib
import socket
import struct
import tempfile
import threading
import time
import unittest

from platform_process import MODELS, ROOT, SAMPLES, Platform, form
from stand_in import StandIn
from test_bad_input import HOSTILE_URLS, bomb, png

SHARED = pathlib.Path(os.environ.get("SELVAGE_SHARED_DATA", ROOT / "../shared/data")).resolve()
POSE = SHARED / "pose"
BODIES = SHARED / "bodies"
MEASURES = ("shoulder", "chest", "waist", "hip", "inseam", "arm")
LETTERS = ("XS", "S", "M", "L", "XL", "XXL")

NEEDS_MODELS = unittest.skipUnless(MODELS.exists(), "no pose models: run tools/fetch_models")
NEEDS_PICTURES = unittest.skipUnless(POSE.exists() and BODIES.exists(),
                                     f"{SHARED} is not there (SELVAGE_SHARED_DATA names it elsewhere)")


class Pictures:
    """Serves files over HTTP on loopback; a path /slow/... answers only when let go."""

    def __init__(self, folders):
        self.let_go = threading.Event()
        self.asked = 0
        pictures = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                pictures.asked += 1
                path = self.path.split("?")[0]
                if path.startswith("/slow/"):
                    pictures.let_go.wait(30)
                found = [f / path.rsplit("/", 1)[1] for f in folders if (f / path.rsplit("/", 1)[1]).is_file()]
                try:
                    if path.startswith("/away/") or not found:
                        self.send_error(503 if path.startswith("/away/") else 404)
                        return
                    data = found[0].read_bytes()
                    kind = {".png": "image/png", ".json": "application/json"}.get(found[0].suffix, "image/jpeg")
                    self.send_response(200)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # whoever asked has gone

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


def upload(platform, key, photo, path="/estimate-body", **fields):
    parts = [("image", "photo.jpg", photo)] if photo is not None else []
    body, kind = form(parts + [(name, None, str(value).encode()) for name, value in fields.items()])
    return platform.request("POST", path, body, {"Content-Type": kind, "Authorization": f"Bearer {key}"})


def metric(platform, name):
    total = 0.0
    for line in platform.get("/metrics").body.decode().splitlines():
        if line.startswith(name):
            total += float(line.rsplit(" ", 1)[1])
    return total


@NEEDS_MODELS
@NEEDS_PICTURES
class Sizing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pictures = Pictures([POSE, BODIES])
        cls.platform = Platform(settings={"EGRESS_ALLOW": "127.0.0.0/8", "SIZING_WORKERS": "2",
                                          "EGRESS_MAX_BYTES": "4MiB", "SIZING_TIMEOUT": "20s"})
        cls.key = cls.platform.key("store-1", "b2b")
        cls.body = sorted(BODIES.glob("*.jpg"))[0]
        cls.photo = cls.body.read_bytes()

    @classmethod
    def tearDownClass(cls):
        cls.platform.close()
        cls.pictures.close()

    def ask(self, url, height=172, key=None, **members):
        return self.ask_of(self.platform, key or self.key, url, height, **members)

    def ask_of(self, platform, key, url, height=172, **members):
        return platform.post_json("/estimate-body", {"image_url": url, "height_cm": height, **members}, key)

    def refused(self, answer, statuses, code=None):
        self.assertIn(answer.status, statuses, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json", answer)
        problem = answer.json
        self.assertTrue(problem["detail"] and problem["request_id"], problem)
        if code:
            self.assertEqual(problem["code"], code, problem)
        return problem

    def test_a_url_and_a_height_become_a_size(self):
        answer = self.ask(f"{self.pictures.url}/{self.body.name}")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        size = answer.json
        self.assertIn(size["recommended_size"], LETTERS)
        self.assertTrue(0 < size["confidence"] <= 1, size)
        self.assertEqual(sorted(size["measurements"]), sorted(MEASURES))
        for measure in MEASURES:
            value = size["measurements"][measure]
            self.assertTrue(10 < value["cm"] < 200 and 0 < value["uncertainty_cm"] < 20, (measure, value))
        self.assertAlmostEqual(sum(option["probability"] for option in size["sizes"]), 1, delta=0.01)
        best = max(size["sizes"], key=lambda option: option["probability"])
        self.assertEqual((best["size"], best["probability"]), (size["recommended_size"], size["confidence"]))
        for neighbour in size["neighbours"].values():
            self.assertTrue(neighbour is None or neighbour in size["sizes"], neighbour)
        self.assertNotIn("pose", size)

    def test_an_upload_gets_the_same_answer_as_its_url(self):
        by_url = self.ask(f"{self.pictures.url}/{self.body.name}", 168, sex="female", fit="loose")
        by_upload = upload(self.platform, self.key, self.photo, height_cm="168", sex="female", fit="loose")
        self.assertEqual(by_upload.status, 200, by_upload)
        self.assertEqual(by_upload.json, by_url.json)

    def test_the_pose_comes_when_it_is_asked_for(self):
        for answer in (self.ask(f"{self.pictures.url}/{self.body.name}", include="pose"),
                       upload(self.platform, self.key, self.photo, "/estimate-body?include=pose", height_cm=172)):
            self.assertEqual(answer.status, 200, answer)
            pose = answer.json["pose"]
            self.assertEqual(len(pose["landmarks"]), 33)
            self.assertEqual(pose["landmarks"][0]["name"], "nose")
            self.assertTrue({"chest", "waist", "hip"} <= {line["name"] for line in pose["lines"]}, pose["lines"])
            for line in pose["lines"]:
                self.assertTrue(0 <= line["x0"] <= pose["image_width"] and 0 <= line["y1"] <= pose["image_height"], line)

    def test_photos_without_a_whole_body_are_422_with_a_word_about_what_to_do(self):
        negatives = sorted(POSE.glob("neg_*.jpg"))
        self.assertTrue(negatives)
        for picture in negatives:
            with self.subTest(picture=picture.name):
                problem = self.refused(self.ask(f"{self.pictures.url}/{picture.name}"), (422,))
                self.assertTrue(problem["code"].startswith("sizing."), problem)
                self.assertTrue(problem["hint"], problem)
        self.refused(self.ask(f"{self.pictures.url}/neg_none_cars.jpg"), (422,))
        self.assertGreater(metric(self.platform, 'sizing_refusals_total{reason="sizing.no_person"}'), 0)

    def test_each_refusal_is_counted_by_its_reason(self):
        reasons = {"neg_none_cat.jpg": "no_person", "neg_upper_astronaut.jpg": "legs_cropped", "full_sitting_woman.jpg": "sitting",
                   "full_pose_yoga.jpg": "sitting", "full_tree_pose.jpg": "sitting", "multi_cyclists.jpg": "several_people",
                   "full_man_suit.jpg": "turned_away"}
        with Platform("api", settings={"EGRESS_ALLOW": "127.0.0.0/8", "SIZING_WORKERS": "1"}) as platform:
            key = platform.key("store-1", "b2b")
            expected = {}
            for name, reason in reasons.items():
                with self.subTest(picture=name):
                    problem = self.refused(upload(platform, key, (POSE / name).read_bytes(), height_cm=172), (422,), "sizing." + reason)
                    self.assertTrue(problem["hint"], problem)
                    expected[reason] = expected.get(reason, 0) + 1
                    self.assertEqual(metric(platform, f'sizing_refusals_total{{reason="sizing.{reason}"}}'), expected[reason])
            code = self.refused(upload(platform, key, self.photo[:2000], height_cm=172), (422,))["code"]
            self.assertEqual(metric(platform, f'sizing_refusals_total{{reason="{code}"}}'), 1, code)
            self.refused(self.ask_of(platform, key, f"{self.pictures.url}/no-such.jpg"), (422,), "egress.status")
            self.assertEqual(metric(platform, "sizing_refusals_total") + metric(platform, "sizing_failures_total"), len(reasons) + 2)
            self.assertEqual(metric(platform, 'sizing_requests_total{outcome="refused"}') +
                             metric(platform, 'sizing_requests_total{outcome="failed"}'), len(reasons) + 2)
            self.assertEqual(metric(platform, 'sizing_requests_total{outcome="sized"}'), 0)

    def test_heights_that_cannot_be(self):
        url = f"{self.pictures.url}/{self.body.name}"
        before = self.pictures.asked
        for height in (None, "172", 0, -5, 99.9, 250.1, 17200, 1e300, True, [172], {}):
            with self.subTest(height=height):
                self.assertIn("height_cm", self.refused(self.ask(url, height), (400,))["detail"])
        for raw in ("NaN", "Infinity", "-Infinity", "1e999", "0x80"):
            with self.subTest(height=raw):
                self.refused(self.platform.post_json("/estimate-body", f'{{"image_url": "{url}", "height_cm": {raw}}}', self.key), (400,))
        for text in ("", "nan", "inf", "172cm", "1e999", " 172", "99", "251"):
            with self.subTest(form=text):
                self.refused(upload(self.platform, self.key, self.photo, height_cm=text), (400,))
        self.refused(upload(self.platform, self.key, self.photo), (400,))
        self.assertEqual(self.pictures.asked, before, "nothing is fetched for a request that is wrong")
        for height in (100, 250, 172.5):
            self.assertIn(self.ask(url, height).status, (200, 422))

    def test_requests_that_are_wrong(self):
        url = f"{self.pictures.url}/{self.body.name}"
        for body in ("", "{", "[]", "null", "1", '{"height_cm": 172}', {"image_url": 7, "height_cm": 172},
                     {"image_url": "", "height_cm": 172}, {"image_url": url, "height_cm": 172, "sex": "x"},
                     {"image_url": url, "height_cm": 172, "fit": "tight"}, {"image_url": url, "height_cm": 172, "more": 1},
                     {"image_url": url, "height_cm": 172, "include": "photo"}, {"image_url": url, "height_cm": 172, "chart": 7},
                     {"image_url": url, "height_cm": 172, "chart": "../x"}, {"image_url": url, "height_cm": 172, "chart": {"name": "x"}},
                     {"image_url": "http://x/" + "a" * 3000, "height_cm": 172}, "[" * 5000):
            with self.subTest(body=str(body)[:60]):
                self.refused(self.platform.post_json("/estimate-body", body, self.key), (400,))
        self.refused(self.ask(url, chart="no-such-chart"), (422,), "sizing.chart_unknown")
        self.refused(self.platform.request("POST", "/estimate-body", b"x", {"Content-Type": "text/plain", "Authorization": f"Bearer {self.key}"}), (400,))
        self.refused(upload(self.platform, self.key, self.photo, height_cm=172, image_url=url), (400,))
        self.refused(upload(self.platform, self.key, None, height_cm=172), (400,))
        self.refused(self.platform.post_json("/estimate-body?include=all", {"image_url": url, "height_cm": 172}, self.key), (400,))

    def test_files_that_are_no_pictures_bombs_and_broken_ones(self):
        broken = [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff" + b"\0" * 100, self.photo[:2000], png(0, 0),
                  bomb(), png(60_000, 10), b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 1 << 31), os.urandom(50_000), b"GIF89a" + b"\0" * 50,
                  self.photo + b"\0" * (5 << 20)]
        for number, data in enumerate(broken):
            with self.subTest(number=number, size=len(data)):
                self.refused(upload(self.platform, self.key, data, height_cm=172), (400, 422, 413))
        self.refused(self.ask(f"{self.pictures.url}/mediapipe-full.json"), (422,))
        self.assertEqual(self.platform.get("/health").json["status"], "ok")

    def test_urls_that_may_not_or_cannot_be_fetched(self):
        with Platform(settings={"SIZING_WORKERS": "1"}) as strict:  # nothing private is allowed here
            key = strict.key("store-1", "b2b")
            for url in HOSTILE_URLS:
                with self.subTest(url=url[:60]):
                    answer = strict.post_json("/estimate-body", json.dumps({"image_url": url, "height_cm": 172}), key)
                    self.refused(answer, (400, 422))
        self.refused(self.ask(f"{self.pictures.url}/no-such.jpg"), (422,), "egress.status")
        self.refused(self.ask(f"{self.pictures.url}/away/x.jpg"), (422,))
        self.refused(self.ask("http://127.0.0.1:1/x.jpg"), (422,))

    def test_only_with_a_key_that_may_submit(self):
        body = {"image_url": f"{self.pictures.url}/{self.body.name}", "height_cm": 172}
        self.assertEqual(self.platform.post_json("/estimate-body", body).status, 401)
        self.assertEqual(self.platform.post_json("/estimate-body", body, "sk_wrong").status, 401)
        reader = self.platform.key("store-1", "b2b", 0, rights="read")
        self.assertEqual(self.platform.post_json("/estimate-body", body, reader).status, 403)
        self.assertEqual(self.platform.post_json("/estimate-body", body, self.platform.admin_key()).status, 200)

    def test_many_clients_at_once_each_get_their_own_answer(self):
        people = sorted(BODIES.glob("*.jpg"))[:6]
        alone = {p: upload(self.platform, self.key, p.read_bytes(), height_cm=181).json for p in people}
        before = metric(self.platform, 'sizing_requests_total{outcome="cached"}')

        def one(number):
            person = people[number % len(people)]
            height = 150 + number % 4
            return person, height, upload(self.platform, self.key, person.read_bytes(), height_cm=height if number % 2 else 181)

        with concurrent.futures.ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(one, range(48)))
        for number, (person, _, answer) in enumerate(answers):
            self.assertEqual(answer.status, 200, answer)
            if number % 2 == 0:
                self.assertEqual(answer.json, alone[person])
        self.assertGreater(metric(self.platform, 'sizing_requests_total{outcome="cached"}'), before, "the same photo again")

    def test_clients_that_leave_do_not_keep_their_places(self):
        body = json.dumps({"image_url": f"{self.pictures.url}/slow/{self.body.name}", "height_cm": 172}).encode()
        self.pictures.let_go.clear()
        clients = []
        for _ in range(8):
            client = socket.create_connection(("127.0.0.1", self.platform.port))
            client.sendall(b"POST /estimate-body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (self.key.encode(), len(body), body))
            clients.append(client)
        self.platform.wait_until(lambda: metric(self.platform, "sizing_active") == 8, "eight are under way")
        for client in clients:
            client.close()
        self.pictures.let_go.set()
        self.platform.wait_until(lambda: metric(self.platform, "sizing_active") == 0, "their places are free")
        self.assertEqual(upload(self.platform, self.key, self.photo, height_cm=172).status, 200)

    def test_a_task_is_sized_later_and_forgotten_when_its_owner_says_so(self):
        request = {"image_url": f"{self.pictures.url}/{self.body.name}?token=very-secret-token", "height_cm": 172, "include": "pose"}
        accepted = self.platform.post_json("/v1/size-estimates", request, self.key)
        self.assertEqual(accepted.status, 202, accepted)
        place = accepted.headers["Location"]
        self.assertEqual(place, "/v1/size-estimates/" + accepted.json["id"])
        self.platform.wait_until(lambda: self.platform.get(place, self.key).json["status"] != "queued", "the task ends")
        estimate = self.platform.get(place, self.key).json
        self.assertEqual(estimate["status"], "completed", estimate)
        self.assertEqual(estimate["answer"], self.ask(request["image_url"], include="pose").json)
        stranger = self.platform.key("store-2", "b2b")
        self.assertEqual(self.platform.get(place, stranger).status, 404)
        self.assertEqual(self.platform.request("DELETE", place, headers={"Authorization": f"Bearer {stranger}"}).status, 404)
        self.assertEqual(self.platform.request("DELETE", place, headers={"Authorization": f"Bearer {self.key}"}).status, 204)
        self.assertEqual(self.platform.get(place, self.key).status, 404)

        nobody = self.platform.post_json("/v1/size-estimates", {"image_url": f"{self.pictures.url}/neg_none_cat.jpg", "height_cm": 172}, self.key)
        place = nobody.headers["Location"]
        self.platform.wait_until(lambda: self.platform.get(place, self.key).json["status"] == "failed", "the task fails")
        self.assertTrue(self.platform.get(place, self.key).json["error"]["code"].startswith("sizing."))
        self.refused(self.platform.post_json("/v1/size-estimates", {"image_url": "http://10.0.0.1/x.jpg", "height_cm": 172}, self.key), (422,))

    def test_charts_of_a_store(self):
        store, other = self.platform.key("chart-store", "b2b"), self.platform.key("other-store", "b2b")
        def chart(names):
            return {"name": "Shirts", "sizes": [{"label": n, "chest": [60 + 20 * i, 80 + 20 * i]} for i, n in enumerate(names)]}
        def put(id, document, key):
            return self.platform.request("PUT", f"/v1/size-charts/{id}", document if isinstance(document, str) else json.dumps(document),
                                         {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        url = f"{self.pictures.url}/{self.body.name}"
        added = put("shirts", chart(["one", "two", "three", "four"]), store)
        self.assertEqual(added.status, 201, added)
        self.assertEqual(put("shirts", chart(["I", "II", "III", "IV"]), store).status, 200)
        self.assertEqual([c["id"] for c in self.platform.get("/v1/size-charts", store).json["size_charts"]], ["shirts"])
        self.assertEqual(self.platform.get("/v1/size-charts", other).json["size_charts"], [])
        self.assertEqual(self.platform.get("/v1/size-charts/shirts", other).status, 404)
        answer = self.ask(url, key=store, chart="shirts")
        self.assertIn(answer.json["recommended_size"], ("I", "II", "III", "IV"), answer)
        self.assertEqual(answer.json["chart"], {"name": "Shirts", "measure": "chest"})
        self.refused(self.ask(url, key=other, chart="shirts"), (422,), "sizing.chart_unknown")
        self.assertIn(self.ask(url, key=store).json["recommended_size"], LETTERS)
        self.assertEqual(put("default", chart(["a", "b", "c", "d"]), store).status, 201)
        self.assertIn(self.ask(url, key=store).json["recommended_size"], "abcd")
        self.assertIn(self.ask(url, key=store, chart="standard").json["recommended_size"], LETTERS)
        self.assertEqual(put("default", chart(["e", "f", "g", "h"]), store).status, 200)
        self.assertIn(self.ask(url, key=store).json["recommended_size"], "efgh", "no answer by the chart of before")
        self.assertIn(self.ask(url, key=other, chart=chart(["p", "q", "r", "s"])).json["recommended_size"], "pqrs")
        for bad in ("", "{", "[]", chart([]), {**chart(["x"]), "unit": "ell"}, chart(["x", "x"]), {"name": "x", "sizes": [{"label": "x", "chest": [90, 80]}]}):
            self.refused(put("bad", bad, store), (400,))
        self.refused(put("Bad%20Name", chart(["x"]), store), (400,), "size_chart.id")
        self.refused(put("standard", chart(["x"]), store), (400,), "size_chart.id")
        self.assertEqual(put("x", chart(["x"]), self.platform.key("shopper", "b2c")).status, 403)
        self.assertEqual(put("x", chart(["x"]), self.platform.key("chart-store", "b2b", 0, rights="read")).status, 403)
        self.assertEqual(self.platform.request("DELETE", "/v1/size-charts/shirts", headers={"Authorization": f"Bearer {store}"}).status, 204)
        self.assertEqual(self.platform.get("/v1/size-charts/shirts", store).status, 404)

    def test_the_stages_are_timed(self):
        self.ask(f"{self.pictures.url}/{self.body.name}", 199)
        for stage in ("chart", "fetch", "turn", "decode", "detect", "landmarks", "measure", "all"):
            self.assertGreater(metric(self.platform, f'sizing_stage_seconds_count{{stage="{stage}"}}'), 0, stage)


@NEEDS_MODELS
@NEEDS_PICTURES
class SizingPrivacy(unittest.TestCase):
    def test_nothing_of_a_photo_or_its_url_is_kept(self):
        pictures = Pictures([POSE, BODIES])
        body = sorted(BODIES.glob("*.jpg"))[1]
        photo = body.read_bytes()
        collector = StandIn("otlp_collector.py")
        self.addCleanup(collector.kill)
        elsewhere = tempfile.TemporaryDirectory(prefix="selvage-e2e-tmp-")
        self.addCleanup(elsewhere.cleanup)
        with Platform(settings={"EGRESS_ALLOW": "127.0.0.0/8", "LOG_LEVEL": "debug", "SIZING_WORKERS": "1", "TMPDIR": elsewhere.name,
                                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.host}"}) as platform:
            key = platform.key("private-store", "b2b")
            url = f"{pictures.url}/{body.name}?X-Amz-Signature=signed-and-secret"
            self.assertEqual(platform.post_json("/estimate-body", {"image_url": url, "height_cm": 172}, key).status, 200)
            self.assertEqual(upload(platform, key, photo, height_cm=172).status, 200)
            for name in ("no-such.jpg", "neg_none_cat.jpg"):
                platform.post_json("/estimate-body", {"image_url": f"{pictures.url}/{name}?X-Amz-Signature=signed-and-secret", "height_cm": 172}, key)
            task = platform.post_json("/v1/size-estimates", {"image_url": url, "height_cm": 173}, key)
            platform.wait_until(lambda: platform.get(task.headers["Location"], key).json["status"] == "completed", "the task ends")
            self.assertNotIn(b"signed-and-secret", platform.get("/metrics").body)
            self.assertEqual(platform.stop(), 0)
            pieces = [photo[i:i + 64] for i in range(len(photo) // 4, len(photo) - 64, len(photo) // 8)]
            kept = {str(f.relative_to(platform.data)) for f in platform.data.rglob("*") if f.is_file()}
            self.assertTrue(any(name.endswith(".db") for name in kept), kept)
            for file in platform.data.rglob("*"):
                if file.is_file():
                    data = file.read_bytes()
                    self.assertNotIn(b"signed-and-secret", data, file)
                    self.assertFalse([piece for piece in pieces if piece in data], file)
            self.assertFalse([name for name in kept if name.endswith((".jpg", ".png", ".webp"))], kept)
            self.assertEqual(list(pathlib.Path(elsewhere.name).iterdir()), [])
            spans = json.dumps(collector.ask("GET", "/_standin/spans"))
            self.assertIn("process sizing", spans)
            for secret in ("signed-and-secret", body.name, "recommended_size"):
                self.assertNotIn(secret, spans)
        pictures.close()


@NEEDS_MODELS
@NEEDS_PICTURES
class SizingLimits(unittest.TestCase):
    def test_too_many_at_once_are_told_when_to_come_back(self):
        pictures = Pictures([POSE, BODIES])
        body = sorted(BODIES.glob("*.jpg"))[0]
        with Platform(settings={"EGRESS_ALLOW": "127.0.0.0/8", "SIZING_WORKERS": "1", "SIZING_MAX_REQUESTS": "3", "SIZING_PER_OWNER": "2"}) as platform:
            first, second = platform.key("store-1", "b2b"), platform.key("store-2", "b2b")
            slow = {"image_url": f"{pictures.url}/slow/{body.name}", "height_cm": 172}
            with concurrent.futures.ThreadPoolExecutor(3) as clients:
                waiting = [clients.submit(platform.post_json, "/estimate-body", slow, key) for key in (first, first, second)]
                platform.wait_until(lambda: metric(platform, "sizing_active") == 3, "three are under way")
                busy = platform.post_json("/estimate-body", slow, second)
                self.assertEqual((busy.status, busy.json["code"]), (503, "sizing.busy"), busy)
                self.assertGreater(int(busy.headers["Retry-After"]), 0)
                pictures.let_go.set()
                self.assertEqual([w.result().status for w in waiting], [200, 200, 200])
            pictures.let_go.clear()
            with concurrent.futures.ThreadPoolExecutor(2) as clients:
                waiting = [clients.submit(platform.post_json, "/estimate-body", slow, first) for _ in range(2)]
                platform.wait_until(lambda: metric(platform, "sizing_active") == 2, "two are under way")
                busy = platform.post_json("/estimate-body", slow, first)
                self.assertEqual((busy.status, busy.json["code"]), (429, "sizing.owner_busy"), busy)
                self.assertGreater(int(busy.headers["Retry-After"]), 0)
                self.assertEqual(upload(platform, second, body.read_bytes(), height_cm=172).status, 200, "others still have a place")
                pictures.let_go.set()
                self.assertEqual([w.result().status for w in waiting], [200, 200])
        pictures.close()

    def test_a_photo_that_does_not_come_in_time_is_a_504(self):
        pictures = Pictures([POSE, BODIES])
        with Platform(settings={"EGRESS_ALLOW": "127.0.0.0/8", "SIZING_WORKERS": "1", "SIZING_TIMEOUT": "300ms"}) as platform:
            begin = time.monotonic()
            answer = platform.post_json("/estimate-body", {"image_url": f"{pictures.url}/slow/x.jpg", "height_cm": 172}, platform.key())
            self.assertEqual((answer.status, answer.json["code"]), (504, "sizing.timeout"), answer)
            self.assertLess(time.monotonic() - begin, 15)
        pictures.close()

    def test_stopping_does_not_wait_for_a_slow_picture_host(self):
        pictures = Pictures([POSE, BODIES])
        with Platform(settings={"EGRESS_ALLOW": "127.0.0.0/8", "SIZING_WORKERS": "1", "DRAIN_GRACE": "1s"}) as platform:
            key = platform.key()
            with concurrent.futures.ThreadPoolExecutor(1) as client:
                waiting = client.submit(platform.post_json, "/estimate-body", {"image_url": f"{pictures.url}/slow/x.jpg", "height_cm": 172}, key)
                platform.wait_until(lambda: metric(platform, "sizing_active") == 1, "it is under way")
                self.assertEqual(platform.stop(20), 0)
                try:
                    waiting.result()
                except OSError:
                    pass  # cut, as everything is when the grace is over
                except Exception as error:  # http.client has exceptions of its own for that
                    self.assertIn("emote", type(error).__name__ + str(error))
        pictures.close()


class SizingWithoutModels(unittest.TestCase):
    def test_the_platform_runs_and_says_what_is_missing(self):
        settings = {"SIZING": "true", "SIZING_MODELS": "/nonexistent/models"}
        with Platform(settings=settings, wait=False) as platform:
            platform.wait_until(lambda: platform.get("/ready").status == 200, "it is ready")
            platform.wait_until(lambda: "/nonexistent/models" in platform.get("/health").json["components"]["sizing"].get("error", ""), "health names it")
            health = platform.get("/health").json
            self.assertEqual((health["status"], health["components"]["sizing"]["status"]), ("degraded", "degraded"))
            key = platform.key(credits=5)
            answer = upload(platform, key, (SAMPLES / "person-1.jpg").read_bytes(), height_cm=172)
            self.assertEqual((answer.status, answer.json["code"]), (503, "sizing.unavailable"), answer)
            self.assertTrue(answer.json["hint"] and answer.headers["Retry-After"], answer)
            self.assertNotIn("/nonexistent", answer.body.decode(), "paths are for operators")
            job = platform.submit(key)
            self.assertEqual(job.status, 202, job)
            self.assertEqual(platform.wait_job(key, job.json["id"])["status"], "completed")

    def test_switched_off(self):
        with Platform(settings={"SIZING": "false"}) as platform:
            self.assertNotIn("sizing", platform.get("/health").json["components"])
            answer = upload(platform, platform.key(), b"x", height_cm=172)
            self.assertEqual((answer.status, answer.json["code"]), (503, "sizing.off"), answer)


if __name__ == "__main__":
    unittest.main()
