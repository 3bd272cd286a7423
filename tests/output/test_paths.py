"""How reports that programs read name files: from the top of the repository."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from schedule_builder.output import renderer
from schedule_builder.output.findings import Findings
from schedule_builder.output.paths import in_repository
from schedule_builder.workspace.checker import check

BAD = "constant_learning_rate { learning_rate: -1 }\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    top = tmp_path / "work" / "repository"
    (top / ".git").mkdir(parents=True)
    (top / "sub" / "deep").mkdir(parents=True)
    monkeypatch.chdir(top)
    return top


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (".", "sub/a.config"),
        (".", "./sub//a.config"),
        ("sub", "a.config"),
        ("sub/deep", "../a.config"),
        ("/", "{top}/sub/a.config"),
        ("sub", "{top}/sub/a.config"),
    ],
)
def test_one_file_has_one_path(
    folder: str, name: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / folder)
    assert in_repository(name.format(top=repository)) == "sub/a.config"


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert in_repository("./x/a.config") == "x/a.config"
    assert in_repository("../a.config") == (tmp_path / "a.config").as_posix()
    assert in_repository("<stdin>") == "<stdin>"


def test_a_link_goes_by_its_own_name(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (repository / "real.config").write_text(BAD)
    (repository / "link.config").symlink_to("real.config")
    assert in_repository("link.config") == "link.config"
    # A folder that a link leads into a repository from outside of it.
    (tmp_path / "entry").symlink_to(repository / "sub")
    monkeypatch.chdir(tmp_path)
    assert in_repository("entry/a.config") == "sub/a.config"


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_a_submodule_in_ci_counts_from_the_checkout(
    variable: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submodule = repository / "sub" / "deep" / "module"
    submodule.mkdir()
    (submodule / ".git").write_text("gitdir: elsewhere\n")
    assert in_repository("sub/deep/module/a.config") == "a.config"
    # What is known of a folder is kept for the life of a process.
    other = submodule / "inner"
    other.mkdir()
    monkeypatch.setenv(variable, str(repository))
    assert in_repository("sub/deep/module/inner/a.config") == "sub/deep/module/inner/a.config"
    # A checkout below the workspace, as by `path:` of actions/checkout.
    monkeypatch.setenv(variable, str(repository.parent))
    (other / "deeper").mkdir()
    assert in_repository(f"{other}/deeper/a.config") == "sub/deep/module/inner/deeper/a.config"


def test_a_workspace_without_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path / "unpacked"))
    (tmp_path / "unpacked" / "x").mkdir(parents=True)
    assert in_repository(str(tmp_path / "unpacked/x/a.config")) == "x/a.config"


@pytest.mark.parametrize("name", ["github", "gitlab", "sarif", "junit", "checkstyle", "rdjson"])
def test_reports_for_programs_name_files_from_the_repository(
    name: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "sub")
    results = []
    for filename in ("a b.config", str(repository / "sub" / "a b.config"), "./deep/../a b.config"):
        checked = check(BAD.encode(), filename)
        found = Findings(checked.diagnostics, {filename: checked.text})
        results.append(renderer(name)(found))
    assert len(set(results)) == 1
    assert ("sub/a%20b.config" if name == "sarif" else "sub/a b.config") in results[0]
    assert str(repository) not in results[0]


def test_json_keeps_names_and_adds_the_path(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "sub")
    checked = check(BAD.encode(), "../a.config")
    (entry,) = json.loads(renderer("json")(Findings(checked.diagnostics, {})))
    assert (entry["filename"], entry["repository_path"]) == ("../a.config", "a.config")


def test_an_address_of_a_file_elsewhere_is_whole(repository: Path) -> None:
    filename = os.fspath(repository.parent / "a.config")
    checked = check(BAD.encode(), filename)
    log = json.loads(renderer("sarif")(Findings(checked.diagnostics, {filename: checked.text})))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == f"file://{filename}"
