"""docs/statistics.md, from the numbers that `calibration.py` has measured."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from unstuck.base.stats import LOOKS, Rate, success_rate

Row = dict[str, Any]
NAMES = {0.001: "ample", 0.03: "tight"}
LINK = "python benchmarks/calibration.py"
COMPARED = "## One training against another"
"""The page's last section, which `compare.py` writes; it is kept as it is."""


def share(count: int, of: int, *, digits: int = 1) -> str:
    """A count as a share with Wilson's 95 % interval."""
    if not of:
        return "–"
    found = rate(count, of)
    return (f"{100 * found.share:.{digits}f} % ({count:,} of {of:,},"
            f" {100 * found.low:.{digits}f}–{100 * found.high:.{digits}f} %)")


def rate(count: int, of: int) -> Rate:
    """The share with its interval."""
    return success_rate(np.arange(of) < count)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown; numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in lines)


def totals(found: Row) -> Row:
    """What the promises are held against."""
    cells = [cell for part in found["drawn"] if part["kind"] == "mixed" for cell in part["cells"]]
    placebo = found["placebo"]
    return {
        "p": [min(row["p"] for row in found["p_values"]), len(found["p_values"])],
        "placebo": [sum(row["diagnoses"].get("cause", 0) for row in placebo),
                    sum(row["of"] for row in placebo)],
        "put back": [sum(row["needed"] for row in found["put_back"]),
                     sum(row["of"] for row in found["put_back"])],
        "held": [sum(cell.get("held", 0) for cell in cells), sum(cell["of"] for cell in cells)],
        "few": [sum(row["cause"] for row in found["few"]), sum(row["of"] for row in found["few"])],
        "faults": [found["faults"]["found"], found["faults"]["of"]],
        "not in labels": [sum(of[i] for kind, of in found["faults"]["kinds"].items()
                              if kind != "labels") for i in (0, 1)],
    }


def judgement(value: float, low: float, high: float) -> str:
    """Whether a measured share keeps to its bounds, and by how many points it misses them."""
    if low <= value <= high:
        return "yes"
    return f"no, by {100 * (low - value if value < low else value - high):.1f} points"


def page(found: Row) -> str:
    """The whole page."""
    sums = totals(found)
    stable = [[f"verdicts not contradicted, {row['what']}, {NAMES[row['pace']]} budget (drawn)",
               "≥ 99 %",
               share(row["of"] - row["contradicted"], row["of"], digits=2),
               judgement(1 - row["contradicted"] / max(1, row["of"]), 0.99, 1)]
              for row in found["stability"]]
    least, number = sums["p"]
    promises = table(("promise", "bound", "measured", "kept"), [
        ["placebo p-values are uniform (Kolmogorov–Smirnov; trained)",
         f"p ≥ 0.05 / {number}",
         f"least p of {number}: {least:.2g}", judgement(least, 0.05 / number, 1)],
        ["diagnoses of placebos with a false cause (trained)", "≤ 1 %",
         share(*sums["placebo"], digits=2),
         judgement(sums["placebo"][0] / sums["placebo"][1], 0, 0.01)],
        ["placebos put back into a repaired network that count as needed (trained)", "≤ 1 %",
         share(*sums["put back"], digits=2),
         judgement(sums["put back"][0] / sums["put back"][1], 0, 0.01)],
        ["diagnoses of placebos with a false cause, room for few trainings (trained)", "≤ 1 %",
         share(*sums["few"], digits=2), judgement(sums["few"][0] / sums["few"][1], 0, 0.01)],
        ["intervals that hold the truth where the search stopped (drawn)", "93–97 %",
         share(*sums["held"]),
         judgement(sums["held"][0] / sums["held"][1], 0.93, 0.97)],
        ["injected faults found at the default budget (trained)", "≥ 90 %", share(*sums["faults"]),
         judgement(sums["faults"][0] / max(1, sums["faults"][1]), 0.9, 1)],
        ["… those in labels and inputs left out, which no change of the training cures", "≥ 90 %",
         share(*sums["not in labels"]),
         judgement(sums["not in labels"][0] / max(1, sums["not in labels"][1]), 0.9, 1)],
        *stable])
    head = HEAD.format(measured=found["measured"])
    text = "\n\n".join([head, promises, _placebos(found), _intervals(found), _power(found),
                         _stability(found), _stopped(found), _few(found)])
    return "\n\n".join(map(flowed, text.split("\n\n"))) + "\n"


def flowed(block: str) -> str:
    """A paragraph or a list in lines of one width; tables, headings and figures as they are."""
    if block.startswith(("|", "#", "![")):
        return block
    items = re.split(r"\n(?=- )", block)
    return "\n".join(
        textwrap.fill(" ".join(item.split()), 110, break_on_hyphens=False, break_long_words=False,
                      subsequent_indent="  " if item.startswith("- ") else "") for item in items)


def _placebos(found: Row) -> str:
    p_values = table(
        ("training", "discordant pairs", "distance", "p (KS)", "p < 5 %", "p < 1 %"),
        [[r["case"], f"{100 * r['discordant']:.1f} %", f"{r['distance']:.3f}", f"{r['p']:.2f}",
          share(r["below_5"], r["of"]), share(r["below_1"], r["of"])] for r in found["p_values"]])
    diagnoses = table(
        ("training", "diagnoses", "with a cause", "with a contribution", "with harm",
         "of the arms acquitted"),
        [[r["case"], f"{r['of']:,}", *(share(r["diagnoses"].get(v, 0), r["of"])
                                       for v in ("cause", "contributes", "harmful")),
          share(r["arms"].get("acquitted", 0), sum(r["arms"].values()), digits=0)]
         for r in found["placebo"]])
    nothing = [r for r in found["drawn"] if r["kind"] == "nothing"]
    drawn = table(
        ("budget", "diagnoses", "that claim help", "with an interval below 0, not corrected"),
        [[NAMES[r["pace"]], f"{r['of']:,}", share(r["false"], r["of"], digits=2),
          share(r["below"], r["of"])] for r in nothing])
    backs = table(
        ("training", "hidden layer widened to", "the repaired learn", "placebos that count as needed"),
        [[r["case"], r["width"], f"{100 * r['rate']:.1f} %", share(r["needed"], r["of"], digits=2)]
         for r in found["put_back"]])
    return PLACEBO.format(p_values=p_values, diagnoses=diagnoses, drawn=drawn, backs=backs)


def _intervals(found: Row) -> str:
    rows = []
    for effect, by_pace in sorted(by_effect(found).items()):
        rows.append([f"{100 * effect:+.0f} points" if effect else "none",
                     *(share(cell.get("held", 0), cell["of"]) if (cell := by_pace.get(pace)) else "–"
                       for pace in NAMES)])
    head = ("true effect", *(f"{name} budget" for name in NAMES.values()))
    return INTERVALS.format(table=table(head, rows))


def _power(found: Row) -> str:
    rows = []
    for effect, by_pace in sorted(by_effect(found).items()):
        row: list[object] = [f"{100 * effect:+.0f} points" if effect else "none"]
        for pace in NAMES:
            cell = by_pace.get(pace, {"of": 0})
            row += [share(cell.get("cause", 0) + cell.get("contributes", 0), cell["of"], digits=0),
                    share(cell.get("cause", 0), cell["of"], digits=0)]
        rows.append(row)
    head = ("true effect", *(f"{name}: {what}" for name in NAMES.values()
                             for what in ("shown to help", "cause")))
    faults = found["faults"]
    kinds = table(("kind of fault", "found"), [[kind.replace("_", " "), share(*of, digits=0)]
                                               for kind, of in faults["kinds"].items()])
    missed = ", ".join(f"`{name}`" for name in faults["missed"]) or "none"
    return POWER.format(table=table(head, rows), kinds=kinds, missed=missed,
                        found=share(faults["found"], faults["of"]))


def _stability(found: Row) -> str:
    rows = [[f"drawn: {r['what']}, {NAMES[r['pace']]} budget", f"{r['of']:,}",
             share(r["same"], r["of"]), share(r["open"], r["of"]),
             share(r["contradicted"], r["of"], digits=2)] for r in found["stability"]]
    for name, words in (("doubled", "budget doubled"), ("seed", "another seed")):
        r = found["faults"][name]
        rows.append([f"trained: {words}", f"{r['of']:,}", share(r["same"], r["of"]),
                     share(r["open"], r["of"]), share(r["contradicted"], r["of"], digits=2)])
    again = " ".join(f"{words}: {share(r['found'], r.get('faults', 0), digits=0)}." for name, words in (
        ("doubled", "Budget doubled"), ("seed", "Another seed")) for r in [found["faults"][name]])
    return STABILITY.format(again=again, table=table(
        ("diagnoses twice", "verdicts", "the same", "open in one", "contradicted"), rows))


def _stopped(found: Row) -> str:
    rows = [[f"{100 * r['control']:.0f} → {100 * r['treatment']:.0f} %, r = {r['correlation']:.1f}",
             share(r["once"], r["of"]), share(r["stopped"], r["of"]),
             *((share(r["false_interval"], r["of"]), share(r["false_p"], r["of"], digits=2))
               if r["false_interval"] is not None else ("", ""))] for r in found["pairs"]["coverage"]]
    looks = [n for n in LOOKS if 128 <= n <= 1024]
    acquitted = [[f"{100 * r['discordant']:.0f} %",
                  *(share(r[f"by_{n}"], r["of"], digits=0) for n in looks)]
                 for r in found["pairs"]["acquittals"]]
    return STOPPED.format(
        table=table(("control → treatment", "looked at once", "stopped when it pleases",
                     "ever excludes 0", "ever p < 1 %"), rows),
        acquitted=table(("discordant pairs", *(f"by {n} pairs" for n in looks)), acquitted))


def _few(found: Row) -> str:
    rows = [[r["case"], "whole" if r["share"] == 1 else f"{100 * r['share']:g} %", r["proofs"],
             share(r["cause"], r["of"], digits=2), share(r["below_5"], r["groups"]),
             share(r["below_1"], r["groups"])] for r in found["few"]]
    return HORIZONS.format(few=table(
        ("training", "of its updates", "placebos put to a proof", "diagnoses with a false cause",
         "rank sums p < 5 %", "p < 1 %"), rows))


def by_effect(found: Row) -> dict[float, dict[float, Row]]:
    """The mixed diagnoses' counts by true effect and pace, all base rates together."""
    summed: dict[float, dict[float, Row]] = {}
    for part in found["drawn"]:
        for cell in part["cells"] if part["kind"] == "mixed" else ():
            into = summed.setdefault(cell["effect"], {}).setdefault(part["pace"], {})
            for name, count in cell.items():
                if name not in ("base", "effect"):
                    into[name] = into.get(name, 0) + count
    return summed


HEAD = f"""\
# How far the statistics can be trusted

Written by `{LINK}`, which last measured on {{measured}}; not edited by hand. Thousands of
diagnoses whose truth is known, and what was said of them. Every share has its 95 % interval
(Wilson; arms of one diagnosis share their control,
so that
intervals over arms are a little too narrow).

Two kinds of experiment, told apart throughout:

- *trained*: real networks, really trained by the native engine, through the whole search;
- *drawn*: the same search, experiment, trials and statistics, but whether a replica learns is drawn
from a known
  success rate instead of being trained; half of the seeds share their luck between control and
change. It is
  the only way to know what the truth is, and to have it thousands of times. Time is counted at 1 ms
  a training (the budget of two minutes is *ample*) or at 30 ms (it is *tight*: not all arms come
to 256 pairs)."""

PLACEBO = """\
## Changes that change nothing

A placebo gives the batches another order and changes nothing else.

**Trained, one look.** 1,000 placebos of 64 pairs for each training, each on seeds of its own. An
exact test's p-value has
steps and is less often small than a uniform one, as the last two columns show; the test for
uniformity is of a point
drawn evenly within each step, which is uniform exactly if rescuing and breaking are equally likely.

{p_values}

![Distribution of placebo p-values, with the band of a uniform one](figures/statistics_placebo.svg)

**Trained, whole diagnoses.** Twenty such changes in each, the default budget, the search's own
looks:

{diagnoses}

**Drawn, whole diagnoses**, at base rates of 0, 5, 20, 50 and 80 %:

{drawn}

The last column is why harm is claimed like help, with a p-value corrected for all arms: an
interval of one arm keeps its
95 %, and among twenty that do nothing some interval often misses 0.

**Trained, put back into a repaired network.** A repair's change counts as needed where fewer
trainings learn without it, on 128 pairs of fresh seeds, corrected together with twenty other arms.
Here the change that is put back is a placebo, which no repair needs:

{backs}"""

INTERVALS = """\
## Intervals, where the search stops

Drawn: eleven changes that do nothing beside up to nine that do something, at five base rates. The
interval is that of
the report, wherever the search left the arm alone.

{table}

![Coverage by true effect](figures/statistics_coverage.svg)

Reports give the plain 95 % interval. What decides when an arm is left alone are wider bounds, which
hold at all looks together (the last section): they rarely stop an arm because of its luck, and so
the plain interval still covers what it says. Where nothing ever learns, with or without a change
that does nothing, no interval can miss."""

POWER = """\
## Power

Drawn, the same diagnoses: how often a change of that true effect is shown to help at all, and how
often it is called a
cause, which asks for 20 points at least by the *lower* of the wider bounds.

{table}

![Power by true effect](figures/statistics_power.svg)

**Trained.** Faults put into healthy scripts (`benchmarks/injected.py`), those that lower the share
that learns by 20
points at least, diagnosed at the default budget of two minutes. Found means that a change of the
fault's kind is proved or stands in a repair,
or that a check states the fault. Found: {found}. Missed: {missed}.
Faults in the labels leave nothing to prove by training; they are found where a check states them, and
no check can where, as in XOR, four rows are all there is: any labels of them are a task of their own.

{kinds}"""

STABILITY = """\
## Twice the budget, another seed

Arms with the same verdict; with one that is open in one of the two diagnoses (more replicas may
decide what was
undecided); and contradicted: shown to help in one, acquitted or harmful in the other. What is
neither differs in
degree, as a cause of 25 points that is but a contribution the next time.

{table}

Whether an injected fault is found or not is the same. {again}"""

STOPPED = """\
## Whoever stops, whenever

Verdicts rest on bounds that are widened for the looks taken. Drawn, single arms: plain intervals
looked at once, at 256 pairs fixed before; and the bounds, stopped at the first look at which they
exclude 0, by somebody who hopes for an effect. For changes that do nothing also how often any
look is wrong.

{table}

How soon a change that does nothing is acquitted (surely less than 5 points) depends on how many
pairs are discordant:

{acquitted}"""

HORIZONS = """\
## When a diagnosis ends

The budget is a ceiling. A diagnosis ends when a repair is proved and no smaller one is left to
find, and when what a check asks for, what a repair is made of, and what seems to help or to harm
(rescued and broken differ by more than a standard deviation) has its verdict, or has no room to
come to one. What nobody suspects is tried and sharpened for a small share of the budget only, and
is told as not tried where that did not suffice. Where fewer than a tenth of the trainings learn, or
more than nine tenths, nothing can be acquitted. There a change that has rescued no more than it
broke is left as *no effect alone* as soon as its wider bounds say that it is no cause, less than 20
points, instead of 5.

## Trainings that are looked at in part

Where the budget has room for fewer than sixteen whole trainings, only their first updates are made: as
many as leave room for some hundred trainings, 200 at least. Everything that a report then says is about
these updates.

**What counts.** Learning has *begun* where a network has come a quarter of the way from the best
constant output to what a plain method reaches on the same rows (a perfect answer where none sees
anything, the user's own goal where there is one), and further than chance alone may bring it. The
quarter is no matter of taste. On 64 real programs that do not learn, each with a change that cures it,
the program and its cure were trained for a tenth of their epochs, three seeds each. The cured one had
reached its goal in 10 of 64 (16 %); it had come a quarter of the way from the sick one to the goal in
53 (83 %).

**What a horizon cannot see.** Four of the 64 are cured by more updates: a tenth of either is much the
same. One stands still for longer than a tenth and then learns. One gets worse before it gets better. So
at a horizon nothing is said of the number of epochs and the size of the batches, of overfitting and of
what is held back; no change of these kinds is tried, and the checks of a training's end are silent.
"Learning begins" is no promise that the training ends well. A standstill may end by itself: where there
is time, a few whole trainings of the script and of its repair tell, and are told as what they are, so
many of so many.

**What is claimed.** Two replicas are the first look at a change, and nothing is said of those. The
first set of changes with which both learn is trained on up to sixteen fresh seeds, and the script
as it is on the same ones: one look, of a size that was fixed before, at seeds that no search has
seen. The scores of all these trainings are compared by Wilcoxon's exact rank sum, and its p-value
is corrected by Holm over everything that was tried. McNemar's test on who learned would need ten
pairs to be sure of a change that rescues everybody among five tests; six scores that all lie above
six others are enough among four tests, eight among sixty. The rank sum takes its groups as
independent. Here they share seeds, so that their difference varies less, and small p-values are
rarer than they should be (the last two columns below). With fewer pairs the repair is offered with
its interval, and its change is called undecided. The same search is used where fewer than a hundred
whole trainings fit. A test holds the rate of error: of 200 drawn diagnoses of eight changes that do
nothing (base rates 0 to 70 %, room for 60 or 150 trainings) at most two name a cause; the one
change of eight that cures is named in at least 19 of 20, within 60 trainings. Really trained, eight
placebos and room for 90 trainings in each diagnosis:

{few}

`python benchmarks/horizon.py` holds horizons of 5, 10 and 25 % against whole trainings, script by
script."""
