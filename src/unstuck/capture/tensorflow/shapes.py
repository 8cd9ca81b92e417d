"""`x.shape.as_list()` and its like: the shapes of arrays are plain tuples, TensorFlow's are not.

The source is rewritten: what such a thing is asked of becomes `shape_of(x.shape)`.
"""

from __future__ import annotations

import ast
from typing import Any

from .tensors import TensorShape

SHAPE_OF = "__unstuck_shape_of__"
_ASKED = frozenset({"as_list", "rank", "ndims", "num_elements", "dims"})


def shape_of(shape: Any) -> Any:
    """A tuple as TensorFlow's form of a shape; what is none is handed on."""
    return TensorShape(shape) if type(shape) is tuple else shape


class Shapes(ast.NodeTransformer):
    """Rewrites a tree in place; `times` is how often."""

    def __init__(self) -> None:
        self.times = 0

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Wrap the shape that is asked for something."""
        self.generic_visit(node)
        shape = node.value
        if node.attr in _ASKED and isinstance(shape, ast.Attribute) and shape.attr == "shape":
            self.times += 1
            name = ast.copy_location(ast.Name(SHAPE_OF, ast.Load()), shape)
            node.value = ast.copy_location(ast.Call(name, [shape], []), shape)
        return node
