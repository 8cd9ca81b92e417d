"""The reports for programs: JSON and its schema, SARIF, GitHub's commands."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion

from results_examples import EXAMPLES, HEALTHY, INCONCLUSIVE, TWO_BITS, TWO_BITS_SOURCE
from unstuck.diagnosis.saved import schema
from unstuck.reports import all_reports, render
from unstuck.result import pictures, results
from unstuck.result.documents import from_document
from unstuck.result.results import FindingInfo, Location, Result

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


REGION = {
    "type": "object", "additionalProperties": False,
    "properties": {
        **{key: {"type": "integer", "minimum": 1}
           for key in ("startLine", "startColumn", "endLine", "endColumn")},
        **{key: {"type": "integer", "minimum": 0} for key in ("byteOffset", "byteLength")},
    },
    "anyOf": [{"required": ["startLine"]}, {"required": ["byteOffset", "byteLength"]}],
}
TEXT = {"type": "object", "required": ["text"], "additionalProperties": False,
        "properties": {key: {"type": "string", "minLength": 1} for key in ("text", "markdown")}}
ARTIFACT = {"type": "object", "required": ["uri"], "additionalProperties": False,
            "properties": {"uri": {"type": "string", "pattern": "^[!-~]+$"}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def closed(required: str, **properties: typing.Any) -> dict[str, typing.Any]:
    """An object of these properties and no others."""
    return {"type": "object", "properties": properties, "required": required.split(),
            "additionalProperties": False}


def several(items: dict[str, typing.Any]) -> dict[str, typing.Any]:
    """A list of different things."""
    return {"type": "array", "items": items, "uniqueItems": True}


SARIF = closed(
    "$schema version runs",
    **{"$schema": {"const": "https://json.schemastore.org/sarif-2.1.0.json"}},
    version={"const": "2.1.0"},
    runs={"type": "array", "minItems": 1, "maxItems": 1, "items": closed(
        "tool results columnKind",
        tool=closed("driver", driver=closed(
            "name version semanticVersion rules",
            name={"const": "unstuck"}, version={"type": "string"},
            semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
            rules=several(closed(
                "id shortDescription fullDescription defaultConfiguration",
                id={"type": "string", "pattern": "^[a-z0-9-]+$"}, shortDescription=TEXT,
                fullDescription=TEXT, help=TEXT, defaultConfiguration=closed("level", level=LEVEL),
                properties=closed("tags", tags=several({"type": "string"})))))),
        artifacts=several(closed("location", location=ARTIFACT, sourceLanguage={"const": "python"},
                                 hashes={"type": "object"})),
        columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        invocations=several(closed("executionSuccessful", executionSuccessful={"type": "boolean"},
                                   arguments={"type": "array", "items": {"type": "string"}})),
        results={"type": "array", "items": closed(
            "ruleId ruleIndex level message",
            ruleId={"type": "string"}, ruleIndex={"type": "integer", "minimum": 0}, level=LEVEL,
            message=closed("text", text={"type": "string", "minLength": 1}),
            locations=several(closed("physicalLocation", physicalLocation=closed(
                "artifactLocation", artifactLocation=ARTIFACT, region=REGION))),
            fixes=several(closed("description artifactChanges", description=TEXT,
                                 artifactChanges={**several(closed(
                                     "artifactLocation replacements", artifactLocation=ARTIFACT,
                                     replacements={"type": "array", "minItems": 1, "items": closed(
                                         "deletedRegion", deletedRegion=REGION,
                                         insertedContent=closed("text", text={"type": "string"}),
                                     )})), "minItems": 1})),
            properties={"type": "object"})},
        properties={"type": "object"},
    )},
)
"""What of SARIF 2.1.0 is written (sections 3.13 to 3.57 of the specification), and nothing else."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_sarif_has_the_form_that_the_standard_gives_it(name: str) -> None:
    result = EXAMPLES[name]
    log = json.loads(render("sarif", result), parse_constant=refuse)
    Draft202012Validator(SARIF).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
        region = found["locations"][0]["physicalLocation"].get("region")
        assert region is not None or result.fit.line is None
        for fix in found.get("fixes", ()):
            (change,) = fix["artifactChanges"]
            spans = [tuple(r["deletedRegion"].values()) for r in change["replacements"]]
            assert len(set(spans)) == len(spans)


def test_a_rule_is_the_page_of_its_check() -> None:
    rules = {rule["id"]: rule
             for rule in json.loads(render("sarif", TWO_BITS))["runs"][0]["tool"]["driver"]["rules"]}
    narrow = rules["narrow-layer"]
    assert narrow["shortDescription"]["text"].startswith("A hidden layer with few units")
    assert "gradient descent has to find" in narrow["fullDescription"]["text"]
    assert "## When it is wrong" in narrow["help"]["markdown"]
    assert narrow["properties"]["tags"] == ["architecture"]
    assert "help" not in rules["learning-rate"] and "explain" not in str(rules["learning-rate"])


def test_a_fix_that_needs_company_is_the_whole_repair() -> None:
    result = EXAMPLES["needs_company"]
    found = json.loads(render("sarif", result))["runs"][0]["results"]
    repair = result.repairs[0]
    assert repair.edits is not None
    for one in found[:2]:
        (fix,) = one["fixes"]
        assert fix["description"]["text"] == " and ".join(repair.interventions)
        assert len(fix["artifactChanges"][0]["replacements"]) == len(set(repair.edits))


def test_a_cause_may_be_cured_alone_or_with_the_rest_of_the_repair() -> None:
    narrow, relu, *_ = json.loads(render("sarif", TWO_BITS))["runs"][0]["results"]
    assert [fix["description"]["text"] for fix in narrow["fixes"]] == [
        "middle layer 2 → 16 units", "middle layer 2 → 4 units"]
    assert [fix["description"]["text"] for fix in relu["fixes"]] == [
        "middle layer relu → linear", "first layer 4 → 16 units and middle layer relu → linear"]
    assert narrow["message"]["text"].count("; or middle layer 2 → 4 units: 19 %") == 1


def test_what_has_no_place_is_reported_at_the_fit() -> None:
    found = json.loads(render("sarif", TWO_BITS))["runs"][0]["results"]
    rate = next(one for one in found if one["ruleId"] == "learning-rate")
    place = rate["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": TWO_BITS.fit.line}
    annotation = next(line for line in render("github", TWO_BITS).splitlines()
                      if "title=learning-rate" in line)
    assert f"file=train.py,line={TWO_BITS.fit.line}::" in annotation


def test_a_check_of_another_version_has_a_rule_too() -> None:
    fact = FindingInfo(check="../../setup", message="something")
    result = dataclasses.replace(TWO_BITS, facts=(fact,), arms=(), repairs=())
    (rule,) = json.loads(render("sarif", result))["runs"][0]["tool"]["driver"]["rules"]
    assert rule["id"] == "../../setup" and "help" not in rule


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


def test_github_reads_back_what_was_written() -> None:
    """Properties and message as the runner takes them apart: the reverse of the escaping."""
    path, text = "50%,a:b/ü.py", "100 % of 2,000: yes\r\n::stop"
    fact = FindingInfo(check="dead-relu", message=text)
    script = dataclasses.replace(TWO_BITS.script, path=path)
    given = dataclasses.replace(TWO_BITS, facts=(fact,), arms=(), repairs=(), script=script)
    _, line = render("github", given).splitlines()
    found = re.fullmatch(r"::notice ([^:]*)::(.*)", line)
    assert found is not None
    read = dict(pair.split("=", 1) for pair in found[1].split(","))
    for mark, code in ((":", "%3A"), (",", "%2C"), ("\r", "%0D"), ("\n", "%0A"), ("%", "%25")):
        read = {key: value.replace(code, mark) for key, value in read.items()}
    assert read == {"title": "dead-relu", "file": path, "line": str(TWO_BITS.fit.line)}
    assert found[2].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%") == (
        "100 % of 2,000: yes  ::stop")


def test_a_script_in_a_repository_is_named_from_its_root(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "models").mkdir()
    result = dataclasses.replace(EXAMPLES["two_bits"], script=dataclasses.replace(
        EXAMPLES["two_bits"].script, path=str(tmp_path / "models" / "train.py")))
    assert "file=models/train.py," in render("github", result)
    assert '"uri": "models/train.py"' in render("sarif", result)
