"""A repository's objects are read, and no program that it or the environment names is started."""

from __future__ import annotations

import ast
import os
import shutil
from pathlib import Path

import pytest

import schedule_builder
from schedule_builder.workspace.git import Repository, RevisionError, name_of, revision_path
from tests.support.git import commit, git

if shutil.which("git") is None:
    pytest.skip("git is not installed", allow_module_level=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "configs").mkdir(parents=True)
    for number in (1, 2):
        (folder / "configs/a b.config").write_text(f"constant_learning_rate {{ # {number}\n}}\n")
        commit(folder)
    return folder


def test_objects_are_those_of_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "a\nb.yaml").write_bytes(b"\xff\r\n")
    (repository / "link.config").symlink_to("configs/a b.config")
    commit(repository)
    found = Repository(repository / "configs")
    assert found.top == repository
    name = found.commit("main")
    assert name == git(repository, "rev-parse", "main")
    files = found.files(name)
    assert set(files) == {"a\nb.yaml", "configs/a b.config"}
    contents = found.contents([*files.values(), *files.values()])
    assert contents[files["a\nb.yaml"]] == b"\xff\r\n"
    for name, data in contents.items():
        assert name_of(data, name) == name
    assert found.contents([]) == {}
    assert b"# 1" in found.read("HEAD~2", "configs/a b.config")
    monkeypatch.chdir(repository / "configs")
    assert b"# 2" in found.read("main", "./a b.config")
    with pytest.raises(RevisionError, match=r"no file a b\.config: did you mean `main:\./a b\."):
        found.read("main", "a b.config")
    with pytest.raises(RevisionError, match="outside of"):
        found.read("main", "../../a.config")


def test_what_is_not_there_is_named(repository: Path, tmp_path: Path) -> None:
    found = Repository(repository)
    for revision in ("HEAD~9", "HEAD:configs", "-p", "--batch", "main:configs/a b.config"):
        with pytest.raises(RevisionError, match=r"unknown revision .*`git fetch --unshallow`"):
            found.commit(revision)
    with pytest.raises(RevisionError, match=r"`git fetch --depth=1 origin nowhere`"):
        found.commit("nowhere")
    with pytest.raises(RevisionError, match=r"`git fetch --depth=1 origin v2`"):
        found.commit("origin/v2")
    for revision in ("", " ", "main\nHEAD", "main\0"):
        with pytest.raises(RevisionError, match="is not a revision"):
            found.commit(revision)
    with pytest.raises(RevisionError, match="is not in a git repository"):
        Repository(tmp_path)
    (tmp_path / ".git").mkdir()
    with pytest.raises(RevisionError, match=r"git cannot read .*not a git repository"):
        Repository(tmp_path).commit("main")


def test_what_names_a_file_of_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert revision_path("HEAD~1:a/b.config") == ("HEAD~1", "a/b.config")
    assert revision_path("main:./a:b") == ("main", "./a:b")
    assert [revision_path(text) for text in ("a.config", ":a", "main:", "-")] == [None] * 4
    Path("main:a").touch()
    assert revision_path("main:a") is None


def configured(repository: Path, text: str) -> None:
    with (repository / ".git/config").open("a") as file:
        file.write(text)


def test_no_monitor_of_files_is_started(repository: Path) -> None:
    canary = repository.parent / "CANARY"
    configured(repository, f'[core]\n\tfsmonitor = "touch {canary}; false"\n')
    found = Repository(repository)
    assert b"# 1" in found.read("HEAD~1", "configs/a b.config")
    assert not canary.exists()
    git(repository, "status", fails=True)
    assert canary.exists(), "the canary must fire without precautions"


def test_no_diff_textconv_or_filter_is_started(repository: Path) -> None:
    canary = repository.parent / "CANARY"
    program = f'"touch {canary}; cat #"'
    configured(
        repository,
        f'[diff]\n\texternal = {program}\n[diff "x"]\n\tcommand = {program}\n'
        f'\ttextconv = {program}\n[filter "x"]\n\tsmudge = {program}\n\tclean = {program}\n'
        f"[core]\n\tpager = {program}\n",
    )
    (repository / ".gitattributes").write_text("* diff=x filter=x\n")
    found = Repository(repository)
    assert b"# 1" in found.read("HEAD~1", "configs/a b.config")
    assert found.files(found.commit("main"))
    assert not canary.exists()
    for command in (["diff", "HEAD~1", "HEAD"], ["show", "HEAD"], ["checkout", "HEAD~1", "."]):
        git(repository, *command, fails=True)
        assert canary.exists(), "the canary must fire without precautions"
        canary.unlink()


def test_nothing_is_fetched(repository: Path) -> None:
    """A partial clone lets git fetch what is missing, with a program that its config names."""
    canary = repository.parent / "CANARY"
    found = Repository(repository)
    files = found.files(found.commit("main"))
    name = files["configs/a b.config"]
    (repository / f".git/objects/{name[:2]}/{name[2:]}").unlink()
    configured(
        repository,
        "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n"
        f'[remote "origin"]\n\turl = {repository}\n\tpromisor = true\n'
        f'\tuploadpack = "touch {canary}; false"\n[protocol]\n\tallow = always\n',
    )
    for _ in range(2):
        with pytest.raises(RevisionError, match=r"is missing in .*|git cannot read"):
            found.read("main", "configs/a b.config")
    assert not canary.exists()
    git(repository, "cat-file", "-p", name, fails=True)
    assert canary.exists(), "the canary must fire without precautions"


def test_the_environment_decides_nothing(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    before = git(repository, "rev-parse", "main")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.repositoryFormatVersion")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "99")
    assert Repository(repository).commit("main") == before
    assert not (tmp_path / "trace").exists()
    git(repository, "rev-parse", "main", fails=True)
    assert (tmp_path / "trace").exists()


def test_replaced_objects_are_not_used(repository: Path) -> None:
    """`refs/replace` makes git show other contents than the name says."""
    first, second = (
        git(repository, "rev-parse", f"{revision}:configs/a b.config")
        for revision in ("HEAD~1", "HEAD")
    )
    git(repository, "replace", second, first)
    assert "# 1" in git(repository, "cat-file", "-p", second)
    assert b"# 2" in Repository(repository).read("HEAD", "configs/a b.config")


def test_a_git_of_the_current_folder_is_not_used(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = repository / "git"
    program.write_text("#!/bin/sh\ntouch CANARY\n")
    program.chmod(0o755)
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    from schedule_builder.workspace import git as module

    module._git.cache_clear()
    assert Repository(repository).commit("HEAD")
    assert not (repository / "CANARY").exists()


def test_one_module_starts_programs() -> None:
    package = Path(schedule_builder.__file__).parent
    starters = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if "subprocess" in names:
                starters.add(path.relative_to(package).as_posix())
    assert starters == {"workspace/git.py"}
