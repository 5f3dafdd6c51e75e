"""What a process used, from /proc, and the stand-in provider that everybody waits for."""

import atexit
import dataclasses
import os
import pathlib
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def status(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


def waited_for_cpu(pid):
    """Seconds its first thread could have run, but other work had the processors."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def go_before_other_work():
    """Of this process and all it starts: on Linux both its session's niceness and its own count."""
    group = pathlib.Path("/proc/self/autogroup")
    if group.exists():
        atexit.register(group.write_text, group.read_text().split()[-1])  # the session outlives this program
        group.write_text("-19")
    os.nice(-19)


@dataclasses.dataclass
class Usage:
    name: str
    seconds: float      # from the release of the queue to the end of the last job
    peak_mib: float     # VmHWM, the most memory it ever held
    cpu_ms_per_job: float
    threads: int
    cpu_wait: float     # seconds its first thread stood in line for a processor

    @classmethod
    def of(cls, name, pid, seconds, jobs):
        return cls(name, seconds, status(pid, "VmHWM") / 1024, cpu_seconds(pid) * 1000 / jobs, status(pid, "Threads"),
                   waited_for_cpu(pid))

    def line(self, ours=None):
        text = (f"{self.name:28} {self.seconds:7.2f} s {self.peak_mib:8.1f} MiB {self.cpu_ms_per_job:8.2f} ms CPU a job "
                f"{self.threads:5} threads")
        if ours:
            text += (f"   {self.seconds / ours.seconds:5.1f}x time {self.peak_mib / ours.peak_mib:5.1f}x memory "
                     f"{self.cpu_ms_per_job / ours.cpu_ms_per_job:5.1f}x CPU")
        return text


class StandIn:
    """tests/standins/openai.py: validates each call as the real API does, and answers after `delay` seconds."""

    def __init__(self, delay):
        self.process = subprocess.Popen([sys.executable, str(ROOT / "tests/standins/openai.py"), "--delay", str(delay)],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.cpu_before = cpu_seconds(self.process.pid)

    def cpu_ms_per_job(self, jobs):
        """Since the last question: what the stand-in itself took from the machine."""
        now = cpu_seconds(self.process.pid)
        used, self.cpu_before = now - self.cpu_before, now
        return used * 1000 / jobs

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def wait_for(condition, what, limit):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"error: not within {limit} s: {what}")
        time.sleep(0.02)
