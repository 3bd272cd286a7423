"""Where checks run: pre-commit, GitHub Actions and GitLab CI, each as it runs there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
GOOD = "constant_learning_rate { learning_rate: 0.1 }\n"
BAD = "constant_learning_rate { learning_rate: -0.1 }\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a config, and a file that is none."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pipeline.config").write_text(GOOD)
    (folder / "other.yaml").write_text("x: 1\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    return folder


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def package(folder: Path) -> Path:
    """A copy of this repository's files as a repository of its own."""
    names = ["schedule_builder", "protos", "pyproject.toml", "README.md", "LICENSE"]
    for name in [*names, ".pre-commit-hooks.yaml", "action.yml"]:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "all")
    return folder


def test_pre_commit(project: Path, tmp_path: Path) -> None:
    repository = package(tmp_path / "package")
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(repository), "schedule-builder"]
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home")}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, "--all-files", "--color", "never"],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    passed = run()
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "Passed" in passed.stdout
    (project / "pipeline.config").write_text(BAD)
    failed = run()
    assert failed.returncode == 1
    assert "pipeline.config:1:41: error[SB204]" in failed.stdout
    assert "other.yaml" not in failed.stdout


def action() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return data


def test_the_github_action(project: Path, tmp_path: Path) -> None:
    data = action()
    given = {name: entry["default"] for name, entry in data["inputs"].items()}
    given["python"] = sys.executable

    def run(**inputs: str) -> list[subprocess.CompletedProcess[str]]:
        values = {f"inputs.{name}": text for name, text in (given | inputs).items()}
        values["github.action_path"] = str(ROOT)
        results = []
        for step in data["runs"]["steps"]:
            assert step["shell"] == "bash"
            environment = dict(os.environ, RUNNER_TEMP=str(tmp_path), GITHUB_ACTIONS="true")
            for name, text in step["env"].items():
                environment[name] = values[text.strip("${} ")]
            command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
            results.append(
                subprocess.run(
                    command,
                    cwd=project,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
            )
        return results

    install, check = run()
    assert install.returncode == 0, install.stderr
    assert (check.returncode, check.stdout) == (0, "1 file: no findings.\n")
    (project / "pipeline.config").write_text(BAD)
    _, check = run(paths="pipeline.config other", arguments="--select SB204")
    assert check.returncode == 2
    assert check.stdout.startswith("::error file=pipeline.config,line=1,")


def test_the_gitlab_job(project: Path, tmp_path: Path) -> None:
    (job,) = yaml.safe_load((ROOT / "docs" / "gitlab-ci.yml").read_text()).values()
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    dist = tmp_path / "dist"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    environment = os.environ | {
        "PATH": f"{tmp_path / 'venv' / 'bin'}:{os.environ['PATH']}",
        "PIP_FIND_LINKS": str(dist),
    }
    (project / "pipeline.config").write_text(BAD)
    result = subprocess.run(
        ["bash", "-e", "-c", "\n".join(job["script"])],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stderr
    report = project / job["artifacts"]["reports"]["junit"]
    assert "SB204" in report.read_text()
