"""What owners see of a job's life: cancelling, progress, many at once, limits, back-pressure."""

import concurrent.futures
import datetime
import json
import threading
import time
import unittest
import uuid

from openai_stand_in import OpenaiStandIn
from platform_process import MODELS, Platform

URL = "https://pictures.example.com/p.jpg"
GOOD = {"person_image_url": URL, "garment_image_urls": [URL]}


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


class WithoutWorker(unittest.TestCase):
    """The api alone: whatever is accepted stays in the queue."""

    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("api")
        cls.key = cls.platform.key("queue-user", credits=10_000)

    @classmethod
    def tearDownClass(cls):
        cls.platform.close()

    def tearDown(self):
        self.assertIsNone(self.platform.process.poll(), "the process lives")
        self.platform.ledger_is_exact()

    def cancel(self, job_id, key=None):
        return self.platform.request("POST", f"/v1/jobs/{job_id}/cancel", headers=bearer(key or self.key))

    def test_a_queued_job_is_cancelled_at_once_and_once(self):
        key = self.platform.key("cancel-user", credits=5)
        job = self.platform.post_json("/v1/jobs", GOOD, key).json
        self.assertEqual((job["status"], job["progress"], job["stage"]), ("queued", 0, None))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.cancel(job["id"], key), range(8)))
        self.assertEqual({answer.status for answer in answers}, {200})
        ended = self.platform.get(f"/v1/jobs/{job['id']}", key).json
        self.assertEqual((ended["status"], ended["error"]["code"]), ("failed", "cancelled"))
        balance = self.platform.get("/v1/credits", key).json
        self.assertEqual((balance["balance"], balance["charged"], balance["refunded"]), (5, 1, 1))
        again = self.platform.request("POST", f"/v1/jobs/{job['id']}/retry", headers=bearer(key))
        self.assertEqual((again.status, again.json["retry_of"]), (202, job["id"]))

    def test_only_ones_own_jobs_can_be_cancelled(self):
        job = self.platform.post_json("/v1/jobs", GOOD, self.key).json
        stranger = self.platform.key("stranger")
        self.assertEqual(self.cancel(job["id"], stranger).status, 404)
        reader = self.platform.command("keys", "create", "--channel", "b2c", "--owner", "queue-user", "--rights", "read", "--quiet")[1].strip()
        self.assertEqual(self.cancel(job["id"], reader).status, 403)
        self.assertEqual(self.platform.request("POST", f"/v1/jobs/{job['id']}/cancel").status, 401)
        for odd in ("no-such", str(uuid.uuid4()), "x" * 500, "%00", "a%2fb", "%f0%9f%92%a5"):
            self.assertIn(self.cancel(odd).status, (400, 404), odd)
        self.assertEqual(self.platform.get(f"/v1/jobs/{job['id']}", self.key).json["status"], "queued")
        self.assertEqual(self.cancel(job["id"], self.platform.admin_key()).status, 200)

    def test_a_queued_job_knows_its_place(self):
        first = self.platform.post_json("/v1/jobs", GOOD, self.key).json["id"]
        second = self.platform.post_json("/v1/jobs", GOOD, self.key).json["id"]
        place = lambda job: self.platform.get(f"/v1/jobs/{job}", self.key).json.get("queue_position")
        self.assertEqual(place(second), place(first) + 1)
        before = place(second)
        self.cancel(first)
        self.assertEqual(place(second), before - 1)
        self.assertIsNone(place(first))

    def test_the_command_line_lists_shows_and_cancels(self):
        job = self.platform.post_json("/v1/jobs", GOOD, self.key).json["id"]
        self.assertIn(job, self.platform.command("jobs", "ls", "--status", "queued", "--limit", "200")[1])
        self.assertIn("queue-user", self.platform.command("jobs", "show", job)[1])
        self.assertIn("refunded", self.platform.command("jobs", "cancel", job)[1])
        self.assertIn("cancelled", self.platform.command("jobs", "show", job)[1])
        self.assertEqual(self.platform.command("jobs", "show", "none", check=False)[0], 1)
        self.assertEqual(self.platform.command("jobs", "ls", "--status", "odd", check=False)[0], 2)
        self.assertEqual(self.platform.command("jobs", "cancel", check=False)[0], 2)

    # Many at once

    def bulk(self, jobs, key=None, headers=None):
        return self.platform.post_json("/v1/jobs/bulk", {"jobs": jobs}, key or self.key, headers)

    def test_a_bulk_has_an_answer_for_each_job_at_its_place(self):
        key = self.platform.key("bulk-user", credits=3)
        mine = str(uuid.uuid4())
        jobs = [GOOD, {**GOOD, "garment_image_urls": []}, {**GOOD, "session_id": mine}, {**GOOD, "session_id": mine},
                {**GOOD, "person_image_url": "http://10.0.0.1/"}, {**GOOD, "idempotency_key": "k"}, {**GOOD, "idempotency_key": "k"},
                {**GOOD, "idempotency_key": "k", "prompt": "other"}, {**GOOD, "credits": 5}, {**GOOD, "typo": 1}, 7, None, [], GOOD]
        answer = self.bulk(jobs, key)
        self.assertEqual(answer.status, 200, answer)
        statuses = [one["status"] for one in answer.json["jobs"]]
        self.assertEqual(statuses, [202, 400, 202, 409, 400, 202, 200, 422, 400, 400, 400, 400, 400, 402])
        for one in answer.json["jobs"]:
            self.assertEqual("job" in one, one["status"] < 300)
            self.assertEqual("problem" in one, one["status"] >= 300)
            if "problem" in one:
                self.assertTrue(one["problem"]["code"] and one["problem"]["detail"], one)
        self.assertEqual(answer.json["jobs"][5]["job"]["id"], answer.json["jobs"][6]["job"]["id"])
        self.assertEqual((answer.json["accepted"], answer.json["refused"]), (4, 10))
        self.assertEqual(len(self.platform.get("/v1/jobs?limit=200", key).json["jobs"]), 3)
        self.assertEqual(self.platform.get("/v1/credits", key).json["balance"], 0)
        repeated = self.bulk([{**GOOD, "idempotency_key": "k"}], key).json["jobs"][0]
        self.assertEqual((repeated["status"], repeated["job"]["id"]), (200, answer.json["jobs"][5]["job"]["id"]))

    def test_a_bulk_that_is_none_is_refused_as_a_whole(self):
        before = len(self.platform.get("/v1/jobs?limit=200", self.key).json["jobs"])
        for body in (b"", b"{", b"[]", b"null", b"{}", {"jobs": {}}, {"jobs": []}, {"jobs": [GOOD] * 101}, {"jobs": [GOOD], "more": 1},
                     b'{"jobs":' + b"[" * 3000):
            with self.subTest(str(body)[:40]):
                self.assertEqual(self.platform.post_json("/v1/jobs/bulk", body, self.key).status, 400)
        try:
            huge = self.bulk([{**GOOD, "prompt": "x" * 100_000}] * 100)
            self.assertEqual(huge.status, 413, huge)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused by its length while it was still being sent
        self.assertEqual(self.bulk([GOOD], headers={"Idempotency-Key": "k"}).status, 400)
        form = self.platform.request("POST", "/v1/jobs/bulk", b"x", {**bearer(self.key), "Content-Type": "text/plain"})
        self.assertEqual(form.status, 415)
        self.assertEqual(self.platform.post_json("/v1/jobs/bulk", {"jobs": [GOOD]}).status, 401)
        self.assertEqual(len(self.platform.get("/v1/jobs?limit=200", self.key).json["jobs"]), before)

    def test_a_hundred_jobs_at_once_are_quick(self):
        key = self.platform.key("hundred-user", credits=100)
        begun = time.monotonic()
        answer = self.bulk([{**GOOD, "idempotency_key": f"n{i}"} for i in range(100)], key)
        took = time.monotonic() - begun
        self.assertEqual(answer.json["accepted"], 100)
        self.assertEqual(len({one["job"]["id"] for one in answer.json["jobs"]}), 100)
        print(f"100 jobs in one request took {took * 1000:.0f} ms")

    def test_bulks_from_many_sides_spend_exactly_what_there_is(self):
        key = self.platform.key("crowd-user", credits=150)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: self.bulk([GOOD] * 50, key).json, range(6)))
        self.assertEqual(sum(answer["accepted"] for answer in answers), 150)
        self.assertEqual(self.platform.get("/v1/credits", key).json["balance"], 0)

    # Limits

    def test_an_owners_daily_limit_is_exact_and_says_when_to_come_back(self):
        key = self.platform.key("limited-user", credits=100)
        self.platform.command("limits", "set", "b2c", "limited-user", "12")
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: self.platform.post_json("/v1/jobs", GOOD, key), range(20)))
        answers += [self.platform.post_json("/v1/jobs", GOOD, key)]
        self.assertEqual(sum(answer.status == 202 for answer in answers), 12)
        refused = answers[-1]
        self.assertEqual((refused.status, refused.json["code"]), (429, "limit.daily"))
        now = datetime.datetime.now(datetime.timezone.utc)
        midnight = (now + datetime.timedelta(days=1)).replace(hour=0, minute=0, second=0)
        self.assertAlmostEqual(int(refused.headers["Retry-After"]), (midnight - now).total_seconds(), delta=5)
        bulk = self.bulk([GOOD], key).json["jobs"][0]
        self.assertEqual((bulk["status"], bulk["problem"]["code"]), (429, "limit.daily"))
        self.assertIn("limited-user", self.platform.command("limits", "ls")[1])
        self.platform.command("limits", "clear", "b2c", "limited-user")
        self.assertEqual(self.platform.post_json("/v1/jobs", GOOD, key).status, 202)
        for words in (("set", "b2c", "limited-user"), ("set", "b2c", "limited-user", "x"), ("set", "b2c", "limited-user", "-1"), ("set", "b9", "x", "1")):
            self.assertEqual(self.platform.command("limits", *words, check=False)[0], 2, words)


class BackPressure(unittest.TestCase):
    def test_a_full_queue_says_how_long_the_line_is(self):
        with Platform("api", settings={"QUEUE_MAX_READY": "5"}) as platform:
            key = platform.key("line-user", credits=100)
            statuses = [platform.post_json("/v1/jobs", GOOD, key).status for _ in range(5)]
            self.assertEqual(statuses, [202] * 5)
            refused = platform.post_json("/v1/jobs", GOOD, key)
            self.assertEqual((refused.status, refused.json["code"]), (429, "queue.full"))
            self.assertGreater(int(refused.headers["Retry-After"]), 0)
            self.assertEqual(refused.json["queue_position"], 5)
            self.assertEqual(refused.headers["Content-Type"], "application/problem+json")
            platform.ledger_is_exact()

    def test_the_common_daily_limit_holds_for_everybody(self):
        with Platform("api", settings={"OWNER_DAILY_JOBS": "2"}) as platform:
            for owner in ("a", "b"):
                key = platform.key(owner)
                self.assertEqual([platform.post_json("/v1/jobs", GOOD, key).status for _ in range(3)], [202, 202, 429])


class PausedQueue(unittest.TestCase):
    QUEUE, HOOKS, SIZING = "wearon:tasks:generation", "wearon:tasks:webhooks", "wearon:tasks:sizing"

    def depth(self, platform, queue):
        return next(one for one in platform.get("/queues").json["queues"] if one["queue"] == queue)

    def test_a_paused_queue_takes_jobs_and_hands_out_none_until_it_is_resumed(self):
        with Platform() as platform:
            key, admin = platform.key("patient-user"), platform.admin_key()
            consumed = {self.QUEUE, self.HOOKS} | ({self.SIZING} if MODELS.exists() else set())
            self.assertEqual({one["queue"] for one in platform.get("/queues").json["queues"]}, consumed, "empty ones too")
            for name in (self.QUEUE, self.HOOKS):
                self.assertFalse(self.depth(platform, name)["paused"])
            pause = lambda name, word, who: platform.request("POST", f"/queues/{name}/{word}", headers=bearer(who)).status
            self.assertEqual(pause(self.QUEUE, "pause", key), 403)
            self.assertEqual(platform.request("POST", f"/queues/{self.QUEUE}/pause").status, 401)
            for odd in ("no-such", "x" * 300, "%00", "%27"):
                self.assertIn(pause(odd, "pause", admin), (400, 404), odd)
            self.assertEqual([pause(self.QUEUE, "pause", admin) for _ in range(2)], [204, 204])
            self.assertTrue(self.depth(platform, self.QUEUE)["paused"])
            job = platform.submit(key).json["id"]
            time.sleep(1.5)
            self.assertEqual(platform.get(f"/v1/jobs/{job}", key).json["status"], "queued")
            self.assertIn("PAUSED", platform.command("queue", "ls")[1])
            platform.kill()
            platform.start()
            time.sleep(1)
            self.assertEqual(platform.get(f"/v1/jobs/{job}", key).json["status"], "queued", "a pause outlives the process")
            self.assertEqual(pause(self.QUEUE, "resume", admin), 204)
            self.assertEqual(platform.wait_job(key, job)["status"], "completed")
            platform.command("queue", "pause", self.HOOKS)
            self.assertTrue(self.depth(platform, self.HOOKS)["paused"])
            platform.command("queue", "resume", self.HOOKS)
            self.assertFalse(self.depth(platform, self.HOOKS)["paused"])
            self.assertEqual(platform.command("queue", "pause", "no-such", check=False)[0], 1)


class WithSlowProvider(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = OpenaiStandIn(delay=1.5)
        cls.platform = Platform("api", settings=cls.provider.settings())
        cls.worker = Platform("worker", data=cls.platform.data, settings=cls.provider.settings())  # another process

    @classmethod
    def tearDownClass(cls):
        cls.worker.close()
        cls.platform.close()
        cls.provider.close()

    def follow(self, key, job_id):
        stream = self.platform.get(f"/v1/jobs/{job_id}/events", key)
        events = [event for event in stream.body.decode().split("\n\n") if "data: {\"id\"" in event]
        return [(event.splitlines()[0].removeprefix("event: "), json.loads(event.split("data: ", 1)[1])) for event in events]

    def test_progress_is_told_rises_and_ends_at_a_hundred(self):
        key = self.platform.key("progress-user")
        job_id = self.platform.submit(key).json["id"]
        events = self.follow(key, job_id)
        percents = [job["progress"] for _, job in events]
        self.assertEqual(percents, sorted(percents))
        self.assertEqual(percents[-1], 100)
        self.assertIn(40, percents, "the provider's stage was told while it lasted")
        self.assertIn("provider", [job["stage"] for _, job in events])
        self.assertEqual([job["status"] for name, job in events if name == "status"][-1], "completed")
        statuses = [job["status"] for name, job in events if name == "status"]
        self.assertEqual(len(statuses), len(set(statuses)), statuses)
        self.assertIsNone(events[-1][1]["stage"])

    def test_a_call_that_has_begun_is_finished_and_its_picture_kept(self):
        key = self.platform.key("mid-user", credits=3)
        job_id = self.platform.submit(key).json["id"]
        at = lambda: self.platform.get(f"/v1/jobs/{job_id}", key).json
        self.platform.wait_until(lambda: at()["stage"] == "provider" or at()["status"] == "completed", "the call has begun")
        asked = self.platform.request("POST", f"/v1/jobs/{job_id}/cancel", headers=bearer(key))
        self.assertEqual(asked.status, 202, asked)
        self.assertTrue(asked.json["cancel_requested"])
        ended = self.platform.wait_job(key, job_id)
        self.assertEqual(ended["status"], "completed")
        self.assertEqual(self.platform.get(ended["result_url"]).status, 200)
        over = self.platform.request("POST", f"/v1/jobs/{job_id}/cancel", headers=bearer(key))
        self.assertEqual((over.status, over.json["code"]), (409, "job.over"))
        self.assertEqual(self.platform.get("/v1/credits", key).json["balance"], 2)
        self.platform.ledger_is_exact()

    def test_cancelling_at_random_moments_never_gives_both_picture_and_credit(self):
        key = self.platform.key("race-user", credits=100)
        jobs = [self.platform.submit(key).json["id"] for _ in range(16)]
        answers = {}

        def cancel(place):
            time.sleep(place * 0.12)
            answers[jobs[place]] = self.platform.request("POST", f"/v1/jobs/{jobs[place]}/cancel", headers=bearer(key)).status

        threads = [threading.Thread(target=cancel, args=(place,)) for place in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ended = [self.platform.wait_job(key, job) for job in jobs]
        for job in ended:
            if job["status"] == "failed":
                self.assertEqual(job["error"]["code"], "cancelled", job)
            self.assertIn(answers[job["id"]], (200, 202, 409))
            self.assertEqual(job["status"] == "completed", job["result_url"] is not None)
        completed = sum(job["status"] == "completed" for job in ended)
        print(f"{completed} of 16 were completed, the others cancelled and refunded")
        self.assertEqual(self.platform.get("/v1/credits", key).json["balance"], 100 - completed)
        self.platform.ledger_is_exact()
        self.assertEqual(len(self.platform.stored_files("results/users/race-user")), completed)


if __name__ == "__main__":
    unittest.main()
