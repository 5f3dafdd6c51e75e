"""The program behind a URL that does Celery tasks: a process of its own on loopback, which stays up and counts."""

import asyncio
import json
import subprocess
import sys
import urllib.request

QUEUE = "celery"
TASK = "order.count"
BUSY_EVERY = 50  # each so many-th is told to come again in a second, the first time


class OrderDesk:
    """A process that does the tasks; it stays up. `done()`: how often it did each, by its id."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def settings(self):
        return {"CELERY_QUEUES": QUEUE, "CELERY_HTTP_TASKS": f"{TASK}={self.url}/order", "CELERY_HTTP_MAX_RETRIES": "1000",
                "CELERY_TASK_EVENTS": "false"}

    def done(self):
        with urllib.request.urlopen(self.url + "/done", timeout=60) as answer:
            return json.load(answer)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Desk(asyncio.Protocol):
    """One connection of the process: a POST does a task, a GET tells which were done."""

    done, turned_away = {}, set()

    def __init__(self):
        self.rest = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.rest += data
        while b"\r\n\r\n" in self.rest:
            head, _, rest = self.rest.partition(b"\r\n\r\n")
            fields = {name.strip().lower(): value.strip() for name, _, value in
                      (line.partition(b":") for line in head.split(b"\r\n")[1:])}
            length = int(fields.get(b"content-length", b"0"))
            if len(rest) < length:
                return
            self.rest = rest[length:]
            self.transport.write(self.answer(head.split(b" ", 1)[0], rest[:length]))

    def answer(self, method, body):
        if method == b"GET":
            return self.response(b"200 OK", json.dumps(self.done).encode())
        task = json.loads(body)
        number = task["args"][0]
        if number % BUSY_EVERY == 0 and task["id"] not in self.turned_away:
            self.turned_away.add(task["id"])
            return self.response(b"503 Service Unavailable", b"", b"Retry-After: 1\r\n")
        self.done[task["id"]] = self.done.get(task["id"], 0) + 1
        return self.response(b"200 OK", json.dumps(number).encode())

    def response(self, status, body, more=b""):
        return (b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n" + more
                + b"Content-Length: %d\r\n\r\n" % len(body) + body)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Desk, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)  # until the test ends, however it does


if __name__ == "__main__":
    asyncio.run(main())
