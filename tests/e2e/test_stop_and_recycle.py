"""How processes end: by signals, at any moment of their life, in every role; and by starting themselves anew."""

import http.client
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import unittest

from platform_process import BINARY, Platform

TOO_LITTLE = {"WORKER_MEMORY_MAX": "1MiB"}  # any process is over it, as soon as it has lived long enough


def lives(platform):
    return [line["pid"] for line in platform.log_lines("started")]


class Knocker:
    """Asks /health on a new connection again and again; remembers refusals and the longest wait."""

    def __init__(self, port):
        self.port, self.refused, self.failed, self.longest, self.asked = port, 0, [], 0.0, 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping.wait(0.002):
            begun = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request("GET", "/health")
                connection.getresponse().read()
            except ConnectionRefusedError:
                self.refused += 1
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
            finally:
                connection.close()
            self.asked += 1
            self.longest = max(self.longest, time.monotonic() - begun)

    def stop(self):
        self.stopping.set()
        self.thread.join()


class SlowUpload:
    """A request whose body comes just fast enough not to be cut."""

    def __init__(self, port, key):
        self.client = socket.create_connection(("127.0.0.1", port))
        self.client.sendall(f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                            "Content-Type: application/json\r\nContent-Length: 20000000\r\n\r\n".encode())
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            while not self.stopping.wait(0.2):
                self.client.sendall(b" " * 4096)
        except OSError:
            pass  # it was told to go

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.client.close()


class Recycle(unittest.TestCase):
    def look(self, platform):
        """What a new life must share with the old one: its command line; and how many files it has open."""
        process = pathlib.Path(f"/proc/{platform.process.pid}")
        return (process / "cmdline").read_bytes(), len(os.listdir(process / "fd"))

    def started_anew(self, platform, words, files):
        platform.wait_until(lambda: len(lives(platform)) >= 2, "it starts anew", 90)
        self.assertEqual(set(lives(platform)), {platform.process.pid}, "the pid stays")
        self.assertEqual(self.look(platform)[0], words)
        platform.wait_until(lambda: self.look(platform)[1] <= files + 6, "nothing of the old life is left open", 10)

    def test_every_role_starts_anew_and_no_client_is_refused(self):
        platforms = {role: Platform(role, settings=TOO_LITTLE) for role in ("up", "api", "worker", "beat")}
        for platform in platforms.values():
            self.addCleanup(platform.close)
            platform.wait_until(lambda: lives(platform), "it runs")
        looks = {role: self.look(platform) for role, platform in platforms.items()}
        knockers = [Knocker(platforms[role].port) for role in ("up", "api")]
        for knocker in knockers:
            self.addCleanup(knocker.stop)
        key = platforms["up"].key()
        for role, platform in platforms.items():
            with self.subTest(role=role):
                self.started_anew(platform, *looks[role])
        job = platforms["up"].submit(key)
        self.assertEqual(job.status, 202, job)
        self.assertEqual(platforms["up"].wait_job(key, job.json["id"])["status"], "completed")
        for knocker in knockers:
            knocker.stop()
            self.assertEqual((knocker.refused, knocker.failed), (0, []))
            self.assertGreater(knocker.asked, 100)
        waits = ", ".join(f"{knocker.longest * 1000:.0f} ms" for knocker in knockers)
        print(f"        longest answer while it started anew (up, api): {waits}", flush=True)
        for role, platform in platforms.items():
            with self.subTest(role=role):
                self.assertEqual(platform.stop(), 0)

    def test_a_signal_while_it_drains_for_a_new_life_ends_it(self):
        with Platform("api", settings=TOO_LITTLE) as platform:
            upload = SlowUpload(platform.port, platform.key())  # keeps the old life waiting
            self.addCleanup(upload.stop)
            platform.wait_until(lambda: platform.log_lines("memory_exceeded"), "it is over its limit", 60)
            time.sleep(0.5)
            self.assertIsNone(platform.process.poll())
            platform.process.send_signal(signal.SIGTERM)
            platform.wait_until(lambda: platform.log_lines("draining"), "the signal is heeded", 20)
            self.assertEqual(platform.process.wait(30), 0)
            self.assertEqual(len(lives(platform)), 1)


class Signals(unittest.TestCase):
    def test_a_signal_during_the_start_ends_the_process_at_once(self):
        with Platform("beat") as platform:
            platform.wait_until(lambda: lives(platform), "there is a database")
            platform.stop()
            holder = sqlite3.connect(platform.data / "selvage.db", isolation_level=None)
            holder.execute("BEGIN EXCLUSIVE")  # whoever starts waits for it
            for role in ("up", "worker", "api", "beat"):
                with self.subTest(role=role):
                    process = subprocess.Popen([BINARY, role], env=platform.environment(), stderr=subprocess.DEVNULL)
                    time.sleep(0.5)
                    self.assertIsNone(process.poll(), "it is starting")
                    process.send_signal(signal.SIGTERM)
                    self.assertEqual(process.wait(2), -signal.SIGTERM)
            holder.close()

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "needs root and unshare")
    def test_as_process_1_of_a_container_as_well(self):
        with Platform("beat") as platform:
            platform.wait_until(lambda: lives(platform), "there is a database")
            platform.stop()
            holder = sqlite3.connect(platform.data / "selvage.db", isolation_level=None)
            holder.execute("BEGIN EXCLUSIVE")
            outer = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", BINARY, "worker"],
                                     env=platform.environment(), stderr=subprocess.DEVNULL)
            time.sleep(0.7)
            inner = pathlib.Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
            self.assertEqual(len(inner), 1)
            os.kill(int(inner[0]), signal.SIGTERM)
            self.assertEqual(outer.wait(2), 128 + signal.SIGTERM)
            holder.close()

    def test_one_signal_waits_for_requests_and_a_second_does_not(self):
        for role in ("up", "api"):
            with self.subTest(role=role), Platform(role) as platform:
                with socket.create_connection(("127.0.0.1", platform.port)) as client:
                    client.sendall(b"POST /v1/console/login HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
                    time.sleep(0.3)
                    platform.process.send_signal(signal.SIGTERM)
                    time.sleep(1)
                    self.assertIsNone(platform.process.poll(), "it waits for the request")
                    begun = time.monotonic()
                    platform.process.send_signal(signal.SIGTERM)
                    self.assertEqual(platform.process.wait(8), 0)
                    self.assertLess(time.monotonic() - begun, 5)

    def test_beat_and_worker_end_at_once_when_nothing_runs(self):
        for role in ("beat", "worker"):
            with self.subTest(role=role), Platform(role) as platform:
                platform.wait_until(lambda: lives(platform), "it runs")
                begun = time.monotonic()
                self.assertEqual(platform.stop(), 0)
                self.assertLess(time.monotonic() - begun, 5)


if __name__ == "__main__":
    unittest.main()
