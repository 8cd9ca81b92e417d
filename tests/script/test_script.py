"""The user's source: what is left alone, what is changed and how, and that all else stays."""

from __future__ import annotations

import ast
import codecs
import io
import sys
import tokenize
from collections.abc import Callable
from pathlib import Path
from types import CodeType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unstuck.script import Argument, Call, Edit, EditConflict, Script, Span

Edits = tuple[Edit, ...] | None


def place(script: Script, text: str, nth: int = 0) -> Span:
    """The span of the nth occurrence of a text in a script."""
    data, start = script.lines.data, -1
    for _ in range(nth + 1):
        start = data.index(text.encode(), start + 1)
    return script.lines.span(start, start + len(text.encode()))


def find(source: str | Script, text: str, nth: int = 0) -> Call:
    script = Script.parse(source) if isinstance(source, str) else source
    call = script.call(place(script, text, nth))
    assert call is not None, f"no call {text!r} in {script.text!r}"
    return call


def changed(call: Call, edits: Edits) -> str:
    assert edits is not None, "an edit was expected"
    return Script.parse(call.tree.text).apply(edits).text


def units(call: Call) -> Edits:
    return call.set_argument("units", "16", position=0)


def rate(call: Call) -> Edits:
    return call.set_argument("learning_rate", "0.1")


def no_activation(call: Call) -> Edits:
    return call.remove_argument("activation", position=1)


def more_epochs(call: Call) -> Edits:
    return call.set_definition("epochs", "120")


def line_before(call: Call) -> Edits:
    return call.insert_statement_before("x = x / 255")


def remove(call: Call) -> Edits:
    return call.remove_layer()


def before(call: Call) -> Edits:
    return call.insert_layer("Norm()", where="before")


def after(call: Call) -> Edits:
    return call.insert_layer("Norm()", where="after")


def where_read(call: Call) -> Edits:
    return call.insert_layer_where_read("Norm()")


@pytest.mark.parametrize(
    ("source", "text", "edit"),
    [
        pytest.param("SGD(**settings)", "SGD(**settings)", rate, id="hidden in a mapping"),
        pytest.param("SGD(*settings)", "SGD(*settings)", rate, id="hidden in a sequence"),
        pytest.param(
            "D(*a, 4)", "D(*a, 4)", units, id="the first positional may be in the sequence"
        ),
        pytest.param("D(*a)", "D(*a)", no_activation, id="what may be hidden is not removed"),
        pytest.param(
            "D(4, 'relu', True)", "D(4, 'relu', True)", no_activation, id="moves others up"
        ),
        pytest.param(
            "D(4, 'relu', *a)", "D(4, 'relu', *a)", no_activation, id="moves a sequence up"
        ),
        pytest.param("f(i for i in y)", "f(i for i in y)", rate, id="a sole generator stays sole"),
        pytest.param("fit(epochs=12)", "fit(epochs=12)", more_epochs, id="no name, no definition"),
        pytest.param(
            "n = 4\nn = 12\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="bound twice"
        ),
        pytest.param("n = 4\nn += 1\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="augmented"),
        pytest.param(
            "for n in 1, 2: fit(epochs=n)", "fit(epochs=n)", more_epochs, id="loop target"
        ),
        pytest.param(
            "n = 4\ndef f():\n  global n\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="global"
        ),
        pytest.param(
            "n = 4\nmatch v:\n  case [n]: pass\nfit(epochs=n)",
            "fit(epochs=n)",
            more_epochs,
            id="match",
        ),
        pytest.param("n = 4\ndel n\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="deleted"),
        pytest.param("n = k()\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="computed"),
        pytest.param(
            "n = m = 4\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="two names at once"
        ),
        pytest.param("n, m = 4, 5\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="unpacked"),
        pytest.param("n = 4, 5\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="not one value"),
        pytest.param(
            "if a:\n  n = 4\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="conditional"
        ),
        pytest.param(
            "def f():\n  fit(epochs=n)\nn = 4", "fit(epochs=n)", more_epochs, id="assigned after it"
        ),
        pytest.param(
            "def f(n=4):\n  fit(epochs=n)", "fit(epochs=n)", more_epochs, id="a parameter"
        ),
        pytest.param(
            "class A:\n  n = 4\n  def f(self): fit(epochs=n)",
            "fit(epochs=n)",
            more_epochs,
            id="class",
        ),
        pytest.param(
            "n = 4\nfit(epochs=n)\nfit(x, n)", "fit(epochs=n)", more_epochs, id="read elsewhere too"
        ),
        pytest.param("a(); b()", "b()", line_before, id="two statements on a line"),
        pytest.param("if a: b()", "b()", line_before, id="a body on the line of its header"),
        pytest.param("while b(): pass", "b()", line_before, id="the header of a loop"),
        pytest.param("D(4)", "D(4)", remove, id="a layer in no network"),
        pytest.param("h = D(4)\ny = h(x)", "D(4)", remove, id="a layer with a name of its own"),
        pytest.param("h = D(4)\ny = h(x)", "D(4)", after, id="the same, insertion"),
        pytest.param("i = I()\nf(i)\ng(i)", "I()", where_read, id="read by two calls"),
        pytest.param("i = I()\ni = f(i)", "I()", where_read, id="a name of two values"),
        pytest.param("i = I()\ny = M(i)\ny = i + y", "I()", where_read, id="read by no call too"),
        pytest.param("i = I()\ny = f(*i)", "I()", where_read, id="read as several values"),
        pytest.param("i = I()\ny = [i, 2]", "I()", where_read, id="read in a list of its own"),
        pytest.param("i = I()\nModel(i, i)", "I()", where_read, id="read by a model only"),
        pytest.param("i, j = I(), I2()\nf(i)", "I()", where_read, id="named with others"),
        pytest.param("i = j = I()\nf(i)", "I()", where_read, id="two names at once, both readable"),
        pytest.param("y = f(I())", "I()", where_read, id="without a name"),
        pytest.param("y = m.add(D(4))", "D(4)", remove, id="the result of add is used"),
        pytest.param("a(); m.add(D(4))", "D(4)", remove, id="add shares its line"),
        pytest.param("if a: m.add(D(4))", "D(4)", remove, id="add shares the line of its header"),
        pytest.param("make().add(D(4))", "D(4)", after, id="make() would run twice"),
        pytest.param("m.insert(D(4))", "D(4)", after, id="not add"),
        pytest.param("m.add(1, D(4))", "D(4)", after, id="not the first argument of add"),
        pytest.param("s = [D(4) for _ in x]", "D(4)", remove, id="a comprehension"),
        pytest.param("s = [D(4)] * 3", "D(4)", remove, id="one element that counts three times"),
        pytest.param("s = D(4), D(2)", "D(4)", remove, id="a tuple without brackets"),
        pytest.param("y = D(4)(*x)", "D(4)", remove, id="applied to a hidden value"),
        pytest.param("y = D(4)(i for i in x)", "D(4)", before, id="applied to a bare generator"),
        pytest.param("y = D(4)()", "D(4)", before, id="applied to nothing"),
    ],
)
def test_places_left_alone(source: str, text: str, edit: Callable[[Call], Edits]) -> None:
    assert edit(find(source, text)) is None


@pytest.mark.parametrize(
    ("source", "text", "edit"),
    [
        pytest.param("D(16)", "D(16)", units, id="already so, by position"),
        pytest.param("D(units=16)", "D(units=16)", units, id="already so, by keyword"),
        pytest.param("D(4, use_bias=True)", "D(4, use_bias=True)", no_activation, id="not there"),
        pytest.param(
            "n = 120\nfit(epochs=n)", "fit(epochs=n)", more_epochs, id="already defined so"
        ),
    ],
)
def test_nothing_to_do(source: str, text: str, edit: Callable[[Call], Edits]) -> None:
    assert edit(find(source, text)) == ()


@pytest.mark.parametrize(
    "source", ['f"{D(4)}"', "f'{x:{D(4)}}'", "# D(4)", "'D(4)'", "x = 'é'; D(4 )"]
)
def test_no_call_is_offered_in_strings_comments_or_at_half_a_span(source: str) -> None:
    script = Script.parse(source)
    text = "D(4 " if "D(4 " in source else "D(4)"
    assert script.call(place(script, text)) is None
    assert script.call(Span(9, 0, 9, 3)) is None
    assert script.call(Span(1, 0, 1, 900)) is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("S()", "S(learning_rate=0.1)", id="no arguments"),
        pytest.param("S(  )", "S(  learning_rate=0.1)", id="blanks only"),
        pytest.param("S(  # none\n)", "S(  # none\nlearning_rate=0.1)", id="a comment only"),
        pytest.param("S(1)", "S(1, learning_rate=0.1)", id="one argument"),
        pytest.param("S((1))", "S((1), learning_rate=0.1)", id="an argument in parentheses"),
        pytest.param("S(1,)", "S(1, learning_rate=0.1,)", id="a trailing comma"),
        pytest.param("S(1, )", "S(1, learning_rate=0.1, )", id="a trailing comma and a blank"),
        pytest.param("S(a = 1)", "S(a = 1, learning_rate = 0.1)", id="blanks around the sign"),
        pytest.param("S(f(x, y=(1,)))", "S(f(x, y=(1,)), learning_rate=0.1)", id="nested call"),
        pytest.param("S(1  # one\n)", "S(1, learning_rate=0.1  # one\n)", id="a comment, one line"),
        pytest.param("S(1, \\\n  2)", "S(1, \\\n  2,\n  learning_rate=0.1)", id="continued line"),
        pytest.param(
            "S(1,\n  a=2)", "S(1,\n  a=2,\n  learning_rate=0.1)", id="arguments below each other"
        ),
        pytest.param(
            "S(\n\t1,\n\ta=[\n\t\t2,\n\t],  # é, (\n)",
            "S(\n\t1,\n\ta=[\n\t\t2,\n\t],  # é, (\n\tlearning_rate=0.1,\n)",
            id="tabs, a comment, a trailing comma",
        ),
        pytest.param(
            "S(\n    1,  # one\n    a=2  # two\n)",
            "S(\n    1,  # one\n    a=2,  # two\n    learning_rate=0.1\n)",
            id="a comment, no trailing comma",
        ),
        pytest.param("S(1\n  , a=2\n  )", "S(1\n  , a=2, learning_rate=0.1\n  )", id="commas lead"),
        pytest.param("S(learning_rate=1)", "S(learning_rate=0.1)", id="a value"),
        pytest.param(
            "S(learning_rate=(1\n+ 2), **k)", "S(learning_rate=0.1, **k)", id="hidden rest"
        ),
        pytest.param("S(learning_rate=(y := 3))", "S(learning_rate=0.1)", id="walrus"),
        pytest.param(
            "S(learning_rate=1 if a else f'{b}')", "S(learning_rate=0.1)", id="expression"
        ),
        pytest.param("S('é', learning_rate=1)", "S('é', learning_rate=0.1)", id="accent before it"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_set_argument(source: str, expected: str, newline: str) -> None:
    frame = "@é\ndef f(): pass\nx = 'é'; y = {}; z = 1  # S()\n"
    source, expected = source.replace("\n", newline), expected.replace("\n", newline)
    whole = frame.replace("\n", newline).format(source)
    call = find(whole, source)
    result = changed(call, rate(call))
    assert result == frame.replace("\n", newline).format(expected)
    again = find(result, expected)
    assert rate(again) == ()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("D(4, 'relu')", "D(4)", id="the last, by position"),
        pytest.param("D(4, 'relu', use_bias=True)", "D(4, use_bias=True)", id="keywords follow"),
        pytest.param("D(4, 'relu',)", "D(4,)", id="a trailing comma stays"),
        pytest.param("D(activation='relu')", "D()", id="the only one"),
        pytest.param("D(activation='relu',)", "D()", id="the only one and its comma"),
        pytest.param("D(activation='relu', units=4)", "D(units=4)", id="the first"),
        pytest.param("D(4, activation='relu', **k)", "D(4, **k)", id="in sight, others hidden"),
        pytest.param("D(4,\n  activation='relu')", "D(4)", id="the last, on a new line"),
        pytest.param(
            "D(4,  # four\n  activation='r')", "D(4  # four\n  )", id="not others' comments"
        ),
        pytest.param("D(4,  # é\n  activation='r',)", "D(4,  # é\n  )", id="the same, with comma"),
        pytest.param(
            "D(\n  4,  # four\n  activation='r',  # why\n  b=1,\n)",
            "D(\n  4,  # four\n  b=1,\n)",
            id="its line and comment go",
        ),
        pytest.param(
            "D(\n  4,  # four\n  activation='r'  # why\n)", "D(\n  4  # four\n)", id="the last line"
        ),
        pytest.param(
            "D(\n  4,\n  activation='r',\n)", "D(\n  4,\n)", id="the last line with comma"
        ),
        pytest.param("D(\n  activation='r'\n)", "D(\n)", id="the only line"),
        pytest.param("D(\n  activation='r', b=1,\n)", "D(\n  b=1,\n)", id="a shared line"),
        pytest.param("D(4\n  , activation='r'\n  , b=1)", "D(4\n  , b=1)", id="leading commas"),
        pytest.param("D(4\n  , activation='r'\n  )", "D(4\n  )", id="leading comma, last"),
        pytest.param(
            "D(activation=(\n  'r'),  # why\n  b=1)",
            "D(  # why\n  b=1)",
            id="first, then a comment",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_remove_argument(source: str, expected: str, newline: str) -> None:
    source, expected = source.replace("\n", newline), expected.replace("\n", newline)
    call = find(f"x = {source}{newline}", source)
    assert changed(call, no_activation(call)) == f"x = {expected}{newline}"
    rest = find(f"x = {expected}{newline}", expected)
    assert no_activation(rest) == (None if rest.has_hidden_arguments else ())


def test_an_argument_says_where_and_what_it_is() -> None:
    script = Script.parse("x = 'é'; m.fit(x, (2,), epochs=n)")
    call = find(script, "m.fit(x, (2,), epochs=n)")
    assert call.callee == "m.fit"
    assert call.argument("epochs") == Argument(
        code="n", span=Span(1, 32, 1, 33), start=32, end=33, keyword=True, is_literal=False
    )
    batch = call.argument("batch", 1)
    assert batch is not None and batch.code == "(2,)" and batch.is_literal and not batch.keyword
    assert script.excerpt(batch.span) == "(2,)"
    assert call.argument("z", 2) is None, "a keyword of another name is not the third positional"
    assert call.argument("z", 9) is None
    assert not call.has_hidden_arguments


@pytest.mark.parametrize(
    ("code", "literal"),
    [
        ("-1e-3", True),
        ("'a' 'b'", True),
        ("None", True),
        ("'\\d'", True),
        ("[1]", True),
        ("f'a'", False),
        ("1 / 3", False),
        ("x", False),
        ("f(1)", False),
    ],
)
def test_literals(code: str, literal: bool) -> None:
    argument = find(f"f(a={code})", f"f(a={code})").argument("a")
    assert argument is not None and argument.is_literal is literal


@pytest.mark.parametrize(
    ("source", "code", "expected"),
    [
        ("y = D(4)(x)", "L(4)", "y = L(4)(x)"),
        ("y = D(4)(x)", "lambda v: v", "y = (lambda v: v)(x)"),
        ("f(D(4))", "a if b else c", "f(a if b else c)"),
        ("f(D(4))", "a, b", "f((a, b))"),
        ("y = D(4) ** 2", "-1", "y = (-1) ** 2"),
        ("y = (D(4)) ** 2", "-1", "y = (-1) ** 2"),
        ("f(*D(4))", "a or b", "f(*(a or b))"),
    ],
)
def test_replace(source: str, code: str, expected: str) -> None:
    call = find(source, "D(4)")
    assert changed(call, call.replace(code)) == expected


def test_code_that_is_no_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Python expression"):
        find("D(4)", "D(4)").set_argument("units", "16)")


@pytest.mark.parametrize(
    ("source", "removed", "put_before", "put_after"),
    [
        pytest.param(
            "if a:\n\tm.add(D(4)) ;  # é\n\tm.go()\n",
            "if a:\n\tm.go()\n",
            "if a:\n\tm.add(Norm())\n\tm.add(D(4)) ;  # é\n\tm.go()\n",
            "if a:\n\tm.add(D(4)) ;  # é\n\tm.add(Norm())\n\tm.go()\n",
            id="a statement",
        ),
        pytest.param(
            "if a:\n  self.m.add(layer=D(4))",
            "if a:\n  pass",
            "if a:\n  self.m.add(Norm())\n  self.m.add(layer=D(4))",
            "if a:\n  self.m.add(layer=D(4))\n  self.m.add(Norm())",
            id="the only statement of a block, no newline at the end",
        ),
        pytest.param(
            "m.add(\n  D(4)\n)\nm.go()",
            "m.go()",
            "m.add(Norm())\nm.add(\n  D(4)\n)\nm.go()",
            "m.add(\n  D(4)\n)\nm.add(Norm())\nm.go()",
            id="a statement on three lines",
        ),
        pytest.param(
            "S([A(), D(4), B()])",
            "S([A(), B()])",
            "S([A(), Norm(), D(4), B()])",
            "S([A(), D(4), Norm(), B()])",
            id="a list on one line",
        ),
        pytest.param(
            "S([\n  A(),\n  D(4),  # é\n  B()\n])",
            "S([\n  A(),\n  B()\n])",
            "S([\n  A(),\n  Norm(),\n  D(4),  # é\n  B()\n])",
            "S([\n  A(),\n  D(4),  # é\n  Norm(),\n  B()\n])",
            id="a list on many lines",
        ),
        pytest.param(
            "S([\n  A(),\n  D(4)  # é\n])",
            "S([\n  A()\n])",
            "S([\n  A(),\n  Norm(),\n  D(4)  # é\n])",
            "S([\n  A(),\n  D(4),  # é\n  Norm()\n])",
            id="the last of a list",
        ),
        pytest.param(
            "S([(D(4))])", "S([])", "S([Norm(), (D(4))])", "S([(D(4)), Norm()])", id="parentheses"
        ),
        pytest.param(
            "S((A(), D(4)))",
            "S((A(),))",
            "S((A(), Norm(), D(4)))",
            "S((A(), D(4), Norm()))",
            id="the last of a pair",
        ),
        pytest.param(
            "S((D(4), A()))",
            "S((A(),))",
            "S((Norm(), D(4), A()))",
            "S((D(4), Norm(), A()))",
            id="the first of a pair",
        ),
        pytest.param(
            "S((\n  A(),\n  D(4)\n))",
            "S((\n  A(),\n))",
            "S((\n  A(),\n  Norm(),\n  D(4)\n))",
            "S((\n  A(),\n  D(4),\n  Norm()\n))",
            id="a pair on two lines",
        ),
        pytest.param(
            "S((D(4),))", "S(())", "S((Norm(), D(4),))", "S((D(4), Norm(),))", id="a tuple"
        ),
        pytest.param(
            "y = D(4)(x)", "y = x", "y = D(4)(Norm()(x))", "y = Norm()(D(4)(x))", id="applied"
        ),
        pytest.param(
            "def f(x):\n  x = D(4)(x)  # é\n  return x\n",
            "def f(x):\n  return x\n",
            "def f(x):\n  x = D(4)(Norm()(x))  # é\n  return x\n",
            "def f(x):\n  x = Norm()(D(4)(x))  # é\n  return x\n",
            id="applied to the name it is assigned to",
        ),
        pytest.param(
            "y = D(4)(a + b) * 2",
            "y = (a + b) * 2",
            "y = D(4)(Norm()(a + b)) * 2",
            "y = Norm()(D(4)(a + b)) * 2",
            id="applied to an expression",
        ),
        pytest.param(
            "y = D(4)(\n  a\n  .b, training=True\n)",
            "y = (a\n  .b)",
            "y = D(4)(\n  Norm()(a\n  .b), training=True\n)",
            "y = Norm()(D(4)(\n  a\n  .b, training=True\n))",
            id="applied on many lines",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_layers(source: str, removed: str, put_before: str, put_after: str, newline: str) -> None:
    source, *expected = (x.replace("\n", newline) for x in (source, removed, put_before, put_after))
    call = find(source, "D(4)")
    assert [changed(call, edit(call)) for edit in (remove, before, after)] == expected


@pytest.mark.parametrize(("source", "put"), [
    ("i = I()\ny = f(i, 4)\nm = k.Model(i, y)", "i = I()\ny = f(Norm()(i), 4)\nm = k.Model(i, y)"),
    ("i = I()\nModel(inputs=[i], outputs=f(x=i))",
     "i = I()\nModel(inputs=[i], outputs=f(x=Norm()(i)))"),
    ("i = I()\ny = C()([i, j])", "i = I()\ny = C()([Norm()(i), j])"),
    ("def f(i): return D()(i)\ndef g():\n  i = I()\n  return Model(i, f(i))",
     "def f(i): return D()(i)\ndef g():\n  i = I()\n  return Model(i, f(Norm()(i)))"),
])
def test_a_layer_goes_where_a_value_is_worked_on(source: str, put: str) -> None:
    call = find(source, "I()")
    assert changed(call, where_read(call)) == put


def test_nested_layers_go_in_one_step() -> None:
    script = Script.parse("y = A(1)(B(2)(C(3)(x)))\n")
    edits = [find(script, text).remove_layer() for text in ("A(1)", "B(2)")]
    assert script.apply(edit for some in edits for edit in some or ()).text == "y = C(3)(x)\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("n = 12  # é\nfit(epochs=n)", "n = 120  # é\nfit(epochs=n)"),
        ("n: int = 12\nfit(epochs=n)", "n: int = 120\nfit(epochs=n)"),
        ("n = 12\ndef f():\n  fit(epochs=n)", "n = 120\ndef f():\n  fit(epochs=n)"),
        ("def f():\n  n = 12\n  fit(epochs=n)", "def f():\n  n = 120\n  fit(epochs=n)"),
        ("if a:\n  n = 12\n  fit(epochs=n)", "if a:\n  n = 120\n  fit(epochs=n)"),
        ("with a:\n  n = 12\nfit(epochs=n)", "with a:\n  n = 120\nfit(epochs=n)"),
    ],
)
def test_set_definition(source: str, expected: str) -> None:
    call = find(source, "fit(epochs=n)")
    definition = call.assigned_argument("epochs")
    assert definition is not None and definition.code == "12" and definition.is_literal
    assert changed(call, more_epochs(call)) == expected


def test_a_shared_definition_is_changed_only_on_request() -> None:
    call = find("n = 12\nfit(x, n)\nplot(n)\n", "fit(x, n)")
    assert call.set_definition("epochs", "5", 1) is None
    edits = call.set_definition("epochs", "5", 1, shared=True)
    assert changed(call, edits) == "n = 5\nfit(x, n)\nplot(n)\n"


def test_a_statement_is_put_before_the_one_with_the_call() -> None:
    source = "if __name__ == '__main__':\r\n\t# é\r\n\th = m.fit(x,\r\n\t\ty);  # go\r\n"
    call = find(source, "m.fit(x,\r\n\t\ty)")
    assert changed(call, call.insert_statement_before("x = x / 255\ny = y - 1")) == source.replace(
        "\th =", "\tx = x / 255\r\n\ty = y - 1\r\n\th ="
    )


@pytest.mark.parametrize(
    ("source", "loop", "function"),
    [
        ("D(4)", False, False),
        ("if __name__ == '__main__':\n  D(4)", False, False),
        ("for i in x:\n  D(4)", True, False),
        ("for i in D(4): pass", False, False),
        ("for i in x: pass\nelse: D(4)", False, False),
        ("while D(4): pass", True, False),
        ("[D(4) for i in x]", True, False),
        ("[i for i in D(4)]", False, False),
        ("[i for j in x for i in D(4)]", True, False),
        ("{i: i for i in x if D(4)}", True, False),
        ("def f():\n  return D(4)", False, True),
        ("def f(a=D(4)): pass", False, False),
        ("@D(4)\ndef f(): pass", False, False),
        ("g = lambda: D(4)", False, True),
        ("class A:\n  D(4)", False, False),
        ("for i in x:\n  def f(): D(4)", True, True),
    ],
)
def test_where_a_call_stands(source: str, loop: bool, function: bool) -> None:
    call = find(source, "D(4)")
    assert (call.in_loop_or_comprehension, call.in_function) == (loop, function)


ADAM = "keras.optimizers.Adam"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        pytest.param("D(4)", None, id="no import"),
        pytest.param("D(4)\nimport keras", None, id="imported after it"),
        pytest.param("if a:\n  import keras\nD(4)", None, id="imported perhaps"),
        pytest.param("def f(): import keras\nD(4)", None, id="imported elsewhere"),
        pytest.param("import keras\nkeras = None\nD(4)", None, id="rebound"),
        pytest.param("import keras\ndef f(keras):\n  D(4)", None, id="shadowed"),
        pytest.param("from .keras.optimizers import Adam\nD(4)", None, id="another package"),
        pytest.param("from mine import keras\nD(4)", None, id="another keras"),
        pytest.param("import keras\nfrom mine import keras\nD(4)", None, id="rebound by an import"),
        pytest.param(
            "try: import keras\nexcept E: keras = 0\nD(4)", None, id="may be something else"
        ),
        pytest.param("from keras.optimizers import *\nD(4)", None, id="a star"),
        pytest.param("from keras.optimizers import Adam\nD(4)", "Adam", id="the class"),
        pytest.param("from keras.optimizers import Adam as A\nD(4)", "A", id="another name"),
        pytest.param("from keras import optimizers\nD(4)", "optimizers.Adam", id="the module"),
        pytest.param("import keras\nD(4)", ADAM, id="the package"),
        pytest.param("import keras.layers\nD(4)", ADAM, id="the package by a submodule"),
        pytest.param("import keras.optimizers as o\nD(4)", "o.Adam", id="a renamed submodule"),
        pytest.param("import numpy as np, keras as k\nD(4)", "k.optimizers.Adam", id="renamed"),
        pytest.param("import keras\ndef f():\n  [D(4) for i in x]", ADAM, id="in a function"),
        pytest.param("def f():\n  import keras\n  D(4)", ADAM, id="imported in the function"),
        pytest.param("import tensorflow as tf\nD(4)", "tf.keras.optimizers.Adam", id="tensorflow"),
        pytest.param("from tensorflow import keras\nD(4)", ADAM, id="keras of tensorflow"),
        pytest.param("from tensorflow.keras.optimizers import Adam\nD(4)", "Adam", id="its class"),
        pytest.param(
            "try: import keras\nexcept E: from tensorflow import keras\nD(4)",
            ADAM,
            id="either keras",
        ),
        pytest.param(
            "import tensorflow as tf\nfrom keras.optimizers import Adam\nD(4)",
            "Adam",
            id="shortest",
        ),
    ],
)
def test_imported_name(source: str, name: str | None) -> None:
    script = Script.parse(source)
    assert script.imported_name(ADAM, place(script, "D(4)")) == name


@pytest.mark.parametrize(
    ("source", "alias", "expected"),
    [
        pytest.param("import keras\nD(4)", "keras", "import keras\nD(4)", id="there"),
        pytest.param(
            "import keras as k\nD(4)", "k", "import keras as k\nD(4)", id="by another name"
        ),
        pytest.param("D(4)\n", "keras", "import keras\nD(4)\n", id="an empty head"),
        pytest.param(
            "#!/usr/bin/python\n# coding: utf-8\n\n# what\nD(4)",
            "keras",
            "#!/usr/bin/python\n# coding: utf-8\n\nimport keras\n# what\nD(4)",
            id="below the head, above the comment of the statement",
        ),
        pytest.param(
            "# coding: utf-8\nD(4)",
            "keras",
            "# coding: utf-8\nimport keras\nD(4)",
            id="coding line",
        ),
        pytest.param("'''é\n'''\nD(4)", "keras", "'''é\n'''\nimport keras\nD(4)", id="docstring"),
        pytest.param(
            "'''é'''\nfrom __future__ import annotations\nD(4)",
            "keras",
            "'''é'''\nfrom __future__ import annotations\nimport keras\nD(4)",
            id="the future",
        ),
        pytest.param(
            "import os  # é\nfrom a import (\n  b,\n)\nx = 1\ndef f():\n  D(4)\nimport sys\n",
            "keras",
            "import os  # é\nfrom a import (\n  b,\n)\nimport keras\nx = 1\ndef f():\n  D(4)\n"
            "import sys\n",
            id="after the last import that precedes it",
        ),
        pytest.param(
            "import os; D(4)\n", "keras", "import keras\nimport os; D(4)\n", id="shared line"
        ),
        pytest.param(
            "@g\ndef f():\n  D(4)", "keras", "import keras\n@g\ndef f():\n  D(4)", id="decorator"
        ),
        pytest.param(
            "keras = 1\nD(4)",
            "keras_module",
            "import keras as keras_module\nkeras = 1\nD(4)",
            id="the name is taken",
        ),
        pytest.param(
            "def f():\n  D(4)\n  import keras\nkeras_module = 1",
            "keras_module_",
            "import keras as keras_module_\ndef f():\n  D(4)\n  import keras\nkeras_module = 1",
            id="the name is local and not bound yet",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_module_alias(source: str, alias: str, expected: str, newline: str) -> None:
    script = Script.parse(source.replace("\n", newline))
    name, edits = script.module_alias("keras", place(script, "D(4)"))
    assert name == alias
    result = script.apply(edits)
    assert result.text == expected.replace("\n", newline)
    assert result.module_alias("keras", place(result, "D(4)")) == (alias, ())


def test_edits_are_applied_from_the_end_identical_ones_once_insertions_in_order() -> None:
    script = Script.parse("a = 'é'; b\n")
    edits = [
        Edit(start=10, end=11, replacement="c"),
        Edit(start=0, end=0, replacement="x = 1; "),
        Edit(start=10, end=10, replacement="y = "),
        Edit(start=0, end=0, replacement="y = 2; "),
        Edit(start=0, end=0, replacement="x = 1; "),
    ]
    assert script.apply(edits).text == "x = 1; y = 2; a = 'é'; y = c\n"


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([(0, 3, "x"), (2, 4, "y")], id="overlap"),
        pytest.param([(0, 3, "x"), (0, 3, "y")], id="two texts for one place"),
        pytest.param([(0, 3, "x"), (1, 1, "y")], id="insertion into what goes"),
        pytest.param([(0, 1, "(")], id="breaks the script"),
        pytest.param([(7, 8, "?")], id="half a character"),
        pytest.param([(90, 90, "")], id="beyond the end"),
    ],
)
def test_edits_that_do_not_go_together(edits: list[tuple[int, int, str]]) -> None:
    script = Script.parse("abc = 'é'\n")
    with pytest.raises(EditConflict):
        script.apply(Edit(start=start, end=end, replacement=text) for start, end, text in edits)


def test_an_impossible_edit() -> None:
    with pytest.raises(ValueError, match="from byte 2 to byte 1"):
        Edit(start=2, end=1, replacement="")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"x = 'a'; D(4)\r\ny\t=\t1 \n\n", id="mixed newlines"),
        pytest.param(b"x = 'a'; D(4)\ry = 1\r", id="old Mac newlines"),
        pytest.param(codecs.BOM_UTF8 + "x = 'é'; D(4)\r\n".encode(), id="byte order mark"),
        pytest.param("# -*- coding: latin-1 -*-\nx = 'é'; D(4)".encode("latin-1"), id="latin-1"),
        pytest.param(
            "#!python\n# vim: fileencoding=cp1251\nж = 'я'; D(4)".encode("cp1251"), id="1251"
        ),
        pytest.param("x = 'é\x0c\u2028\x85'; D(4)\n".encode(), id="not newlines to Python"),
        pytest.param(b"if 1:\n\tx = 1; D(4)", id="tab, no newline at the end"),
        pytest.param(b"x = '\\d'; D(4)\n", id="an odd escape"),
    ],
)
def test_every_other_byte_stays(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_bytes(data)
    script = Script.read(path)
    assert script.data == data and script.apply([]) is script
    call = find(script, "D(4)")
    result = script.apply(units(call) or ())
    assert result.data == data.replace(b"D(4)", b"D(16)")
    assert (result.path, result.encoding) == (path, script.encoding)
    assert Script.parse(script.text).call(call.span) is not None


def test_a_script_that_the_parser_does_not_keep_byte_for_byte_is_left_alone() -> None:
    script = Script.parse("x = 1\n\x0cD(4)\n")
    at = place(script, "D(4)")
    assert script.excerpt(at) == "D(4)"
    assert script.call(at) is None and script.imported_name(ADAM, at) is None
    with pytest.raises(ValueError, match="cannot be analysed"):
        script.module_alias("keras", at)


def test_text_that_the_encoding_lacks_is_refused() -> None:
    script = Script.parse("# coding: latin-1\nD('é')\n")
    call = find(script, "D('é')")
    with pytest.raises(EditConflict, match="latin"):
        script.apply(call.set_argument("name", "'→'", position=0) or ())


def test_an_edit_that_would_move_the_coding_comment_is_refused() -> None:
    script = Script.parse("# coding: latin-1\nx = 'e'\n")
    with pytest.raises(EditConflict, match="encoding"):
        script.apply([Edit(start=0, end=0, replacement="a = 1\nb = 2\n")])


def test_a_file_that_its_encoding_would_write_otherwise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_bytes(b"# coding: iso2022_jp\nx = '\x1b$B$\"\x1b(B\x1b(B'; D(4)\n")
    script = Script.read(path)
    call = find(script, "D(4)")
    with pytest.raises(EditConflict, match="byte for byte"):
        script.apply(units(call) or ())


@pytest.mark.parametrize(
    "data", [b"x = (", b"# coding: nonsense\n", b"x = '\xe9'", b"return", b"await x", b"x\0"]
)
def test_a_broken_file_is_a_syntax_error_as_in_python(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_bytes(data)
    with pytest.raises(SyntaxError):
        Script.read(path)


def test_a_cell_may_await_at_top_level() -> None:
    assert Script.parse("x = await f(1)\n").line(1) == "x = await f(1)"


def test_lines_and_excerpts() -> None:
    script = Script.parse("é = 1\r\nf(é,\r\n  2)\r\n")
    assert [script.line(n) for n in (1, 2, 4)] == ["é = 1", "f(é,", ""]
    assert script.excerpt(Span(2, 0, 3, 4)) == "f(é,\r\n  2)"
    with pytest.raises(IndexError, match="no line 5"):
        script.line(5)
    with pytest.raises(ValueError, match="has no Span"):
        script.excerpt(Span(2, 0, 3, 5))


def test_the_diff() -> None:
    script = Script.parse("a = 1\r\nb = '\x0c'\r\nD(4)", path=Path("somewhere/train.py"))
    other = script.apply(units(find(script, "D(4)")) or ())
    assert script.diff(script) == ""
    assert script.diff(other, context=1, other_name="repaired.py") == (
        "--- train.py\n+++ repaired.py\n@@ -2,2 +2,2 @@\n b = '\x0c'\n"
        "-D(4)\n\\ No newline at end of file\n+D(16)\n\\ No newline at end of file\n"
    )


RUN = """\
rec(1)
é = rec("é", rec(2))
(o
  .fit(1,
   2))
o.a.b.fit(
  1)
o.a \\
  .b.fit(1)
(o.fit(1)
 .compile(2)
 .héfit(3))
rec(1)(2)
(rec
)(
3)(4)
o.fit(*[1], **{})
(o.
 fit(*[1], **{"a": 1}))
[rec(i) for i in range(1)]
(lambda: rec(5))()
@rec(1)
@rec(
  2)
def f(): pass
if 1:
\tx = rec(1) ; y = {"a": [rec(2), (rec(3))], "é": rec(4)(5)}
with rec() as r: pass
rec(rec(1), *[rec(2)], k=rec(
  3))
"""


class Recorder:
    """An object whose calls record where the source says they are made."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.a = self.b = self

    def __call__(self, *args: object, **kwargs: object) -> Recorder:
        frame = sys._getframe(1)
        line, end_line, column, end_column = list(frame.f_code.co_positions())[frame.f_lasti // 2]
        assert line and end_line and column is not None and end_column is not None
        self.spans.append(Span(line, column, end_line, end_column))
        return self

    def __getattr__(self, name: str) -> Recorder:
        return self

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *args: object) -> None:
        pass


def code_of(data: bytes) -> CodeType:
    return compile(data, "train.py", "exec")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("head", [b"", codecs.BOM_UTF8, b"# coding: latin-1\n"])
def test_every_call_that_runs_is_found_by_its_frame(newline: str, head: bytes) -> None:
    encoding = "latin-1" if b"latin" in head else "utf-8"
    data = head + RUN.replace("\n", newline).encode(encoding)
    recorder = Recorder()
    exec(code_of(data), {"rec": recorder, "o": recorder})
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    script = Script.parse(text)
    calls = [script.call(span) for span in recorder.spans]
    written = sum(isinstance(node, ast.Call) for node in ast.walk(ast.parse(RUN)))
    assert len(calls) == written - len(["range", "lambda"]) + len(["@rec(1)", "@rec(2)"])
    found = [call for call in calls if call is not None]
    assert len(found) == len(calls), [
        s for s, c in zip(recorder.spans, calls, strict=True) if not c
    ]
    assert {call.callee.replace(newline, "\n") for call in found} >= {
        "rec",
        "o\n  .fit",
        "o.a \\\n  .b.fit",
        "o.fit(1)\n .compile(2)\n .héfit",
        "(rec\n)",
        "rec(4)",
        "o.\n fit",
    }
    assert all(script.excerpt(call.span).endswith(")") for call in found)


NAMES = ("units", "activation", "name", "seed")
VALUES = (
    "4",
    "'é'",
    "(1, 2)",
    "[\n 1,\n]",
    "f(x, y=1)",
    "(3)",
    "x",
    "{'a': '#,)'}",
    "-1e-3",
    "a if b else c",
)
GAPS = ("", " ", "\n  ", "  # é, (\n\t", " \\\n ", "\n")


def laid_out(draw: st.DrawFn, items: list[str]) -> str:
    """Items with commas between and perhaps one at the end, in any layout, with comments."""
    gap = st.sampled_from(GAPS)
    text = ",".join(draw(gap) + item + draw(gap) for item in items)
    comma_at_end = draw(st.booleans())
    return text + ("," if items and comma_at_end else "") + draw(gap)


@st.composite
def call_texts(draw: st.DrawFn) -> str:
    """A call `D(...)` with positional arguments first, then keywords, in any layout."""
    positional = draw(st.integers(0, 2))
    keywords = draw(st.permutations(NAMES[positional:]))[: draw(st.integers(0, 2))]
    value = st.sampled_from(VALUES)
    items = [draw(value) for _ in range(positional)]
    items += [f"{name}{draw(st.sampled_from(('=', ' = ')))}{draw(value)}" for name in keywords]
    return f"D({laid_out(draw, items)})"


@st.composite
def layer_texts(draw: st.DrawFn) -> tuple[list[str], str]:
    """The elements of a list or tuple, and its text in any layout."""
    names = draw(st.lists(st.integers(0, 9).map("L{}()".format), min_size=1, max_size=4))
    opening, closing = draw(st.sampled_from((("[", "]"), ("(", ")"))))
    inside = laid_out(draw, names)
    if opening == "(" and len(names) == 1 and not inside.rstrip().endswith(","):
        inside = f"{names[0]},"
    return names, opening + inside + closing


@st.composite
def scripts(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> tuple[bytes, str, bytes]:
    """A script as the bytes before something, that something, and the bytes after it."""
    head = draw(st.sampled_from((b"", codecs.BOM_UTF8, b"# coding: latin-1\n")))
    encoding = "latin-1" if b"latin" in head else "utf-8"
    newline = draw(st.sampled_from(("\n", "\r\n")))
    lead = draw(st.sampled_from(("", "é = 1\n", "if 1:\n\tz = 'é'; ", "z = [g('é'), \\\n ")))
    tail = draw(st.sampled_from(("", "\n", "  # D(4) é\nw = 'é'")))
    tail = ("]" if "[" in lead else "") + tail
    around = [(x.replace("\n", newline)).encode(encoding) for x in (lead, tail)]
    return (
        head.replace(b"\n", newline.encode()) + around[0],
        draw(inside).replace("\n", newline),
        around[1],
    )


def script_of(parts: tuple[bytes, str, bytes]) -> Script:
    encoding = "latin-1" if b"latin" in parts[0] else "utf-8-sig"
    text = (
        parts[0] + parts[1].encode("latin-1" if encoding == "latin-1" else "utf-8") + parts[2]
    ).decode(encoding)
    script = Script.parse(("\ufeff" if parts[0].startswith(codecs.BOM_UTF8) else "") + text)
    assert script.data.startswith(parts[0]) and script.data.endswith(parts[2])
    return script


def inner(script: Script, parts: tuple[bytes, str, bytes]) -> str:
    """What stands between the untouched head and tail of a changed script."""
    assert script.data.startswith(parts[0]) and script.data.endswith(parts[2])
    data = script.data[len(parts[0]) : len(script.data) - len(parts[2])]
    return data.decode("latin-1" if b"latin" in parts[0] else "utf-8")


def arguments(code: str) -> dict[str, str]:
    """The arguments of a call by name, positions named by `NAMES`; values as Python parses them."""
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    named = {name: ast.dump(value) for name, value in zip(NAMES, call.args, strict=False)}
    return named | {str(keyword.arg): ast.dump(keyword.value) for keyword in call.keywords}


def comments(code: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    scripts(call_texts()), st.sampled_from(list(enumerate(NAMES))), st.sampled_from(("7", "'è'"))
)
def test_setting_an_argument_changes_that_and_nothing_else(
    parts: tuple[bytes, str, bytes], which: tuple[int, str], value: str
) -> None:
    (position, name), script = which, script_of(parts)
    call = find(script, parts[1])
    edits = call.set_argument(name, value, position=position)
    assert edits is not None
    result = script.apply(edits)
    code = inner(result, parts)
    expected = arguments(parts[1]) | {name: ast.dump(ast.parse(value, mode="eval").body)}
    assert arguments(code) == expected
    if call.argument(name, position) is None:
        assert comments(code) == comments(parts[1])
    again = find(result, code)
    argument = again.argument(name, position)
    assert argument is not None and argument.code in (value, f"({value})")
    assert argument.code != value or again.set_argument(name, value, position=position) == ()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(scripts(call_texts()), st.sampled_from(list(enumerate(NAMES))))
def test_removing_an_argument_removes_that_and_nothing_else(
    parts: tuple[bytes, str, bytes], which: tuple[int, str]
) -> None:
    (position, name), script = which, script_of(parts)
    call = find(script, parts[1])
    edits = call.remove_argument(name, position=position)
    there = arguments(parts[1])
    if edits is None:
        assert list(there)[position] == name and position + 1 in range(len(there))
        return
    code = inner(script.apply(edits), parts)
    assert arguments(code) == {key: value for key, value in there.items() if key != name}
    assert (edits == ()) == (name not in there)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_elements_come_and_go_alone(data: st.DataObject) -> None:
    names, text = data.draw(layer_texts())
    at = data.draw(st.integers(0, len(names) - 1))
    parts = data.draw(scripts(st.just(text)))
    script = script_of(parts)
    call = find(script, names[at], names[:at].count(names[at]))

    def elements(edits: Edits) -> list[str]:
        assert edits is not None
        sequence = ast.parse(inner(script.apply(edits), parts), mode="eval").body
        assert isinstance(sequence, (ast.List, ast.Tuple))
        return [ast.unparse(element) for element in sequence.elts]

    assert elements(remove(call)) == names[:at] + names[at + 1 :]
    assert elements(before(call)) == [*names[:at], "Norm()", *names[at:]]
    assert elements(after(call)) == [*names[: at + 1], "Norm()", *names[at + 1 :]]
