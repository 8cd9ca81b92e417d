"""The hooks that stand while a torch script runs; all of them are gone afterwards."""

from __future__ import annotations

import contextlib
import functools
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import torch
from torch.nn.modules import module as modules
from torch.optim import optimizer as optimizers

from unstuck.script import Script, Span

from ..patches import patched
from ..rounds import gone_through, loops_around
from ..runner import Stop
from ..shadow import SHADOWED
from ..tape import MOST_BYTES
from ..turns import line_by_number
from . import listening
from .draws import Draws
from .listening import Listening
from .loaders import loaded
from .places import Places
from .refusing import Refused, wrappers
from .schedules import tells_rates
from .standing import drawn_by_themselves
from .trainings import Training, Trainings

LOOKS_ON = 60.0
"""So many seconds a training goes on whose loop does something by the number of the round."""


class Hooks:
    """Hears a script.

    Args:
        script: its source.
        filename: what its code was compiled under.
        ends_early: end the script once its loop has told what all of its rounds are.
        standing: its modules were made before; those that could be as torch made them count as drawn.
        changes: leave out what replicas do without, such as compiling; end a script that is refused.
    """

    def __init__(
        self, script: Script, filename: str, *, ends_early: bool, standing: bool = False,
        changes: bool = True,
    ) -> None:
        self.places, self._script = Places(filename), script
        self.ends_early, self._standing, self._changes = ends_early, standing, changes
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()
        self.draws = Draws(self.places.here)
        self.listening = Listening(self.places, self.draws)
        self.listening.on_clamp = self._clamped
        self.trainings = Trainings(self.draws.of, self.refuse)
        self.optimizers: list[Any] = []
        self.schedulers: list[Any] = []
        self.loaders: list[Any] = []
        self.notes: list[str] = []
        self.said: set[str] = set()
        self._names: dict[int, str] = {}
        self._handles: list[Any] = []
        self._inside = 0
        self._forward: Span | None = None
        self._frames: list[FrameType] = []
        self._ended: Any = None
        self._asked: Any = None
        self._by_number: dict[Training, int | None] = {}
        self.refused: Refused | None = None

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """All of them, meanwhile."""
        data = torch.utils.data
        heard = {
            **(self._left_out() if self._changes else {}),
            (torch.autograd, "backward"): self._backward,
            (torch.autograd, "grad"): self._grad,
            (torch.optim.Optimizer, "zero_grad"): self._zero_grad("optimizer"),
            (torch.nn.Module, "zero_grad"): self._zero_grad("module"),
            (torch.nn.Module, "__init__"): self._made,
            (torch.optim.Optimizer, "__init__"): self._made_optimizer,
            (torch.optim.lr_scheduler.LRScheduler, "__init__"): self._made_scheduler,
            (data.DataLoader, "__init__"): self._made_loader,
            (data.dataloader._BaseDataLoaderIter, "__next__"): self._next,
            (torch.nn.utils, "clip_grad_norm_"): self._clip("norm"),
            (torch.nn.utils, "clip_grad_value_"): self._clip("value"),
            (warnings, "showwarning"): self._warned,
        }
        self._handles = [
            modules.register_module_forward_pre_hook(self._entered),
            modules.register_module_forward_hook(self._left, always_call=True),
            optimizers.register_optimizer_step_pre_hook(self._steps),
            optimizers.register_optimizer_step_post_hook(self._stepped),
        ]
        try:
            with patched(heard), self.listening:
                yield
        finally:
            for handle in self._handles:
                handle.remove()

    def _left_out(self) -> dict[tuple[Any, str], Callable[[Any], Any]]:
        return {
            **wrappers(self.refuse),
            (torch, "compile"): self._compile,
            (torch.amp.autocast, "__init__"): self._in_float32,
            (torch.amp.GradScaler, "__init__"): self._in_float32,
        }

    def refuse(self, why: str) -> None:
        """End the script: what it asks for here is refused."""
        here = self.places.here()
        self.refused = self.refused or Refused(why, None if here is None else here.line)
        self.listening.full = True
        if self._changes:
            raise Stop

    def end(self) -> None:
        """The script is over."""
        self.listening.quiet += 1
        try:
            self.trainings.end(self.optimizers, self._names)
        finally:
            self.listening.quiet -= 1

    def draws_at(self, span: Span) -> bool:
        """True where the source calls a function there that draws in place, and no constructor."""
        call = self._script.call(span)
        return call is not None and call.callee.endswith("_")

    def _entered(self, module: Any, args: Any) -> None:
        if not self.listening.modules and not self.listening.quiet and self._learn(module):
            self._forward = self.places.here()
            if self._standing and module not in self._known:
                self._known.add(module)
                drawn_by_themselves(module, self.draws)
        self.listening.entered(module)

    def _left(self, module: Any, args: Any, output: Any) -> None:
        self.listening.left(module)

    def _learn(self, module: Any) -> bool:
        """Note the names of a module's parameters; false where it has none."""
        found = list(module.named_parameters())
        self._names.update((id(one), name) for name, one in found)
        return bool(found)

    def _made(self, original: Any) -> Any:
        @functools.wraps(original)
        def __init__(module: Any, *args: Any, **kwargs: Any) -> None:
            original(module, *args, **kwargs)
            self.places.note(module)

        return __init__

    def _made_optimizer(self, original: Any) -> Any:
        @functools.wraps(original)
        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            self.optimizers.append(optimizer)
            self.listening.placed = self.listening.detailed = True  # of another training
            self.places.note(optimizer)

        return __init__

    def _made_scheduler(self, original: Any) -> Any:
        @functools.wraps(original)
        def __init__(scheduler: Any, *args: Any, **kwargs: Any) -> None:
            self.schedulers.append(scheduler)
            self.places.note(scheduler)
            original(scheduler, *args, **kwargs)

        return __init__

    def _made_loader(self, original: Any) -> Any:
        @functools.wraps(original)
        def __init__(loader: Any, *args: Any, **kwargs: Any) -> None:
            original(loader, *args, **kwargs)
            self.loaders.append(loader)
            self.places.note(loader)

        return __init__

    def _zero_grad(self, what: str) -> Callable[[Any], Any]:
        def wrap(original: Any) -> Any:
            @functools.wraps(original)
            def zero_grad(thing: Any, *args: Any, **kwargs: Any) -> Any:
                self.trainings.at("zero_grad", self.places.here())
                self.trainings.zeroed()
                if what == "optimizer":
                    self._met(thing)
                self.listening.quiet += 1
                try:
                    return original(thing, *args, **kwargs)
                finally:
                    self.listening.quiet -= 1

            return zero_grad

        return wrap

    def _clip(self, kind: str) -> Callable[[Any], Any]:
        def wrap(original: Any) -> Any:
            @functools.wraps(original)
            def clip(parameters: Any, most: Any, *args: Any, **kwargs: Any) -> Any:
                self.trainings.at("clip", self.places.here())
                self.trainings.clipped(kind, float(most))
                self.listening.quiet += 1
                try:
                    return original(parameters, most, *args, **kwargs)
                finally:
                    self.listening.quiet -= 1

            return clip

        return wrap

    def _clamped(self, tensor: Any, low: Any, high: Any) -> None:
        """Gradients may be clipped by hand: `parameter.grad.data.clamp_(-1, 1)`."""
        numbers = isinstance(low, int | float) and isinstance(high, int | float) and -low == high > 0
        place = tensor.data_ptr()
        if numbers and any(p.grad is not None and p.grad.data_ptr() == place
                           for one in self.optimizers[-2:] for group in one.param_groups
                           for p in group["params"]):
            self.trainings.at("clip", self.places.here())
            self.trainings.clipped("value", float(high))

    def _compile(self, original: Any) -> Any:
        def compile(model: Any = None, *args: Any, **kwargs: Any) -> Any:
            self._say("torch.compile was left out: the networks are trained as they are.")
            return model if model is not None else lambda one: one

        return compile

    def _warned(self, original: Any) -> Any:
        """What torch says of a call is said of the user's line, not of the one that passes it on."""
        def showwarning(
            message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
        ) -> None:
            here = self.places.here() if filename == listening.__file__ else None
            if here is not None:
                filename, lineno = self.places.filename, here.line
            original(message, category, filename, lineno, file, line)

        return showwarning

    def _in_float32(self, original: Any) -> Any:
        @functools.wraps(original)
        def __init__(thing: Any, *args: Any, **kwargs: Any) -> None:
            original(thing, *args, **{**kwargs, "enabled": False})
            self._say("autocast and GradScaler were left out: everything is computed in float32.")

        return __init__

    def _say(self, note: str) -> None:
        if note not in self.said:
            self.said.add(note)
            self.notes.append(note)

    def _backward(self, original: Any) -> Any:
        @functools.wraps(original)
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            loss = tensors[0] if isinstance(tensors, list | tuple) and tensors else tensors
            self.listening.quiet += 1
            try:
                if isinstance(loss, torch.Tensor) and self._inside == 0:
                    self._note_backward(loss)
                self._inside += 1
                return original(tensors, *args, **kwargs)
            finally:
                self._inside -= 1
                self.listening.quiet -= 1

        return backward

    def _grad(self, original: Any) -> Any:
        @functools.wraps(original)
        def grad(*args: Any, **kwargs: Any) -> Any:
            self.trainings.at("grad", self.places.here())
            return original(*args, **kwargs)

        return grad

    def _note_backward(self, loss: Any) -> None:
        if self.listening.full:
            self.trainings.not_taped()
            return
        frames = self._frames = self.places.frames()
        self.trainings.stands_in(frames, lambda: loops_around(self._script, frames))
        self.trainings.at("backward", self.places.here())
        self.trainings.at("forward", self._forward)
        fed = next((one for one in self.loaders if one._index_sampler is self._asked), None)
        self.trainings.at("batch", None if fed is None else self.places.of(fed))
        self.trainings.backward(self.listening.graph(loss), self.optimizers[-2:])

    def _steps(self, optimizer: Any, args: Any, kwargs: Any) -> Any:
        closure = args[1] if len(args) > 1 else kwargs.get("closure")  # the first is the optimizer
        self.trainings.at("step", self.places.here())
        self._met(optimizer)
        if closure is None:
            self._step(optimizer)
            self.listening.quiet += 1
            return None

        def heard() -> Any:
            self.listening.quiet = 0
            found = closure()
            self._step(optimizer)
            self.listening.quiet = 1
            return found

        self.trainings.closures += 1
        return (args[0], heard), {}

    def _met(self, optimizer: Any) -> None:
        """An optimizer that may have been made before anybody listened."""
        if not any(one is optimizer for one in self.optimizers):
            self.optimizers.append(optimizer)

    def _step(self, optimizer: Any) -> None:
        self.listening.quiet += 1
        try:
            self.trainings.step(optimizer, self._names)
        finally:
            self.listening.quiet -= 1

    def _stepped(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.trainings.stepped()
        self.listening.quiet = 0
        self.draws.trained(p for group in optimizer.param_groups for p in group["params"]
                           if p.grad is not None)
        self.listening.placed = self.trainings.batches < 2
        self.listening.detailed = self.trainings.batches < SHADOWED
        self.listening.stepped()
        training = self.trainings.now
        self.listening.full = self.refused is not None or (
            self.listening.bytes > MOST_BYTES and self.trainings.batches > SHADOWED)
        if self.ends_early and training is not None and training.counted is None:
            if not self.schedulers and not self._looks_on(training):
                training.counted = self.trainings.is_known()
            if training.counted is None and tells_rates(self.schedulers) and (
                    self.trainings.is_first_round()):
                self._cut_short(training, gone_through(self._script, self._frames))
            if training.counted is not None or self.trainings.is_second_round():
                self._say_what_is_left(training)
                raise Stop

    def _looks_on(self, training: Training) -> bool:
        """True while there is time to see what a loop does by the number of the round."""
        return (time.monotonic() - training.begun < LOOKS_ON
                and self._line_by_number(training) is not None)

    def _line_by_number(self, training: Training) -> int | None:
        if not training.around:
            return None
        if training not in self._by_number:
            self._by_number[training] = line_by_number(self._script, training.around[-1])
        return self._by_number[training]

    def _say_what_is_left(self, training: Training) -> None:
        line = self._line_by_number(training)
        if line is not None:
            self._say(f"Line {line} goes by the number of the round. The rounds that were not run are"
                      " taken to go on like the first ones; --through runs them all.")

    def _cut_short(self, training: Training, loader: Any) -> None:
        """End the first round here where its loader tells what all rows are.

        What comes behind it is run, and the second one begins: it may be in another mode.
        """
        self.listening.quiet += 1
        try:
            training.loaded = loaded(training, loader)
        finally:
            self.listening.quiet -= 1
        if training.loaded is not None:
            self._ended = loader._index_sampler

    def _next(self, original: Any) -> Any:
        @functools.wraps(original)
        def __next__(batches: Any) -> Any:
            self._asked = batches._index_sampler
            if self._ended is not None and batches._index_sampler is self._ended:
                self._ended = None
                raise StopIteration
            return original(batches)

        return __next__

