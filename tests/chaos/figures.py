"""Small drawn pictures, so that a thousand jobs cost seconds of work: a standing person, and a shirt."""

import struct
import zlib

BACKGROUND, SKIN, HAIR = (226, 228, 230), (214, 166, 138), (62, 44, 36)
JERSEY, TROUSERS, CLOTH = (92, 104, 128), (48, 52, 64), (178, 44, 52)


def png(rows, channels):
    """A PNG file of rows of packed pixels; 3 channels: RGB, 4: RGBA."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    width = len(rows[0]) // channels
    header = struct.pack(">IIBBBBB", width, len(rows), 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def polygon(points):
    """The spans of columns it covers in the row at height y."""
    edges = list(zip(points, points[1:] + points[:1]))

    def spans(y):
        cuts = sorted((bx - ax) * (y - ay) / (by - ay) + ax for (ax, ay), (bx, by) in edges if (ay > y) != (by > y))
        return list(zip(cuts[::2], cuts[1::2]))
    return spans


def pair(points, mirror):
    """A polygon and its image about the column `mirror`."""
    one, other = polygon(points), polygon([(2 * mirror - x, y) for x, y in points])
    return lambda y: one(y) + other(y)


def ellipse(cx, cy, rx, ry):
    def spans(y):
        rest = 1 - ((y - cy) / ry) ** 2
        return [(cx - rx * rest ** 0.5, cx + rx * rest ** 0.5)] if rest > 0 else []
    return spans


def draw(width, height, ground, shapes):
    """Rows of pixels; later shapes lie over earlier ones."""
    rows = []
    for y in range(height):
        row = [bytes(ground)] * width
        for spans, paint in shapes:
            for left, right in spans(y + 0.5):
                first, end = max(round(left), 0), min(round(right), width)
                row[first:end] = [bytes(paint)] * (end - first)
        rows.append(b"".join(row))
    return rows


def person():
    """180 x 240: stands upright, arms a little apart, calm background."""
    trunk = pair([(90, 56), (112, 60), (118, 66), (112, 100), (113, 136), (90, 138)], 90)
    arm = pair([(112, 62), (120, 66), (136, 118), (140, 140), (132, 142), (126, 122), (110, 82)], 90)
    hand = pair([(132, 138), (140, 138), (143, 150), (136, 153)], 90)
    leg = pair([(91, 132), (113, 132), (109, 186), (107, 228), (96, 228), (94, 186)], 90)
    return png(draw(180, 240, BACKGROUND, [
        (leg, TROUSERS), (hand, SKIN), (arm, JERSEY), (trunk, JERSEY),
        (polygon([(84, 46), (96, 46), (97, 60), (83, 60)]), SKIN),
        (ellipse(90, 32, 14, 18), HAIR), (ellipse(90, 35, 11, 14), SKIN)]), 3)


def shirt():
    """140 x 160 with a transparent ground."""
    body = pair([(70, 26), (84, 18), (104, 28), (100, 60), (101, 146), (70, 148)], 70)
    sleeve = pair([(96, 20), (106, 28), (130, 66), (114, 76), (98, 54)], 70)
    return png(draw(140, 160, (0, 0, 0, 0), [(sleeve, (*CLOTH, 255)), (body, (*CLOTH, 255)),
                                             (ellipse(70, 18, 12, 10), (0, 0, 0, 0))]), 4)


def nobody():
    """A wall: a good picture without a person, so its job fails."""
    return png(draw(160, 200, BACKGROUND, []), 3)
