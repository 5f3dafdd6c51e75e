"""selvage size: photos and folders in, sizes, CSV and drawings out, without any server."""

import csv
import io
import json
import os
import pathlib
import pty
import select
import struct
import subprocess
import tempfile
import unittest
import zlib

from platform_process import BINARY, ROOT, SAMPLES

MODELS = ROOT / "build/models"
SHARED = pathlib.Path(os.environ.get("SELVAGE_SHARED_DATA", ROOT / "../shared/data")).resolve()
POSE, BODIES = SHARED / "pose", SHARED / "bodies"
MEASURES = ("shoulder", "chest", "waist", "hip", "inseam", "arm")
LETTERS = ("XS", "S", "M", "L", "XL", "XXL")

NEEDS_MODELS = unittest.skipUnless(MODELS.exists(), "SKIPPED: no pose models; run tools/fetch_models")
NEEDS_BODIES = unittest.skipUnless(BODIES.exists(), f"SKIPPED: {BODIES} is not there (SELVAGE_SHARED_DATA names it elsewhere)")
NEEDS_POSES = unittest.skipUnless(POSE.exists(), f"SKIPPED: {POSE} is not there (SELVAGE_SHARED_DATA names it elsewhere)")

# Settings of servers that are not there: the command must not look at them.
ELSEWHERE = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "QUEUE_URL": "redis://127.0.0.1:1",
             "WORKER_CONCURRENCY": "nonsense"}


def size(*words, env=None):
    done = subprocess.run([BINARY, "size", *map(str, words)], env={**ELSEWHERE, **(env or {})}, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def grey_png(width=240, height=320):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes((x * 7 + y * 3) % 64 + 90 for x in range(width)) for y in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + \
        chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def png_size(path):
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


class SizeCommand(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="selvage-size-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.grey = self.folder / "grey.png"
        self.grey.write_bytes(grey_png())

    def rows(self, text):
        return list(csv.DictReader(io.StringIO(text)))

    def photos(self, count):
        """A folder with some rendered bodies, named as in the table of truth."""
        photos = self.folder / "photos"
        photos.mkdir()
        with open(BODIES / "truth.csv", newline="") as table:
            people = [row for row in csv.DictReader(table)][:count]
        for person in people:
            (photos / person["file"]).symlink_to(BODIES / person["file"])
        return photos, people

    def test_wrong_usage_exits_2_and_says_what_to_do(self):
        cases = [((), "for example"), ((self.grey,), "--height 178"), ((self.folder,), "--heights"), ((self.folder / "none.jpg", "--height", "170"), "no file"),
                 ((self.grey, "--height", "17"), "100 to 250"), ((self.grey, "--height", "tall"), "100 to 250"),
                 ((self.grey, "--height", "170", "--sex", "x"), "--sex"), ((self.grey, "--height", "170", "--fit", "tight"), "--fit"),
                 ((self.grey, "--height", "170", "--heights", self.grey), "folder"), ((self.folder, "--height", "170", "--json"), "CSV"),
                 ((self.grey, "--height", "170", "--chart", self.folder / "none.json"), "none.json"), ((self.grey, "--hight", "170"), "--height")]
        for words, said in cases:
            with self.subTest(words=words):
                code, out, err = size(*words)
                self.assertEqual((code, out), (2, ""), err)
                self.assertIn("error: ", err)
                self.assertIn(said, err)

    def test_a_chart_that_cannot_be_used_is_said(self):
        chart = self.folder / "chart.json"
        chart.write_text('{"name": "x", "sizes": []}')
        code, _, err = size(self.grey, "--height", "170", "--chart", chart)
        self.assertEqual(code, 2, err)
        self.assertIn("chart.json", err)

    def test_missing_models_are_the_environments_fault_and_a_hint_helps(self):
        for photo in (self.grey, self.folder):
            code, _, err = size(photo, "--height", "170", "--models", self.folder)
            self.assertEqual(code, 3, err)
            self.assertIn("pose_detection.tflite", err)
            self.assertIn("hint:", err)
            self.assertNotIn('"level"', err)  # no log lines among what a person reads
        code, _, err = size(self.grey, "--height", "170", env={"SIZING_MODELS": str(self.folder)})
        self.assertEqual(code, 3, err)
        kept = self.folder / "kept.csv"
        kept.write_text("rows of yesterday")
        size(self.folder, "--height", "170", "--models", self.folder, "--output", kept)
        self.assertEqual(kept.read_text(), "rows of yesterday")

    @NEEDS_MODELS
    def test_a_picture_without_a_person_gets_a_reason_and_no_size(self):
        code, out, err = size(self.grey, "--height", "170")
        self.assertEqual((code, out), (1, ""), err)
        self.assertIn("error: there is no person", err)
        self.assertIn("hint: stand", err)
        code, out, _ = size(self.grey, "--height", "170", "--json")
        self.assertEqual((code, json.loads(out)["code"]), (1, "sizing.no_person"))

    @NEEDS_MODELS
    def test_a_file_that_is_no_picture_is_refused(self):
        for name, data in {"text.jpg": b"hello", "cut.png": grey_png()[:500], "empty.jpg": b""}.items():
            (self.folder / name).write_bytes(data)
            code, out, err = size(self.folder / name, "--height", "170")
            self.assertEqual((code, out), (1, ""), err)
            self.assertIn("error: ", err)

    @NEEDS_MODELS
    def test_the_sample_people_of_the_repository_are_seen(self):
        for person in sorted(SAMPLES.glob("person-*.jpg")):
            code, out, err = size(person, "--height", "175", "--draw", self.folder / "drawn.png")
            self.assertIn(code, (0, 1), err)
            self.assertNotIn("no person", err)

    @NEEDS_MODELS
    def test_a_folder_goes_on_after_bad_pictures(self):
        (self.folder / "deep").mkdir()
        (self.folder / "deep/comma, \"quote\".png").write_bytes(grey_png())
        (self.folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much of a JPEG")
        (self.folder / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
        (self.folder / "notes.txt").write_text("no picture")
        (self.folder / ".hidden.png").write_bytes(grey_png())
        (self.folder / "no-extension").write_bytes(grey_png())
        heights = self.folder / "heights.csv"
        heights.write_text("name,height_cm\ngrey.png,171\nbroken.jpg,160\nphone.heic,160\nno-extension,1.7\n")
        code, out, err = size(self.folder, "--heights", heights)
        self.assertEqual(code, 1, err)
        rows = self.rows(out)
        self.assertEqual([row["name"] for row in rows], ["broken.jpg", "deep/comma, \"quote\".png", "grey.png", "no-extension", "phone.heic"])
        reasons = {row["name"]: row["error"] for row in rows}
        self.assertEqual(reasons["grey.png"], "sizing.no_person")
        self.assertEqual(reasons["deep/comma, \"quote\".png"], "size.no_height")
        self.assertTrue(reasons["broken.jpg"].startswith("image."), reasons)
        self.assertTrue(reasons["phone.heic"].startswith("image."), reasons)
        self.assertTrue(all(row["reason"] and row["size"] == "" for row in rows))
        self.assertEqual({row["name"]: row["height_cm"] for row in rows}["no-extension"], "170")
        self.assertIn("0 of 5 photos have a size", err)

    @NEEDS_MODELS
    def test_a_folder_without_pictures_and_an_output_that_cannot_be_written_are_said(self):
        empty = self.folder / "empty"
        empty.mkdir()
        self.assertEqual(size(empty, "--height", "170")[0], 2)
        code, _, err = size(self.folder, "--height", "170", "--output", self.folder / "none/x.csv")
        self.assertEqual(code, 3, err)
        if os.path.exists("/dev/full"):
            code, _, err = size(self.folder, "--height", "170", "--output", "/dev/full")
            self.assertEqual(code, 3, err)

    @NEEDS_MODELS
    def test_the_progress_is_on_the_terminal_and_not_in_the_output(self):
        for i in range(12):
            (self.folder / f"p{i}.png").write_bytes(grey_png(480, 640))
        ours, theirs = pty.openpty()
        process = subprocess.Popen([BINARY, "size", self.folder, "--height", "170"], env=ELSEWHERE, stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        seen = b""
        try:
            out, _ = process.communicate(timeout=300)
            while select.select([ours], [], [], 1)[0]:
                more = os.read(ours, 65536)
                if not more:
                    break
                seen += more
        except OSError:
            pass  # the terminal's other end is closed
        finally:
            os.close(ours)
        self.assertEqual(len(self.rows(out.decode())), 13)
        self.assertRegex(seen.decode(), r"\[#*-*\] +\d+/13 ")
        self.assertNotIn(b"[#", out)

    @NEEDS_MODELS
    @NEEDS_BODIES
    def test_a_body_gets_a_size_measurements_and_a_drawing(self):
        photo, drawn = BODIES / "b0001.jpg", self.folder / "drawn.png"
        code, out, err = size(photo, "--height", "171.5", "--sex", "m", "--draw", drawn)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"Size (XS|S|M|L|XL|XXL)   \d+ %")
        for measure in MEASURES:
            self.assertRegex(out, rf"{measure} +\d+\.\d ± \d+\.\d")
        for line in out.splitlines():
            self.assertLessEqual(len(line), 80)
        width, height = png_size(drawn)
        self.assertEqual(max(width, height), 1200)
        self.assertTrue(has_measuring_lines(drawn), "no measuring line was drawn")

    @NEEDS_MODELS
    @NEEDS_BODIES
    def test_json_has_what_the_api_answers(self):
        code, out, _ = size(BODIES / "b0001.jpg", "--height", "1.715", "--sex", "m", "--fit", "loose", "--json")
        answer = json.loads(out)
        self.assertEqual(code, 0)
        self.assertIn(answer["recommended_size"], LETTERS)
        self.assertEqual(set(answer["measurements"]), set(MEASURES))
        self.assertTrue(all(one["uncertainty_cm"] > 0 for one in answer["measurements"].values()))
        self.assertAlmostEqual(sum(one["probability"] for one in answer["sizes"]), 1, delta=0.01)
        self.assertEqual(answer["fit"], "loose")
        self.assertEqual(answer["chart"], {"name": "EN 13402-3 men", "measure": "chest"})

    @NEEDS_MODELS
    @NEEDS_BODIES
    def test_a_chart_of_a_store_gives_its_own_labels(self):
        chart = self.folder / "chart.json"
        chart.write_text(json.dumps({"name": "Shirts", "unit": "cm", "primary": "chest",
                                     "sizes": [{"label": "small", "chest": [60, 95]}, {"label": "large", "chest": [95, 140]}]}))
        code, out, err = size(BODIES / "b0001.jpg", "--height", "171.5", "--chart", chart, "--json")
        self.assertEqual(code, 0, err)
        self.assertIn(json.loads(out)["recommended_size"], ("small", "large"))

    @NEEDS_MODELS
    @NEEDS_BODIES
    def test_a_folder_of_bodies_with_their_table_becomes_csv_and_drawings(self):
        photos, people = self.photos(8)
        (photos / "grey.png").write_bytes(grey_png())
        output, drawings = self.folder / "sizes.csv", self.folder / "drawings"
        code, out, err = size(photos, "--heights", BODIES / "truth.csv", "--height", "170", "--output", output, "--draw", drawings)
        self.assertEqual((code, out), (1, ""), err)
        rows = self.rows(output.read_text())
        self.assertEqual([row["name"] for row in rows], sorted([person["file"] for person in people] + ["grey.png"]))
        sized = [row for row in rows if row["size"]]
        self.assertGreaterEqual(len(sized), 6, err)
        truth = {person["file"]: person for person in people}
        for row in sized:
            person = truth[row["name"]]
            self.assertEqual(row["sex"], person["gender"])
            self.assertAlmostEqual(float(row["height_cm"]), float(person["height_cm"]), delta=0.01)
            self.assertLess(abs(float(row["inseam_cm"]) - float(person["inseam_cm"])), 8)
            self.assertTrue((drawings / (row["name"] + ".png")).exists())
        again = size(photos, "--heights", BODIES / "truth.csv", "--height", "170")[1]
        self.assertEqual(again, output.read_text(), "the same folder gives the same CSV")

    @NEEDS_MODELS
    @NEEDS_POSES
    def test_negatives_never_get_a_size(self):
        negatives = self.folder / "negatives"
        negatives.mkdir()
        for photo in POSE.glob("neg_*"):
            (negatives / photo.name).symlink_to(photo)
        code, out, err = size(negatives, "--height", "170")
        rows = self.rows(out)
        self.assertEqual(code, 1, err)
        self.assertGreater(len(rows), 3)
        for row in rows:
            self.assertEqual(row["size"], "", row)
            self.assertTrue(row["error"].startswith("sizing."), row)
            self.assertTrue(row["hint"], row)


def has_measuring_lines(path):
    """Whether the colour of the measuring lines is in a PNG: of 8-bit RGB, as the command writes it."""
    data, at, packed = path.read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height = struct.unpack(">II", data[at + 8:at + 16])
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    raw, stride, before, found = zlib.decompress(packed), 3 * width, bytes(3 * width), 0
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            a, b, c = line[x - 3] if x >= 3 else 0, before[x], before[x - 3] if x >= 3 else 0
            if kind == 1:
                add = a
            elif kind == 2:
                add = b
            elif kind == 3:
                add = (a + b) // 2
            elif kind == 4:
                p = a + b - c
                add = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            else:
                add = 0
            line[x] = (line[x] + add) & 255
        found += bytes(line).count(bytes((255, 200, 46)))
        before = line
    return found > 1000


if __name__ == "__main__":
    unittest.main()
