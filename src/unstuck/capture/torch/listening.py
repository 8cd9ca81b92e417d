"""Hears what a script calls of torch's, and keeps what leads to a loss.

A `TorchFunctionMode` sees every function as the script or torch's modules call it:
`F.cross_entropy` is one operation, `nn.GRU` another. Functions are called as they are, so that
numbers and random states stay the same; while an optimizer steps or gradients are computed nothing
is noted.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch.overrides import TorchFunctionMode

from unstuck.script import Span

from ..weights import digest
from .draws import Draws
from .masks import hides_masks, masks
from .ops import Graph, Leaf, Op, Ref, array, graph_of
from .places import Places
from .views import NAMES, Views

MOST_OPS = 20_000
"""So many operations without a gradient are a computation of something else, and forgotten."""
RANDOM = frozenset({"dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout",
                    "feature_alpha_dropout"})
NOISE = frozenset({"randn_like", "rand_like", "randn", "rand", "normal", "bernoulli", "randint",
                   "randint_like", "randperm", "normal_", "uniform_", "bernoulli_"})
"""Functions that draw what comes out."""
_ASKED = frozenset({
    "size", "dim", "item", "tolist", "numpy", "__len__", "is_contiguous", "requires_grad_",
    "is_complex", "is_same_size",
    "is_floating_point", "stride", "storage_offset", "data_ptr", "backward", "numel", "cpu", "cuda",
    "nelement", "element_size", "get_device", "ndimension", "__repr__", "__format__", "__bool__",
    "__hash__", "retain_grad", "register_hook", "_set_grad_enabled", "untyped_storage",
})
"""Functions that make no number of a graph, or hand on what they are given."""
_NUMBERS = frozenset({"item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__"})
"""Those with which Python may branch on what a tensor holds."""
_SAME = frozenset({"to", "cpu", "cuda", "contiguous", "float", "double", "type", "type_as"})
"""Functions that may give back the tensor itself, as `model.to(device)` asks of each parameter."""
_PROPERTIES = frozenset({"data", "T", "mT", "H", "mH", "real", "imag"})
_FACTORIES = frozenset({"zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones",
                        "new_full", "new_tensor", "new_empty"})
"""Functions that read no number of the tensor that they are given."""
_FLATTENED = frozenset({"view", "reshape", "flatten"})


def name_of(function: Any) -> str:
    """A function's own name; "" for a property that is only read."""
    name = str(getattr(function, "__name__", ""))
    if name == "__get__":
        name = str(getattr(getattr(function, "__self__", None), "__name__", ""))
        return name if name in _PROPERTIES else ""
    return "" if name in ("__set__", "__delete__") else name


class Listening(TorchFunctionMode):  # type: ignore[misc]
    """What is heard while a script runs.

    `bytes` are those of all data that were copied; once it is `full`, nothing is noted any more.
    `asked` is where a network first asks what a tensor holds, as an `if` does.

    Args:
        places: finds the user's lines.
        draws: is told what parameters were drawn as.
    """

    def __init__(self, places: Places, draws: Draws) -> None:
        super().__init__()
        self._places, self._draws = places, draws
        self.views = Views(places.here)
        self._current: dict[int, Ref] = {}
        self._alive: list[Any] = []
        self._process = os.getpid()
        self._spent = False
        self._number = 0
        self._copies: dict[bytes, Any] = {}
        self.bytes = 0
        self._kept: dict[int, Any] = {}
        self._seen: weakref.WeakSet[Any] = weakref.WeakSet()
        self._flattened: dict[int, Any] = {}
        self._left: dict[bytes, Ref] = {}
        self.quiet = 0
        self.placed = self.detailed = True
        self.full = False
        self.modules: list[Any] = []
        self.asked: Span | None = None
        self.on_clamp: Callable[[Any, Any, Any], None] = lambda tensor, low, high: None

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call it, and note it."""
        kwargs = kwargs or {}
        if self.full or self.quiet or os.getpid() != self._process or (
                torch._C._are_functorch_transforms_active()):
            return func(*args, **kwargs)
        name = name_of(func)
        if name in _NUMBERS and args and id(args[0]) in self._current:
            self._leaves(args[0])
        if not name or name in _ASKED:
            return func(*args, **kwargs)
        if name in ("clamp_", "clip_"):
            self.on_clamp(args[0], *(args[at] if len(args) > at else kwargs.get(key)
                                     for at, key in ((1, "min"), (2, "max"))))
        before = self._before(name, args)
        given = [(one, _slopes(one)) for one in _tensors((args, kwargs))]
        state = torch.get_rng_state() if hides_masks(name, args, kwargs) else None
        out = func(*args, **kwargs)
        if state is not None and self.detailed:
            before = {"masks": masks(name, args, kwargs, state)}
        self._draws.heard(name, args, kwargs, out)
        self._note(name, args, kwargs, out, before, given)
        return out

    def entered(self, module: Any) -> None:
        """A module is called."""
        if self.full or self.quiet or os.getpid() != self._process:
            return
        if not self.modules:
            if self._spent:
                self.forget()
            self._keep(module)
        self.modules.append(module)

    def _leaves(self, tensor: Any) -> None:
        """Python asks for a tensor's numbers. A tensor that is made of them is that one, cut off."""
        if self.asked is None and any(next(iter(one.parameters()), None) is not None
                                      for one in self.modules):
            self.asked = self._places.here()
        if not tensor.is_floating_point():
            return
        ref = self._current[id(tensor)]
        self.quiet += 1
        try:
            if _slopes(tensor):
                self._number += 1
                ref = Ref(Op(name="detach", args=(ref,), kwargs={}, modules=tuple(self.modules),
                             span=self._places.here() if self.placed else None,
                             shapes=[tuple(tensor.shape)], cut=True, number=self._number,
                             dtypes=[str(tensor.dtype).rpartition(".")[2]]))
            self._left[_mark(array(tensor))] = ref
        finally:
            self.quiet -= 1

    def _made_of(self, tensor: Any) -> Ref | None:
        """The tensor that has left torch and has a new one's numbers; `None` for none or one."""
        return self._left.get(_mark(array(tensor))) if self._left and tensor.numel() > 1 else None

    def _keep(self, module: Any) -> None:
        """Note the tensors that are a module's own, and no parameters."""
        self.quiet += 1
        try:
            held = [] if module in self._seen else [
                one for part in module.modules() for one in vars(part).values()
                if isinstance(one, torch.Tensor)]
            self._seen.add(module)
            self._kept.update((id(one), one) for one in (*held, *module.buffers())
                              if not _is_parameter(one))
        finally:
            self.quiet -= 1

    def left(self, module: Any) -> None:
        """It has returned, or raised."""
        if self.modules and self.modules[-1] is module:
            self.modules.pop()

    def stepped(self) -> None:
        """A step was made: what led to its loss is over, if its gradients were taken."""
        if self._spent:
            self.forget()

    def forget(self) -> None:
        """Begin anew: what is known leads to no loss any more."""
        self._current.clear()
        self._alive.clear()
        self._flattened.clear()
        self._left.clear()
        self._spent = False

    def graph(self, loss: Any) -> Graph | None:
        """All that a loss came from; `None` where no operation is known."""
        self._spent = True
        ref = self._current.get(id(loss))
        self.quiet += 1
        try:
            ref = ref or self._left.get(_mark(array(loss)))
            return None if ref is None else graph_of(ref, float(loss.detach().sum()))
        finally:
            self.quiet -= 1

    def _before(self, name: str, args: Any) -> dict[str, Any]:
        """The running averages that a batch normalisation writes over."""
        if name != "batch_norm" or len(args) < 3 or args[1] is None:
            return {}
        self.quiet += 1
        try:
            return {"mean": array(args[1]), "variance": array(args[2])}
        finally:
            self.quiet -= 1

    def _note(
        self, name: str, args: Any, kwargs: Any, out: Any, before: dict[str, Any],
        given: list[tuple[Any, bool]],
    ) -> None:
        outs = [one for one in (out if isinstance(out, tuple | list) else (out,))
                if isinstance(one, torch.Tensor)]
        if name == "__setitem__":
            outs = [args[0]]
        writes = name.endswith("_") and not name.endswith("__")
        same = name in _SAME and any(outs[0] is one for one, _ in given)
        if not outs or same or (writes and _is_parameter(outs[0])):
            return
        self.quiet += 1
        try:
            left = None if given else self._made_of(outs[0])
            if left is not None:  # torch.tensor(h.tolist())
                self._current[id(outs[0])] = left
                self._alive.append(outs[0])
                return
            tracked = [id(one) in self._current or slope for one, slope in given]
            if not any(tracked) and not self.modules:
                if name in _FLATTENED and given and outs[0].dim() < given[0][0].dim():
                    self._flattened[id(outs[0])] = outs[0], given[0][0]
                if name in NAMES and given:
                    self.views.heard(given[0][0], outs[0])
                return
            if len(self._alive) > MOST_OPS:
                self.forget()
            sloped = any(slope for _, slope in given)
            whole = outs[0].is_floating_point()
            self._number += 1
            if name in NOISE or name in _FACTORIES:
                args = tuple(one for one in args if not isinstance(one, torch.Tensor))
            op = Op(
                name=name.rstrip("_") if writes else name, args=self._refs(args),
                kwargs=self._refs(kwargs), modules=tuple(self.modules),
                span=self._places.here() if self.placed else None,
                shapes=[tuple(one.shape) for one in outs], before=before, number=self._number,
                dtypes=[str(one.dtype).rpartition(".")[2] for one in outs],
                cut=(sloped and whole and not _slopes(outs[0])
                     and name not in NOISE and name not in _FACTORIES))
            op.fixed = name not in RANDOM and name not in NOISE and all(map(_is_fixed, op.inputs))
            if op.fixed:
                op.values, op.args, op.kwargs = [self._copied(one) for one in outs], (), {}
            elif name in NOISE and self.detailed:
                op.values = [array(outs[0])]
            elif name in RANDOM and self.detailed:
                op.values = [array(given[0][0]), array(outs[0])]
            for at, one in enumerate(outs):
                self._current[id(one)] = Ref(op, at)
                self._alive.append(one)
        finally:
            self.quiet -= 1

    def _refs(self, tree: Any) -> Any:
        if isinstance(tree, torch.Tensor):
            known = self._current.get(id(tree))
            if known is not None:
                return known
            self._alive.append(tree)
            if _is_parameter(tree):
                return Leaf(tree, True)
            left = self._made_of(tree)
            if left is not None:
                return left
            if _slopes(tree):
                return Leaf(None, False, unheard=True)
            made, rows = self._flattened.get(id(tree), (None, None))
            if made is tree:
                return Leaf(None, False, self._copied(rows), shape=tuple(tree.shape))
            return Leaf(None, False, self._copied(tree), kept=id(tree) in self._kept)
        if isinstance(tree, dict):
            return {key: self._refs(one) for key, one in tree.items()}
        if isinstance(tree, list | tuple):
            return tuple(self._refs(one) for one in tree)
        return tree

    def _copied(self, tensor: Any) -> Any:
        """A tensor's numbers; one array for all that are equal, such as the rows of a full batch."""
        found = array(tensor)
        mark = _mark(found)
        if mark not in self._copies:
            self._copies[mark] = found
            self.bytes += found.nbytes
        return self._copies[mark]


def _mark(found: NDArray[Any]) -> bytes:
    """Equal for arrays of the same numbers, shape and type."""
    return digest(found.tobytes()) + repr((found.shape, found.dtype)).encode()


def _is_parameter(tensor: Any) -> bool:
    if isinstance(tensor, torch.nn.Parameter):
        return True
    try:
        return bool(tensor.requires_grad and tensor.is_leaf)
    except RuntimeError:  # a view of a parameter that was written into, as `padding_idx` is
        return True


def _slopes(tensor: Any) -> bool:
    """Whether gradients go to a tensor."""
    try:
        return bool(tensor.requires_grad)
    except RuntimeError:
        return True


def _is_fixed(one: Ref | Leaf) -> bool:
    return one.op.fixed if isinstance(one, Ref) else one.kept


def _tensors(tree: Any) -> list[Any]:
    if isinstance(tree, torch.Tensor):
        return [tree]
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    return [one for part in tree for one in _tensors(part)] if isinstance(tree, list | tuple) else []
