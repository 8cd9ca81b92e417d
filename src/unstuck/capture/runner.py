"""Runs a source as `python SCRIPT ARGS` would, inside this process, and leaves no trace.

What the interpreter sets up for a script is set up for it (`__main__`, `sys.argv`, `sys.path[0]`,
the default hooks) and put back afterwards. How it ended is returned; its traceback is printed as
Python prints it, without the frames that are ours.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import importlib.machinery
import io
import os
import signal
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from unstuck.base.errors import UnstuckError

from .patches import patched

_OWN_FILES = str(Path(__file__).parent)
_ROOT = str(Path(__file__).parents[1])


class Stop(BaseException):
    """Ends the script at the chosen `fit`. No Exception, so that few scripts swallow it."""


class _HardExit(BaseException):
    """Stands in for `os._exit`, which would end the whole process and the diagnosis with it."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a script ended: `exit_code` as a shell sees it; `error` if it raised, already printed.

    `stopped` where `Stop` ended it; `arose_in` the package in whose code the error arose, "" for the
    script's own; `exited` where it asked to end (`sys.exit`, `os._exit`);
    `ends_at_once` where nothing that is to be done at the end is done.
    """

    exit_code: int
    stopped: bool = False
    arose_in: str = ""
    exited: bool = False
    error: BaseException | None = None
    ends_at_once: bool = False


def run(
    code: types.CodeType,
    *,
    argv: Sequence[str],
    directory: str,
    stdout: TextIO,
    silent_after: Callable[[], bool] = lambda: False,
    namespace: dict[str, Any] | None = None,
    hidden: frozenset[str] = frozenset(),
    told: Callable[[BaseException], UnstuckError | None] = lambda _: None,
) -> Ending:
    """Run compiled source as `__main__`.

    Args:
        code: compiled under the file name that tracebacks shall show.
        argv: the arguments after the script's name; `argv[0]` is that name as given.
        directory: what becomes `sys.path[0]`.
        stdout: where the script's standard output goes.
        silent_after: a function; where it returns True at the end, an error of the script is not
            printed, because what was wanted is known and the script was kept from training.
        namespace: run it there, in the program that is running, as a notebook runs a cell.
        hidden: packages whose frames are left out of its traceback: the script never asked for them.
        told: gives an error of ours, a sentence, for one of the script's that needs no traceback.

    Raises:
        KeyboardInterrupt: it came while the script ran.
    """
    main = types.ModuleType("__main__") if namespace is None else sys.modules["__main__"]
    own = vars(main) if namespace is None else namespace
    if namespace is None:
        own.update(
            __file__=code.co_filename,
            __cached__=None,
            __builtins__=builtins,
            __annotations__={},
            __loader__=importlib.machinery.SourceFileLoader("__main__", code.co_filename),
        )
    before = frozenset(sys.modules)
    handlers = _AtExit(code.co_filename, directory)
    with (_process_kept(), _process_exit_caught(), contextlib.redirect_stdout(lent(stdout)),
          contextlib.redirect_stderr(lent(sys.stderr))):
        sys.modules["__main__"] = main
        sys.argv = list(argv)
        if namespace is None:
            sys.path.insert(0, directory)
        sys.excepthook = sys.__excepthook__
        try:
            with handlers.kept() if namespace is None else contextlib.nullcontext():
                ending = _executed(code, own, silent_after, hidden, told)
                if not ending.ends_at_once and not silent_after():
                    handlers.run()
            return ending
        finally:
            if namespace is None:
                _drop_modules_of(directory, before)


def _executed(
    code: types.CodeType, own: dict[str, Any], silent_after: Callable[[], bool],
    hidden: frozenset[str], told: Callable[[BaseException], UnstuckError | None],
) -> Ending:
    try:
        exec(code, own)
    except Stop:
        return Ending(exit_code=0, stopped=True, ends_at_once=True)
    except SystemExit as error:
        return Ending(exit_code=_status(error.code), exited=True)
    except _HardExit as error:
        return Ending(exit_code=error.code, exited=True, ends_at_once=True)
    except KeyboardInterrupt:
        raise
    except UnstuckError as error:  # of ours, told in a sentence and not as a fault of theirs
        return Ending(exit_code=1, error=error, ends_at_once=True)
    except BaseException as error:
        if (sentence := told(error)) is not None:
            return Ending(exit_code=1, error=sentence, ends_at_once=True)
        arose_in = _package_of(error)
        if not silent_after():
            print_as_python(error, hidden)
        return Ending(exit_code=1, error=error, arose_in=arose_in)
    return Ending(exit_code=0)


class _AtExit:
    """What a script asks to have done at the end: at its own end, and not at the end of ours.

    Nothing is done where the script was ended at its `fit`: it would be done untrained.

    Args:
        filename: the script's.
        directory: where modules of its own lie; what packages register is theirs, and left alone.
    """

    def __init__(self, filename: str, directory: str) -> None:
        self._filename, self._directory = filename, directory
        self._handlers: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """While open, what the script registers is kept here."""
        with patched({(atexit, "register"): self._register,
                      (atexit, "unregister"): self._unregister}):
            yield

    def run(self) -> None:
        """Do what was registered, the last first; an error is told as Python tells it."""
        while self._handlers:
            function, args, kwargs = self._handlers.pop()
            try:
                function(*args, **kwargs)
            except Exception as error:
                sys.stderr.write(f"Exception ignored in atexit callback: {function!r}\n")
                print_as_python(error)

    def _register(self, original: Any) -> Any:
        def register(function: Any, /, *args: Any, **kwargs: Any) -> Any:
            file = sys._getframe(1).f_code.co_filename
            if file != self._filename and not is_beside(file, self._directory):
                return original(function, *args, **kwargs)
            self._handlers.append((function, args, kwargs))
            return function

        return register

    def _unregister(self, original: Any) -> Any:
        def unregister(function: Any) -> None:
            self._handlers = [one for one in self._handlers if one[0] != function]
            original(function)

        return unregister


def print_as_python(error: BaseException, hidden: frozenset[str] = frozenset()) -> None:
    """Print an exception to standard error as an uncaught one, without our own frames and `hidden`."""
    _strip(error, set(), hidden)
    sys.excepthook(type(error), error, error.__traceback__)


def place_of(error: BaseException) -> tuple[str, int] | None:
    """The file and the line of the script, or of a module of its own, in which an error arose."""
    place = None
    for frame in own_frames(error.__traceback__):
        place = frame.tb_frame.f_code.co_filename, frame.tb_lineno
    return place


def users_place(error: BaseException) -> tuple[str, int] | None:
    """The innermost file and line of the user's own that an error came through."""
    found = None
    for frame in own_frames(error.__traceback__):
        if is_the_users(file := frame.tb_frame.f_code.co_filename):
            found = file, frame.tb_lineno
    return found


def is_ours(file: str) -> bool:
    """True for a file of unstuck's."""
    return file.startswith(_ROOT)


def is_the_users(file: str) -> bool:
    """True for a file of the user's own."""
    return not is_of_a_package(file) and not is_ours(file)


def is_of_a_package(file: str) -> bool:
    """True for a file of an installed package's, and for none at all."""
    parts = Path(file).parts
    return bool({"site-packages", "dist-packages"} & set(parts)) or file.startswith("<")


def _package_of(error: BaseException) -> str:
    """The package in whose code an error arose: "unstuck" for ours, "" for the script's own."""
    trace, file = error.__traceback__, ""
    while trace is not None:
        file, trace = trace.tb_frame.f_code.co_filename, trace.tb_next
    if file.startswith(_OWN_FILES):
        return "unstuck"
    parts = Path(file).parts
    at = next((n for n, part in enumerate(parts) if part in ("site-packages", "dist-packages")), None)
    return "" if at is None or at + 1 >= len(parts) else parts[at + 1]


def _strip(error: BaseException | None, seen: set[int], hidden: frozenset[str]) -> None:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    error.__traceback__ = _without(error.__traceback__, hidden)
    if hidden and type(error.__cause__).__module__.partition(".")[0] in hidden:
        error.__cause__ = None  # JAX tells its own frames so
    if hidden and (notes := getattr(error, "__notes__", None)):
        notes[:] = [note for note in notes if "JAX has removed its internal frames" not in note]
    _strip(error.__cause__, seen, hidden)
    _strip(error.__context__, seen, hidden)


def own_frames(
    trace: types.TracebackType | None, hidden: frozenset[str] = frozenset()
) -> list[types.TracebackType]:
    """The frames of a traceback that are not ours, nor of `hidden` packages."""
    kept = []
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        foreign = is_of_a_package(file) and hidden & set(Path(file).parts)
        if not file.startswith(_OWN_FILES) and not foreign:
            kept.append(trace)
        trace = trace.tb_next
    return kept


def _without(
    trace: types.TracebackType | None, hidden: frozenset[str]
) -> types.TracebackType | None:
    kept, trace = own_frames(trace, hidden), None
    for inner in reversed(kept):
        trace = types.TracebackType(trace, inner.tb_frame, inner.tb_lasti, inner.tb_lineno)
    return trace


def _status(code: Any) -> int:
    """The exit status that Python makes of the argument of `sys.exit`; a text is printed."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    sys.stderr.write(f"{code}\n")
    return 1


def _drop_modules_of(directory: str, before: frozenset[str]) -> None:
    """Forget modules imported from beside the script: another script may have others so named."""
    for name, module in list(sys.modules.items()):
        if name in before or name.split(".")[0] == "unstuck":
            continue
        file = getattr(module, "__file__", None)
        if file and is_beside(file, directory):
            del sys.modules[name]


def is_beside(file: str, directory: str) -> bool:
    """True for a file of the user's own below a directory."""
    packaged = {"site-packages", "dist-packages"} & set(Path(file).parts)
    return Path(file).is_relative_to(directory) and not packaged


class _Lent:
    """A stream without a descriptor, lent to a script: it closes for the script, and nobody else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self.closed = stream, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        return self._stream.write(text)

    def close(self) -> None:
        self.closed = True


_lent: dict[int, TextIO] = {}
"""Copies of streams of ours for scripts, by descriptor; a thread of a script may write on."""


def lent(stream: TextIO) -> TextIO:
    """A stream for a script, which may close it, its buffer or its descriptor without closing ours."""
    if not isinstance(stream, io.TextIOWrapper):  # a notebook's, which goes elsewhere than a descriptor
        return cast(TextIO, _Lent(stream))
    try:
        number = stream.fileno()
        stream.flush()
        made = _lent.get(number)
        if made is None or made.closed or not os.path.sameopenfile(made.fileno(), number):
            if made is not None:
                made.close()
            made = _lent[number] = os.fdopen(os.dup(number), "w", 1, stream.encoding, stream.errors)
    except (OSError, ValueError):
        return cast(TextIO, _Lent(stream))
    return made


_NO_WINDOWS = "module://unstuck.capture.no_windows"


@contextlib.contextmanager
def _process_kept() -> Iterator[None]:
    """Whatever a script may change of the interpreter is afterwards as it was."""
    names = ("argv", "path", "stdout", "stderr", "stdin", "excepthook", "displayhook")
    figures = os.environ.get("MPLBACKEND")
    drawing = getattr(sys.modules.get("matplotlib"), "rcParams", None)
    drawn = None if drawing is None else dict.__getitem__(drawing, "backend")
    kept = {name: getattr(sys, name) for name in names}
    path, main, directory = list(sys.path), sys.modules["__main__"], os.getcwd()
    backend = os.environ.get("KERAS_BACKEND")
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        with warnings.catch_warnings():
            pyplot = sys.modules.get("matplotlib.pyplot")
            if figures is None and getattr(pyplot, "_backend_mod", None) is None:
                # No window may open and wait for somebody to close it. Keras has imported Matplotlib,
                # which has read its settings by now, but has not drawn yet.
                os.environ["MPLBACKEND"] = _NO_WINDOWS
                if drawing is not None:
                    drawing["backend"] = _NO_WINDOWS
            yield
    finally:
        if figures is None:
            os.environ.pop("MPLBACKEND", None)
        if drawing is not None:
            dict.__setitem__(drawing, "backend", drawn)
        for name, value in kept.items():
            setattr(sys, name, value)
        sys.path[:] = path
        sys.modules["__main__"] = main
        os.chdir(directory)
        if backend is not None:
            os.environ["KERAS_BACKEND"] = backend
        for number, handler in handlers.items():
            if handler is not None:
                signal.signal(number, handler)


@contextlib.contextmanager
def _process_exit_caught() -> Iterator[None]:
    """`os._exit` ends the script alone; `Stop` in a thread ends that thread without a word."""
    process = os.getpid()

    def leave(original: Any) -> Any:
        def _exit(status: int) -> None:
            if os.getpid() != process:
                original(status)
            raise _HardExit(status)

        return _exit

    def quiet(original: Any) -> Any:
        def excepthook(args: Any) -> None:
            if not issubclass(args.exc_type, Stop):
                original(args)

        return excepthook

    with patched({(os, "_exit"): leave, (threading, "excepthook"): quiet}):
        yield
