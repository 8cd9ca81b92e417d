"""Elementwise equations."""

from __future__ import annotations

from typing import Any

from unstuck.base.errors import NotSupported

from .graph import Equation, Value
from .lowering import Lowering, lowers
from .views import View

FLOATS = {
    name: f"f_{name}" for name in (
        "floor", "ceil", "exp", "exp2", "log", "log1p", "expm1", "tanh", "logistic", "sqrt", "rsqrt",
        "erf", "erfc", "erf_inv", "is_finite", "sin", "cos", "tan", "asin", "acos", "atan", "sinh",
        "cosh", "asinh", "acosh", "atanh", "cbrt", "lgamma", "digamma", "atan2", "nextafter")
}
"""Equations on floats that are one step."""
NUMBERS = {"neg": "neg", "abs": "abs", "sign": "sign", "add": "add", "add_any": "add", "sub": "sub",
           "mul": "mul", "div": "div", "rem": "rem", "max": "max", "min": "min", "eq": "eq", "ne": "ne",
           "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
"""Those that go by the kind of their numbers."""
UNSIGNED = {"div", "rem", "max", "min", "lt", "le", "gt", "ge"}
"""Steps in which unsigned numbers differ from signed ones."""
BITS = {"and": "b_and", "or": "b_or", "xor": "b_xor", "shift_left": "b_shl",
        "shift_right_logical": "u_shr", "shift_right_arithmetic": "i_shr",
        "population_count": "b_count", "clz": "b_clz"}
SAME = ("copy", "copy_p", "device_put", "stop_gradient", "optimization_barrier", "sharding_constraint",
        "random_wrap", "random_unwrap", "random_clone", "name", "bitcast_convert_type", "pvary")
"""Equations that give what they take."""


def operands(low: Lowering, equation: Equation) -> list[View]:
    """The inputs in the shape of the first output; scalars and axes of size one are repeated."""
    shape = equation.outputs[0].shape
    return [spread(low.view(value), shape) for value in equation.inputs]


def spread(view: View, shape: tuple[int, ...]) -> View:
    """A view repeated to that shape, if it has fewer axes, all of them."""
    if view.shape == shape:
        return view
    missing = len(shape) - len(view.shape)
    lifted = View(view.store, (1,) * missing + view.shape, (0,) * missing + view.strides, view.offset)
    return lifted.broadcast(shape)


@lowers(*FLOATS)
def _floats(low: Lowering, equation: Equation) -> None:
    if equation.inputs[0].kind != "f":
        raise NotSupported(f"The program engine computes {equation.op} of floats only")
    _set(low, equation, low.pointwise(FLOATS[equation.op], *operands(low, equation)))


@lowers(*NUMBERS)
def _numbers(low: Lowering, equation: Equation) -> None:
    kind, name = equation.inputs[0].kind, NUMBERS[equation.op]
    if kind == "u" and name == "sign":
        raise NotSupported("The program engine does not compute sign of unsigned numbers")
    if kind == "u" and name == "abs":
        _set(low, equation, low.view(equation.inputs[0]))
        return
    letter = "f" if kind == "f" else "u" if kind == "u" and name in UNSIGNED else "i"
    _set(low, equation, low.pointwise(f"{letter}_{name}", *operands(low, equation)))


@lowers(*BITS)
def _bits(low: Lowering, equation: Equation) -> None:
    _set(low, equation, low.pointwise(BITS[equation.op], *operands(low, equation)))


@lowers("not")
def _not(low: Lowering, equation: Equation) -> None:
    step = "b_flip" if equation.inputs[0].kind == "b" else "b_not"
    _set(low, equation, low.pointwise(step, *operands(low, equation)))


@lowers(*SAME)
def _same(low: Lowering, equation: Equation) -> None:
    for value, output in zip(equation.inputs, equation.outputs, strict=True):
        if value.size != output.size:
            raise NotSupported(f"The program engine does not take {equation.op} to other widths")
        low.views[output] = low.view(value)


@lowers("reduce_precision")
def _precision(low: Lowering, equation: Equation) -> None:
    if equation.params["exponent_bits"] < 8 or equation.params["mantissa_bits"] < 23:
        raise NotSupported("The program engine computes in float32 only")
    _set(low, equation, low.view(equation.inputs[0]))


@lowers("square")
def _square(low: Lowering, equation: Equation) -> None:
    x = low.view(equation.inputs[0])
    float_ = equation.inputs[0].kind == "f"
    _set(low, equation, low.pointwise("f_square", x) if float_ else low.pointwise("i_mul", x, x))


@lowers("round")
def _round(low: Lowering, equation: Equation) -> None:
    away = int(equation.params["rounding_method"]) == 0
    _set(low, equation, low.pointwise("f_round_away" if away else "f_round_even",
                                      *operands(low, equation)))


@lowers("integer_pow")
def _integer_pow(low: Lowering, equation: Equation) -> None:
    x, power = low.view(equation.inputs[0]), int(equation.params["y"])
    letter = "f" if equation.inputs[0].kind == "f" else "i"
    if power == 0 or (power < 0 and letter == "i"):
        raise NotSupported(f"The program engine does not compute whole powers such as {power}")
    result, square, left = None, x, abs(power)
    while left:
        if left & 1:
            result = square if result is None else low.pointwise(f"{letter}_mul", result, square)
        left >>= 1
        if left:
            square = low.pointwise(f"{letter}_mul", square, square)
    assert result is not None
    if power < 0:
        result = low.pointwise("f_div", low.scalar(1.0, shape=x.shape), result)
    _set(low, equation, result)


@lowers("pow")
def _pow(low: Lowering, equation: Equation) -> None:
    if equation.inputs[0].kind != "f":
        raise NotSupported("The program engine computes powers of floats only")
    x, y = operands(low, equation)
    if equation.inputs[1].kind != "f":
        y = low.pointwise("i_to_f", y)
    _set(low, equation, low.pointwise("f_pow", x, y))


@lowers("select_n")
def _select(low: Lowering, equation: Equation) -> None:
    which, *cases = operands(low, equation)
    if equation.params.get("keys"):
        which = low.view(equation.inputs[0])
        shape = equation.outputs[0].shape
        lifted = View(which.store, (*which.shape, 1), (*which.strides, 0), which.offset)
        which = spread(lifted, shape)
    result = cases[0]
    for number, case in enumerate(cases[1:], 1):
        asked = which if len(cases) == 2 else low.pointwise(
            "i_eq", which, low.scalar(number, "i", which.shape))
        result = low.pointwise("select", asked, result, case)
    _set(low, equation, result)


@lowers("clamp")
def _clamp(low: Lowering, equation: Equation) -> None:
    least, x, most = operands(low, equation)
    kind = equation.outputs[0].kind
    letter = kind if kind in "fu" else "i"
    _set(low, equation, low.pointwise(f"{letter}_min", low.pointwise(f"{letter}_max", x, least), most))


@lowers("convert_element_type")
def _convert(low: Lowering, equation: Equation) -> None:
    value, output = equation.inputs[0], equation.outputs[0]
    if equation.params.get("narrow") and value.kind != "b":
        raise NotSupported("The program engine converts to whole numbers of 32 bits only")
    _set(low, equation, converted(low, value, output))


def converted(low: Lowering, value: Value, output: Value) -> View:
    """A value's numbers as another kind."""
    pair, x = value.kind + output.kind, low.view(value)
    steps = {"fi": "f_to_i", "fu": "f_to_u", "fb": "f_to_b", "if": "i_to_f", "uf": "u_to_f",
             "bf": "i_to_f", "ib": "b_to_b", "ub": "b_to_b"}
    return low.pointwise(steps[pair], x) if pair in steps else x


def _set(low: Lowering, equation: Equation, view: Any) -> None:
    low.views[equation.outputs[0]] = view
