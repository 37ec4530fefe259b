"""Small functions with control flow: compiled, each does what Python does."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import ops

counter = kerax.Variable(0.0, name="counter")
table = kerax.Variable(np.zeros(4, "float32"), name="table")
metric = kerax.metrics.Mean()
seed = kerax.random.SeedGenerator(7)
scale = 3.0


def if_else(x):
    if x > 0:
        y = x * 2
    else:
        y = x - 1
    return y


def if_without_else(x):
    y = x
    if x > 0:
        y = y + 1
    return y


def elif_chain(x):
    if x > 10:
        y = x
    elif x > 5:
        y = x * 2
    elif x > 0:
        y = x * 3
    else:
        y = -x
    return y


def early_return(x):
    if x > 0:
        return x
    return -x


def many_returns(x):
    if x > 3:
        return x * 10
    if x > 2:
        return x * 100
    if x > 1:
        return x * 1000
    return x


def return_tuple(x):
    if x > 0:
        return x, x + 1
    return -x, x


def return_dict(x):
    if x > 0:
        return {"a": x, "b": [x]}
    return {"a": -x, "b": [x * 2]}


def return_none(x):
    if x > 0:
        counter.assign_add(1.0)
        return
    counter.assign_sub(1.0)


def nested_if(x):
    if x > 0:
        if x > 5:
            y = x * 2
        else:
            y = x * 3
        z = y + 1
    else:
        y = -x
        z = y * y
    return y + z


def python_number_in_branch(x):
    n = 0.0
    if x > 0:
        n = 1.0
    return n + x


def count_up(x):
    i = 0
    while i < x:
        i = i + 1
    return i


def while_two_variables(x):
    a, b = jnp.float32(0.0), jnp.float32(1.0)
    while a < x:
        a, b = b, a + b
    return a, b


def collatz(x):
    n = jnp.asarray(x, "int32")
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def while_break(x):
    i = jnp.int32(0)
    while i < 100:
        i += 1
        if i > x:
            break
    return i


def while_true_break(x):
    i = 0
    while True:
        i += 1
        if i * i > x:
            break
    return i


def while_continue(x):
    i, total = jnp.int32(0), jnp.int32(0)
    while i < x:
        i += 1
        if i % 2 == 0:
            continue
        total += i
    return total


def while_return(x):
    i = jnp.int32(0)
    while i < 100:
        if i * i >= x:
            return i
        i += 1
    return -i


def while_and(x):
    i = jnp.int32(0)
    while i < 10 and i < x:
        i += 1
    return i


def nested_while(x):
    i, total = jnp.int32(0), jnp.int32(0)
    while i < x:
        j = jnp.int32(0)
        while j < i:
            total += j
            j += 1
        i += 1
    return total


def for_range_tensor(x):
    total = 0.0
    for i in range(jnp.asarray(x, "int32")):
        total += i * 2.0
    return total


def for_range_start_step(x):
    total = jnp.int32(0)
    for i in range(1, jnp.asarray(x, "int32"), 2):
        total += i
    return total


def for_range_break(x):
    total = jnp.int32(0)
    for i in range(jnp.asarray(x, "int32")):
        if i > 3:
            break
        total += i
    return total


def unrolled_break(x):
    y = x
    for i in range(6):
        if y > 10:
            break
        y = y + i
    return y


def unrolled_return(x):
    for i in range(5):
        if x < i:
            return x * i
    return x


def unrolled_list(x):
    parts = []
    for i in range(3):
        parts.append(x * i)
    return sum(parts)


def boolean_operators(x):
    if (x > 0 and x < 10) or x == -1:
        return x + 0.5
    return x - 0.5


def not_operator(x):
    if not x > 0:
        return -x
    return x


def chained_comparison(x):
    if 0 < x < 5:
        return x * 2
    return x * 4


def conditional_expression(x):
    y = x * 2 if x > 0 else x * 3
    return y if y < 10 else -y


def builtin_functions(x):
    y = max(x, 2.0) + min(x, 1.0) + abs(x)
    return float(y) + int(x)


def any_and_all(x):
    if any([x > 1, x < -1]) and all([x < 100, x > -100]):
        return x * 2
    return x


def assign_in_branch(x):
    if x > 0:
        counter.assign_add(x)
    else:
        table.assign(table + 1)
    return counter.value + ops.sum(table)


def assign_in_loop(x):
    i = 0
    while i < x:
        counter.assign_add(2.0)
        table.assign(table.value.at[i % 4].add(1.0))
        i += 1
    return counter.value


def read_after_write_in_loop(x):
    counter.assign(0.0)
    for _ in range(jnp.asarray(x, "int32")):
        if counter < 5:
            counter.assign(counter + 2)
    return counter.value


def assign_in_nested_blocks(x):
    if x > 0:
        counter.assign_add(1.0)
        if x > 5:
            counter.assign_add(10.0)
            for i in range(jnp.asarray(x, "int32")):
                if i > 2:
                    counter.assign_add(100.0)
                    table.assign(table + counter)
    return counter.value


def _none(_):
    return None


def assign_in_ops_in_branch(x):
    if x > 0:
        ops.cond(x > 5, lambda: _none(counter.assign_add(1.0)), lambda: None)
        ops.fori_loop(0, 3, lambda i, c: (table.assign(table + i), c)[1], 0)
    return counter.value


def metric_in_branch(x):
    if x > 0:
        metric.update_state(x)
    return metric.result()


def random_in_branch(x):
    if x > 0:
        y = kerax.random.uniform((), seed=seed)
    else:
        y = kerax.random.normal((), seed=seed)
    return y + kerax.random.uniform((), seed=seed)


def random_in_loop(x):
    total = 0.0
    i = 0
    while i < x:
        total += kerax.random.uniform((), seed=seed)
        i += 1
    return total


def helper(x):
    if x > 2:
        return x * scale
    return x


def called_function(x):
    return helper(x) + helper(-x)


class Doubler:
    factor = 2

    def __call__(self, x):
        return self.twice(x) if x > 0 else x

    def twice(self, x):
        if x > 4:
            return x
        return x * self.factor


def called_object(x):
    return Doubler()(x)


def recursion(x, depth=3):
    if depth == 0:
        return x
    if x > 0:
        y = x - 1
    else:
        y = x + 10
    return recursion(y, depth - 1)


def inner_function(x):
    offset = x + 1

    def inner(y):
        if y > offset:
            return y
        return offset

    return inner(x * 2)


def inner_lambda(x):
    pick = lambda y: y if y > 3 else -y  # noqa: E731
    return pick(x) + pick(x + 2)


def nonlocal_counter(x):
    n = x

    def bump():
        nonlocal n
        if n > 0:
            n = n + 1

    bump()
    bump()
    return n


def with_block(x):
    with kerax.name_scope("scope"):
        if x > 0:
            return x * 7
        y = x
    return y


def try_block(x):
    try:
        if x > 0:
            y = x * 2
        else:
            y = x
    finally:
        z = x + 1
    return y + z


def for_else(x):
    total = x
    for i in range(3):
        if total > 5:
            break
        total = total + i
    else:
        total = total + 100
    return total


def while_else(x):
    i = 0
    while i < x:
        i += 1
    else:
        i += 100
    return i


def augmented_attribute(x):
    class Box:
        pass

    box = Box()
    box.value = x
    if x > 0:
        box.value += 2
    else:
        box.value = box.value * 3
    return box.value


def item_assignment(x):
    d = {"a": x}
    if x > 0:
        d["a"] = x + 1
    return d["a"]


def loop_carries_structure(x):
    state = (x, {"n": 0})
    i = 0
    while i < 3 and x > -100:
        state = (state[0] + 1, {"n": state[1]["n"] + i})
        i += 1
    return state


def defined_in_both_branches_only(x):
    if x > 0:
        part = x
        y = part + 1
    else:
        other = x * 2
        y = other
    return y


def static_condition(x):
    if scale > 2:
        return x * 2
    return "never"


def assertion(x):
    assert x > -1000, "too small"
    return x + 1


def comprehension(x):
    return sum([helper(x + i) for i in range(3)])


SCALARS = [
    if_else, if_without_else, elif_chain, early_return, many_returns, return_tuple, return_dict, return_none,
    nested_if, python_number_in_branch, count_up, while_two_variables, while_break, while_true_break, while_continue,
    while_return, while_and, nested_while, for_range_tensor, for_range_start_step, for_range_break, unrolled_break,
    unrolled_return, unrolled_list, boolean_operators, not_operator, chained_comparison, conditional_expression,
    builtin_functions, any_and_all, assign_in_branch, assign_in_loop,
    assign_in_nested_blocks, assign_in_ops_in_branch, read_after_write_in_loop, metric_in_branch,
    random_in_branch, random_in_loop, called_function, called_object, recursion, inner_function, inner_lambda,
    nonlocal_counter, with_block, try_block, for_else, while_else, augmented_attribute, item_assignment,
    loop_carries_structure, defined_in_both_branches_only, static_condition, assertion, comprehension,
]  # fmt: skip


def sum_of(xs):
    total = 0.0
    for x in xs:
        total = total + x
    return total


def break_and_continue(xs):
    total = 0.0
    for x in xs:
        if x < 0:
            continue
        if x > 10:
            break
        total += x
    return total


def first_above(xs):
    for x in xs:
        if x > 3:
            return x
    return -1.0


def last_element(xs):
    for x in xs:
        y = x
    return y


def best_so_far(xs):
    best = None
    for x in xs:
        if best is None:
            best = x
        elif x > best:
            best = x
    return best


def enumerated(xs):
    total = 0.0
    for i, x in enumerate(xs):
        if i % 2 == 0:
            total += x
    return total


def zipped(xs):
    total = 0.0
    for a, b in zip(xs, xs[::-1], strict=True):
        total += a * b
    return total


def nested_for(xs):
    total = 0.0
    for a in xs:
        for b in xs:
            if a > b:
                total += a
    return total


def length(xs):
    total = 0.0
    for i in range(len(xs)):
        if xs[i] > 0:
            total += xs[i]
    return total


def variable_in_for(xs):
    for x in xs:
        if x > 0:
            counter.assign_add(x)
        table.assign(table * 0.5 + x)
    return counter.value, table.value


def metric_in_for(xs):
    metric.reset_state()
    for x in xs:
        metric.update_state(x)
        if metric.result() > 5:
            break
    return metric.result()


def rows(xs):
    grid = xs[:, None] * xs[None, :]
    total = 0.0
    for row in grid:
        if row[0] > 0:
            total += row.max()
    return total


def vector_accumulator(xs):
    total = 0
    for x in xs:
        total = total + x * xs
    return total


def shape_loop(xs):
    total = 0.0
    for i in range(xs.shape[0]):
        total = total + xs[i] * i
    return total


VECTORS = [
    sum_of, break_and_continue, first_above, last_element, best_so_far, enumerated, zipped, nested_for, length,
    variable_in_for, metric_in_for, rows, vector_accumulator, shape_loop,
]  # fmt: skip
XS = [[1.0, -2.0, 3.0, 4.0, 20.0, 5.0], [-1.0, -2.0], [7.0]]
STATE = [counter, table, *metric.variables, seed.state]


def outcome(fn, args):
    for variable, start in zip(STATE, START, strict=True):
        variable.assign(start)
    out = fn(*args)
    return [np.asarray(leaf) for leaf in kerax.tree.flatten(out) if leaf is not None], [np.asarray(v) for v in STATE]


START = [np.asarray(v) for v in STATE]


def agrees(fn, argument):
    expected = outcome(fn, [argument])
    compiled = kerax.function(fn)
    for _ in range(2):
        got = outcome(compiled, [argument])
        for a, b in zip((*expected[0], *expected[1]), (*got[0], *got[1]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)
    assert compiled.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("value", [-1.0, 0.0, 3.0, 7.0, 12.0])
@pytest.mark.parametrize("fn", SCALARS, ids=lambda fn: fn.__name__)
def test_a_scalar_decides(fn, value):
    if fn is collatz:
        value = abs(value) + 1
    agrees(fn, jnp.float32(value))


def test_collatz():
    assert int(kerax.function(collatz)(jnp.int32(27))) == 111


@pytest.mark.parametrize("values", XS, ids=len)
@pytest.mark.parametrize("fn", VECTORS, ids=lambda fn: fn.__name__)
def test_a_loop_over_an_array(fn, values):
    agrees(fn, jnp.asarray(values, "float32"))


def test_eagerly_functions_are_plain_python():
    kerax.config.run_functions_eagerly(True)
    try:
        compiled = kerax.function(count_up)
        assert compiled(jnp.float32(2.5)) == 3
        assert type(compiled(jnp.float32(2.5))) is int
        assert compiled.experimental_get_tracing_count() == 0
    finally:
        kerax.config.run_functions_eagerly(False)


def test_variables_stay_variables_where_they_can_and_become_values_where_not():
    a, b = kerax.Variable(1.0), kerax.Variable(2.0)

    @kerax.function
    def loop_over_variables(x):
        for v in (a, b):
            if x > v:
                break
            v.assign_add(10.0)
        return v

    assert float(loop_over_variables(jnp.float32(1.5))) == 1.0
    assert float(loop_over_variables(jnp.float32(0.5))) == 12.0
    assert (float(a), float(b)) == (11.0, 12.0)

    @kerax.function
    def chosen(x):
        v = a
        if x > 0:
            v = b
        w = a if x > 0 else b
        y = a
        while y < x:
            y = y * 2
        return v, w, y, [v.shape]

    got = chosen(jnp.float32(20.0))
    assert [float(x) for x in got[:3]] == [12.0, 11.0, 22.0]

    @kerax.function
    def assigned_in_loop(x):
        v = a
        while v < x:
            v.assign_add(1.0)
        return v

    assert float(assigned_in_loop(jnp.float32(15.0))) == 15.0
    assert float(a) == 15.0


def test_attributes_that_one_branch_makes_are_refused():
    class Box:
        pass

    box = Box()

    @kerax.function
    def f(x):
        if x > 0:
            box.late = x
        return x

    with pytest.raises(UnboundLocalError, match=r"'box\.late' may have no value here.*in the other branch"):
        f(jnp.float32(1.0))


def test_branches_in_the_body_of_an_op():
    @kerax.function
    def f(x):
        def body(i, c):
            if x > i:
                counter.assign_add(1.0)
            return c

        return ops.fori_loop(0, 5, body, 0)

    counter.assign(0.0)
    f(jnp.float32(3.0))
    assert float(counter) == 3.0
