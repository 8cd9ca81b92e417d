"""Writing into the user's source what several interventions write: arguments, names, layers.

Functions that return edits return `()` where nothing needs to change, and `None` where no edit is
safe. A call is only touched after the source has shown that it makes what the recipe says it made:
a span alone may belong to a helper function or to a class of the user's.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping

import keras

from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Argument, Call, Edit, Script
from unstuck.script.spellings import kind_of

Edits = tuple[Edit, ...]

INPUT_SHAPES = {
    "input_shape": "shape={}",
    "input_dim": "shape=({},)",
    "batch_input_shape": "batch_shape={}",
}
"""Arguments with which a Sequential model's first layer tells its input, and `Input`'s for them."""

# Ways of reading a model that see a layer put in, and those that see one taken out.
_BY_INDEX = re.compile(r"\.layers\s*[\[:)\]]|get_layer\(\s*index")
_BY_NAME = re.compile(r"get_layer\(|get_weights\(|set_weights\(|load_weights\(|\.weights\b")
_LONGEST = 88
_LEADING = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def number(value: float) -> str:
    """A number as a person writes it, with the six significant digits that `tidy` leaves."""
    return repr(tidy(value))


def tidy(value: float) -> float | int:
    """Six significant digits; whole numbers that are integers stay integers."""
    return value if isinstance(value, int) else float(f"{value:.6g}")


def two_digits(value: float, to: Callable[[float], int] = round) -> float | int:
    """A number as a person would choose it, of two leading digits: 2400 for 2437, `ceil`: 2500."""
    if not value:
        return value
    exponent = math.floor(math.log10(abs(value))) - 1
    digits = to(float(f"{value / 10.0**exponent:.9g}"))
    if exponent >= 0:
        return digits * int(10**exponent)
    return value if isinstance(value, int) else float(f"{digits}e{exponent}")


def a_round_number(value: float, *, up: bool) -> int:
    """A whole number as a person would choose it, the next above or below: 500 or 400 for 430.

    Below 10 any whole number is one; none is below 1.
    """
    if value < 10:
        return max(1, math.ceil(value) if up else math.floor(value))
    unit = 10.0 ** math.floor(math.log10(value))
    leading = [one for one in _LEADING if (one * unit >= value if up else one * unit <= value)]
    return round((min(leading) if up else max(leading)) * unit)


def site_call(script: Script, recipe: Recipe, site: str) -> Call | None:
    """The call at a site of the recipe; `None` where the place is unknown."""
    span = recipe.sites.get(site)
    return None if span is None else script.call(span)


def method_call(script: Script, recipe: Recipe, method: str) -> Call | None:
    """The call `model.fit(...)` or `model.compile(...)`; `None` where it is not such a call."""
    call = site_call(script, recipe, method)
    return call if call is not None and call.callee.endswith(f".{method}") else None


def layer_call(script: Script, recipe: Recipe, layer: Layer) -> Call | None:
    """The call that made a layer of Keras's own; `None` where the source does not show it."""
    call = site_call(script, recipe, f"layer:{layer.name}")
    known = call is not None and constructs(script, call, f"keras.layers.{layer.kind}")
    return call if known and hasattr(keras.layers, layer.kind) else None


def own_call(script: Script, recipe: Recipe, layer: Layer) -> Call | None:
    """The same, where no other layer is made by it, so that something may be put beside this one."""
    sites = recipe.sites
    here = sites.get(f"layer:{layer.name}")
    times = sum(span == here for site, span in sites.items() if site.startswith("layer:"))
    return layer_call(script, recipe, layer) if times == 1 else None


def arguments_call(script: Script, recipe: Recipe, layer: Layer) -> tuple[Call | None, str]:
    """The call that takes a layer's arguments, and the kind of layer it makes.

    In `TimeDistributed(Dense(8))(x)` it is that of the layer within.
    """
    call = layer_call(script, recipe, layer)
    if layer.wrapped is None or call is None:
        return call, layer.kind
    given = call.argument("layer", 0)
    within = None if given is None else script.call(given.span)
    known = within is not None and constructs(script, within, f"keras.layers.{layer.wrapped}")
    return within if known else None, layer.wrapped


def input_call(script: Script, recipe: Recipe, entry: Layer) -> Call | None:
    """The call `Input(...)` or `InputLayer(...)` that made an input; `None` where it is another."""
    call = site_call(script, recipe, f"layer:{entry.name}")
    names = ("keras.Input", "keras.layers.Input", "keras.layers.InputLayer")
    known = call is not None and any(constructs(script, call, name) for name in names)
    return call if known else None


def constructs(script: Script, call: Call, qualified: str) -> bool:
    """Whether a call makes a thing of Keras's, such as "keras.layers.Dense", and no namesake."""
    name = qualified.rpartition(".")[2]
    if call.callee == script.imported_name(qualified, call.span):
        return True
    written = call.callee.rpartition(".")[2]
    own = re.search(rf"^\s*(class|def)\s+{re.escape(written)}\b", script.text, re.MULTILINE)
    return kind_of(written) == name and own is None


def position_of(kind: str, argument: str) -> int | None:
    """Where a layer of this kind takes an argument by position, from 0; `None`: by keyword only."""
    parameters = list(inspect.signature(getattr(keras.layers, kind).__init__).parameters)
    return parameters.index(argument) - 1 if argument in parameters else None


def set_value(
    call: Call, name: str, code: str, *, position: int | None = None
) -> Edits | None:
    """An argument's new value: at the one assignment of its name, else at the call."""
    edits = call.set_definition(name, code, position)
    return edits if edits is not None else call.set_argument(name, code, position=position)


def set_layer_argument(
    script: Script, recipe: Recipe, layer: Layer, name: str, code: str
) -> Edits | None:
    """An argument of the call that made a layer."""
    call, kind = arguments_call(script, recipe, layer)
    if call is None:
        return None
    return set_value(call, name, code, position=position_of(kind, name))


def set_layer_word(
    script: Script, recipe: Recipe, layer: Layer, name: str, word: str
) -> Edits | None:
    """An argument of the call that made a layer, as a string in the quotes used there."""
    call, kind = arguments_call(script, recipe, layer)
    if call is None:
        return None
    position = position_of(kind, name)
    given = call.assigned_argument(name, position) or call.argument(name, position)
    return set_value(call, name, quoted(script, word, given), position=position)


def drop_arguments(call: Call, names: Iterable[str], off: str) -> Edits | None:
    """Keyword arguments of a call, gone; where there are several of them, set to `off` instead.

    Neighbours cannot both be taken out: each would take the comma between them.
    """
    given = [name for name in names if call.argument(name) is not None]
    if call.has_hidden_arguments or not given:
        return None
    if len(given) == 1:
        return call.remove_argument(given[0])
    edits: Edits = ()
    for name in given:
        edits += call.set_argument(name, off) or ()
    return edits


def quoted(script: Script, word: str, given: Argument | None = None) -> str:
    """A string in the quotes of the argument that it replaces, else in the script's usual ones."""
    if given is not None and given.code[:1] in ("'", '"'):
        quote = given.code[0]
    else:
        quote = "'" if script.text.count("'") > script.text.count('"') else '"'
    return f"{quote}{word}{quote}"


def is_word(argument: Argument | None) -> bool:
    """Whether an argument is a string spelled out in the source."""
    if argument is None or not argument.is_literal:
        return False
    return isinstance(ast.literal_eval(f"(\n{argument.code}\n)"), str)


def keras_name(script: Script, call: Call, path: str) -> tuple[str, Edits]:
    """How code at a call writes "layers.Dense" of Keras, and the import that this needs."""
    name = script.imported_name(f"keras.{path}", call.span)
    if name is not None:
        return name, ()
    through_tensorflow = re.search(r"^\s*(from|import)\s+tensorflow\b", script.text, re.MULTILINE)
    module, imports = script.module_alias(
        "tensorflow.keras" if through_tensorflow else "keras", call.span
    )
    return f"{module}.{path}", imports


def make(name: str, arguments: Mapping[str, str], *, indent: int = 0) -> str:
    """A call in source form behind `indent` blanks, an argument a line where it would be too long."""
    parts = [f"{key}={code}" for key, code in arguments.items()]
    line = f"{name}({', '.join(parts)})"
    if indent + len(line) <= _LONGEST:
        return line
    room = _LONGEST - indent
    return "\n".join([f"{name}(", *(f"    {_wrapped(part, room)}," for part in parts), ")"])


def _wrapped(part: str, room: int) -> str:
    lines, rest = [], part
    while len(rest) > room - 8:
        cut = rest.rfind(", ", 0, room - 8) + 1
        if cut == 0:
            break
        lines.append(rest[:cut])
        rest = " " * 8 + rest[cut:].lstrip()
    return "\n".join([*lines, rest])


def indentation(script: Script, call: Call) -> int:
    """How many blanks the line begins with in which a call starts."""
    line = script.line(call.span.line)
    return len(line) - len(line.lstrip())


def insert_first(
    script: Script, recipe: Recipe, first: Layer, code: str, *, taken_out: bool
) -> Edits | None:
    """A layer in front of the network's first one, which may tell the input's shape itself.

    `taken_out`: the same repair takes that first layer out, by `remove_layer`.
    """
    call = own_call(script, recipe, first)
    if call is None or reads_layers(script, taken_out=False):
        return None
    shape = _input_instead(script, recipe, first, call)
    if shape is None:
        return None
    code_of_input, imports, argument = shape
    if taken_out and argument:
        return call.insert_layer(code, where="after")  # of the Input that takes its place
    put = call.insert_layer(code, where="before")
    if put is None or not argument:
        return put
    entry, gone = call.insert_layer(code_of_input, where="before"), call.remove_argument(argument)
    return None if entry is None or gone is None else (*imports, *entry, *put, *gone)


def insert_behind(script: Script, recipe: Recipe, layer: Layer, code: str) -> Edits | None:
    """A layer behind another one."""
    call = layer_call(script, recipe, layer)
    if call is None or reads_layers(script, taken_out=False):
        return None
    return call.insert_layer(code, where="after")


def remove_layer(script: Script, recipe: Recipe, layer: Layer) -> Edits | None:
    """A layer out of the network; an `Input` in its place where it told the input's shape."""
    call = layer_call(script, recipe, layer)
    if call is None or reads_layers(script, taken_out=True):
        return None
    shape = _input_instead(script, recipe, layer, call)
    if shape is None:
        return None
    code, imports, argument = shape
    if argument:
        return (*imports, *call.replace(code))
    return call.remove_layer()


def reads_layers(script: Script, *, taken_out: bool) -> bool:
    """Whether the script counts or names a model's layers, so that one more or less matters."""
    by_name = taken_out and _BY_NAME.search(script.text)
    return bool(_BY_INDEX.search(script.text) or by_name)


def _input_instead(
    script: Script, recipe: Recipe, layer: Layer, call: Call
) -> tuple[str, Edits, str] | None:
    """The `Input` that says what a layer's own argument says, its import, and that argument.

    The argument is "" where there is none, or where an `Input` in the source makes it idle. `None`
    where it may be hidden.
    """
    entries = [entry for entry in recipe.layers if entry.kind == "InputLayer"]
    if [entry.name for entry in entries] != list(layer.inputs):
        return "", (), ""
    if input_call(script, recipe, entries[0]) is not None:
        return "", (), ""
    if call.has_hidden_arguments:
        return None
    for argument, form in INPUT_SHAPES.items():
        given = call.argument(argument)
        if given is not None:
            name, imports = keras_name(script, call, "Input")
            return f"{name}({form.format(given.code)})", imports, argument
    return "", (), ""


def set_range(call: Call, *, was: int, value: int) -> Edits | None:
    """Another end of a `range(…)` that counts `was`, so that it counts `value`.

    `None` where it does not show that it counts so many.
    """
    if call.argument("step", 2) is not None:
        return None
    stop, position = call.argument("stop", 1), 1
    start: Argument | None = call.argument("start", 0)
    if stop is None:
        start, stop, position = None, start, 0
    first = 0 if start is None else _whole(start)
    if stop is None or first is None:
        return None
    end = _whole(call.assigned_argument("stop", position) or stop)
    return set_value(call, "stop", str(first + value), position=position) if (
        end == first + was) else None


def _whole(argument: Argument) -> int | None:
    return int(argument.code) if argument.code.isdecimal() else None


def free_name(script: Script, name: str) -> str:
    """A name that the script does not use."""
    while re.search(rf"\b{name}\b", script.text):
        name += "_"
    return name


def pair_of_names(code: str) -> tuple[str, str] | None:
    """The two names of a pair such as `(x_test, y_test)`; `None` for any other code."""
    found = re.fullmatch(r"[(\[]\s*(\w+)\s*,\s*(\w+)\s*,?\s*[)\]]", code)
    return None if found is None else (found[1], found[2])


def bracketed(code: str) -> str:
    """Code as a factor: in brackets, unless it is a name, a call, or a product."""
    node = ast.parse(f"({code})", mode="eval").body
    product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
    plain = product or isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
    return code if plain else f"({code})"
