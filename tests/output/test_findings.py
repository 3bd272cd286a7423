"""The outputs of `validate`, each as its readers read it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from functools import cache
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
    " 150 steps. Shorten the schedule with `schedule-builder rescale --from-steps N --num-steps"
    " 150`, N the run length that it was made for, or replace the schedule with"
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
        (
            "a.config:5:41: warning[SB414] no change at step 100: the rate is already 0.1."
            " Change this rate, or remove the entry"
        ),
        f"a.config:6:22: warning[SB418] {BYPASSED}",
        "  a.config:2:14: training ends after 150 steps",
        "b:%,.config:2:18: error[SB204] `learning_rate` is -1: it must be at least 0",
        "b:%,.config:2:22: error[SB201] `constant_learning_rate` has no field `learning_rat`: did"
        " you mean `learning_rate`?",
        "Found 2 errors and 2 warnings in 2 files. 1 fixable with `--fix`.",
    ]


def test_full_shows_the_places() -> None:
    assert renderer("full")(findings(("a.config", TEXT))) == (
        "a.config:5:41: warning[SB414] no change at step 100: the rate is already 0.1."
        " Change this rate, or remove the entry\n"
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
    assert lines[2] == (
        "::warning file=a.config,line=5,endLine=5,title=schedule-builder SB414"
        " stage-without-effect,col=41,endColumn=43::no change at step 100: the rate is"
        " already 0.1. Change this rate, or remove the entry"
    )
    assert lines[0].startswith("::error file=b%3A%25%2C.config,line=2,endLine=2,")
    assert lines[-1] == summary(BOTH)
    assert renderer("github")(NONE) == "1 file: no findings.\n"


def test_github_gets_ten_annotations_of_a_level_and_the_rest_in_the_log() -> None:
    many = "".join(f"  learning_rat{'e' * n}: 1\n" for n in range(2, 14))
    text = f"constant_learning_rate {{\n  learning_rate: 1\n{many}}}\n"
    found = findings(("a.config", TEXT), ("::error::b.config", text))
    errors = [d for d in found.diagnostics if d.severity == "error"]
    lines = renderer("github")(found).splitlines()
    assert [line.startswith("::error file=") for line in lines[:11]] == [True] * 10 + [False]
    assert [line.startswith("::warning file=") for line in lines[10:13]] == [True, True, False]
    assert lines[12] == f"::group::{len(errors) - 10} findings without an annotation"
    # No line but our own is a command: GitHub drops blanks before it looks for one.
    assert lines[13:-3] == [f"- {d}" for d in errors[10:]]
    assert lines[-3:-1] == ["::endgroup::", summary(found)]
    assert lines[-1].startswith("GitHub shows 10 annotations of a level. The other 2 findings: in")


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
    shortDescription=closed("text", text={"type": "string", "maxLength": 1024}),
    fullDescription=closed("text", text={"type": "string", "maxLength": 1024}),
    help=closed("text", text=STRING, markdown=STRING),
    helpUri={"type": "string", "format": "uri", "pattern": "^https://"},
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


def test_sarif_describes_every_rule() -> None:
    place = BOTH.diagnostics[0]
    every = [place._replace(code=code, severity=kind.severity) for code, kind in KINDS.items()]
    log = json.loads(renderer("sarif")(Findings(every, {})))
    jsonschema.validate(log, SARIF)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(KINDS)
    for rule in rules:
        page = KINDS[rule["id"]].page
        assert rule["helpUri"] in rule["help"]["text"]
        assert page in rule["help"]["markdown"]
        assert rule["fullDescription"]["text"].startswith(rule["shortDescription"]["text"])
        assert "    " not in rule["fullDescription"]["text"]


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
    assert failure.get("type") == "error"


def test_junit_fails_for_warnings_that_fail_the_run() -> None:
    found = BOTH._replace(failing_warnings=frozenset(["a.config"]))
    root = ET.fromstring(renderer("junit")(found))
    assert root.get("failures") == "2"
    failure = root.find(".//testcase[@file='a.config']/failure")
    assert failure is not None
    assert failure.get("type") == "warning"
    assert str(failure.get("message")).startswith("SB414, SB418: no change at step 100")
    assert root.find(".//system-out") is None


def test_junit_of_characters_that_xml_cannot_hold() -> None:
    found = findings(('a\x01<&".config', "constant_learning_rate { 'a\x02' }"))
    ET.fromstring(renderer("junit")(found))


LINE = {"type": "integer", "minimum": 1}
GITLAB = array(
    closed(
        "description check_name fingerprint severity location",
        description=STRING,
        check_name=STRING,
        fingerprint={"type": "string", "pattern": "^[0-9a-f]{64}$"},
        severity={"enum": ["info", "minor", "major", "critical", "blocker"]},
        location=closed(
            "path lines",
            path={"type": "string", "pattern": r"^(?!\./)"},
            lines=closed("begin", begin=LINE, end=LINE),
        ),
    )
)
"""What GitLab's documentation says of a report of code quality."""


def test_gitlab() -> None:
    report = json.loads(renderer("gitlab")(BOTH))
    jsonschema.validate(report, GITLAB)
    # GitLab shows the description alone.
    assert report[0]["description"].startswith("SB414: no change at step 100")
    assert [entry["severity"] for entry in report] == ["minor", "minor", "critical", "critical"]
    assert report[0]["location"] == {"path": "a.config", "lines": {"begin": 5, "end": 5}}
    assert json.loads(renderer("gitlab")(NONE)) == []


def test_fingerprints_stay_where_lines_and_numbers_change() -> None:
    def fingerprints(text: str) -> list[str]:
        report = json.loads(renderer("gitlab")(findings(("a.config", text))))
        return [entry["fingerprint"] for entry in report]

    before = fingerprints(TEXT)
    assert fingerprints("\n\n" + TEXT.replace("step: 200", "step: 300")) == before
    assert len(set(before)) == len(before)
    # The same code at the same field, many times.
    twice = "constant_learning_rate { learning_rate: 1 " + "x: 1 " * 5 + "}"
    assert len(set(fingerprints(twice))) == len(fingerprints(twice)) > 1
    assert fingerprints(BAD) != fingerprints(BAD.replace("learning_rat:", "learning_rates:"))


POSITION = closed("line column", line=LINE, column=LINE)
RANGE = closed("start end", start=POSITION, end=POSITION)
PLACED = closed("path range", path=STRING, range=RANGE)
RDJSON = closed(
    "diagnostics",
    source=closed("name", name=STRING, url=STRING),
    severity={"enum": ["ERROR", "WARNING", "INFO"]},
    diagnostics=array(
        closed(
            "message location severity",
            message=STRING,
            location=PLACED,
            severity={"enum": ["ERROR", "WARNING", "INFO"]},
            code=closed("value url", value=STRING, url=STRING),
            suggestions=array(closed("range text", range=RANGE, text=STRING), 1),
            related_locations=array(closed("message location", message=STRING, location=PLACED), 1),
        )
    ),
)
"""What reviewdog's reviewdog.proto says, closed."""


@pytest.mark.parametrize("found", [BOTH, NONE], ids=["findings", "none"])
def test_rdjson(found: Findings) -> None:
    report = json.loads(renderer("rdjson")(found))
    jsonschema.validate(report, RDJSON)
    assert len(report["diagnostics"]) == len(found.diagnostics)


def in_bytes(text: str, position: dict[str, int]) -> int:
    """The offset of a position of rdjson in a text's bytes."""
    lines = text.encode().split(b"\n")
    return sum(len(line) + 1 for line in lines[: position["line"] - 1]) + position["column"] - 1


def test_rdjson_counts_bytes_and_ends_exclusively() -> None:
    text = "# \N{SNOWMAN}\n{constant_learning_rate: {learning_rate: -1, '\U00010428': 2}}\n"
    report = json.loads(renderer("rdjson")(findings(("a.yaml", text))))
    marked = set()
    for entry in report["diagnostics"]:
        span = entry["location"]["range"]
        start, end = in_bytes(text, span["start"]), in_bytes(text, span["end"])
        marked.add(text.encode()[start:end].decode())
    assert "-1" in marked
    assert "'\U00010428'" in marked


def test_a_suggestion_of_rdjson_is_the_whole_fix() -> None:
    text = (
        "# \N{SNOWMAN}\nmanual_step_learning_rate { initial_learning_rate: 0.1"
        " schedule { step: 0 learning_rate: 0.3 } schedule { step: 5 learning_rate: 0.2 } }\n"
    )
    found = findings(("a.config", text))
    entries = json.loads(renderer("rdjson")(found))["diagnostics"]
    fixed = 0
    for entry, diagnostic in zip(entries, found.diagnostics, strict=True):
        if diagnostic.fix is None:
            continue
        (suggestion,) = entry["suggestions"]
        start, end = (in_bytes(text, suggestion["range"][name]) for name in ("start", "end"))
        data = text.encode()
        new = data[:start] + suggestion["text"].encode() + data[end:]
        expected = text
        for edit in sorted(diagnostic.fix.edits, reverse=True):
            expected = expected[: edit.start] + edit.text + expected[edit.end :]
        assert new.decode() == expected
        fixed += len(diagnostic.fix.edits)
    assert fixed > 1


def test_checkstyle() -> None:
    root = ET.fromstring(renderer("checkstyle")(BOTH))
    assert root.tag == "checkstyle"
    assert [file.get("name") for file in root] == ["a.config", "b:%,.config"]
    errors = list(root.iter("error"))
    assert [error.get("severity") for error in errors] == ["warning"] * 2 + ["error"] * 2
    assert errors[0].attrib | {"message": ""} == {
        "line": "5",
        "column": "41",
        "severity": "warning",
        "message": "",
        "source": "schedule-builder.SB414",
    }
    assert str(errors[0].get("message")).startswith("SB414 no change at step 100")


def test_markdown() -> None:
    lines = renderer("markdown")(BOTH).splitlines()
    assert lines[0] == "Found 2 errors and 2 warnings in 2 files. 1 fixable with `--fix`."
    assert lines[2:4] == ["| place | finding | message |", "|---|---|---|"]
    assert lines[4].startswith("| `b:%,.config:2:18` | error [SB204](https://")
    assert lines[4].endswith("| `learning_rate` is -1: it must be at least 0 |")
    assert len(lines) == 8
    assert renderer("markdown")(NONE) == "1 file: no findings.\n\n"


def test_markdown_of_names_that_would_be_markup() -> None:
    found = findings(("a|b`c<d>.config", BAD))
    rows = renderer("markdown")(found).splitlines()[4:]
    assert all(row.startswith("| `` a\\|b`c<d>.config:2:") for row in rows)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


def test_markdown_stays_below_the_limit_of_a_comment() -> None:
    many = findings(*((f"{n}.config", BAD) for n in range(400)))
    text = renderer("markdown")(many)
    assert 50_000 < len(text) < 65_536
    shown = sum(line.startswith("| `") for line in text.splitlines())
    assert text.endswith(f"\n{800 - shown} more are left out here: see the log.\n")


def test_statistics() -> None:
    found = findings(("a.config", TEXT), ("b.config", TEXT), ("c.config", BAD))
    lines = renderer("statistics")(found).splitlines()
    assert [line.split()[:3] for line in lines[:-1]] == [
        ["2", "SB414", "warning"],
        ["2", "SB418", "warning"],
        ["1", "SB201", "error"],
        ["1", "SB204", "error"],
    ]
    assert lines[-1] == summary(found)


HOSTILE = "a\x1b[31m\n::error::\r\x9b\u202e\x7f.config"


@pytest.mark.parametrize("name", [*RENDERERS, "statistics"])
def test_no_control_character_gets_through(name: str) -> None:
    text = "constant_learning_rate { learning_rate: 1 'a\x1b[31m\x02\u202e' }\n"
    found = findings((HOSTILE, text), ("b.config", text.replace("1", "\x1b")))
    found = found._replace(left_out=[f"{HOSTILE} looks like a truncated pipeline"])
    out = renderer(name)(found)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", out)
    assert not any(line.lstrip().startswith("::error::") for line in out.splitlines())
    if name in ("text", "full", "github", "junit"):
        assert "a\u241b[31m\u240a" in out
    if name == "json":
        assert json.loads(out)[0]["filename"] == HOSTILE


@pytest.mark.parametrize("name", [*RENDERERS, "statistics"])
def test_names_in_no_encoding(name: str) -> None:
    out = renderer(name)(findings(("a\udcff.config", BAD)))
    out.encode()
    if name in ("gitlab", "rdjson"):
        # Strict readers refuse the whole report otherwise.
        assert r"a\\udcff.config" in out
    elif name == "sarif":
        assert '"a%FF.config"' in out
    elif name == "json":
        assert json.loads(out)[0]["filename"] == "a\udcff.config"


@cache
def of_real_configs() -> Findings:
    assert DATA is not None
    paths = sorted((DATA / "corpus").glob("*/*"))[::5]
    return findings(*((path.name, path.read_bytes().decode("utf-8", "replace")) for path in paths))


@needs_data
@pytest.mark.parametrize("name", RENDERERS)
def test_real_configs(name: str) -> None:
    found = of_real_configs()
    text = renderer(name)(found)
    if name == "sarif":
        jsonschema.validate(json.loads(text), SARIF)
    elif name == "junit":
        assert len(list(ET.fromstring(text).iter("testcase"))) == len(found.texts)
    elif name == "json":
        assert len(json.loads(text)) == len(found.diagnostics)
    elif name == "gitlab":
        jsonschema.validate(json.loads(text), GITLAB)
    elif name == "rdjson":
        jsonschema.validate(json.loads(text), RDJSON)
    elif name == "checkstyle":
        assert len(list(ET.fromstring(text).iter("error"))) == len(found.diagnostics)
    elif name == "markdown":
        assert len(text) <= 60_100
    elif name == "github":
        commands = ("::error ", "::warning ", "- ")
        assert sum(line.startswith(commands) for line in text.splitlines()) == len(
            found.diagnostics
        )
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


def test_names_become_addresses(tmp_path: Path) -> None:
    path = tmp_path / "sub dir" / "a.config"
    log = json.loads(renderer("sarif")(findings((str(path), BAD))))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("/sub%20dir/a.config")
