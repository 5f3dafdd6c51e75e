"""The main job, end to end, through the public API of a real process."""

import http.server
import json
import threading
import unittest

from platform_process import SAMPLES, Platform


class PictureServer:
    """Serves the samples over HTTP on loopback, as a shop's CDN would."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = SAMPLES / self.path.lstrip("/")
                if not path.is_file():
                    self.send_error(404)
                    return
                data = path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", "image/png" if path.suffix == ".png" else "image/jpeg")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except BrokenPipeError:
                    pass  # the job failed for its other picture, so this one is not wanted any more

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class MainJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pictures = PictureServer()
        cls.platform = Platform(settings={"EGRESS_ALLOW": "127.0.0.0/8"})

    @classmethod
    def tearDownClass(cls):
        cls.platform.close()
        cls.pictures.server.shutdown()

    def picture_of(self, key, job):
        self.assertEqual(job["status"], "completed", job)
        answer = self.platform.get(job["result_url"])
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.body.startswith(b"\xff\xd8\xff"), "a JPEG")
        return answer.body

    def test_uploaded_pictures_become_a_picture_and_cost_one_credit(self):
        key = self.platform.key("upload-user", credits=5)
        accepted = self.platform.submit(key)
        self.assertEqual(accepted.status, 202, accepted)
        self.assertEqual(accepted.headers["Location"], "/v1/jobs/" + accepted.json["id"])
        job = self.platform.wait_job(key, accepted.json["id"])
        self.assertGreater(len(self.picture_of(key, job)), 10_000)
        self.assertEqual(job["provider"], "local")
        self.assertEqual(self.platform.get("/v1/credits", key).json["balance"], 4)
        self.platform.ledger_is_exact()
        self.platform.wait_until(lambda: not self.platform.stored_files("inputs"), "inputs are removed", 10)

    def test_urls_become_a_picture_for_a_store(self):
        key = self.platform.key("store-1", "b2b", 5)
        accepted = self.platform.post_json("/v1/jobs", {
            "person_image_url": self.pictures.url + "/person-2.jpg",
            "garment_image_urls": [self.pictures.url + "/garment-2.png"]}, key)
        self.assertEqual(accepted.status, 202, accepted)
        job = self.platform.wait_job(key, accepted.json["id"])
        self.picture_of(key, job)
        self.assertEqual(self.platform.stored_files("results/stores/store-1"), [job["id"] + ".jpg"])
        redirect = self.platform.get(f"/v1/jobs/{job['id']}/result", key)
        self.assertEqual(redirect.status, 302)
        self.assertTrue(redirect.headers["Location"].startswith("/files/results/stores/store-1/"))

    def test_an_unreachable_picture_fails_the_job_and_refunds_it(self):
        key = self.platform.key("refund-user", credits=5)
        accepted = self.platform.post_json("/v1/jobs", {
            "person_image_url": self.pictures.url + "/nobody.jpg",
            "garment_image_urls": [self.pictures.url + "/garment-2.png"]}, key)
        job = self.platform.wait_job(key, accepted.json["id"])
        self.assertEqual(job["status"], "failed", job)
        self.assertTrue(job["error"]["code"])
        self.assertTrue(job["error"]["message"])
        self.assertNotIn("detail", job["error"])
        balance = self.platform.get("/v1/credits", key).json
        self.assertEqual((balance["balance"], balance["charged"], balance["refunded"]), (5, 1, 1))
        self.platform.ledger_is_exact()

    def test_a_failed_job_is_retried_as_a_new_one(self):
        key = self.platform.key("retry-user", credits=5)
        accepted = self.platform.post_json("/v1/jobs", {
            "person_image_url": self.pictures.url + "/nobody.jpg",
            "garment_image_urls": [self.pictures.url + "/garment-2.png"]}, key)
        failed = self.platform.wait_job(key, accepted.json["id"])
        again = self.platform.request("POST", f"/v1/jobs/{failed['id']}/retry",
                                      headers={"Authorization": f"Bearer {key}"})
        self.assertEqual(again.status, 202, again)
        self.assertEqual(again.json["retry_of"], failed["id"])
        self.assertNotEqual(again.json["id"], failed["id"])
        self.platform.wait_job(key, again.json["id"])
        double_click = self.platform.request("POST", f"/v1/jobs/{failed['id']}/retry",
                                             headers={"Authorization": f"Bearer {key}"})
        self.assertEqual((double_click.status, double_click.json["id"]), (200, again.json["id"]))
        completed = self.platform.wait_job(key, self.platform.submit(key).json["id"])
        refused = self.platform.request("POST", f"/v1/jobs/{completed['id']}/retry",
                                        headers={"Authorization": f"Bearer {key}"})
        self.assertEqual((refused.status, refused.json["code"]), (409, "job.not_failed"))
        self.platform.ledger_is_exact()

    def test_the_same_idempotency_key_is_the_same_job(self):
        key = self.platform.key("idempotent-user", credits=5)
        headers = {"Idempotency-Key": "order-77"}
        first = self.platform.submit(key, headers=headers)
        second = self.platform.submit(key, headers=headers)
        self.assertEqual((first.status, second.status), (202, 200))
        self.assertEqual(second.headers["Idempotency-Replayed"], "true")
        self.assertEqual(first.json["id"], second.json["id"])
        other = self.platform.submit(key, person=(SAMPLES / "person-3.jpg").read_bytes(), headers=headers)
        self.assertEqual((other.status, other.json["code"]), (422, "idempotency.mismatch"))
        self.platform.wait_job(key, first.json["id"])
        self.assertEqual(self.platform.get("/v1/credits", key).json["charged"], 1)

    def test_an_empty_balance_is_refused_and_leaves_nothing(self):
        key = self.platform.key("poor-user", credits=1)
        self.assertEqual(self.platform.submit(key).status, 202)
        refused = self.platform.submit(key)
        self.assertEqual((refused.status, refused.json["code"]), (402, "credits.insufficient"))
        jobs = self.platform.get("/v1/jobs", key).json["jobs"]
        self.assertEqual(len(jobs), 1)
        self.platform.wait_job(key, jobs[0]["id"])
        self.platform.ledger_is_exact()

    def test_events_tell_each_state_once_and_end(self):
        key = self.platform.key("event-user", credits=5)
        job_id = self.platform.submit(key).json["id"]
        stream = self.platform.get(f"/v1/jobs/{job_id}/events", key)  # returns because the stream ends
        self.assertEqual(stream.headers["Content-Type"], "text/event-stream")
        events = [event for event in stream.body.decode().split("\n\n") if event.startswith("event: status")]
        states = [json.loads(event.split("data: ", 1)[1])["status"] for event in events]
        self.assertEqual(states[-1], "completed")
        self.assertEqual(len(states), len(set(states)), states)
        self.assertIn("event: end", stream.body.decode())

    def test_jobs_are_listed_in_pages_without_gap_or_repeat(self):
        key = self.platform.key("paging-user", credits=20)
        made = {self.platform.submit(key).json["id"] for _ in range(7)}
        seen, cursor = [], ""
        while True:
            page = self.platform.get(f"/v1/jobs?limit=3{cursor}", key).json
            seen += [job["id"] for job in page["jobs"]]
            if page["next_cursor"] is None:
                break
            cursor = "&cursor=" + page["next_cursor"]
        self.assertEqual(len(seen), 7)
        self.assertEqual(set(seen), made)
        for job_id in made:
            self.platform.wait_job(key, job_id)
        self.assertEqual(len(self.platform.get("/v1/jobs?status=completed&limit=200", key).json["jobs"]), 7)

    def test_one_owner_cannot_see_anothers_job(self):
        mine, theirs = self.platform.key("owner-a"), self.platform.key("owner-b")
        job_id = self.platform.submit(mine).json["id"]
        for path in ("", "/events", "/result"):
            self.assertEqual(self.platform.get(f"/v1/jobs/{job_id}{path}", theirs).status, 404)
        self.assertEqual(self.platform.get("/v1/jobs", theirs).json["jobs"], [])
        self.platform.wait_job(mine, job_id)

    def test_the_request_id_goes_from_the_request_to_the_last_log_line(self):
        key = self.platform.key("traced-user")
        accepted = self.platform.submit(key, headers={"X-Request-Id": "trace-me-123"})
        self.assertEqual(accepted.headers["X-Request-Id"], "trace-me-123")
        self.platform.wait_job(key, accepted.json["id"])
        self.platform.wait_until(lambda: any(l.get("request_id") == "trace-me-123"
                                             for l in self.platform.log_lines("job_completed")), "the log says so", 5)
        started = [l for l in self.platform.log_lines("job_started") if l.get("request_id") == "trace-me-123"]
        self.assertEqual(len(started), 1)

    def test_a_signed_url_cannot_be_bent(self):
        key = self.platform.key("signed-user")
        job = self.platform.wait_job(key, self.platform.submit(key).json["id"])
        url = job["result_url"]
        self.assertEqual(self.platform.get(url).status, 200)
        for bent in (url[:-1] + ("A" if url[-1] != "A" else "B"), url.replace("expires=", "expires=9"),
                     url.split("?")[0], url.replace(job["id"], "0" * 36)):
            self.assertEqual(self.platform.get(bent).status, 403, bent)


if __name__ == "__main__":
    unittest.main()
