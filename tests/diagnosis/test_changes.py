"""Changes from a file: made by the registry's classes from plain values, or refused."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes import two_bits
from results_examples import TWO_BITS
from unstuck.base.errors import BadSavedFile, UnstuckError
from unstuck.diagnosis import changes
from unstuck.interventions import Intervention, all_interventions
from unstuck.interventions.activation import Activation
from unstuck.interventions.at_output import AtOutput
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.train_as_fit import TrainAsFit, What
from unstuck.result.results import Change
from unstuck.script import Script

CODE = "relu', __import__('os').system('touch ran'), '"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Holding(LearningRate):
    """A change with something that is no plain value."""

    rows: object = dataclasses.field(default_factory=lambda: np.zeros(3))


def test_there_and_back():
    some = (AtOutput(output="a b'c", change=LearningRate(value=np.float64(0.1), was=None)),
            Activation(layer="dense", value="relu", was="<lambda>"))
    kept = changes.stored(some)
    assert kept is not None
    assert changes.restored(kept, {"a b'c"}) == some
    with pytest.raises(ValueError, match="no such argument"):
        changes.restored(kept)


@pytest.mark.parametrize("what", typing.get_args(What))
def test_one_of_some_words_is_there_and_back_and_no_other_is(what):
    kept = changes.stored((TrainAsFit(what=what),))
    assert kept is not None and changes.restored(kept) == (TrainAsFit(what=what),)
    with pytest.raises(ValueError, match="no such argument"):
        changes.restored([Change(name=kept[0].name, arguments={"what": what + "x"})])


def test_what_is_no_plain_value_is_not_stored():
    assert changes.stored([Holding(value=0.1)]) is None


@pytest.mark.parametrize("found", [
    Change(name="os", arguments={}),
    Change(name="learning-rate", arguments={"value": "0.1"}),
    Change(name="learning-rate", arguments={"value": True}),
    Change(name="learning-rate", arguments={"value": 1e300}),
    Change(name="learning-rate", arguments={"value": 0.1, "kind": "x"}),
    Change(name="learning-rate", arguments={}),
    Change(name="activation", arguments={"layer": "dense", "value": CODE, "was": "relu"}),
    Change(name="activation", arguments={"layer": "dense", "value": "a\nimport os", "was": "relu"}),
    Change(name="at-output", arguments={"output": "a", "change": {"name": "system"}}),
    Change(name="widths", arguments={"widths": [["a", 2, 3]]}),
    Change(name="epochs", arguments={"value": 10**12, "was": 1}),
])
def test_what_is_none_is_refused(found):
    with pytest.raises(ValueError, match=r"no change|no argument|no such argument|missing"):
        changes.restored([found])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just(CODE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "arguments", "value", "layer", "was"]), inner, max_size=4),
    max_leaves=8)


@given(st.sampled_from(sorted(all_interventions())), st.data())
@settings(max_examples=300, deadline=None)
def test_no_document_does_more_than_be_refused(name, data):
    """What comes back is a change of that name whose every text is harmless in quotes."""
    fields = [field.name for field in dataclasses.fields(all_interventions()[name])] or ["value"]
    arguments = data.draw(st.dictionaries(st.sampled_from(fields), JSON, max_size=4))
    try:
        (change,) = changes.restored([Change(name=name, arguments=arguments)])
    except ValueError:
        return
    assert type(change) is all_interventions()[name]
    texts = [v for v in dataclasses.asdict(change).values() if isinstance(v, str)]
    assert not any(c in text for text in texts for c in "'\"\\\n()=;")


def test_a_repair_is_what_it_says():
    repair, recipe = TWO_BITS.repairs[0], two_bits(8)
    with pytest.raises(BadSavedFile, match="not how it is made"):
        changes.of(repair, recipe)
    change = LearningRate(value=0.01, was=0.001)
    kept = dataclasses.replace(repair, changes=changes.stored((change,)))
    with pytest.raises(BadSavedFile, match="others than it says"):
        changes.of(kept, recipe)
    true = dataclasses.replace(kept, interventions=(change.label,))
    assert changes.of(true, recipe) == (change,)


def test_what_does_not_suit_the_script_is_said():
    script = Script.parse("x = 1\n")
    missing: Intervention = Activation(layer="nowhere", value="relu", was="tanh")
    with pytest.raises(UnstuckError, match="not one for the repair"):
        changes.written((missing,), script, two_bits(8))
    with pytest.raises(UnstuckError, match="by hand"):
        changes.written((LearningRate(value=0.01),), script, two_bits(8))
