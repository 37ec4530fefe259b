"""`function`: compiles code that reads and assigns Variables, as `tf.function` does."""

from __future__ import annotations

import functools
import logging
import weakref
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import jax

from .. import config
from .._core import context, placement
from .._core.context import here, setting
from .._core.variable import Variable
from .._errors import ArgumentError, StateError, Unsupported
from . import arguments, autograph
from .compiled import Compiled
from .concrete import ConcreteFunction, converted, specs_of
from .reach import reachable
from .staging import HostLoop, run, running
from .tape import tracing
from .tracebacks import ends_at_user

log = logging.getLogger("kerax")
_WINDOW, _TOO_MANY = 10, 5  # as many traces within as many calls make a warning
_MOST = 16  # programs kept for arguments of one kind, under different settings
_AROUND = 4  # the parts of a key that `_surroundings` gives
_HOST = object()  # in place of a program: this call runs from the host


class _Kept:
    """A program, and the settings of modules and Variables that it was traced with."""

    def __init__(self, program: Any, variables: Sequence[Any], modules: Sequence[Any], way: tuple) -> None:
        self.program = program
        self._way = way  # of the summaries inside, () without any
        self._variables = [v for v in variables if isinstance(v, Variable)]
        self._modules = [weakref.ref(m) for m in modules]
        self._settings = self._now()
        self.stamp = context.changes.count  # when they were last looked at

    def _now(self) -> list[Any]:
        settings: list[Any] = [v.trainable for v in self._variables]
        modules = [ref() for ref in self._modules]
        return settings + [[getattr(m, name, None) for name in ("_trainable", "revision", "_policy")] for m in modules]

    def fresh(self) -> bool:
        """Whether nothing that they depend on was touched since."""
        return self.stamp == context.changes.count and self._way in ((), (here.summaries,))

    def holds(self) -> bool:
        """Whether they are the same now."""
        same = self._now() == self._settings and self._way in ((), (here.summaries,))
        if same:
            self.stamp = context.changes.count
        return same


class Function:
    """A Python function that is compiled when it is called; made by `function`.

    Calls with arrays of the same shapes and dtypes, and the same Python values, share one program.
    """

    def __init__(
        self,
        fn: Callable,
        input_signature: Sequence[Any] | None = None,
        autograph: bool = True,
        jit_compile: bool | None = None,
        reduce_retracing: bool = False,
        owner: weakref.ref | None = None,
    ) -> None:
        if not callable(fn):
            raise ArgumentError("function", got=repr(fn), expected="a function")
        self._fn = fn
        self._owner = owner  # of a method: what it is bound to, as long as that lives
        self._options: dict[str, Any] = {
            "input_signature": input_signature,
            "autograph": autograph,
            "jit_compile": jit_compile,
            "reduce_retracing": reduce_retracing,
        }
        self._autograph = autograph
        self._signature = arguments.Signature(fn if owner is None else MethodType(fn, owner()))
        self._specs = None if input_signature is None else specs_of(input_signature)
        self._programs: dict[tuple, list[_Kept]] = {}
        self._bound: dict[int, tuple[weakref.ref, Function]] = {}
        self.side_effects: set[tuple[Any, str]] = set()  # (code of a loop's body, list that it changes while traced)
        self._traces = 0
        self._calls = 0
        self._traced_at: list[int] = []
        self._warned = 0
        functools.update_wrapper(self, fn, updated=())

    # -- what it is ------------------------------------------------------------------------

    @property
    def python_function(self) -> Callable:
        """The function as it was written."""
        return self._fn if self._owner is None else MethodType(self._fn, self._self())

    @property
    def input_signature(self) -> Sequence[Any] | None:
        """What the arguments must be, where that was said."""
        return self._options["input_signature"]

    @property
    def name(self) -> str:
        """The name of the function."""
        return getattr(self._fn, "__name__", type(self._fn).__name__)

    def experimental_get_tracing_count(self) -> int:
        """How many times it was traced: once for each kind of arguments it met."""
        return self._traces

    def pretty_printed_concrete_signatures(self) -> str:
        """The kinds of arguments it was traced for, a line each."""
        lines = []
        for key in self._programs:
            if key[0] != "loop":
                lines.append(f"{self.name}({', '.join(map(arguments.describe, key[:-_AROUND]))})")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<kerax.function {self._fn!r}>"

    def __reduce__(self) -> tuple:
        if self._owner is not None:
            return getattr, (self._self(), self.name)
        return _revived, (self._fn, self._options)

    def __deepcopy__(self, memo: dict) -> Function:
        return Function(self._fn, **self._options)

    def _self(self) -> Any:
        owner = self._owner() if self._owner is not None else None
        if owner is None:
            raise StateError(f"Method {self.name!r}", got="a call after the object it belongs to is gone")
        return owner

    def __get__(self, instance: Any, owner: type | None = None) -> Function:
        if instance is None:
            return self
        found = self._bound.get(id(instance))
        if found is not None and found[0]() is instance:
            return found[1]
        key = id(instance)
        try:
            ref = weakref.ref(instance, lambda _: self._bound.pop(key, None))
        except TypeError:
            raise Unsupported(
                f"function as a method of {type(instance).__name__}",
                got="a class without weak references",
                hint="add '__weakref__' to its __slots__",
            ) from None
        bound = Function(self._fn, **self._options, owner=ref)
        self._bound[key] = (ref, bound)
        return bound

    # -- calls -----------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if tracing() or config.functions_run_eagerly():
            return self._inline(args, kwargs)
        if kwargs or len(args) != self._signature.count:
            args, kwargs = self._signature.canonical(args, kwargs)
        if self._specs is not None:
            args = self._converted(args, kwargs)
        leaves: list[Any] = []
        key: list[Any] = []
        try:
            for arg in args:
                arguments.flatten(arg, leaves, key)
            if kwargs:
                arguments.flatten(kwargs, leaves, key)
        except arguments.Symbolic:
            return self._inline(args, kwargs)
        self._calls += 1
        key += _surroundings()
        program = self._found(tuple(key))
        if program is None or program is _HOST or here.read or here.write:
            return self._slowly(program, tuple(key), args, kwargs, leaves)
        try:
            return program(leaves)
        except Exception as error:
            ends_at_user(error)
            raise

    def program(self, *args: Any, **kwargs: Any) -> Compiled | None:
        """The program of a call with these arguments, without running it; None where it runs from the host."""
        args, kwargs = self._signature.canonical(args, kwargs)
        if self._specs is not None:
            args = self._converted(args, kwargs)
        leaves: list[Any] = []
        key: list[Any] = []
        for arg in args:
            arguments.flatten(arg, leaves, key)
        if kwargs:
            arguments.flatten(kwargs, leaves, key)
        full = (*key, *_surroundings())
        program = self._found(full)
        if program is None:
            program = self._traced(full, args, kwargs, leaves)
        return None if program is _HOST else program

    def _slowly(self, program: Any, key: tuple, args: tuple, kwargs: dict, leaves: list[Any]) -> Any:
        try:
            if program is None:
                program = self._traced(key, args, kwargs, leaves)
            if program is _HOST:
                return self._from_host(args, kwargs, leaves)
            return program.watched(leaves)
        except Exception as error:
            ends_at_user(error)
            raise

    def _inline(self, args: tuple, kwargs: dict) -> Any:
        """Part of what is being traced, or plain Python."""
        if config.functions_run_eagerly() and not run.tracing:
            return self.python_function(*args, **kwargs)
        if self._specs is not None:
            args = self._converted(*self._signature.canonical(args, kwargs))
            kwargs = {}
        fn = autograph.convert(self.python_function) if self._autograph else self.python_function
        with setting(convert=autograph.convert if self._autograph else _as_it_is):
            return fn(*args, **kwargs)

    def _from_host(self, args: tuple, kwargs: dict, leaves: list[Any]) -> Any:
        """Run the code around loops over data from the host; the bodies of the loops are compiled."""
        arrays = iter(arguments.as_arrays(leaves))
        args = tuple(arguments.fill(arg, arrays) for arg in args)
        kwargs = arguments.fill(kwargs, arrays)
        with running(host=True, owner=self):
            return self._inline(args, kwargs)

    # -- programs --------------------------------------------------------------------------

    def _found(self, key: tuple) -> Any:
        """The program of that key, None where there is none for how things are set now."""
        kept = self._programs.get(key)
        if kept is None:
            return None
        if not kept[0].fresh():
            for index, one in enumerate(kept):
                if one.holds():
                    kept.insert(0, kept.pop(index))
                    break
            else:
                return None
        return kept[0].program

    def _traced(self, key: tuple, args: tuple, kwargs: dict, leaves: list[Any]) -> Any:
        """The program for these arguments."""
        self._warn_of_retracing(key)
        self._traces += 1
        self._traced_at.append(self._calls)
        fn = self.python_function

        def on_arrays(*arrays: Any) -> Any:
            supply = iter(arrays)
            inner = tuple(arguments.fill(arg, supply) for arg in args)
            return self._inline(inner, arguments.fill(kwargs, supply))

        try:
            return self._compiled(key, on_arrays, leaves, (fn, args, kwargs))
        except jax.errors.ConcretizationTypeError as error:
            why = autograph.reason(fn) if self._autograph else "it was made with autograph=False"
            if why is not None:
                error.add_note(
                    f"  {self.name!r} runs as it is, so `if`, `while` and `for` on tensors cannot become part of the "
                    f"compiled code: {why}. Use ops.cond, ops.while_loop or ops.scan."
                )
            raise

    def _compiled(self, key: tuple, on_arrays: Callable, leaves: list[Any], roots: tuple) -> Any:
        """Trace and keep the program of that key."""
        variables, modules = reachable(autograph.LIBRARIES, *roots)
        before = context.summaries.met
        program: Any
        try:
            with setting(read=(), write=(), created=()):  # what watches the caller sees the program, not its parts
                program = Compiled(on_arrays, arguments.as_arrays(leaves), variables, f"function {self.name!r}")
            variables = program.touched
        except HostLoop:
            program = _HOST
        if program is not _HOST:  # what the first call made
            modules += reachable(autograph.LIBRARIES, *roots)[1]
        self._drop_dead()
        kept = self._programs.setdefault(key, [])
        kept.insert(0, _Kept(program, variables, modules, context.summaries.since(before)))
        del kept[_MOST:]
        return program

    def body(self, key: tuple, make: Callable[[], tuple]) -> Compiled | None:
        """The program of a loop's body, by key; None where it must run from the host as well.

        Args:
            key: what the trace depends on.
            make: gives (function of arrays, arrays, what it reaches).
        """
        key += _surroundings()
        program = self._found(key)
        if program is None:
            on_arrays, leaves, roots = make()
            with setting(convert=autograph.convert if self._autograph else _as_it_is):
                program = self._compiled(key, on_arrays, leaves, (self.python_function, *roots))
        return None if program is _HOST else program

    def _drop_dead(self) -> None:
        gone = [
            entry
            for entry in self._programs
            if any(isinstance(part, arguments.Identity) and part.dead for part in entry)
        ]
        for entry in gone:
            del self._programs[entry]

    def _warn_of_retracing(self, key: tuple) -> None:
        recent = [call for call in self._traced_at if call > self._calls - _WINDOW]
        if len(recent) < _TOO_MANY - 1 or self._warned >= 2:
            return
        self._warned += 1
        calls = min(self._calls, _WINDOW)
        last = next(reversed(self._programs), ())
        changed = ""
        if len(last) == len(key):
            different = [i for i, (a, b) in enumerate(zip(last, key, strict=True)) if a != b]
            if different:
                index = different[0]
                changed = (
                    f" What changed last: {self._signature.name(index)!r}, from {arguments.describe(last[index])} "
                    f"to {arguments.describe(key[index])}."
                )
        log.warning(
            "%d out of the last %d calls to %r triggered function retracing. Tracing is expensive. It is done for "
            "each new Python value, and each new shape or dtype of a tensor: make the function once, outside loops; "
            "pass numbers that change as arrays; keep shapes the same.%s",
            len(recent) + 1,
            calls,
            self,
            changed,
        )

    # -- signatures ------------------------------------------------------------------------

    def _converted(self, args: tuple, kwargs: dict) -> tuple:
        """The arguments as the input signature wants them."""
        specs = self._specs or ()
        where = f"function {self.name!r}"
        if kwargs or len(args) != len(specs):
            raise TypeError(f"{where}: got {len(args) + len(kwargs)} arguments, expected {len(specs)}: {list(specs)}.")
        return tuple(
            converted(spec, arg, f"{where}, {self._signature.name(i)!r}")
            for i, (spec, arg) in enumerate(zip(specs, args, strict=True))
        )

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The function for one kind of arguments.

        Args:
            args: TensorSpecs, or example values; without any, those of `input_signature`.
            kwargs: the same.
        """
        if not args and not kwargs and self._specs is not None:
            args = self._specs
        return ConcreteFunction(self, args, kwargs)


def _as_it_is(fn: Callable) -> Callable:
    """No conversion, for `autograph=False`."""
    return fn


def _surroundings() -> tuple:
    """What else a trace depends on."""
    call = here.call
    return placement.version, here.autocast, None if call is None else call.training, config.floatx()


def _revived(fn: Callable, options: dict[str, Any]) -> Function:
    return Function(fn, **options)


def function(
    func: Callable | None = None,
    input_signature: Sequence[Any] | None = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: Any = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """Compile a function that may read and assign Variables, call layers, step optimizers and update metrics.

    It is traced once for each kind of arguments: arrays (and NumPy arrays) by shape and dtype, Python values by
    value, layers, Variables and other objects by identity. Python's own side effects happen while tracing. Variables
    are found by themselves; each call reads what they hold and stores what they become. `if`, `while`, `for`,
    `break`, `continue` and `return` may depend on tensors; loops over a dataset run their body, compiled, once for
    each element.

    Args:
        func: the function or method; without it, a decorator is made.
        input_signature: TensorSpecs, one for each argument: values are checked against them, and cast.
        autograph: whether control flow may depend on tensors.
        jit_compile: kept for compatibility; XLA always compiles.
        reduce_retracing: kept for compatibility; XLA compiles for each shape.
        experimental_implements: kept for compatibility, as the following.
        experimental_autograph_options: the same.
        experimental_attributes: the same.
        experimental_relax_shapes: the same.
        experimental_compile: the same.
        experimental_follow_type_hints: the same.

    Returns:
        A callable with `python_function`, `get_concrete_function()` and `experimental_get_tracing_count()`.

    Examples:
        >>> @function
        ... def halve_if_negative(x):
        ...     if x.sum() > 0:
        ...         return x
        ...     return x / 2
        >>> halve_if_negative(np.array([-4.0, 2.0])).tolist()
        [-2.0, 1.0]
    """

    def make(fn: Callable) -> Function:
        return Function(fn, input_signature, autograph, jit_compile, reduce_retracing)

    return make if func is None else make(func)


__all__ = ["ConcreteFunction", "Function", "function"]
