"""What the words of the reports mean, for readers who know Keras or PyTorch from one tutorial."""

from __future__ import annotations

from .text_page import Look, Page

_TEXT = """
training
    Your script's training, run once from its beginning to its end. A report counts many of them:
    they differ only in the random seed.

random seed
    The number from which a computer makes its random numbers. First weights, the order of the rows
    and dropout follow from it.

learned
    A training has learned if it is good enough on your data. What is good enough is set before
    anything is changed, from your data alone: see “What counts as learned” in the report (-v).

constant output
    The best answer that ignores the input: always the mean, or always the most frequent class. A
    network that is no better has learned nothing.

floor
    The lowest loss that any network can reach on this data. It is often not 0.

cause
    A change to it alone makes at least 20 more of 100 trainings learn. Nothing else was changed,
    and the random seeds were the same.

contributes
    A change to it alone makes more trainings learn, but fewer than 20 more of 100. The short report
    says “Helps too”.

hidden cause
    Alone, a change to it is not shown to help, because another fault hides it. But the repair needs
    it: with only this change taken back, fewer trainings learn.

it is not
    It was changed alone, nothing happened, and something could have happened: some of your
    trainings learn and some do not.

can stay
    The repair leaves it as you wrote it, and with the repair the network learns. So you need not
    change it.

alone, none
    It was changed alone and nothing happened. But nearly no training of yours learns, so another
    fault may hide what it does. It is neither guilty nor cleared.

undecided
    There were too few trainings to tell. “About 256 would decide” says how many are needed.

rescued, broken
    Trainings that fail without the change and learn with it are rescued. Those that learn without
    it and fail with it are broken. Both have the same random seed.

points
    Of 100 trainings. “+84 points” says: 84 more of 100 trainings learn.

95 % CI
    Confidence interval. The true rate lies between these two numbers in 95 of 100 such studies. Few
    trainings make it wide.

[79, 88]
    The two ends of such an interval, in points.

placebo
    A change that cannot matter: only the order of the rows is drawn anew. If it seems to help, the
    trainings cannot be compared, and nothing is claimed.

fresh seeds
    Random seeds that were not used while the repair was looked for. So the repair cannot have been
    chosen because it happens to suit them.

fact
    What holds without any training, such as labels outside of what the output can reach.

repair
    The smallest set of changes that was found and proved. It is shown as a diff: lines with − go,
    lines with + come.

keeps the network
    As many weights as before, and as many updates. Other repairs make the network larger or the
    training longer: the report says by how much.

update
    One step of the optimizer, on one batch.

horizon
    Where a training takes too long, only its first updates are run. Everything in such a report is
    about these.

ends
    Trainings of the same script often end at a few different losses. Each is one way to end.

code
    In an autoencoder, the narrowest layer: what is left of the input there.

p, Holm
    How often chance alone would show as much (-vv). Holm's correction allows for the many changes
    that were tried.
"""


def _words() -> dict[str, str]:
    found = {}
    for entry in _TEXT.strip().split("\n\n"):
        word, meaning = entry.split("\n", 1)
        found[word] = " ".join(meaning.split())
    return found


WORDS = _words()
"""Each word, and what it means."""


def glossary(*, width: int = 80, color: bool = False, encoding: str = "utf-8") -> str:
    """All words with what they mean, for the terminal."""
    page = Page(Look(width=width, color=color, encoding=encoding))
    for word, meaning in WORDS.items():
        page.paragraph(meaning, indent=19, first=(word, "bold"))
    return page.render()
