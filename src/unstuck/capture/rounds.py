"""How often a script will call the `fit` that it has just reached: loops and repeated calls.

Nothing is trained and no round is run to find out: the source shows the loops around the call, and
the running frames say what their `range` comes to, and whether the model outlives a round.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from unstuck.script import Script, Span

from .calls import span_of

Loop = ast.For | ast.AsyncFor | ast.While
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp,
           ast.SetComp, ast.DictComp, ast.GeneratorExp)
_WRAPPERS = frozenset({"tqdm", "trange", "enumerate", "list", "track", "progress_bar"})
_READABLE = (ast.Expression, ast.Constant, ast.Name, ast.Attribute, ast.BinOp, ast.UnaryOp,
             ast.operator, ast.unaryop, ast.expr_context)
_DATA = ("x", "y", "sample_weight", "validation_data")


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """`times` calls of one training, `epochs` in all, and what to tell about them.

    `span` is the `range(…)` whose end sets their number, where there is just one; `calls` are the
    ends of further calls in the source that are rounds too. `uncounted`: there are more rounds of
    the same training, but how many only a run to the end would tell.
    """

    epochs: int
    times: int = 1
    span: Span | None = None
    notes: tuple[str, ...] = ()
    calls: frozenset[tuple[int, int]] = frozenset()
    uncounted: bool = False


def rounds_of(
    script: Script, frames: Sequence[FrameType], model: Any, fit: Mapping[str, Any]
) -> Rounds:
    """The rounds of the `fit` that is being called.

    Args:
        script: the user's source.
        frames: the frames of that file on the stack, the innermost first.
        model: the model that is fitted.
        fit: its arguments by name.
    """
    tree = _Tree(script.text)
    times, spans, notes = 1, [], []  # type: int, list[Span | None], list[str]
    epochs = max(1, int(fit["epochs"]) - int(fit["initial_epoch"] or 0))
    for depth, frame in enumerate(frames):
        call = tree.call_at(span_of(frame))
        if call is None:
            continue
        for loop in tree.loops_around(call):
            stands = f"The fit stands in a loop (line {loop.lineno})"
            notes += _partners(loop, call) if depth == 0 else []
            reason = _apart(loop, call, frame, model, fit, direct=depth == 0)
            count = None if reason else _count(loop, frame)
            if reason is not None:
                notes.append(f"{stands} {reason}: one round of it was taken.")
                return _joined(times, epochs, spans, notes)
            if count is None:
                notes.append(f"{stands} whose rounds cannot be counted before it runs: one round of"
                             " it was taken. With --through all are run, and counted.")
                return replace(_joined(times, epochs, spans, notes), uncounted=True)
            times *= count
            spans.append(_range_span(loop))
            most = "at most " if any(isinstance(n, ast.Break) for n in ast.walk(loop)) else ""
            notes.append(f"{stands} of {most}{count} rounds on one model.")
    if times == 1 and frames:
        return _repeated(tree, frames[0], epochs, notes)
    return _joined(times, epochs, spans, notes)


@dataclass(frozen=True, kw_only=True, eq=False)
class Around:
    """A loop around a call that is running: how many rounds it has, and in which one it is.

    `loop` is its source; `span` its `range(…)`, where that sets their number; `target` the name that it
    counts with.
    """

    count: int
    loop: ast.For
    span: Span | None
    target: str
    frame: FrameType

    @property
    def turn(self) -> Any:
        """What tells this round from others: the value of its target, if that is a number or a text."""
        value = self.frame.f_locals.get(self.target)
        return value if isinstance(value, int | str) else None

    def is_of(self, other: Around) -> bool:
        """True for the same loop, running the same time."""
        return self.frame is other.frame and self.loop.lineno == other.loop.lineno


def loops_around(script: Script, frames: Sequence[FrameType]) -> list[Around]:
    """The loops around a call that is running whose rounds can be counted.

    Args:
        script: the user's source.
        frames: the frames of that file on the stack, the innermost first.
    """
    tree, found = _Tree(script.text), []
    for frame in frames:
        call = tree.call_at(span_of(frame))
        for loop in tree.loops_around(call) if call is not None else ():
            count = _count(loop, frame)
            if count is not None and isinstance(loop, ast.For) and isinstance(loop.target, ast.Name):
                found.append(Around(count=count, loop=loop, span=_range_span(loop),
                                    target=loop.target.id, frame=frame))
    return found


def gone_through(script: Script, frames: Sequence[FrameType]) -> Any:
    """What the innermost loop around a running call goes through, all of it in each round.

    `None` where it may leave some out, or where nothing tells what it is.

    Args:
        script: the user's source.
        frames: the frames of that file on the stack, the innermost first.
    """
    tree = _Tree(script.text)
    for frame in frames:
        call = tree.call_at(span_of(frame))
        for loop in tree.loops_around(call) if call is not None else ():
            leaves = any(isinstance(node, ast.Break | ast.Continue | ast.Return)
                         for node in _body(loop))
            return None if leaves or isinstance(loop, ast.While) else _value(_bare(loop), frame)
    return None


def _joined(
    times: int, epochs: int, spans: list[Span | None], notes: list[str]
) -> Rounds:
    if times > 1:
        notes = [*notes, f"{times} calls of fit with {epochs} epoch{'s' * (epochs > 1)} each were"
                         f" taken as one training of {times * epochs} epochs."]
    return Rounds(epochs=times * epochs, times=times, notes=tuple(notes),
                  span=spans[0] if len(spans) == 1 else None)


def _apart(
    loop: Loop, call: ast.Call, frame: FrameType, model: Any, fit: Mapping[str, Any], *,
    direct: bool,
) -> str | None:
    """Why the rounds of a loop are not one training; `None` where they are."""
    changing = _assigned(loop)
    values = {**frame.f_globals, **frame.f_locals}
    names = {name for name, value in values.items() if _holds(value, model)}
    receiver = _receiver(call)
    if direct and receiver is not None:
        names.add(receiver.partition(".")[0])
        if receiver in changing:
            names = set()
    if not names - changing:
        return "that makes its model anew in each round, as in cross-validation"
    if any(isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
           and node.func.attr == "compile" and ast.unparse(node.func.value) == receiver
           for node in _body(loop)):
        return "that compiles the model anew in each round"
    handed = [fit[name] for name in _DATA if fit.get(name) is not None]
    parts = _data_arguments(call) if direct else [*call.args, *(k.value for k in call.keywords)]
    read = {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}
    if not direct:
        read = {name for name in read if any(values.get(name) is one for one in handed)}
    if read & changing:
        return "that brings rows of its own in each round"
    return None


def _holds(value: Any, model: Any) -> bool:
    return value is model or any(one is model for one in getattr(value, "__dict__", {}).values()
                                 if not isinstance(value, type))


def _data_arguments(call: ast.Call) -> list[ast.expr]:
    named = [word.value for word in call.keywords if word.arg in _DATA]
    return [*call.args[:2], *named]


def _count(loop: Loop, frame: FrameType) -> int | None:
    """How many rounds a loop has, read off the frame without running anything of the user's."""
    if isinstance(loop, ast.While):
        return None
    iterable = _bare(loop)
    if isinstance(iterable, ast.Call) and _name(iterable) in ("range", "trange"):
        ends = [_value(argument, frame) for argument in iterable.args]
        with suppress(TypeError, ValueError):
            return len(range(*ends))
        return None
    if isinstance(iterable, ast.List | ast.Tuple):
        return len(iterable.elts)
    known = _value(iterable, frame)
    return len(known) if isinstance(known, list | tuple | range) else None


def _bare(loop: ast.For | ast.AsyncFor) -> ast.expr:
    """What a loop goes through, without what shows its progress or counts it."""
    iterable: ast.expr = loop.iter
    while (isinstance(iterable, ast.Call) and _name(iterable) in _WRAPPERS and iterable.args
           and _name(iterable) != "trange"):
        iterable = iterable.args[0]
    return iterable


def _value(expression: ast.expr, frame: FrameType) -> Any:
    """What names, attributes and arithmetic come to; `None` for anything that could do something."""
    code = ast.Expression(expression)
    for node in ast.walk(code):
        counts = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (
            node.func.id in ("len", "int"))
        if not (counts or isinstance(node, _READABLE)):
            return None
    with suppress(Exception):
        return eval(compile(code, "<loop>", "eval"), frame.f_globals, frame.f_locals)
    return None


def _range_span(loop: Loop) -> Span | None:
    """The `range(n)` or `range(a, b)` of a loop."""
    for node in ast.walk(loop.iter) if not isinstance(loop, ast.While) else ():
        if isinstance(node, ast.Call) and _name(node) == "range" and len(node.args) < 3:
            return _span(node)
    return None


def _partners(loop: Loop, call: ast.Call) -> list[str]:
    """A note where a loop trains other models in turn with this one."""
    mine = _receiver(call)
    for node in _body(loop):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        other, name = _receiver(node), node.func.attr
        by_keras = any(word.arg in ("epochs", "verbose", "batch_size") for word in node.keywords)
        if other != mine and (name == "train_on_batch" or (name == "fit" and by_keras)):
            return [f"In the same loop, line {node.lineno} trains {other}: the two are trained in"
                    f" turn, as in a GAN. Here {mine} is trained alone, and {other} stays as it is."]
    return []


def _repeated(tree: _Tree, frame: FrameType, epochs: int, notes: list[str]) -> Rounds:
    """Further calls, one after the other, with the same arguments but for the epochs."""
    call = tree.call_at(span_of(frame))
    if call is None or _receiver(call) is None:
        return Rounds(epochs=epochs, notes=tuple(notes))
    receiver, total, compiled = _receiver(call), epochs, False
    ends: set[tuple[int, int]] = set()
    told: list[str] = []
    begin = (call.end_lineno or 0, call.end_col_offset or 0)
    later = sorted((node for node in ast.walk(tree.scope(call)) if isinstance(node, ast.expr)
                    and (node.lineno, node.col_offset) >= begin),
                   key=lambda node: (node.lineno, node.col_offset))
    for node in later:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == receiver:
            break
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                and ast.unparse(node.func.value) == receiver):
            continue
        same = (node.func.attr == "fit" and not compiled and _but_epochs(node) == _but_epochs(call)
                and tree.block(node) is tree.block(call))
        if same and not told:
            more = _value(_epochs(node), frame)
            if isinstance(more, int) and more > 0:
                total, ends = total + more, ends | {(node.end_lineno or 0, node.end_col_offset or 0)}
                continue
        if node.func.attr == "compile":
            compiled = True
        if node.func.attr == "fit":
            told.append(f"Line {node.lineno} goes on training the same model, from where this fit"
                        " leaves it; --fit takes it by its number.")
    if not ends:
        return Rounds(epochs=epochs, notes=(*notes, *told))
    notes = [*notes, f"{1 + len(ends)} calls of fit on one model, one after the other, were taken as"
                     f" one training of {total} epochs.", *told]
    return Rounds(epochs=total, times=1 + len(ends), notes=tuple(notes), calls=frozenset(ends))


def _but_epochs(call: ast.Call) -> str:
    ignored = ("epochs", "nb_epoch", "verbose")
    words = sorted((word.arg or "**", ast.unparse(word.value)) for word in call.keywords
                   if word.arg not in ignored)
    positional = [ast.unparse(argument) for i, argument in enumerate(call.args) if i not in (3, 4)]
    return repr((positional, words))


def _epochs(call: ast.Call) -> ast.expr:
    for word in call.keywords:
        if word.arg in ("epochs", "nb_epoch"):
            return word.value
    return call.args[3] if len(call.args) > 3 else ast.Constant(1)


def _assigned(loop: Loop) -> set[str]:
    """What a round sets: names, and attributes written out ("self.model")."""
    found = set()
    targets = [loop.target] if not isinstance(loop, ast.While) else []
    for node in [*_body(loop), *(inner for target in targets for inner in ast.walk(target))]:
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(ast.unparse(node))
    return found


def _body(loop: Loop) -> Iterator[ast.AST]:
    for statement in loop.body:
        yield from ast.walk(statement)


def _receiver(call: ast.Call) -> str | None:
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else None


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _span(node: ast.expr) -> Span:
    return Span(node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)


class _Tree:
    """A parsed source, with each node's parent."""

    def __init__(self, text: str) -> None:
        self._module = ast.parse(text)
        self._parent = {id(child): node for node in ast.walk(self._module)
                        for child in ast.iter_child_nodes(node)}
        self._calls = {_span(node): node for node in ast.walk(self._module)
                       if isinstance(node, ast.Call)}

    def call_at(self, span: Span | None) -> ast.Call | None:
        """The call with this span."""
        return None if span is None else self._calls.get(span)

    def _above(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Pairs of (node, its parent), up to and with the function or module around it."""
        while id(node) in self._parent:
            above = self._parent[id(node)]
            yield node, above
            if isinstance(above, _SCOPES):
                return
            node = above

    def loops_around(self, node: ast.AST) -> list[Loop]:
        """The loops of the same function that may run a node more than once, innermost first."""
        return [above for below, above in self._above(node)
                if isinstance(above, _LOOPS) and below in above.body]

    def block(self, node: ast.AST) -> list[ast.stmt] | None:
        """The statements among which the one of a node stands, all of which run or none."""
        for below, above in self._above(node):
            if isinstance(below, ast.stmt):
                for statements in ("body", "orelse", "finalbody"):
                    listed: list[ast.stmt] = getattr(above, statements, [])
                    if isinstance(listed, list) and below in listed:
                        return listed
                return None
        return None

    def scope(self, node: ast.AST) -> ast.AST:
        """The function or module that a node belongs to."""
        last: ast.AST = node
        for _, above in self._above(node):
            last = above
        return last
