"""The source of scripts with `tf.GradientTape`, rewritten so that a tape's block can be run again.

JAX takes the gradient of a function, TensorFlow that of what a `with` block has recorded. So each block
becomes a function of the names that it uses, `tapes.taped` runs it, and what it assigns comes out of it
as before:

    with tf.GradientTape() as tape:          with tf.GradientTape() as tape:
        loss = f(model(x))                       def block(mark, f, model, x, loss):
                                                     loss = mark(f(model(x)))
                                                     return left("", None, locals())
                                                 ran = taped((tape,), block, {"f": lambda: f, …})
                                                 if "loss" in ran.names: loss = ran.names["loss"]

`mark` hands on what is assigned, and lets a gradient begin or end there; `term` what is added up, so
that it can be noted and weighed. Every node keeps its place, so
that tracebacks and the sites of calls are those of the user's file. A block that cannot be a function
(`yield`, `await`) stays as it is, and its tape says so when it is asked for a gradient.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from typing import TypeVar

from .shapes import SHAPE_OF, Shapes

_MODULE, _SHAPES = "unstuck.capture.tensorflow.tapes", "unstuck.capture.tensorflow.shapes"
_TAPED, _LEFT, _UNBOUND = "__unstuck_taped__", "__unstuck_left__", "__unstuck_unbound__"
_TERM = "__unstuck_term__"
_MARK, _BLOCK, _RAN = "__unstuck_mark__", "__unstuck_block__", "__unstuck_ran__"
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp,
           ast.DictComp, ast.GeneratorExp)
_Node = TypeVar("_Node", bound=ast.AST)
_ASKING = frozenset({"gradient", "jacobian", "batch_jacobian"})


def rewritten(source: bytes | str, filename: str) -> ast.Module | None:
    """The tree of a source, its tapes' blocks made functions; `None` where it has none.

    Raises:
        SyntaxError: it is not Python.
    """
    text = source.decode(errors="replace") if isinstance(source, bytes) else source
    if "GradientTape" not in text and ".shape." not in text:
        return None
    tree = ast.parse(source, filename)
    made, shapes = _Blocks(text), Shapes()
    for one in (shapes, made):
        one.visit(tree)  # which changes it in place
    if not made.times and not shapes.times:
        return None
    at = 0
    for at, statement in enumerate(tree.body):  # noqa: B007 - where the first other statement is
        docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not docstring and not future:
            break
    names = {"taped": _TAPED, "left": _LEFT, "term": _TERM, "UNBOUND": _UNBOUND}
    for first in (ast.ImportFrom(_MODULE, [ast.alias(*pair) for pair in names.items()], 0),
                  ast.ImportFrom(_SHAPES, [ast.alias("shape_of", SHAPE_OF)], 0)):
        tree.body.insert(at, ast.copy_location(first, tree.body[at]))
    ast.fix_missing_locations(tree)
    return tree


class _Blocks(ast.NodeTransformer):
    """Rewrites the blocks of tapes, the innermost first."""

    def __init__(self, text: str) -> None:
        self.times = 0
        self._functions: list[_FUNCTIONS] = []
        self._text = text

    def _function(self, node: _FUNCTIONS) -> ast.AST:
        self._functions.append(node)
        found = self.generic_visit(node)
        self._functions.pop()
        return found

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_With(self, node: ast.With) -> ast.AST:
        self.generic_visit(node)
        tapes = [item.optional_vars for item in node.items
                 if _is_tape(item.context_expr) and item.optional_vars is not None]
        if not tapes or any(isinstance(inner, ast.Yield | ast.YieldFrom | ast.Await)
                            for statement in node.body for inner in _within(statement)):
            return node
        self.times += 1
        node.body = [_Terms(self._text).visit(one) for one in node.body]
        first = node.body[0]
        node.body = [_placed(made, first) for made in self._as_function(node, tapes)]
        return node

    def _as_function(self, node: ast.With, tapes: Sequence[ast.expr]) -> Iterator[ast.stmt]:
        body, given = _with_names(node.body)
        if self._functions and self._functions[-1].args.args:
            body = [_Super(self._functions[-1].args.args[0].arg).visit(one) for one in body]
        declared = {name for statement in body for inner in _within(statement)
                    if isinstance(inner, ast.Global | ast.Nonlocal) for name in inner.names}
        assigned, loaded = _names_of(body)
        assigned -= declared
        names = sorted((assigned | loaded) - declared - given.keys())
        leaves = _Leaves()
        body = _Marks().visit(ast.Module([leaves.visit(one) for one in body], [])).body
        every = [*names, *given]
        block = _parsed(f"def {_BLOCK}({', '.join([_MARK, *every])}): pass")
        assert isinstance(block, ast.FunctionDef)
        block.body = [*(_parsed(f"if {name} is {_UNBOUND}: del {name}") for name in names), *body,
                      _parsed(f"return {_LEFT}('', None, locals())")]
        yield block
        values = ast.Dict([ast.Constant(name) for name in every], [
            _thunk(given.get(name, ast.Name(name, ast.Load()))) for name in every])
        call = ast.Call(ast.Name(_TAPED, ast.Load()), [
            ast.Tuple([_loaded(tape) for tape in tapes], ast.Load()), ast.Name(_BLOCK, ast.Load()),
            values], [])
        yield ast.Assign([ast.Name(_RAN, ast.Store())], call)
        for name in sorted(assigned):
            yield _parsed(f"if {name!r} in {_RAN}.names: {name} = {_RAN}.names[{name!r}]")
        for how in sorted(leaves.how):
            value = f" {_RAN}.value" if how == "return" else ""
            yield _parsed(f"if {_RAN}.how == {how!r}: {how}{value}")


class _Leaves(ast.NodeTransformer):
    """`return`, `break` and `continue` that leave the block, as values that the block returns."""

    def __init__(self) -> None:
        self.how: set[str] = set()
        self._loops = 0

    def visit_Return(self, node: ast.Return) -> ast.AST:
        return self._left(node, "return", node.value)

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return node if self._loops else self._left(node, "break", None)

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return node if self._loops else self._left(node, "continue", None)

    def _left(self, node: ast.stmt, how: str, value: ast.expr | None) -> ast.AST:
        self.how.add(how)
        made = _parsed(f"return {_LEFT}({how!r}, None, locals())")
        assert isinstance(made, ast.Return) and isinstance(made.value, ast.Call)
        if value is not None:
            made.value.args[1] = value
        return _placed(made, node)

    def _loop(self, node: ast.For | ast.While | ast.AsyncFor) -> ast.AST:
        self._loops += 1
        node.body = [self.visit(one) for one in node.body]
        self._loops -= 1
        node.orelse = [self.visit(one) for one in node.orelse]
        return node

    visit_For = visit_While = visit_AsyncFor = _loop

    def _other_scope(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = _other_scope


class _Marks(ast.NodeTransformer):
    """Hands what a block assigns, and what gradients are asked of within it, through `mark`."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        if not (isinstance(node.targets[0], ast.Name) and node.targets[0].id == _RAN):
            node.value = _marked(node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is not None:
            node.value = _marked(node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return [node]
        name = node.target.id
        again = ast.Assign([ast.Name(name, ast.Store())], _marked(
            ast.copy_location(ast.Name(name, ast.Load()), node)))
        return [node, _placed(again, node)]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _ASKING and node.args:
            node.args[0] = _marked(node.args[0])
        return node

    def _other_scope(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = _other_scope


class _Terms(ast.NodeTransformer):
    """Hands what is added up through `term`, with its code and its place."""

    def __init__(self, text: str) -> None:
        self._text = text

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add):
            node.left, node.right = self._counted(node.left), self._counted(node.right)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add):
            node.value = self._counted(node.value)
        return node

    def _counted(self, node: ast.expr) -> ast.expr:
        code = ast.get_source_segment(self._text, node)
        is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)
        if is_sum or code is None or isinstance(node, ast.Constant):
            return node
        place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        given = [ast.Constant(one) for one in (code, *place)]
        return _placed(ast.Call(ast.Name(_TERM, ast.Load()), [node, *given], []), node)

    def _left_alone(self, node: ast.AST) -> ast.AST:
        return node

    visit_Subscript = _left_alone
    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = _left_alone


class _Super(ast.NodeTransformer):
    """`super()` asks for the first argument of its function, which is the method's no longer."""

    def __init__(self, first: str) -> None:
        self._first = first

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            node.args = [ast.copy_location(ast.Name(name, ast.Load()), node)
                         for name in ("__class__", self._first)]
        return node


class _Same(ast.NodeTransformer):
    """Puts names in the place of expressions that read the same."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit(self, node: ast.AST) -> ast.AST:
        found = self._names.get(ast.dump(node)) if isinstance(node, ast.expr) else None
        if found is not None:
            return ast.copy_location(ast.Name(found, ast.Load()), node)
        found_within: ast.AST = super().visit(node)
        return found_within


def _with_names(body: list[ast.stmt]) -> tuple[list[ast.stmt], dict[str, ast.expr]]:
    """A block in which what may be a source or the targets, but has no name, has one.

    What is watched by an attribute (`tape.watch(self.x)`), and rows that are cut out where they are
    used (`y[i:i + 32]`). They are computed when the block begins, so that nothing in them may be
    assigned in it.
    """
    found: dict[str, ast.expr] = {}
    assigned, _ = _names_of(body)
    for statement in body:
        for node in _within(statement):
            found |= {ast.dump(one): one for one in (*_watched(node), *_rows(node))
                      if not assigned & {n.id for n in ast.walk(one) if isinstance(n, ast.Name)}}
    if not found:
        return body, {}
    names = {key: f"__unstuck_part_{number}__" for number, key in enumerate(found)}
    _Same(names).visit(ast.Module(body, []))  # in place: no statement is an expression
    return (body, {names[key]: copy.deepcopy(one) for key, one in found.items()})


def _watched(node: ast.AST) -> Iterator[ast.expr]:
    if (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            and node.func.attr == "watch" and node.args):
        first = node.args[0]
        parts = first.elts if isinstance(first, ast.List | ast.Tuple) else [first]
        yield from (one for one in parts if isinstance(one, ast.Attribute | ast.Subscript))


def _rows(node: ast.AST) -> Iterator[ast.expr]:
    if (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
            and isinstance(node.value, ast.Name | ast.Attribute) and isinstance(node.slice, ast.Slice)):
        yield node


def _is_tape(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return (isinstance(called, ast.Attribute) and called.attr == "GradientTape") or (
        isinstance(called, ast.Name) and called.id == "GradientTape")


def _within(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what is in it, functions and classes within left out, but for themselves."""
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        for child in ast.iter_child_nodes(node):
            yield from _within(child)


def _names_of(body: Sequence[ast.AST]) -> tuple[set[str], set[str]]:
    """The names that are assigned, and those that are read, in this scope or for one within it."""
    assigned: set[str] = set()
    loaded: set[str] = set()
    for node in body:
        _collect(node, assigned, loaded)
    hidden = {_TAPED, _LEFT, _UNBOUND, _TERM, _MARK, _BLOCK, _RAN, "__class__"}
    return assigned - hidden, loaded - hidden


def _collect(node: ast.AST, assigned: set[str], loaded: set[str]) -> None:
    if isinstance(node, ast.Name):
        (loaded if isinstance(node.ctx, ast.Load) else assigned).add(node.id)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        assigned |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    elif isinstance(node, ast.ExceptHandler) and node.name:
        assigned.add(node.name)
    if isinstance(node, _SCOPES):
        inner_assigned: set[str] = set()
        inner_loaded: set[str] = set()
        for child in ast.iter_child_nodes(node):
            _collect(child, inner_assigned, inner_loaded)
        inner_assigned |= {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
        loaded |= inner_loaded - inner_assigned
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            assigned.add(node.name)
        if isinstance(node, _COMPREHENSIONS):  # the first iterable is read outside
            _collect(node.generators[0].iter, assigned, loaded)
        return
    for child in ast.iter_child_nodes(node):
        _collect(child, assigned, loaded)


def _thunk(value: ast.expr) -> ast.expr:
    """A function without arguments that gives a value."""
    made = _parsed("lambda: None")
    assert isinstance(made, ast.Expr) and isinstance(made.value, ast.Lambda)
    made.value.body = value
    return made.value


def _marked(value: ast.expr) -> ast.expr:
    return _placed(ast.Call(ast.Name(_MARK, ast.Load()), [value], []), value)


def _loaded(node: ast.expr) -> ast.expr:
    made = copy.deepcopy(node)
    for inner in ast.walk(made):
        if hasattr(inner, "ctx"):
            inner.ctx = ast.Load()
    return made


def _parsed(text: str) -> ast.stmt:
    """A statement of ours, which may stand only within functions and loops; it has no place yet."""
    function = ast.parse(f"def f():\n while 1:\n  {text}").body[0]
    assert isinstance(function, ast.FunctionDef) and isinstance(function.body[0], ast.While)
    (statement,) = function.body[0].body
    for node in ast.walk(statement):
        for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            if hasattr(node, name):
                delattr(node, name)
    return statement


def _placed(made: _Node, like: ast.AST) -> _Node:
    """Made nodes at the place of one of the user's; those that have a place keep it."""
    for node in ast.walk(made):
        if not hasattr(node, "lineno"):
            ast.copy_location(node, like)
    return made
