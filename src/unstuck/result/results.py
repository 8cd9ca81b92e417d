"""What a diagnosis says, as plain values: the JSON contract, typed.

Nothing here computes, trains or imports Keras; every report is a pure function of a `Result` and is
rendered at once. Field names are the contract's. Shares and differences lie in [-1, 1], times are
seconds, losses are in the units of the user's loss.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from unstuck.base.short_repr import Short

from .pictures import Pictures

SCHEMA = "unstuck/2"
LONGEST_SOURCE = 1 << 20
"""Characters of a script that a result holds; the text of a longer one is left out."""

ENGINE = "trained by"
"""How the notes begin that tell who trained: an engine, or workers elsewhere."""

NOTHING_TO_LEARN = "every row has the same target: there is nothing to learn"
"""The outcome's text of such data; the outcome is NO_SIGNAL."""

BY_HEART = "by heart"
"""The goal of learning these very rows and no others, as for one batch that a network is tried on."""

ALONE = " alone"
"""The end of a goal that asks for one of two trainings by itself: "generator alone"."""

RIVALS = ("two networks are trained, and what each is to learn depends on what the other does: nothing"
          " tells when either has learned. To look at one of them, with the other as it begins: --goal"
          " 'NAME alone'")
"""The outcome's text of a GAN and its kin; the outcome is INCONCLUSIVE."""
Outcome = Literal["LEARNS", "BEGINS", "LATE", "FRAGILE", "STUCK", "DIVERGES", "OVERFITS",
                  "NO_SIGNAL", "AT_FLOOR", "INCONCLUSIVE", "ERROR"]
Verdict = Literal["cause", "contributes", "needs company", "acquitted", "no effect alone", "harmful",
                  "undecided"]
Applicability = Literal["safe", "unsafe", "display"]
Interval = tuple[float, float]
Table = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Tool(Short):
    """Versions and device."""

    unstuck: str
    keras: str
    jax: str
    numpy: str
    python: str
    device: str
    cores: int


@dataclass(frozen=True, kw_only=True, repr=False)
class ScriptInfo(Short):
    """The user's script; `exit_code` is its own, `None` while it never ended (stopped at `fit`)."""

    path: str | None
    sha256: str | None
    argv: tuple[str, ...] = ()
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Fit(Short):
    """The diagnosed `fit`: number `index` (from 1) of `of`; `call` is its source text.

    `rows_asked`: trainings were to be on so many of its rows (`--rows`).
    """

    line: int | None
    index: int
    of: int
    call: str
    model: str
    parameters: int
    rows: int
    distinct_rows: int
    updates: int
    batch_size: int
    epochs: int
    loss: str
    optimizer: str
    left_out: tuple[str, ...] = ()
    rows_asked: int | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Full(Short):
    """Trainings to the end, of the script as it is and with the first repair, on the same fresh seeds.

    Of `replicas` pairs so many learned by the yardstick `why` of whole trainings; the scores are those
    of a usual one. `repaired` is `None` where there is no repair.
    """

    replicas: int
    why: str
    threshold: float
    own: int
    own_score: float
    repaired: int | None = None
    repaired_score: float | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Horizon(Short):
    """How far trainings went: the first `updates` of `of`, on `rows` of the `of_rows` rows.

    All that a result says is about these, but for `full`, which are trainings to the end. In them a
    replica counts as one that learned where learning has begun: the goal's `why`. `rows` are fewer
    than the script's where the updates end within its first epoch. `next` says what would be tried
    next where the budget had room for few trainings, and `seconds` how long that takes.
    """

    updates: int
    of: int
    rows: int
    of_rows: int
    full: Full | None = None
    next: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Rung(Short):
    """A loss at which training may settle: the groups of inputs that come out alike there."""

    loss: float
    merged: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Level(Short):
    """The loss of some known output; a "floor" is one that none can beat.

    For the best denoiser, whose loss is that on new noise: `wrong` is the share of two-valued
    elements that even it gets wrong, `here` its loss on the rows at hand.
    """

    name: str
    loss: float
    bound: Literal["floor", "reference", "constant"]
    wrong: float | None = None
    here: float | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class GoalInfo(Short):
    """The yardstick. `threshold` is the least score that counts as learned, `why` says it in words.

    `levels` are losses to compare with, the lowest first, for autoencoders and denoisers; `noise`
    is what a denoiser is to remove, in words. `asked` is the user's own goal as written
    ("accuracy >= 0.95"), if there was one. `shown` is the score that a network has reached on rows held
    out, where that is far beyond plain methods and so what all are held to.
    """

    metric: str
    threshold: float
    why: str
    floor: float | None
    baseline: float | None
    ladder: tuple[Rung, ...] = ()
    references: dict[str, float] = dataclasses.field(default_factory=dict)
    asked: str | None = None
    levels: tuple[Level, ...] = ()
    noise: str | None = None
    shown: float | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class LossSpread(Short):
    """Final losses of a population; `quantiles` are the 5, 25, 75 and 95 % ones."""

    median: float
    quantiles: tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, repr=False)
class Mode(Short):
    """One way in which trainings end: its share, its median loss, one replica's outputs by row.

    `reading` says it in words ("[0, 1] and [1, 1] come out alike"); `ci95` is the share's interval.
    """

    share: float
    loss: float
    outputs: tuple[tuple[float, ...], ...] = ()
    codes: tuple[tuple[float, ...], ...] = ()
    learned: bool = False
    reading: str = ""
    ci95: Interval | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class PopulationInfo(Short):
    """The control: the script as it is, many times."""

    replicas: int
    successes: int
    success_rate: float
    ci95: Interval
    loss: LossSpread
    modes: tuple[Mode, ...]
    engine: str
    strategy: str
    seeds: tuple[int, int]
    distinct_by_layer: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, repr=False)
class EvidenceInfo(Short):
    """A measured quantity beside its threshold."""

    quantity: str
    value: float
    threshold: float | None = None
    unit: str = ""
    replicas: int | None = None
    of: int | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Location(Short):
    """A place in the user's source: line from 1, columns from 1 in characters, end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    source: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Untried(Short):
    """A change that no training has tried, as a diff."""

    intervention: str
    diff: str


@dataclass(frozen=True, kw_only=True, repr=False)
class FindingInfo(Short):
    """A fact or a suspicion. `kinds`: what the changes that it asks for are about.

    `family`: the part of a training that its check is about, such as "data" or "loss".
    `untried`: of a fact, the first change that removes it, where none of them was tried.
    """

    check: str
    message: str
    evidence: tuple[EvidenceInfo, ...] = ()
    location: Location | None = None
    kinds: tuple[str, ...] = ()
    untried: Untried | None = None
    family: str = ""


@dataclass(frozen=True, kw_only=True, repr=False)
class EditInfo(Short):
    """A replacement in the script, in bytes of its UTF-8 form."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Change(Short):
    """A change as data: its name in the registry, and plain arguments. Edits are made of it anew."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, kw_only=True, repr=False)
class Arm(Short):
    """One change (or the placebo) tried on the control's seeds. `title` is its name in a heading.

    `intervention` names the change itself ("learning rate 0.001 → 0.01"). One that was only put back
    into a cure, never tried alone, has no `replicas`.
    `company`, for "needs company", names the other changes of the set that it is needed in.
    `to_decide`: replicas in all that would probably decide an undecided verdict. `fresh`: both were
    trained on seeds that no search has seen, not on the population's.
    """

    intervention: str
    title: str
    kind: str
    checks: tuple[str, ...]
    verdict: Verdict
    replicas: int
    successes: int
    success_rate: float
    difference: float
    ci95: Interval
    rescued: int
    broken: int
    p: float
    p_holm: float
    control_rate: float
    location: Location | None = None
    edits: tuple[EditInfo, ...] | None = None
    company: tuple[str, ...] = ()
    to_decide: int | None = None
    added_parameters: int = 0
    change: Change | None = None
    fresh: bool = False


@dataclass(frozen=True, kw_only=True, repr=False)
class PutBack(Short):
    """One change of a repair put back as the script has it, the rest in place, on fresh seeds.

    `whole` and `without` are the success rates of the same `replicas` seeds with all of the repair and
    without this change, `scores` the yardstick's scores of a usual training of each. `ci95` is the
    interval of the difference of the rates, `p` of McNemar's test or, where there was room for few, of
    the rank sum of the scores, `p_holm` the same corrected with all arms. `needed`: this shows that the
    repair needs the change.
    """

    replicas: int
    whole: float
    without: float
    scores: tuple[float, float]
    ci95: Interval
    p: float
    p_holm: float
    needed: bool


@dataclass(frozen=True, kw_only=True, repr=False)
class Cleared(Short):
    """A kind of thing that is not the reason, and by what that was shown.

    By "trial": each of `interventions` was tried alone where an effect would have shown, and had none.
    By "repair": it learns with the first repair, which leaves all of this kind as it was.
    """

    kind: str
    by: Literal["trial", "repair"]
    interventions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class Repair(Short):
    """A set of changes that makes it learn, measured on seeds that no search has seen.

    `touches` are the kinds of things that it changes; `put_back[i]` tells what it loses without change
    i, `None` where that was not tried. Empty for a single change. `beside` names changes that are
    written with it and that no training shows, such as a metric; `changes` has them behind the others.
    `code_width`: of an autoencoder's code as it is and with the repair, where they differ.
    `whole`: where trainings end at a horizon, how many of how many to the end learned with it.
    """

    interventions: tuple[str, ...]
    kinds: tuple[str, ...]
    success_rate: float
    ci95: Interval
    replicas: int
    successes: int
    applicability: Applicability
    edits: tuple[EditInfo, ...] | None
    diff: str
    cost: float
    added_parameters: int = 0
    updates: int = 0
    touches: tuple[str, ...] = ()
    put_back: tuple[PutBack | None, ...] = ()
    outputs: tuple[tuple[float, ...], ...] = ()
    codes: tuple[tuple[float, ...], ...] = ()
    changes: tuple[Change, ...] | None = None
    beside: tuple[str, ...] = ()
    code_width: tuple[int, int] | None = None
    whole: tuple[int, int] | None = None

    @property
    def lasts(self) -> bool:
        """False for one that wins at a horizon, with which most trainings to the end do not learn."""
        return lasts(self.whole)


def lasts(whole: tuple[int, int] | None) -> bool:
    """True unless at most half of so many trainings to the end learned: of a cure, nearly all do."""
    return whole is None or 2 * whole[0] > whole[1]


@dataclass(frozen=True, kw_only=True, repr=False)
class CodeMap(Short):
    """Codes of the same inputs as points of a plane, their first two principal components each.

    `before` are those of a usual training as the script is, `after` of a usual one with the first
    repair, empty without any; `held` is the share of the codes' variance that the plane shows.
    `rows` are the inputs' numbers among the judged rows, `along` their places in the direction in
    which the inputs differ most, by rank from 0 to 1.
    """

    layer: str
    rows: tuple[int, ...]
    along: tuple[float, ...]
    before: Table
    after: Table
    held: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class NotTested(Short):
    """A check or an intervention that could not be tried, and why; `kind` says which it is.

    `about`: the kind of thing that a single change is about.
    """

    what: str
    reason: str
    kind: Literal["check", "intervention"] = "intervention"
    about: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Budget(Short):
    """`given` as asked for ("2m"); `spent` seconds; trainings and optimizer steps in all.

    `sets`: how many sets of two and more changes were tried.
    """

    given: str
    spent: float
    trainings: int
    steps: int
    sets: int = 0
    seconds_by_part: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, repr=False)
class OwnRun(Short):
    """The user's own training, where the script was let through: its final loss and score."""

    loss: float | None
    learned: bool | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Result(Short):
    """Everything a diagnosis says. `source` is the script's text; `rows` the distinct inputs.

    `rows`, `targets` and the outputs in modes and repairs are kept for small data only.
    `pictures` is what only the page draws; `switches` are those of `unstuck run` that repeat it.
    `horizon` is set where trainings ended before the script's own do. `names` are what the author calls
    the layers that Keras named ("dense_1": "decoded"), and of a torch script what torch calls losses
    and initialisers; the rest of a result has Keras's names.
    """

    schema: str
    tool: Tool
    script: ScriptInfo
    fit: Fit
    outcome: Outcome
    outcome_text: str
    goal: GoalInfo
    population: PopulationInfo
    facts: tuple[FindingInfo, ...]
    suspicions: tuple[FindingInfo, ...]
    arms: tuple[Arm, ...]
    repairs: tuple[Repair, ...]
    not_tested: tuple[NotTested, ...]
    budget: Budget
    cleared: tuple[Cleared, ...] = ()
    own_run: OwnRun | None = None
    rows: tuple[tuple[float, ...], ...] = ()
    targets: tuple[tuple[float, ...], ...] = ()
    code_layer: str | None = None
    code_map: CodeMap | None = None
    source: str | None = None
    notes: tuple[str, ...] = ()
    pictures: Pictures | None = None
    switches: tuple[str, ...] = ()
    horizon: Horizon | None = None
    names: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def causes(self) -> tuple[Arm, ...]:
        """The arms shown to be causes, strongest first."""
        return self.by_verdict("cause")

    @property
    def proved(self) -> tuple[Arm, ...]:
        """The arms shown to be guilty: the causes, then what only helps in company."""
        return (*self.causes, *self.by_verdict("needs company"))

    def by_verdict(self, verdict: Verdict) -> tuple[Arm, ...]:
        """The arms of one verdict, largest effect first, the placebo left out."""
        found = [a for a in self.arms if a.verdict == verdict and a.kind != "placebo"]
        return tuple(sorted(found, key=lambda arm: -arm.difference))

    @property
    def interrupted(self) -> bool:
        """True where Ctrl-C or its like ended it early."""
        return any(note.startswith("interrupted") for note in self.notes)

    @property
    def placebo(self) -> Arm | None:
        """The arm in which only the shuffling was another."""
        return next((arm for arm in self.arms if arm.kind == "placebo"), None)
