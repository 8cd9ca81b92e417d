"""The parts of the reference that are made; `MADE` has them by the name that a page asks for."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

import unstuck
from unstuck.doors import config
from unstuck.doors.cli import app
from unstuck.reports.parts.glossary import WORDS

PACKAGE = Path(unstuck.__file__).parent
SCHEMA = PACKAGE / "result" / "schema.json"
_KINDS = {str: "text", int: "whole number", list: "list of names", bool: "true or false"}


def commands() -> str:
    """Every command: how it is called, what it does, its arguments and switches."""
    return "\n\n".join(_command(name, one) for name, one in _commands().items())


def settings() -> str:
    """What a project may set, with the help of the switch."""
    switches = {name: one for one in _commands()["run"].params for name in one.opts}
    return _table(
        ("name", "takes", "what it does"),
        [(f"`{name}`", _KINDS[kind], switches[f"--{name}"].help) for name, kind in config.KEYS.items()],
    )


def words() -> str:
    """The glossary."""
    return "\n\n".join(f"**{word}**: {' '.join(text.split())}" for word, text in WORDS.items())


def changes() -> str:
    """Every intervention by its file: what it does, its kind and its cost."""
    rows = []
    for path in sorted((PACKAGE / "interventions").glob("[!_]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        given = {node.target.id: node.value.value for node in ast.walk(tree)
                 if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
                 and isinstance(node.value, ast.Constant)}  # fmt: skip
        rows.append((f"`{path.stem}`", (ast.get_docstring(tree) or "").split("\n\n")[0],
                     given.get("kind", ""), given.get("cost", "")))  # fmt: skip
    return _table(("file", "what it does", "kind", "cost"), rows)


def document() -> str:
    """The schema, an object a section."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    parts = [schema["description"], "## The document", _fields(schema)]
    for name, of in schema["$defs"].items():
        parts += [f"## {name}", of.get("description", "")]
        parts.append(_fields(of) if "properties" in of else f"Type: {_type(of)}.")
    return "\n\n".join(part for part in parts if part)


MADE = {"commands": commands, "settings": settings, "words": words, "changes": changes,
        "json": document}  # fmt: skip


def _commands() -> dict[str, Any]:
    return typer.main.get_command(app).commands  # type: ignore[attr-defined, no-any-return]


def _command(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=f"unstuck {name}")
    usage = " ".join(command.get_usage(context).split())
    parts = [f"## {name}", f"```text\n{usage}\n```", command.help]
    for kind, title in (("argument", "argument"), ("option", "switch")):
        rows = [one.get_help_record(context) for one in command.params if one.param_type_name == kind]
        if any(rows):
            parts.append(
                _table(
                    (title, "what it does"),
                    [(f"`{shown.strip()}`", text) for shown, text in filter(None, rows)],
                )
            )
    return "\n\n".join(parts)


def _fields(of: dict[str, Any]) -> str:
    needed = of.get("required", ())
    return _table(
        ("field", "type", "what it holds"),
        [
            (f"`{name}`" if name in needed else f"*`{name}`*", _type(field), field.get("description"))
            for name, field in of.get("properties", {}).items()
        ],
    )


def _type(field: dict[str, Any]) -> str:
    """A type of the schema in words, with links to other objects."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "anyOf" in field:
        return " or ".join(map(_type, field["anyOf"]))
    if "const" in field or "enum" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array" and isinstance(field.get("items"), dict):
        return f"list of {_type(field['items'])}"
    kinds = field.get("type", "anything")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    return "\n".join((_row(head), _row(["---"] * len(head)), *map(_row, rows)))


def _row(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(cell: Any) -> str:
    return " ".join(str("" if cell is None else cell).split()).replace("|", "\\|")
