"""A shop's picture server on loopback. It stays up while the platform dies, and has no /missing.png.

A process of its own, so that forty thousand pictures do not wait for the threads of a test.
"""

import asyncio
import base64
import json
import resource
import subprocess
import sys


class PictureShop:
    def __init__(self, pictures):
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        names = {name: base64.b64encode(data).decode() for name, data in pictures.items()}
        self.process.stdin.write(json.dumps(names).encode() + b"\n")
        self.process.stdin.flush()
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Counter(asyncio.Protocol):
    """One connection: answers each request head at once; a GET has no body."""

    def __init__(self, answers):
        self.answers, self.rest = answers, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.rest += data
        while b"\r\n\r\n" in self.rest:
            head, _, self.rest = self.rest.partition(b"\r\n\r\n")
            name = head.split(b" ", 2)[1].lstrip(b"/").decode("latin-1")
            self.transport.write(self.answers.get(name, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))


async def main():
    pictures = {name: base64.b64decode(text) for name, text in json.loads(sys.stdin.readline()).items()}
    answers = {name: b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(data) + data
               for name, data in pictures.items()}
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Counter(answers), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)  # until the test ends, however it does


if __name__ == "__main__":
    asyncio.run(main())
