"""A script as a value: read, looked into, changed by edits, compared."""

from __future__ import annotations

import ast
import difflib
import io
import math
import tokenize
import warnings
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from . import classes, names
from .call import Call
from .edits import Edit, EditConflict, splice
from .positions import Lines, Span, split_lines
from .remarks import remarked
from .tree import tree_of


@dataclass(frozen=True, kw_only=True)
class Script:
    """Python source as it is on disk: a script always parses.

    `data` is the file byte for byte, `encoding` what its byte order mark or its coding comment
    say. `text` is the decoded file without the mark, newlines untouched. All offsets and columns
    here and in `Edit` count bytes of `text` in UTF-8, whatever the encoding is; only `apply`
    goes back to the file's own encoding.
    """

    path: Path | None = None
    data: bytes = field(repr=False)
    encoding: str

    @classmethod
    def read(cls, path: str | Path) -> Script:
        """The script in a file.

        Raises:
            OSError: it cannot be read.
            SyntaxError: Python would not compile it.
        """
        path = Path(path)
        return cls._of(path.read_bytes(), path, flags=0)

    @classmethod
    def parse(cls, text: str, path: Path | None = None) -> Script:
        """A script from text, such as a notebook's cell (`await` may stand outside functions).

        Raises:
            SyntaxError: Python would not compile it.
            ValueError: its coding comment names an encoding that lacks some of its characters.
        """
        encoding, _ = tokenize.detect_encoding(io.BytesIO(text.encode()).readline)
        data = text.encode("utf-8" if encoding == "utf-8-sig" else encoding)
        return cls._of(data, path, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    @classmethod
    def _of(cls, data: bytes, path: Path | None, *, flags: int) -> Script:
        name = str(path) if path else "<script>"
        with warnings.catch_warnings(action="ignore"):  # Python gives them when the script runs
            try:
                compile(data, name, "exec", flags=flags, dont_inherit=True)
            except ValueError as error:  # a null byte, up to Python 3.11
                raise SyntaxError(f"{error} ({name})") from None
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return cls(path=path, data=data, encoding=encoding)

    @cached_property
    def text(self) -> str:
        """The decoded source without byte order mark, newlines as they are in the file."""
        return self.data.decode(self.encoding)

    @cached_property
    def lines(self) -> Lines:
        """The lines of the text in UTF-8."""
        return Lines(self.text.encode())

    def line(self, number: int) -> str:
        """A line by its number from 1, without its newline; IndexError if there is none."""
        return self.lines.line(number).decode()

    def excerpt(self, span: Span) -> str:
        """The text of a span; ValueError if the script has no such place."""
        offsets = self.lines.offsets(span)
        if offsets is None:
            raise ValueError(f"{self._name} has no {span}")
        return self.lines.data[slice(*offsets)].decode()

    def call(self, span: Span) -> Call | None:
        """The call that Python reports with exactly this span at run time.

        None if there is none, or if it is inside an f-string, where no edit is safe.
        """
        tree, offsets = tree_of(self.text), self.lines.offsets(span)
        node = tree.calls.get(offsets) if tree is not None and offsets is not None else None
        if tree is None or node is None:
            return None
        return Call(
            span=self.lines.span(*tree.bare_extent(node)),
            callee=tree.source(node.func),
            tree=tree,
            node=node,
        )

    def class_setup(self, name: str) -> Call | None:
        """The call `super().__init__(...)` in the constructor of the class of that name.

        None unless the script has one such class, and it a constructor with one such call.
        """
        tree = tree_of(self.text)
        node = None if tree is None else classes.setup(tree, name)
        if tree is None or node is None:
            return None
        return self.call(self.lines.span(*tree.bare_extent(node)))

    def insert_before_method(
        self, name: str, method: str, attribute: str, code: str
    ) -> tuple[Edit, ...] | None:
        """The edits that let a method read its first argument through a layer of its class.

        The constructor keeps the layer `code` as `attribute`; the method's first line applies it.
        None where the class is written in a way that is not known, or has such an attribute.
        """
        tree = tree_of(self.text)
        return None if tree is None else classes.read_through(tree, name, method, attribute, code)

    def with_remarks(self, groups: Iterable[tuple[str, Sequence[Edit]]]) -> tuple[Edit, ...]:
        """The edits of all groups, with the text of each as a comment above what it changes.

        Where the source cannot be analysed, or comments would be in the way, the plain edits.
        """
        groups = tuple(groups)
        plain = tuple(edit for _, edits in groups for edit in edits)
        tree = tree_of(self.text)
        if tree is None:
            return plain
        commented = remarked(tree, self.encoding, groups)
        try:
            self.apply(commented)
        except EditConflict:
            return plain
        return commented

    def apply(self, edits: Iterable[Edit]) -> Script:
        """The script with the edits carried out; everything else stays byte for byte.

        Identical edits count once, insertions at one point keep their order.

        Raises:
            EditConflict: two edits want the same text, or what they make together is no script
                in this file's encoding.
        """
        utf8 = splice(self.lines.data, edits)
        if utf8 == self.lines.data:
            return self
        if self.text.encode(self.encoding) != self.data:
            raise EditConflict(f"{self._name} ({self.encoding}) cannot be kept byte for byte")
        try:
            text = utf8.decode()
            data = text.encode(self.encoding)
            script = self._of(data, self.path, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (UnicodeError, SyntaxError) as error:
            raise EditConflict(f"the edits together would break {self._name}: {error}") from error
        if script.encoding != self.encoding:
            raise EditConflict(f"the edits would change the encoding of {self._name}")
        return script

    def diff(
        self, other: Script, *, context: int = 0, name: str | None = None, other_name: str = ""
    ) -> str:
        """What changes from this script to another, as a unified diff with LF line ends.

        `name` and `other_name` head the diff; by default both are the name of the file.
        """
        name = name or self._name
        lines = difflib.unified_diff(
            _diff_lines(self.text),
            _diff_lines(other.text),
            fromfile=name,
            tofile=other_name or name,
            n=context,
        )
        marked = (x if x.endswith("\n") else f"{x}\n\\ No newline at end of file\n" for x in lines)
        return "".join(marked)

    def module_alias(self, module: str, at: Span) -> tuple[str, tuple[Edit, ...]]:
        """How code at a place can write a module, and the edit that imports it if none does yet.

        `("k", ())` after `import keras as k`; `("keras", (edit,))` where `import keras` has to
        be added at module level; another name where the module's own name means something else.
        `tensorflow.keras` counts as `keras`.
        """
        tree, offsets = tree_of(self.text), self.lines.offsets(at)
        if tree is None or offsets is None:
            raise ValueError(f"{self._name} has no {at}, or it cannot be analysed")
        return names.module_alias(tree, module, tree.innermost(*offsets))

    def imported_name(self, qualified: str, at: Span) -> str | None:
        """How code at a place can write a thing by its dotted name; None if no import gives it.

        For `keras.optimizers.Adam`: `Adam`, `optimizers.Adam`, `tf.keras.optimizers.Adam`, ...,
        the shortest that the imports in force there allow. `tensorflow.keras` counts as `keras`.
        """
        tree, offsets = tree_of(self.text), self.lines.offsets(at)
        if tree is None or offsets is None:
            return None
        return names.imported_name(tree, qualified, tree.innermost(*offsets))

    def holds(self, name: str, *, at: Span, until: Span) -> bool:
        """Whether a name of the module has one value from the statement at a span to that at another.

        It is bound before the first, and neither bound again nor changed in place by an assignment
        until the second; after that too, where a loop may come back.
        """
        lines = names.binding_lines(self.text, name)
        call = self.call(until)
        if not lines or call is None or min(lines) >= at.line:
            return False
        end = math.inf if call.in_loop_or_comprehension else until.end_line
        return not any(at.line <= line <= end for line in lines)

    def first_reading(
        self, read: Collection[str], *, until: Span, together: bool = False
    ) -> Call | None:
        """The first call at module level that is given one of these names, as they are at a statement.

        `together`: that is given all of them. None where there is none up to that statement, or where a
        name is bound in a way that is not known.
        """
        tree = tree_of(self.text)
        bound = [max((line for line in names.binding_lines(self.text, name) if line < until.line),
                     default=None) for name in read]
        if tree is None or None in bound:
            return None
        after = max((line for line in bound if line is not None), default=0)
        for extent in sorted(tree.calls):
            call = self.call(self.lines.span(*extent))
            if call is None or not after < call.span.line <= until.line or not call.at_module_level:
                continue
            found = names.read_in(call.code) & {*read}
            if found and (not together or found == {*read}):
                return call
        return None

    @property
    def _name(self) -> str:
        return self.path.name if self.path else "script.py"


def _diff_lines(text: str) -> list[str]:
    """Lines that end with LF, but for the last one where the text does not end with a newline."""
    *lines, last = split_lines(text)
    return [line + "\n" for line in lines] + ([last] if last else [])
