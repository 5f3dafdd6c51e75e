"""Objects on disk, for stand-ins of storages: what was answered with success is there after a kill -9."""
import json
import os
import pathlib
import tempfile
import urllib.parse


class ObjectFiles:
    def __init__(self, root):
        self.root = pathlib.Path(root or tempfile.mkdtemp(prefix="standin-objects-"))
        self.root.mkdir(parents=True, exist_ok=True)

    def _file(self, name):
        return self.root / urllib.parse.quote(name, safe="")

    def put(self, name, data, kind):
        head = json.dumps({"type": kind}).encode()
        temporary = self.root / f".{os.getpid()}-{os.urandom(4).hex()}"
        temporary.write_bytes(head + b"\n" + data)
        os.replace(temporary, self._file(name))

    def get(self, name):
        """(bytes, media type), or None."""
        try:
            head, _, data = self._file(name).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        return data, json.loads(head)["type"]

    def has(self, name):
        return self._file(name).exists()

    def remove(self, name):
        """Whether it was there."""
        try:
            self._file(name).unlink()
            return True
        except FileNotFoundError:
            return False

    def names(self, prefix=""):
        all_names = (urllib.parse.unquote(p.name) for p in self.root.iterdir() if not p.name.startswith("."))
        return sorted(name for name in all_names if name.startswith(prefix))
