"""Makes the .task bundle that @mediapipe/tasks-vision wants of the two model files that Selvage runs.

    task_bundle.py MODELS OUTPUT

A bundle is a ZIP archive of stored files. The task library also asks each model how its input is normalised (the
metadata of TFLite Support: metadata_schema.fbs), which the files of @mediapipe/pose do not say. So a new root table is
put before each file, which points to all that the old root pointed to, and to the metadata. Weights stay as they are.
"""

import io
import pathlib
import struct
import sys
import zipfile

# name in the bundle, the file, and (mean, deviation) of its input: the pipeline's constants
MODELS = (("pose_detector.tflite", "pose_detection.tflite", 127.5, 127.5),
          ("pose_landmarks_detector.tflite", "pose_landmark_full.tflite", 0.0, 255.0))
MODEL_FIELDS = 8  # of the schema's root table
BUFFERS, METADATA = 4, 6


class Writer:
    """A FlatBuffers file from front to back: a table first, what it points to behind it."""

    def __init__(self, mark):
        self.out = bytearray(4) + mark

    def align(self, size):
        self.out += bytes(-len(self.out) % size)

    def point(self, at, to):
        struct.pack_into("<I", self.out, at, to - at)

    def table(self, fields):
        """fields: number -> bytes of a scalar, or a function that writes a child and tells its place."""
        self.align(4)
        count = max(fields) + 1
        vtable = len(self.out)
        self.out += bytes((4 + 2 * count + 3) // 4 * 4)
        table = len(self.out)
        self.out += struct.pack("<i", table - vtable)
        later = []
        for number, value in fields.items():
            struct.pack_into("<H", self.out, vtable + 4 + 2 * number, len(self.out) - table)
            if callable(value):
                later.append((len(self.out), value))
            self.out += bytes(4) if callable(value) else value.ljust(4, b"\0")
        struct.pack_into("<HH", self.out, vtable, 4 + 2 * count, len(self.out) - table)
        for at, child in later:
            self.point(at, child())
        return table

    def vector(self, count, data, align=4):
        self.align(4)
        while (len(self.out) + 4) % align:
            self.out += bytes(4)
        at = len(self.out)
        self.out += struct.pack("<I", count) + data
        return at

    def list(self, children):
        at = self.vector(len(children), bytes(4 * len(children)))
        for i, child in enumerate(children):
            self.point(at + 4 + 4 * i, child())
        return at

    def text(self, text):
        return self.vector(len(text), text.encode() + b"\0")


def metadata(mean, deviation):
    out = Writer(b"M001")

    def floats(value):
        return lambda: out.vector(1, struct.pack("<f", value))

    def input_tensor():
        return out.table({
            3: lambda: out.table({0: b"\2",                                     # content: ImageProperties,
                                  1: lambda: out.table({0: b"\1"})}),           # RGB
            4: lambda: out.list([lambda: out.table({0: b"\1",                   # NormalizationOptions
                                                    1: lambda: out.table({0: floats(mean), 1: floats(deviation)})})])})

    out.point(0, out.table({3: lambda: out.list([lambda: out.table({2: lambda: out.list([input_tensor])})])}))
    return bytes(out.out)


def with_metadata(old, mean, deviation):
    root, = struct.unpack_from("<I", old, 0)
    vtable = root - struct.unpack_from("<i", old, root)[0]
    length, = struct.unpack_from("<H", old, vtable)
    place = {n: struct.unpack_from("<H", old, vtable + 4 + 2 * n)[0] for n in range(min(MODEL_FIELDS, (length - 4) // 2))}
    version = old[root + place[0]:root + place[0] + 4]

    def target(field):
        at = root + place[field]
        return at + struct.unpack_from("<I", old, at)[0]

    buffers = target(BUFFERS)
    count, = struct.unpack_from("<I", old, buffers)
    places = [buffers + 4 + 4 * i + struct.unpack_from("<I", old, buffers + 4 + 4 * i)[0] for i in range(count)]
    described = metadata(mean, deviation)
    far = []  # (where a pointer lies, which byte of the old file it means)

    out = Writer(b"TFL3")

    def all_buffers():
        at = out.vector(count + 1, bytes(4 * (count + 1)))
        far.extend((at + 4 + 4 * i, of) for i, of in enumerate(places))
        out.point(at + 4 + 4 * count, out.table({0: lambda: out.vector(len(described), described, 16)}))
        return at

    def note():
        return out.list([lambda: out.table({0: lambda: out.text("TFLITE_METADATA"), 1: struct.pack("<I", count)})])

    new_root = {0: version, BUFFERS: all_buffers, METADATA: note}
    kept = [n for n in (1, 2, 3, 5, 7) if place.get(n)]
    for field in kept:
        new_root[field] = b"kept"
    table = out.table(new_root)
    out.point(0, table)
    vtable = table - struct.unpack_from("<i", out.out, table)[0]
    far.extend((table + struct.unpack_from("<H", out.out, vtable + 4 + 2 * n)[0], target(n)) for n in kept)
    out.align(64)
    begin = len(out.out)
    for at, of in far:
        out.point(at, begin + of)
    return bytes(out.out) + old


def main():
    folder, output = map(pathlib.Path, sys.argv[1:])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as bundle:
        for name, file, mean, deviation in MODELS:
            bundle.writestr(name, with_metadata((folder / file).read_bytes(), mean, deviation))
    output.write_bytes(packed.getvalue())


if __name__ == "__main__":
    main()
