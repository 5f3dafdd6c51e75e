"""Letters of EN 13402-3 and how often they are right, for fit_measurements.py."""
import math

import numpy as np

BORDERS = {1: [86, 94, 102, 110, 118], -1: [82, 90, 98, 107, 119]}  # by sex: 1 male, -1 female
BORDERS[0] = [(m + w) / 2 for m, w in zip(BORDERS[1], BORDERS[-1])]
BINS = ((0, .5), (.5, .6), (.6, .7), (.7, .8), (.8, .9), (.9, 1.01))


def below(border, mean, sd):
    return 0.5 * math.erfc((mean - border) / (sd * math.sqrt(2)))


def rows_of_letters(sexes, truth, chest, sd):
    """Rows of (right?, steps off, probability of the answer)."""
    out = []
    for sex, true, mean, width in zip(sexes, truth, chest, sd):
        borders = BORDERS[int(sex)]
        p = np.diff([0, *(below(border, mean, width) for border in borders), 1])
        answer, right = int(p.argmax()), int(np.searchsorted(borders, true))
        out.append((answer == right, abs(answer - right), p[answer]))
    return np.array(out, dtype=float)


def reliability(found):
    lines = ["| confidence | answers | mean confidence | right |", "|---|---|---|---|"]
    for low, high in BINS:
        some = found[(found[:, 2] >= low) & (found[:, 2] < high)]
        if len(some):
            lines.append(f"| {low:.1f} to {min(high, 1):.1f} | {len(some)} | {some[:, 2].mean():.2f} "
                         f"| {some[:, 0].mean():.2f} |")
    return "\n".join(lines)
