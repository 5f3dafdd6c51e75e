"""Tasks behind URLs: what the service answers decides what the Celery client gets."""

import unittest

from celery_service import Service
from celery_world import World, skip_reason


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryOverHttp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(CELERY_HTTP_TIMEOUT="1s", CELERY_HTTP_MAX_RETRIES="1", CELERY_HTTP_TOKEN="shop-secret",
                          CELERY_HTTP_MAX_ANSWER="64KiB")
        cls.addClassCleanup(cls.world.close)

    def answer(self, **wish):
        return self.world.send("answer", kwargs=wish)

    def test_the_service_gets_the_task_its_id_and_the_token(self):
        result = self.world.send("echo", 1, "é", kwargs={"k": [None, 2.5]}, headers={"tenant": "t-1"})
        self.assertEqual(result.get(timeout=30), {"args": [1, "é"], "kwargs": {"k": [None, 2.5]}})
        (posted,), (headers,) = self.world.service.calls_of(result.id), self.world.service.headers_of(result.id)
        self.assertEqual((posted["task"], posted["headers"]), ("echo", {"tenant": "t-1"}))
        self.assertEqual((headers["Idempotency-Key"], headers["Authorization"]), (result.id, "Bearer shop-secret"))

    def test_other_answers_than_json_are_results_too(self):
        self.assertIsNone(self.answer(status=204, body="").get(timeout=30))
        plain = {"Content-Type": "text/plain"}
        self.assertEqual(self.answer(status=200, body="done: 3", headers=plain).get(timeout=30), "done: 3")
        for body in ("{not json", "x" * 100_000):
            with self.assertRaisesRegex(Exception, "not JSON|CELERY_HTTP_MAX_ANSWER"):
                self.answer(status=200, body=body).get(timeout=30)

    def test_a_refusal_fails_at_once_with_what_the_service_said(self):
        for status, body, said in ((422, {"detail": "no such size"}, "422: no such size"), (404, "nothing here", "404: nothing here"),
                                   (301, "", "301"), (401, {"exc_type": "ShopClosed", "exc_message": ["late"]}, "late")):
            result = self.answer(status=status, body=body, headers={"Location": "/add"} if status == 301 else {})
            with self.assertRaisesRegex(Exception, said):
                result.get(timeout=30)
            self.assertEqual(len(self.world.service.calls_of(result.id)), 1)

    def test_retry_after_is_kept(self):
        results = [self.answer(status=status, once=True, headers={"Retry-After": "1"}) for status in (429, 503)]
        for result in results:
            self.assertEqual(result.get(timeout=30), "at last")
            first, second = self.world.service.times_of(result.id)
            self.assertGreaterEqual(second - first, 1)

    def test_what_may_pass_is_asked_again_and_then_given_up(self):
        cut = self.world.send("cut")
        down = self.answer(status=500, body={"detail": "out of order"})
        silent = self.world.send("sleep", 5)
        self.assertEqual(cut.get(timeout=30), "whole")
        with self.assertRaisesRegex(Exception, "500: out of order"):
            down.get(timeout=30)
        with self.assertRaisesRegex(TimeoutError, "http"):
            silent.get(timeout=30)
        self.assertEqual([len(self.world.service.calls_of(r.id)) for r in (down, silent)], [2, 2])
        # given up means kept: an operator sees why, and may send them again
        self.world.wait(lambda: len(self.world.dead_letters()) == 2, "two are among the dead letters")
        self.assertIn(f"answer[{down.id}]: HTTPError: 500: out of order", " ".join(self.world.dead_letters()))
        self.world.worker.command("queue", "retry", "--queue", "celery", "--all")
        self.world.wait(lambda: len(self.world.service.calls_of(down.id)) >= 3, "it is posted once more")

    def test_a_senders_url_may_not_reach_inside(self):
        for url in (f"{self.world.service.url}/add", f"http://localhost:{self.world.service.server.server_port}/add",
                    "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://0x7f000001/", "file:///etc/passwd",
                    "no url", ""):
            with self.assertRaises(Exception, msg=url) as raised:
                self.world.send("http", kwargs={"url": url}).get(timeout=30)
            self.assertEqual(type(raised.exception).__name__, "HTTPError", raised.exception)
        with self.assertRaisesRegex(TypeError, "url"):
            self.world.send("http", "http://example.com/").get(timeout=30)
        self.assertEqual([call for call in self.world.service.calls if call[1]["task"] == "http"], [])


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryAnyUrl(unittest.TestCase):
    def test_a_senders_url_is_posted_to_where_it_is_allowed(self):
        outside = Service()
        self.addCleanup(outside.close)
        world = World(EGRESS_ALLOW="127.0.0.0/8", CELERY_HTTP_TOKEN="shop-secret")
        self.addCleanup(world.close)
        result = world.send("http", 20, 22, kwargs={"url": f"{outside.url}/add"})
        self.assertEqual(result.get(timeout=30), 42)
        self.assertNotIn("Authorization", outside.headers_of(result.id)[0], "the token is for our own services")
        with self.assertRaisesRegex(ValueError, "boom"):
            world.send("http", kwargs={"url": f"{outside.url}/boom"}).get(timeout=30)
        again = world.send("http", kwargs={"url": f"{outside.url}/flaky"})
        self.assertEqual(again.get(timeout=60), 1)

    def test_it_can_be_taken_away(self):
        world = World(CELERY_HTTP_ANY_URL="false")
        self.addCleanup(world.close)
        with self.assertRaisesRegex(Exception, "http"):
            world.send("http", kwargs={"url": "https://example.com/"}).get(timeout=30)


if __name__ == "__main__":
    unittest.main()
