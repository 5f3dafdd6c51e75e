"""The regression that src/sizing/measurements.cpp computes: what it is and how it is fitted.

Ridge regression on blocks of inputs: principal components of the shape, linear; Gaussian kernels on
them; Gaussian kernels on the light of the chest, and on that of belly and hips (Nystroem's
approximation of kernel ridge regression with a sum of kernels). How much each block counts is a
matter of the measure. What differs between pictures of one body is held down further (STEADY), so a
mirrored or cropped picture moves the answer little.
"""
import math
import numpy as np

# All chosen by cross-validation on `train`.
COMPONENTS, CENTRES, WIDTH, RIDGE, LINEAR = 80, 320, 1.0, 4e-4, 2
LIGHT_COMPONENTS, LIGHT_CENTRES = 24, 120
LIGHT_COLUMNS = 7
CHEST_ROWS, BELLY_ROWS = range(7, 21), range(0, 13)
# Of each measure: the weights of the light of chest and belly, and of steadiness.
CHEST_LIGHT = [.01, 1.5, .6, .1, .01, .01]
BELLY_LIGHT = [.01, .05, .4, .3, .4, .03]
STEADY = [1, 2, 3, 2, 2, 1]


def gauss(z, centres, variance):
    d = (z ** 2).sum(1)[:, None] + (centres ** 2).sum(1)[None] - 2 * z @ centres.T
    return np.exp(-np.maximum(d, 0) / (2 * variance))


def principal(z, count):
    _, axes = np.linalg.eigh(z.T @ z)
    return axes[:, ::-1][:, :count]


class Bumps:
    """Gaussian kernels around centres, as features whose inner product is the kernel."""

    def __init__(self, centres, variance):
        self.centres, self.variance = centres, variance
        inner = gauss(centres, centres, variance) + 1e-4 * np.eye(len(centres))
        self.whiten = np.linalg.inv(np.linalg.cholesky(inner)).T

    def of(self, z):
        return gauss(z, self.centres, self.variance) @ self.whiten


class Light:
    """One block of the relief's grid. What lies outside of the components that were fitted makes the
    picture count less, down to nothing: patterned clothes are no shade."""

    def __init__(self, rows, light, centres):
        self.pixels = [r * LIGHT_COLUMNS + c for r in rows for c in range(LIGHT_COLUMNS)]
        self.axes = principal(light[:, self.pixels], LIGHT_COMPONENTS)
        self.bumps = Bumps(self.components(light[centres])[0], len(self.pixels))

    def components(self, light):
        s = light[:, self.pixels]
        z = s @ self.axes
        outside = np.maximum((s ** 2).sum(1) - (z ** 2).sum(1), 0)
        return z, np.exp(-outside / (2 * len(self.pixels)))

    def of(self, light, seen):
        z, trust = self.components(light)
        return self.bumps.of(z) * (trust * seen)[:, None]


class Model:
    """Predicts measures by stature. `seen` is 1 where the light is to be read, 0 where not."""

    def __init__(self, relevance):
        self.relevance = relevance

    def fit(self, shape, light, seen, y, bodies):
        rng = np.random.default_rng(0)
        self.mean, self.scale = shape.mean(0), self.relevance / (shape.std(0) + 1e-9)
        z = (shape - self.mean) * self.scale
        self.inputs = shape.shape[1]
        self.axes = principal(z, COMPONENTS)
        z = z @ self.axes
        self.spread = (z ** 2).mean(0)
        self.bumps = Bumps(z[rng.choice(len(z), CENTRES, False)], WIDTH ** 2 * self.inputs)
        lit = np.flatnonzero(seen)
        self.light_mean, self.light_scale = light[lit].mean(0), 1 / (light[lit].std(0) + 1e-9)
        s = (light - self.light_mean) * self.light_scale
        one_each = [rng.choice(lit[bodies[lit] == b]) for b in np.unique(bodies[lit])]
        centres = rng.permutation(one_each)[:LIGHT_CENTRES]
        self.chest, self.belly = Light(CHEST_ROWS, s, centres), Light(BELLY_ROWS, s, centres)

        blocks = self.blocks(z, s, seen)
        self.begins = np.cumsum([0] + [block.shape[1] for block in blocks])
        phi = np.column_stack(blocks)
        middle = np.zeros((bodies.max() + 1, phi.shape[1]))
        np.add.at(middle, bodies, phi)
        middle /= np.bincount(bodies, minlength=len(middle)).clip(1)[:, None]
        apart = phi - middle[bodies]
        gram, unsteady = phi.T @ phi, apart.T @ apart
        self.offset = y.mean(0)
        weights = []
        for m in range(y.shape[1]):
            penalty = np.full(len(gram), RIDGE * len(phi))
            penalty[0] = 1e-9
            penalty[self.begins[3]:self.begins[4]] /= CHEST_LIGHT[m]
            penalty[self.begins[4]:] /= BELLY_LIGHT[m]
            weights.append(np.linalg.solve(gram + STEADY[m] * unsteady + np.diag(penalty),
                                           phi.T @ (y[:, m] - self.offset[m])))
        self.weights = np.array(weights).T
        return self

    def blocks(self, z, s, seen):
        return [np.ones((len(z), 1)), z * math.sqrt(LINEAR / self.inputs), self.bumps.of(z),
                self.chest.of(s, seen), self.belly.of(s, seen)]

    def block(self, number):
        return self.weights[self.begins[number]:self.begins[number + 1]]

    def components(self, shape):
        return (shape - self.mean) * self.scale @ self.axes

    def predict(self, shape, light, seen):
        s = (light - self.light_mean) * self.light_scale
        return self.offset + np.column_stack(
            self.blocks(self.components(shape), s, seen)) @ self.weights

    def novelty(self, shape):
        """Mean square of the components in units of their spread: 1 for an ordinary body."""
        return (self.components(shape) ** 2 / self.spread).mean(1)

    def trust(self, light):
        """How far the light of the chest is like what was fitted, 0..1."""
        return self.chest.components((light - self.light_mean) * self.light_scale)[1]
