"""The reader that finds what a script spells as another year's Keras did.

Only the source is looked at; the names come from `spellings` and `todays_names`. What cannot be written
safely is told, with its line and what to write, and left as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from . import Edit, Script
from .nodes import Edits, NodeEdits, parsed
from .spellings import (
    ARGUMENTS,
    KERAS_1,
    LOSS_WORDS,
    METHODS,
    MODULES,
    OLD_METHODS,
    TENSORFLOW_KERAS,
    VALUES,
    WITHOUT_MEANING,
    kind_of,
    modern_module,
    modern_name,
)
from .todays_names import has_twin, hint, is_renamed, last, twin, year_of

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


def old_spellings(script: Script) -> tuple[Old, ...]:
    """Every spelling of another year in a source, in order.

    What Keras 3 takes, if only to leave it out, counts beside others alone.
    """
    found = every_old_spelling(script)
    return () if all(old.old in _TOLERATED for old in found) else found


def every_old_spelling(script: Script) -> tuple[Old, ...]:
    """As `old_spellings`, with what Keras 3 takes even where it stands alone."""
    return tuple(sorted(_Reader(script).read(), key=lambda old: old.line))


class _Reader:
    """One pass over a source."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.module = parsed(script)
        self.edits = NodeEdits(script)
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
                                self.edits.replaced(node, self.renamed[node.id]))
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
                if alias.asname is None and is_renamed(dotted) and today.startswith("keras."):
                    self.renamed[alias.name] = last(today)

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

    def _root(self, chain: ast.expr) -> str:
        while isinstance(chain, ast.Attribute):
            chain = chain.value
        return chain.id if isinstance(chain, ast.Name) else ""

    def _import(self, node: ast.Import) -> Iterator[Old]:
        for alias in node.names:
            today = modern_module(alias.name)
            if alias.name == "tensorflow":
                yield from self._tensorflow(node, alias)
            elif today != alias.name:
                code = today if alias.asname in (None, today) else f"{today} as {alias.asname}"
                yield self._old(node, f"import {alias.name}", f"import {today}", year_of(alias.name),
                                self.edits.replaced(alias, code))

    def _tensorflow(self, node: ast.Import, alias: ast.alias) -> Iterator[Old]:
        """`import tensorflow as tf`: gone if Keras has all that is used of it."""
        local = alias.asname or alias.name
        used = [self._dotted(chain) for chain in self.chains if self._root(chain) == local]
        bare = sum(isinstance(n, ast.Name) and n.id == local for n in ast.walk(self.module))
        if all(has_twin(name) for name in used) and bare == len(used):
            code = "keras" if not self.keras else ""
        elif any(has_twin(name) for name in used) and not self.keras:
            code = f"{ast.unparse(alias)}\n{' ' * node.col_offset}import keras"
        else:
            code = None
        if code is None:
            return  # what is used of it is told one by one
        if not code or not bare:  # `import keras` is there already, or nothing is used
            edits = self.edits.line_gone(node) if len(node.names) == 1 else None
        else:
            edits = self.edits.replaced(alias, code) if len(node.names) == 1 else None
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
                    modern_name(dotted) != dotted and last(modern_module(dotted)) != alias.name)):
                yield self._submodule(node, alias, modern_module(dotted))
                continue
            if hint(dotted):
                yield self._old(node, alias.name, hint(dotted), year_of(dotted), None)
                continue
            if is_renamed(dotted):
                name = last(modern_name(dotted))
                code = name if alias.asname is None else f"{name} as {alias.asname}"
                yield self._old(node, alias.name, name, year_of(dotted),
                                self.edits.replaced(alias, code))
            module_renamed = module_renamed or today != node.module
        if module_renamed:
            yield self._old(node, node.module, today, year_of(node.module),
                            self.edits.module_renamed(node, today))

    def _submodule(self, node: ast.ImportFrom, alias: ast.alias, today: str) -> Old:
        """`from keras.utils import np_utils`, where the module itself has another name today."""
        local = alias.asname or alias.name
        package, _, name = today.rpartition(".")
        code = f"import {today}" if not package else f"from {package} import {name}"
        if name != local:
            code += f" as {local}"
        edits = self.edits.replaced(node, code) if len(node.names) == 1 else None
        return self._old(node, f"from {node.module} import {alias.name}", code,
                         year_of(f"{node.module}.{alias.name}"), edits)

    def _chain(self, chain: ast.Attribute) -> Iterator[Old]:
        dotted = self._dotted(chain)
        if not dotted:
            return
        written, today = ast.unparse(chain), twin(dotted)
        if self._root(chain) in self.renamed:
            return
        if hint(dotted):
            yield self._old(chain, written, hint(dotted), year_of(dotted), None)
        elif dotted.startswith("tensorflow."):
            for prefix in _prefixes(chain):
                name = twin(self._dotted(prefix))
                if name and not name.startswith("keras.src"):
                    yield self._old(chain, ast.unparse(prefix), name, "tf.keras",
                                    self._in_keras(prefix, name))
                    return
            yield self._old(chain, written, _NEEDED, "tf.keras", None)
        elif today and today != dotted:
            module, _, name = dotted.rpartition(".")
            if module == "keras.backend" or (name == last(today) and "." in written):
                kept = modern_module(module) != module and len(written.split(".")) == 2
                if not kept:
                    yield self._old(chain, written, today, year_of(dotted),
                                    self._in_keras(chain, today))
            elif name != last(today):
                yield self._old(chain, name, last(today), year_of(dotted),
                                self.edits.end_renamed(chain, name, last(today)))

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
            edits = (self.edits.end_renamed(node.func, method, METHODS[method])
                     if method in METHODS else None)
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
                                self.edits.start_renamed(word, name, renamed[name]))
            elif name in gone:
                yield self._old(word, f"{name}=", "nothing; it is left out", year,
                                self.edits.argument_gone(node, name))
            words = VALUES.get(renamed.get(name, name), {})
            if isinstance(word.value, ast.Constant) and isinstance(word.value.value, str):
                written, today = word.value.value, words.get(word.value.value)
                if today is not None:
                    yield self._old(word, f"{name}={written!r}", repr(today), year,
                                    self.edits.string(word.value, today))
        yield from self._kernel_size(node, kind, given)
        if "decay" in given and self._is_optimizer(kind):
            yield self._decay(node, given)

    def _is_optimizer(self, kind: str) -> bool:
        return ARGUMENTS.get(kind, {}).get("lr") == "learning_rate"

    def _decay(self, node: ast.Call, given: dict[str, ast.keyword]) -> Old:
        rate = given.get("lr") or given.get("learning_rate")
        value = node.args[0] if node.args else None if rate is None else rate.value
        call = self.edits.call(node)
        edits: Edits | None = None
        if isinstance(given["decay"].value, ast.Constant) and not given["decay"].value.value:
            edits = self.edits.argument_gone(node, "decay")
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
        written = last(ast.unparse(node.func))
        if "nb_row" in given and "nb_col" in given:
            rows, columns = (ast.unparse(given[name].value) for name in ("nb_row", "nb_col"))
            call = self.edits.call(node)
            taken = None if call is None else call.remove_argument("nb_col")
            put = self.edits.replaced(given["nb_row"], f"kernel_size=({rows}, {columns})")
            yield self._old(node, "nb_row=, nb_col=", "kernel_size=", "Keras 1",
                            None if taken is None else (*put, *taken))
        elif kind == "Conv2D" and len(node.args) == 3 and (
            written == "Convolution2D" or any(word in KERAS_1 for word in given)
        ):
            first, second = node.args[1:]
            start, end = self.edits.extent(first)[0], self.edits.extent(second)[1]
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
                                    self.edits.string(part, today))

    def _old(
        self, node: ast.AST, old: str, new: str, year: str, edits: Edits | None
    ) -> Old:
        return Old(line=node.lineno, old=old, new=new, year=year,  # type: ignore[attr-defined]
                   edits=edits)

    def _in_keras(self, node: ast.Attribute, today: str) -> Edits:
        """A thing of Keras by its dotted name, and the import that this needs."""
        rest = today[len("keras"):]
        if self.keras or "tensorflow" in self.names.values():  # which becomes `import keras`
            return self.edits.replaced(node, (self.keras or "keras") + rest)
        local, edits = self.script.module_alias(
            "keras", self.script.lines.span(*self.edits.extent(node)))
        return (*edits, *self.edits.replaced(node, local + rest))


def _prefixes(chain: ast.expr) -> Iterator[ast.Attribute]:
    """A chain of attributes, and what it is a chain on, from the longest on."""
    while isinstance(chain, ast.Attribute):
        yield chain
        chain = chain.value
