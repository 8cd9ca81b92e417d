"""Runs an unmodified script, or takes a model from memory, and comes back with a Recipe.

`runner` runs a source as Python would, `watch` is told of the script's calls of Keras through the
`patches` that stand meanwhile, `calls` finds them in the source, `build` makes a Recipe of a call
of `fit`, with `data` checking its arrays and `networks` copying its model. Keras, the interpreter
and the user's objects are afterwards as they were, however the script ended.

May import: network, script, base.
Others take: `capture_script`, `capture_model`, `load_model` and what else this file hands out.
"""

from __future__ import annotations

import importlib.util
import inspect
import linecache
import os
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import keras

from unstuck.base.errors import NoFitCall, NotSupported, ScriptFailed, UnstuckError
from unstuck.base.reading import refuse_no_script
from unstuck.network import adapter
from unstuck.network.adapter import random_state_kept
from unstuck.network.drawing import let_draw_unseeded
from unstuck.network.recipe import Recipe
from unstuck.script import Script
from unstuck.script.dialect import dialect_of, imported

from . import events, runner
from .build import recipe_of
from .calls import fit_calls, others_by_syntax
from .failing import cause_of
from .inside import refused_outside, told_of
from .model_file import load_model
from .older import understood
from .patches import patched
from .refused import refuse_models
from .seeded import drawing_from
from .tensorflow.blocks import rewritten
from .watch import Watch

__all__ = ["Captured", "capture_cell", "capture_heard", "capture_model", "capture_module",
           "capture_script", "capture_text", "capture_trained", "drawing_from", "load_model",
           "random_state_kept", "told_of"]

_STANDING_IN = frozenset({"keras", "jax", "jaxlib", "unstuck"})
_NEVER_ASKED_FOR = frozenset({"keras", "jax", "jaxlib"})
"""Packages that a script of another year, or with TensorFlow's names, does not know to be there."""

_NOT_FETCHED = re.compile(r"URL fetch failure on (\S+?):? ")
"""How Keras begins to say that a download failed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Captured:
    """The training of one `fit`, and where it came from.

    `script` is the user's source (`None` for a model made in memory), `line` and `call` tell where
    `fit` is called and with what text. The fit is number `index`, from 1, `of` how many; `others`
    are the other ones, a line each. `model_kind` is the class of the model, `parameters` counts its
    weights. `exit_code` and `own_history` come from a run to the script's end: its exit status, and
    the history of the user's own training.
    """

    recipe: Recipe
    script: Script | None
    line: int | None
    call: str
    index: int
    of: int
    others: tuple[str, ...]
    model_kind: str
    parameters: int
    exit_code: int | None
    own_history: Mapping[str, list[float]] | None
    notes: tuple[str, ...]


def capture_script(
    path: Path,
    argv: Sequence[str] = (),
    *,
    fit: str = "auto",
    through: bool = False,
    stdout: TextIO | None = None,
) -> Captured:
    """Run a script as `python PATH ARGV` up to its `fit`, and take that.

    Args:
        path: the script.
        argv: its arguments.
        fit: which call of `fit`: "auto", the first whose model has weights, or a number from 1.
            Earlier ones really train.
        through: let the script train and go on to its end.
        stdout: where the script's standard output goes; standard error by default.

    Raises:
        UnstuckError: the file cannot be read, or what it passes to `fit` cannot be trained on.
        ScriptFailed: the script raised before that `fit`; its traceback has been printed.
        NoFitCall: it ended without that `fit`.
        KeyboardInterrupt: it came while the script ran.
    """
    chosen = _number(fit)
    if not path.exists():
        raise UnstuckError(f"There is no file {path}.")
    try:
        refuse_no_script(path)
        refuse_models(path)
    except OSError as error:
        raise UnstuckError(f"{path} cannot be read: {error.strerror}.") from error
    if path.is_dir():
        raise UnstuckError(f"{path} is a directory; name the script in it that calls fit.")
    if path.suffix == ".ipynb":
        raise NotSupported(
            f"{path} is a notebook. Save it as a script first: jupyter nbconvert --to script {path}"
        )
    # As Python names it in tracebacks and `__file__`: absolute, but not resolved.
    filename = Path(os.path.join(os.getcwd(), path))
    try:
        str(filename).encode()
    except UnicodeEncodeError:
        raise UnstuckError(f"{path} has a name that is no text in UTF-8, which JAX does not take."
                           " Rename the file or its folder.") from None
    try:
        script = Script.read(filename)
    except OSError as error:
        raise UnstuckError(f"{path} cannot be read: {error.strerror}.") from error
    except SyntaxError as error:
        raise _no_python(path.name, error) from error
    return _capture(
        script, str(filename), [str(path), *argv], str(filename.resolve().parent), chosen, through,
        stdout,
    )


def capture_text(
    text: str, *, filename: str = "script.py", argv: Sequence[str] = (), fit: str = "auto"
) -> Captured:
    """The same for a source in memory, run as if it stood in a file of that name.

    Args:
        text: the source.
        filename: what `__file__` and tracebacks say; modules beside it can be imported.
        argv: its arguments.
        fit: which call of `fit`, as `capture_script` takes it.

    Raises:
        UnstuckError: as `capture_script`.
    """
    try:
        script = Script.parse(text, Path(filename))
    except SyntaxError as error:
        raise _no_python(filename, error) from error
    beside = str(Path(filename).resolve().parent)
    return _capture(script, filename, [filename, *argv], beside, _number(fit), False, None)


def capture_cell(
    text: str, namespace: dict[str, Any], *, name: str, fit: str = "auto"
) -> Captured:
    """Run a cell of a notebook up to its `fit`, among everything that the notebook knows.

    Args:
        text: the cell's Python source.
        namespace: the notebook's; what the cell defines before its `fit` stays in it.
        name: what the cell is called in messages and tracebacks, such as "In [7]".
        fit: which call of `fit`, as `capture_script` takes it.

    Raises:
        UnstuckError: as `capture_script`.
    """
    try:
        script = Script.parse(text, Path(name))
    except SyntaxError as error:
        raise _no_python(name, error) from error
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    return _capture(
        script, name, sys.argv, os.getcwd(), _number(fit), False, sys.stdout, namespace=namespace)


def capture_model(
    model: Any, x: Any = None, y: Any = None, *more: Any, **fit_arguments: Any
) -> Captured:
    """The training that `model.fit(x, y, …)` would be; nothing is trained, the model only read.

    Args:
        model: a compiled `keras.Model`, or where a `.keras` file of one is.
        x, y, more, fit_arguments: the arguments of `fit`, at its positions or by its names.

    Raises:
        UnstuckError: what is passed cannot be trained on, or `model` is no compiled Keras model.
        TypeError: `fit` has no such argument.
    """
    if isinstance(model, str | os.PathLike):
        model = load_model(Path(model))
    if not adapter.is_model(model):
        raise UnstuckError(
            f"unstuck diagnoses Keras models; this is a {type(model).__module__}."
            f"{type(model).__name__}."
        )
    bound = inspect.signature(model.fit).bind(x, y, *more, **fit_arguments)
    bound.apply_defaults()
    return _from_memory(model, bound.arguments)


def capture_trained(model: Any, fit: Mapping[str, Any]) -> Captured:
    """The same of a model that `fit` has just trained with these arguments; takes less time.

    Raises:
        UnstuckError: it cannot be trained again, and why.
    """
    bound = inspect.signature(model.fit).bind(**fit)
    bound.apply_defaults()
    return _from_memory(model, bound.arguments, trained=True)


def _from_memory(
    model: Any, fit: MutableMapping[str, Any], *, trained: bool = False
) -> Captured:
    with random_state_kept():
        recipe, notes = recipe_of(model, fit, copied=False, trained=trained)
    return Captured(
        recipe=recipe,
        script=None,
        line=None,
        call="",
        index=1,
        of=1,
        others=(),
        model_kind=type(model).__name__,
        parameters=recipe.architecture.source.count_params(),
        exit_code=None,
        own_history=None,
        notes=(*adapter.backend_notes(), *notes),
    )


def _capture(
    script: Script,
    filename: str,
    argv: Sequence[str],
    directory: str,
    chosen: int | None,
    through: bool,
    stdout: TextIO | None,
    namespace: dict[str, Any] | None = None,
) -> Captured:
    name = Path(filename).name
    packages = imported(script, directory)
    if "torch" in packages and not {"keras", "tensorflow"} & packages:
        return _capture_torch(script, filename, argv, directory, chosen or 1, through, stdout,
                              namespace)
    let_draw_unseeded()
    watch = Watch(filename, script, chosen=chosen or 1, through=through, auto=chosen is None)
    dialect = dialect_of(script, directory)
    source = rewritten(script.data, filename) if dialect is not None else None
    code = compile(script.data if source is None else source, filename, "exec", dont_inherit=True)
    # A fresh session, so that every capture gives the layers the same names.
    wrappers = {**watch.wrappers, (keras.config, "set_backend"): _only_jax}
    with (adapter.fresh_session(), patched(wrappers), understood(dialect, directory) as met,
          events.told_to(watch.hand_loop)):
        ending = runner.run(
            code,
            argv=argv,
            directory=directory,
            stdout=sys.stderr if stdout is None else stdout,
            silent_after=lambda: watch.taken and not through,
            namespace=namespace,
            hidden=_NEVER_ASKED_FOR if dialect is not None else frozenset(),
            told=refused_outside,
        )
    if ending.error is None:
        watch.take_own_loop()
    watch.close()
    if watch.error is not None:
        raise watch.error
    if watch.recipe is None:
        if dialect is not None and dialect.year == "tf.keras" and ending.arose_in in _STANDING_IN:
            sys.stderr.write(
                "unstuck: this arose where the script calls tf or Keras. Here both are Keras"
                f" {adapter.keras_version()} on JAX: what it imports as tensorflow is a stand-in. If"
                f" python {name} raises nothing like it, write that line with keras.ops.\n")
        raise _not_reached(name, watch.chosen, watch, ending)
    if dialect is not None and dialect.year:
        watch.notes.append(
            f"The script is in the spelling of {dialect}; it was run as it is, with Keras"
            f" {adapter.keras_version()}. unstuck fix --modernise writes today's."
        )
    watch.notes += met
    found = _captured(script, watch, ending, chosen=watch.chosen, through=through)
    year = "" if dialect is None else dialect.year
    return replace(found, recipe=replace(found.recipe, written_for=year))


def _capture_torch(
    script: Script, filename: str, argv: Sequence[str], directory: str, chosen: int, through: bool,
    stdout: TextIO | None, namespace: dict[str, Any] | None,
) -> Captured:
    """The same of a script that trains with torch."""
    name = Path(filename).name
    if importlib.util.find_spec("torch") is None:
        raise UnstuckError(f"{name} trains with PyTorch, which is not installed here. Install it with"
                           " pip install 'unstuck[torch]'.")
    from .torch.capturing import run_and_take  # torch is imported for its scripts alone

    code = compile(script.data, filename, "exec", dont_inherit=True)

    def run() -> runner.Ending:
        return runner.run(
            code, argv=argv, directory=directory, stdout=sys.stderr if stdout is None else stdout,
            namespace=namespace, told=refused_outside)

    with adapter.fresh_session():
        taken, ending = run_and_take(script, filename, chosen, run, through=through)
    if taken is None:
        assert ending.error is not None
        if isinstance(ending.error, UnstuckError):
            raise _of_ours(ending.error)
        raise _failed(f"{name} raised {type(ending.error).__name__} before its training was over.",
                      ending.error)
    return Captured(
        recipe=taken.recipe, script=script, line=taken.line, call=taken.call, index=taken.index,
        of=taken.of, others=taken.others, model_kind=taken.model_kind,
        parameters=taken.recipe.architecture.source.count_params(), exit_code=ending.exit_code,
        own_history=None, notes=taken.notes)


def capture_module(
    module: Any, loss_fn: Any = None, optimizer: Any = None, loader: Any = None, *,
    epochs: Any = None,
) -> Captured:
    """The training of a module of torch's by a loop over its loader; all is left as it is.

    Args:
        module, loss_fn, optimizer, loader, epochs: as `torch.memory.module_taken` takes them.

    Raises:
        UnstuckError: it cannot be trained, and why.
    """
    from .torch.memory import module_taken

    return capture_heard(lambda: module_taken(module, loss_fn, optimizer, loader, epochs))


def capture_heard(take: Callable[[], Any]) -> Captured:
    """A training of torch's that no source is known of.

    Args:
        take: gives the `torch.capturing.Taken`.

    Raises:
        UnstuckError: replicas cannot do the same, and why.
    """
    with adapter.fresh_session():
        taken = take()
    recipe = replace(taken.recipe, sites={})
    return Captured(
        recipe=recipe, script=None, line=None, call="", index=taken.index, of=taken.of, others=(),
        model_kind=taken.model_kind, parameters=recipe.architecture.source.count_params(),
        exit_code=None, own_history=None, notes=taken.notes)


def _captured(
    script: Script, watch: Watch, ending: runner.Ending, *, chosen: int, through: bool
) -> Captured:
    assert watch.recipe is not None
    mine = watch.fits[chosen - 1]
    reached = [str(fit) for number, fit in enumerate(watch.fits, 1) if number != chosen]
    notes = list(watch.notes)
    others = reached
    if not through:
        reached = reached[: chosen - 1]  # those after it were reached only because it was swallowed
        spans = [fit.span for fit in watch.fits if fit.span is not None]
        unseen = others_by_syntax(fit_calls(script), spans, joined=watch.rounds.calls)
        others = [*reached, *map(str, unseen)]
    of = 1 + len(others)
    if of > 1:
        notes.append(f"Fit {chosen} of {of} was taken; --fit chooses another.")
    if ending.error is not None and through:
        notes.append(f"The script raised {type(ending.error).__name__} after this fit.")
    return Captured(
        recipe=watch.recipe,
        script=script,
        line=mine.line,
        call=mine.text,
        index=chosen,
        of=of,
        others=tuple(others),
        model_kind=watch.model_kind,
        parameters=watch.recipe.architecture.source.count_params(),
        exit_code=ending.exit_code if through else None,
        own_history=watch.own_history,
        notes=tuple(notes),
    )


def _only_jax(original: Any) -> Any:
    def set_backend(backend: str) -> Any:
        if backend != "jax":
            raise NotSupported(
                f"set_backend({backend!r}) changes what Keras computes with, and unstuck trains with"
                " JAX. Leave the call out for unstuck; a script seldom depends on it.")
        return original(backend)

    return set_backend


def _number(fit: str) -> int | None:
    """The number of the `fit` to take; `None`: the first that trains something."""
    if fit == "auto":
        return None
    if fit.isdecimal() and int(fit) > 0:
        return int(fit)
    raise NotSupported(
        f"--fit takes the number of a fit call, from 1, or auto, which is the first; not {fit!r}."
    )


def _no_python(name: str, error: SyntaxError) -> ScriptFailed:
    runner.print_as_python(error.with_traceback(None))
    line = "" if error.lineno is None else f", line {error.lineno}"
    return ScriptFailed(f"{name} is not valid Python: {error.msg}{line}.")


def _not_reached(
    name: str, chosen: int, watch: Watch, ending: runner.Ending
) -> UnstuckError:
    times = len(watch.fits)
    if isinstance(ending.error, UnstuckError):
        return _of_ours(ending.error)
    if ending.error is not None:
        if isinstance(ending.error, ImportError):
            _explain_tensorflow(name, ending.error)
        _explain_download(name, ending.error)
        before = "any fit" if chosen == 1 else f"fit {chosen}"
        return _failed(f"{name} raised {type(ending.error).__name__} before {before}.", ending.error)
    ended = (
        f"{name} ended with exit status {ending.exit_code}" if ending.exited else f"{name} ended"
    )
    if times:
        return NoFitCall(
            f"{ended} after {times} call{'s' * (times > 1)} of fit; there is no fit {chosen}."
        )
    if watch.own_loop:
        return NoFitCall(
            f"{ended} without calling model.fit; it trains in a loop of its own ({watch.own_loop})."
            " Call model.fit instead, or pass the model and the data to unstuck.diagnose."
        )
    if watch.hand_loop.took_gradients:
        return NoFitCall(
            f"{ended} without calling model.fit. It takes gradients itself (tf.GradientTape), but no"
            " optimizer of Keras's applies them, so that nothing tells what is trained. Let an"
            " optimizer do it: optimizer.apply_gradients(zip(gradients, model.trainable_variables)).")
    return NoFitCall(
        f"{ended} without calling model.fit, so there is nothing to diagnose. If it waits for"
        f" arguments, give them after --: unstuck run {name} -- ARGUMENTS. If it only defines the"
        " model, pass that and the data to unstuck.diagnose."
    )


def _of_ours(error: UnstuckError) -> NotSupported:
    """A refusal that arose while the script ran, with the line that it was at."""
    place = runner.place_of(error)
    where = "" if place is None else f"{Path(place[0]).name}, line {place[1]}: "
    return NotSupported(f"{where}{_as_it_was_said(error)}")


def _failed(told: str, error: BaseException) -> ScriptFailed:
    """That a script raised: with the cause where it can be computed, and the line."""
    cause = cause_of(error)
    failed = ScriptFailed(told if cause is None else f"{told} {cause.message}",
                          change="" if cause is None else cause.change)
    place = runner.users_place(error)
    if place is not None:
        failed.at(Path(place[0]).name, place[1], linecache.getline(*place))
    return failed


def _as_it_was_said(error: BaseException) -> str:
    """The sentence of an error of ours, without what Keras puts around it on its way out of a layer."""
    while isinstance(inner := error.__cause__ or error.__context__, UnstuckError):
        error = inner
    return str(error)


def _explain_tensorflow(name: str, error: ImportError) -> None:
    if error.name is not None and error.name.split(".")[0] == "tensorflow":
        sys.stderr.write(
            f"unstuck: {name} needs {error.name}, which is not installed here. Of TensorFlow,"
            " unstuck itself knows tf.keras and the functions that come with it.\n"
        )


def _explain_download(name: str, error: BaseException) -> None:
    """Where a data set of Keras's could not be fetched: where its file has to lie."""
    found = _NOT_FETCHED.match(str(error))
    if found is not None:
        sys.stderr.write(
            f"unstuck: {name} downloads {found[1]}, which this machine cannot. Fetch it on another one"
            f" and put it at {adapter.downloads() / Path(found[1]).name}, where Keras looks first.\n"
        )
