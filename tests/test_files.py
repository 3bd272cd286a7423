"""Files are written whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import ast
import errno
import io
import json
import os
import re
import resource
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedule_builder
from schedule_builder import cli, files
from schedule_builder.files import (
    TEMPORARY_SUFFIX,
    WriteError,
    folder_of,
    resolved,
    same_file,
    write_file,
)
from schedule_builder.workspace.settings import settings_for

CONFIG = """train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.1
    schedule { step: 100 learning_rate: 0.1 }
    schedule { step: 120 learning_rate: 0.01 }
  } } } }
}
"""
FIXED = CONFIG.replace("    schedule { step: 100 learning_rate: 0.1 }\n", "")
UNPRIVILEGED = 65534
IS_ROOT = os.geteuid() == 0
Run = Callable[..., tuple[int, str, str]]
Mount = Callable[..., None]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder of its own; gives the exit code and both outputs."""
    monkeypatch.chdir(tmp_path)

    def _run(*arguments: object) -> tuple[int, str, str]:
        settings_for.cache_clear()
        code = cli.main(list(map(str, arguments)))
        return code, *capfd.readouterr()

    return _run


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mounts something; skips the test where that is not permitted."""
    mounted: list[Path] = []

    def _mount(*arguments: object) -> None:
        target = Path(str(arguments[-1]))
        command = ["mount", *map(str, arguments)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no `mount` on this system")
        if done.returncode:
            pytest.skip(f"mounting is not permitted: {done.stderr.strip()}")
        mounted.append(target)

    yield _mount
    for target in reversed(mounted):
        subprocess.run(["umount", str(target)], check=True)


def names(folder: Path | str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def temporaries(folder: Path | str = ".") -> list[str]:
    return [name for name in names(folder) if name.endswith(TEMPORARY_SUFFIX)]


# The contents.


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_what_is_written_is_there(old: bytes, new: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.config")
        write_file(path, old)
        assert path.read_bytes() == old
        write_file(path, new, read=old)
        assert path.read_bytes() == new
        assert names(folder) == ["a.config"]


def test_names_of_every_length_and_script(tmp_path: Path) -> None:
    for name in ("a" * 255, "é" * 127, "\N{GRINNING FACE}" * 63, ".hidden", "a b\n", "\udcff"):
        write_file(tmp_path / name, b"1")
        write_file(tmp_path / name, b"2")
        assert (tmp_path / name).read_bytes() == b"2"
    with pytest.raises(WriteError, match="File name too long"):
        write_file(tmp_path / ("a" * 256), b"1")


def test_names_of_folders_are_refused(run: Run, tmp_path: Path) -> None:
    Path("a.config").write_text(FIXED)
    for name in ("", "no/", "no/.", "no/..", ".", "..", tmp_path, "a.config/b", "no/b"):
        code, out, err = run("convert", "a.config", "--output", name)
        assert (code, out) == (2, "")
        assert err.startswith(f"schedule-builder: cannot write {name}: ")
    assert names() == ["a.config"]


# What belongs to a file beside its contents.


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o755])
def test_the_mode_stays(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_bytes(b"old")
    path.chmod(mode)
    before = path.stat()
    os.utime(path, (1, 1))
    write_file(path, b"new")
    after = path.stat()
    assert stat.S_IMODE(after.st_mode) == mode
    assert after.st_ino != before.st_ino
    assert after.st_mtime >= before.st_mtime  # Watchers see the change.


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_usual_mode(mask: int, tmp_path: Path) -> None:
    old = os.umask(mask)
    try:
        write_file(tmp_path / "new", b"")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~mask


@pytest.mark.skipif(not IS_ROOT, reason="needs root to give files away")
def test_the_owner_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_bytes(b"old")
    path.chmod(0o640)
    os.chown(path, 1234, 5678)
    write_file(path, b"new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 5678, 0o640)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="there are no extended attributes")
def test_extended_attributes_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.origin", b"a run")
    except OSError as error:
        pytest.skip(f"this file system has none: {error.strerror}")
    write_file(path, b"new")
    assert os.getxattr(path, "user.origin") == b"a run"


# Links.


def test_links_stay_and_their_target_is_replaced(run: Run, tmp_path: Path) -> None:
    for name in ("real", "links"):
        (tmp_path / name).mkdir()
    target, link = tmp_path / "real" / "a.config", tmp_path / "links" / "a.config"
    target.write_text(CONFIG)
    link.symlink_to("../real/a.config")
    Path("b.config").symlink_to("links/a.config")
    (tmp_path / "links").chmod(0o555)  # The temporary file does not belong there.
    code = run("validate", "--fix", "b.config")[0]
    (tmp_path / "links").chmod(0o755)
    assert code == 0
    assert link.is_symlink()
    assert Path("b.config").is_symlink()
    assert not target.is_symlink()
    assert target.read_text() == FIXED


def test_settings_are_of_the_folder_that_links_lead_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a file, and each way to name its folder, the same as all links resolved."""
    for name in ("a", "b"):
        folder = tmp_path / name / "configs"
        folder.mkdir(parents=True)
        (folder / "x.config").write_text(CONFIG)
        (tmp_path / name / "pyproject.toml").write_text(
            f'[tool.schedule-builder]\nignore = ["SB40{ord(name) - ord("a") + 1}"]\n'
        )
    (tmp_path / "a/configs/link.config").symlink_to(tmp_path / "b/configs/x.config")
    (tmp_path / "a/configs/lost.config").symlink_to("nowhere/x.config")
    (tmp_path / "a/circle").symlink_to("circle")
    (tmp_path / "b/folder").symlink_to(tmp_path / "a/configs")
    monkeypatch.chdir(tmp_path / "b")
    for path in (
        "configs/x.config",
        "pyproject.toml",
        "folder/x.config",
        "folder/../x.config",
        "../a/configs/x.config",
        "folder/link.config",
        "folder/lost.config",
        "folder/missing.config",
        str(tmp_path / "b/folder/x.config"),
        str(tmp_path / "a/circle"),
        "<stdin>",
    ):
        settings_for.cache_clear()
        whole = resolved(path).parent
        assert resolved(folder_of(path)) == whole
        assert settings_for(folder_of(path)) == settings_for(whole)


def test_the_target_of_a_dangling_link_is_made(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(WriteError, match="symbolic links"):
        write_file(tmp_path / "loop", b"new")


def test_a_hard_link_becomes_a_file_of_its_own(run: Run) -> None:
    Path("a.config").write_text(CONFIG)
    os.link("a.config", "b.config")
    assert run("validate", "--fix", "b.config")[0] == 0
    assert Path("a.config").read_text() == CONFIG
    assert Path("b.config").read_text() == FIXED


# What is not a regular file.


def test_a_pipe_is_written_to(run: Run) -> None:
    Path("a.config").write_text(FIXED)
    os.mkfifo("pipe")
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(Path("pipe").read_bytes()))
    reader.start()
    assert run("convert", "a.config", "--to", "yaml", "--output", "pipe")[0] == 0
    reader.join()
    assert received == [run("convert", "a.config")[1].encode()]
    assert received != [b""]
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)
    assert run("convert", "a.config", "--output", os.devnull)[0] == 0
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_pipe_cannot_be_fixed_in_place(run: Run) -> None:
    for command in (("validate", "--fix"), ("rescale", "--num-steps", "300")):
        reading, writing_end = os.pipe()
        os.write(writing_end, CONFIG.encode())
        os.close(writing_end)
        path = f"/dev/fd/{reading}"
        code, _, err = run(*command, path)
        os.close(reading)
        assert code == 2
        assert f"cannot write {path}: not a regular file" in err


@pytest.mark.parametrize("output", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output(output: str, tmp_path: Path) -> None:
    if output.startswith("/proc") and not Path("/proc/self/fd").exists():
        pytest.skip("there is no /proc on this system")
    (tmp_path / "a.config").write_text(FIXED)
    log = tmp_path / "log"
    log.write_text("first\n")
    command = [sys.executable, "-m", "schedule_builder", "validate", "a.config"]
    command += ["--format", "json", "--output", output]
    with log.open("a") as file:
        done = subprocess.run(
            command, cwd=tmp_path, stdout=file, stderr=subprocess.PIPE, text=True, check=True
        )
    # Neither what was there is lost, nor does anything stand beside the report.
    first, _, report = log.read_text().partition("\n")
    assert first == "first"
    assert json.loads(report) == []
    assert done.stderr == "1 file: no findings.\n"
    assert names(tmp_path) == ["a.config", "log"]


def test_standard_input_is_rescaled_to_standard_output(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FIXED.encode())))
    code, out, _ = run("rescale", "-", "--num-steps", 300)
    assert code == 0
    assert "num_steps: 300" in out
    assert not names()


def test_what_was_printed_comes_first(tmp_path: Path) -> None:
    program = "from schedule_builder.files import write_file\nprint(1)\nwrite_file('-', b'2\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"1", b"2"]


# A disk that is full, or a machine that loses power.


def test_contents_are_on_the_disk_before_the_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/a.config")
    done: list[tuple[str, str, int]] = []
    sync, replace = os.fsync, os.replace

    def syncing(descriptor: int) -> None:
        path = Path(f"/dev/fd/{descriptor}")
        status = path.stat()
        known = {(tmp_path / "real").stat().st_ino: "folder"}
        done.append(("sync", known.get(status.st_ino, "file"), status.st_size))
        sync(descriptor)

    def replacing(source: str, target: str) -> None:
        done.append(("replace", Path(target).name, Path(source).stat().st_size))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", replacing)
    for _ in "new", "replaced":
        done.clear()
        write_file(tmp_path / "link", bytes(100_000))
        assert done[:2] == [("sync", "file", 100_000), ("replace", "a.config", 100_000)]
        # Of the target, not of the link.
        assert [event[:2] for event in done[2:]] == [("sync", "folder")]


def test_a_full_disk(run: Run, mount: Mount, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", disk)
    big = CONFIG + "#" * 40_000
    path = disk / "a.config"
    path.write_text(big)
    (tmp_path / "b.config").write_text(CONFIG)
    for arguments in (
        ("rescale", path, "--num-steps", 300),
        ("convert", "b.config", "--output", path),
        ("validate", "--fix", path, "b.config"),
    ):
        # The second one is small, and only fails on a disk without any room.
        filler = disk / "filler"
        filler.write_bytes(b"")
        with filler.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass
        code, _, err = run(*arguments)
        assert code == 2
        assert f"schedule-builder: cannot write {path}: No space left on device" in err
        assert path.read_text() == big
        assert names(disk) == ["a.config", "filler"]
    assert (tmp_path / "b.config").read_text() == FIXED


def test_a_full_disk_under_a_file_that_cannot_be_replaced(mount: Mount, tmp_path: Path) -> None:
    disk, path = tmp_path / "disk", tmp_path / "a.config"
    disk.mkdir()
    path.touch()
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", disk)
    (disk / "a.config").write_bytes(b"old" * 10_000)
    mount("--bind", disk / "a.config", path)
    with pytest.raises(WriteError, match="No space left on device"):
        write_file(path, b"new" * 50_000)
    assert path.read_bytes() == b"old" * 10_000
    write_file(path, b"new" * 15_000)
    assert (disk / "a.config").read_bytes() == b"new" * 15_000
    assert names(tmp_path) == ["a.config", "disk"]


def test_a_write_that_takes_a_part_of_the_data(tmp_path: Path) -> None:
    # No file may become longer: the first write takes 1000 bytes, and the next one fails.
    path = tmp_path / "a.config"
    path.write_text(FIXED)
    (tmp_path / "b.config").write_text(FIXED + "#" * 2000)
    command = [sys.executable, "-m", "schedule_builder", "convert", "b.config", "--to", "text"]
    done = subprocess.run(
        [*command, "--output", path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    assert done.returncode == 2, done
    assert done.stderr == f"schedule-builder: cannot write {path}: File too large\n"
    assert path.read_text() == FIXED
    assert names(tmp_path) == ["a.config", "b.config"]


# What may not be written.


def test_a_read_only_mount(run: Run, mount: Mount, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "tmpfs", disk)
    for path in (disk / "a.config", tmp_path / "b.config"):
        path.write_text(CONFIG)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    code, out, err = run("validate", "--fix", disk / "a.config", "b.config")
    assert code == 2
    assert f"cannot write {disk}/a.config: Read-only file system: 1 finding not fixed" in err
    assert "in 1 file.\n" in err
    assert "SB4" in out
    assert (tmp_path / "b.config").read_text() == FIXED
    code, _, err = run("convert", "b.config", "--output", disk / "new.yaml")
    assert code == 2
    assert err == f"schedule-builder: cannot write {disk}/new.yaml: Read-only file system\n"


def test_a_file_that_is_a_mount_point(run: Run, mount: Mount, tmp_path: Path) -> None:
    source, path = tmp_path / "source", tmp_path / "a.config"
    source.write_text(CONFIG)
    path.touch()
    mount("--bind", source, path)
    assert run("validate", "--fix", path)[0] == 0
    assert source.read_text() == FIXED
    assert not temporaries(tmp_path)


AS_UNPRIVILEGED = f"""
import os, sys
from schedule_builder import cli
path = os.path.join(sys.argv[1], "warm.config")
# What is imported later may be out of reach.
cli.main(["validate", "--fix", "--isolated", path])
cli.main(["convert", path, "--output", os.devnull])
os.chdir(sys.argv[1])
sys.stdout.flush()
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({UNPRIVILEGED})
    os.setuid({UNPRIVILEGED})
print("---", file=sys.stderr, flush=True)
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user can get at."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o777)
        (path / "warm.config").write_text(CONFIG)
        yield path


def give_away(path: Path, mode: int) -> None:
    if IS_ROOT:
        os.chown(path, UNPRIVILEGED, UNPRIVILEGED)
    path.chmod(mode)


def as_unprivileged(folder: Path, *arguments: object) -> tuple[int, str]:
    """Runs a command as a user without rights; gives the exit code and standard error."""
    done = subprocess.run(
        [sys.executable, "-c", AS_UNPRIVILEGED, str(folder), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr.partition("---\n")[2]


def test_a_file_that_may_not_be_written_stops_no_other(shared: Path) -> None:
    for name, mode in (("a.config", 0o644), ("b.config", 0o444), ("c.config", 0o600)):
        (shared / name).write_text(CONFIG)
        give_away(shared / name, mode)
    configs = ("a.config", "b.config", "c.config")
    code, err = as_unprivileged(shared, "validate", "--fix", *configs)
    assert code == 2
    # The folder may be changed: replacing the file would be possible, and is not meant.
    assert "cannot write b.config: Permission denied: 1 finding not fixed\n" in err
    assert "2 findings in 2 files.\n" in err
    assert [(shared / name).read_text() for name in configs] == [FIXED, CONFIG, FIXED]
    assert not temporaries(shared)


def test_a_folder_that_may_not_be_changed(shared: Path) -> None:
    folder = shared / "folder"
    folder.mkdir()
    path = folder / "a.config"
    path.write_text(CONFIG)
    give_away(path, 0o600)
    before = path.stat()
    folder.chmod(0o555)
    try:
        code, err = as_unprivileged(shared, "validate", "--fix", "folder/a.config")
        assert code == 0, err
        assert path.read_text() == FIXED
        assert path.stat().st_ino == before.st_ino
        code, err = as_unprivileged(
            shared, "convert", "folder/a.config", "--output", "folder/b.yaml"
        )
        assert (code, err) == (
            2,
            "schedule-builder: cannot write folder/b.yaml: Permission denied\n",
        )
    finally:
        folder.chmod(0o755)


@pytest.mark.skipif(not IS_ROOT, reason="needs root for files of two owners")
@pytest.mark.parametrize("folder_mode", [0o777, 0o1777])
def test_an_owner_that_cannot_be_kept(folder_mode: int, shared: Path) -> None:
    path = shared / "a.config"
    path.write_text(CONFIG)
    path.chmod(0o666)
    shared.chmod(folder_mode)
    code, err = as_unprivileged(shared, "validate", "--fix", "a.config")
    assert code == 0, err
    assert path.read_text() == FIXED
    assert path.stat().st_uid == 0
    assert not temporaries(shared)


# A file that somebody else has changed meanwhile.


@pytest.mark.parametrize(
    "command", [("validate", "--fix"), ("validate", "--unsafe-fixes"), ("rescale",)]
)
@pytest.mark.parametrize("change", ["other", "longer", "replaced", "deleted"])
def test_a_file_that_changed_is_left_alone(
    command: tuple[str, ...], change: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("a.config")
    path.write_text(CONFIG)
    Path("b.config").write_text(CONFIG)
    status = path.stat()
    other = CONFIG.replace("0.01", "0.02")
    make_random = os.urandom

    def changing(count: int) -> bytes:
        # The writer asks for this between what was read and what is written.
        if change == "other" and path.exists():
            path.write_text(other)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        elif change == "longer":
            path.write_text(CONFIG + "\n")
        elif change == "replaced":
            Path("new").write_text(other)
            Path("new").replace(path)
        elif change == "deleted":
            path.unlink(missing_ok=True)
        return make_random(count)

    steps = ("--num-steps", "300") if command == ("rescale",) else ()
    with monkeypatch.context() as patch:
        patch.setattr(os, "urandom", changing)
        code, _, err = run(*command, path, *steps)
    assert code == 2
    assert "cannot write a.config: the file has changed since it was read. Run the" in err
    expected = {"longer": CONFIG + "\n", "deleted": None}.get(change, other)
    assert (path.read_text() if path.exists() else None) == expected
    assert not temporaries()


# An output that is an input.


@pytest.mark.parametrize(
    "command",
    [
        ("convert", "a.config", "--output"),
        ("plot", "a.config", "--output"),
        ("validate", "a.config", "--output"),
        ("validate", ".", "--output"),
        ("validate", "a.config", "--write-baseline"),
        ("validate", "--fix", "b.config", "a.config", "--output"),
    ],
)
def test_an_input_is_not_overwritten(command: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    path = Path("a.config")
    path.write_text(CONFIG)
    Path("b.config").write_text(CONFIG)
    Path("folder").mkdir()
    Path("symbolic").symlink_to("a.config")
    Path("elsewhere").symlink_to(".")
    os.link(path, "hard")
    spellings = ("a.config", "./a.config", "folder/../a.config", "elsewhere/a.config")
    for name in (*spellings, tmp_path / path, "symbolic", "hard"):
        code, out, err = run(*command, name)
        assert (code, out) == (2, "")
        option = command[-1]
        assert err.startswith(
            f"schedule-builder {command[0]}: `{option} {name}` would overwrite an input, "
        )
        assert path.read_text() == CONFIG
        assert Path("b.config").read_text() == CONFIG


def test_settings_and_baselines_are_inputs(run: Run) -> None:
    Path("a.config").write_text(CONFIG)
    Path("own.toml").write_text("[tool.schedule-builder]\n")
    Path("pyproject.toml").write_text('[tool.schedule-builder]\nbaseline = "known.json"\n')
    assert run("validate", "a.config", "--write-baseline", "known.json")[0] == 0
    assert run("validate", "a.config", "--write-baseline", "known.json")[0] == 0
    assert run("validate", "a.config", "--write-baseline", "other.json")[0] == 0
    before = {path: path.read_bytes() for path in Path().iterdir()}
    for options in (
        ("--output", "known.json"),
        ("--baseline", "other.json", "--output", "other.json"),
        ("--output", "pyproject.toml"),
        ("--write-baseline", "pyproject.toml"),
        ("--config", "own.toml", "--output", "own.toml"),
        ("--config", "own.toml", "--write-baseline", "own.toml"),
    ):
        code, _, err = run("validate", "a.config", *options)
        assert code == 2
        assert f"`{options[-2]} {options[-1]}` would overwrite an input" in err
    assert before == {path: path.read_bytes() for path in Path().iterdir()}


def test_standard_input_from_the_output(tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_text(CONFIG)
    for command in ("convert", "validate", "plot"):
        with path.open() as file:
            done = subprocess.run(
                [sys.executable, "-m", "schedule_builder", command, "-", "--output", "a.config"],
                cwd=tmp_path,
                stdin=file,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 2
        assert "would overwrite an input, standard input" in done.stderr
        assert path.read_text() == CONFIG


def test_devices_and_new_files_are_not_inputs(tmp_path: Path) -> None:
    new = str(tmp_path / "new")
    assert same_file(new, [new]) is None
    assert same_file(os.devnull, [os.devnull]) is None
    (tmp_path / "new").touch()
    assert same_file(new, ["missing", new]) == new


def test_reports_of_names_that_are_no_text(run: Run) -> None:
    Path("\udcff.config").write_text("constant_learning_rate { learning_rate: -1 }\n")
    assert run("validate", ".", "--output", "report")[0] == 1
    assert Path("report").read_text().startswith("\\udcff.config:1:")
    run("validate", ".", "--write-baseline", "known.json")
    assert run("validate", ".", "--baseline", "known.json")[0] == 0


# A process that is killed.

KILLED = f"""
import json, os, random, signal, sys, time
from schedule_builder import cli
seed, path = int(sys.argv[1]), sys.argv[2]
random.seed(seed)
folder = os.path.dirname(path)
with open(path, "rb") as file:
    old = file.read()

def start():
    with open(path, "wb") as file:
        file.write(old)
    if child := os.fork():
        return child
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    os._exit(cli.main(["validate", "--fix", "--isolated", path]))

def changes():
    status = os.stat(path)
    return status.st_ino, status.st_size, len(os.listdir(folder))

begin = time.monotonic()
os.waitpid(start(), 0)
seconds = time.monotonic() - begin
with open(path, "rb") as file:
    new = file.read()
assert new != old
found = []
for moment in range(50):
    child = start()
    if moment % 2:
        # While it writes, which is a small part of the time.
        before = changes()
        while changes() == before and not os.waitid(
            os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT
        ):
            pass
        end = time.monotonic() + random.random() * 0.05
        while time.monotonic() < end:
            pass
    else:
        time.sleep(random.random() * seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with open(path, "rb") as file:
        now = file.read()
    found.append("old" if now == old else "new" if now == new else "torn")
    for name in set(os.listdir(folder)) - {{os.path.basename(path)}}:
        assert name.startswith(".big.config.") and name.endswith("{TEMPORARY_SUFFIX}"), name
        os.unlink(os.path.join(folder, name))
print(json.dumps(found))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_that_is_killed_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "big.config"
    path.write_text(CONFIG + f"# {'x' * 100_000}\n" * 40)  # 4 MB
    done = subprocess.run(
        [sys.executable, "-c", KILLED, "7", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 50
    assert set(found) <= {"old", "new"}


KILLED_AT_LINE = """
import os, signal, sys
from schedule_builder import files
path, old, new = sys.argv[1], b"old" * 2000, b"new" * 1000

def tracing(frame, event, argument):
    global left
    if frame.f_code.co_filename != files.__file__:
        return None
    if event == "line":
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
    return tracing

status, count, seen = 1, 0, []
while status:
    count += 1
    with open(path, "wb") as file:
        file.write(old)
    if not (child := os.fork()):
        left = count
        sys.settrace(tracing)
        files.write_file(path, new, read=old)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    with open(path, "rb") as file:
        seen.append({old: "old", new: "new"}.get(file.read(), "torn"))
print(*seen)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_that_is_killed_at_every_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_LINE, str(tmp_path / "a.config")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = done.stdout.split()
    assert seen == sorted(seen, reverse=True)  # the old contents until they are the new ones
    assert set(seen) == {"old", "new"}
    assert seen.count("old") > 20


class Stop(Exception):
    """What no code expects."""


@pytest.mark.parametrize("error", [Stop(), OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_an_error_at_every_line_leaves_no_temporary_file(
    error: BaseException, tmp_path: Path
) -> None:
    path = tmp_path / "a.config"
    functions = {files._write_new, files._write_all, files._check_unchanged}
    codes = {function.__code__ for function in functions}
    left = 0

    def tracing(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code not in codes:
            return tracing
        if event == "line":
            left -= 1
            if not left:
                raise error
        return tracing

    before = sys.gettrace()
    failed = True
    count = 0
    while failed:
        count += 1
        left = count
        path.write_bytes(b"old")
        sys.settrace(tracing)
        try:
            write_file(path, b"new", read=b"old")
            failed = False
        except (Stop, WriteError, KeyboardInterrupt):
            failed = True
        finally:
            sys.settrace(before)
        assert path.read_bytes() == (b"old" if failed else b"new")
        assert names(tmp_path) == ["a.config"]
    assert count > 15


# One way to write.

OPENERS = {"open", "fdopen", "FileIO"}
WRITERS = {"write_text", "write_bytes", "savefig", "savetxt", "to_csv", "copyfile", "copyfileobj"}
WRITERS |= {"copy2", "mkstemp", "NamedTemporaryFile", "TemporaryFile", "TemporaryDirectory"}
MODE = re.compile(r"[rbt]*[wax+][rwaxbt+]*")
FLAGS = {"O_WRONLY", "O_RDWR", "O_APPEND", "O_CREAT"}
NOT_A_FILE_OF_THE_USER = {
    ("streams", "open"): "/dev/null instead of a closed stream",
    ("plot", "savefig"): "a picture in memory",
    ("rate_log", "open"): "a log that a run appends to, line by line",
}


def _is_mode(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and MODE.fullmatch(node.value) is not None
    return getattr(node, "attr", "") in FLAGS


def ways_to_write(source: str) -> set[str]:
    """The functions that a program calls to write files."""
    found = set()
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            nodes = [node for argument in given for node in ast.walk(argument)]
            if name in WRITERS or (name in OPENERS and any(map(_is_mode, nodes))):
                found.add(name)
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("open(path, 'w')", True),
        ("open(path, mode='ab', buffering=0)", True),
        ("path.open('r+b' if path.exists() else 'wb')", True),
        ("os.open(path, os.O_CREAT | os.O_RDWR)", True),
        ("FileIO(path, 'x')", True),
        ("Path(path).write_text(text)", True),
        ("np.savetxt(path, rates)", True),
        ("open(path)", False),
        ("open(path, 'rb')", False),
        ("open(path, encoding='utf-8')", False),
        ("os.open(path, os.O_RDONLY)", False),
        ("self.open(block, '}' if word == '{' else '>')", False),
    ],
)
def test_ways_to_write_are_found(source: str, expected: bool) -> None:
    assert bool(ways_to_write(source)) == expected


def test_there_is_one_way_to_write_a_file() -> None:
    package = Path(schedule_builder.__file__).parent
    found = {
        (path.stem, name)
        for path in package.rglob("*.py")
        if path != Path(files.__file__)
        for name in ways_to_write(path.read_text(encoding="utf-8"))
    }
    assert found == set(NOT_A_FILE_OF_THE_USER), "write with `write_file`"
