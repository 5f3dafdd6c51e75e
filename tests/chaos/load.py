"""A load of jobs as real clients send them: each intended job is sent until it has an answer.

A job that must be accepted exactly once although connections break carries an Idempotency-Key, and is sent again
with the same key. What each client was told is kept, and checked against the platform's data afterwards.
"""

import dataclasses
import http.client
import json
import queue
import threading
import time

import figures
from platform_process import form

PERSON, SHIRT, NOBODY = figures.person(), figures.shirt(), figures.nobody()

# kind of job, how many of a hundred, how it must end
KINDS = (("upload", 54, "completed"), ("urls", 34, "completed"), ("missing", 6, "failed"),
         ("half_missing", 3, "failed"), ("nobody", 3, "failed"))
EXPECTED = {kind: ending for kind, _, ending in KINDS}
KEEPS_INPUTS = {"half_missing", "nobody"}  # failed with uploads, which stay so that it can be repeated

OWNERS = (("b2c", "user-1"), ("b2c", "user-2"), ("b2c", "user-3"), ("b2b", "store-1"), ("b2b", "store-2"))
GRANT = 5000
POOR, POOR_GRANT, POOR_JOBS = ("b2c", "poor-user"), 5, 15  # wants more jobs than it can pay


@dataclasses.dataclass
class Intent:
    number: int
    owner: tuple
    kind: str
    key: str | None  # Idempotency-Key
    answers: list = dataclasses.field(default_factory=list)  # (status, job id or problem code)

    @property
    def job_id(self):
        return next((what for status, what in self.answers if status in (200, 202)), None)


class Client:
    """One keep-alive connection that is opened again after it broke."""

    def __init__(self, port, timeout=60):
        self.port, self.timeout, self.connection = port, timeout, None

    def request(self, method, path, body=None, headers=None):
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self.connection.request(method, path, body, headers or {})
            response = self.connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Load:
    def __init__(self, platform, random, jobs, shop_url, all_keyed, patient, kinds=KINDS):
        """`patient`: broken connections and 503 are expected, and tried again; else they are failures."""
        self.port, self.patient = platform.port, patient
        self.api_keys = {owner: platform.key(owner[1], owner[0], GRANT) for owner in OWNERS}
        self.api_keys[POOR] = platform.key(POOR[1], POOR[0], POOR_GRANT)
        self.bodies = self.make_bodies(shop_url)
        self.intents = self.make_intents(random, jobs, all_keyed, kinds)
        sent = list(self.intents)
        copies = [intent for intent in self.intents if intent.key and intent.owner != POOR and random.random() < 0.06]
        for intent in copies:  # the same request a second time, somewhere later, often while the first runs
            place = sent.index(intent)
            sent.insert(random.randint(place + 1, min(place + 12, len(sent))), intent)
        self.sends = len(sent)
        self.waiting = queue.SimpleQueue()
        for intent in sent:
            self.waiting.put(intent)
        self.allowed = threading.Semaphore(0)
        self.broken = self.busy = 0  # connections that broke, answers 503
        self.problems = []
        self.lock = threading.Lock()
        self.threads = []

    @staticmethod
    def make_bodies(shop_url):
        person, shirt = ("person", "person.png", PERSON), ("garment", "shirt.png", SHIRT)
        missing = shop_url + "/missing.png"

        def urls(person_url):
            return json.dumps({"person_image_url": person_url,
                               "garment_image_urls": [shop_url + "/shirt.png"]}).encode(), "application/json"
        return {"upload": form([person, shirt]),
                "urls": urls(shop_url + "/person.png"),
                "missing": urls(missing),
                "half_missing": form([person, ("garment_image_urls", None, missing.encode())]),
                "nobody": form([("person", "wall.png", NOBODY), shirt])}

    @staticmethod
    def make_intents(random, jobs, all_keyed, kinds):
        intents = []
        for number in range(jobs):
            kind = random.choices([k[0] for k in kinds], [k[1] for k in kinds])[0]
            key = f"order-{number}" if all_keyed or random.random() < 0.5 else None
            intents.append(Intent(number, random.choice(OWNERS), kind, key))
        for number in range(jobs, jobs + POOR_JOBS):
            intents.insert(random.randrange(len(intents)), Intent(number, POOR, "upload", f"order-{number}"))
        return intents

    def start(self, clients=12):
        self.threads = [threading.Thread(target=self.client, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def allow(self, sends):
        self.allowed.release(sends)

    def allow_all(self):
        self.allow(self.sends + len(self.threads))

    def answered(self):
        return not any(thread.is_alive() for thread in self.threads)

    def join(self, limit=600):
        end = time.monotonic() + limit
        for thread in self.threads:
            thread.join(max(end - time.monotonic(), 0.1))
        assert self.answered(), f"clients still wait for an answer after {limit} s ({self.broken} broken, {self.busy} busy)"

    def client(self):
        client = Client(self.port)
        while True:
            self.allowed.acquire()
            try:
                intent = self.waiting.get_nowait()
            except queue.Empty:
                break
            try:
                self.send(client, intent)
            except Exception as problem:  # a client's bug must fail the test, not vanish with its thread
                self.note(f"job {intent.number}: {problem!r}")
        client.close()

    def note(self, problem):
        with self.lock:
            self.problems.append(problem)

    def send(self, client, intent):
        body, kind = self.bodies[intent.kind]
        headers = {"Content-Type": kind, "Authorization": f"Bearer {self.api_keys[intent.owner]}"}
        if intent.key:
            headers["Idempotency-Key"] = intent.key
        while True:
            try:
                status, _, data = client.request("POST", "/v1/jobs", body, headers)
            except (OSError, http.client.HTTPException):
                if not self.patient:
                    raise
                with self.lock:
                    self.broken += 1
                time.sleep(0.03)
                continue
            if status == 503 and self.patient:
                with self.lock:
                    self.busy += 1
                time.sleep(0.1)
                continue
            answer = json.loads(data)
            with self.lock:
                intent.answers.append((status, answer.get("id") or answer.get("code")))
            return
