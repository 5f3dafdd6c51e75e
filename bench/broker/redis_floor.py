"""What the same commands cost Redis when redis-benchmark sends them, pipelined: a task taken from the list, noted as
held, its lease, and both ended."""
import subprocess

from processes import RedisServer

REQUESTS = 200_000
PAYLOAD = "x" * 420
TAG = "17000__rand_int__"
COMMANDS = (["RPOP", "q"], ["HSET", "held", TAG, PAYLOAD], ["ZADD", "leases", "1700000000000", TAG],
            ["ZREM", "leases", TAG], ["HDEL", "held", TAG])


def redis_floor(aof):
    """Microseconds of Redis' CPU a task."""
    redis = RedisServer(aof)
    try:
        for _ in range(REQUESTS // 1000):
            redis.client.lpush("q", *[PAYLOAD] * 1000)
        before = redis.cpu()
        for command in COMMANDS:
            subprocess.run(["redis-benchmark", "-p", str(redis.port), "-n", str(REQUESTS), "-r", str(REQUESTS), "-c", "50",
                            "-P", "16", "-q", *command], check=True, stdout=subprocess.DEVNULL)
        return (redis.cpu() - before) / REQUESTS * 1e6
    finally:
        redis.stop()
