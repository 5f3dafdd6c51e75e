"""Every kind of bad input: a clear error, nothing lost, and the process lives."""

import concurrent.futures
import json
import os
import shutil
import socket
import sqlite3
import struct
import subprocess
import tempfile
import time
import unittest
import zlib

from platform_process import BINARY, SAMPLES, Platform

GOOD_URL = "https://pictures.example.com/person.jpg"

HOSTILE_URLS = """
http://127.0.0.1/ http://127.0.0.1:8000/ http://127.1/ http://127.0.1/ http://2130706433/ http://0x7f000001/
http://0x7f.0.0.1/ http://0177.0.0.1/ http://0/ http://0.0.0.0/ http://localhost/ http://LOCALHOST/ http://localhost./
http://foo.localhost/ http://[::1]/ http://[::]/ http://[0:0:0:0:0:0:0:1]/ http://[::ffff:127.0.0.1]/
http://[::ffff:7f00:1]/ http://[::127.0.0.1]/ http://[64:ff9b::7f00:1]/ http://[64:ff9b:1::7f00:1]/
http://[2002:7f00:1::]/ http://[2001:0:7f00:1::]/ http://[fe80::1]/ http://[fe80::1%25eth0]/ http://[fc00::1]/
http://[fd00:ec2::254]/ http://[fec0::1]/ http://[ff02::1]/ http://[2001:db8::1]/ http://[3fff::1]/ http://[5f00::1]/
http://[100::1]/ http://[v1.x]/ http://169.254.169.254/latest/meta-data/ http://169.254.170.2/ http://100.100.100.200/
http://192.0.0.192/ http://168.63.129.16/ http://metadata.google.internal/ http://metadata/ http://instance-data/
http://10.0.0.1/ http://172.16.0.1/ http://172.31.255.255/ http://192.168.1.1/ http://100.64.0.1/ http://198.18.0.1/
http://198.51.100.1/ http://203.0.113.1/ http://192.0.2.1/ http://192.88.99.1/ http://224.0.0.1/ http://240.0.0.1/
http://255.255.255.255/ http://host.docker.internal/ http://db.internal/ http://printer.local/ http://nas.home.arpa/
http://hidden.onion/ http://intranet/ ftp://example.com/a.jpg file:///etc/passwd gopher://example.com/1 dict://example.com/
data:image/png;base64,AAAA ldap://example.com/ jar:http://example.com!/ javascript:alert(1) //example.com/a.jpg
http:example.com/ http:///a.jpg http://user@example.com/ http://user:pass@example.com/ http://example.com:443@127.0.0.1/
http://example.com\\@127.0.0.1/ http://example.com:22/ http://example.com:6379/ http://example.com:0/
http://example.com:65536/ http://example.com:8x/ http://exa%6dple.com/ http://example.com%00.evil/ http://\u24d4xample.com/
http://ex\u3002ample.com/ http://\uff11\uff12\uff17.0.0.1/ object:inputs/other/person.jpg object:../../etc/passwd
""".split()
HOSTILE_URLS += ["http://exam ple.com/", "http://example.com/a\nHost: evil", "http://example.com/\x00", "http://" + "a" * 3000 + ".com/", ""]


def png(width, height, data=b""):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bomb(side=50_000):
    """A valid 50,000 x 50,000 picture in a few hundred kilobytes: 7.5 GB once decoded."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + side * 3)
    data = b"".join(packer.compress(row) for _ in range(400)) + packer.flush()
    return png(side, side, data)


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform(settings={"HTTP_MAX_UPLOAD": "25MiB"})
        cls.key = cls.platform.key("careful-user", credits=1000)
        cls.person = (SAMPLES / "person-1.jpg").read_bytes()

    @classmethod
    def tearDownClass(cls):
        cls.platform.close()

    def tearDown(self):
        self.assertIsNone(self.platform.process.poll(), "the process lives")
        self.assertEqual(self.platform.get("/health").json["status"], "ok")
        self.platform.ledger_is_exact()

    def refused(self, answer, statuses, code=None):
        self.assertIn(answer.status, statuses, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = answer.json
        for field in ("title", "status", "detail", "code", "request_id"):
            self.assertTrue(problem.get(field), problem)
        if code:
            self.assertEqual(problem["code"], code, problem)
        return problem

    def jobs(self):
        return len(self.platform.get("/v1/jobs?limit=200", self.key).json["jobs"])

    def test_hostile_urls_are_refused_before_anything_is_sent_or_charged(self):
        before = self.jobs()
        for url in HOSTILE_URLS:
            with self.subTest(url=url[:80]):
                answer = self.platform.post_json("/v1/jobs", {"person_image_url": url, "garment_image_urls": [GOOD_URL]}, self.key)
                self.refused(answer, (400, 403, 422))
                answer = self.platform.post_json("/v1/jobs", {"person_image_url": GOOD_URL, "garment_image_urls": [url]}, self.key)
                self.refused(answer, (400, 403, 422))
        self.assertGreaterEqual(len(HOSTILE_URLS), 60)
        self.assertEqual(self.jobs(), before)

    def test_wrong_json_names_every_problem(self):
        good = {"person_image_url": GOOD_URL, "garment_image_urls": [GOOD_URL]}
        cases = [
            b"", b"{", b"[]", b"null", b"\"text\"", b"{\"person_image_url\": NaN}", b"\xff\xfe", b"{}" * 2, b"[" * 5000,
            {**good, "person_image_url": 5}, {**good, "person_image_url": None}, {**good, "person_image_url": ["a"]},
            {**good, "garment_image_urls": "x"}, {**good, "garment_image_urls": []}, {**good, "garment_image_urls": [1]},
            {**good, "garment_image_urls": [GOOD_URL] * 9}, {**good, "prompt": 7}, {**good, "prompt": "x" * 5000},
            {**good, "options": []}, {**good, "options": "x"}, {**good, "credits": -1}, {**good, "credits": 0},
            {**good, "credits": 1.5}, {**good, "credits": "1"}, {**good, "credits": 10**30}, {**good, "credits": 5000},
            {**good, "session_id": "../x"}, {**good, "session_id": 4}, {**good, "sesion_id": "typo"}, {**good, "channel": "b3c"},
        ]
        before = self.jobs()
        for case in cases:
            with self.subTest(case=str(case)[:80]):
                answer = self.platform.post_json("/v1/jobs", case, self.key)
                self.refused(answer, (400, 422))
        several = self.platform.post_json("/v1/jobs", {"person_image_url": 5, "credits": -3}, self.key)
        detail = self.refused(several, (400,))["detail"]
        for name in ("person_image_url", "garment_image_urls", "credits"):
            self.assertIn(name, detail)
        self.assertEqual(self.jobs(), before)

    def test_other_content_types_are_refused(self):
        for kind in ("text/plain", "application/xml", "", "multipart/form-data", "multipart/form-data; boundary="):
            answer = self.platform.request("POST", "/v1/jobs", b"x", {"Content-Type": kind, "Authorization": f"Bearer {self.key}"})
            self.refused(answer, (400, 415))

    def test_lying_and_truncated_pictures(self):
        before = self.jobs()
        for name, data in {
            "text": b"hello, I am a picture", "html": b"<html><script>", "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "gif": b"GIF89a" + b"\0" * 100, "heic": b"\0\0\0\x18ftypheic" + b"\0" * 100, "empty": b"",
            "jpeg magic only": b"\xff\xd8\xff", "png magic only": b"\x89PNG\r\n\x1a\n", "webp magic only": b"RIFF\x10\0\0\0WEBP",
            "zero size png": png(0, 10), "too wide": png(20_000, 1), "bomb": bomb(),
        }.items():
            with self.subTest(name):
                self.refused(self.platform.submit(self.key, person=data), (400, 413, 415, 422))
                self.refused(self.platform.submit(self.key, garment=data), (400, 413, 415, 422))
        self.assertEqual(self.jobs(), before)
        # what only decoding can find out fails the job, with a reason, and the credit comes back
        balance = self.platform.get("/v1/credits", self.key).json["balance"]
        for cut in (0.3, 0.6, 0.95):
            answer = self.platform.submit(self.key, person=self.person[:int(len(self.person) * cut)])
            self.assertEqual(answer.status, 202, answer)
            job = self.platform.wait_job(self.key, answer.json["id"])
            self.assertEqual(job["status"], "failed", job)
            self.assertIn("picture", job["error"]["message"].lower() + "photo picture")
        self.assertEqual(self.platform.get("/v1/credits", self.key).json["balance"], balance)

    def test_a_bomb_costs_no_memory(self):
        def resident_kb():
            for line in open(f"/proc/{self.platform.process.pid}/status"):
                if line.startswith("VmHWM"):
                    return int(line.split()[1])
        data = bomb()
        before = resident_kb()
        for _ in range(20):
            self.refused(self.platform.submit(self.key, person=data), (413, 422))
        self.assertLess(resident_kb() - before, 64 * 1024)

    def test_a_100_mb_body_is_refused_by_its_length(self):
        with socket.create_connection(("127.0.0.1", self.platform.port), timeout=20) as wire:
            wire.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + self.key.encode() +
                         b"\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n")
            sent = 0
            try:
                for _ in range(100):
                    wire.sendall(b"x" * 1_048_576)
                    sent += 1
            except OSError:
                pass  # the server stopped reading, as it should
            answer = b""
            try:
                answer = wire.recv(65536)
            except OSError:
                pass
        self.assertTrue(answer.startswith(b"HTTP/1.1 413") or sent < 100, (sent, answer[:200]))
        self.assertTrue(answer.startswith(b"HTTP/1.1 413"), answer[:200])

    def test_one_upload_over_the_picture_limit(self):
        problem = self.refused(self.platform.submit(self.key, person=self.person + b"\0" * (11 << 20)), (413,), "image.too_large")
        self.assertIn("10 MiB", problem["detail"])

    def test_slow_clients_are_cut_while_others_are_served(self):
        drip = [socket.create_connection(("127.0.0.1", self.platform.port)) for _ in range(100)]
        start = time.monotonic()
        for wire in drip:
            wire.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        open_wires = set(drip)
        while open_wires and time.monotonic() - start < 30:
            self.assertEqual(self.platform.get("/health").status, 200)
            for wire in list(open_wires):
                wire.setblocking(False)
                try:
                    wire.sendall(b"x")
                    if wire.recv(1000):
                        open_wires.discard(wire)
                except BlockingIOError:
                    continue
                except OSError:
                    open_wires.discard(wire)
            time.sleep(0.25)
        for wire in drip:
            wire.close()
        self.assertFalse(open_wires, f"{len(open_wires)} slow connections were still held after 30 s")

    def test_bad_keys(self):
        for key in ("", "x", "sk_", "sk_AAAAAAAA_" + "A" * 43, self.key[:-1], self.key + "A", self.key.lower(), "\u00e9", "a" * 5000):
            with self.subTest(key=key[:20]):
                headers = {"Authorization": ("Bearer " + key).encode("utf-8")}
                self.refused(self.platform.request("GET", "/v1/jobs", headers=headers), (400, 401))
        self.refused(self.platform.request("GET", "/v1/jobs", headers={"Authorization": "Basic " + self.key}), (401,))
        self.refused(self.platform.get("/v1/jobs"), (401,), "auth.missing")
        reader = self.platform.key("reader", rights="read")
        self.refused(self.platform.submit(reader), (403,), "auth.forbidden")
        self.refused(self.platform.get("/v1/console/overview", self.key), (403,), "auth.forbidden")

    def test_a_revoked_key_is_refused(self):
        key = self.platform.key("revoked-user")
        self.assertEqual(self.platform.get("/v1/jobs", key).status, 200)
        self.platform.command("keys", "revoke", "_".join(key.split("_")[:2]) if key.count("_") == 2 else key[:11])
        self.platform.wait_until(lambda: self.platform.get("/v1/jobs", key).status == 401, "the key is refused", 10)

    def test_a_console_cookie_is_worthless_after_signing_out(self):
        code = self.platform.command("console-login")[1].strip().split("#login=")[1]
        self.refused(self.platform.post_json("/v1/console/login", {"code": "wrong"}), (401,), "console.code")
        answer = self.platform.post_json("/v1/console/login", {"code": code})
        self.assertEqual(answer.status, 204, answer)
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        for attribute in ("HttpOnly", "SameSite=Strict"):
            self.assertIn(attribute, answer.headers["Set-Cookie"])
        self.refused(self.platform.post_json("/v1/console/login", {"code": code}), (401,), "console.code")
        ask = lambda method, path, **extra: self.platform.request(method, path, headers={"Cookie": cookie, **extra})
        self.assertEqual(ask("GET", "/v1/console/session").status, 200)
        grant = {"channel": "b2c", "owner": "x", "amount": 1, "reason": "r"}
        self.refused(self.platform.post_json("/v1/console/credits", grant, headers={"Cookie": cookie}), (403,), "auth.csrf")
        allowed = {"Cookie": cookie, "X-Selvage-Console": "1"}
        self.assertEqual(self.platform.post_json("/v1/console/credits", grant, headers=allowed).status, 200)
        self.assertEqual(ask("POST", "/v1/console/logout", **{"X-Selvage-Console": "1"}).status, 204)
        self.assertEqual(ask("GET", "/v1/console/session").status, 401)

    def test_a_session_id_is_used_once(self):
        fields = [("session_id", "01890a5d-ac96-774b-bcce-b302099a8057")]
        first = self.platform.submit(self.key, fields=fields)
        self.assertEqual(first.status, 202, first)
        self.refused(self.platform.submit(self.key, fields=fields), (409,), "session.duplicate")
        self.platform.wait_job(self.key, first.json["id"])

    def test_the_same_idempotency_key_sent_by_twenty_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: self.platform.submit(self.key, headers={"Idempotency-Key": "race"}), range(20)))
        self.assertEqual({a.status for a in answers} - {200, 202}, set(), answers)
        self.assertEqual(len({a.json["id"] for a in answers}), 1)
        self.assertEqual(sum(a.status == 202 for a in answers), 1)
        self.platform.wait_job(self.key, answers[0].json["id"])

    def test_odd_paths_and_pages(self):
        for path in ("/v1/jobs/", "/v1/jobs/%00", "/v1/jobs/" + "x" * 4000, "/files/../selvage.db", "/files/%2e%2e/selvage.db",
                     "/files/secrets/storage-signing-key?expires=9&signature=x", "/console/../../etc/passwd", "/v1/jobs/abc%2"):
            with self.subTest(path=path[:40]):
                self.assertIn(self.platform.get(path, self.key).status, (400, 403, 404, 414))
        for query in ("limit=0", "limit=-1", "limit=x", "limit=100000", "status=done", "channel=b3c", "cursor=junk", "cursor=%00",
                      "created_from=yesterday", "owner=x", "nonsense=1"):
            with self.subTest(query=query):
                self.refused(self.platform.get("/v1/jobs?" + query, self.key), (400, 403))


class BadDisk(unittest.TestCase):
    def test_a_full_disk_loses_nothing_and_heals(self):
        place = tempfile.mkdtemp(prefix="selvage-small-")
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", place],
                                               capture_output=True).returncode != 0:
            os.rmdir(place)
            self.skipTest("mounting a small tmpfs needs root and the right to mount")
        try:
            self.fill_and_heal(place)
        finally:
            subprocess.run(["umount", "-l", place])
            os.rmdir(place)

    def fill_and_heal(self, place):
        with Platform(data=place) as platform:
            key = platform.key(credits=1000)
            done = platform.wait_job(key, platform.submit(key).json["id"])
            self.assertEqual(done["status"], "completed", done)
            ballast = open(place + "/ballast", "wb")
            try:
                while True:
                    ballast.write(b"\0" * 65536)
                    ballast.flush()
            except OSError:
                pass
            answers = [platform.submit(key) for _ in range(20)]
            self.assertTrue(any(a.status == 503 for a in answers), [a.status for a in answers])
            for answer in answers:
                self.assertIn(answer.status, (202, 503), answer)
            self.assertIsNone(platform.process.poll(), "the process lives")
            try:
                ballast.close()
            except OSError:
                pass
            os.unlink(place + "/ballast")
            for answer in answers:
                if answer.status == 202:
                    self.assertEqual(platform.wait_job(key, answer.json["id"], 90)["status"], "completed")
            platform.wait_until(lambda: platform.submit(key).status == 202, "jobs are taken again", 30)
            for job in platform.get("/v1/jobs?limit=200", key).json["jobs"]:
                platform.wait_job(key, job["id"], 90)
            platform.ledger_is_exact()
            platform.wait_until(lambda: platform.get("/health").json["status"] == "ok", "health is ok again", 15)

    def test_a_read_only_database_is_said_at_the_start(self):
        with Platform() as platform:
            key = platform.key()
            platform.wait_job(key, platform.submit(key).json["id"])
            platform.stop()
            place = tempfile.mkdtemp(prefix="selvage-ro-")
            if os.geteuid() != 0 or subprocess.run(["mount", "--bind", str(platform.data), place]).returncode != 0 or \
                    subprocess.run(["mount", "-o", "remount,ro,bind", place]).returncode != 0:
                self.skipTest("a read-only mount needs root and the right to mount")
            try:
                environment = {**platform.environment(), "DATA_DIR": place}
                done = subprocess.run([BINARY, "up"], env=environment, capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn("error:", done.stderr)
                self.assertIn("read-only", done.stderr.lower().replace("read only", "read-only"))
                self.assertIn("hint:", done.stderr)
            finally:
                subprocess.run(["umount", "-l", place])
                shutil.rmtree(place, ignore_errors=True)

    def test_a_database_that_somebody_else_holds_locked(self):
        with Platform() as platform:
            key = platform.key()
            lock = sqlite3.connect(platform.data / "selvage.db", isolation_level=None)
            lock.execute("BEGIN IMMEDIATE")
            answer = platform.submit(key)
            self.assertEqual((answer.status, answer.json["code"]), (503, "db.busy"), answer)
            self.assertIsNone(platform.process.poll())
            lock.execute("ROLLBACK")
            platform.wait_until(lambda: platform.submit(key).status == 202, "jobs are taken again", 20)
            for job in platform.get("/v1/jobs", key).json["jobs"]:
                platform.wait_job(key, job["id"])
            platform.ledger_is_exact()


if __name__ == "__main__":
    unittest.main()
