"""See run."""

import argparse
import concurrent.futures
import http.client
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE / "peer"), str(ROOT / "tests/e2e")]

import peer  # noqa: E402
from platform_process import Platform, form  # noqa: E402

BUILD = ROOT / "build/release"
BENCH = BUILD / "bench/sizing/bench_pose"
CACHE = ROOT / "build/bench-sizing"
SIZES = ("1mp", "12mp")
# What is promised: p95 of one core's CPU time by the photo's size, the peer's CPU time over ours, and of the service.
MOST_CPU_MS = {"1mp": 40, "12mp": 70}
LEAST_RATIO = 2.5
MOST_READY_MS, MOST_MIB = 500, 100
CLIENTS = 8


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def row(name, cpu, wall, ours=None):
    text = (f"  {name:34} {statistics.median(cpu):9.1f} {quantile(cpu, 0.95):9.1f} {statistics.median(wall):11.1f} "
            f"{quantile(wall, 0.95):9.1f}")
    if ours:
        text += f"   {statistics.median(cpu) / statistics.median(ours[0]):5.2f}x {statistics.median(wall) / statistics.median(ours[1]):5.2f}x"
    print(text)


class Promises:
    def __init__(self):
        self.broken = 0

    def check(self, kept, text):
        print(f"{'kept' if kept else 'BROKEN'}: {text}")
        self.broken += not kept


def run_ours(photos, runs):
    out = subprocess.run([BENCH, "run", str(runs), *photos], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def distances(ours, theirs):
    """Of the landmarks, in percent of the picture's diagonal as both see it."""
    return [100 * math.dist(a, b) / math.sqrt(2) for a, b in zip(ours, theirs)]


def compare(folder, runs, with_peer, promises):
    photos = sorted(folder.glob("*.jpg"))
    both = [run_ours(photos, (runs + 1) // 2)]
    peers = {}
    if with_peer:
        peer.install(CACHE)
        browser = peer.Browser(CACHE, ROOT / "build/models", folder)
        peers = {photo.name: browser.run(photo.name, runs) for photo in photos}
        memory = browser.memory_mib()
        browser.close()
    both.append(run_ours(photos, (runs + 1) // 2))  # before and after the peer: what else the machine does hits both
    print(f"models loaded in {both[0]['load_ms']:.0f} ms ({both[0]['load_cpu_ms']:.0f} ms CPU)")
    if peers:
        print(f"the peer: Chromium started and ready in {browser.ready_ms:.0f} ms, {memory:.0f} MiB")
    print(f"{'milliseconds':36} {'CPU':>9} {'CPU p95':>9} {'wall':>11} {'wall p95':>9}   ratio CPU, wall")
    for size in SIZES:
        names = [photo.name for photo in photos if photo.name.endswith(f"-{size}.jpg")]
        length = sum((folder / name).stat().st_size for name in names) / len(names)
        print(f"{size}: {len(names)} photos of {length / 1e6:.1f} MB")

        def of(member):
            return [value for one in both for name in names for value in one["photos"][name][member]]
        ours = of("cpu"), of("wall")
        row("selvage, landmarks and mask", *ours)
        row("selvage, the size's JSON", of("answer_cpu"), of("answer_wall"), ours)
        if peers:
            cpu, wall, detect = ([v for name in names for v in peers[name][member]] for member in ("cpu", "wall", "detect"))
            row("@mediapipe/tasks-vision in Chromium", cpu, wall, ours)
            row("  of that, detect() alone (wall)", cpu, detect, ours)
            ratio = statistics.median(cpu) / statistics.median(ours[0])
            waited = statistics.median(wall) / statistics.median(ours[1])
            apart = [d for name in names for d in distances(both[0]["photos"][name]["landmarks"], peers[name]["landmarks"])]
            print(f"  landmarks of both are {statistics.mean(apart):.2f} % of the picture apart, at most {max(apart):.2f} %")
            promises.check(ratio >= LEAST_RATIO and waited >= LEAST_RATIO,
                           f"{size}: {ratio:.1f} times the peer's speed by CPU, {waited:.1f} by wall (promised {LEAST_RATIO})")
        slowest = quantile(of("answer_cpu"), 0.95)
        promises.check(slowest < MOST_CPU_MS[size], f"{size}: p95 {slowest:.1f} ms CPU to the answer (promised {MOST_CPU_MS[size]})")


def service(workers, data=None):
    return Platform("api", data, {"SIZING_WORKERS": str(workers), "SIZING_CACHE_TTL": "0", "SIZING_PER_OWNER": "64", "LOG_LEVEL": "warning"},
                    wait=False)


def resident_mib(platform, name="VmRSS"):
    for line in pathlib.Path(f"/proc/{platform.process.pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


class Client:
    def __init__(self, platform, key, photo):
        body, self.kind = form([("image", "photo.jpg", photo), ("height_cm", None, b"172")])
        self.body, self.key = body, key
        self.connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=120)

    def ask(self):
        begin = time.monotonic()
        self.connection.request("POST", "/estimate-body", self.body, {"Content-Type": self.kind, "Authorization": f"Bearer {self.key}"})
        response = self.connection.getresponse()
        response.read()
        if response.status not in (200, 422):
            raise SystemExit(f"error: the service answered {response.status}")
        return (time.monotonic() - begin) * 1000


def per_second(clients, each):
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as threads:
        list(threads.map(lambda client: [client.ask() for _ in range(each)], clients))
    return len(clients) * each / (time.monotonic() - begin)


def start_to_first_answer(data, key, photo):
    """Milliseconds from the start of a process on data that is there already."""
    begin = time.monotonic()
    with service(1, data) as platform:
        while True:
            try:
                Client(platform, key, photo).ask()
                return (time.monotonic() - begin) * 1000
            except OSError:
                if platform.process.poll() is not None:
                    raise SystemExit(f"error: selvage ended with {platform.process.returncode}\n{platform.log_text()[-2000:]}")
                time.sleep(0.002)


def measure_service(photo, runs, promises):
    with tempfile.TemporaryDirectory(prefix="selvage-bench-") as data:
        with service(1, data) as platform:
            platform.wait_until(lambda: platform.get("/health"), "it runs")
            key = platform.key("bench", "b2b")
        starts = [start_to_first_answer(data, key, photo) for _ in range(7)]
    platforms = [service(workers) for workers in (1, 2)]
    try:
        clients = []
        for platform in platforms:
            platform.wait_until(lambda platform=platform: platform.get("/health"), "it runs")
            key = platform.key("bench", "b2b")
            clients.append([Client(platform, key, photo) for _ in range(CLIENTS)])
            clients[-1][0].ask()
        alone = [clients[0][0].ask() for _ in range(runs)]
        rates = [[], []]
        for _ in range(5):  # in turn: what else the machine does hits both
            for i in range(2):
                rates[i].append(per_second(clients[i], max(2, runs // 10)))
        memory, peak = resident_mib(platforms[0]), resident_mib(platforms[0], "VmHWM")
    finally:
        for platform in platforms:
            platform.close()
    one, two = map(statistics.median, rates)
    gains = sorted(b / a for a, b in zip(*rates))
    print(f"service: POST /estimate-body of a 1 MP photo, one client: {statistics.median(alone):.1f} ms, p95 {quantile(alone, 0.95):.1f} ms")
    print(f"  {CLIENTS} clients: {one:.1f} photos/s with 1 worker, {two:.1f} with 2: {gains[2]:.2f} times ({gains[0]:.2f} to {gains[-1]:.2f})")
    ready = statistics.median(starts)
    promises.check(ready < MOST_READY_MS, f"{ready:.0f} ms from the start of the process to its first answer (promised {MOST_READY_MS})")
    promises.check(memory < MOST_MIB, f"{memory:.0f} MiB resident with one worker after its answers, {peak:.0f} at its peak (promised {MOST_MIB})")
    cores = len(os.sched_getaffinity(0))
    if cores > 1:
        promises.check(gains[2] >= 1.5, f"the second worker gives {gains[2]:.2f} times the photos on {cores} cores, which the clients use, too (promised 1.5)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=60, help="of each photo")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--urgent", action="store_true")
    parser.add_argument("pictures", nargs="*", default=sorted((ROOT / "samples").glob("person-*.jpg")))
    options = parser.parse_args()
    if options.urgent:
        sys.path.append(str(ROOT / "bench/waiting"))
        import measure
        measure.go_before_other_work()
    promises = Promises()
    with tempfile.TemporaryDirectory(prefix="selvage-bench-") as folder:
        folder = pathlib.Path(folder)
        subprocess.run([BENCH, "make", folder, *options.pictures], check=True)
        compare(folder, options.runs, not options.no_peer, promises)
        measure_service(sorted(folder.glob("*-1mp.jpg"))[0].read_bytes(), options.runs, promises)
    sys.exit(1 if promises.broken else 0)


if __name__ == "__main__":
    main()
