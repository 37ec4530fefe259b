"""A function, rewritten by diastatic-malt to call our operators; it keeps its file, lines and names.

Nothing of malt is changed: a transpiler of our own runs malt's converters and loads the result itself. The
new code is compiled under the name of the user's file with the user's line numbers, so tracebacks,
debuggers and JAX's own messages tell where the user wrote it.
"""

from __future__ import annotations
import __future__ as futures

import ast
import functools
import inspect
import re
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

_GENERATED = re.compile(r"(if_body|else_body|loop_body|loop_test|extra_test|get_state|set_state)(_\d+)?")
_HERE = re.compile(r"super|locals|globals|vars|dir|eval|exec|breakpoint|pdb\.set_trace|ipdb\.set_trace")
_lock = threading.RLock()
_made: weakref.WeakKeyDictionary = (
    weakref.WeakKeyDictionary()
)  # code -> file -> the code of a factory, or why there is none


class NotConverted(Exception):
    """A function cannot be rewritten; the message says why."""


def converted(fn: types.FunctionType, operators: Any) -> Callable:
    """`fn` on `operators`.

    Raises:
        NotConverted: its source is out of reach, or malt does not know a construct in it.
    """
    with _lock:
        files = _made.setdefault(fn.__code__, {})
        made = files.get(fn.__code__.co_filename)
        if made is None:
            try:
                made = _factory(fn)
            except NotConverted as error:
                made = error
            files[fn.__code__.co_filename] = made
    if isinstance(made, NotConverted):
        raise made
    cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
    factory = types.FunctionType(made, fn.__globals__, fn.__name__, (), tuple(cells[name] for name in made.co_freevars))
    new = factory(operators)
    new.__defaults__, new.__kwdefaults__ = fn.__defaults__, fn.__kwdefaults__
    new.__module__, new.__qualname__, new.__doc__ = fn.__module__, fn.__qualname__, fn.__doc__
    return new


def _factory(fn: types.FunctionType) -> types.CodeType:
    """The code of a function of the operators that makes the new function."""
    code = fn.__code__
    if inspect.isgeneratorfunction(fn) or inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn):
        raise NotConverted("generators and coroutines run as they are")
    from malt.pyct import ast_util, errors, parser

    bare = types.FunctionType(code, fn.__globals__, fn.__name__, fn.__defaults__, fn.__closure__)
    bare.__module__ = fn.__module__
    try:
        transpiler = _transpiler()
        outside = fn.__qualname__.split(".")[:-1]
        transpiler.owner = outside[-1] if outside and outside[-1] != "<locals>" else None
        node, context = transpiler.transform_function(bare, _program())
        name = context.info.name
        if isinstance(node, ast.Lambda):
            node = ast.Assign(targets=[ast.Name(name, ctx=ast.Store())], value=node)
        else:
            node.name = name
        text = parser.unparse([node], include_encoding_marker=False)
        module = ast.parse(text)
        _take_lines(ast_util.parallel_walk([node], module.body), module, code.co_firstlineno)
    except (OSError, errors.PyCTError, errors.InaccessibleSourceCodeError) as error:
        raise NotConverted(str(error).split("\n")[0]) from error
    except (NotImplementedError, ValueError, AssertionError, SyntaxError, KeyError, AttributeError, TypeError) as error:
        raise NotConverted(f"malt failed with {type(error).__name__}: {error}".split("\n")[0]) from error
    outer = ast.parse("def outer():\n def inner(ag__):\n  pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    inner = outer.body[0]
    assert isinstance(inner, ast.FunctionDef)
    inner.body = [*module.body, ast.Return(ast.Name(name, ctx=ast.Load()))]
    free = [ast.Assign([ast.Name(var, ctx=ast.Store())], ast.Constant(None)) for var in code.co_freevars]
    outer.body = [*free, inner]
    whole = ast.Module([outer], [])
    for part in ast.walk(whole):
        if "lineno" in part._attributes:
            part.lineno = part.end_lineno = getattr(part, "lineno", code.co_firstlineno)  # type: ignore[attr-defined]
            part.col_offset = part.end_col_offset = -1  # type: ignore[attr-defined]
    flags = 0
    for feature in context.info.future_features:
        flags |= getattr(futures, feature).compiler_flag
    compiled = compile(whole, code.co_filename, "exec", flags=flags, dont_inherit=True)
    made_outer = next(c for c in compiled.co_consts if isinstance(c, types.CodeType))
    made_inner = next(c for c in made_outer.co_consts if isinstance(c, types.CodeType) and c.co_name == "inner")
    return _named(made_inner, name, fn.__name__)


def _named(code: types.CodeType, new: str, name: str) -> types.CodeType:
    """Code whose functions bear the names that the user knows."""
    consts = []
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            inner = name if const.co_name == new or _GENERATED.fullmatch(const.co_name) else const.co_name
            const = _named(const, new, inner).replace(co_name=inner)
        consts.append(const)
    return code.replace(co_consts=tuple(consts))


def _take_lines(pairs: Any, module: ast.Module, first: int) -> None:
    """Give the nodes of the new code the lines of the nodes they came from."""
    from malt.pyct import anno

    lines: dict[ast.AST, int] = {}
    for before, after in pairs:
        origin = anno.getanno(before, anno.Basic.ORIGIN, default=None)
        if origin is not None and "lineno" in after._attributes:
            lines[after] = origin.loc.lineno

    def visit(node: ast.AST, line: int) -> None:
        line = lines.get(node, line)
        if "lineno" in node._attributes:
            node.lineno = node.end_lineno = line  # type: ignore[attr-defined]
        for child in ast.iter_child_nodes(node):
            visit(child, line)

    visit(module, first)


@functools.cache
def _program() -> Any:
    from malt.core import converter

    return converter.ProgramContext(converter.STANDARD_OPTIONS)


@functools.cache
def _transpiler() -> Any:
    """Malt's converters, in malt's order, with what ours do otherwise."""
    from malt.converters import (
        asserts,
        break_statements,
        call_trees,
        conditional_expressions,
        continue_statements,
        control_flow,
        functions,
        logical_expressions,
        return_statements,
        variables,
    )
    from malt.pyct import anno, cfg, qual_names, templates, transpiler
    from malt.pyct.static_analysis import activity, reaching_definitions

    class Asserts(asserts.AssertTransformer):
        def visit_Assert(self, node: Any) -> Any:
            self.generic_visit(node)
            message = ast.Constant(None) if node.msg is None else node.msg
            return templates.replace("ag__.assert_stmt(test, lambda: msg)", test=node.test, msg=message)

    class Calls(call_trees.CallTreeTransformer):
        def visit_Call(self, node: Any) -> Any:
            name = str(anno.getanno(node.func, anno.Basic.QN, default=""))
            if _HERE.fullmatch(name):
                return self.generic_visit(node)  # they look at the frame that calls them
            return super().visit_Call(node)

    class Transpiler(transpiler.GenericTranspiler):
        owner: str | None = None  # the class that the function was written in

        def transform_ast(self, node: Any, ctx: Any) -> Any:
            node = _Before(self.owner).visit(node)
            graphs = cfg.build(node)
            node = qual_names.resolve(node)
            node = activity.resolve(node, ctx, None)
            node = reaching_definitions.resolve(node, ctx, graphs)
            anno.dup(node, {anno.Static.DEFINITIONS: anno.Static.ORIG_DEFINITIONS})
            node = functions.transform(node, ctx)
            node = break_statements.transform(node, ctx)
            node = Asserts(ctx).visit(node)
            node = continue_statements.transform(node, ctx)
            node = return_statements.transform(node, ctx)
            node = Calls(ctx).visit(qual_names.resolve(node))
            node = control_flow.transform(node, ctx)
            node = conditional_expressions.transform(node, ctx)
            node = logical_expressions.transform(node, ctx)
            return variables.transform(node, ctx)

    return Transpiler()


class _Before(ast.NodeTransformer):
    """What the compiler does by itself in a class, and not in the new code.

    `super()` gets its arguments, `__name` the name of the class. A caught exception is assigned.
    """

    def __init__(self, owner: str | None) -> None:
        self._owner = owner
        self._first: list[str | None] = []

    def visit_FunctionDef(self, node: Any) -> Any:
        arguments = [*node.args.posonlyargs, *node.args.args]
        self._first.append(arguments[0].arg if arguments else None)
        self.generic_visit(node)
        self._first.pop()
        return node

    def visit_Call(self, node: Any) -> Any:
        self.generic_visit(node)
        first = self._first[-1] if self._first else None
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args and first:
            node.args = [ast.copy_location(ast.Name(name, ctx=ast.Load()), node) for name in ("__class__", first)]
        return node

    def visit_ExceptHandler(self, node: Any) -> Any:
        if node.name is not None:  # malt takes the name for a node
            caught = ast.parse(f"{node.name} = ag__.caught()").body[0]
            node.body.insert(0, ast.copy_location(caught, node))
            node.name = None
        return self.generic_visit(node)

    def visit_Match(self, node: Any) -> Any:
        raise NotConverted("it has a `match` statement")

    def visit_Attribute(self, node: Any) -> Any:
        self.generic_visit(node)
        if self._owner and node.attr.startswith("__") and not node.attr.endswith("__"):
            node.attr = f"_{self._owner.lstrip('_')}{node.attr}"
        return node
