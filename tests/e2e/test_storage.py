"""Jobs whose pictures lie in Supabase Storage or S3: they complete, and their links open for anyone."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

from platform_process import Platform
from stand_in import STAND_INS, StandIn

SUPABASE_KEY = "sb_secret_standin_0123456789abcdef"


def fetch(url):
    """(status, type, bytes) without any key."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, None, b""


class Remote:
    """What each storage is asked to show; the subclasses name the storage."""

    def setUp(self):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="selvage-storage-"))
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        self.storage = self.start_storage()
        self.addCleanup(self.storage.kill)

    def platform(self, **more):
        platform = Platform(settings={**self.settings(), **more})
        self.addCleanup(platform.close)
        return platform

    def complete_one(self, platform, key):
        accepted = platform.submit(key)
        self.assertEqual(accepted.status, 202, accepted)
        job = platform.wait_job(key, accepted.json["id"])
        self.assertEqual(job["status"], "completed", job)
        return job

    def test_a_job_completes_and_its_link_opens_for_anyone(self):
        platform = self.platform()
        key = platform.key("cloud-user", credits=5)
        job = self.complete_one(platform, key)
        self.assertTrue(job["result_url"].startswith(f"http://{self.storage.host}/"), job["result_url"])
        status, kind, picture = fetch(job["result_url"])
        self.assertEqual((status, kind), (200, "image/jpeg"))
        self.assertTrue(picture.startswith(b"\xff\xd8\xff"))
        redirect = platform.get(f"/v1/jobs/{job['id']}/result", key)
        self.assertEqual(redirect.status, 302)
        self.assertEqual(fetch(redirect.headers["Location"])[2], picture)
        listed = platform.get("/v1/jobs", key).json["jobs"][0]
        self.assertEqual(fetch(listed["result_url"])[2], picture)
        self.assertEqual(fetch(job["result_url"].replace(job["id"], "0" * 36))[0] // 100, 4)
        self.assertEqual(platform.get("/files/results/users/cloud-user/x.jpg?expires=1&signature=x").status, 404)
        self.assertEqual(platform.stored_files(""), [])
        platform.ledger_is_exact()

    def test_the_console_may_show_the_storages_pictures_and_no_others(self):
        platform = self.platform()
        policy = platform.get("/console/").headers["Content-Security-Policy"]
        if policy is None:
            self.skipTest("this binary was built without the console")
        images = next(part for part in policy.split(";") if part.strip().startswith("img-src"))
        self.assertEqual(images.split(), ["img-src", "'self'", "data:", "blob:", f"http://{self.storage.host}"])

    def test_jobs_wait_for_a_storage_that_was_killed(self):
        platform = self.platform(STORAGE_TIMEOUT="1s")
        key = platform.key("patient-user", credits=5)
        first = self.complete_one(platform, key)
        self.storage.kill()
        platform.wait_until(lambda: platform.get("/health").json["status"] == "degraded", "the storage is missed")
        refused = platform.submit(key)
        self.assertEqual((refused.status, refused.json["code"]), (503, "storage.unavailable"), refused)
        self.assertIsNone(platform.get(f"/v1/jobs/{first['id']}", key).json["result_url"] if self.signs_remotely else None)
        self.storage.start()
        platform.wait_until(lambda: platform.get("/health").json["status"] == "ok", "the storage is back")
        self.complete_one(platform, key)
        self.assertEqual(fetch(platform.get(f"/v1/jobs/{first['id']}", key).json["result_url"])[0], 200)
        platform.ledger_is_exact()

    def test_a_storage_that_lets_nobody_in_is_named_by_health_and_no_key_is_shown(self):
        platform = Platform(settings={**self.settings(), **self.wrong_key()}, wait=False)
        self.addCleanup(platform.close)
        platform.wait_until(lambda: "storage" in platform.get("/ready").body.decode(), "the API answers")
        platform.wait_until(lambda: next(c for c in platform.get("/ready").json["checks"]
                                         if c["name"] == "storage").get("error"), "the check has failed")
        check = next(c for c in platform.get("/ready").json["checks"] if c["name"] == "storage")
        self.assertFalse(check["ok"])
        for secret in self.wrong_key().values():
            self.assertNotIn(secret, platform.log_text() + str(check))


class Supabase(Remote, unittest.TestCase):
    signs_remotely = True

    def start_storage(self):
        return StandIn("supabase_storage.py", "--data", self.data)

    def settings(self):
        return {"STORAGE_URL": f"supabase+http://{self.storage.host}/pictures/try",
                "SUPABASE_SERVICE_KEY": SUPABASE_KEY}

    def wrong_key(self):
        return {"SUPABASE_SERVICE_KEY": "sb_secret_of_somebody_else"}

    def test_the_inputs_of_a_completed_job_are_removed(self):
        platform = self.platform()
        self.complete_one(platform, platform.key("tidy-user", credits=5))
        platform.wait_until(lambda: not any("/inputs/" in name for name in
                                            self.storage.ask("GET", "/_standin/names")["names"]), "inputs are gone", 20)

    def test_a_slow_and_failing_storage_costs_time_and_no_job(self):
        platform = self.platform()
        key = platform.key("slow-user", credits=5)
        faults = ["SlowDown", "DatabaseTimeout", "reset", "status=503", "ResourceLocked"]
        self.storage.ask("POST", "/_standin/faults", [{"do": fault, "times": 2} for fault in faults])
        self.complete_one(platform, key)
        self.assertEqual(platform.get("/v1/credits", key).json["balance"], 4)

    def test_wrong_settings_are_refused_at_the_start(self):
        for wrong in ({"SUPABASE_SERVICE_KEY": "sb_publishable_standin_0123456789"},
                      {"STORAGE_URL": "supabase://host-without-bucket"}):
            with self.subTest(wrong):
                platform = Platform(settings={**self.settings(), **wrong}, wait=False)
                self.addCleanup(platform.close)
                self.assertEqual(platform.process.wait(20), 2)
                said = platform.log_text() + (platform.data / "test.out").read_text()
                self.assertIn(next(iter(wrong)), said)
                self.assertIn("hint:", said)


class S3WithVerifiedSignatures(Remote, unittest.TestCase):
    signs_remotely = False

    def start_storage(self):
        return StandIn("s3_storage.py", "--data", self.data, "--region", "eu-central-1")

    def settings(self):
        return {"STORAGE_URL": f"s3://pictures/try?region=eu-central-1&endpoint=http://{self.storage.host}",
                "S3_ACCESS_KEY_ID": "AKIASTANDIN000000000",
                "S3_SECRET_ACCESS_KEY": "standin/secret+key=0123456789abcdefghijk"}

    def wrong_key(self):
        return {"S3_SECRET_ACCESS_KEY": "Wo0g/kJ8s0aQ2mZ4xV6bN1cL3fH5gD7tR9yWe"}


class S3rver(Remote, unittest.TestCase):
    signs_remotely = False

    @classmethod
    def setUpClass(cls):
        check = subprocess.run([sys.executable, STAND_INS / "s3rver.py", "--check"], capture_output=True, text=True)
        if check.returncode != 0:
            raise unittest.SkipTest(check.stdout.strip())

    def start_storage(self):
        return StandIn("s3rver.py", "--data", self.data)

    def settings(self):
        return {"STORAGE_URL": f"s3://pictures?endpoint=http://{self.storage.host}",
                "S3_ACCESS_KEY_ID": "S3RVER", "S3_SECRET_ACCESS_KEY": "S3RVER"}

    def wrong_key(self):
        return {"S3_ACCESS_KEY_ID": "AKIASOMEBODYELSE0000"}


if __name__ == "__main__":
    unittest.main()
