"""Redis as any producer speaks to it: commands in, answers out, many at a time."""

import socket


class RedisError(Exception):
    """The server's own words, like "MISCONF Errors writing to the AOF file"."""


def encode(words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


class Redis:
    """One connection; it is made on the first command, and anew after it broke. OSError: it broke."""

    def __init__(self, port, timeout=30):
        self.port, self.timeout = port, timeout
        self.socket = self.answers = None

    def send(self, commands):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), self.timeout)
            self.answers = self.socket.makefile("rb")
        self.socket.sendall(b"".join(map(encode, commands)))

    def receive(self):
        line = self.answers.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionResetError("the server hung up")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            if size < 0:
                return None
            data = self.answers.read(size + 2)
            if len(data) != size + 2:
                raise ConnectionResetError("the server hung up")
            return data[:-2]
        if kind == b"*":
            return None if int(rest) < 0 else [self.receive() for _ in range(int(rest))]
        raise ConnectionResetError(f"{line!r} is no answer")

    def pipeline(self, commands):
        """All answers; one that the server refused is a RedisError among them."""
        try:
            self.send(commands)
            return [self.receive() for _ in commands]
        except OSError:
            self.close()
            raise

    def __call__(self, *words):
        answer = self.pipeline([words])[0]
        if isinstance(answer, RedisError):
            raise answer
        return answer

    def close(self):
        if self.socket:
            self.answers.close()
            self.socket.close()
        self.socket = self.answers = None
