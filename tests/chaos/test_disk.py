"""The disk fills up and heals in the middle of a run: requests are refused meanwhile, accepted jobs only wait."""

import time
import unittest

import checks
from load import PERSON, SHIRT, Load
from picture_shop import PictureShop
from platform_process import Platform
from settings import seeded
from small_disk import SmallDisk
from watch import TerminalWatch, wait_until_done


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.disk = SmallDisk(24)
        self.addCleanup(self.disk.close)
        if not self.disk.mounted:
            self.skipTest("mounting a small tmpfs needs root and the right to mount")

    def test_a_disk_that_fills_and_heals_three_times_in_a_run(self):
        random = seeded("full_disk")
        shop = PictureShop({"person.png": PERSON, "shirt.png": SHIRT})
        self.addCleanup(shop.close)
        with Platform(data=self.disk.place, settings={"EGRESS_ALLOW": "127.0.0.0/8", "LOG_LEVEL": "error"}) as platform:
            load = Load(platform, random, 100, shop.url, all_keyed=True, patient=True)
            watch = TerminalWatch(platform.data)
            load.start(8)
            for _ in range(3):
                load.allow(load.sends // 6)
                time.sleep(random.uniform(0, 0.5))  # some jobs are running, some wait
                self.disk.fill()
                refused = load.busy
                load.allow(load.sends // 6)
                platform.wait_until(lambda: load.busy > refused, "a client notices that the disk is full")
                time.sleep(random.uniform(0, 2))
                self.disk.empty()
            load.allow_all()
            load.join()
            wait_until_done(platform.data, lambda: platform.process.poll() is None)
            orphans = checks.check_all(platform, load, watch)
            self.assertEqual(orphans, [], "an upload whose job was refused is removed again")
            print(f"        {load.busy} answers were 503 while the disk was full", flush=True)


if __name__ == "__main__":
    unittest.main()
