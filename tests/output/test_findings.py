"""The outputs of `validate`, each as its readers read it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schedule_builder.output import RENDERERS, renderer
from schedule_builder.output.findings import (
    Findings,
    default_format,
    summary,
    wants_color,
)
from schedule_builder.rules.pages import KINDS
from schedule_builder.workspace.checker import check
from tests.support.data import DATA, needs_data

TEXT = """train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
\tinitial_learning_rate: 0.1  # \N{SNOWMAN} 100% <&>
    schedule { step: 100 learning_rate: 0.1 }
    schedule { step: 200 learning_rate: 0.01 }
  } } } }
}
"""
BYPASSED = (
    "no stage or decay takes effect: the rate first changes at step 200, and training ends after"
    " 150 steps. Stretch the schedule with `schedule-builder rescale`, or replace the schedule with"
    " `constant_learning_rate` (`learning_rate: 0.1`), which has the same rates"
)
BAD = "constant_learning_rate {\n  learning_rate: -1, learning_rat: 0.5\n}\n"


def findings(*texts: tuple[str, str], color: bool = False) -> Findings:
    checked = [check(text.encode(), name) for name, text in texts]
    diagnostics = [d for c in checked for d in c.diagnostics]
    return Findings(diagnostics, {c.filename: c.text for c in checked}, color=color)


BOTH = findings(("a.config", TEXT), ("b:%,.config", BAD))
NONE = findings(("a.config", "constant_learning_rate { learning_rate: 1 }"))


def test_text() -> None:
    assert renderer("text")(BOTH).splitlines() == [
        "a.config:5:41: warning[SB414] no change at step 100: the rate is 0.1 before it, too",
        f"a.config:6:22: warning[SB418] {BYPASSED}",
        "  a.config:2:14: training ends after 150 steps",
        "b:%,.config:2:18: error[SB204] `learning_rate` is -1: it must be at least 0",
        "b:%,.config:2:22: error[SB201] `constant_learning_rate` has no field `learning_rat`: did"
        " you mean `learning_rate`?",
        "Found 2 errors and 2 warnings in 2 files. 1 fixable with `--fix`.",
    ]


def test_full_shows_the_places() -> None:
    assert renderer("full")(findings(("a.config", TEXT))) == (
        "a.config:5:41: warning[SB414] no change at step 100: the rate is 0.1 before it,"
        " too\n"
        "  5 |     schedule { step: 100 learning_rate: 0.1 }\n"
        "    |                                         ^^^\n"
        "    = Remove this entry, which repeats 0.1 (--fix)\n"
        "\n"
        f"a.config:6:22: warning[SB418] {BYPASSED}\n"
        "  6 |     schedule { step: 200 learning_rate: 0.01 }\n"
        "    |                      ^^^\n"
        "  2 |   num_steps: 150\n"
        "    |              ^^^ training ends after 150 steps\n"
        "\n"
        "Found 2 warnings in 1 file. 1 fixable with `--fix`.\n"
    )


def test_full_aligns_carets_below_tabs_and_in_long_lines() -> None:
    text = "constant_learning_rate {\n\tlearning_rate:\t-1\n" + "#" + " " * 300 + "\n}\n"
    lines = renderer("full")(findings(("a.config", text))).splitlines()
    assert lines[1:3] == ["  2 | \tlearning_rate:\t-1", "    | \t              \t^^"]
    text = "constant_learning_rate { " + " " * 500 + "learning_rate: -1 " + " " * 500 + "}"
    lines = renderer("full")(findings(("a.config", text))).splitlines()
    assert lines[1][lines[2].index("^") :].startswith("-1")
    assert max(map(len, lines[1:3])) < 130


def test_color_marks_and_changes_nothing_else() -> None:
    for name in ("text", "full"):
        colored = renderer(name)(findings(("a.config", TEXT), color=True))
        plain = renderer(name)(findings(("a.config", TEXT)))
        assert "\x1b[1;33mwarning[SB414]\x1b[0m" in colored
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_json() -> None:
    entries = json.loads(renderer("json")(BOTH))
    assert [entry["code"] for entry in entries] == ["SB414", "SB418", "SB204", "SB201"]
    assert entries[0]["fix"] == {
        "title": "Remove this entry, which repeats 0.1",
        "safe": True,
        "edits": [
            {
                "location": {"row": 5, "column": 1},
                "end_location": {"row": 6, "column": 1},
                "content": "",
            }
        ],
    }
    assert entries[0]["path"].endswith("manual_step_learning_rate.schedule[0].learning_rate")
    assert json.loads(renderer("json")(NONE)) == []


def test_github() -> None:
    lines = renderer("github")(BOTH).splitlines()
    assert lines[0] == (
        "::warning file=a.config,line=5,endLine=5,title=schedule-builder SB414"
        " stage-without-effect,col=41,endColumn=43::no change at step 100: the rate is 0.1"
        " before it, too"
    )
    assert lines[2].startswith("::error file=b%3A%25%2C.config,line=2,endLine=2,")
    assert lines[-1] == summary(BOTH)
    assert renderer("github")(NONE) == "1 file: no findings.\n"


def closed(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def array(items: Any, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


STRING = {"type": "string"}
COUNT = {"type": "integer", "minimum": 1}
MESSAGE = closed("text", text=STRING)
PLACE = closed("uri", uri={"type": "string", "pattern": r"^[^ :%]*(%[0-9A-F]{2}[^ :%]*)*$"})
REGION = closed("startLine", startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT)
LOCATION = closed(
    physicalLocation=closed("artifactLocation", artifactLocation=PLACE, region=REGION),
    message=MESSAGE,
)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
DESCRIPTOR = closed(
    "id",
    id=STRING,
    name=STRING,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    defaultConfiguration=closed(level=LEVEL),
)
REPLACEMENT = closed("deletedRegion", deletedRegion=REGION, insertedContent=MESSAGE)
CHANGE = closed(
    "artifactLocation replacements", artifactLocation=PLACE, replacements=array(REPLACEMENT, 1)
)
RESULT = closed(
    "message",
    ruleId=STRING,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations=array(LOCATION),
    relatedLocations=array(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": STRING},
    fixes=array(closed("artifactChanges", description=MESSAGE, artifactChanges=array(CHANGE, 1))),
)
SARIF = closed(
    "version runs",
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs=array(
        closed(
            "tool",
            tool=closed(
                "driver",
                driver=closed(
                    "name",
                    name=STRING,
                    version=STRING,
                    informationUri=STRING,
                    rules=array(DESCRIPTOR),
                ),
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results=array(RESULT),
        )
    ),
)
"""What the specification of SARIF 2.1.0 says of the objects that are used, and no others."""


@pytest.mark.parametrize("found", [BOTH, NONE], ids=["findings", "none"])
def test_sarif(found: Findings) -> None:
    log = json.loads(renderer("sarif")(found))
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[r["ruleIndex"]] for r in run["results"]] == [d.code for d in found.diagnostics]
    for result, diagnostic in zip(run["results"], found.diagnostics, strict=True):
        region = result["locations"][0]["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (diagnostic.row, diagnostic.column)
        assert ("fixes" in result) == (diagnostic.fix is not None)
        assert len(result.get("relatedLocations", [])) == len(diagnostic.related)


def test_junit() -> None:
    root = ET.fromstring(renderer("junit")(BOTH))
    cases = list(root.iter("testcase"))
    assert [case.get("name") for case in cases] == ["a.config", "b:%,.config"]
    assert root.get("tests") == "2"
    assert root.get("failures") == "1"
    assert cases[0].find("failure") is None
    assert "SB418" in str(cases[0].findtext("system-out"))
    failure = cases[1].find("failure")
    assert failure is not None
    message = failure.get("message")
    assert message is not None
    assert message.startswith("SB204, SB201: `learning_rate` is -1")


def test_junit_of_characters_that_xml_cannot_hold() -> None:
    found = findings(('a\x01<&".config', "constant_learning_rate { 'a\x02' }"))
    ET.fromstring(renderer("junit")(found))


@needs_data
@pytest.mark.parametrize("name", RENDERERS)
def test_real_configs(name: str) -> None:
    assert DATA is not None
    paths = sorted((DATA / "corpus").glob("*/*"))[::5]
    found = findings(*((path.name, path.read_bytes().decode("utf-8", "replace")) for path in paths))
    text = renderer(name)(found)
    if name == "sarif":
        jsonschema.validate(json.loads(text), SARIF)
    elif name == "junit":
        assert len(list(ET.fromstring(text).iter("testcase"))) == len(paths)
    elif name == "json":
        assert len(json.loads(text)) == len(found.diagnostics)
    elif name == "github":
        assert sum(line.startswith("::") for line in text.splitlines()) == len(found.diagnostics)
    else:
        assert all(str(diagnostic) in text for diagnostic in found.diagnostics)


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({kind.title for kind in KINDS.values()}) == len(KINDS)


def test_github_actions_get_annotations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert default_format() == "text"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert default_format() == "github"


@pytest.mark.parametrize(
    ("variables", "is_terminal", "colored"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_when_to_color(
    variables: dict[str, str], is_terminal: bool, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_color(is_terminal=is_terminal) == colored


def test_files_are_named_as_given(tmp_path: Path) -> None:
    path = tmp_path / "sub dir" / "a.config"
    log = json.loads(renderer("sarif")(findings((str(path), BAD))))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("/sub%20dir/a.config")
