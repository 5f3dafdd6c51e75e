"""See run."""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests/chaos"), str(ROOT / "tests/e2e")]

from measure import StandIn, Usage, free_port, go_before_other_work, wait_for  # noqa: E402

MOST_MIB, MOST_SECONDS = 200, 8


def submit(platform, jobs):
    """All jobs wait in the queue when this returns; nobody has begun one."""
    import figures
    from load import Client
    from platform_process import form
    key = platform.key("bench", credits=jobs)
    body, kind = form([("person", "person.png", figures.person()), ("garment", "shirt.png", figures.shirt())])

    def some(count):
        client = Client(platform.port)
        for _ in range(count):
            status, _, answer = client.request("POST", "/v1/jobs", body,
                                               {"Content-Type": kind, "Authorization": f"Bearer {key}"})
            assert status == 202, answer
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(some, [jobs // 10 + (n < jobs % 10) for n in range(10)]))


def terminal(data):
    database = sqlite3.connect(f"file:{data}/selvage.db?mode=ro", uri=True, timeout=20)
    try:
        return database.execute("SELECT COUNT(*), MAX(finished_at), SUM(status = 'completed') "
                                "FROM generation_sessions WHERE status IN ('completed', 'failed')").fetchone()
    finally:
        database.close()


def measure_selvage(jobs, delay, stand_in):
    from platform_process import Platform
    data = tempfile.mkdtemp(prefix="selvage-bench-")
    settings = {"PROVIDER": "openai", "OPENAI_BASE_URL": f"http://127.0.0.1:{stand_in.port}/v1", "LOG_LEVEL": "warning",
                "OPENAI_API_KEY": "sk-stand-in-" + "4f1b9c7d" * 4, "PROVIDER_CALLS_PER_MINUTE": "0",
                "WORKER_CONCURRENCY": str(jobs), "OPENAI_CONNECTIONS": str(jobs)}
    try:
        with Platform("api", data, settings) as api:
            submit(api, jobs)
            api.stop()
        stand_in.cpu_ms_per_job(jobs)
        released = time.time()
        with Platform("worker", data, settings) as worker:
            wait_for(lambda: worker.process.poll() is None and terminal(data)[0] == jobs, "all jobs ended", 60 + 10 * delay)
            count, last, completed = terminal(data)
            usage = Usage.of("selvage worker", worker.process.pid, last / 1000 - released, jobs)
            if worker.stop() != 0 or completed != jobs:
                raise SystemExit(f"error: {completed} of {count} jobs completed\n{worker.log_text()[-2000:]}")
            worker.ledger_is_exact()
        return usage
    finally:
        shutil.rmtree(data, ignore_errors=True)


def measure_celery(jobs, delay, stand_in, concurrency):
    """One Celery worker with a pool of threads, on a redis of its own; the queue is filled before it starts."""
    import figures
    folder = pathlib.Path(tempfile.mkdtemp(prefix="celery-bench-"))
    (folder / "results").mkdir()
    (folder / "person.png").write_bytes(figures.person())
    (folder / "shirt.png").write_bytes(figures.shirt())
    port = free_port()
    broker = f"redis://127.0.0.1:{port}/0"
    environment = {**os.environ, "PEER_BROKER": broker, "PEER_FOLDER": str(folder), "PEER_API_PORT": str(stand_in.port)}
    redis = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly",
                              "no", "--dir", str(folder)], stdout=subprocess.DEVNULL)
    worker = None
    try:
        import redis as client
        wait_for(lambda: answers(client, port), "redis answers", 20)
        code = f"import celery_tasks as t; [t.generate.delay(n) for n in range({jobs})]"
        subprocess.run([sys.executable, "-c", code], cwd=HERE, env=environment, check=True)
        stand_in.cpu_ms_per_job(jobs)
        released = time.time()
        with open(folder / "log", "wb") as log:
            worker = subprocess.Popen([sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "-P", "threads", "-c",
                                       str(concurrency), "--without-gossip", "--without-mingle", "-l", "warning"],
                                      cwd=HERE, env=environment, stdout=log, stderr=log)
        wait_for(lambda: worker.poll() is None and len(os.listdir(folder / "results")) >= jobs, "Celery is done",
                 120 + 20 * delay * jobs / concurrency)
        last = max(p.stat().st_mtime for p in (folder / "results").iterdir())
        return Usage.of(f"celery -P threads -c {concurrency}", worker.pid, last - released, jobs)
    finally:
        for process in (worker, redis):
            if process:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def answers(client, port):
    try:
        return client.Redis(port=port).ping()
    except client.ConnectionError:
        return False


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--selvage", default=os.environ.get("SELVAGE", str(ROOT / "build/release/src/selvage")))
    options.add_argument("--jobs", type=int, default=1000)
    options.add_argument("--delay", type=float, default=5)
    options.add_argument("--no-peers", action="store_true")
    options.add_argument("--urgent", action="store_true")
    given = options.parse_args()
    if given.urgent:
        go_before_other_work()
    os.environ["SELVAGE"] = given.selvage

    print(f"{given.jobs} jobs that wait {given.delay:g} s each; load of the machine {os.getloadavg()[0]:.1f} "
          f"on {os.cpu_count()} cores")
    stand_in = StandIn(given.delay)
    try:
        ours = measure_selvage(given.jobs, given.delay, stand_in)
        print(ours.line(), flush=True)
        print(f"{'':28} the stand-in itself took {stand_in.cpu_ms_per_job(given.jobs):.2f} ms CPU a job", flush=True)
        if not given.no_peers:
            # 100 threads is what is usually chosen; as many as jobs is what it takes to wait for all at once
            for concurrency in (100, given.jobs):
                print(measure_celery(given.jobs, given.delay, stand_in, concurrency).line(ours), flush=True)
    finally:
        stand_in.close()
    return verdict(ours, given.delay + MOST_SECONDS - 5)


def verdict(ours, most_seconds):
    promise = f"under {MOST_MIB} MiB, all done in under {most_seconds:g} s"
    if ours.peak_mib < MOST_MIB and ours.seconds < most_seconds:
        print(f"kept: {promise}")
        return 0
    if ours.peak_mib < MOST_MIB and ours.seconds - ours.cpu_wait < most_seconds:
        print(f"not judged: {promise}; the machine was busy, the event loop stood {ours.cpu_wait:.1f} s in line for a "
              "processor. Try a quiet machine, or --urgent")
        return 3
    print(f"broken: {promise}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
