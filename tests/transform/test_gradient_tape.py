"""GradientTape as TensorFlow documents it: what is watched, what comes back, and every error."""

from __future__ import annotations

import logging
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import GradientTape, Variable
from kerax._core.stateful import Carried, pure
from kerax._errors import KeraxError
from kerax._transform.gradient_tape import UnconnectedGradients
from kerax._transform.tape import tracing


def close(a, b, tolerance=1e-6):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)


# -- what is watched ------------------------------------------------------------------------------


def test_trainable_variables_are_watched_when_read():
    v, w = Variable([1.0, 2.0]), Variable([3.0, 4.0])
    with GradientTape() as tape:
        loss = jnp.sum(v * v)
    assert tape.watched_variables() == (v,)
    a, b = tape.gradient(loss, [v, w])
    close(a, [2.0, 4.0])
    assert b is None


def test_variables_that_are_not_trainable_are_watched_when_asked_for():
    v = Variable(3.0, trainable=False)
    with GradientTape() as tape:
        loss = v * v
    assert tape.gradient(loss, v) is None
    with GradientTape() as tape:
        tape.watch(v)
        loss = v * v
    assert tape.gradient(loss, v) == 6.0


def test_nothing_is_watched_unasked_where_that_is_turned_off():
    v, w = Variable(3.0), Variable(4.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(w)
        loss = v * w
    assert tape.watched_variables() == (w,)
    assert tape.gradient(loss, [v, w]) == [None, 3.0]


def test_arrays_are_watched_when_asked_for():
    x, y = jnp.arange(3.0), jnp.ones(3)
    with GradientTape() as tape:
        tape.watch({"x": [x]})
        loss = jnp.sum(x * x * y)
    assert tape.watched_variables() == ()
    a, b = tape.gradient(loss, (x, y))
    close(a, 2 * x)
    assert b is None


def test_a_variable_read_in_another_dtype_has_a_gradient_in_its_own():
    layer = kerax.layers.Dense(2, dtype="mixed_float16")
    x = jnp.ones((3, 4))
    with GradientTape() as tape:
        y = layer(x)
        loss = jnp.sum(y)
    kernel, bias = tape.gradient(loss, layer.trainable_variables)
    assert y.dtype == "float16"
    assert kernel.dtype == bias.dtype == "float32"
    close(kernel, np.full((4, 2), 3.0))


def test_a_layer_built_in_the_block_is_watched_from_its_first_call():
    layer = kerax.layers.Dense(2, kernel_initializer="ones")
    with GradientTape() as tape:
        loss = jnp.sum(layer(jnp.ones((3, 4))))
    assert tape.watched_variables() == tuple(layer.trainable_variables)
    close(tape.gradient(loss, layer.bias), [3.0, 3.0])
    layer.kernel.assign(jnp.zeros((4, 2)))


def test_frozen_layers_are_not_watched():
    layer = kerax.layers.Dense(2)
    layer.build((None, 4))
    layer.trainable = False
    with GradientTape() as tape:
        jnp.sum(layer(jnp.ones((3, 4))))
    assert tape.watched_variables() == ()


def test_variables_that_share_an_array_are_told_apart():
    v, w = Variable([1.0, 1.0]), Variable([5.0, 5.0])
    w.assign(v)  # as when a target network is made equal
    shared = v.value
    assert w.value is shared
    with GradientTape() as tape:
        loss = jnp.sum(v * 2 + w * 3 + shared * 5)
    a, b = tape.gradient(loss, [v, w])
    close(a, [2.0, 2.0])
    close(b, [3.0, 3.0])
    assert v.value is w.value is shared


def test_an_array_read_before_the_block_is_a_constant():
    v = Variable(3.0)
    anchor = v.value
    with GradientTape() as tape:
        loss = v * anchor
    assert tape.gradient(loss, v) == 3.0


# -- state ----------------------------------------------------------------------------------------


def test_the_gradient_is_by_the_values_that_were_read():
    v = Variable(3.0)
    with GradientTape() as tape:
        first = v * 5.0
        v.assign(2.0)
        second = v * v
    assert tape.gradient([first, second], v) == 5.0 + 4.0
    assert v.value == 2.0


def test_state_stops_gradients():
    v, total = Variable(3.0), Variable(0.0)
    count = Variable(0.0, trainable=False)
    with GradientTape(persistent=True) as tape:
        total.assign_add(v * 1.0)
        count.assign(v * 4.0)
        loss = total * total + count
    assert tape.gradient(loss, [v, total, count]) == [None, 6.0, None]


def test_optimizers_may_step_inside_the_block():
    layer = kerax.layers.Dense(1, use_bias=False)
    layer.build((None, 2))
    x, optimizer, metric = jnp.array([[1.0, 2.0]]), kerax.optimizers.SGD(0.05), kerax.metrics.Mean()
    losses = []
    for _ in range(3):
        with GradientTape() as tape:
            loss = jnp.sum(layer(x) ** 2)
            metric.update_state(loss)
            optimizer.apply_gradients(
                zip(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables, strict=True)
            )
        losses.append(float(loss))
    assert losses[0] > losses[1] > losses[2]
    close(metric.result(), np.mean(losses))
    assert not any(isinstance(v.value, jax.core.Tracer) for v in [*layer.variables, *optimizer.variables])


def test_variables_hold_their_own_arrays_afterwards():
    v = Variable([1.0, 2.0])
    own = v.value
    with GradientTape() as outer:
        _ = v * v
        with GradientTape() as inner:
            loss = jnp.sum(v * v)
        with outer.stop_recording():
            _ = v * v
        grad = inner.gradient(loss, v)
    assert v.value is own
    close(grad, [2.0, 4.0])


# -- structures and targets -------------------------------------------------------------------------


def test_gradients_come_in_the_structure_of_the_sources():
    v, w = Variable(2.0), Variable(3.0)
    with GradientTape(persistent=True) as tape:
        loss = v * v * w
    assert tape.gradient(loss, v) == 12.0
    assert tape.gradient(loss, [v]) == [12.0]
    assert tape.gradient(loss, {"b": (w, [v]), "a": v}) == {"a": 12.0, "b": (4.0, [12.0])}
    assert tape.gradient(loss, []) == []


def test_targets_are_summed():
    x = jnp.arange(3.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        a, b = x * x, jnp.sin(x)
    close(tape.gradient([a, {"b": b}], x), 2 * x + jnp.cos(x))
    close(tape.gradient(a, x), 2 * x)


def test_output_gradients_weigh_the_targets():
    x = jnp.arange(3.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        a, b = x * x, x * 5.0
    weight = jnp.array([1.0, 2.0, 3.0])
    close(tape.gradient([a, b], x, output_gradients=[weight, None]), 2 * x * weight + 5.0)
    close(tape.gradient(a, x, output_gradients=weight), 2 * x * weight)
    with pytest.raises(ValueError, match=r"output_gradients of shape \(2,\).*\(3,\)"):
        tape.gradient(a, x, output_gradients=jnp.ones(2))
    with pytest.raises(ValueError, match="1 output_gradients for 2 targets"):
        tape.gradient([a, b], x, output_gradients=[weight])


def test_what_was_computed_in_the_block_can_be_a_source():
    v = Variable([1.0, 2.0, 3.0])
    with GradientTape(persistent=True) as tape:
        h = jnp.sin(v.value)
        k = h * h
        loss = jnp.sum(k * h)
    by_v, by_h, by_k = tape.gradient(loss, [v, h, k])
    close(by_v, 3 * jnp.sin(v.value) ** 2 * jnp.cos(v.value))
    close(by_h, 3 * h**2)
    close(by_k, h)
    close(tape.gradient(loss, h), by_h)
    close(tape.gradient(k, [k, h])[0], jnp.ones(3))
    assert tape.gradient(h, k) is None


def test_class_activation_maps_differentiate_by_a_feature_map():
    image = kerax.Input((8, 8, 1))
    features = kerax.layers.Conv2D(3, 3, name="conv")(image)
    out = kerax.layers.Dense(2)(kerax.layers.GlobalAveragePooling2D()(features))
    model = kerax.Model(image, [features, out])
    x = jnp.ones((1, 8, 8, 1))
    with GradientTape() as tape:
        maps, scores = model(x)
        best = scores[:, 1]
    grads = tape.gradient(best, maps)
    kernel = model.layers[-1].kernel.value[:, 1]
    close(grads, jnp.broadcast_to(kernel / 36, maps.shape))


def test_a_variable_is_a_target_too():
    v = Variable(3.0)
    with GradientTape() as tape:
        _ = v * v
    assert tape.gradient(v, v) == 1.0


def test_a_variable_that_nothing_read_is_a_target_too():
    v, w = Variable(2.0), Variable(2.0)
    with GradientTape() as tape:
        result = v  # as in the control flow of TensorFlow's guide: no value is read
    assert tape.gradient(result, [v, w]) == [1.0, None]
    with GradientTape(watch_accessed_variables=False) as tape:
        result = v
    assert tape.gradient(result, v) is None


def test_an_operation_that_hands_back_its_input_is_told_from_it():
    x = jnp.arange(3.0)
    reversed_gradient = jax.custom_vjp(lambda x: x)
    reversed_gradient.defvjp(lambda x: (x, None), lambda _, ct: (-ct,))
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = reversed_gradient(x)
        z = jax.lax.stop_gradient(x)
        forwarded = jax.jit(lambda x: x)(x)
        loss = jnp.sum(2 * x + 3 * y + 5 * z + 7 * forwarded)
    close(tape.gradient(loss, x), [6.0, 6.0, 6.0])
    close(tape.gradient(loss, y), [3.0, 3.0, 3.0])


def test_integer_targets_have_no_gradient_and_say_so(caplog):
    x = jnp.arange(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = jnp.argmax(x)
    with caplog.at_level(logging.WARNING, logger="kerax"):
        assert tape.gradient(y, x) is None
    assert "must be floating, got int32" in caplog.text


def test_watching_an_integer_says_that_it_has_no_gradient(caplog):
    ids = jnp.arange(3)
    with caplog.at_level(logging.WARNING, logger="kerax"), GradientTape() as tape:
        tape.watch(ids)
        y = ids * 2.0
    assert "must be floating to have a gradient, got int32" in caplog.text
    assert tape.gradient(y, ids) is None


@pytest.mark.parametrize("zero", ["zero", UnconnectedGradients.ZERO])
def test_unconnected_gradients_are_none_or_zero(zero):
    v, x = Variable([1.0, 2.0]), jnp.ones((3, 1))
    with GradientTape(persistent=True) as tape:
        y = jnp.sum(x)
    assert tape.gradient(y, [v, x]) == [None, None]
    close(tape.gradient(y, v, unconnected_gradients=zero), [0.0, 0.0])
    close(tape.gradient(y, [x], unconnected_gradients=zero)[0], np.zeros((3, 1)))
    with pytest.raises(ValueError, match="unconnected_gradients='maybe'.*'none' or 'zero'"):
        tape.gradient(y, v, unconnected_gradients="maybe")


def test_complex_gradients_point_uphill_as_in_tensorflow():
    z = jnp.array([1.0 + 2.0j, -0.5j])
    with GradientTape(persistent=True) as tape:
        tape.watch(z)
        power = jnp.sum(jnp.abs(z) ** 2)
        square = z * z
    close(tape.gradient(power, z), 2 * z)
    close(tape.gradient(square, z), jnp.conj(2 * z))
    close(tape.gradient(square, z, output_gradients=jnp.full(2, 1j)), 1j * jnp.conj(2 * z))


# -- recording --------------------------------------------------------------------------------------


def test_values_in_the_block_are_numbers():
    v = Variable([1.0, 2.0])
    with GradientTape() as tape:
        loss = jnp.sum(v * v)
        assert float(loss) == 5.0
        assert f"{loss:.1f}" == "5.0"
        assert not tracing()
        if loss > 4:
            loss = loss * 2
    close(tape.gradient(loss, v), [4.0, 8.0])


def test_nothing_is_recorded_while_recording_is_stopped():
    v, x = Variable(3.0), jnp.array(2.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = v * x
        with tape.stop_recording():
            hidden = v * x * 10
            passed_on = jax.jit(lambda x: x)(x)
        z = y + hidden * v + passed_on
    assert tape.gradient(z, [v, x]) == [2.0 + 60.0, 3.0]


def test_a_stopped_tape_does_not_stop_another():
    v = Variable(3.0)
    with GradientTape() as one, GradientTape() as two:
        y = v * v
        with one.stop_recording():
            y = y * v
    assert one.gradient(y, v) is None
    assert two.gradient(y, v) == 27.0


def test_reset_forgets():
    v, w = Variable(3.0), Variable(2.0)
    with GradientTape() as tape:
        y = v * v
        tape.reset()
        z = y * w
    assert tape.watched_variables() == (w,)
    assert tape.gradient(z, [v, w]) == [None, 9.0]


def test_gradients_may_be_taken_inside_the_block():
    v = Variable(3.0)
    with GradientTape() as tape:
        y = v * v
        grad = tape.gradient(y, v)
        after = v * grad
    assert grad == 6.0
    assert after == 18.0
    with pytest.raises(RuntimeError, match="not persistent"):
        tape.gradient(after, v)


def test_a_tape_does_not_differentiate_its_own_gradients_and_says_so():
    x = jnp.array(3.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**3
        first = tape.gradient(y, x)
        penalty = first**2 + y
        constant = jax.lax.stop_gradient(first) * y
    with pytest.raises(NotImplementedError, match="a gradient which the same tape gave.*a second tape, inside"):
        tape.gradient(penalty, x)
    assert tape.gradient(constant, x) == 27.0 * 27.0
    assert tape.gradient(y, x) == first == 27.0


def test_two_tapes_over_one_forward_pass():
    generator, judge = Variable(2.0), Variable(3.0)
    with GradientTape() as tape_g, GradientTape() as tape_d:
        fake = generator * 5.0
        score = fake * judge
        loss_g, loss_d = -score, score * score
        grad_g = tape_g.gradient(loss_g, [generator])
        grad_d = tape_d.gradient(loss_d, [judge])
    assert grad_g == [-15.0]
    assert grad_d == [2 * 30.0 * 10.0]


def test_a_tape_goes_on_where_it_was_left():
    v = Variable(3.0)
    tape = GradientTape()
    with tape:
        y = v * v
    z = y * 2
    with tape:
        w = y * 3
    assert tape.gradient(w, v) == 18.0
    with tape:  # used up: it begins anew
        u = v * 5
    assert tape.gradient(u, v) == 5.0
    assert z == 18.0


def test_a_tape_inside_a_step_that_is_traced_leaves_no_tracer():
    layer = kerax.layers.Dense(2)
    layer.build((None, 3))
    own = [v.value for v in layer.variables]

    def step(x):
        with GradientTape() as tape:
            loss = jnp.sum(layer(x) ** 2)
        return tape.gradient(loss, layer.trainable_variables)

    jitted = jax.jit(pure(step, Carried(layer.variables)))
    (grads, after) = jitted(own, jnp.ones((2, 3)))
    for ours, theirs in zip(grads, step(jnp.ones((2, 3))), strict=True):
        close(ours, theirs, 1e-5)
    assert all(v.value is value for v, value in zip(layer.variables, own, strict=True))
    assert len(after) == 2


# -- what goes wrong --------------------------------------------------------------------------------


def test_a_second_gradient_needs_a_persistent_tape():
    v = Variable(3.0)
    with GradientTape() as tape:
        y = v * v
    tape.gradient(y, v)
    for ask in (tape.gradient, tape.jacobian, tape.batch_jacobian):
        with pytest.raises(RuntimeError, match=r"not persistent.*persistent=True") as caught:
            ask(y[None], v.value[None])
        assert isinstance(caught.value, KeraxError)
    with pytest.raises(RuntimeError, match="not persistent"):
        tape.watch(y)


def test_a_tape_that_recorded_nothing_says_so():
    with pytest.raises(RuntimeError, match="recorded nothing.*with tape"):
        GradientTape().gradient(jnp.ones(()), jnp.ones(()))


def test_a_tape_is_entered_once_at_a_time():
    with GradientTape() as tape:
        with pytest.raises(ValueError, match="still recording.*a tape for each"), tape:
            pass
        y = jnp.ones(())
    assert y == 1.0


def test_tapes_end_in_the_order_of_with_blocks():
    one, two = GradientTape(), GradientTape()
    one.__enter__()
    two.__enter__()
    with pytest.raises(RuntimeError, match="not the last one begun"):
        one.__exit__(None, None, None)
    two.__exit__(None, None, None)
    one.__exit__(None, None, None)
    assert not tracing()


def test_recording_is_asked_of_tapes_that_record():
    tape = GradientTape(persistent=True)
    with pytest.raises(RuntimeError, match="recorded nothing"), tape.stop_recording():
        pass
    with pytest.raises(ValueError, match=r"reset: got a tape that is not recording"):
        tape.reset()
    with tape:
        pass
    with pytest.raises(ValueError, match=r"stop_recording: got a tape that is not recording"), tape.stop_recording():
        pass


@pytest.mark.parametrize("bad", [3.0, np.ones(2), "x"])
def test_only_arrays_and_variables_can_be_watched(bad):
    with GradientTape() as tape, pytest.raises(ValueError, match="expected an array or a Variable.*asarray"):
        tape.watch(bad)


def test_only_arrays_and_variables_are_targets_and_sources():
    x = jnp.ones(2)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = jnp.sum(x)
    with pytest.raises(ValueError, match=r"the source 2.0 of type float"):
        tape.gradient(y, [2.0])
    with pytest.raises(ValueError, match=r"the target None of type NoneType"):
        tape.gradient(None, x)


def test_what_a_function_inside_is_traced_with_cannot_be_watched():
    with GradientTape() as tape:

        @jax.jit
        def inner(x):
            tape.watch(x)
            return x

        with pytest.raises(RuntimeError, match="exists only in a function traced inside.*make the tape inside"):
            inner(jnp.ones(2))


def test_an_error_in_the_block_leaves_nothing_behind():
    v = Variable(3.0)
    own, tape = v.value, GradientTape()

    def failing():
        with tape:
            _ = v * v
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        failing()
    assert not tracing()
    assert v.value is own
    assert jax.jit(lambda x: x * 2)(v.value) == 6.0


def test_other_threads_are_not_recorded():
    v, seen = Variable(3.0), []
    with GradientTape() as tape:
        y = v * v

        def elsewhere():
            with GradientTape() as inner:
                z = v * 4.0
            seen.append(inner.gradient(z, v))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert seen == [4.0]
    assert tape.gradient(y, v) == 6.0
