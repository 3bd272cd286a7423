"""Patterns in settings, which mean what they mean in `.gitignore`."""

import re
from pathlib import Path

import pytest

from schedule_builder.workspace.discovery import find_files
from schedule_builder.workspace.patterns import PatternError, of_settings
from schedule_builder.workspace.settings import Settings, SettingsError, read_settings

CONFIG = "constant_learning_rate { learning_rate: 0.1 }\n"


def write(path: Path, text: str = CONFIG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


SELECTED: dict[tuple[str, ...], set[str]] = {
    ("third_party/models",): {"third_party/models/a.config", "third_party/models/deep/b.config"},
    ("third_party/*.config",): {"third_party/c.config"},
    ("models/",): {"third_party/models/a.config", "third_party/models/deep/b.config"},
    ("/models/",): set(),
    ("*.config", "!c.config"): {"third_party/models/a.config", "third_party/models/deep/b.config"},
    ("third_party/", "!third_party/c.config"): {
        "third_party/c.config",
        "third_party/models/a.config",
        "third_party/models/deep/b.config",
    },
    ("third_party/**/b.*",): {"third_party/models/deep/b.config"},
    ("\\!d.config",): {"!d.config"},
}


@pytest.mark.parametrize("patterns", SELECTED)
def test_patterns_of_settings(patterns: tuple[str, ...], tmp_path: Path) -> None:
    paths = (
        "third_party/c.config",
        "third_party/models/a.config",
        "third_party/models/deep/b.config",
        "!d.config",
    )
    wanted = set(SELECTED[patterns])
    if patterns[0] == "*.config":
        wanted.add("!d.config")
    text = ", ".join(f"'{pattern}'" for pattern in patterns)
    write(tmp_path / "top/pyproject.toml", f"[tool.schedule-builder]\nexclude = [{text}]\n")
    settings = read_settings(tmp_path / "top/pyproject.toml")
    assert settings is not None
    for path in paths:
        write(tmp_path / "top" / path)
        write(tmp_path / "other" / path)
    for folder, left_out in (("top", wanted), ("other", set())):
        found = find_files([str(tmp_path / folder)], lambda _: settings)
        names = {Path(path).relative_to(tmp_path / folder).as_posix() for path in found}
        assert names == set(paths) - left_out


def test_a_link_goes_by_its_own_name(tmp_path: Path) -> None:
    write(tmp_path / "a.config")
    (tmp_path / "link.config").symlink_to("a.config")
    settings = Settings(exclude=("link.config",), root=tmp_path)
    assert [Path(p).name for p in find_files([str(tmp_path)], lambda _: settings)] == ["a.config"]


INVALID = {
    "": "empty pattern. For all files, write `*`",
    "/": "empty pattern",
    "a[": "`[` has no `]`. For a bracket, write `\\[`",
    "a[/]b": "matches nothing. Write `/` outside of brackets",
    "[[:letter:]]": "`[:letter:]` is not one of alnum, alpha",
    "a\\": "For a backslash, write `\\\\`",
    "#a": "For a name, write `\\#`",
    "!a": "`!` includes files again that patterns before it exclude; there are none",
    "a//b": "empty name between two slashes",
    "../a": "Start at the settings file",
    "./a": "Start at the settings file",
    "a/..": "Start at the settings file",
    "third_party\\models": "Write `/` for folders",
}


@pytest.mark.parametrize("pattern", INVALID)
@pytest.mark.parametrize("setting", ["exclude", "files", "per-file-ignores"])
def test_invalid_patterns_in_settings(pattern: str, setting: str, tmp_path: Path) -> None:
    value = f"{{'{pattern}' = ['SB402']}}" if setting == "per-file-ignores" else f"['{pattern}']"
    path = write(
        tmp_path / "pyproject.toml",
        f"[tool.schedule-builder]\nfail-on = 'error'\n{setting} = {value}\n",
    )
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:3: `{setting}`: invalid pattern `{pattern}`: ")
    assert INVALID[pattern] in message


@pytest.mark.parametrize("pattern", ["..a", "a..", ".a/b", "a\\\\b", "\\#a", "*", "**", ".*/"])
def test_patterns_that_look_invalid_and_are_not(pattern: str) -> None:
    assert of_settings((pattern,)) is not None
    with pytest.raises(PatternError, match=re.escape("`[` has no `]`")):
        of_settings((pattern, "["))


def test_no_pattern_takes_long() -> None:
    # A regular expression that backtracks would still be at it when the sun goes out.
    patterns = of_settings(("*a" * 100 + "b", "**/a/" * 100 + "b", "/x" + "*[ab]" * 100 + "c"))
    assert not patterns.select([b"a" * 255] * 100)
