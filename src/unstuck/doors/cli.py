"""The command line: the commands put together, and what is common to them.

Data goes to standard output, messages and progress to standard error. Keras and JAX are imported
only by the commands that train.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from unstuck import __version__, on_jax
from unstuck.base import interrupts
from unstuck.base.errors import ScriptFailed, UnstuckError

from . import RUNNING, config, streams
from .commands.check import check
from .commands.compare import compare
from .commands.doctor import doctor
from .commands.explain import checks, explain
from .commands.fix import fix
from .commands.guard import guard
from .commands.output import show
from .commands.replay import replay
from .commands.report import report
from .commands.run import run
from .exits import FAILED, guarded, say
from .switches import Commands, OtherPython

COMMANDS: tuple[Callable[..., int], ...] = (run, check, compare, guard, report, fix, replay,
                                            explain, checks, doctor)
"""All commands, in the order of `unstuck --help`; each is called what its function is called."""
SET_BY_PROJECTS = ("run", "check", "compare", "guard", "fix", "replay", "report")
"""The commands that take from `config` what no switch says."""
app = typer.Typer(
    name="unstuck",
    cls=Commands,
    help="Why isn't this network learning, and what is the smallest change that makes it learn?",
    epilog="Exit codes: 0 it learns, nothing proved wrong; 1 a cause was proved, the data holds nothing"
    " to learn, check found facts, B is worse, or it learns less often; 2 we could not work; 3 it does"
    " not learn and nothing was proved, or nothing was decided; 4 the script itself fails, before or in"
    " fit; 5 it never called fit; 130 interrupted, with a partial report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _in_another_python(command: Callable[..., int]) -> Callable[..., int]:
    """The command with `--python`, which `entry` heeds before anything is imported."""

    @functools.wraps(command)
    def run(*args: Any, python: Path | None = None, **kwargs: Any) -> int:
        if python is not None:
            raise UnstuckError("--python needs the command itself: unstuck, or python -m unstuck.")
        return command(*args, **kwargs)

    own = inspect.signature(command, eval_str=True)
    switch = inspect.Parameter("python", inspect.Parameter.KEYWORD_ONLY, default=None,
                               annotation=OtherPython)
    vars(run)["__signature__"] = own.replace(parameters=[*own.parameters.values(), switch])
    run.__annotations__ = {**inspect.get_annotations(command, eval_str=True), "python": OtherPython}
    return run


for command in COMMANDS:
    app.command()(guarded(_in_another_python(command) if command.__name__ in RUNNING else command))


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        show(f"unstuck {__version__}\n")
        raise typer.Exit
    try:
        _, given = config.find(Path(os.path.abspath(".")))
    except (UnstuckError, OSError) as error:  # the folder may be gone
        say(f"unstuck: {error}")
        raise typer.Exit(FAILED) from error
    given = {name.replace("-", "_"): value for name, value in given.items()}
    context.default_map = dict.fromkeys(SET_BY_PROJECTS, given)
    # A format of a diagnosis's report need not be one of a checkup's.
    context.default_map["check"] = {name: value for name, value in given.items() if name != "format"}


def main() -> None:
    """The command line in this process; `entry` has the user's code run in one that is watched."""
    on_jax()
    streams.make_own()
    interrupts.told_of_exit(ScriptFailed.exit_code)
    code: object = 0
    try:
        app(prog_name="unstuck")
    except SystemExit as end:
        code = end.code
    streams.leave(code if isinstance(code, int) else FAILED if code else 0)
