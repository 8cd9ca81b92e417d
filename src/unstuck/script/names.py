"""What the names in a source stand for, at a place in it.

`tensorflow.keras` and `keras` count as one module here, and a thing that was imported under the name
that it had in another year (`spellings`) counts as what it is called today. That a submodule can be
reached as an attribute of its package (`keras.optimizers` after `import keras`) is taken for granted.
Star imports are not looked into.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import Assignment, GlobalScope, ImportAssignment

from .edits import Edit
from .spellings import TENSORFLOW_KERAS, modern_name
from .tree import Tree

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp,
           ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Import:
    """`local` stands for the thing with the dotted name `target` after `statement`."""

    local: str
    target: str
    statement: cst.Import | cst.ImportFrom


def imported_name(tree: Tree, qualified: str, place: cst.CSTNode) -> str | None:
    """How code at a place can write a thing with this dotted name; None if nothing gives it."""
    candidates: list[str] = []
    for imported in _in_force(tree, place):
        for target, part in _spellings(qualified):
            # tf.keras.optimizers is what people write; tf.optimizers only where they import that.
            given = f"{imported.target}.".startswith(f"{part}.") or not part
            if given and f"{target}.".startswith(f"{imported.target}."):
                candidates.append(imported.local + target[len(imported.target) :])
        if modern_name(imported.target) == qualified:
            candidates.append(imported.local)
    return min(candidates, key=lambda name: name.count("."), default=None)


def module_alias(tree: Tree, module: str, place: cst.CSTNode) -> tuple[str, tuple[Edit, ...]]:
    """How code at a place can write a module, and the edit that imports it if nothing does yet."""
    name = imported_name(tree, module, place)
    if name is not None:
        return name, ()
    root, _, _ = module.partition(".")
    if _is_free(tree, root, place):
        return module, (_import_line(tree, f"import {module}", place),)
    taken, alias = _bindings(tree.text), f"{module.rpartition('.')[2]}_module"
    while alias in taken:
        alias += "_"
    return alias, (_import_line(tree, f"import {module} as {alias}", place),)


def definition(tree: Tree, name: cst.Name) -> cst.BaseExpression | None:
    """The value that the only binding of a name in the whole file gives it.

    None unless that binding is a plain assignment, in the same scope or at module level, that
    comes before the name and cannot be jumped over.
    """
    if _bindings(tree.text)[name.value] != 1:
        return None
    scope = tree.scopes.get(name)
    for assignment in () if scope is None else scope[name.value]:
        if not isinstance(assignment, Assignment):
            return None
        if assignment.scope is not scope and not isinstance(assignment.scope, GlobalScope):
            return None
        target = tree.parent(assignment.node)
        statement = None if target is None else tree.parent(target)
        match statement, target:
            case cst.Assign(targets=[only], value=value), _ if only is target:
                pass
            case cst.SimpleStatementLine(), cst.AnnAssign(value=cst.BaseExpression() as value):
                statement = target
            case _:
                return None
        return value if statement is not None and _runs_before(tree, statement, name) else None
    return None


def reads(tree: Tree, name: str) -> int:
    """How often a name is read anywhere in the file."""
    return sum(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        for node in ast.walk(_syntax(tree.text))
    )


def read_in(code: str) -> set[str]:
    """The names that an expression reads."""
    return {node.id for node in ast.walk(ast.parse(f"(\n{code}\n)", mode="eval"))
            if isinstance(node, ast.Name)}


def binding_lines(text: str, name: str) -> list[int]:
    """The lines on which a module binds a name, or assigns to a part of it; none if a function may."""
    found: list[int] = []
    waiting: list[ast.AST] = [_syntax(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Global) and name in node.names:
            return []
        if _binds(node, name):
            found.append(node.end_lineno or node.lineno)  # type: ignore[attr-defined]
        if isinstance(node, _SCOPES):
            waiting.extend(inner for inner in ast.walk(node) if isinstance(inner, ast.Global))
        else:
            waiting.extend(ast.iter_child_nodes(node))
    return sorted(found)


def _binds(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
            inner: ast.AST = node
            while isinstance(inner, ast.Subscript | ast.Attribute):
                inner = inner.value
            return isinstance(inner, ast.Name) and inner.id == name
        case ast.Name(id=bound, ctx=ast.Store() | ast.Del()):
            return bound == name
        case ast.alias(name=imported, asname=asname):
            return (asname or imported.partition(".")[0]) == name
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ExceptHandler() | (
                ast.MatchAs()) | ast.MatchStar():
            return node.name == name
        case _:
            return False


def _spellings(qualified: str) -> Iterator[tuple[str, str]]:
    """A dotted name, and the same thing in the other packages that are Keras, or a part of it.

    With each the package that is such a part; "" for those that are Keras whole.
    """
    today = modern_name(qualified)
    yield qualified, ""
    for package, home in {"keras": "keras", **TENSORFLOW_KERAS}.items():
        if f"{today}.".startswith(f"{home}."):
            yield package + today[len(home):], "" if home == "keras" else package


def _imports(tree: Tree) -> Iterator[_Import]:
    for node in tree.positions:
        if isinstance(node, cst.Import):
            for alias in node.names:
                dotted = get_full_name_for_node(alias.name) or ""
                root = dotted.partition(".")[0]
                local = alias.evaluated_alias
                yield _Import(local=local or root, target=dotted if local else root, statement=node)
        elif isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
            if node.relative or node.module is None:
                continue
            module = get_full_name_for_node(node.module)
            for alias in node.names:
                name = alias.evaluated_name
                local = alias.evaluated_alias or name
                yield _Import(local=local, target=f"{module}.{name}", statement=node)


def _in_force(tree: Tree, place: cst.CSTNode) -> Iterator[_Import]:
    """The imports that surely hold at a place: run before it, and the name means nothing else."""
    imports = list(_imports(tree))
    for imported in imports:
        same_name = [other for other in imports if other.local == imported.local]
        meanings = _meanings(tree, imported.local, place, same_name)
        if meanings == {modern_name(imported.target)} and _runs_before(
            tree, imported.statement, place
        ):
            yield imported


def _meanings(tree: Tree, name: str, place: cst.CSTNode, imports: list[_Import]) -> set[str | None]:
    """The dotted names that a name may stand for at a place; None among them: something else."""
    scope = tree.scopes.get(place)
    found: set[str | None] = set()
    for assignment in () if scope is None else scope[name]:
        targets: set[str | None] = {
            modern_name(imported.target)
            for imported in imports
            if isinstance(assignment, ImportAssignment) and imported.statement is assignment.node
        }
        found |= targets or {None}
    return found


def _is_free(tree: Tree, root: str, place: cst.CSTNode) -> bool:
    """Whether `import root` at module level would be seen at a place, and disturb nothing."""
    imports = [imported for imported in _imports(tree) if imported.local == root]
    if any(modern_name(imported.target) != root for imported in imports):
        return False
    if _bindings(tree.text)[root] != len(imports):
        return False
    scope = tree.scopes.get(place)
    return scope is None or all(
        isinstance(assignment.scope, GlobalScope)
        for assignment in scope[root]
        if isinstance(assignment, ImportAssignment)
    )


def _runs_before(tree: Tree, statement: cst.CSTNode, place: cst.CSTNode) -> bool:
    """Whether a statement stands before a place, in no block that can be left out on the way.

    The bodies of `with` and `try` count as always run: had they failed, so had what follows.
    """
    start, end = tree.bare_extent(place)
    if tree.bare_extent(statement)[1] > start:
        return False
    for block in tree.ancestors(statement):
        if isinstance(block, (cst.IndentedBlock, cst.SimpleStatementSuite)):
            first, last = tree.bare_extent(block)
            owner = tree.parent(block)
            always = isinstance(owner, (cst.With, cst.Try)) and owner.body is block
            if not always and not first <= start <= end <= last:
                return False
    return True


def _import_line(tree: Tree, code: str, place: cst.CSTNode) -> Edit:
    """A new line at module level, after the last line with an import that precedes the place.

    Without one, after the docstring; without that, before the first statement and the comment
    that belongs to it.
    """
    start = tree.bare_extent(place)[0]
    after: cst.SimpleStatementLine | None = None
    for index, statement in enumerate(tree.module.body):
        if not isinstance(statement, cst.SimpleStatementLine):
            continue
        following = tree.lines.next(tree.bare_extent(statement)[1])
        if following is None or following > start:
            break
        docstring = index == 0 and _is_docstring(statement)
        if docstring or any(isinstance(x, (cst.Import, cst.ImportFrom)) for x in statement.body):
            after = statement
    if after is not None:
        return tree.line_after(after, code)
    lines, newline = tree.lines, tree.lines.newline
    first = lines.start(tree.first_byte(tree.module.body[0])) if tree.module.body else 0
    comment = first
    while comment and lines.data[lines.start(comment - 1) :].startswith(b"#"):
        comment = lines.start(comment - 1)
    # A comment in the first two lines may be `#!` or name the encoding: stay below it.
    target = comment if lines.span(comment, comment).line > 2 else first
    return Edit(start=target, end=target, replacement=code + newline)


def _is_docstring(statement: cst.SimpleStatementLine) -> bool:
    first = statement.body[0]
    return isinstance(first, cst.Expr) and isinstance(
        first.value, (cst.SimpleString, cst.ConcatenatedString)
    )


@lru_cache(maxsize=8)
def _syntax(text: str) -> ast.Module:
    with warnings.catch_warnings(action="ignore"):  # of odd escapes in the user's strings
        return ast.parse(text)


@lru_cache(maxsize=8)
def _bindings(text: str) -> Counter[str]:
    """How often each name is bound, deleted or declared global anywhere in a text.

    The standard library's tree marks every binding; `libcst`'s scopes leave out patterns of
    `match` and deletions.
    """
    found: Counter[str] = Counter()
    for node in ast.walk(_syntax(text)):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                found[name] += 1
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name] += 1
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                found[name] += 1
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found[name] += 1
            case ast.MatchMapping(rest=str(name)):
                found[name] += 1
            case ast.alias(name=name, asname=asname):
                found[asname or name.partition(".")[0]] += 1
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found.update(names)
    return found
