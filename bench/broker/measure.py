"""The rounds and the table. Started by ./run."""
import argparse
import os
import statistics
import tempfile
import time

from peers import BullMQ, Celery, Selvage, SelvageCelery, Sidekiq
from processes import RedisServer, resident_bytes, stop_family, wait_until
from processes import cpu_seconds
from redis_floor import redis_floor

# Concurrency at which each did best per CPU second when all were tried.
THROUGHPUT = [(Selvage, 128), (SelvageCelery, 128), (Celery, 8), (Sidekiq, 10), (BullMQ, 100)]
LATENCY = [(Selvage, 8), (Celery, 8), (Sidekiq, 8), (BullMQ, 8)]
SHARE = {"celery": 0.1, "bullmq": 0.5, "sidekiq": 0.5}  # of the tasks: the slow ones get fewer
SETTLE = 1.0  # seconds in which a worker acknowledges its last tasks


def ready(peer):
    """The worker takes tasks: one of them is gone."""
    peer.fill(1)
    peer.release()
    wait_until(lambda: peer.left() == 0, f"{peer.name} to start")
    time.sleep(SETTLE)


def throughput(kind, concurrency, arguments):
    redis = RedisServer(arguments.aof)
    peer = kind(arguments.work, arguments.bench, redis)
    count = int(arguments.tasks * SHARE.get(peer.name, 1))
    worker = peer.start(concurrency)
    try:
        ready(peer)
        peer.fill(count)
        worker_before, redis_before, begin = cpu_seconds(worker.pid), redis.cpu(), time.monotonic()
        peer.release()
        wait_until(lambda: peer.left() == 0, f"{peer.name} to finish {count} tasks", step=0.05)
        wall = time.monotonic() - begin
        time.sleep(SETTLE)
        return {"per_s": count / wall, "worker_us": (cpu_seconds(worker.pid) - worker_before) / count * 1e6,
                "redis_us": (redis.cpu() - redis_before) / count * 1e6}
    finally:
        stop_family(worker)
        redis.stop()


def latency(kind, concurrency, arguments, count=500, per_second=50):
    redis = RedisServer(arguments.aof)
    peer = kind(arguments.work, arguments.bench, redis)
    with tempfile.NamedTemporaryFile("r", encoding="ascii") as late:
        os.chmod(late.name, 0o666)
        worker = peer.start(concurrency, late.name)
        try:
            ready(peer)
            peer.stamp(count, per_second)
            wait_until(lambda: peer.left() == 0, f"{peer.name} to start the last task")
            time.sleep(SETTLE)
            times = sorted(float(line) * 1000 for line in late.read().split())
            if len(times) != count:
                raise SystemExit(f"error: {peer.name} noted {len(times)} of {count} starts")
            return {"p50_ms": times[len(times) // 2], "p99_ms": times[int(len(times) * 0.99)]}
        finally:
            stop_family(worker)
            redis.stop()


def memory(kind, concurrency, arguments, waiting):
    redis = RedisServer(arguments.aof)
    peer = kind(arguments.work, arguments.bench, redis)
    worker = peer.start(concurrency)
    try:
        ready(peer)
        idle = resident_bytes(worker.pid)
        peer.fill(waiting, "sleep", 5)
        peer.release()
        time.sleep(3)
        return {"idle_mib": idle / 2**20, "waiting_mib": resident_bytes(worker.pid) / 2**20}
    finally:
        stop_family(worker)
        redis.stop()


def medians(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


def spread(rounds, key, digits=0):
    values = [one[key] for one in rounds]
    return f"[{min(values):.{digits}f}-{max(values):.{digits}f}]"


def run_rounds(plan, measure, arguments):
    results = {kind.name: [] for kind, _ in plan}
    for number in range(arguments.rounds):
        for kind, concurrency in plan:
            results[kind.name].append(measure(kind, concurrency, arguments))
        print(f"  round {number + 1} of {arguments.rounds} done", flush=True)
    return results


def print_throughput(results, floor_us):
    ours, wire = medians(results["selvage"]), medians(results["selvage (Celery wire)"])
    print(f"\n{'no-op, acks late':<24}{'tasks/s':>10}{'':>18}{'worker us':>11}{'Redis us':>10}{'ours uses':>12}")
    for name, rounds in results.items():
        middle = medians(rounds)
        base = wire if name == "celery" else ours
        ratio = "" if name.startswith("selvage") else f"1/{middle['worker_us'] / base['worker_us']:.1f} CPU"
        print(f"{name:<24}{middle['per_s']:>10.0f}{spread(rounds, 'per_s'):>18}{middle['worker_us']:>11.1f}"
              f"{middle['redis_us']:>10.1f}{ratio:>12}")
    print(f"(celery's ratio is against the Celery wire; the same commands from redis-benchmark cost Redis"
          f" {floor_us:.1f} us a task, ours {ours['redis_us']:.1f} = {ours['redis_us'] / floor_us:.2f}x)")


def print_latency(results):
    best = min(medians(rounds)["p99_ms"] for name, rounds in results.items() if name != "selvage")
    print(f"\n{'enqueue to start, 50/s':<24}{'p50 ms':>10}{'p99 ms':>10}{'range of p99':>18}")
    for name, rounds in results.items():
        middle = medians(rounds)
        print(f"{name:<24}{middle['p50_ms']:>10.2f}{middle['p99_ms']:>10.2f}{spread(rounds, 'p99_ms', 1):>18}")
    ours = medians(results["selvage"])["p99_ms"]
    print(f"(ours is {ours / best:.2f} of the best peer's p99)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--aof", action="store_true")
    arguments = parser.parse_args()

    print(f"{arguments.tasks} no-op tasks (fewer for the slower peers), Redis"
          f" {'with AOF everysec' if arguments.aof else 'without persistence'}")
    floor = statistics.median(redis_floor(arguments.aof) for _ in range(3))
    print_throughput(run_rounds(THROUGHPUT, throughput, arguments), floor)
    print_latency(run_rounds(LATENCY, latency, arguments))
    print(f"\n{'memory, MiB':<24}{'idle':>10}{'tasks waiting':>18}")
    for kind, concurrency, waiting in [(Selvage, 1000, 1000), (Celery, 8, 8), (Sidekiq, 100, 100), (BullMQ, 1000, 1000)]:
        used = memory(kind, concurrency, arguments, waiting)
        print(f"{kind.name:<24}{used['idle_mib']:>10.1f}{used['waiting_mib']:>10.1f} ({waiting})")


if __name__ == "__main__":
    main()
