"""Reports, as the programs that CI services and code scanning use read them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from schedule_builder.output import renderer
from schedule_builder.output.findings import Findings
from schedule_builder.rules.pages import KINDS
from schedule_builder.workspace.checker import check

CASES = Path(__file__).parent.parent / "rule_cases"
# The program itself: its wrapper passes arguments through a shell, unquoted.
PROGRAMS = list(Path(sys.prefix).glob("node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool"))


@pytest.fixture(scope="module")
def everything() -> Findings:
    """The findings of all rules' bad examples."""
    checked = [check(path.read_bytes(), str(path)) for path in sorted(CASES.glob("*/bad*"))]
    found = [diagnostic for file in checked for diagnostic in file.diagnostics]
    assert len({diagnostic.code for diagnostic in found}) > len(KINDS) * 0.8
    return Findings(found, {file.filename: file.text for file in checked})


@pytest.mark.skipif(not PROGRAMS, reason="`make test-editors` installs it")
def test_microsofts_validator_of_sarif_has_nothing_to_say(
    everything: Findings, tmp_path: Path
) -> None:
    report = tmp_path / "schedules.sarif"
    report.write_text(renderer("sarif")(everything), encoding="utf-8")
    command = [str(PROGRAMS[0]), "validate", str(report), "--rule-kind", "Sarif;Ghas"]
    command += ["--level", "Error;Warning", "--output", str(tmp_path / "verdict.sarif")]
    result = subprocess.run(
        command,
        env=os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in result.stdout.splitlines() if "schedules.sarif(" in line]
    assert (result.returncode, said) == (0, []), result.stdout + result.stderr
    assert "1 files scanned" in result.stdout


@pytest.mark.parametrize("fail_on", ["error", "warning"])
def test_junitparser_counts_the_same(everything: Findings, fail_on: str, tmp_path: Path) -> None:
    junitparser = pytest.importorskip("junitparser")
    warned = frozenset(d.filename for d in everything.diagnostics if fail_on == "warning")
    found = everything._replace(failing_warnings=warned)
    report = tmp_path / "schedules.xml"
    report.write_text(renderer("junit")(found), encoding="utf-8")
    (suite,) = junitparser.JUnitXml.fromfile(str(report))
    failing = {d.filename for d in found.diagnostics if found.fails(d)}
    assert (suite.tests, suite.failures, suite.errors) == (len(found.texts), len(failing), 0)
    cases = {case.name: case for case in suite}
    assert len(cases) == len(found.texts)
    failed = {name for name, case in cases.items() if not case.is_passed}
    assert len(failed) == len(failing)
    for name in failed:
        (failure,) = cases[name].result
        assert name in failure.text
        assert failure.type in ("error", "warning")
