"""The reports for programs: JSON and its schema, SARIF, GitHub's commands."""

from __future__ import annotations

import dataclasses
import json
import re
import typing

import pytest
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion

from results_examples import EXAMPLES, HEALTHY, INCONCLUSIVE, TWO_BITS, TWO_BITS_SOURCE
from unstuck import pictures, results
from unstuck.reports import all_reports, render
from unstuck.results import FindingInfo, Location, Result, from_document
from unstuck.saved import schema

CONTRACT = {
    "": "schema tool script fit outcome goal population facts arms repairs not_tested budget",
    "script": "path sha256 argv exit_code",
    "fit": "line index of model parameters rows distinct_rows updates batch_size epochs loss"
    " optimizer",
    "goal": "metric threshold why floor baseline ladder references",
    "population": "replicas successes success_rate ci95 loss modes engine strategy seeds",
    "arms": "intervention kind checks verdict replicas successes success_rate difference ci95"
    " rescued broken p p_holm location edits",
    "repairs": "interventions kinds success_rate ci95 replicas applicability edits diff",
    "budget": "given spent trainings steps",
}


def refuse(token: str) -> float:
    """Called by the parser for NaN and the like, which are no JSON."""
    raise AssertionError(token)


def loaded(result: Result) -> typing.Any:
    """The JSON document, read strictly."""
    return json.loads(render("json", result), parse_constant=refuse)


def test_the_formats_are_found() -> None:
    assert {"text", "json", "sarif", "github"} <= set(all_reports())


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", EXAMPLES)
def test_json_keeps_the_contract(name: str) -> None:
    document = loaded(EXAMPLES[name])
    Draft202012Validator(schema()).validate(document)
    for part, keys in CONTRACT.items():
        values = document if not part else document[part]
        for value in values if isinstance(values, list) else [values]:
            assert set(keys.split()) <= set(value), part


@pytest.mark.parametrize("name", EXAMPLES)
def test_json_loses_nothing(name: str) -> None:
    again = from_document(loaded(EXAMPLES[name]))
    assert render("json", again) == render("json", EXAMPLES[name])
    if name != "diverging":  # NaN is not equal to itself
        assert again == EXAMPLES[name]


def test_json_is_sorted_and_ascii() -> None:
    text = render("json", TWO_BITS)
    assert text.isascii()
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2) + "\n"


def test_what_was_not_tested_is_named_by_what_it_is() -> None:
    entries = loaded(INCONCLUSIVE)["not_tested"]
    assert entries[0]["intervention"] == "gradient clipping"
    assert entries[1]["check"] == "saturation"
    assert "check" not in entries[0]


@pytest.mark.parametrize("breakage", [
    pytest.param(lambda d: d.pop("goal"), id="a key is missing"),
    pytest.param(lambda d: d.update(outcome="FINE"), id="no such outcome"),
    pytest.param(lambda d: d["arms"][0].update(verdict="guilty"), id="no such verdict"),
    pytest.param(lambda d: d["arms"][0].update(success_rate=19), id="a rate above 1"),
    pytest.param(lambda d: d["arms"][0].update(kind="magic"), id="no such kind"),
    pytest.param(lambda d: d["not_tested"][0].pop("intervention"), id="neither check nor change"),
])  # fmt: skip
def test_the_schema_refuses(breakage: typing.Callable[[dict[str, typing.Any]], object]) -> None:
    document = loaded(TWO_BITS)
    breakage(document)
    assert not Draft202012Validator(schema()).is_valid(document)


def test_the_schema_documents_every_field_and_no_other() -> None:
    """A field added to a result fails here until the schema says what it is."""
    parts = [part for module in (results, pictures) for part in vars(module).values()
             if dataclasses.is_dataclass(part) and isinstance(part, type)]  # fmt: skip
    known = schema()
    described = [known, *known["$defs"].values()]
    for part in parts:
        fields = {field.name for field in dataclasses.fields(part)}
        extra = {"check", "intervention"} if part is results.NotTested else set()
        matching = [d for d in described if set(d.get("properties", ())) == fields | extra]
        assert matching, f"schema.json does not describe {part.__name__}"
        assert all("description" in p or "$ref" in p for p in matching[0]["properties"].values())


def test_sarif_points_at_the_line_with_the_fix() -> None:
    log = json.loads(render("sarif", TWO_BITS))
    run = log["runs"][0]
    assert log["version"] == "2.1.0"
    first = run["results"][0]
    assert (first["ruleId"], first["level"]) == ("narrow-layer", "error")
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "narrow-layer"
    where = first["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "train.py"}
    assert where["region"] == {"startLine": 10, "startColumn": 11, "endLine": 10, "endColumn": 46}
    replacement = first["fixes"][0]["artifactChanges"][0]["replacements"][0]
    region = replacement["deletedRegion"]
    line = TWO_BITS_SOURCE.splitlines()[region["startLine"] - 1]
    cut = line[region["startColumn"] - 1 : region["endColumn"] - 1]
    assert cut == "Dense(input_dim, activation='relu')"
    assert replacement["insertedContent"]["text"] == "Dense(16, activation='relu')"
    assert {r["level"] for r in run["results"]} == {"error", "warning"}


def test_sarif_of_a_healthy_script_has_facts_only() -> None:
    run = json.loads(render("sarif", HEALTHY))["runs"][0]
    assert [r["level"] for r in run["results"]] == ["note"]
    assert run["properties"]["outcome"] == "AT_FLOOR"


def test_sarif_counts_columns_in_characters() -> None:
    source = "é = '漢'; f(1)\n"
    edit = results.EditInfo(start=len("é = '漢'; f(".encode()), end=len("é = '漢'; f(1".encode()),
                            replacement="2")  # fmt: skip
    arm = dataclasses.replace(TWO_BITS.causes[0], edits=(edit,))
    result = dataclasses.replace(TWO_BITS, source=source, arms=(arm,))
    change = json.loads(render("sarif", result))["runs"][0]["results"][0]["fixes"][0]
    region = change["artifactChanges"][0]["replacements"][0]["deletedRegion"]
    assert region == {"startLine": 1, "startColumn": 12, "endLine": 1, "endColumn": 13}


@pytest.mark.parametrize("name", EXAMPLES)
def test_github_commands(name: str, snapshot: SnapshotAssertion) -> None:
    assert render("github", EXAMPLES[name]) == snapshot


def test_github_commands_cannot_be_forged() -> None:
    fact = FindingInfo(
        check="a,b:c", message="x\n::error::y%0A\r::set-output",
        location=Location(line=1, column=2, end_line=1, end_column=3, source="z"),
    )  # fmt: skip
    script = dataclasses.replace(TWO_BITS.script, path="a,b:c\n::error::.py")
    hostile = dataclasses.replace(TWO_BITS, facts=(fact,), arms=(), repairs=(), script=script)
    lines = render("github", hostile).splitlines()
    assert len(lines) == 2
    assert all(re.match(r"::(error|warning|notice) title=[^:]*::", line) for line in lines)
    assert "%250A" in lines[1]
    assert "title=a%2Cb%3Ac,file=a%2Cb%3Ac" in lines[1]
