"""The project's own workflows and hooks: what they name exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import schedule_builder

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def steps(path: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_targets_of_the_makefile(path: Path) -> None:
    made = [re.match(r"make ([a-z-]+)", step.get("run", "")) for step in steps(path)]
    names = {match[1] for match in made if match}
    assert names
    assert names <= TARGETS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_caches_follow_the_constraints_that_are_there(path: Path) -> None:
    for step in steps(path):
        if constraints := step.get("with", {}).get("cache-dependency-path"):
            assert (ROOT / constraints).is_file()


def test_the_matrix_has_what_its_workflow_takes_from_it() -> None:
    text = (ROOT / ".github" / "workflows" / "matrix.yml").read_text()
    used = set(re.findall(r"matrix\.(\w+) }}", text))
    legs = json.loads((ROOT / "tools" / "matrix.json").read_text())
    assert used == {"leg", "python"}
    assert all(used <= leg.keys() for leg in legs)


def test_one_version_is_named_everywhere() -> None:
    """The documents describe the version that is released next, and name its tag."""
    version, _, is_development = schedule_builder.__version__.partition(".dev")
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## (\S+) \((\S+)\)$", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == version
    assert (newest[2] == "unreleased") == bool(is_development)
    texts = [path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))]
    tags = {tag for text in texts for tag in re.findall(r"(?:rev: |builder@)v([\d.]+)", text)}
    assert tags == {version}


def test_hooks_of_the_project_are_valid() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
