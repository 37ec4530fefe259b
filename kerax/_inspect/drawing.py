"""The drawing of `plot_model`: a box for each layer, an edge for each tensor that goes from one to another."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._errors import ArgumentError, NotBuiltError
from .._graph.node import OpCall
from .._host import terminal
from . import paint, reading
from .layout import Placed, place

__all__ = ["plot_model", "to_dot", "to_svg"]

HEAD, NAME, ROW = 12.5, 10.0, 10.0  # sizes of the texts
HEAD_HEIGHT, NAME_HEIGHT, ROW_HEIGHT = 24.0, 14.0, 16.0
PAD, RADIUS, MARGIN, FRAME = 12.0, 6.0, 16.0, 14.0
INK, FAINT, LINE, EDGE = "#1f2733", "#76808f", "#c3cad4", "#7a8596"

# (what the class's name holds, colour), the first that fits
_TINTS = (
    (("InputLayer",), "#4b5563"),
    (("Conv", "Pool", "Padding", "Cropping", "Sampling"), "#2563a8"),
    (("LSTM", "GRU", "RNN", "Bidirectional", "TimeDistributed"), "#8a5a12"),
    (("Attention", "Embedding"), "#8f3f71"),
    (("Normalization", "Rescaling"), "#47796b"),
    (("Dropout", "Noise", "Regularization", "Random"), "#8a6d5c"),
    (("Dense",), "#35509c"),
    (("Sequential", "Functional", "Model"), "#3a3f58"),
    (("Activation", "ReLU", "Softmax", "ELU", "Sigmoid", "Gelu"), "#b0502f"),
)
_PLAIN = "#56657a"


@dataclass
class Options:
    """What a drawing shows of each layer."""

    shapes: bool = False
    dtype: bool = False
    names: bool = False
    activations: bool = False
    trainable: bool = False
    nested: bool = False
    rankdir: str = "TB"


@dataclass
class Box:
    """One box: its texts, its size, and the drawing inside where it is a nested model."""

    title: str
    name: str | None
    rows: list[tuple[str, str]]
    tint: str
    width: float = 0.0
    height: float = 0.0
    inner: Scene | None = None
    connected: bool = True


@dataclass
class Scene:
    """Boxes and the edges between them, placed."""

    boxes: dict[Hashable, Box]
    links: list[tuple[Hashable, Hashable]]
    placed: Placed = field(default_factory=lambda: Placed({}, [], 0.0, 0.0))


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] | None = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int | None = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> Any:
    """Draw a model into a file. Needs no graphviz; pictures need Pillow, SVG needs nothing.

    Args:
        model: a built model.
        to_file: where to write; the ending tells the format: `.svg`, `.dot`, or what Pillow writes
            (`.png`, `.jpg`, `.pdf` …). None writes nothing.
        show_shapes: rows with the shapes that go in and come out.
        show_dtype: a row with the dtype of the outputs.
        show_layer_names: the name below each class.
        rankdir: `"TB"` draws from top to bottom, `"BT"`, `"LR"` and `"RL"` otherwise.
        expand_nested: draw nested models from inside.
        dpi: pixels per inch; 96 is the size of an SVG.
        show_layer_activations: a row with the name of the activation, where a layer has one.
        show_trainable: a row telling whether the weights are trained, where a layer has some.
        splines: kept for compatibility; edges are always curves.
    Returns:
        In a notebook the picture, to be shown; otherwise None.
    Raises:
        NotBuiltError: the model has no weights yet.
        ArgumentError: an unknown rankdir or file ending.
        ImportError: Pillow is not installed, for a picture.
    """
    options = Options(
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested, rankdir
    )
    ending = Path(to_file).suffix.lower() if to_file is not None else ".svg"
    scale = (dpi or 96) / 96
    if ending == ".dot":
        text: str | None = _dot(model, options)
    elif ending == ".svg":
        text = _drawn(model, options, paint.Svg.measure, paint.Svg).done(scale)
    else:
        text = None
        picture = _drawn(model, options, paint.Picture.measure, lambda w, h: paint.Picture(w, h, scale)).done()
        if to_file is not None:
            _save(picture, Path(to_file), dpi)
    if text is not None and to_file is not None:
        Path(to_file).write_text(text, encoding="utf-8")
    if not terminal.in_notebook() or ending == ".dot":
        return None
    from IPython import display

    if text is not None:
        return display.SVG(text)
    data = io.BytesIO()
    picture.save(data, "PNG")
    return display.Image(data=data.getvalue(), width=picture.width * 96 // (dpi or 96))


def to_svg(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> str:
    """The drawing as SVG text; arguments as in `plot_model`."""
    options = Options(
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested, rankdir
    )
    return _drawn(model, options, paint.Svg.measure, paint.Svg).done()


def to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> str:
    """The graph in the DOT language, for graphviz and its kin; arguments as in `plot_model`."""
    return _dot(
        model,
        Options(
            show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested, rankdir
        ),
    )


def _save(picture: Any, path: Path, dpi: int | None) -> None:
    try:
        picture.save(path, dpi=(dpi or 96, dpi or 96))
    except ValueError as error:  # Pillow knows no such ending
        raise ArgumentError(
            "plot_model(to_file=…)",
            got=f"the ending {path.suffix!r}",
            expected="'.png', '.svg', '.dot', '.jpg' or '.pdf'",
        ) from error


# -- what is drawn -------------------------------------------------------------------------------


def _drawn(model: Any, options: Options, measure: Callable[[str, float], float], canvas: Callable) -> Any:
    if options.rankdir not in ("TB", "BT", "LR", "RL"):
        raise ArgumentError("plot_model", got=f"rankdir={options.rankdir!r}", expected="'TB', 'BT', 'LR' or 'RL'")
    scene = _scene(model, options)
    _arrange(scene, options, measure)
    width, height = _extent(scene, options)
    surface = canvas(width + 2 * MARGIN, height + 2 * MARGIN)
    _paint(surface, scene, options, MARGIN, MARGIN)
    return surface


def _scene(model: Any, options: Options) -> Scene:
    if not getattr(model, "built", True):
        raise NotBuiltError(
            f"plot_model of {model.name!r}",
            got="a model that is not built",
            hint="call it on data once, or build(input_shape)",
        )
    calls = reading.model_calls(model)
    if not reading.is_functional(model):
        shown = {id(layer) for layer in model.layers}
        calls = [call for call in calls if id(call.operation) in shown]
    if not calls:
        return _loose(model, options)
    keys = _keys(calls)
    boxes: dict[Hashable, Box] = {}
    groups: dict[Hashable, list[reading.Call]] = {}
    for call in calls:
        groups.setdefault(keys[id(call.node)], []).append(call)
    for key, group in groups.items():
        boxes[key] = _box(group[0].operation, group, options)
    links = [
        (keys[id(tensor.node)], keys[id(call.node)])
        for call in calls
        for tensor in call.sources
        if id(tensor.node) in keys
    ]
    return Scene(boxes, links)


def _loose(model: Any, options: Options) -> Scene:
    """A model that is a class with a `call`: its layers are known, not how they are connected."""
    boxes: dict[Hashable, Box] = {}
    for layer in model.layers:
        boxes[layer.name] = _box(layer, [], options)
        boxes[layer.name].connected = False
    names = list(boxes)
    return Scene(boxes, list(itertools.pairwise(names)))


def _keys(calls: list[reading.Call]) -> dict[int, Hashable]:
    """node -> box: one box for an operation, but one for each call where that would lead in circles."""
    keys: dict[int, Hashable] = {id(call.node): call.operation.name for call in calls}
    after: dict[Hashable, set] = {}
    for call in calls:
        for tensor in call.sources:
            if id(tensor.node) in keys:
                after.setdefault(keys[id(tensor.node)], set()).add(keys[id(call.node)])
    if _acyclic(after):
        return keys
    return {id(call.node): (call.operation.name, call.index) for call in calls}


def _acyclic(after: dict[Hashable, set]) -> bool:
    state: dict[Hashable, int] = {}
    for root in list(after):
        stack = [(root, iter(after.get(root, ())))]
        if state.get(root):
            continue
        state[root] = 1
        while stack:
            key, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[key] = 2
                stack.pop()
            elif state.get(following) == 1:
                return False
            elif not state.get(following):
                state[following] = 1
                stack.append((following, iter(after.get(following, ()))))
    return True


def _box(operation: Any, calls: list[reading.Call], options: Options) -> Box:
    title = reading.class_name(operation)
    box = Box(title, operation.name if options.names else None, _box_rows(operation, calls, options), _tint(title))
    inner = reading.inner_layers(operation)
    if options.nested and inner:
        box.inner = _scene(operation, options)
    return box


def _tint(title: str) -> str:
    return next((colour for words, colour in _TINTS if any(word in title for word in words)), _PLAIN)


def _box_rows(operation: Any, calls: list[reading.Call], options: Options) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    if options.shapes:
        if calls and calls[-1].sources:
            shapes = list(dict.fromkeys(tuple(tensor.shape for tensor in call.sources) for call in calls))
            rows += [("in" if k == 0 else "", _shape(shape)) for k, shape in enumerate(shapes[-1])]
        out = reading.output_shapes(operation, [call.node for call in calls])
        rows += [("out" if k == 0 else "", _shape(shape)) for k, shape in enumerate(out or [])] or [("out", "?")]
    if options.dtype:
        if calls:
            dtypes = list(dict.fromkeys(str(tensor.dtype) for tensor in calls[-1].node.outputs))
        else:
            dtypes = [str(getattr(operation, "compute_dtype", "?"))]
        rows.append(("dtype", ", ".join(dtypes)))
    activation = getattr(operation, "activation", None)
    if options.activations and activation is not None and not isinstance(operation, OpCall):
        rows.append(("activation", str(getattr(activation, "__name__", type(activation).__name__))))
    if options.trainable and reading.weights_of(operation):
        rows.append(("trainable", "yes" if operation.trainable else "no"))
    return rows


def _shape(shape: tuple) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


# -- where it is drawn ---------------------------------------------------------------------------


def _upright(options: Options) -> bool:
    return options.rankdir in ("TB", "BT")


def _head_height(box: Box) -> float:
    return HEAD_HEIGHT + (NAME_HEIGHT if box.name else 0.0)


def _arrange(scene: Scene, options: Options, measure: Callable[[str, float], float]) -> None:
    for box in scene.boxes.values():
        texts = [measure(box.title, HEAD) * 1.06, measure(box.name, NAME) if box.name else 0.0]
        label = max((measure(left, ROW) for left, _ in box.rows), default=0.0) + 10
        texts += [label + measure(right, ROW) for _, right in box.rows]
        box.width = max(56.0, max(texts) + 2 * PAD)
        box.height = _head_height(box) + (len(box.rows) * ROW_HEIGHT + 8 if box.rows else 0.0)
        if box.inner is not None:
            _arrange(box.inner, options, measure)
            width, height = _extent(box.inner, options)
            box.width = max(box.width, width + 2 * FRAME)
            box.height = _head_height(box) + height + 2 * FRAME
    upright = _upright(options)
    sizes = {key: (box.width, box.height) if upright else (box.height, box.width) for key, box in scene.boxes.items()}
    scene.placed = place(sizes, scene.links, spread=0.0 if upright else 8.0)


def _extent(scene: Scene, options: Options) -> tuple[float, float]:
    placed = scene.placed
    return (placed.width, placed.height) if _upright(options) else (placed.height, placed.width)


def _turned(scene: Scene, options: Options, x: float, y: float) -> tuple[float, float]:
    """A point of the layout, which runs from top to bottom, in the drawing's direction."""
    placed = scene.placed
    if options.rankdir in ("BT", "RL"):
        y = placed.height - y
    return (x, y) if _upright(options) else (y, x)


def _paint(surface: Any, scene: Scene, options: Options, left: float, top: float) -> None:
    for edge in scene.placed.edges:
        if not scene.boxes[edge.source].connected:
            continue
        points = [_turned(scene, options, x, y) for x, y in edge.points]
        points = [(left + x, top + y) for x, y in points]
        _arrow(surface, points, _upright(options))
    for key, box in scene.boxes.items():
        x, y = _turned(scene, options, *scene.placed.centres[key])
        _paint_box(surface, box, options, left + x - box.width / 2, top + y - box.height / 2)


def _arrow(surface: Any, points: list[tuple[float, float]], upright: bool) -> None:
    (x0, y0), (x1, y1) = points[-2:]
    length, half = 7.0, 3.2
    if upright:
        sign = 1.0 if y1 >= y0 else -1.0
        tip = [(x1, y1), (x1 - half, y1 - sign * length), (x1 + half, y1 - sign * length)]
        end = (x1, y1 - sign * (length - 1))
    else:
        sign = 1.0 if x1 >= x0 else -1.0
        tip = [(x1, y1), (x1 - sign * length, y1 - half), (x1 - sign * length, y1 + half)]
        end = (x1 - sign * (length - 1), y1)
    surface.curve([*points[:-1], end], EDGE, 1.3, upright)
    surface.polygon(tip, EDGE)


def _paint_box(surface: Any, box: Box, options: Options, x: float, y: float) -> None:
    head = _head_height(box)
    if box.inner is not None:
        surface.box(x, y, box.width, box.height, RADIUS, "#f4f6f9", box.tint)
        surface.cap(x, y, box.width, head, RADIUS, box.tint)
    elif box.rows:
        surface.box(x, y, box.width, box.height, RADIUS, "#ffffff", box.tint)
        surface.cap(x, y, box.width, head, RADIUS, box.tint)
    else:
        surface.box(x, y, box.width, box.height, RADIUS, box.tint)
    middle = x + box.width / 2
    surface.text(middle, y + HEAD_HEIGHT / 2 + (1 if box.name else 0), box.title, HEAD, "#ffffff", "middle", bold=True)
    if box.name:
        surface.text(middle, y + HEAD_HEIGHT + NAME_HEIGHT / 2 - 3, box.name, NAME, "#e2e7ef", "middle")
    if box.inner is not None:
        width, _ = _extent(box.inner, options)
        _paint(surface, box.inner, options, x + (box.width - width) / 2, y + head + FRAME)
        return
    for number, (label, value) in enumerate(box.rows):
        at = y + head + 4 + (number + 0.5) * ROW_HEIGHT
        surface.text(x + PAD, at, label, ROW, FAINT)
        surface.text(x + box.width - PAD, at, value, ROW, INK, "end")


# -- DOT -----------------------------------------------------------------------------------------


def _dot(model: Any, options: Options) -> str:
    lines = [
        f"digraph {_quoted(model.name)} {{",
        f'  rankdir={options.rankdir}; node [shape=box, style=rounded, fontname="Helvetica"];',
    ]

    def emit(scene: Scene, prefix: str, indent: str) -> dict[Hashable, tuple[str, str]]:
        """The lines of a scene; for each box the names at which edges enter and leave."""
        ends: dict[Hashable, tuple[str, str]] = {}
        for number, (key, box) in enumerate(scene.boxes.items()):
            name = f"{prefix}{number}"
            label = "\\n".join(
                [box.title, *([box.name] if box.name else []), *(f"{a} {b}".strip() for a, b in box.rows)]
            )
            if box.inner is None:
                lines.append(f'{indent}{name} [label="{_escaped(label)}"];')
                ends[key] = name, name
                continue
            lines.append(f'{indent}subgraph cluster_{name} {{ label="{_escaped(label)}";')
            inner = emit(box.inner, f"{name}_", indent + "  ")
            lines.append(f"{indent}}}")
            targets = {b for _, b in box.inner.links}
            sources = {a for a, _ in box.inner.links}
            first = next((key for key in inner if key not in targets), next(iter(inner)))
            last = next((key for key in reversed(list(inner)) if key not in sources), next(iter(inner)))
            ends[key] = inner[first][0], inner[last][1]
        for a, b in dict.fromkeys(scene.links):
            if scene.boxes[a].connected:
                lines.append(f"{indent}{ends[a][1]} -> {ends[b][0]};")
        return ends

    emit(_scene(model, options), "n", "  ")
    return "\n".join([*lines, "}\n"])


def _escaped(text: str) -> str:
    return text.replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'
