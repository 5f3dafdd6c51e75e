"""The processes of the benchmark: a Redis of its own, and what a worker with all its children used of the machine."""
import os
import signal
import socket
import subprocess
import tempfile
import time

import redis

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def family(pid):
    """The process and all its descendants."""
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children", encoding="ascii") as children:
                    queue += [int(child) for child in children.read().split()]
        except OSError:
            pass
    return found


def cpu_seconds(pid):
    """User and system time of the family so far; of children that ended too."""
    ticks = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/stat", encoding="ascii") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            ticks += sum(int(field) for field in fields[11:15])
        except OSError:
            pass
    return ticks / TICK


def resident_bytes(pid):
    total = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/statm", encoding="ascii") as statm:
                total += int(statm.read().split()[1]) * PAGE
        except OSError:
            pass
    return total


class RedisServer:
    def __init__(self, aof):
        self.directory = tempfile.TemporaryDirectory(prefix="bench-broker-")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.directory.name, "--save", "",
             "--appendonly", "yes" if aof else "no", "--appendfsync", "everysec", "--loglevel", "warning"],
            stdout=subprocess.DEVNULL)
        self.client = redis.Redis(port=self.port)
        wait_until(self.answers, "Redis to start")

    def answers(self):
        try:
            return self.client.ping()
        except redis.ConnectionError:
            return False

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()


def wait_until(true, what, limit=600.0, step=0.01):
    end = time.monotonic() + limit
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"error: waited {limit:.0f} s in vain for {what}")
        time.sleep(step)


def stop_family(process):
    members = family(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass
    for one in members:
        try:
            os.kill(one, signal.SIGKILL)
        except OSError:
            pass
    process.wait()
