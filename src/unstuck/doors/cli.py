"""The command line: reads switches, calls the others, prints, exits.

Data goes to standard output, messages and progress to standard error. Keras and JAX are imported
only by the commands that train.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypedDict

import typer

from unstuck import __version__, reports
from unstuck.base.atomic import write_bytes
from unstuck.base.errors import NoFitCall, UnstuckError
from unstuck.base.journal import Shelf, user_folder
from unstuck.base.progress import Progress
from unstuck.result.results import Result

from . import config, fixing
from .exits import (
    FAILED,
    INCONCLUSIVE,
    INTERRUPTED,
    PROVED,
    WELL,
    exit_code,
    guarded,
    own_fault,
    say,
    worst,
)
from .switches import (
    Arguments,
    BudgetText,
    Cluster,
    Colors,
    Commands,
    Device,
    Diff,
    ExitZero,
    FitChoice,
    Format,
    Fresh,
    Goal,
    HtmlFile,
    Ignore,
    Jobs,
    JournalFolder,
    JsonFile,
    NoData,
    NoJournal,
    Quiet,
    Replicas,
    SaveFile,
    Script,
    Seed,
    Select,
    Through,
    Verbose,
    names,
)
from .terminal import Color, encoding_of, wants_color, width_of

if TYPE_CHECKING:
    from unstuck.diagnosis.diagnosis import Diagnosis, Options

app = typer.Typer(
    name="unstuck",
    cls=Commands,
    help="Why isn't this network learning, and what is the smallest change that makes it learn?",
    epilog="Exit codes: 0 it learns, nothing proved wrong; 1 a cause was proved, or the data holds"
    " nothing to learn; 2 we could not work; 3 it does not learn and nothing was proved; 4 the"
    " script itself failed; 5 it never called fit; 130 interrupted, with a partial report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print(text: str) -> None:
    """Data for standard output; what its encoding lacks is escaped."""
    encoding = encoding_of(sys.stdout)
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _looks(color: Color, stream: TextIO | None = None) -> dict[str, Any]:
    out = stream or sys.stdout
    return {
        "width": width_of(out, os.environ),
        "color": wants_color(color, out, os.environ),
        "encoding": encoding_of(out),
    }


def _progress(quiet: bool, color: Color) -> Progress:
    if quiet:
        return Progress()
    from .terminal_progress import TerminalProgress

    return TerminalProgress(sys.stderr, os.environ, color=color)


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        _print(f"unstuck {__version__}\n")
        raise typer.Exit
    try:
        _, given = config.find(Path(os.path.abspath(".")))
    except (UnstuckError, OSError) as error:  # the folder may be gone
        say(f"unstuck: {error}")
        raise typer.Exit(FAILED) from error
    given = {name.replace("-", "_"): value for name, value in given.items()}
    context.default_map = dict.fromkeys(("run", "fix", "replay", "report"), given)


def _options(
    budget: str, replicas: int | None, seed: int, goal: str | None, device: str | None,
    jobs: int | None, cluster: str | None = None, select: list[str] | None = None,
    ignore: list[str] | None = None,
) -> Options:
    from unstuck.reports.manual.pages import known_names

    chosen = known_names(names(select or [])), known_names(names(ignore or []))
    _use_device(device)
    from unstuck.diagnosis.diagnosis import Options
    from unstuck.search.budget import Budget

    return Options(
        budget=Budget.parse(budget), replicas=replicas, seed=seed, goal=goal, device=device,
        jobs=jobs, cluster=cluster, select=chosen[0], ignore=chosen[1],
    )  # fmt: skip


def _use_device(device: str | None) -> None:
    """Choose JAX's platform, before anything is put on it, and Keras's backend."""
    import unstuck.network.adapter  # noqa: F401  first of all: it sees to it that Keras gets JAX

    if device is None:
        return
    import jax

    jax.config.update("jax_platforms", device)  # type: ignore[no-untyped-call]
    try:
        jax.devices()
    except RuntimeError as error:
        raise UnstuckError(
            f"JAX finds no {device} here. `unstuck doctor` shows what there is."
        ) from error


@app.command()
@guarded
def run(
    script: Script,
    arguments: Arguments = None,
    budget: BudgetText = "2m",
    replicas: Replicas = None,
    select: Select = None,
    ignore: Ignore = None,
    fit: FitChoice = "auto",
    through: Through = False,
    diff: Diff = False,
    format: Format = "text",
    json: JsonFile = None,
    html: HtmlFile = None,
    no_data: NoData = False,
    save: SaveFile = None,
    goal: Goal = None,
    seed: Seed = 0,
    device: Device = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    journal: JournalFolder = None,
    no_journal: NoJournal = False,
    fresh: Fresh = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    color: Colors = "auto",
    exit_zero: ExitZero = False,
) -> int:
    """Run a script up to its fit, find out why it does not learn, and report.

    Nothing is written but what is asked for. For example:
    unstuck run train.py --save train.unstuck -- --data my.npz
    """
    options = _options(budget, replicas, seed, goal, device, jobs, cluster, select, ignore)
    shown = save is not None or html is not None or json is not None or format == "json"
    options = replace(options, pictures=shown)
    from unstuck.diagnosis.diagnosis import diagnose_script

    if fit == "ask":
        fit = _asked_fit(script, arguments or [])
    if fit == "all" and (through or save or json or html or format != "text"):
        raise UnstuckError("--fit all prints one report after the other; choose one fit by its"
                           " number for --through, --save, --json, --html and --format.")

    def one(fit: str) -> tuple[int, int]:
        """Diagnose one fit and report; its exit code, and how many fits there are."""
        progress, shelf = _progress(quiet, color), _shelf(journal, no_journal, fresh)
        try:
            diagnosis = diagnose_script(
                script, arguments or [], options=options, fit=fit, through=through, progress=progress,
                shelf=shelf,
            )
            progress.close()
            looks = _Looks(verbose=-1 if quiet else verbose, diff=diff, data=not no_data)
            _report(diagnosis.result, format, color, looks)
            sys.stdout.flush()
            code = exit_code(diagnosis.result)
            done = _written(save, diagnosis.save) & _files(diagnosis.result, json, html, looks)
            if diagnosis.fault is not None:
                own_fault(diagnosis.fault)
            if code in (INTERRUPTED, FAILED) and shelf.journal is not None and shelf.journal.holds:
                say("unstuck: the same command goes on where this one stopped")
            shelf.close(done=done and code not in (INTERRUPTED, FAILED))
        finally:
            progress.close()
            shelf.close(done=False)
        return code, diagnosis.result.fit.of

    code, of = one("1" if fit == "all" else fit)
    for number in range(2, of + 1 if fit == "all" else 2):
        _print("\n")
        try:
            code = worst(code, one(str(number))[0])
        except NoFitCall:
            break
    return WELL if exit_zero and code in (PROVED, INCONCLUSIVE) else code


def _asked_fit(script: Path, arguments: list[str]) -> str:
    """Let the person at the terminal choose among the calls of fit. Raises UnstuckError."""
    if not sys.stdin.isatty():
        raise UnstuckError("--fit ask needs a terminal to ask at; give the number of a fit.")
    from unstuck.capture import capture_script

    found = capture_script(script, arguments)
    calls = [f"line {found.line}: {found.call}", *found.others]
    if len(calls) == 1:
        return "1"
    for number, call in enumerate(calls, 1):
        say(f"  {number}  {call}")
    chosen: int = typer.prompt("Which fit", default=1, err=True, type=int)
    if not 1 <= chosen <= len(calls):
        raise UnstuckError(f"There is no fit {chosen}.")
    return str(chosen)


class _Looks(TypedDict):
    verbose: int
    diff: bool
    data: bool


def _shelf(folder: Path | None, none: bool, fresh: bool) -> Shelf:
    """Where the journal is: in the folder asked for, or the user's own."""
    if none and (fresh or folder is not None):
        raise UnstuckError("--no-journal excludes --journal and --fresh.")
    if folder is None and not none:
        try:
            folder = user_folder()
        except RuntimeError:  # no home
            return Shelf(None)
    return Shelf(folder, fresh=fresh)


def _written(path: Path | None, write: Callable[[Path], object]) -> bool:
    """Write a file that was asked for; what cannot be written is said, and the report stands."""
    if path is None:
        return True
    try:
        write(path)
    except OSError as error:
        say(f"unstuck: {path} could not be written: {error.strerror or error}")
        return False
    return True


def _files(result: Result, json: Path | None, html: Path | None, looks: _Looks) -> bool:
    """The files asked for; True where all are there."""
    def rendered(format: str) -> Callable[[Path], object]:
        return lambda path: write_bytes(
            path, reports.render(format, result, data=looks["data"]).encode())

    return _written(json, rendered("json")) & _written(html, rendered("html"))


def _report(result: Result, format: str, color: Color, looks: _Looks) -> None:
    _print(reports.render(format, result, **looks, **_looks(color)))


@app.command()
@guarded
def report(
    saved: Annotated[Path, typer.Argument(help="What run --save wrote.", show_default=False)],
    format: Format = "text",
    json: JsonFile = None,
    html: HtmlFile = None,
    no_data: NoData = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    diff: Diff = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    color: Colors = "auto",
) -> int:
    """Show a saved diagnosis again; nothing is trained. Exits 0 if it can be read."""
    from unstuck.reports.html_page.drawer import ahead

    if open_page and html is None:
        raise UnstuckError("--open shows the page that --html FILE writes: give both.")
    with nullcontext() if html is None else ahead():
        from unstuck.diagnosis.saved import read

        result, _ = read(saved)
        looks = _Looks(verbose=-1 if quiet else verbose, diff=diff, data=not no_data)
        _report(result, format, color, looks)
        done = _files(result, json, html, looks)
    if open_page and html is not None:
        import webbrowser

        if not webbrowser.open(html.resolve().as_uri()):
            say(f"unstuck: no browser was found; open {html} yourself.")
    return WELL if done else FAILED


@app.command()
@guarded
def fix(
    target: Annotated[
        Path,
        typer.Argument(help="A script, or what run --save wrote.", metavar="SAVED|SCRIPT",
                       show_default=False),
    ],
    arguments: Arguments = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show the change, write nothing.")] = False,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Change the script; the old one becomes NAME.orig.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to FILE.", metavar="FILE")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    repair: Annotated[int, typer.Option(min=1, help="Which of the repairs, as reported.")] = 1,
    modernise: Annotated[
        bool, typer.Option("--modernise", help="Also write Keras 1, 2 and tf.keras as Keras 3.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(help="Also write the repaired, trained encoder and decoder as .keras files.",
                     metavar="FOLDER"),
    ] = None,
    budget: BudgetText = "2m",
    replicas: Replicas = None,
    fit: FitChoice = "auto",
    goal: Goal = None,
    seed: Seed = 0,
    device: Device = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    journal: JournalFolder = None,
    no_journal: NoJournal = False,
    fresh: Fresh = False,
    quiet: Quiet = False,
    color: Colors = "auto",
) -> int:
    """Write the smallest proved repair into NAME_unstuck.py, after proving that very text.

    The rewritten script is trained on fresh seeds first; if it does not learn as was measured,
    nothing is written. A script is diagnosed before that; its arguments stand after --.
    """
    if diff + in_place + (output is not None) > 1:
        raise UnstuckError("--diff, --in-place and -o exclude each other.")
    options = _options(budget, replicas, seed, goal, device, jobs, cluster)
    if fit == "all":
        raise UnstuckError("fix repairs one fit: give --fit its number.")
    if fit == "ask":
        fit = _asked_fit(target, arguments or [])
    from unstuck.diagnosis.diagnosis import Diagnosis, diagnose_script
    from unstuck.diagnosis.saved import is_saved

    progress, shelf = _progress(quiet, color), _shelf(journal, no_journal, fresh)
    try:
        if target.is_file() and is_saved(target):
            diagnosis: Diagnosis = Diagnosis.load(target)
        else:
            diagnosis = diagnose_script(
                target, arguments or [], options=options, fit=fit, progress=progress, shelf=shelf
            )
        result = diagnosis.result
        chosen = fixing.choose(result, repair)
        if chosen is None:
            progress.close()
            _print(reports.render("text", result, **_looks(color)))
            shelf.close(done=exit_code(result) not in (INTERRUPTED, FAILED))
            if not modernise:
                return exit_code(result)
        place = fixing.destination(result, in_place=in_place, output=output, force=force)
        repaired = fixing.modern(result) if chosen is None else fixing.proved(
            result, chosen, options=options, modernise=modernise, progress=progress,
            journal=shelf.journal)
        shelf.close(done=True)
    finally:
        progress.close()
        shelf.close(done=False)
    if not repaired.ok:
        say(f"unstuck: nothing was written: {repaired.reason}.")
        return PROVED if chosen is not None else exit_code(result)
    for line in fixing.by_hand(repaired) if modernise else ():
        say(f"unstuck: {line}")
    if diff:
        _print(repaired.diff)
    else:
        fixing.write(result, repaired.script.data, place, in_place=in_place)
        say(fixing.summary(chosen, repaired.rate, place, in_place=in_place))
    if export is not None and chosen is not None:
        say(fixing.exported(repaired, export, options=options))
    return WELL


@app.command()
@guarded
def replay(
    saved: Annotated[Path, typer.Argument(help="What run --save wrote.", show_default=False)],
    arm: Annotated[
        str | None,
        typer.Argument(help="A change that was tried, by its name or a part of it; by default the"
                       " strongest cause.", show_default=False),
    ] = None,
    budget: BudgetText = "2m",
    device: Device = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
    color: Colors = "auto",
) -> int:
    """Run one proof of a saved diagnosis again, on the same seeds. Exits 0 if it holds, else 1."""
    options = _options(budget, None, 0, None, device, jobs)
    from unstuck.diagnosis.saved import read
    from unstuck.script import Script as Source

    from .replay import choose
    from .replay import replay as again

    result, _ = read(saved)
    chosen, progress = choose(result, arm), _progress(quiet, color)
    try:
        found = again(result, chosen, Source.read(fixing.source_of(result)), options=options,
                      progress=progress)
    finally:
        progress.close()
    _print(str(found))
    return WELL if found.same or found.near else PROVED


@app.command()
@guarded
def explain(
    name: Annotated[str | None, typer.Argument(help="A check's name.", show_default=False)] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write all pages, to be browsed, into DIR.", metavar="DIR"),
    ] = None,
    color: Colors = "auto",
) -> int:
    """Show the manual page of a check, or write all of them as web pages."""
    from unstuck.reports.manual.explain import explain as page

    if name is None and html is None:
        raise UnstuckError("Name a check (`unstuck checks` lists them), or give --html DIR.")
    if name is not None:
        _print(page(name, **_looks(color)))
    if html is not None:
        from unstuck.reports.manual.site import write_html

        say(f"{write_html(html)} pages were written; begin with {html / 'index.html'}.")
    return WELL


@app.command()
@guarded
def checks(color: Colors = "auto") -> int:
    """List all checks."""
    from unstuck.reports.manual.explain import listing

    _print(listing(**_looks(color)))
    return WELL


@app.command()
@guarded
def doctor() -> int:
    """Show versions, devices and engines, and what is missing."""
    from .doctor import report as examine

    lines, complete = examine()
    wide = max(len(name) for name, _ in lines)
    _print("".join(f"{name:<{wide}}  {value}\n" for name, value in lines))
    return WELL if complete else FAILED


def main() -> None:
    """The entry point."""
    app(prog_name="unstuck")
