"""Which spelling a script is in, and how it reads in today's.

Only the source is looked at; the names come from `spellings`. What cannot be written safely is told,
with its line and what to write, and left as it is.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import Call, Edit, EditConflict, Script, Span
from .spellings import (
    ARGUMENTS,
    BACKEND_TODAY,
    BY_HAND,
    FUNCTIONS,
    KERAS_1,
    LOSS_WORDS,
    METHODS,
    MODULES,
    OLD_METHODS,
    OPS,
    STILL_THERE,
    TENSORFLOW,
    TENSORFLOW_KERAS,
    VALUES,
    WITHOUT_MEANING,
    kind_of,
    modern_module,
    modern_name,
)

Edits = tuple[Edit, ...]
_SUSPICIOUS = frozenset({
    "lr", "nb_epoch", "output_dim", "init", "W_regularizer", "border_mode", "nb_filter", "subsample",
    "input", "output", "samples_per_epoch", "batch_input_shape", "nb_row", "inner_activation",
})
_MOST_PASSES = 200
_DECAY = "decay="
_TOLERATED = (_DECAY, "alpha=", "input_length=")  # Keras 3 takes them, with a warning
_NEEDED = "TensorFlow itself is needed"


@dataclass(frozen=True, kw_only=True)
class Old:
    """A spelling of another year: `old` on `line` is `new` today.

    `edits` write it; `None` where that has to be done by hand, and then `new` says how. `year` is
    the package that spelled it so: "Keras 1", "Keras 2" or "tf.keras".
    """

    line: int
    old: str
    new: str
    year: str
    edits: Edits | None


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The spelling that a script is in.

    `year` is "Keras 1", "Keras 2", "tf.keras", or "" where nothing is certain; `spellings` are what
    tells it. `keeps_decay`: the optimizers' `decay` is meant as it was, and not left out.
    """

    year: str
    spellings: tuple[Old, ...]

    @property
    def keeps_decay(self) -> bool:
        """Whether `decay` of an optimizer has its old meaning."""
        return bool(self.year)

    def __str__(self) -> str:
        told = list(dict.fromkeys(found.old for found in self.spellings))
        shown = ", ".join(told[:4]) + (", …" if len(told) > 4 else "")
        return f"{self.year} ({shown})"


def dialect_of(script: Script, directory: str | Path = ".") -> Dialect | None:
    """The spelling of a script and of the modules beside it that it imports; `None`: today's."""
    sources = [script, *_modules_beside(script, Path(directory), set())]
    found = tuple(old for source in sources for old in old_spellings(source))
    if found:
        years = {old.year for old in found}
        return Dialect(year=next(y for y in ("Keras 1", "tf.keras", "Keras 2") if y in years),
                       spellings=found)
    if any(_is_suspicious(source) for source in sources):
        return Dialect(year="", spellings=())
    return None


def old_spellings(script: Script) -> tuple[Old, ...]:
    """Every spelling of another year in a source, in order.

    What Keras 3 takes, if only to leave it out, counts beside others alone.
    """
    found = _found(script)
    return () if all(old.old in _TOLERATED for old in found) else found


def _found(script: Script) -> tuple[Old, ...]:
    return tuple(sorted(_Reader(script).read(), key=lambda old: old.line))


def modernised(script: Script) -> tuple[Script, tuple[Old, ...]]:
    """The script in today's spelling, and what is left to do by hand."""
    if not old_spellings(script):
        return script, ()
    for _ in range(_MOST_PASSES):
        edits: list[Edit] = []
        for old in _found(script):
            if old.edits is None or _overlap(edits, old.edits):
                continue  # neighbours that both go are taken one by one
            edits += [edit for edit in old.edits if edit not in edits]
        try:
            after = script.apply(edits)
        except EditConflict:
            break
        if after.data == script.data:
            break
        script = after
    return script, _found(script)


def _overlap(edits: list[Edit], more: Edits) -> bool:
    return any(
        a != b and a.start <= b.end and b.start <= a.end for a in edits for b in more
    )


def _parse(script: Script) -> ast.Module:
    with warnings.catch_warnings(action="ignore"):
        return ast.parse(script.text)


def _modules_beside(script: Script, directory: Path, seen: set[Path]) -> Iterator[Script]:
    names: set[str] = set()
    for node in ast.walk(_parse(script)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    for name in sorted(names):
        stem = directory.joinpath(*name.split("."))
        for path in (stem.with_suffix(".py"), stem / "__init__.py"):
            if path in seen or not path.is_file():
                continue
            seen.add(path)
            try:
                module = Script.read(path)
            except (OSError, SyntaxError, ValueError):
                continue  # Python will say so, when the script runs
            yield module
            yield from _modules_beside(module, directory, seen)


def _is_suspicious(script: Script) -> bool:
    words = {node.arg for node in ast.walk(_parse(script)) if isinstance(node, ast.keyword)}
    return bool(words & _SUSPICIOUS) or "TensorBoard" in script.text


class _Reader:
    """One pass over a source."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.module = _parse(script)
        self.names: dict[str, str] = {}
        self.renamed: dict[str, str] = {}
        for node in ast.walk(self.module):
            self._note_import(node)
        self.keras = next((k for k, v in self.names.items() if modern_module(v) == "keras"), "")
        self.chains = self._outermost_chains()

    def read(self) -> Iterator[Old]:
        """Every old spelling."""
        for node in ast.walk(self.module):
            if isinstance(node, ast.Import):
                yield from self._import(node)
            elif isinstance(node, ast.ImportFrom):
                yield from self._import_from(node)
            elif isinstance(node, ast.Call):
                yield from self._call(node)
            elif isinstance(node, ast.Name) and node.id in self.renamed:
                yield self._old(node, node.id, self.renamed[node.id], "Keras 2",
                                self._replaced(node, self.renamed[node.id]))
        for chain in self.chains:
            yield from self._chain(chain)

    def _note_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                self.names[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                dotted = f"{node.module}.{alias.name}"
                self.names[alias.asname or alias.name] = dotted
                today = modern_name(dotted)
                if alias.asname is None and _renames(dotted) and today.startswith("keras."):
                    self.renamed[alias.name] = _last(today)

    def _outermost_chains(self) -> list[ast.Attribute]:
        inner = {id(node.value) for node in ast.walk(self.module) if isinstance(node, ast.Attribute)}
        return [node for node in ast.walk(self.module)
                if isinstance(node, ast.Attribute) and id(node) not in inner]

    def _dotted(self, node: ast.expr) -> str:
        """The dotted name of an expression, through the imports; "" for anything else."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            outer = self._dotted(node.value)
            return f"{outer}.{node.attr}" if outer else ""
        return ""

    def _import(self, node: ast.Import) -> Iterator[Old]:
        for alias in node.names:
            today = modern_module(alias.name)
            if alias.name == "tensorflow":
                yield from self._tensorflow(node, alias)
            elif today != alias.name:
                code = today if alias.asname in (None, today) else f"{today} as {alias.asname}"
                yield self._old(node, f"import {alias.name}", f"import {today}", _year(alias.name),
                                self._replaced(alias, code))

    def _tensorflow(self, node: ast.Import, alias: ast.alias) -> Iterator[Old]:
        """`import tensorflow as tf`: gone if Keras has all that is used of it."""
        local = alias.asname or alias.name
        used = [self._dotted(chain) for chain in self.chains if self._root(chain) == local]
        bare = sum(isinstance(n, ast.Name) and n.id == local for n in ast.walk(self.module))
        if all(_convertible(name) for name in used) and bare == len(used):
            code = "keras" if not self.keras else ""
        elif any(_convertible(name) for name in used) and not self.keras:
            code = f"{ast.unparse(alias)}\n{' ' * node.col_offset}import keras"
        else:
            code = None
        if code is None:
            return  # what is used of it is told one by one
        if not code or not bare:  # `import keras` is there already, or nothing is used
            edits = self._lines(node) if len(node.names) == 1 else None
        else:
            edits = self._replaced(alias, code) if len(node.names) == 1 else None
        yield self._old(node, "import tensorflow", "import keras", "tf.keras", edits)

    def _import_from(self, node: ast.ImportFrom) -> Iterator[Old]:
        if node.level or not node.module:
            return
        today, module_renamed = modern_module(node.module), False
        if node.module.partition(".")[0] == "tensorflow" and today == node.module:
            for alias in node.names:
                if f"{node.module}.{alias.name}" not in TENSORFLOW_KERAS:
                    yield self._old(node, f"{node.module}.{alias.name}", _NEEDED, "tf.keras", None)
        for alias in node.names:
            dotted = f"{node.module}.{alias.name}"
            if dotted in TENSORFLOW_KERAS or (modern_module(dotted) in MODULES.values() and (
                    modern_name(dotted) != dotted and _last(modern_module(dotted)) != alias.name)):
                yield self._submodule(node, alias, modern_module(dotted))
                continue
            if _hint(dotted):
                yield self._old(node, alias.name, _hint(dotted), _year(dotted), None)
                continue
            if _renames(dotted):
                name = _last(modern_name(dotted))
                code = name if alias.asname is None else f"{name} as {alias.asname}"
                yield self._old(node, alias.name, name, _year(dotted), self._replaced(alias, code))
            module_renamed = module_renamed or today != node.module
        if module_renamed:
            yield self._old(node, node.module, today, _year(node.module),
                            self._module_name(node, today))

    def _submodule(self, node: ast.ImportFrom, alias: ast.alias, today: str) -> Old:
        """`from keras.utils import np_utils`, where the module itself has another name today."""
        local = alias.asname or alias.name
        package, _, name = today.rpartition(".")
        code = f"import {today}" if not package else f"from {package} import {name}"
        if name != local:
            code += f" as {local}"
        edits = self._replaced(node, code) if len(node.names) == 1 else None
        return self._old(node, f"from {node.module} import {alias.name}", code,
                         _year(f"{node.module}.{alias.name}"), edits)

    def _chain(self, chain: ast.Attribute) -> Iterator[Old]:
        dotted = self._dotted(chain)
        if not dotted:
            return
        written, today = ast.unparse(chain), _twin(dotted)
        if self._root(chain) in self.renamed:
            return
        if _hint(dotted):
            yield self._old(chain, written, _hint(dotted), _year(dotted), None)
        elif dotted.startswith("tensorflow."):
            for prefix in _prefixes(chain):
                name = _twin(self._dotted(prefix))
                if name and not name.startswith("keras.src"):
                    yield self._old(chain, ast.unparse(prefix), name, "tf.keras",
                                    self._in_keras(prefix, name))
                    return
            yield self._old(chain, written, _NEEDED, "tf.keras", None)
        elif today and today != dotted:
            module, _, name = dotted.rpartition(".")
            if module == "keras.backend" or (name == _last(today) and "." in written):
                kept = modern_module(module) != module and len(written.split(".")) == 2
                if not kept:
                    yield self._old(chain, written, today, _year(dotted),
                                    self._in_keras(chain, today))
            elif name != _last(today):
                yield self._old(chain, name, _last(today), _year(dotted),
                                self._end(chain, name, _last(today)))

    def _call(self, node: ast.Call) -> Iterator[Old]:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        dotted = self._dotted(node.func)
        if dotted:
            if not modern_module(dotted).startswith("keras."):
                return
            kind = kind_of(dotted)
        elif method in METHODS or method in OLD_METHODS or method in ("fit", "compile"):
            kind = method
        else:
            return
        if not dotted and method in OLD_METHODS:
            edits = self._end(node.func, method, METHODS[method]) if method in METHODS else None
            if not self._keywords(node, kind):
                yield self._old(node, f".{method}", f".{OLD_METHODS[method]}", "Keras 2", edits)
        yield from self._arguments(node, kind)
        if kind == "compile":
            yield from self._words(node)

    def _keywords(self, node: ast.Call, kind: str) -> set[str]:
        old = {*ARGUMENTS.get(kind, {}), *WITHOUT_MEANING.get(kind, ())}
        return {word.arg for word in node.keywords if word.arg} & old

    def _arguments(self, node: ast.Call, kind: str) -> Iterator[Old]:
        given = {word.arg: word for word in node.keywords if word.arg}
        renamed, gone = ARGUMENTS.get(kind, {}), WITHOUT_MEANING.get(kind, frozenset())
        for name, word in given.items():
            year = "Keras 1" if name in KERAS_1 else "Keras 2"
            if name == "samples_per_epoch":
                yield self._old(word, f"{name}=", "steps_per_epoch=, counted in batches", year, None)
            elif name in renamed and renamed[name] not in given:
                yield self._old(word, f"{name}=", f"{renamed[name]}=", year,
                                self._at(word, name, renamed[name]))
            elif name in gone:
                yield self._old(word, f"{name}=", "nothing; it is left out", year,
                                self._without(node, name))
            words = VALUES.get(renamed.get(name, name), {})
            if isinstance(word.value, ast.Constant) and isinstance(word.value.value, str):
                written, today = word.value.value, words.get(word.value.value)
                if today is not None:
                    yield self._old(word, f"{name}={written!r}", repr(today), year,
                                    self._string(word.value, today))
        yield from self._kernel_size(node, kind, given)
        if "decay" in given and self._is_optimizer(kind):
            yield self._decay(node, given)

    def _is_optimizer(self, kind: str) -> bool:
        return ARGUMENTS.get(kind, {}).get("lr") == "learning_rate"

    def _decay(self, node: ast.Call, given: dict[str, ast.keyword]) -> Old:
        rate = given.get("lr") or given.get("learning_rate")
        value = node.args[0] if node.args else None if rate is None else rate.value
        call = self._source_call(node)
        edits: Edits | None = None
        if isinstance(given["decay"].value, ast.Constant) and not given["decay"].value.value:
            edits = self._without(node, "decay")
        elif value is not None and call is not None and not {"lr"} & given.keys():
            keras, imports = self.script.module_alias("keras", call.span)
            code = (f"{keras}.optimizers.schedules.InverseTimeDecay({ast.unparse(value)}, 1,"
                    f" {ast.unparse(given['decay'].value)})")
            put = call.set_argument("learning_rate", code, position=0)
            taken = call.remove_argument("decay")
            edits = None if put is None or taken is None else (
                *imports, *put, *taken)
        return self._old(node, _DECAY, "a schedule, InverseTimeDecay(rate, 1, decay)", "Keras 2",
                         edits)

    def _kernel_size(
        self, node: ast.Call, kind: str, given: dict[str, ast.keyword]
    ) -> Iterator[Old]:
        written = _last(ast.unparse(node.func))
        if "nb_row" in given and "nb_col" in given:
            rows, columns = (ast.unparse(given[name].value) for name in ("nb_row", "nb_col"))
            call = self._source_call(node)
            taken = None if call is None else call.remove_argument("nb_col")
            put = self._replaced(given["nb_row"], f"kernel_size=({rows}, {columns})")
            yield self._old(node, "nb_row=, nb_col=", "kernel_size=", "Keras 1",
                            None if taken is None else (*put, *taken))
        elif kind == "Conv2D" and len(node.args) == 3 and (
            written == "Convolution2D" or any(word in KERAS_1 for word in given)
        ):
            first, second = node.args[1:]
            start, end = self._offset(first)[0], self._offset(second)[1]
            code = f"({ast.unparse(first)}, {ast.unparse(second)})"
            if not all(isinstance(part, ast.Constant | ast.Name) for part in (first, second)):
                return
            yield self._old(node, "rows and columns of a kernel", f"the pair {code}", "Keras 1",
                            (Edit(start=start, end=end, replacement=code),))

    def _words(self, node: ast.Call) -> Iterator[Old]:
        given = [word.value for word in node.keywords if word.arg in ("loss", "metrics")]
        for part in (inner for value in (*given, *node.args[1:2]) for inner in ast.walk(value)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                today = LOSS_WORDS.get(part.value)
                if today is not None:
                    yield self._old(part, repr(part.value), repr(today), "Keras 2",
                                    self._string(part, today))

    # Places, and edits of them.

    def _old(
        self, node: ast.AST, old: str, new: str, year: str, edits: Edits | None
    ) -> Old:
        return Old(line=node.lineno, old=old, new=new, year=year,  # type: ignore[attr-defined]
                   edits=edits)

    def _offset(self, node: ast.AST) -> tuple[int, int]:
        span = Span(node.lineno, node.col_offset,  # type: ignore[attr-defined]
                    node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        found = self.script.lines.offsets(span)
        assert found is not None
        return found

    def _replaced(self, node: ast.AST, code: str) -> Edits:
        start, end = self._offset(node)
        return (Edit(start=start, end=end, replacement=code),)

    def _at(self, node: ast.AST, old: str, new: str) -> Edits:
        """Another name at the start of a node."""
        start, _ = self._offset(node)
        return (Edit(start=start, end=start + len(old.encode()), replacement=new),)

    def _end(self, node: ast.AST, old: str, new: str) -> Edits:
        """Another name at the end of a node."""
        _, end = self._offset(node)
        return (Edit(start=end - len(old.encode()), end=end, replacement=new),)

    def _lines(self, node: ast.AST) -> Edits | None:
        """A statement gone, with its line, if it has one of its own."""
        start, end = self._offset(node)
        lines = self.script.lines
        if lines.indentation(start) is None or lines.rest(end) != end:
            return None
        return (Edit(start=lines.start(start), end=lines.next(end) or end, replacement=""),)

    def _string(self, node: ast.Constant, value: str) -> Edits:
        start, _ = self._offset(node)
        quote = self.script.lines.data[start : start + 1].decode()
        return self._replaced(node, f"{quote}{value}{quote}" if quote in "'\"" else repr(value))

    def _module_name(self, node: ast.ImportFrom, today: str) -> Edits | None:
        start, end = self._offset(node)
        old = (node.module or "").encode()
        place = self.script.lines.data.find(old, start, end)
        if place < 0:
            return None
        return (Edit(start=place, end=place + len(old), replacement=today),)

    def _in_keras(self, node: ast.Attribute, today: str) -> Edits:
        """A thing of Keras by its dotted name, and the import that this needs."""
        rest = today[len("keras"):]
        if self.keras or "tensorflow" in self.names.values():  # which becomes `import keras`
            return self._replaced(node, (self.keras or "keras") + rest)
        local, edits = self.script.module_alias(
            "keras", self.script.lines.span(*self._offset(node)))
        return (*edits, *self._replaced(node, local + rest))

    def _source_call(self, node: ast.Call) -> Call | None:
        return self.script.call(self.script.lines.span(*self._offset(node)))

    def _without(self, node: ast.Call, name: str) -> Edits | None:
        call = self._source_call(node)
        found: Edits | None = None if call is None else call.remove_argument(name)
        return found or None

    def _root(self, chain: ast.expr) -> str:
        while isinstance(chain, ast.Attribute):
            chain = chain.value
        return chain.id if isinstance(chain, ast.Name) else ""


def _prefixes(chain: ast.expr) -> Iterator[ast.Attribute]:
    """A chain of attributes, and what it is a chain on, from the longest on."""
    while isinstance(chain, ast.Attribute):
        yield chain
        chain = chain.value


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _renames(dotted: str) -> bool:
    """Whether the thing itself, not only its module, is called otherwise today."""
    today = modern_name(dotted)
    if _last(dotted) in STILL_THERE or _last(today) == _last(dotted):
        return False
    return modern_module(dotted) == dotted or today in FUNCTIONS.values()


def _twin(dotted: str) -> str:
    """The name in Keras of today of a thing of Keras or of TensorFlow; "" if it has none."""
    if dotted in TENSORFLOW:
        return TENSORFLOW[dotted]
    today = modern_name(dotted)
    if _last(dotted) in STILL_THERE:
        today = f"{today.rpartition('.')[0]}.{_last(dotted)}"
    module, _, name = today.rpartition(".")
    if module == "keras.backend" and name in OPS:
        return f"keras.ops.{name}"
    return today if f"{today}.".startswith("keras.") else ""


def _convertible(dotted: str) -> bool:
    return bool(_twin(dotted)) and not _hint(dotted)


def _hint(dotted: str) -> str:
    module, _, name = dotted.rpartition(".")
    for package in TENSORFLOW_KERAS:
        if f"{dotted}.".startswith(f"{package}."):
            module = ("keras" + dotted[len(package):]).rpartition(".")[0]
    if modern_module(module) == "keras.backend" and name not in {*OPS, *BACKEND_TODAY}:
        return BY_HAND.get(f"keras.backend.{name}", "look for its like in keras.ops")
    return BY_HAND.get(f"{module}.{name}", "") or BY_HAND.get(f"{modern_module(module)}.{name}", "")


def _year(dotted: str) -> str:
    if dotted.startswith(("tensorflow", "tf_keras")):
        return "tf.keras"
    return "Keras 1" if dotted.startswith(("keras.objectives", "keras.initializations")) else "Keras 2"
