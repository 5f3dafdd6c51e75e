"""python3 peer_pillow.py FOLDER ROUNDS: the same work with Debian's Pillow, printed the same way."""

import io
import statistics
import sys
import time

from PIL import Image, ImageOps

folder, rounds = sys.argv[1], int(sys.argv[2])
data = open(folder + "/photo.jpg", "rb").read()


def work(draft: bool) -> None:
    picture = Image.open(io.BytesIO(data))
    if draft:
        picture.draft("RGB", (1024, 1024))
    picture = ImageOps.exif_transpose(picture.convert("RGB"))
    picture.thumbnail((1024, 1024), Image.Resampling.LANCZOS, reducing_gap=None)
    assert picture.size == (768, 1024) and picture.mode == "RGB"


def measure(name: str, draft: bool) -> None:
    wall, cpu = [], []
    for i in range(rounds + 3):
        start, cpu_start = time.perf_counter(), time.process_time()
        work(draft)
        if i >= 3:
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - cpu_start)
    times = (statistics.median(cpu), statistics.median(wall), min(wall))
    print(name, *(f"{1000 * seconds:.2f}" for seconds in times))


measure("pillow", draft=False)
measure("pillow-draft", draft=True)
