"""A small disk of its own that can be filled to the last byte and emptied again. Root alone may have one."""

import os
import pathlib
import subprocess
import tempfile


class SmallDisk:
    def __init__(self, megabytes):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="selvage-small-"))
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", self.place]
        self.mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
        self.ballast = self.place / "ballast"

    def fill(self):
        """Takes all that is left."""
        with open(self.ballast, "ab", buffering=0) as ballast:
            for size in (1 << 20, 1 << 16, 1 << 12):
                try:
                    while True:
                        ballast.write(b"\0" * size)
                except OSError:
                    pass

    def empty(self):
        self.ballast.unlink(missing_ok=True)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.place], check=False)
        self.place.rmdir()
