"""Webhooks, with receivers that verify, fail, hang, redirect and go away, and processes that are killed in between."""

import json
import unittest

from platform_process import Platform
from test_bad_input import HOSTILE_URLS
from webhook_receiver import Receiver, verified

OPEN = {"EGRESS_ALLOW": "127.0.0.0/8", "WEBHOOK_FIRST_RETRY": "50ms", "WEBHOOK_TIMEOUT": "2s"}


def header(headers, name):
    return next(value for key, value in headers.items() if key.lower() == name)


def lower(headers):
    return {key.lower(): value for key, value in headers.items()}


class Webhooks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform(settings={**OPEN, "PUBLIC_BASE_URL": "https://api.example"})

    @classmethod
    def tearDownClass(cls):
        cls.platform.close()

    def setUp(self):
        self.receivers = []

    def tearDown(self):
        for receiver in self.receivers:
            receiver.close()
        self.platform.ledger_is_exact()

    def receiver(self, answer=lambda number: 200):
        self.receivers.append(Receiver(answer))
        return self.receivers[-1]

    def register(self, key, url, **more):
        made = self.platform.post_json("/v1/webhooks", {"url": url, **more}, key)
        self.assertEqual(made.status, 201, made)
        self.assertEqual(made.headers["Location"], "/v1/webhooks/" + made.json["id"])
        return made.json

    def deliveries(self, key, **query):
        path = "/v1/webhooks/deliveries?" + "&".join(f"{name}={value}" for name, value in query.items())
        answer = self.platform.get(path.rstrip("?"), key)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["deliveries"]

    def finished_job(self, key):
        return self.platform.wait_job(key, self.platform.submit(key).json["id"])

    def failed_job(self, key):
        made = self.platform.post_json("/v1/jobs", {"person_image_url": "http://127.0.0.1:9/gone.jpg",
                                                    "garment_image_urls": ["http://127.0.0.1:9/gone.png"]}, key)
        return self.platform.wait_job(key, made.json["id"])

    def test_both_ends_of_a_job_arrive_signed_and_say_what_the_owner_may_know(self):
        key = self.platform.key("hook-store", "b2b")
        receiver = self.receiver()
        webhook = self.register(key, receiver.url)
        done, failed = self.finished_job(key), self.failed_job(key)
        self.platform.wait_until(lambda: len(receiver.taken()) == 2, "both messages arrive")
        told = {}
        for headers, body in receiver.taken():
            message = verified(webhook["secret"], lower(headers), body)
            told[message["type"]] = message["data"]
            with self.assertRaises(ValueError):
                verified(webhook["secret"], lower(headers), body + b" ")
        self.assertEqual(told["job.completed"]["id"], done["id"])
        self.assertEqual(told["job.completed"]["request_id"], done["request_id"])
        self.assertEqual(told["job.completed"]["job_url"], f"https://api.example/v1/jobs/{done['id']}")
        link = told["job.completed"]["result_url"]
        self.assertTrue(link.startswith("https://api.example/files/results/"), link)
        self.assertEqual(self.platform.get(link.removeprefix("https://api.example")).status, 200)
        self.assertEqual(told["job.failed"]["id"], failed["id"])
        self.assertEqual(told["job.failed"]["error"]["code"], failed["error"]["code"])
        self.assertIsNone(told["job.failed"]["result_url"])
        self.platform.wait_until(lambda: all(one["state"] == "delivered" for one in self.deliveries(key)), "both are noted")
        self.assertEqual({one["job_id"] for one in self.deliveries(key)}, {done["id"], failed["id"]})
        self.assertNotIn(webhook["secret"], self.platform.log_text())
        self.assertNotIn("secret", self.platform.get(f"/v1/webhooks/{webhook['id']}", key).json)

    def test_a_cancelled_job_is_told_as_such_and_events_can_be_chosen(self):
        key = self.platform.key("choosy-user")
        wants, other = self.receiver(), self.receiver()
        self.register(key, wants.url, events=["job.cancelled"])
        self.register(key, other.url, events=["job.completed"])
        job = self.platform.submit(key).json
        cancelled = self.platform.request("POST", f"/v1/jobs/{job['id']}/cancel", headers={"Authorization": f"Bearer {key}"})
        ended = self.platform.wait_job(key, job["id"])
        self.assertIn(cancelled.status, (200, 202, 409), cancelled)
        told, silent = (wants, other) if ended["status"] == "failed" else (other, wants)
        self.platform.wait_until(lambda: told.count() == 1, "its end is told")
        self.assertEqual(silent.count(), 0)

    def test_failures_are_sent_again_with_the_same_id_until_they_are_taken(self):
        key = self.platform.key("flaky-user")
        answers = [500, 404, (302, {"Location": "http://169.254.169.254/"}), 200]
        receiver = self.receiver(lambda number: answers[min(number, 3)])
        webhook = self.register(key, receiver.url)
        self.finished_job(key)
        self.platform.wait_until(lambda: receiver.taken(), "the fourth attempt is taken")
        ids = {header(headers, "webhook-id") for headers, _, _ in receiver.messages}
        self.assertEqual(len(ids), 1)
        self.assertEqual(receiver.count(), 4)
        self.assertTrue(all(body[:3] != b"GET" for _, body, _ in receiver.messages), "no redirect is followed")
        for headers, body, _ in receiver.messages:
            verified(webhook["secret"], lower(headers), body)
        self.platform.wait_until(lambda: self.deliveries(key)[0]["state"] == "delivered", "it is noted")
        self.assertEqual(self.deliveries(key)[0]["attempts"], 4)

    def test_what_nobody_takes_becomes_a_dead_letter_and_can_be_replayed(self):
        well = []
        receiver = self.receiver(lambda number: 200 if well else 400)
        with Platform(settings={**OPEN, "WEBHOOK_FIRST_RETRY": "10ms"}) as fast:
            late_key = fast.key("late-user")
            made = fast.post_json("/v1/webhooks", {"url": receiver.url}, late_key).json
            job = fast.wait_job(late_key, fast.submit(late_key).json["id"])
            fast.wait_until(lambda: fast.get("/v1/webhooks/deliveries", late_key).json["deliveries"][0]["attempts"] >= 5, "it keeps trying")
            well.append(True)
            again = fast.request("POST", f"/v1/jobs/{job['id']}/webhooks/replay", headers={"Authorization": f"Bearer {late_key}"})
            self.assertEqual((again.status, again.json["replayed"]), (202, 1))
            fast.wait_until(lambda: receiver.taken(), "the replay is taken")
            headers, body = receiver.taken()[0]
            verified(made["secret"], lower(headers), body)
            fast.wait_until(lambda: fast.get("/v1/webhooks/deliveries?state=delivered", late_key).json["deliveries"], "it is noted")
            one = fast.get("/v1/webhooks/deliveries", late_key).json["deliveries"][0]
            replayed = fast.request("POST", f"/v1/webhooks/deliveries/{one['id']}/replay", headers={"Authorization": f"Bearer {late_key}"})
            self.assertEqual(replayed.status, 202, replayed)
            fast.wait_until(lambda: len(receiver.taken()) == 2, "the second replay is taken")
            self.assertEqual(len({header(headers, "webhook-id") for headers, _ in receiver.taken()}), 1)
            fast.ledger_is_exact()

    def test_410_disables_the_webhook_until_its_owner_enables_it(self):
        key = self.platform.key("gone-user")
        answers = [410, 200]
        receiver = self.receiver(lambda number: answers[min(number, 1)])
        webhook = self.register(key, receiver.url)
        self.finished_job(key)
        path = f"/v1/webhooks/{webhook['id']}"
        self.platform.wait_until(lambda: not self.platform.get(path, key).json["enabled"], "it is disabled")
        self.assertIn("410", self.platform.get(path, key).json["disabled_reason"])
        self.finished_job(key)
        self.assertEqual(len(self.deliveries(key)), 1, "nothing is queued for a disabled webhook")
        refused = self.platform.request("POST", f"/v1/webhooks/deliveries/{self.deliveries(key)[0]['id']}/replay",
                                        headers={"Authorization": f"Bearer {key}"})
        self.assertEqual((refused.status, refused.json["code"]), (409, "webhook.disabled"))
        self.platform.request("POST", path + "/enable", headers={"Authorization": f"Bearer {key}"})
        self.finished_job(key)
        self.platform.wait_until(lambda: receiver.taken(), "it hears again")

    def test_during_a_rotation_both_secrets_verify(self):
        key = self.platform.key("rotating-user")
        receiver = self.receiver()
        old = self.register(key, receiver.url)
        new = self.platform.request("POST", f"/v1/webhooks/{old['id']}/rotate", headers={"Authorization": f"Bearer {key}"}).json
        self.assertNotEqual(old["secret"], new["secret"])
        self.finished_job(key)
        self.platform.wait_until(lambda: receiver.taken(), "the message arrives")
        headers, body = receiver.taken()[0]
        for secret in (old["secret"], new["secret"]):
            verified(secret, lower(headers), body)

    def test_a_receiver_that_hangs_starves_nobody(self):
        key = self.platform.key("patient-user", credits=40)
        hanging, well = self.receiver(lambda number: "hang"), self.receiver()
        bad = self.register(key, hanging.url)
        self.register(key, well.url)
        answer = self.platform.post_json("/v1/jobs/bulk", {"jobs": [
            {"person_image_url": f"http://127.0.0.1:9/{i}.jpg", "garment_image_urls": ["http://127.0.0.1:9/g.png"]} for i in range(40)]}, key)
        self.assertEqual(answer.json["accepted"], 40, answer)
        self.platform.wait_until(lambda: len(well.taken()) == 40, "the other one hears of all forty", 30)
        self.assertLess(hanging.count(), 20)
        self.platform.request("DELETE", f"/v1/webhooks/{bad['id']}", headers={"Authorization": f"Bearer {key}"})
        self.platform.wait_until(lambda: not self.deliveries(key, webhook=bad["id"], state="pending"), "nothing waits for it", 20)

    def test_one_owner_cannot_see_or_touch_anothers(self):
        mine, theirs = self.platform.key("hook-a"), self.platform.key("hook-b")
        receiver = self.receiver()
        webhook = self.register(mine, receiver.url)
        job = self.finished_job(mine)
        self.platform.wait_until(lambda: self.deliveries(mine), "the delivery is there")
        delivery = self.deliveries(mine)[0]
        bearer = {"Authorization": f"Bearer {theirs}"}
        for method, path in (("GET", f"/v1/webhooks/{webhook['id']}"), ("DELETE", f"/v1/webhooks/{webhook['id']}"),
                             ("POST", f"/v1/webhooks/{webhook['id']}/rotate"), ("POST", f"/v1/webhooks/{webhook['id']}/enable"),
                             ("POST", f"/v1/webhooks/deliveries/{delivery['id']}/replay"), ("POST", f"/v1/jobs/{job['id']}/webhooks/replay")):
            answer = self.platform.request(method, path, headers=bearer)
            self.assertEqual(answer.status, 404, (path, answer))
        self.assertEqual(self.platform.get("/v1/webhooks", theirs).json["webhooks"], [])
        self.assertEqual(self.deliveries(theirs), [])
        self.assertEqual(self.deliveries(theirs, job=job["id"]), [])
        reader = self.platform.command("keys", "create", "--channel", "b2c", "--owner", "hook-a", "--rights", "read", "--quiet")[1].strip()
        self.assertEqual(self.platform.post_json("/v1/webhooks", {"url": receiver.url}, reader).status, 403)
        self.assertEqual(len(self.platform.get("/v1/webhooks", reader).json["webhooks"]), 1)

    def test_the_command_line_does_it_all(self):
        key = self.platform.key("cli-user")
        receiver = self.receiver()
        webhook_id, secret = self.platform.command("webhooks", "add", "b2c", "cli-user", receiver.url)[1].split()
        self.finished_job(key)
        self.platform.wait_until(lambda: receiver.taken(), "the message arrives")
        headers, body = receiver.taken()[0]
        verified(secret, lower(headers), body)
        self.assertIn(webhook_id, self.platform.command("webhooks", "ls")[1])
        self.platform.wait_until(lambda: "delivered" in self.platform.command("webhooks", "deliveries", "--webhook", webhook_id)[1], "listed")
        delivery = header(headers, "webhook-id")
        self.platform.command("webhooks", "replay", delivery)
        self.platform.wait_until(lambda: len(receiver.taken()) == 2, "the replay arrives")
        self.platform.command("webhooks", "rm", webhook_id)
        self.assertNotIn(webhook_id, self.platform.command("webhooks", "ls")[1])
        code, _, err = self.platform.command("webhooks", "add", "b2c", "cli-user", "http://10.0.0.1/", check=False)
        self.assertEqual((code, "egress.address_refused" in err or "not public" in err or "10.0.0.1" in err), (2, True), err)


class ClosedNetwork(unittest.TestCase):
    """The checks of production: nothing inside may be reached."""

    def test_hostile_registrations_are_refused_with_a_reason(self):
        with Platform() as platform:
            key = platform.key("hostile-user")
            for url in HOSTILE_URLS:
                with self.subTest(url=url[:80]):
                    answer = platform.post_json("/v1/webhooks", {"url": url}, key)
                    self.assertIn(answer.status, (400, 403, 422), answer)
                    self.assertTrue(answer.json["code"])
            good = "https://hooks.example.com/x"
            for body in (b"", b"[]", b"{", {}, {"url": 5}, {"url": good, "events": []}, {"url": good, "events": ["job.exploded"]},
                         {"url": good, "events": "job.failed"}, {"url": good, "secret": "whsec_mine"}, {"url": good, "events": ["job.failed"] * 50},
                         {"url": "https://hooks.example.com/" + "x" * 3000}):
                with self.subTest(body=str(body)[:60]):
                    self.assertIn(platform.post_json("/v1/webhooks", body, key).status, (400, 422))
            self.assertEqual(platform.get("/v1/webhooks", key).json["webhooks"], [])
            for number in range(16):
                self.assertEqual(platform.post_json("/v1/webhooks", {"url": f"{good}{number}"}, key).status, 201)
            self.assertEqual(platform.post_json("/v1/webhooks", {"url": f"{good}-more"}, key).json["code"], "webhook.too_many")
            for odd in ("no-such", "x" * 300, "%00", "..%2f..", "'; DROP TABLE webhook_endpoints; --".replace(" ", "%20").replace(";", "%3B")):
                self.assertEqual(platform.get(f"/v1/webhooks/{odd}", key).status in (400, 404), True, odd)
                answer = platform.request("POST", f"/v1/webhooks/deliveries/{odd}/replay", headers={"Authorization": f"Bearer {key}"})
                self.assertIn(answer.status, (400, 404), odd)
            for query in ("limit=0", "limit=x", "limit=201", "state=odd", "nonsense=1"):
                self.assertEqual(platform.get("/v1/webhooks/deliveries?" + query, key).status, 400, query)
            self.assertEqual(platform.get("/v1/webhooks", key).status, 200)

    def test_a_name_that_leads_inside_is_refused_when_it_is_sent(self):
        """Registered while a hole was open; closed now, so nothing is connected to."""
        receiver = Receiver()
        with Platform(settings={**OPEN, "WEBHOOK_CONCURRENCY": "0"}) as platform:
            key = platform.key("inside-user")
            platform.post_json("/v1/webhooks", {"url": receiver.url}, key)
            platform.wait_job(key, platform.submit(key).json["id"])
            platform.stop()
            platform.settings.pop("EGRESS_ALLOW")
            platform.settings["WEBHOOK_CONCURRENCY"] = "4"
            platform.start()
            platform.wait_until(lambda: platform.get("/v1/webhooks/deliveries", key).json["deliveries"][0]["attempts"] > 0, "it is tried")
            self.assertIn("egress.", platform.get("/v1/webhooks/deliveries", key).json["deliveries"][0]["last_error"])
        self.assertEqual(receiver.count(), 0)
        receiver.close()


class Crashes(unittest.TestCase):
    def test_a_kill_between_the_end_of_a_job_and_its_delivery_loses_nothing(self):
        receiver = Receiver()
        with Platform(settings={**OPEN, "WEBHOOK_CONCURRENCY": "0"}) as platform:
            key = platform.key("crash-user", credits=50)
            secret = platform.post_json("/v1/webhooks", {"url": receiver.url}, key).json["secret"]
            jobs = [platform.submit(key).json["id"] for _ in range(8)]
            for job in jobs[:4]:
                platform.wait_job(key, job)
            platform.kill()  # some are settled and told to nobody, some are running
            self.assertEqual(receiver.count(), 0)
            platform.settings["WEBHOOK_CONCURRENCY"] = "4"
            platform.settings["LEASE_TIME"] = "1s"
            platform.start()
            for job in jobs:
                platform.wait_job(key, job)
            platform.wait_until(lambda: len({verified(secret, lower(h), b)["data"]["id"] for h, b in receiver.taken()}) == 8, "all are told")
            platform.ledger_is_exact()
            platform.wait_until(lambda: len(platform.get("/v1/webhooks/deliveries?state=delivered", key).json["deliveries"]) == 8, "all are noted")
            self.assertEqual({header(h, "webhook-id") for h, _ in receiver.taken()},
                             {one["id"] for one in platform.get("/v1/webhooks/deliveries", key).json["deliveries"]})
        receiver.close()

    def test_a_kill_in_the_middle_of_a_delivery_repeats_it_with_its_id(self):
        receiver = Receiver(lambda number: "hang" if number == 0 else 200)
        with Platform(settings={**OPEN, "LEASE_TIME": "1s", "WEBHOOK_TIMEOUT": "30s"}) as platform:
            key = platform.key("cut-user")
            platform.post_json("/v1/webhooks", {"url": receiver.url}, key)
            platform.wait_job(key, platform.submit(key).json["id"])
            platform.wait_until(lambda: receiver.count() == 1, "the first attempt hangs")
            platform.kill()
            platform.start()
            platform.wait_until(lambda: receiver.taken(), "the second is taken", 20)
            self.assertEqual(len({header(headers, "webhook-id") for headers, _, _ in receiver.messages}), 1)
        receiver.close()

    def test_a_drain_does_not_wait_for_a_receiver_that_hangs(self):
        receiver = Receiver(lambda number: "hang")
        with Platform(settings={**OPEN, "WEBHOOK_TIMEOUT": "60s", "DRAIN_GRACE": "1s"}) as platform:
            key = platform.key("drain-user")
            platform.post_json("/v1/webhooks", {"url": receiver.url}, key)
            platform.wait_job(key, platform.submit(key).json["id"])
            platform.wait_until(lambda: receiver.count() == 1, "the attempt hangs")
            self.assertEqual(platform.stop(15), 0)
        receiver.close()


if __name__ == "__main__":
    unittest.main()
