"""A real selvage process in a directory of its own, and the few HTTP calls that tests need."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SELVAGE", str(ROOT / "build/release/src/selvage"))
SAMPLES = ROOT / "samples"
# Where the binary looks for them; tools/fetch_models puts them there.
MODELS = ROOT / "build/models"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def form(fields):
    """multipart/form-data of (name, filename or None, bytes) triples."""
    boundary = uuid.uuid4().hex
    parts = []
    for name, filename, data in fields:
        disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        kind = "Content-Type: application/octet-stream\r\n" if filename else ""
        parts.append(f"--{boundary}\r\nContent-Disposition: {disposition}\r\n{kind}\r\n".encode() + data + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


class Platform:
    """selvage up (or another role) with its data in a temporary directory."""

    def __init__(self, role="up", data=None, settings=None, wait=True):
        self.role = role
        self.own_data = data is None
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="selvage-e2e-"))
        self.port = free_port()
        self.settings = {"LOG_FORMAT": "json", **(settings or {})}
        if not MODELS.exists():
            self.settings.setdefault("SIZING", "false")  # it would be degraded for ever
        self.process = None
        self.start(wait)

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "ASAN_OPTIONS", "TSAN_OPTIONS")}
        return {**kept, "DATA_DIR": str(self.data), "HTTP_PORT": str(self.port), **self.settings}

    def start(self, wait=True):
        self.log = open(self.data / "test.log", "ab")
        self.log_begin = self.log.tell()  # of this process; others may write there too
        self.out = open(self.data / "test.out", "ab")
        self.process = subprocess.Popen([BINARY, self.role], env=self.environment(), stdout=self.out, stderr=self.log)
        if wait and self.role in ("up", "api"):
            good = "ok" if self.role == "up" else "degraded"  # the api alone has no worker, and says so
            self.wait_until(lambda: self.get("/health").json["status"] in ("ok", good), "the API answers")

    def wait_until(self, condition, what, limit=60):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"selvage ended with {self.process.returncode} before {what}:\n{self.log_text()[-3000:]}")
            try:
                if condition():
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.02)
        raise AssertionError(f"not within {limit} s: {what}\n{self.log_text()[-3000:]}")

    def log_text(self):
        return (self.data / "test.log").read_text(errors="replace")

    def log_lines(self, event):
        lines = []
        for line in self.log_text().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("event") == event:
                lines.append(entry)
        return lines

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def has_started(self):
        """Whether this process has logged that it runs. From then on SIGTERM drains it; sooner it ends it at once."""
        with open(self.data / "test.log", "rb") as log:
            log.seek(self.log_begin)
            return any(b'"event":"started"' in line and b'"pid":%d,' % self.process.pid in line for line in log)

    def stop(self, limit=40):
        """SIGTERM when it runs; the exit code."""
        if self.process.poll() is None:
            self.wait_until(self.has_started, "it has started")
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(limit)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.log.close()
        self.out.close()
        if self.own_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def request(self, method, path, body=None, headers=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, key=None):
        return self.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})

    def post_json(self, path, value, key=None, headers=None):
        all_headers = {"Content-Type": "application/json", **(headers or {})}
        if key:
            all_headers["Authorization"] = f"Bearer {key}"
        body = value if isinstance(value, (bytes, str)) else json.dumps(value)
        return self.request("POST", path, body, all_headers)

    def submit(self, key, person=None, garment=None, fields=(), headers=None):
        person = (SAMPLES / "person-1.jpg").read_bytes() if person is None else person
        garment = (SAMPLES / "garment-1.png").read_bytes() if garment is None else garment
        parts = [("person", "person.jpg", person), ("garment", "garment.png", garment)]
        parts += [(name, None, value.encode()) for name, value in fields]
        body, kind = form(parts)
        return self.request("POST", "/v1/jobs", body,
                            {"Content-Type": kind, "Authorization": f"Bearer {key}", **(headers or {})})

    def wait_job(self, key, job_id, limit=60):
        job = {}

        def terminal():
            job.update(self.get(f"/v1/jobs/{job_id}", key).json)
            return job.get("status") in ("completed", "failed")

        self.wait_until(terminal, f"job {job_id} ends", limit)
        return job

    def command(self, *words, check=True):
        """Another selvage process on the same data: (exit code, standard output, standard error)."""
        done = subprocess.run([BINARY, *words], env=self.environment(), capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(f"selvage {' '.join(words)} exited {done.returncode}: {done.stderr}")
        return done.returncode, done.stdout, done.stderr

    def key(self, owner="owner-1", channel="b2c", credits=100, rights="submit,read"):
        words = ["keys", "create", "--channel", channel, "--owner", owner, "--rights", rights, "--quiet"]
        if credits:
            words += ["--credits", str(credits)]
        return self.command(*words)[1].strip()

    def admin_key(self):
        return self.command("keys", "create", "--rights", "admin", "--quiet")[1].strip()

    def ledger_is_exact(self):
        code, out, err = self.command("credits", "verify", check=False)
        assert code == 0, f"the ledger is wrong: {out}{err}"

    def stored_files(self, under):
        root = self.data / "objects" / under
        return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()) if root.exists() else []
