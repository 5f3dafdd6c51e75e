"""The peer: MediaPipe's own pose landmarker for JavaScript, in Chromium, on the same models and photos."""

import http.server
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = ["--headless", "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-extensions", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
KINDS = {".html": "text/html", ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm", ".jpg": "image/jpeg"}


def install(cache):
    """npm ci of the pinned package, once."""
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = cache / "installed-lock.json"
    if stamp.exists() and stamp.read_bytes() == lock:
        return
    cache.mkdir(parents=True, exist_ok=True)
    print("installing @mediapipe/tasks-vision with npm", flush=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, cache / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=cache, check=True, stdin=subprocess.DEVNULL)
    stamp.write_bytes(lock)


def children_of(pid):
    parents = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            pass
    known, size = {pid}, 0
    while len(known) != size:
        size = len(known)
        known |= {child for child, parent in parents.items() if parent in known}
    return known


def cpu_ms(processes):
    """Of all threads that live, to the nanosecond."""
    total = 0
    for pid in processes:
        for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                total += int(path.read_text().split()[0])
            except OSError:
                pass
    return total / 1e6


class Browser:
    """A Chromium with the page open. run() may be called again and again."""

    def __init__(self, cache, models, photos):
        bundle = cache / "pose.task"
        subprocess.run([sys.executable, str(HERE / "task_bundle.py"), str(models), str(bundle)], check=True)
        modules = cache / "node_modules/@mediapipe/tasks-vision"
        self.orders, self.answers = queue.Queue(), queue.Queue()
        browser = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def give(self, data, kind):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                kind = KINDS.get(pathlib.Path(self.path).suffix, "application/octet-stream")
                if self.path == "/":
                    return self.give((HERE / "page.html").read_bytes(), "text/html")
                if self.path == "/pose.task":
                    return self.give(bundle.read_bytes(), kind)
                folder, name = (photos, self.path[len("/photos/"):]) if self.path.startswith("/photos/") else (modules, self.path[len("/modules/"):])
                if not (folder / name).is_file():
                    return self.send_error(404)
                self.give((folder / name).read_bytes(), kind)

            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                browser.answers.put(told)
                self.give(json.dumps(browser.orders.get()).encode(), "application/json")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.profile = tempfile.mkdtemp(prefix="selvage-bench-chromium-")
        begin = time.monotonic()
        self.process = subprocess.Popen([os.environ.get("CHROMIUM", "/usr/bin/chromium"), *FLAGS, f"--user-data-dir={self.profile}",
                                         f"http://127.0.0.1:{self.server.server_port}/"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.answer()
        self.ready_ms = (time.monotonic() - begin) * 1000
        self.processes = children_of(self.process.pid)

    def answer(self):
        told = self.answers.get(timeout=120)
        if "error" in told:
            raise SystemExit(f"error: the peer does not run: {told['error']}")
        return told

    def order(self, what):
        """The page's answer, and the CPU time of all of Chromium meanwhile."""
        before = cpu_ms(self.processes)
        self.orders.put(what)
        told = self.answer()
        return told, cpu_ms(self.processes) - before

    def run(self, photo, runs):
        """Wall and CPU milliseconds of each run, without what the asking costs; and the landmarks."""
        self.order({"load": photo})
        for _ in range(3):
            self.order({"photo": photo})
        asking = sorted(self.order({})[1] for _ in range(9))[4]
        wall, cpu, detect = [], [], []
        for _ in range(runs):
            told, used = self.order({"photo": photo})
            if told["landmarks"] is None:
                raise SystemExit(f"error: the peer sees nobody in {photo}")
            wall.append(told["wall"])
            detect.append(told["detect"])
            cpu.append(used - asking)
        return {"wall": wall, "cpu": cpu, "detect": detect, "landmarks": told["landmarks"]}

    def memory_mib(self):
        """Proportional share of each of its processes."""
        total = 0
        for pid in children_of(self.process.pid):
            try:
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1024

    def close(self):
        self.orders.put({"done": True})
        self.process.terminate()
        self.process.wait()
        self.server.shutdown()
        shutil.rmtree(self.profile, ignore_errors=True)
