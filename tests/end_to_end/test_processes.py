"""What a system does to a process ends in one sentence, a certain exit code and whole files."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from schedule_builder.cli import app
from schedule_builder.output import RENDERERS
from tests.support.git import commit
from tests.support.processes import COMMANDS, CONFIG, children, command, run, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, pipes and devices")
NEEDED = {"plot": "plotille", "completion": "shtab", "server": "pygls"}
INTERRUPTED = "schedule-builder: interrupted\n"
FULL = "schedule-builder: cannot write standard output: No space left on device\n"
CLOSED = "schedule-builder: cannot write standard output: it is closed\n"


def needs(name: str) -> None:
    if name in NEEDED and find_spec(NEEDED[name]) is None:
        pytest.skip(f"{NEEDED[name]} is not installed")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a config, another one, and no part of a file at the end."""
    # Shells start what runs in the background with Ctrl-C ignored, and its children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.chdir(tmp_path)
    Path("a.config").write_text(CONFIG)
    Path("b.config").write_text(CONFIG.replace("0.1", "0.2").replace("  num", " num"))
    yield tmp_path
    signal.signal(signal.SIGINT, before)
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.fixture
def repository(folder: Path) -> None:
    commit(folder)


def test_every_command_is_called() -> None:
    assert {*COMMANDS, "server", "edit"} == set(app.COMMANDS)


# Ctrl-C.


@pytest.mark.parametrize("name", [*COMMANDS, "edit"])
def test_ctrl_c_while_a_command_is_imported(name: str) -> None:
    call = COMMANDS.get(name, ["edit", "--no-browser", "a.config"])
    moment = ("exec", f"schedule_builder/cli/{name}.py")
    done = run(*call, moment=moment, action="interrupt")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", INTERRUPTED)


@pytest.mark.parametrize("name", ["validate", "show", "set", "fmt", "report"])
def test_ctrl_c_while_a_file_is_read(name: str, repository: None) -> None:
    moment = ("open", "b.config" if name == "fmt" else "a.config")
    done = run(*COMMANDS[name], moment=moment, action="interrupt")
    assert (done.returncode, done.stderr) == (130, INTERRUPTED)


@pytest.mark.parametrize(
    "call",
    [
        ["set", "a.config", "num_steps=300"],
        ["rescale", "a.config", "--num-steps", "300"],
        ["convert", "a.config", "-o", "a.yaml"],
        ["fmt", "b.config"],
        ["validate", "a.config", "--write-baseline", "known.json"],
    ],
    ids=" ".join,
)
def test_ctrl_c_while_a_file_is_written(call: list[str], folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = run(*call, moment=("os.rename", ""), action="interrupt")
    assert (done.returncode, done.stderr) == (130, INTERRUPTED)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    "moment",
    [
        ("exec", "schedule_builder/cli/app.py"),  # the first one
        ("open", "a.config"),
    ],
    ids=" ".join,
)
def test_ctrl_c_at_the_first_moments_of_watching(moment: tuple[str, str]) -> None:
    done = run("validate", "--watch", "a.config", moment=moment, action="interrupt")
    assert (done.returncode, done.stderr) == (130, INTERRUPTED)


def test_ctrl_c_while_nothing_changes() -> None:
    with subprocess.Popen(
        command("validate", "--watch", "a.config"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1 file: no findings.\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", INTERRUPTED)
    assert process.returncode == 130


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc on this system")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_workers(number: signal.Signals, folder: Path) -> None:
    """A terminal sends Ctrl-C to all processes of a command."""
    long = CONFIG + "# \n" * 200_000
    for index in range(40):
        (folder / f"{index}.config").write_text(long)
    with subprocess.Popen(
        command("validate", "--jobs", 2, "."),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        wait_for(lambda: len(children(process.pid)) >= 2 or process.poll() is not None, "workers")
        workers = children(process.pid)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert len(workers) >= 2
    assert (process.returncode, out) == (128 + number, "")
    assert err == (INTERRUPTED if number == signal.SIGINT else "")
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "workers are left")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc on this system")
def test_a_worker_that_dies(folder: Path) -> None:
    for index in range(40):
        (folder / f"{index}.config").write_text(CONFIG + "# \n" * 200_000)
    with subprocess.Popen(
        command("validate", "--jobs", 2, "."), stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for(lambda: len(children(process.pid)) >= 2 or process.poll() is not None, "workers")
        os.kill(children(process.pid)[0], signal.SIGKILL)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err == (
        "schedule-builder: a worker process died, perhaps because memory ran out. Check fewer"
        " files, or pass `--jobs 1`\n"
    )


# Standard streams.


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full on this system")
@pytest.mark.parametrize("name", COMMANDS)
def test_an_output_that_cannot_be_written(name: str, repository: None) -> None:
    needs(name)
    with Path("/dev/full").open("w") as full:
        done = run(*COMMANDS[name], stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.splitlines(keepends=True)[-1]) == (2, FULL)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["validate", "show", "convert", "set"])
def test_an_output_that_is_closed(name: str) -> None:
    program = [*command(*COMMANDS[name])]
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *program],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines(keepends=True)[-1]) == (2, CLOSED)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("call", ["--help", "validate --help", "--version"])
def test_help_that_cannot_be_written(call: str) -> None:
    words = " ".join(command(*call.split()))
    done = subprocess.run(f"{words} >&-", shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, CLOSED)


@pytest.mark.parametrize(
    ("call", "closed", "code", "out", "err"),
    [
        ("validate missing", ">&- 2>&-", 2, "", ""),
        ("validate a.config", "2>&-", 0, "1 file: no findings.\n", ""),
        ("validate missing a.config", "2>&-", 2, "1 file: no findings.\n", ""),
        ("set a.config num_steps=300", "2>&-", 0, "", ""),
        ("set a.config num_steps=300", ">&- 2>&- <&-", 0, "", ""),
        ("validate a.config", "<&-", 0, "1 file: no findings.\n", ""),
        *(
            (call, "<&-", 2, "", "schedule-builder: cannot read standard input: it is closed\n")
            for call in ("validate -", "show -", "set - num_steps=3", "validate --fix -", "fmt -")
        ),
        ("nothing", "2>&-", 2, "", ""),
        ("validate missing", "2>/dev/full", 2, "", ""),
        ("edit --no-browser a.config", "2>/dev/full", 2, "", ""),
    ],
)
def test_streams_that_are_closed(call: str, closed: str, code: int, out: str, err: str) -> None:
    words = " ".join(command(*call.split()))
    done = subprocess.run(
        f"{words} {closed}", shell=True, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, out, err)
    steps = 300 if call.startswith("set a") else 150
    assert Path("a.config").read_text() == CONFIG.replace("num_steps: 150", f"num_steps: {steps}")


@pytest.mark.parametrize("name", ["show", "schema"])
def test_a_reader_that_has_left(name: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run(*COMMANDS[name], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    # No one would read a message beside the command that has ended.
    assert (done.returncode, done.stderr) == (2, "")


def test_a_fault_of_ours_is_one_sentence() -> None:
    moment = ("exec", "schedule_builder/cli/show.py")
    done = run("show", "a.config", moment=moment, action="raise")
    assert (done.returncode, done.stdout) == (2, "")
    said = "schedule-builder: internal error: ValueError: a fault\\x1b[31m of ours (<string>:"
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert "https://" in done.stderr


# Files and folders that are not what they seem.


@pytest.mark.parametrize(
    "call",
    [
        ["validate", "pipe.config"],
        ["validate", "--filter", "pipe.config"],
        ["validate", "--fix", "pipe.config"],
        ["show", "pipe.config"],
        ["set", "pipe.config", "num_steps=3"],
        ["fmt", "pipe.config"],
        ["diff", "a.config", "pipe.config"],
        ["validate", "a.config", "--config", "pipe.config"],
    ],
    ids=" ".join,
)
def test_a_pipe_without_a_writer(call: list[str]) -> None:
    os.mkfifo("pipe.config")
    done = run(*call)
    reason = "it is a named pipe, not a regular file (`-` reads standard input)"
    assert done.returncode == 2
    assert done.stderr in (
        f"schedule-builder: cannot read pipe.config: {reason}\n",
        f"schedule-builder: pipe.config: {reason}\n",
    )


def test_what_is_in_a_folder(folder: Path) -> None:
    """Nothing waits, and nothing runs in a circle; what cannot be read is named."""
    os.mkfifo("pipe.config")
    Path("zero.config").symlink_to("/dev/zero")
    Path("circle.config").symlink_to("circle.config")
    Path("self").symlink_to(".")
    Path("deep").mkdir()
    Path("deep/up").symlink_to("..")
    for paths in (["."], ["*.config"], ["**/*.config"], ["**"]):
        done = run("validate", "-q", *paths)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run("validate", "circle.config", "zero.config", "self/circle.config/x.config")
    assert done.returncode == 2
    assert done.stderr == (
        "schedule-builder: cannot read circle.config: Too many levels of symbolic links\n"
        "schedule-builder: cannot read zero.config: it is a device, not a regular file (`-` reads"
        " standard input)\n"
        "schedule-builder: cannot read self/circle.config/x.config: Too many levels of symbolic"
        " links\n"
    )


def test_an_open_pipe_is_read() -> None:
    words = " ".join(command("validate", "/dev/fd/7"))
    done = subprocess.run(
        ["sh", "-c", f"cat a.config | {words} 7<&0"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1 file: no findings.\n")


@pytest.mark.parametrize(
    ("action", "code", "said"),
    [
        ("delete", 2, "schedule-builder: cannot read a.config: No such file or directory\n"),
        ("truncate", 1, ""),
    ],
)
def test_a_file_that_changes_before_it_is_read(action: str, code: int, said: str) -> None:
    done = run("validate", "a.config", moment=("open", "a.config"), action=action)
    assert (done.returncode, done.stderr) == (code, said)


def test_names_of_any_bytes(folder: Path) -> None:
    if sys.platform == "darwin":
        pytest.skip("its file systems take names in UTF-8 alone")
    bad = "constant_learning_rate { learning_rate: -1 }\n"
    for raw in (b"\xff.config", b"a\n::error::x.config", b"\x1b[31m\xe2\x80\xae.config"):
        (folder / os.fsdecode(raw)).write_text(bad)
    for name in RENDERERS:
        done = run("validate", "-f", name, ".")
        assert (done.returncode, done.stderr.count("\n")) == (1, 0)
        assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", done.stdout)
        assert not re.search(r"(?m)^\s*::error::x", done.stdout)


@pytest.mark.parametrize("encoding", ["locale", "ascii"])
def test_a_locale_of_c(encoding: str, folder: Path) -> None:
    """Text for people is escaped; files, and what programs read, are in UTF-8."""
    text = CONFIG.replace("train_config {", 'train_config {  # \xe9\u2028\n  fine_tune: "\xe9"')
    (folder / "\xe9.config").write_text(text, "utf-8")
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    env |= {} if encoding == "locale" else {"PYTHONIOENCODING": "ascii"}
    done = run("validate", ".", env=env)
    assert (done.returncode, done.stderr) == (1, "")
    assert ".config:2:3: error[SB201] `train_config` has no field `fine_tune`." in done.stdout
    assert done.stdout.isascii()
    done = run("validate", "-f", "junit", ".", env=env)
    assert done.stdout.startswith('<?xml version="1.0" encoding="utf-8"?>')
    with (folder / "\xe9.config").open() as file:
        done = run("set", "-", "num_steps=7", env=env, stdin=file)
    assert (done.returncode, done.stdout) == (0, text.replace("num_steps: 150", "num_steps: 7"))


# Settings and baselines.

TABLE = "[tool.schedule-builder]\n"


@pytest.mark.parametrize(
    "text",
    [
        "num-steps = 1e999",
        "num-steps = true",
        "num-steps = 1" + "0" * 5000,
        "max-rate = { adam = inf, sgd = -1 }",
        "thresholds = { settled-fraction = nan }",
        "files = [1]",
        'exclude = ["a\\u0000b", 5]',
        "exclude = " + "[" * 20_000,
        "exclude = " + "[" * 20_000 + "]" * 20_000,
        "policy = 3",
        'baseline = "a\\u0000b"',
        "select = { a = 1 }",
        "ignore = 2000-01-01",
        'severity = { SB402 = ["error"] }',
        '"\\u001b[31m" = 1',
        "num-steps = 5\0",
        "\x1b[31m",
    ],
)
def test_hostile_settings(text: str) -> None:
    Path("pyproject.toml").write_text(TABLE + text)
    done = run("validate", "a.config")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(("schedule-builder: ", "pyproject"))
    assert "pyproject.toml" in done.stderr
    assert done.stderr.count("\n") <= 2
    assert not re.search("[\0-\x08\x0b-\x1f]", done.stderr)
    assert "Traceback" not in done.stderr


ENTRY = (
    '{"version": 1, "findings": [{"file": %s, "code": %s, "path": %s, "line": %s, "count": %s}]}'
)


@pytest.mark.parametrize(
    "text",
    [
        ENTRY % ('"a.config"', '"SB402"', '""', '""', "1e999"),
        ENTRY % ('"a.config"', '"SB402"', '""', '""', "-1"),
        ENTRY % ('"a.config"', '"SB402"', '""', '""', "1" + "0" * 5000),
        ENTRY % ("5", '"SB402"', '""', '""', "1"),
        ENTRY % ('"a.config"', "[]", '""', '""', "1"),
        ENTRY % ('"a.config"', '"SB402"', "{}", '""', "1"),
        ENTRY % ('"a\\u0000"', '"SB402"', '""', '""', "1"),
        '{"version": 1e999, "findings": []}',
        '{"version": "\\u001b[31m", "findings": []}',
        '{"version": 1, "findings": {"a": 1}}',
        '{"version": 1, "findings": null}',
        "[" * 20_000,
        "[" * 20_000 + "]" * 20_000,
        '{"a":' * 20_000,
        "\0",
        "",
    ],
)
def test_hostile_baselines(text: str) -> None:
    Path("known.json").write_text(text)
    done = run("validate", "a.config", "--baseline", "known.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch("schedule-builder: known.json[^\0-\x1f]*\n", done.stderr)


def test_a_long_name_in_a_baseline() -> None:
    name = json.dumps("x" * 5000 + ".config")
    Path("known.json").write_text(ENTRY % (name, '"SB402"', '""', '""', "1"))
    done = run("validate", "a.config", "--baseline", "known.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "SB903" in done.stdout


def test_settings_that_are_half_written_while_watching() -> None:
    settings = Path("pyproject.toml")
    a, b = TABLE + 'select = ["SB402"]\n', TABLE + 'select = ["SB4'
    settings.write_text(a)
    with subprocess.Popen(
        command("validate", "--watch", "a.config"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "1 file: no findings.\n"
        settings.write_text(b)
        assert "pyproject.toml" in process.stderr.readline()
        Path("a.config").unlink()
        settings.write_text(a)
        assert "cannot read a.config" in process.stderr.readline()
        Path("a.config").write_text(CONFIG)
        assert process.stdout.readline() == "1 file: no findings.\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", INTERRUPTED)
    assert process.returncode == 130


# Plugins.

PLUGINS = {
    "raises at import": "raise RuntimeError('no such\\x1b[31m\\n place')",
    "cannot be imported": "import a_module_that_is_missing",
    "exits": "raise SystemExit",
    "raises": "raise RuntimeError('no such\\x1b[31m\\n place')",
    "returns nothing": "return None",
    "has a curve that raises": "return Schedule((Segment(0, Broken(0.1), 0),))",
}
MODULE = """\
from google.protobuf.wrappers_pb2 import DoubleValue
from schedule_builder import Schedule, Segment, lowers
from schedule_builder.curves import Constant

class Broken(Constant):
    is_constant = False
    def extremes(self, *rest):
        raise RuntimeError("no place")

@lowers(DoubleValue)
def lower(message):
    {0}
"""


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_that_fails(name: str, folder: Path) -> None:
    code = PLUGINS[name]
    is_imported = name in ("raises", "returns nothing", "has a curve that raises")
    site = folder / "site-packages"
    (site / "acme-1.dist-info").mkdir(parents=True)
    (site / "acme-1.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme\nVersion: 1\n"
    )
    entry = "[schedule_builder.schedules]\nacme = acme_schedules\n"
    (site / "acme-1.dist-info/entry_points.txt").write_text(entry)
    (site / "acme_schedules.py").write_text(MODULE.format(code) if is_imported else code)
    Path("a.config").write_text(
        "custom {\n  [type.googleapis.com/google.protobuf.DoubleValue] { value: 1 }\n}\n"
    )
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    done = run("validate", "a.config", "b.config", env={"PYTHONPATH": path})
    assert (done.returncode, done.stderr) == (1, "")
    first, *_, last = done.stdout.splitlines()
    place = "1:1: error[SB308]" if is_imported else "2:3: error[SB208]"
    assert first.startswith(f"a.config:{place} ")
    assert "acme_schedules" in first
    assert last == "Found 1 error in 1 of 2 files."
    assert not re.search("[\0-\x08\x0b-\x1f]", done.stdout)
    assert run("show", "b.config", env={"PYTHONPATH": path}).returncode == 0


# The current folder.


def test_nothing_is_taken_from_the_current_folder(folder: Path) -> None:
    """`python -m` looks there first, for modules and for plugins."""
    hostile = "import pathlib; pathlib.Path('PWNED').touch()\n"
    for name in ("google", "yaml", "argparse", "tomllib", "difflib", "acme_schedules"):
        (folder / f"{name}.py").write_text(hostile)
    (folder / "acme-1.dist-info").mkdir()
    (folder / "acme-1.dist-info/METADATA").write_text("Name: acme\nVersion: 1\n")
    entry = "[schedule_builder.schedules]\nacme = acme_schedules\n"
    (folder / "acme-1.dist-info/entry_points.txt").write_text(entry)
    Path("c.yaml").write_text('custom: {"@type": type.googleapis.com/acme.Kind}\n')
    Path("pyproject.toml").write_text("[tool.schedule-builder]\n")
    done = run("validate", "a.config", "c.yaml")
    assert (done.returncode, done.stderr) == (1, "")
    assert "c.yaml:1:19: error[SB208] unknown custom schedule `acme.Kind`." in done.stdout
    assert "No installed package provides one." in done.stdout
    assert not Path("PWNED").exists()


def test_a_current_folder_that_is_gone(folder: Path) -> None:
    path = folder / "a.config"
    (folder / "gone").mkdir()
    words = " ".join(command("validate", path))
    done = subprocess.run(
        f"cd gone && rmdir ../gone && {words}",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "1 file: no findings.\n")


@pytest.mark.parametrize(
    ("name", "call"),
    [("digits.config", ["convert"]), ("garden/resnet50_cosine.yaml", ["show", "--resolved"])],
)
def test_protobuf_in_pure_python(name: str, call: list[str]) -> None:
    """Where no wheel fits, pip installs protobuf without its C code."""
    path = Path(__file__).parent.parent.parent / "configs" / name
    env = {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    pure, other = run(*call, path, env=env), run(*call, path)
    assert (pure.returncode, pure.stdout, pure.stderr) == (0, other.stdout, other.stderr)
