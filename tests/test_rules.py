"""Every rule: a file that it is about and one that it is not, and what independent analyses found.

A bad file says itself, in comments, what is found in it: `# expect: ROW:COLUMN CODE`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from schedule_builder import ConfigError, build_optimizer, validate_text
from schedule_builder.checking import check
from schedule_builder.cli import main
from schedule_builder.config import examine_bytes
from schedule_builder.manual import NAMES, RULES

from .data import DATA, needs_data

FOLDER = Path(__file__).parent / "rules"
CODES = sorted(RULES)
_EXPECTED = re.compile(rb"^# expect: (\d+:\d+ SB\d+)$", re.MULTILINE)


def _file(code: str, name: str) -> Path:
    (path,) = (FOLDER / code).glob(f"{name}.*")
    return path


@pytest.fixture
def found(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def _found(path: Path) -> list[str]:
        monkeypatch.chdir(path.parent)
        return _validated(path, capsys)

    return _found


def _validated(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    if path.parent.name == "SB315":
        try:
            build_optimizer(path)
        except ConfigError as error:
            return [f"{d.row}:{d.column} {d.code}" for d in error.diagnostics]
        return []
    main(["validate", "--format", "json", path.name])
    findings = json.loads(capsys.readouterr().out)
    return [f"{f['location']['row']}:{f['location']['column']} {f['code']}" for f in findings]


@pytest.mark.parametrize("code", CODES)
def test_a_bad_file(code: str, found: Any) -> None:
    path = _file(code, "bad")
    expected = [match.decode() for match in _EXPECTED.findall(path.read_bytes())]
    assert found(path) == expected
    assert code in {line.split()[1] for line in expected}


@pytest.mark.parametrize("code", CODES)
def test_a_good_file(code: str, found: Any) -> None:
    assert found(_file(code, "good")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["SB402"]),
        ("bogus: 1", ["SB402", "SB201"]),
        ("batch_queue_capacity: x", ["SB402", "SB203"]),
        ("batch_size: x", ["SB402", "SB203"]),
        ("num_steps: x", ["SB203"]),
        ("optimizer { adam_optimizer {} }", ["SB202"]),
        ("optimizer { bogus: 1 }", ["SB202"]),
    ],
)
def test_errors_elsewhere_hide_nothing_that_is_certain(text: str, found: list[str]) -> None:
    steps = "" if text.startswith("num_steps") else "num_steps: 9\n"
    config = f"""train_config {{ {steps} optimizer {{ momentum_optimizer {{ learning_rate {{
    manual_step_learning_rate {{ initial_learning_rate: 0.1
      schedule {{ step: 10 learning_rate: 0.01 }} }} }} }} }}
    {text} }}"""
    assert [d.code for d in validate_text(config, "a.config")] == found


def test_every_folder_is_a_rule_s() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == CODES


def test_codes_and_names_are_kept() -> None:
    """A code that is out there never gets another name."""
    assert len(NAMES) == len(RULES)
    assert {code: RULES[code].name for code in ("SB204", "SB303", "SB402", "SB404")} == {
        "SB204": "out-of-range",
        "SB303": "first-step-zero",
        "SB402": "stage-not-reached",
        "SB404": "ends-early",
    }


@pytest.mark.parametrize("code", CODES)
def test_the_manual(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = RULES[code]
    assert page.title.endswith((".", ":"))
    assert len(page.text.splitlines()) > 1
    assert main(["rules", code]) == 0
    assert capsys.readouterr().out.startswith(f"{code} {page.name} ({page.severity})\n\n")
    assert main(["rules", page.name]) == 0


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(RULES)
    assert main(["rules", "SB999"]) == 2


# --- what an independent analysis found in real configs ---------------------------------------

WORDS = {
    "rate is the same at every step of the run": ("SB401", "SB402", "SB403"),
    "exponential: first decay at or after num_steps": ("SB401",),
    "manual: no stage is reached": ("SB402",),
    "manual: a stage is not reached": ("SB402",),
    "no num_steps": ("SB405",),
    "a rate is 0": ("SB413",),
    "a default is in force: cosine.warmup_learning_rate": ("SB409",),
    "first step is 0 (error)": ("SB303",),
    "no optimizer (error)": ("SB301",),
    "steps not increasing (error)": ("SB304",),
}
FIELDS = {
    "SB301": r"train_config|model",
    "SB303": r"step\s*:\s*0",
    "SB304": r"step\s*:",
    "SB401": r"decay_steps|exponential_decay_learning_rate",
    "SB402": r"step\s*:",
    "SB403": r"total_steps|cosine_decay_learning_rate",
    "SB405": r"train_config",
    "SB409": r"_learning_rate",
    "SB413": r"learning_rate\s*:\s*0?\.?0",
}
"""What stands in the line that a finding is reported at."""
ENTRIES: list[dict[str, Any]] = (
    json.loads((DATA / "golden" / "findings.json").read_text()) if DATA else []
)


@needs_data
def test_real_configs() -> None:
    assert DATA is not None
    beyond: Counter[str] = Counter()
    for entry in ENTRIES:
        folder = "od_api" if entry["class"] == "official" else "wild"
        path = DATA / "corpus" / folder / entry["file"]
        data = path.read_bytes()
        lines = data.decode("utf-8-sig").split("\n")
        found = examine_bytes(data, path.name).diagnostics
        wanted: set[str] = set()
        for words in entry["refused"] + entry["run_length"]:
            matching = [d for d in found if d.code in WORDS[words]]
            assert matching, (path.name, words)
            wanted.update(WORDS[words])
        for diagnostic in found:
            if diagnostic.code in wanted:
                line = lines[diagnostic.row - 1]
                assert re.search(FIELDS[diagnostic.code], line), (path.name, str(diagnostic), line)
            else:
                beyond[diagnostic.code] += 1
    # Beyond the analysis, which speaks of no warmups: two that take 25 % and 99 % of their run;
    # files that its parser refuses: three whose model has an extension, and that have no
    # `num_steps`, and two with the rest of another file behind their end.
    assert beyond.pop("SB407") == 2
    assert beyond.pop("SB405") == 3
    assert set(beyond) <= {"SB102", "SB201"}


@needs_data
def test_no_warning_on_a_config_is_said_twice() -> None:
    assert DATA is not None
    for path in sorted((DATA / "corpus").glob("*/*")):
        found = check(path.read_bytes(), str(path)).diagnostics
        assert len({(d.row, d.column, d.code) for d in found}) == len(found), path.name
