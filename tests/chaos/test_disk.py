"""The disk fills up and heals in the middle of a run: requests are refused meanwhile, accepted jobs only wait."""

import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import checks
from load import PERSON, SHIRT, Load
from picture_shop import PictureShop
from platform_process import Platform
from settings import seeded
from watch import TerminalWatch, wait_until_done


def fill(path):
    """Takes all that is left of the disk."""
    with open(path, "wb", buffering=0) as ballast:
        for size in (1 << 16, 1 << 12):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError:
                pass


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="selvage-small-")
        self.addCleanup(os.rmdir, self.place)
        mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.place]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            self.skipTest("mounting a small tmpfs needs root and the right to mount")
        self.addCleanup(subprocess.run, ["umount", "-l", self.place])

    def test_a_disk_that_fills_and_heals_three_times_in_a_run(self):
        random = seeded("full_disk")
        shop = PictureShop({"person.png": PERSON, "shirt.png": SHIRT})
        self.addCleanup(shop.close)
        ballast = pathlib.Path(self.place) / "ballast"
        with Platform(data=self.place, settings={"EGRESS_ALLOW": "127.0.0.0/8", "LOG_LEVEL": "error"}) as platform:
            load = Load(platform, random, 100, shop.url, all_keyed=True, patient=True)
            watch = TerminalWatch(platform.data)
            load.start(8)
            for _ in range(3):
                load.allow(load.sends // 6)
                time.sleep(random.uniform(0, 0.5))  # some jobs are running, some wait
                fill(ballast)
                refused = load.busy
                load.allow(load.sends // 6)
                platform.wait_until(lambda: load.busy > refused, "a client notices that the disk is full")
                time.sleep(random.uniform(0, 2))
                ballast.unlink()
            load.allow_all()
            load.join()
            wait_until_done(platform.data, lambda: platform.process.poll() is None)
            orphans = checks.check_all(platform, load, watch)
            self.assertEqual(orphans, [], "an upload whose job was refused is removed again")
            print(f"        {load.busy} answers were 503 while the disk was full", flush=True)


if __name__ == "__main__":
    unittest.main()
