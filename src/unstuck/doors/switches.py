"""The command line's switches: their names, help, and what they refuse."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from unstuck import reports

from .terminal import Color


class Commands(TyperGroup):
    """The commands; who gives a script in the place of one is told which takes scripts."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that these arguments ask for, and those that are left for it."""
        if args and args[0] not in self.commands and Path(args[0]).suffix in (".py", ".ipynb"):
            ctx.fail(f"{args[0]!r} is no command. To diagnose that script: unstuck run"
                     f" {shlex.join(args)}")
        return super().resolve_command(ctx, args)


def _format(name: str) -> str:
    known = reports.names()
    if name not in known:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(known)}.")
    if name == "html":
        _drawn(name)
    return name


def _drawn(asked: Any) -> Any:
    """What was asked for, if it can be drawn: said before a diagnosis is made, not after it."""
    from unstuck.reports.html_page.drawer import LACKS, can_draw

    if asked is not None and not can_draw():
        raise typer.BadParameter(LACKS)
    return asked


def names(values: list[str]) -> tuple[str, ...]:
    """Names out of repeated switches with commas."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def _one_or_more(value: int | None) -> int | None:
    if value is not None and value < 1:
        raise typer.BadParameter("at least 1 is needed.")
    return value


def _horizon(value: str | None) -> str | None:
    if value not in (None, "full") and not (value.isdecimal() and int(value)):
        raise typer.BadParameter("write a number of updates from 1, or full.")
    return value


def _device(value: str | None) -> str | None:
    if value not in (None, "cpu", "gpu"):
        raise typer.BadParameter("write cpu or gpu.")
    return value


def _fit_choice(value: str) -> str:
    if value not in ("auto", "all", "ask") and not (value.isdecimal() and int(value)):
        raise typer.BadParameter("write a number from 1, or auto, all or ask.")
    return value


Script = Annotated[Path, typer.Argument(help="The script, as it is.", show_default=False)]
OtherPython = Annotated[
    Path | None,
    typer.Option("--python", help="The Python of the script's own environment.", metavar="PATH",
                 show_default="the one that unstuck runs on"),
]
ScriptFile = Annotated[
    Path | None,
    typer.Option("--script", help="The script that a saved diagnosis is about.", metavar="FILE",
                 show_default="where it was, unchanged"),
]
Saved = Annotated[Path, typer.Argument(help="What run --save wrote.", show_default=False)]
Arguments = Annotated[
    list[str] | None,
    typer.Argument(help="The script's own arguments, after --.", show_default=False),
]
BudgetText = Annotated[str, typer.Option("--budget", help="Stop after 60s, 5m or 200runs.")]
HorizonText = Annotated[
    str | None,
    typer.Option("--horizon", callback=_horizon, metavar="N|full",
                 help="Train the first N updates only, or all in full.",
                 show_default="what the budget has room for"),
]
Rows = Annotated[
    int | None,
    typer.Option("--rows", callback=_one_or_more, metavar="N",
                 help="Train on N of the rows, each class with its share.", show_default="all"),
]
Replicas = Annotated[
    int | None,
    typer.Option(callback=_one_or_more, help="Most trainings of any arm.", show_default="256"),
]
Select = Annotated[
    list[str] | None, typer.Option(help="Only these checks or families: NAME,…", metavar="NAMES")
]
Ignore = Annotated[
    list[str] | None, typer.Option(help="Not these checks or families: NAME,…", metavar="NAMES")
]
FitChoice = Annotated[
    str,
    typer.Option("--fit", callback=_fit_choice, show_default="auto: the first that looks stuck",
                 help="Which of several fit calls: a number from 1, all, or ask."),
]
Through = Annotated[
    bool, typer.Option("--through", help="Let the script really train, and go on to its end.")
]
PlanOnly = Annotated[
    bool, typer.Option("--plan", help="Only say what would be tried, and what a training costs.")
]
Diff = Annotated[bool, typer.Option("--diff", help="Show repairs as complete unified diffs.")]
Format = Annotated[
    str, typer.Option("--format", callback=_format, help=f"One of {', '.join(reports.names())}.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Also write the JSON document.", metavar="FILE")
]
HtmlFile = Annotated[
    Path | None,
    typer.Option("--html", callback=_drawn, help="Also write the report as a page.", metavar="FILE"),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace files that unstuck did not write.")
]
NoData = Annotated[bool, typer.Option("--no-data", help="Leave every row out of the page.")]
SaveFile = Annotated[
    Path | None,
    typer.Option("--save", help="Also save the diagnosis, for report and fix.", metavar="FILE"),
]
Seed = Annotated[
    int,
    typer.Option(min=0, help="First seed of the population, and the seed of a script that sets none."),
]
Device = Annotated[
    str | None,
    typer.Option(callback=_device, help="cpu or gpu.", show_default="JAX's choice"),
]
Jobs = Annotated[
    int | None,
    typer.Option(callback=_one_or_more, help="Processes that train, or threads of the native"
                 " engine.", show_default="this one; all cores"),
]
Cluster = Annotated[
    str | None,
    typer.Option(help="Train on a cluster: dask://HOST:PORT or ray://HOST:PORT.",
                 metavar="ADDRESS"),
]
JournalFolder = Annotated[
    Path | None,
    typer.Option("--journal", help="Where a run that is cut short is kept.", metavar="FOLDER",
                 show_default="a cache folder of yours"),
]
NoJournal = Annotated[bool, typer.Option("--no-journal", help="Keep nothing between runs.")]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Begin anew, whatever an earlier run has left.")
]
Goal = Annotated[
    str | None,
    typer.Option(help="What counts as learned, such as 'accuracy >= 0.95'; 'by heart': these rows"
                 " and no others; 'NAME alone': of two networks against each other, this one.",
                 metavar="GOAL"),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Verdict, causes and repair only.")]
Verbose = Annotated[
    int, typer.Option("-v", "--verbose", count=True, help="The proofs; -vv: all that was measured.")
]
Colors = Annotated[Color, typer.Option("--color", help="Colours.")]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit 0 whatever was found.")]
