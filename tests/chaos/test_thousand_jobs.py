"""A thousand jobs at once, in an undisturbed platform: each ends once, and everything adds up."""

import time
import unittest

import checks
from load import PERSON, SHIRT, Load
from picture_shop import PictureShop
from platform_process import Platform
from settings import SIZE, seeded
from watch import TerminalWatch, count, wait_until_done


class ThousandJobs(unittest.TestCase):
    def test_each_ends_once_and_the_ledger_is_exact(self):
        random = seeded("thousand_jobs")
        shop = PictureShop({"person.png": PERSON, "shirt.png": SHIRT})
        self.addCleanup(shop.close)
        with Platform(settings={"EGRESS_ALLOW": "127.0.0.0/8"}) as platform:
            begun = time.monotonic()
            load = Load(platform, random, SIZE.jobs, shop.url, all_keyed=False, patient=False)
            watch = TerminalWatch(platform.data)
            load.start()
            load.allow_all()
            load.join()
            wait_until_done(platform.data, lambda: platform.process.poll() is None)
            took = time.monotonic() - begun
            orphans = checks.check_all(platform, load, watch)
            self.assertEqual(orphans, [], "nothing was interrupted, so no picture may be without its job")
            checks.check_empty_directories(platform.data)
            self.assertIsNone(platform.process.poll())
            self.assert_each_end_was_logged_once(platform)
            sessions = count(platform.data, "SELECT COUNT(*) FROM credit_ledger WHERE kind = 'charge'")
            print(f"        {sessions} jobs in {took:.0f} s, looked at {watch.looks} times meanwhile", flush=True)

    def assert_each_end_was_logged_once(self, platform):
        ends = [line["session_id"] for event in ("job_completed", "job_failed", "stuck_job_failed")
                for line in platform.log_lines(event)]
        self.assertEqual(len(ends), len(set(ends)), "an end was logged twice")
        self.assertEqual(len(ends), count(platform.data, "SELECT COUNT(*) FROM credit_ledger WHERE kind = 'charge'"))


if __name__ == "__main__":
    unittest.main()
