"""Which files a run of `validate` is about."""

from __future__ import annotations

import codecs
import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from schedule_builder.reading.tree import Block
from schedule_builder.workspace.settings import Settings

STDIN = "-"
_SUFFIXES = (".config", ".pbtxt", ".textproto", ".txtpb", ".prototxt", ".yaml", ".yml", ".json")
_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages", "build", "dist", "venv"))
_LARGEST = 20_000_000
_LARGEST_DOUBTFUL = 2_000_000
_WILD = re.compile(r"[*?\[]")
_NAMES = re.compile(r"train_config|train_input_reader|trainer|_learning_rate")
"""What every config holds."""
_CERTAIN = re.compile(
    r"^(?:train_config|train_input_reader)[ \t]*[:{<]|^trainer:(?:.*\n)*?[ ]+optimizer_config:",
    re.MULTILINE,
)
_PROBABLE = re.compile(
    r"^[ \t{\"']*(?:train_config|table_learning_rate|manual_step_learning_rate)[\"']?[ \t]*[:{<]"
    r"|^trainer:(?:.*\n)*?[ ]+(?:optimizer_config|train_steps|steps_per_loop):",
    re.MULTILINE,
)
_PASTED = re.compile(r"\s*(?:<!|<html|<\?xml|syntax\s*=)", re.IGNORECASE)
"""A page, or the schema, that was saved in the place of a config."""


def find_files(
    paths: Iterable[str], settings_of: Callable[[Path], Settings], *, filtered: bool = False
) -> Iterator[str]:
    """The files that are meant by paths: themselves, those of folders, and those of patterns.

    Of a folder, the files that git does not ignore, whose suffix is that of a config and whose
    contents look like a pipeline, an experiment or a learning rate; where the settings give
    patterns, the files that they match.

    Args:
        paths: files, folders, patterns such as `configs/**/*.config`, or `-`.
        settings_of: gives the settings that are in force in a folder.
        filtered: whether files that are named have to be such files, too.
    """
    seen: set[str] = set()
    for path in paths:
        if path != STDIN and os.path.isdir(path):  # noqa: PTH112 - faster for one file
            settings = settings_of(Path(path).resolve())
            found: Iterable[str] = (
                str(file) for file in _listed(Path(path)) if _is_meant(file, settings)
            )
        elif _WILD.search(path) and not os.path.exists(path):  # noqa: PTH110
            matched = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - as it is given
            found = [p for p in matched if os.path.isfile(p)] or [path]  # noqa: PTH113
        else:
            found = [path]
        for name in found:
            if filtered and not _is_meant(Path(name), settings_of(Path(name).resolve().parent)):
                continue
            if name not in seen:
                seen.add(name)
                yield name


def _is_meant(path: Path, settings: Settings) -> bool:
    if settings.matches(settings.exclude, str(path)):
        return False
    if settings.files:
        return settings.matches(settings.files, str(path))
    return path.suffix.lower() in _SUFFIXES and _looks_like_config(path)


def _listed(folder: Path) -> list[Path]:
    """The files in a folder; what git ignores is left out where git knows."""
    import subprocess  # one file needs none

    command = ["git", "-C", str(folder), "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)  # noqa: S603
        listed = done.stdout
    except (OSError, subprocess.SubprocessError):
        return sorted(_walk(folder))
    names = sorted({os.fsdecode(name) for name in listed.split(b"\0") if name})
    return [path for name in names if (path := folder / name).is_file()]


def _walk(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = [n for n in folders if not n.startswith(".") and n not in _SKIPPED]
        yield from (Path(where) / name for name in names)


def _looks_like_config(path: Path) -> bool:
    try:
        if path.stat().st_size > _LARGEST:
            return False
        data = path.read_bytes()
    except OSError:
        # It is reported where it is read.
        return True
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if is_wide else "utf-8-sig", "replace").replace("\r\n", "\n")
    if path.suffix == ".config" and "pipeline" in path.stem and _PASTED.match(text):
        return True  # it was meant to be one
    if not _NAMES.search(text):
        return False
    if len(text) > _LARGEST_DOUBTFUL:
        return bool(_CERTAIN.search(text) or _PROBABLE.search(text))
    return bool(_CERTAIN.search(text)) or _is_config(path, text)


def _is_config(path: Path, text: str) -> bool:
    """Whether the blocks of a file are those of a pipeline, an experiment or a learning rate."""
    from schedule_builder.compiler import parse  # where names alone do not tell
    from schedule_builder.v1 import experiment_pb2, learning_rate_pb2

    root, is_sound = parse(path.name, text)
    kinds = learning_rate_pb2.LearningRate.DESCRIPTOR.oneofs_by_name["learning_rate"].fields
    names = {"train_config", "train_input_reader", *(kind.name for kind in kinds)} - {"custom"}
    trainer = experiment_pb2.TrainerConfig.DESCRIPTOR.fields_by_name
    for field in root.fields:
        if isinstance(field.value, Block) and field.name in names:
            return True
        if isinstance(field.value, Block) and field.name == "trainer":
            return any(inner.name in trainer for inner in field.value.fields)
    return not is_sound and bool(_PROBABLE.search(text))
