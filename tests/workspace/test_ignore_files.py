"""Which files of a folder are chosen: as git chooses them, without git."""

import glob
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.workspace import discovery
from schedule_builder.workspace.discovery import find_files
from schedule_builder.workspace.patterns import Patterns
from schedule_builder.workspace.settings import Settings
from schedule_builder.workspace.walk import walk

CONFIG = "constant_learning_rate { learning_rate: 0.1 }\n"
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")


def write(path: Path, text: str | bytes = CONFIG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def git(folder: Path, *arguments: str) -> bytes:
    """What git prints, with no configuration but the repository's."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / ".git"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=environment, capture_output=True, check=True
    )
    return done.stdout


def chosen(folder: Path) -> set[str]:
    """The files that are found in a folder, whatever their names."""
    found = (file.path for file in walk(folder, lambda name: True) if not file.reason)
    return {path.relative_to(folder).as_posix() for path in found}


def chosen_by_git(folder: Path) -> set[str]:
    listed = git(folder, "ls-files", "-z", "-co", "--exclude-standard").split(b"\0")
    return {name for name in map(os.fsdecode, listed) if name and not name.endswith("/")}


NAMES = (
    "a",
    "b",
    "ab",
    "ba",
    "aab",
    "a.b",
    ".a",
    "a b",
    "b ",
    "!a",
    "#b",
    "a]",
    "-",
    "A",
    "é",
    "1",
)
PIECES = (
    *("a", "b", "ab", "*", "*", "?", "**", "/", "/", "/", "**/", "/**", "/**/", "a/", "/b", "***"),
    *("[ab]", "[!a]", "[^b]", "[a-b]", "[]a]", "[b-a]", "[a", "[!]]", "[a\\-b]", "[\\]]", "[/a]"),
    *("[[:alpha:]]", "[![:alnum:]]", "[[:nothing:]]", "[[:a]", "[a-]", "[--1]", "[[:space:]b]"),
    *("\\a", "\\*", "\\ ", " ", "\\", "\\/", "\\!", "\\#", "!", "#", ".", "é", "\t", "]", "-"),
)


def random_line(chance: random.Random) -> str:
    if chance.random() < 0.3:
        body = "/".join(chance.choice(NAMES) for _ in range(chance.randint(1, 2)))
    else:
        body = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 5)))
    start = chance.choice(("", "", "", "!", "!", "/", "!/", "\\", "#"))
    return start + body + chance.choice(("", "", "", "/", " ", "  ", "\\ ", "\t", "\r", "/ "))


def random_rules(chance: random.Random) -> bytes:
    lines = [random_line(chance) for _ in range(chance.randint(1, 5))]
    text = "\n".join(lines) + chance.choice(("", "\n", "\r\n", "\n\n"))
    return chance.choice((b"", b"", b"\xef\xbb\xbf")) + text.encode()


def random_tree(folder: Path, chance: random.Random) -> None:
    """Makes a repository of a few folders with ignore files in some of them."""
    folders = [folder]
    for _ in range(chance.randint(2, 8)):
        inner = chance.choice(folders) / chance.choice(NAMES)
        inner.mkdir(exist_ok=True)
        folders.append(inner)
    for inner in folders:
        for name in chance.sample(NAMES, 5):
            if not (inner / name).exists():
                write(inner / name)
        if inner == folder or chance.random() < 0.4:
            write(inner / ".gitignore", random_rules(chance))
    # As `git init` makes it, and faster.
    write(folder / ".git/HEAD", "ref: refs/heads/main\n")
    for name in ("objects", "refs"):
        (folder / ".git" / name).mkdir()
    if chance.random() < 0.5:
        write(folder / ".git/info/exclude", random_rules(chance))


@needs_git
@pytest.mark.parametrize("first", range(0, 300, 50))
def test_random_trees_are_chosen_from_as_git_does(first: int, tmp_path: Path) -> None:
    left_out = 0
    for seed in range(first, first + 50):
        folder = tmp_path / str(seed)
        folder.mkdir()
        random_tree(folder, random.Random(seed))
        wanted = chosen_by_git(folder)
        rules = {path: path.read_bytes() for path in folder.rglob(".gitignore")}
        assert chosen(folder) == wanted, (seed, rules)
        every = {p for p in folder.rglob("*") if p.is_file() and ".git" not in p.parts}
        left_out += len(every) - len(wanted)
        inner = next((p for p in sorted(folder.iterdir()) if p.is_dir() and p.name != ".git"), None)
        if inner is not None and seed % 5 == 0:
            assert chosen(inner) == chosen_by_git(inner), (seed, inner, rules)
    assert left_out > 100


# What git does is right by definition; these say it in words, and hold without git.
CHOICES: dict[str, tuple[str, set[str]]] = {
    "a name in any folder": ("b.yaml", {"a.yaml", "in/a.yaml", "in/deep/a.yaml"}),
    "a folder": ("in/", {"a.yaml", "b.yaml"}),
    "the top alone": ("/b.yaml", {"a.yaml", "in/a.yaml", "in/b.yaml", "in/deep/a.yaml"}),
    "a star stops at a slash": ("in/*.yaml", {"a.yaml", "b.yaml", "in/deep/a.yaml"}),
    "two stars do not": ("in/**/a.yaml", {"a.yaml", "b.yaml", "in/b.yaml"}),
    "the last match": ("*.yaml\n!b.yaml", {"b.yaml", "in/b.yaml"}),
    "nothing comes back from a folder": ("in\n!in/b.yaml\n!b.yaml", {"a.yaml", "b.yaml"}),
    "a folder taken back takes back no file": (
        "deep\n!in",
        {"a.yaml", "b.yaml", "in/a.yaml", "in/b.yaml"},
    ),
    "a comment": ("# b.yaml", {"a.yaml", "b.yaml", "in/a.yaml", "in/b.yaml", "in/deep/a.yaml"}),
}


@pytest.mark.parametrize("name", CHOICES)
def test_choices(name: str, tmp_path: Path) -> None:
    rules, wanted = CHOICES[name]
    for path in ("a.yaml", "b.yaml", "in/a.yaml", "in/b.yaml", "in/deep/a.yaml"):
        write(tmp_path / path)
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".gitignore", rules + "\n")
    assert chosen(tmp_path) - {".gitignore"} == wanted


@needs_git
def test_a_tracked_file_that_is_ignored_is_left_out(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path / "a.config")
    git(tmp_path, "add", "a.config")
    write(tmp_path / ".gitignore", "*.config\n")
    assert "a.config" in chosen_by_git(tmp_path)
    assert chosen(tmp_path) == {".gitignore"}


def test_rules_come_from_the_nearest_repository_alone(tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", "a.config\n")
    write(tmp_path / "top/.gitignore", "b.config\n")
    for name in "abc":
        write(tmp_path / f"top/in/{name}.config")
    (tmp_path / ".git").mkdir()
    assert chosen(tmp_path / "top/in") == {"c.config"}
    write(tmp_path / "top/.git", "gitdir: /nowhere\n")
    assert chosen(tmp_path / "top/in") == {"a.config", "c.config"}
    (tmp_path / ".git").rmdir()
    (tmp_path / "top/.git").unlink()
    assert chosen(tmp_path / "top/in") == {"a.config", "b.config", "c.config"}


def test_a_repository_in_another_is_checked_where_it_is_given(tmp_path: Path) -> None:
    write(tmp_path / "outer/a.config")
    write(tmp_path / "outer/inner/b.config")
    write(tmp_path / "outer/inner/.git", "gitdir: ../.git/modules/inner\n")
    # Outside of a repository, each one below counts by itself.
    assert chosen(tmp_path) == {"outer/a.config", "outer/inner/b.config"}
    (tmp_path / "outer/.git").mkdir()
    assert chosen(tmp_path) == {"outer/a.config"}
    assert chosen(tmp_path / "outer/inner") == {"b.config"}


def test_folders_that_hold_no_configs_are_left_out_where_no_repository_says_so(
    tmp_path: Path,
) -> None:
    for name in (".hidden", "node_modules", "in/build", "in/venv", "in/configs"):
        write(tmp_path / name / "a.config")
    assert chosen(tmp_path) == {"in/configs/a.config"}
    assert chosen(tmp_path / ".hidden") == {"a.config"}
    (tmp_path / ".git").mkdir()
    assert len(chosen(tmp_path)) == 5
    assert chosen(tmp_path / ".git") == set()


def test_an_ignored_folder_has_no_files(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".gitignore", "out/\n")
    write(tmp_path / "out/deep/a.config")
    assert chosen(tmp_path / "out/deep") == set()
    assert list(find_files([str(tmp_path / "out/deep/a.config")], lambda _: Settings()))


def test_what_is_excluded_in_a_repository_that_leads_elsewhere_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere/info/exclude", "a.config\n")
    write(tmp_path / "top/a.config")
    git_folder = tmp_path / "top/.git"
    git_folder.symlink_to(tmp_path / "elsewhere")
    assert chosen(tmp_path / "top") == {"a.config"}
    git_folder.unlink()
    write(git_folder, f"gitdir: {tmp_path / 'elsewhere'}\n")
    assert chosen(tmp_path / "top") == {"a.config"}
    git_folder.unlink()
    git_folder.mkdir()
    (git_folder / "info").symlink_to(tmp_path / "elsewhere/info")
    assert chosen(tmp_path / "top") == {"a.config"}
    (git_folder / "info").unlink()
    shutil.copytree(tmp_path / "elsewhere/info", git_folder / "info")
    assert chosen(tmp_path / "top") == set()


def test_only_regular_files_are_ignore_files(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / "rules", "a.config\n")
    write(tmp_path / "a.config")
    os.mkfifo(tmp_path / ".gitignore")
    assert chosen(tmp_path) == {"a.config", "rules"}
    (tmp_path / ".gitignore").unlink()
    (tmp_path / ".gitignore").symlink_to("rules")
    assert chosen(tmp_path) == {"a.config", "rules", ".gitignore"}


def test_links_and_pipes_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    write(folder / "in/a.config")
    write(tmp_path / "secret.config")
    os.mkfifo(folder / "pipe.config")
    for name, target in {
        "inside.config": "in/a.config",
        "outside.config": "../secret.config",
        "nowhere.config": "missing",
        "circle.config": "circle.config",
        "device.config": "/dev/zero",
        "loop": ".",
        "in/loop": "..",
        "above": str(tmp_path),
    }.items():
        (folder / name).symlink_to(target)
    assert chosen(folder) == {"in/a.config", "inside.config"}
    # The repository is what may be read.
    (tmp_path / ".git").mkdir()
    assert chosen(folder) == {"in/a.config", "inside.config", "outside.config"}


@given(
    st.lists(st.sampled_from([*map(str.encode, PIECES), b"\xff", b"\0"]), max_size=8).map(b"".join)
)
def test_any_line_can_be_read(line: bytes) -> None:
    assert Patterns.of_ignore_file(line).decide([b"a"], False) in (None, True, False)


@pytest.mark.parametrize(
    "pattern",
    [
        "**/*.config",
        "in/**/*.config",
        "**/a.config",
        "**",
        "in/**",
        "*/**/[ab].config",
        "**/deep/**/*.config",
        "**/**/*.config",
        "in**/a.config",
        "./**/*.config",
        "in/../**/*.config",
        "[[]x]/**/*.config",
        "**/[[]x]/*",
        "none/**/*.config",
        ".hidden/**/*.config",
        "*.config",
    ],
)
def test_patterns_of_the_shell_match_as_in_the_shell(
    pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "in/a", "in/b", "in/deep/deep/a", "[x]/a", ".hidden/a", "in/.hidden/a"):
        write(tmp_path / f"{name}.config")
    monkeypatch.chdir(tmp_path)
    for given_pattern in (pattern, f"{glob.escape(str(tmp_path))}/{pattern}"):
        expected = glob.glob(given_pattern, recursive=True)  # noqa: PTH207 - the one to agree with
        found = set(filter(os.path.isfile, discovery._matched(given_pattern)))
        assert found == set(filter(os.path.isfile, expected))


def test_patterns_of_the_shell_run_in_no_circle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in/a.config")
    for name in ("one", "two", "in/one", "in/two"):
        (tmp_path / name).symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert list(find_files(["**/*.config"], lambda _: Settings())) == ["in/a.config"]
