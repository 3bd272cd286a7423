"""Where checks run: pre-commit, GitHub Actions and GitLab CI, each as it runs there."""

from __future__ import annotations

import json
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
WARNED = """train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
      schedule { step: 200 learning_rate: 0.01 }
      initial_learning_rate: 0.1
  } } } }
}
"""
FIXABLE = (
    "manual_step_learning_rate { initial_learning_rate: 0.1"
    " schedule { step: 0 learning_rate: 0.1 } schedule { step: 5 learning_rate: 0.01 } }\n"
)


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


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """This repository as one of hooks, and a folder where pre-commit keeps what it installs."""
    folder = tmp_path_factory.mktemp("hooks")
    return str(package(folder / "package")), folder / "home"


def commit_hook(
    project: Path, hooks: tuple[str, Path], *, more: str = "", hook: str = "schedule-builder"
) -> subprocess.CompletedProcess[str]:
    """Runs the hook as `git commit` does, over a project with this configuration."""
    repository, home = hooks
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {repository}\n    rev: HEAD\n    hooks:\n      - id: {hook}\n{more}"
    )
    git(project, "add", ".")
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=project,
        env=os.environ | {"PRE_COMMIT_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_pre_commit(project: Path, hooks: tuple[str, Path]) -> None:
    passed = commit_hook(project, hooks)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "Passed" in passed.stdout
    (project / "sub dir").mkdir()
    (project / "sub dir" / "pipeline.config").write_text(BAD)
    failed = commit_hook(project, hooks)
    assert failed.returncode == 1
    assert "sub dir/pipeline.config:1:41: error[SB204]" in failed.stdout
    assert "other.yaml" not in failed.stdout


def test_warnings_are_seen_in_pre_commit(project: Path, hooks: tuple[str, Path]) -> None:
    (project / "pipeline.config").write_text(WARNED)
    failed = commit_hook(project, hooks)
    assert failed.returncode == 1
    assert "pipeline.config:4:24: warning[SB418]" in failed.stdout
    # The one line that softens it, and the other that shows what then passes.
    softened = commit_hook(project, hooks, more="        args: [--fail-on=error]\n")
    assert softened.returncode == 0
    assert "SB418" not in softened.stdout
    verbose = "        args: [--fail-on=error]\n        verbose: true\n"
    shown = commit_hook(project, hooks, more=verbose)
    assert shown.returncode == 0
    assert "SB418" in shown.stdout


def test_a_baseline_spares_old_files_in_pre_commit(project: Path, hooks: tuple[str, Path]) -> None:
    (project / "old.config").write_text(WARNED)
    with_baseline = "        args: [--baseline=schedules.json]\n"
    command = [sys.executable, "-m", "schedule_builder", "validate"]
    command += ["--write-baseline", "schedules.json"]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    passed = commit_hook(project, hooks, more=with_baseline)
    assert passed.returncode == 0, passed.stdout
    (project / "new.config").write_text(WARNED)
    failed = commit_hook(project, hooks, more=with_baseline)
    assert failed.returncode == 1
    assert "new.config:4:24: warning[SB418]" in failed.stdout
    assert "old.config" not in failed.stdout
    assert "(1 known)" in failed.stdout


def test_the_fixing_hook(project: Path, hooks: tuple[str, Path]) -> None:
    (project / "pipeline.config").write_text(FIXABLE)
    fixed = commit_hook(project, hooks, hook="schedule-builder-fix")
    assert fixed.returncode == 1
    assert "files were modified by this hook" in fixed.stdout
    assert "step: 0" not in (project / "pipeline.config").read_text()
    again = commit_hook(project, hooks, hook="schedule-builder-fix")
    assert again.returncode == 0, again.stdout


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
            environment["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
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
    written = (tmp_path / "summary.md").read_text()
    assert written == "### schedule-builder validate\n1 file: no findings.\n\n"
    (project / "my *").mkdir()
    (project / "my *" / "pipeline.config").write_text(BAD)
    _, check = run(paths="my *\npipeline.config\n\nother\n")
    assert check.returncode == 2
    assert check.stdout.startswith("::error file=my */pipeline.config,line=1,")
    assert check.stderr.count("cannot read other") == 1
    summary = (tmp_path / "summary.md").read_text()
    assert "| `my */pipeline.config:1:41` | error [SB204](" in summary
    assert "cannot read other" in summary
    _, check = run(paths="my *", arguments="--select SB418 --fail-on warning")
    assert (check.returncode, check.stdout) == (0, "1 file: no findings.\n")

    # What changed since a revision comes beside it, whatever is found.
    git(project, "commit", "-q", "-m", "before")
    (project / "pipeline.config").write_text(WARNED)
    (tmp_path / "summary.md").unlink()
    _, check = run(**{"report-against": "HEAD"})
    assert check.returncode == 1
    summary = (tmp_path / "summary.md").read_text()
    assert "<!-- schedule-builder-report -->\n\n### Learning-rate schedules compared" in summary
    assert "| `pipeline.config` | " in summary
    _, check = run(**{"paths": "pipeline.config", "report-against": "nowhere"})
    assert check.returncode == 1
    assert "unknown revision `nowhere`" in check.stderr


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
    assert "pipeline.config:1:41: error[SB204]" in result.stdout
    reports = job["artifacts"]["reports"]
    assert "SB204" in (project / reports["junit"]).read_text()
    (entry,) = json.loads((project / reports["codequality"]).read_text())
    assert entry["location"]["path"] == "pipeline.config"


COMMENT = "<!-- schedule-builder-report -->"
FAKE_CURL = """#!/usr/bin/env python3
import json, os, sys
arguments = sys.argv[1:]
notes = json.loads(open(os.environ["NOTES"]).read())
body = [a.partition("@")[2] for a in arguments if a.startswith("body@") or a.startswith("body=@")]
if not body:
    # Comments of others, and what is posted later, are on the list.
    found = notes if "--jq" not in arguments else [n for n in notes if n["body"].startswith("<!--")]
    print(json.dumps(found) if "--jq" not in arguments else "\\n".join(str(n["id"]) for n in found))
else:
    (path,) = body
    url = next(a for a in arguments if "/notes" in a or "/comments" in a)
    number = url.rpartition("/")[2]
    text = open(path).read()
    if number.isdecimal():
        assert "PUT" in arguments or "PATCH" in arguments
        next(n for n in notes if n["id"] == int(number))["body"] = text
    else:
        notes.append({"id": len(notes) + 7, "body": text})
    open(os.environ["NOTES"], "w").write(json.dumps(notes))
"""


@pytest.mark.parametrize(("name", "client"), [("github-comment", "gh"), ("gitlab-report", "curl")])
def test_a_comment_is_kept_up_to_date(
    name: str, client: str, project: Path, tmp_path: Path
) -> None:
    """As the recipe says it, with the service's own client replaced."""
    data = yaml.safe_load((ROOT / "docs" / f"{name}.yml").read_text())
    if client == "gh":
        (job,) = data["jobs"].values()
        script = [step["run"] for step in job["steps"] if "run" in step]
    else:
        (job,) = data.values()
        script = job["script"]
    binaries = tmp_path / "bin"
    binaries.mkdir()
    program = f'#!/bin/sh\nexec {sys.executable} -m schedule_builder "$@"\n'
    for file, text in ((client, FAKE_CURL), ("schedule-builder", program)):
        (binaries / file).write_text(text)
        (binaries / file).chmod(0o755)
    notes = tmp_path / "notes.json"
    notes.write_text(json.dumps([{"id": 5, "body": "a comment of somebody"}]))
    git(project, "commit", "-q", "-m", "before")
    git(project, "update-ref", "refs/remotes/origin/main", "HEAD")
    environment = os.environ | {
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "NOTES": str(notes),
        "GITHUB_BASE_REF": "main",
        "GITHUB_REPOSITORY": "team/project",
        "NUMBER": "3",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD",
        "CI_API_V4_URL": "https://gitlab.example/api/v4",
        "SCHEDULES_TOKEN": "secret",
    }
    lines = [line for line in script if "pip install" not in line]
    for rate in ("0.2", "0.3"):
        (project / "pipeline.config").write_text(GOOD.replace("0.1", rate))
        command = ["bash", "-e", "-o", "pipefail", "-c", "\n".join(lines)]
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        first, report = json.loads(notes.read_text())
        assert first["body"] == "a comment of somebody"
        assert report["body"].startswith(COMMENT)
        assert f"0.1 → {rate} at step 0" in report["body"]
