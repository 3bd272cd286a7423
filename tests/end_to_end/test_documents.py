"""The documents: sessions print what they say, code runs, and links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from schedule_builder.output.findings import HOMEPAGE
from schedule_builder.rules.pages import SITE
from schedule_builder.workspace.settings import read_settings

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def blocks(path: Path, language: str) -> list[str]:
    return [body for name, body in _BLOCK.findall(path.read_text()) if name == language]


def having(language: str) -> list[Path]:
    return [path for path in DOCUMENTS if blocks(path, language)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write_configs(path: Path, folder: Path) -> None:
    """Writes the blocks whose first line names a file."""
    for body in blocks(path, ""):
        if name := re.match(r"# ([\w.-]+\.\w+)\n", body):
            (folder / name[1]).write_text(body)


@pytest.mark.parametrize("path", having("console"), ids=lambda path: path.name)
def test_sessions_print_what_they_say(path: Path, folder: Path) -> None:
    write_configs(path, folder)
    for session in blocks(path, "console"):
        for command, wanted in _COMMAND.findall(session):
            program, *arguments = shlex.split(command)
            assert program == "schedule-builder"
            result = subprocess.run(
                [sys.executable, "-m", "schedule_builder", *arguments],
                check=False,
                capture_output=True,
                text=True,
            )
            assert result.stdout == wanted, command
            assert result.returncode in (0, 1), result.stderr


@pytest.mark.parametrize("path", having("python"), ids=lambda path: path.name)
def test_python_runs(path: Path, folder: Path) -> None:
    write_configs(path, folder)
    names = {"__name__": "document"}
    for body in blocks(path, "python"):
        exec(compile(body, path.name, "exec"), names)


@pytest.mark.parametrize("path", having("toml"), ids=lambda path: path.name)
def test_settings_can_be_read(path: Path, folder: Path) -> None:
    for body in blocks(path, "toml"):
        (folder / "pyproject.toml").write_text(body)
        assert read_settings(folder / "pyproject.toml") is not None


def in_this_folder(link: str) -> str:
    """A link to the site or to the repository, as the file that it shows."""
    if link == SITE:
        return str(ROOT / "docs" / "index.md")
    if link.startswith(SITE):
        return str(ROOT / "docs" / link.removeprefix(SITE).replace(".html", ".md"))
    return re.sub(rf"^{HOMEPAGE}/(?:blob|tree|raw)/main/", f"{ROOT}/", link)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for link in map(in_this_folder, _LINK.findall(path.read_text())):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in anchors, link


def test_readme_links_are_absolute() -> None:
    """A package index shows the README without the files beside it."""
    text = (ROOT / "README.md").read_text()
    pictures = re.findall(r' (?:src|srcset)="([^"]+)"', text)
    assert len(pictures) == text.count("<source ") + text.count("<img ") > 0
    links = _LINK.findall(text) + pictures
    assert [link for link in links if not link.startswith((f"{HOMEPAGE}/", SITE))] == []
    missing = [link for link in pictures if not Path(in_this_folder(link)).exists()]
    assert missing == []
