"""Kills processes at random moments of a load, and starts them again at once."""

import time


def restart(platform):
    """Starts a dead platform again, on the same data and port, without waiting for it."""
    platform.log.close()
    platform.out.close()
    platform.start(wait=False)


def is_healthy(platform, limit=0.0):
    """Whether it answers within `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        try:
            if platform.get("/health").status == 200:
                return True
        except Exception:  # whatever goes wrong with a process that may be starting: it does not answer
            pass
        if platform.process.poll() is not None:
            raise AssertionError(f"it ended by itself with {platform.process.returncode}:\n{platform.log_text()[-3000:]}")
        if time.monotonic() > end:
            return False
        time.sleep(0.02)


def life(platform, random, longest=0.7):
    """Lets a process live for a random moment: mostly at work, one time in five while it is still starting."""
    if random.random() < 0.8 and platform.role != "worker":
        is_healthy(platform, 60)
    time.sleep(random.uniform(0, longest))
    if platform.process.poll() is not None:
        raise AssertionError(f"it ended by itself with {platform.process.returncode}:\n{platform.log_text()[-3000:]}")
