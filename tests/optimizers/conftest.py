"""A small fixed problem that kerax and Keras both step through."""

import numpy as np
import pytest

SHAPES = {"kernel": (3, 4), "scale": (), "filters": (5, 3, 2), "tall_embedding": (7, 2)}


class Problem:
    """Variables of several ranks and a fixed row of gradients for each step."""

    def __init__(self, steps=20, dtype="float32", names=tuple(SHAPES)):
        self.names = names
        shapes = [SHAPES[name] for name in names]
        rng = np.random.default_rng(1)
        self.start = [rng.normal(size=shape).astype(dtype) for shape in shapes]
        self.grads = []
        for _ in range(steps):
            sizes = 10.0 ** rng.uniform(-2, 1, size=len(shapes))
            row = [np.asarray(rng.normal(size=s) * size, dtype) for s, size in zip(shapes, sizes, strict=True)]
            row[0][0, 0] = 0.0  # what never had a gradient must not move, and must not divide by zero
            self.grads.append(row)

    def ours(self):
        """kerax Variables at the start."""
        from kerax._core.variable import Variable

        return [Variable(value, name=name) for name, value in zip(self.names, self.start, strict=True)]

    def theirs(self):
        """Keras variables at the start."""
        import keras

        return [keras.Variable(value, name=name) for name, value in zip(self.names, self.start, strict=True)]

    def run(self, optimizer, variables, meanwhile=None):
        """What the variables hold after each step."""
        seen = []
        for i, row in enumerate(self.grads):
            if meanwhile is not None:
                meanwhile(i, optimizer)
            optimizer.apply(row, variables)
            seen.append([np.asarray(v) for v in variables])
        return seen

    def run_stateless(self, optimizer, variables):
        """The same through `stateless_apply`, compiled; the optimizer's own variables end where it ends."""
        import jax

        optimizer.build(variables)
        step = jax.jit(lambda own, grads, values: optimizer.stateless_apply(own, grads, values))
        values, own, seen = [v.value for v in variables], [v.value for v in optimizer.variables], []
        for row in self.grads:
            values, own = step(own, row, values)
            for variable, value in zip(optimizer.variables, own, strict=True):
                variable.assign(value)  # Keras's LossScaleOptimizer reads some of them here
            seen.append([np.asarray(x) for x in values])
        return seen

    def assert_same(self, mine, expected, rtol=1e-5, atol=1e-6):
        """All variables agree after every step, and moved."""
        assert len(mine) == len(expected) == len(self.grads)
        for step, (a, b) in enumerate(zip(mine, expected, strict=True)):
            for name, x, y in zip(self.names, a, b, strict=True):
                assert np.all(np.isfinite(y))
                np.testing.assert_allclose(x, y, rtol=rtol, atol=atol, err_msg=f"{name} after step {step}")
        assert all(np.any(x != w) for x, w in zip(mine[-1], self.start, strict=True))


@pytest.fixture
def problem():
    """The problem in float32."""
    return Problem()


@pytest.fixture
def make_problem():
    """The problem, of other lengths and dtypes."""
    return Problem
