"""The terminal text: snapshots of what users read, and the rules that hold for all of it."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from syrupy.assertion import SnapshotAssertion

from results_examples import DIVERGING, EXAMPLES, HEALTHY, INCONCLUSIVE, NEEDS_COMPANY, TWO_BITS
from unstuck.diagnosis.diagnosis import Diagnosis
from unstuck.reports import render
from unstuck.result.results import (
    Arm,
    GoalInfo,
    Level,
    Location,
    Mode,
    NotTested,
    OwnRun,
    Result,
    Rung,
    Untried,
)

ANSI = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = (60, 80, 100)


def text(result: Result, width: int = 100, **options: object) -> str:
    """A result as terminal text, with what -v tells."""
    options = {"verbose": 1, **options}
    return render("text", result, width=width, **options)  # type: ignore[arg-type]


def with_arms(result: Result, *arms: Arm) -> Result:
    """The result with other arms and nothing else that was proved."""
    return dataclasses.replace(result, arms=arms, repairs=())


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_what_users_read(name: str, width: int, color: bool, snapshot: SnapshotAssertion) -> None:
    assert text(EXAMPLES[name], width, color=color) == snapshot


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_users_read_with_v_in_ascii(name: str, snapshot: SnapshotAssertion) -> None:
    assert text(EXAMPLES[name], 80, encoding="ascii", verbose=2, diff=True) == snapshot


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_users_read_with_q(name: str, snapshot: SnapshotAssertion) -> None:
    assert text(EXAMPLES[name], 80, verbose=-1) == snapshot


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [*WIDTHS, 72, 91])
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_line_is_too_long_and_none_ends_in_blanks(name: str, width: int, encoding: str) -> None:
    for verbose in (-1, 0, 1, 2):
        for line in text(EXAMPLES[name], width, encoding=encoding, verbose=verbose).splitlines():
            assert cell_len(line) <= width, line
            assert line == line.rstrip()


@pytest.mark.parametrize("name", EXAMPLES)
def test_colour_carries_nothing_alone(name: str) -> None:
    colored = text(EXAMPLES[name], color=True)
    assert "\x1b[" in colored
    assert ANSI.sub("", colored) == text(EXAMPLES[name])


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_everything_can_be_written_in_the_streams_encoding(encoding: str) -> None:
    for result in EXAMPLES.values():
        text(result, encoding=encoding, verbose=2).encode(encoding)


def test_the_verdict_comes_before_everything_that_explains_it() -> None:
    lines = text(TWO_BITS).splitlines()
    verdict = next(i for i, line in enumerate(lines) if line.startswith("FRAGILE. 48 of 256 "))
    assert lines[verdict - 1] == ""
    assert not any("cause" in line for line in lines[:verdict])


def test_a_success_rate_always_has_its_interval() -> None:
    for result in EXAMPLES.values():
        flat = " ".join(text(result, verbose=2).split())
        for match in re.finditer(r"\d+ of \d+ \([\d.]+ %", flat):
            assert flat[match.end() :].startswith(", 95 % CI "), flat[match.start() :][:60]


def test_p_values_only_with_v() -> None:
    assert "Holm" not in text(TWO_BITS)
    assert "p = 4e−9, Holm = 4.8e−8" in text(TWO_BITS, verbose=2)


def test_three_blocks_at_most_unless_verbose() -> None:
    cause = TWO_BITS.causes[0]
    place = cause.location
    assert place is not None
    many = with_arms(TWO_BITS, *(
        dataclasses.replace(cause, intervention=f"change {i}",
                            location=dataclasses.replace(place, line=i, end_line=i))
        for i in range(1, 6)))  # fmt: skip
    assert text(many).count("cause[narrow-layer]: ") == 3
    assert "Causes too      change 4: +72 [66, 77] · change 5: +72 [66, 77]" in text(many)
    assert text(many, verbose=2).count("cause[narrow-layer]: ") == 5


def test_changes_for_one_sickness_at_one_place_share_a_block() -> None:
    shown = text(TWO_BITS)
    assert shown.count("cause[narrow-layer]") == 1
    assert "or      middle layer 2 → 4 units: 19 % → 55 % of 256 trainings" in shown


def test_levels_are_said_in_a_sentence() -> None:
    def said(*levels: Level, noise: str | None = None) -> str:
        goal = dataclasses.replace(HEALTHY.goal, levels=levels, noise=noise)
        return " ".join(text(dataclasses.replace(HEALTHY, goal=goal)).split())

    constant = Level(name="a constant output", loss=0.424, bound="constant")
    entropy = Level(name="the entropy of the targets", loss=0.213, bound="floor")
    pca = Level(name="PCA with 16 components", loss=0.257, bound="reference")
    loss = HEALTHY.population.loss.median
    assert (
        "Your loss cannot go below 0.213, the entropy of the targets. PCA with 16 components reaches"
        f" 0.257, a constant output has 0.424 and you are at {loss:.3g}."
    ) in said(entropy, pca, constant)
    perfect = dataclasses.replace(entropy, name="a perfect output", loss=0.0)
    assert "A perfect output has a loss of 0, and after noise it must stay above that." in said(
        perfect, constant, noise="noise")
    best = Level(name="the best denoiser there can be", loss=0.356, bound="floor", wrong=0.159,
                 here=0.347)
    assert (
        "Your loss cannot go below 0.356 on new rows: after Gaussian noise, σ = 0.5, the best"
        " denoiser there can be still has that and 16 % of the values wrong. On these very rows it"
        " has 0.347; less is only had by learning their noise by heart."
    ) in said(best, constant, noise="Gaussian noise, σ = 0.5")
    assert "cannot go below" not in said(constant)


def test_in_short_too_a_hidden_cause_is_named_with_what_is_lost_without_it() -> None:
    flat = " ".join(text(NEEDS_COMPANY, verbose=-1).split())
    assert "hidden cause[dead-relu]: output relu → sigmoid; without it 100 % → 2 % of 128" in flat
    assert Diagnosis(result=NEEDS_COMPANY).causes == NEEDS_COMPANY.by_verdict("needs company")


def test_needs_company_is_said_in_a_sentence() -> None:
    shown = text(NEEDS_COMPANY)
    assert ": alone none is shown to help; together they cure\n" in shown
    assert "both    128 of 128 (100 %, 95 % CI 97–100 %) on fresh seeds" in shown
    one = dataclasses.replace(NEEDS_COMPANY.arms[2], verdict="contributes")
    arms = tuple(one if arm.intervention == one.intervention else arm for arm in NEEDS_COMPANY.arms)
    flat = " ".join(text(dataclasses.replace(NEEDS_COMPANY, arms=arms)).split())
    assert ": alone it is not shown to help; together with output relu → sigmoid it cures" in flat


def test_a_thing_is_acquitted_by_name_only_if_all_its_changes_are() -> None:
    assert "the loss (loss → mean_squared_error: 0 [−1, 2])" in text(TWO_BITS)
    harmless = dataclasses.replace(TWO_BITS.arms[7], kind="activation", intervention="elu first")
    shown = text(dataclasses.replace(TWO_BITS, arms=(*TWO_BITS.arms, harmless)))
    assert "No effect       elu first: 0 [−1, 2]" in shown
    assert "the activation (" not in shown


def test_of_several_acquitted_changes_the_one_that_might_do_most_is_given() -> None:
    huber = dataclasses.replace(TWO_BITS.arms[7], intervention="loss → huber", ci95=(-0.01, 0.04))
    shown = text(dataclasses.replace(TWO_BITS, arms=(*TWO_BITS.arms, huber)))
    assert "the loss (best of 2, loss → huber: 0 [−1, 4])" in shown


def test_what_was_not_tested_is_told_by_kind_and_count() -> None:
    late = "the budget was spent before its turn"
    left = [NotTested(what=f"dense_{i}: width 4 → 32", reason=late, about="capacity")
            for i in range(7)]
    left += [NotTested(what=f"dense_{i}: relu → elu", reason=late, about="activation")
             for i in range(3)]
    left += [NotTested(what="dense: width 4 → 32 and no dropout", reason=late)]
    left += [NotTested(what=f"change {i}", reason=f"reason {i}") for i in range(4)]
    many = dataclasses.replace(TWO_BITS, not_tested=tuple(left))
    shown = " ".join(text(many).split())
    assert ("Not tested 11 changes (the size of the network 7, the activation 3, sets of changes 1):"
            " the budget was spent before its turn · change 0: reason 0 · change 1: reason 1 ·"
            " and 2 more with -v") in shown
    every = " ".join(text(many, verbose=2).split())
    assert "dense_6: width 4 → 32" in every
    assert "change 3: reason 3" in every


def test_a_placebo_that_works_ends_all_claims() -> None:
    assert TWO_BITS.placebo is not None
    moved = dataclasses.replace(TWO_BITS.placebo, verdict="contributes", ci95=(0.02, 0.09))
    arms = tuple(moved if arm.kind == "placebo" else arm for arm in TWO_BITS.arms)
    shown = text(dataclasses.replace(TWO_BITS, arms=arms))
    assert "The placebo changed the result" in shown
    assert "cause[" not in shown
    assert "Smallest repair" not in shown


def test_healthy_is_short_and_names_no_cause() -> None:
    shown = text(HEALTHY)
    flat = " ".join(shown.split())
    assert "the floor of this data is 0.0588 and a constant output gives 0.266" in flat
    assert "Nothing was found that keeps it from learning." in shown
    assert "cause" not in shown
    assert "you are here" not in shown


def test_stuck_without_a_cause_says_so() -> None:
    stuck = dataclasses.replace(INCONCLUSIVE, outcome="STUCK")
    flat = " ".join(text(stuck).split())
    assert "I don’t know why: none of the 3 changes tried was shown to help enough." in flat


def test_the_own_run_is_where_you_are() -> None:
    own = dataclasses.replace(TWO_BITS, own_run=OwnRun(loss=0.2391, learned=False))
    flat = " ".join(text(own).split())
    assert "Your own run ended at 0.239: [0, 1] and [1, 1] come out alike." in flat
    assert "the commonest end" not in flat


def test_a_seen_line_is_about_its_own_layer() -> None:
    """The finding about line 10 must not be said to explain a change of line 9."""
    first = dataclasses.replace(TWO_BITS.arms[4], verdict="cause")
    block = text(with_arms(TWO_BITS, first, *TWO_BITS.arms[1:3])).partition("first layer 4 →")[0]
    assert block.count("After this layer only 2") == 1


HOSTILE = "[bold red]x[/] \x1b[31m\x07 a\r\nb \u202e\u200b{{}} :smile: \ud800"


def test_strings_of_strangers_stay_text() -> None:
    cause = dataclasses.replace(TWO_BITS.causes[0], title=HOSTILE, intervention=HOSTILE)
    finding = dataclasses.replace(TWO_BITS.suspicions[0], message=HOSTILE)
    result = dataclasses.replace(
        with_arms(TWO_BITS, cause), suspicions=(finding,), notes=(HOSTILE,),
        fit=dataclasses.replace(TWO_BITS.fit, call=HOSTILE, model=HOSTILE, loss=HOSTILE),
        goal=dataclasses.replace(TWO_BITS.goal, why=HOSTILE, references={HOSTILE: 0.5}),
        script=dataclasses.replace(TWO_BITS.script, path=HOSTILE),
    )  # fmt: skip
    shown = text(result, verbose=2)
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert "[bold red]x[/]" in shown
    assert ":smile:" in shown
    assert ANSI.sub("", text(result, verbose=2, color=True)) == shown


@pytest.mark.parametrize(
    "line", ["\tx = f(été, '漢字', here)", "x = f('long' * 99, " + "y, " * 60 + "here)"]
)
def test_carets_stand_under_the_place(line: str) -> None:
    column = line.index("here") + 1
    place = Location(line=1, column=column, end_line=1, end_column=column + 4, source=line)
    cause = dataclasses.replace(TWO_BITS.causes[0], location=place)
    lines = text(with_arms(TWO_BITS, cause), 80).splitlines()
    at = next(i for i, shown in enumerate(lines) if "^^^^" in shown)
    before, carets, _ = lines[at].partition("^^^^")
    assert carets
    plain, start = lines[at - 1], cell_len(before)
    index = next(i for i in range(len(plain)) if cell_len(plain[:i]) == start)
    assert plain[index : index + 4] == "here"


@given(
    loss=st.floats(width=32).filter(lambda loss: loss != -math.inf),
    floor=st.floats(0, 1e6),
    gap=st.floats(1e-6, 1e9),
    rungs=st.lists(st.floats(0, 1), max_size=9),
    width=st.integers(60, 100),
)
@settings(max_examples=60, deadline=None)
def test_the_ladder_takes_any_loss(
    loss: float, floor: float, gap: float, rungs: list[float], width: int
) -> None:
    ladder = tuple(Rung(loss=floor + rung * gap, merged="x") for rung in rungs)
    goal = GoalInfo(metric="R²", threshold=0.5, why="", floor=floor, baseline=floor + gap,
                    ladder=ladder)  # fmt: skip
    mode = Mode(share=1.0, loss=loss)
    result = dataclasses.replace(
        DIVERGING, goal=goal, population=dataclasses.replace(DIVERGING.population, modes=(mode,))
    )
    shown = text(result, width)
    assert all(cell_len(line) <= width for line in shown.splitlines())
    assert "you are here" in shown or floor + gap == floor


def test_no_single_change_is_enough_is_said_only_where_none_is() -> None:
    repair = dataclasses.replace(TWO_BITS.repairs[0], interventions=("a", "b"), kinds=("loss", "loss"))
    arm = dataclasses.replace(TWO_BITS.causes[0], success_rate=0.5)
    plain = dataclasses.replace(TWO_BITS, repairs=(repair,), arms=(arm,))
    assert "No single change is enough. The smallest repair is" in text(plain)
    for few, said in ((8, "No single change is enough"), (16, "(with fewer it learns")):
        cures = dataclasses.replace(arm, success_rate=1.0, replicas=few)
        assert said in text(dataclasses.replace(plain, arms=(cures,)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_answer_in_some_ten_lines(name: str, snapshot: SnapshotAssertion) -> None:
    said = render("text", EXAMPLES[name], width=80)
    assert said == snapshot
    assert len(said.splitlines()) <= 25


def test_the_short_report_has_what_breaks_it_what_mends_it_and_what_it_is_not() -> None:
    said = render("text", TWO_BITS, width=80)
    flat = " ".join(said.split())
    for arm in TWO_BITS.causes:
        assert arm.kind in TWO_BITS.repairs[0].kinds  # so that its place and its noun are told
    assert "Line 10: middle layer relu → linear" in flat and "Line 9: first layer" in flat
    best, own = TWO_BITS.repairs[0], TWO_BITS.population
    assert f"FRAGILE. {own.successes} of 256 trainings of your script learned (19 %)" in flat
    assert f"With it {best.successes} of {best.replicas} learn (" in flat
    assert "It is size of the network, activation" in flat
    assert "It is not loss, initializer" in flat
    assert said.count("unstuck fix train.py") == 1


def test_what_has_no_room_in_the_short_report_is_counted_and_is_in_the_full_one() -> None:
    lines = "".join(f"-old_{n} = {n}\n+new_{n} = {n}\n" for n in range(20))
    repair = dataclasses.replace(TWO_BITS.repairs[0], diff=f"@@ -1,20 +1,20 @@\n{lines}")
    notes = (*(f"On how it was taken, {n}." for n in range(9)), "trained by the nimble engine.")
    result = dataclasses.replace(TWO_BITS, repairs=(repair,), notes=notes)
    said, whole = (render("text", result, width=80, verbose=v) for v in (0, 1))
    assert len(said.splitlines()) <= 25
    shown = [n for n in range(20) for sign in ("- old", "+ new") if f"{sign}_{n} = {n}\n" in said]
    assert len(shown) >= 7 and f"and {40 - len(shown)} more lines with -v" in said
    assert "note: 9 notes with -v" in said and "nimble" not in said
    assert "new_19 = 19" in whole and all(f"note: {note}" in whole for note in notes)
    two = dataclasses.replace(HEALTHY, notes=("First.", "Second."))
    assert "note: First.\nnote: Second.\n" in render("text", two, width=80)


def test_a_statement_that_a_formatter_has_broken_takes_a_line_in_the_short_report() -> None:
    diff = "@@ -1 +1,5 @@\n-fit(x, (6,))\n+fit(\n+    x,\n+    (6,),\n+)\n+y = [\n"  # goes on
    result = dataclasses.replace(TWO_BITS, repairs=(
        dataclasses.replace(TWO_BITS.repairs[0], diff=diff),))
    lines = render("text", result, width=80).splitlines()
    assert lines[lines.index("  - fit(x, (6,))") + 1 :][:2] == ["  + fit(x, (6,))", "  + y = ["]


def test_commands_name_the_file_that_is_saved() -> None:
    said = render("text", TWO_BITS, width=80, saved="two.unstuck")
    assert "unstuck fix two.unstuck " in said and "unstuck report two.unstuck -v" in said


def test_a_certain_fault_has_its_change_even_where_none_was_tried() -> None:
    fact = dataclasses.replace(HEALTHY.facts[0], untried=Untried(
        intervention="targets scaled: / 255", diff="--- a\n+++ b\n@@ -1 +1 @@\n-y = y\n+y = y / 255\n"))
    result = dataclasses.replace(INCONCLUSIVE, facts=(fact,))
    for verbose in (0, 1):
        said = render("text", result, width=80, verbose=verbose)
        assert "not tried yet: targets scaled: / 255" in said
        assert "+ y = y / 255" in said


def test_layers_have_the_authors_names_where_people_read_them() -> None:
    arms = tuple(dataclasses.replace(a, intervention=a.intervention.replace("middle layer", "dense_1"))
                 for a in TWO_BITS.arms)
    result = with_arms(dataclasses.replace(TWO_BITS, names={"dense_1": "decoded"}), *arms)
    assert "dense_1" not in text(result) and "decoded relu → linear" in text(result)
    assert "dense_1" in render("json", result) and "“decoded" not in render("json", result)
