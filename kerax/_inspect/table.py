"""The table of `model.summary()`."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .._errors import ArgumentError
from .._graph.tensor import KerasTensor
from .._host import terminal
from . import reading

__all__ = ["print_summary"]

MARGIN = 4
"""Columns left free at the right of the terminal."""

Row = list[tuple[str, str]]  # (text, kind) for each column


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print the layers of a model, the shapes they give, and what they hold.

    Args:
        model: any model.
        line_length: the width of the table; default: that of the terminal, 88 at most, 108 where the model
            is a graph and a column tells what each layer is connected to.
        positions: where each column ends, as shares of the width.
        print_fn: called with the whole text instead of printing it.
        expand_nested: whether the layers of nested models get rows too.
        show_trainable: one more column: Y, N, or - for layers without weights.
        layer_range: (first, last) names, or patterns of names, of the layers shown.
    Raises:
        ArgumentError: positions that are too narrow, too many or too few; a layer_range that fits no layer.
    """
    graph = reading.is_functional(model) and not _is_chain(model)
    operations = _within(reading.operations_of(model), layer_range)
    headers = ["Layer (type)", "Output Shape", "Param #"] + (["Connected to"] if graph else [])
    ends = list(positions or ([0.3, 0.56, 0.74, 1.0] if graph else [0.45, 0.80, 1.0]))
    widest = 108 if graph else 88
    if show_trainable:
        headers.append("Trainable")
        widest += 11
        if positions is None:
            ends = [end * 0.90 for end in ends] + [1.0]
    if len(ends) != len(headers):
        raise ArgumentError(
            "summary(positions=…)", got=f"{len(ends)} positions", expected=f"{len(headers)}, one for each of {headers}"
        )
    width = line_length or min(widest, shutil.get_terminal_size().columns - MARGIN)
    rows = _rows(model, operations, headers, expand_nested)
    _print(model, headers, rows, _widths(ends, width), width, print_fn)


def _widths(ends: Sequence[float], width: int) -> list[int]:
    if ends[-1] > 1:  # columns rather than shares
        ends = [end / ends[-1] for end in ends]
    marks = [0, *(int(end * width) for end in ends)]
    widths = [right - left for left, right in itertools.pairwise(marks)]
    if min(widths) < 4:
        raise ArgumentError(
            "summary()",
            got=f"a width of {width} and positions {list(ends)}, which leave a column narrower than 4",
            hint="a larger line_length",
        )
    return widths


def _is_chain(model: Any) -> bool:
    """Whether each call takes what the one before gave, so that no column has to tell."""
    calls = reading.model_calls(model)
    names = [call.operation.name for call in calls]
    if len(set(names)) < len(names):
        return False
    before = None
    for call in calls:
        if before is None:
            chained = not call.sources
        else:
            chained = len(call.sources) == 1 and call.sources[0].node is before
        if not chained:
            return False
        before = call.node
    return True


def _within(operations: list[Any], layer_range: Sequence[str] | None) -> list[Any]:
    if layer_range is None:
        return operations
    names = [operation.name for operation in operations]
    if isinstance(layer_range, str) or len(layer_range) != 2:
        raise ArgumentError("summary(layer_range=…)", got=f"{layer_range!r}", expected="two names: [first, last]")
    places = [_places(names, end) for end in layer_range]
    if not all(places):
        missing = [end for end, found in zip(layer_range, places, strict=True) if not found]
        raise ArgumentError("summary(layer_range=…)", got=f"no layer {missing}", expected=f"two of {names}")
    low, high = sorted((min(places[0]), max(places[1])))
    return operations[low : high + 1]


def _places(names: list[str], wanted: str) -> list[int]:
    """Where a name stands, or where a pattern matches."""
    try:
        pattern = re.compile(wanted)
    except re.error:  # a name that is no pattern
        pattern = re.compile(re.escape(wanted))
    return [i for i, name in enumerate(names) if name == wanted or pattern.match(name)]


# -- rows ----------------------------------------------------------------------------------------


def _rows(model: Any, operations: list[Any], headers: list[str], expand: bool) -> list[Row]:
    calls: dict[int, list[reading.Call]] = {}
    known = reading.model_calls(model)
    position = {id(call.node): call for call in known}
    for call in known:
        calls.setdefault(id(call.operation), []).append(call)
    rows: list[Row] = []

    def add(operation: Any, level: int) -> None:
        mine = calls.get(id(operation), []) if level == 0 else []
        row = [
            (_indent(level) + f"{operation.name} (\0{reading.class_name(operation)}\0)", "layer"),
            (_shape_text(operation, mine), "numbers"),
            (_param_text(operation), "numbers"),
        ]
        if "Connected to" in headers:
            row.append((_sources_text(mine, position) or "-", "numbers"))
        if "Trainable" in headers:
            row.append((_trainable_text(operation), "flag"))
        rows.append(row)
        for inner in (reading.inner_layers(operation) or []) if expand else []:
            add(inner, level + 1)

    for operation in operations:
        add(operation, 0)
    return rows


def _indent(level: int) -> str:
    return "   " * level + "└ " if level else ""


def _shape_text(operation: Any, calls: list[reading.Call]) -> str:
    shapes = reading.output_shapes(operation, [call.node for call in calls])
    if shapes is None:
        return "?"
    texts = ["(" + ", ".join(str(size) for size in shape) + ("," if len(shape) == 1 else "") + ")" for shape in shapes]
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"


def _param_text(operation: Any) -> str:
    if not getattr(operation, "built", True):
        return "0 (unbuilt)"
    return f"{reading.count(reading.weights_of(operation))[0]:,}"


def _trainable_text(operation: Any) -> str:
    if not reading.weights_of(operation):
        return "-"
    return "Y" if operation.trainable else "N"


def _sources_text(calls: list[reading.Call], position: dict[int, reading.Call]) -> str:
    return ", ".join(_source(tensor, position) for call in calls for tensor in call.sources)


def _source(tensor: KerasTensor, position: dict[int, reading.Call]) -> str:
    if tensor.node is None:
        return tensor.name
    call = position.get(id(tensor.node))
    index = call.index if call is not None else tensor.node.call_index
    return f"{tensor.node.operation.name}[{index}][{tensor.index}]"


def _totals(model: Any) -> list[tuple[str, int, float]]:
    trainable, bytes_trainable = reading.count(model.trainable_weights)
    fixed, bytes_fixed = reading.count(model.non_trainable_weights)
    optimizer = getattr(model, "optimizer", None)
    built = optimizer is not None and getattr(optimizer, "built", True)
    state, bytes_state = reading.count(getattr(optimizer, "variables", ()) if built else ())
    lines = [
        ("Total params", trainable + fixed + state, bytes_trainable + bytes_fixed + bytes_state),
        ("Trainable params", trainable, bytes_trainable),
        ("Non-trainable params", fixed, bytes_fixed),
    ]
    return lines + ([("Optimizer params", state, bytes_state)] if built else [])


# -- printing ------------------------------------------------------------------------------------


def _print(
    model: Any, headers: list[str], rows: list[Row], widths: list[int], width: int, print_fn: Callable | None
) -> None:
    import rich.console
    import rich.table
    import rich.text

    # Headers stand in the columns' alignment: numbers to the right, flags in the middle.
    justify: dict[str, Any] = {"Param #": "right", "Trainable": "center"}
    table = rich.table.Table(width=width, show_lines=True)
    for header, column in zip(headers, widths, strict=True):
        table.add_column(rich.text.Text(header), justify=justify.get(header, "left"), width=column)
    for row in rows:
        table.add_row(*(_styled(text, kind) for text, kind in row))
    title = rich.text.Text(f'Model: "{model.name}"', style="bold")
    totals = [
        rich.text.Text.assemble(f" {label}: ", (f"{number:,}", "color(34)"), f" ({reading.size_text(size)})")
        for label, number, size in _totals(model)
    ]
    if print_fn is not None:
        text = io.StringIO()
        console = rich.console.Console(file=text, width=max(width, 80), highlight=False, color_system=None)
        for part in (title, table, *totals):
            console.print(part)
        print_fn(text.getvalue())
        return
    if terminal.in_notebook() or terminal.is_tty():
        console = rich.console.Console(highlight=False, width=None if terminal.is_tty() else max(width, 80))
    else:
        console = rich.console.Console(file=sys.stdout, highlight=False, width=max(width, 80), color_system=None)
    for part in (title, table, *totals):
        console.print(part)


def _styled(text: str, kind: str) -> Any:
    import rich.text

    if kind == "layer":
        before, name, after = text.split("\0")
        return rich.text.Text.assemble(before, (name, "color(33)"), after)
    if kind == "flag":
        return rich.text.Text(text, style={"Y": "bold color(34)", "N": "bold color(9)"}.get(text, "bold"))
    styled = rich.text.Text(text)
    styled.highlight_regex(r"\bNone\b", "color(45)")
    styled.highlight_regex(r"(?<![\w.])\d[\d,]*(?![\w.])", "color(34)")
    return styled
