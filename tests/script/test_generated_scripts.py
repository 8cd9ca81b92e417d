"""Edits of generated scripts: they parse, change their spans and nothing else, and are done once."""

from __future__ import annotations

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.script import Call, Edit, Script
from unstuck.script.modernising import modernised
from unstuck.script.old_spellings import old_spellings
from unstuck.script.spellings import ARGUMENTS, WITHOUT_MEANING, kind_of

PACKAGES = st.sampled_from(["keras", "tensorflow.keras", "tensorflow.python.keras"])
NUMBERS = st.integers(1, 512).map(str)
RATES = st.sampled_from(["0.1", "1e-3", ".5", "LR", "1 / 3"])
WORDS = st.sampled_from(["'relu'", '"tanh"', "'sigmoid'", "None"])
GAPS = st.sampled_from(["", " ", "\n    ", "  # größe\n    "])
NAMES = {
    "Dense": ("output_dim", "units", "init", "activation", "W_regularizer", "bias", "name"),
    "Dropout": ("p", "rate"), "LSTM": ("output_dim", "inner_activation", "consume_less", "dropout_U"),
    "BatchNormalization": ("mode", "momentum", "epsilon"),
    "Adam": ("lr", "learning_rate", "beta_1", "decay"), "SGD": ("lr", "momentum", "nesterov"),
    "fit": ("nb_epoch", "epochs", "batch_size", "show_accuracy", "workers", "verbose"),
}


@st.composite
def arguments(draw: st.DrawFn, kind: str, position: str | None = None) -> str:
    """The text between the brackets of a call, laid out in one of many ways."""
    names = draw(st.lists(st.sampled_from(NAMES[kind]), unique=True, max_size=5))
    for old, new in ARGUMENTS.get(kind, {}).items():
        if old in names and new in names:
            names.remove(new)  # Python would take both, Keras neither
    parts = [] if position is None else [position]
    for name in names:
        value = draw(WORDS if name in ("activation", "init", "inner_activation") else NUMBERS)
        sign = draw(st.sampled_from(["=", " = "]))
        parts.append(f"{name}{sign}{draw(RATES) if name in ('lr', 'learning_rate') else value}")
    gap = draw(GAPS)
    comma = draw(st.sampled_from(["", ","])) if parts else ""
    return gap + f",{gap or ' '}".join(parts) + comma + (gap if "\n" in gap else "")


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """A script that builds, compiles and fits a model, in a mixture of spellings."""
    package = draw(PACKAGES)
    module = draw(st.sampled_from(["layers", "layers.core"])) if package == "keras" else "layers"
    layers = draw(st.lists(st.sampled_from(["Dense", "Dropout", "LSTM", "BatchNormalization"]),
                           min_size=1, max_size=4))
    optimizer = draw(st.sampled_from(["Adam", "SGD"]))
    lines = [
        "# 第一", f"from {package}.{module} import Dense, Dropout, LSTM, BatchNormalization",
        f"from {package}.optimizers import Adam, SGD", f"from {package}.models import Sequential",
        "LR = 0.01", "model = Sequential()",
        *(f"model.add({kind}({draw(arguments(kind, draw(NUMBERS)))}))" if kind == "Dropout"
          and draw(st.booleans()) else f"model.add({kind}({draw(arguments(kind))}))"
          for kind in layers),
        f"model.compile(loss={draw(st.sampled_from(['chr(39)', repr('mse'), repr('logcosh')]))},"
        f" optimizer={optimizer}({draw(arguments(optimizer))}))",
        f"history = model.fit({draw(arguments('fit', 'x, y'))})",
    ]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    text = newline.join("\n".join(lines).split("\n")) + draw(st.sampled_from(["", newline]))
    return Script.parse(text)


def calls(script: Script) -> list[Call]:
    """Every call of a layer, an optimizer or `fit` in a source."""
    found = []
    for node in ast.walk(ast.parse(script.text)):
        if isinstance(node, ast.Call) and kind_of(ast.unparse(node.func)) in NAMES:
            start, end = (script.lines.offset(*place) for place in (
                (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)))
            assert start is not None and end is not None
            call = script.call(script.lines.span(start, end))
            assert call is not None
            found.append(call)
    return found


def outside(script: Script, edits: tuple[Edit, ...]) -> list[bytes]:
    """The text between the edits."""
    pieces, done = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        pieces.append(script.lines.data[done : edit.start])
        done = edit.end
    return [*pieces, script.lines.data[done:]]


@settings(max_examples=120)
@given(scripts(), st.data())
def test_an_argument_is_set_in_its_place_and_once(script: Script, data: st.DataObject) -> None:
    call = data.draw(st.sampled_from(calls(script)))
    kind = kind_of(call.callee)
    today = sorted({ARGUMENTS.get(kind, {}).get(name, name) for name in NAMES[kind]}
                   - WITHOUT_MEANING.get(kind, frozenset()))
    name, code = data.draw(st.sampled_from(today)), data.draw(NUMBERS)
    position = 0 if name == "rate" else None
    edits = call.set_argument(name, code, position=position)
    assert edits is not None
    after = script.apply(edits)  # raises where it does not parse
    kept = after.lines.data
    for piece in outside(script, edits):
        place = kept.find(piece)
        assert place >= 0
        kept = kept[place + len(piece) :]
    again = next(other for other in calls(after) if other.start == call.start)
    argument = again.argument(name, position)
    assert argument is not None and argument.code == code
    assert again.set_argument(name, code, position=position) == ()
    written = {word.arg for word in ast.walk(ast.parse(after.text)) if isinstance(word, ast.keyword)}
    before = {word.arg for word in ast.walk(ast.parse(script.text)) if isinstance(word, ast.keyword)}
    assert len(written - before) <= 1


@settings(max_examples=120)
@given(scripts())
def test_todays_spelling_parses_and_is_written_once(script: Script) -> None:
    after, left = modernised(script)
    assert modernised(after)[0].data == after.data
    assert all(old.edits is None for old in left)
    if not left:
        assert old_spellings(after) == ()
    tree = ast.parse(after.text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and kind_of(ast.unparse(node.func)) in NAMES:
            kind = kind_of(ast.unparse(node.func))
            names = {word.arg for word in node.keywords}
            assert not names & (set(ARGUMENTS.get(kind, ())) | WITHOUT_MEANING.get(kind, set()))
        if isinstance(node, ast.ImportFrom):
            assert node.module in ("keras.layers", "keras.optimizers", "keras.models")
    original = ast.parse(script.text)
    assert len(tree.body) == len(original.body) + ("import keras" in after.text)


@settings(max_examples=60)
@given(scripts())
def test_each_old_spelling_is_told_with_its_line(script: Script) -> None:
    for old in old_spellings(script):
        name = old.old.removesuffix("=").split(",")[0]
        near = "\n".join(script.text.splitlines()[old.line - 1 : old.line + 12])
        assert name.strip("'") in near
