"""A wall clock that a test sets, for the processes that are given its environment (wall_clock.c).

Only the time of day jumps, as it does when somebody sets it or NTP mends it; the monotonic clock goes on, as ever.
"""

import pathlib
import struct

import preload


class WallClock:
    def __init__(self, place, name="clock"):
        self.file = pathlib.Path(place) / name
        self.file.write_bytes(struct.pack("q", 0))
        self.library = preload.build("wall_clock.c", place)

    def set(self, seconds):
        """So many seconds ahead of the true time; behind, when negative."""
        with open(self.file, "r+b", buffering=0) as file:
            file.write(struct.pack("q", seconds))

    def settings(self):
        return {"LD_PRELOAD": str(self.library), "WALL_CLOCK": str(self.file)}
