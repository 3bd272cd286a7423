"""Nothing of a checked repository runs, and nothing is opened but what a command is about."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import schedule_builder
from schedule_builder.cli.app import main
from schedule_builder.web.session import REQUESTS

CONFIG = """train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { cosine_decay_learning_rate {
    learning_rate_base: 0.1
    total_steps: 150
    warmup_steps: 10
  } } } }
}
"""
# Plain files, which anybody can commit: together git takes them for a repository.
BARE_REPOSITORY = {
    "HEAD": "ref: refs/heads/main\n",
    "objects/kept": "",
    "refs/kept": "",
    "config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"
    '\tfsmonitor = "touch PWNED; false"\n',
}


def write(path: Path, text: str = CONFIG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def git(*arguments: object, cwd: Path) -> None:
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(
        ["git", *identity, *map(str, arguments)], cwd=cwd, check=True, capture_output=True
    )


def did_run(folder: Path) -> bool:
    return any(folder.rglob("PWNED"))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone of a repository with the attack in its folder `data`."""
    if shutil.which("git") is None:
        pytest.skip("git is needed to clone the attack")
    for name, text in BARE_REPOSITORY.items():
        write(tmp_path / "origin/data" / name, text)
    write(tmp_path / "origin/data/a.config")
    git("init", "-q", cwd=tmp_path / "origin")
    git("add", "-A", cwd=tmp_path / "origin")
    git("commit", "-q", "-m", "attack", cwd=tmp_path / "origin")
    git("clone", "-q", "origin", "clone", cwd=tmp_path)
    shutil.rmtree(tmp_path / "origin")
    return tmp_path / "clone"


def test_the_attack_works_on_git(clone: Path) -> None:
    listing = ["git", "-C", str(clone / "data"), "ls-files", "-co", "--exclude-standard"]
    done = subprocess.run(listing, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this git refuses embedded bare repositories: {done.stderr}")
    assert did_run(clone)


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ("clone", "."),
        ("clone", "data"),
        ("clone/data", "."),
        (".", "."),
        (".", "clone"),
        ("clone", "data/a.config"),
        ("clone/data", "a.config"),
        ("clone", "**/*.config"),
        ("clone", ""),
    ],
)
@pytest.mark.parametrize("options", [[], ["--fix", "--filter"]])
def test_the_attack_does_not_work_here(
    where: str, path: str, options: list[str], clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone.parent / where)
    assert main(["validate", *options, *([path] if path else [])]) == 0
    assert not did_run(clone.parent)


# What Python tells of is written down at once: workers that are forked share the file.
RECORDER = """
import os, sys
log = os.open(os.environ["RECORDER_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
method = os.environ["RECORDER_METHOD"]
if method and __name__ == "__main__":
    import multiprocessing
    multiprocessing.set_start_method(method)
    del os.fork  # as on a system that starts workers in this way
STARTS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork",
    "os.forkpty", "os.startfile", "pty.spawn", "socket.connect", "socket.getaddrinfo")
FORKS = ("schedule_builder.workspace.processes", "multiprocessing.popen_fork")
OPENS = ("open", "os.listdir", "os.scandir")
def hook(event, arguments):
    if event in STARTS:
        frame = sys._getframe()
        while frame is not None:
            if event == "os.fork" and frame.f_globals.get("__name__") in FORKS:
                return
            frame = frame.f_back
        os.write(log, f"start\\t{event} {arguments!r}\\n".encode())
    elif event in OPENS and isinstance(arguments[0], (str, bytes, os.PathLike)):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        os.write(log, f"open\\t{path}\\n".encode("utf-8", "surrogateescape"))
sys.addaudithook(hook)
if __name__ == "__main__":
    from schedule_builder.cli import main
    sys.exit(main())
"""
FILES = {
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/config": '[core]\n\tfsmonitor = "touch PWNED"\n',
    ".git/info/exclude": "other/\n",
    ".gitignore": "out/\n",
    "pyproject.toml": "[tool.schedule-builder]\nexclude = ['old/']\n",
    "given/.gitignore": "!out/\n",
    "given/a.config": CONFIG,
    "given/b.config": CONFIG.replace("0.1", "0.2"),
    "given/notes.txt": "not a config",
    "given/old/c.config": CONFIG,
    "given/other/d.config": CONFIG,
    "out/e.config": CONFIG,
    "beside/f.config": CONFIG,
    "beside/.gitignore": "*\n",
    "beside/pyproject.toml": "[tool.schedule-builder]\n",
}
RULES = {".gitignore", "pyproject.toml"}
FOLDER = {"given", "given/.gitignore", ".git/info/exclude", *RULES}
"""What is looked at where the folder is given, its configs apart."""
A, B = "given/a.config", "given/b.config"
COMMANDS: dict[str, tuple[list[str], set[str]]] = {
    "validate a folder": (["validate", "given"], {*FOLDER, "given/old", A, B}),
    "validate, shared": (["validate", "--jobs", "2", "given"], {*FOLDER, "given/old", A, B}),
    "validate and fix": (["validate", "--fix", "given"], {*FOLDER, "given/old", A, B}),
    "validate a file": (["validate", A], {A, "pyproject.toml"}),
    "validate a pattern": (["validate", "given/*.config"], {"given", A, B, "pyproject.toml"}),
    "validate alone": (["validate", "--isolated", A], {A}),
    "validate, full": (["validate", "--format", "full", A, B], {A, B, "pyproject.toml"}),
    "validate to a file": (
        ["validate", "--format", "sarif", "--output", "report", A],
        {A, "pyproject.toml", "report", "."},
    ),
    "validate and know": (
        ["validate", "--write-baseline", "known.json", A],
        {A, "pyproject.toml", "known.json", "."},
    ),
    "show": (["show", A], {A, "pyproject.toml"}),
    "show all": (["show", "--resolved", A], {A, "pyproject.toml"}),
    "diff": (["diff", A, B], {A, B, "pyproject.toml"}),
    "convert": (["convert", A], {A, "pyproject.toml"}),
    "convert to a file": (
        ["convert", A, "--output", "new.yaml"],
        {A, "pyproject.toml", "new.yaml", "."},
    ),
    "get": (["get", A, "num_steps"], {A}),
    "set": (["set", A, "num_steps=300"], {A, "given"}),
    "rescale": (["rescale", "--num-steps", "300", A], {A, "given"}),
    "rescale, shown": (["rescale", "--num-steps", "300", "--diff", A], {A}),
    "fmt": (["fmt", A], {A, "given"}),
    "fmt a folder": (["fmt", "given"], {*FOLDER, "given/old", A, B}),
    "plot": (["plot", A, "--output", "new.svg"], {A, "pyproject.toml", "new.svg", "."}),
    "plot, in the terminal": (["plot", A, B, "--terminal"], {A, B, "pyproject.toml"}),
    "report a page": (
        ["report", "given", "--output", "all.html"],
        {*FOLDER, "given/old", A, B, "all.html", "."},
    ),
    "rules": (["rules", "SB402"], set()),
    "schema": (["schema"], set()),
    "server": (["server"], {"pyproject.toml"}),
    "completion": (["completion", "bash"], set()),
    "help": (["--help"], set()),
    "version": (["--version"], set()),
}
OF_A_PAGE = {"edit": (["edit", A, "--no-browser"], {A, "pyproject.toml", "given"})}
"""It serves a page until Ctrl-C, and reads and writes what the page asks for."""
NEEDED = {
    "plot": "matplotlib",
    "plot, in the terminal": "plotille",
    "server": "pygls",
    "completion": "shtab",
}
PYTHON = {
    Path(str(path)).resolve()
    for path in (
        Path(schedule_builder.__file__).parent,
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        # The search for a package's version looks in every folder of modules.
        *filter(None, sys.path),
    )
}

SEARCHED = {str(Path(schedule_builder.__file__).parents[1]), *filter(str.strip, sys.path)}
"""Folders that Python lists to find a module."""


def message(method: str, number: int | None = None, **params: object) -> bytes:
    """What an editor sends."""
    content = {"jsonrpc": "2.0", "method": method, "params": params}
    body = json.dumps(content | ({} if number is None else {"id": number})).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def session(path: Path) -> bytes:
    document = {"uri": path.as_uri(), "languageId": "pbtxt", "version": 1, "text": CONFIG}
    return b"".join(
        (
            message("initialize", 1, processId=None, rootUri=None, capabilities={}),
            message("initialized"),
            message("textDocument/didOpen", textDocument=document),
            message("textDocument/codeLens", 2, textDocument={"uri": path.as_uri()}),
            message("shutdown", 3),
            message("exit"),
        )
    )


def recorded(
    project: Path, arguments: list[str], text: bytes = b"", method: str = ""
) -> tuple[set[str], set[str], subprocess.CompletedProcess[bytes]]:
    """What a command starts, and which paths it opens, from the project's folder if they are in it.

    Python's own modules, and those of packages, are left out.
    """
    command, environment = recorder_of(project, method)
    done = subprocess.run(
        [*command, *arguments],
        cwd=project,
        env=environment,
        input=text,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return (*recording_of(project), done)


def recorder_of(project: Path, method: str = "") -> tuple[list[str], dict[str, str]]:
    """What to call a command with, so that it is recorded, and the environment."""
    recorder = write(project.parent / "recorder/recorder.py", RECORDER)
    log = recorder.with_name("log")
    home = project.parent / "home"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"},
        "HOME": str(home),
        "MPLCONFIGDIR": str(home),
        "PYTHONPATH": str(Path(schedule_builder.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "RECORDER_LOG": str(log),
        "RECORDER_METHOD": method,
    }
    return [sys.executable, str(recorder)], environment


def recording_of(project: Path) -> tuple[set[str], set[str]]:
    """What was recorded: what was started, and which paths were opened."""
    log, home = project.parent / "recorder/log", project.parent / "home"
    starts, opened = set(), set()
    for line in log.read_bytes().decode("utf-8", "surrogateescape").splitlines():
        kind, _, what = line.partition("\t")
        path = Path(what)
        if kind == "start":
            starts.add(what)
        elif path.is_relative_to(project):
            # A file is written under another name first, and its folder is synchronized.
            own = re.sub(r"^\.(.*)\.\w+\.schedule-builder\.tmp$", r"\1", path.name)
            opened.add(path.with_name(own).relative_to(project).as_posix())
        elif what not in SEARCHED and not any(
            path.resolve().is_relative_to(p) for p in (*PYTHON, home, log.parent)
        ):
            opened.add(what)
    log.unlink()
    return starts, opened


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        write(tmp_path / "project" / name, text)
    (tmp_path / "home").mkdir()
    return tmp_path / "project"


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_starts_and_opens(name: str, project: Path) -> None:
    arguments, allowed = COMMANDS[name]
    if name in NEEDED and find_spec(NEEDED[name]) is None:
        pytest.skip(f"{NEEDED[name]} is not installed")
    text = session(project / A) if name == "server" else b""
    if name == "plot":
        # The first drawing with matplotlib searches the machine's fonts, once.
        recorded(project, arguments)
    starts, opened, done = recorded(project, arguments, text)
    assert starts == set()
    assert opened - {"/dev/null"} <= allowed
    assert done.returncode == (1 if name == "diff" else 0), done.stderr
    assert b"Traceback" not in done.stderr
    # The recorder works: what the command cannot do without is among it.
    assert {path for path in allowed if path.endswith(".config")} <= opened
    assert not did_run(project)


# Only a revision makes git start, and only in one way.
READS_OBJECTS = re.compile(
    r"(subprocess\.Popen|os\.posix_spawn) \('(/[^']*)?/git', \['(/[^']*)?/git', '-C', '[^']*',"
    r" '--no-pager',"
    r" '--no-replace-objects', '--no-optional-locks', '-c', 'core\.fsmonitor=false',"
    r" '-c', 'core\.hooksPath=/dev/null', '-c', 'safe\.bareRepository=explicit',"
    r" ('cat-file', '--batch(-check)?'|'ls-tree', '-r', '-z', '--full-tree', '[0-9a-f]{40}')\],"
)
OF_A_REVISION = {
    "diff of a file": ["diff", f"HEAD:{A}", A],
    "diff of a folder": ["diff", "--git", "HEAD", "given"],
    "report": ["report", "--against", "HEAD", "given"],
}


@pytest.mark.parametrize("name", OF_A_REVISION)
def test_a_revision_starts_git_to_read_objects(name: str, project: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    shutil.rmtree(project / ".git")
    git("init", "-q", cwd=project)
    git("add", "-A", cwd=project)
    git("commit", "-q", "-m", "configs", cwd=project)
    with (project / ".git/config").open("a") as file:
        file.write(FILES[".git/config"])
    write(project / A, CONFIG.replace("0.1", "0.3"))
    starts, opened, done = recorded(project, OF_A_REVISION[name])
    assert done.returncode == (0 if name == "report" else 1), done.stderr
    assert b"0.3" in done.stdout
    assert starts
    assert [start for start in starts if not READS_OBJECTS.match(start)] == []
    assert not {path for path in opened if path.startswith(".git/")} - {".git/info/exclude"}
    assert not did_run(project)


HOSTILE = "import pathlib; pathlib.Path('PWNED').touch()\n"


@pytest.mark.parametrize("method", ["", "spawn", "forkserver"])
def test_no_module_is_taken_from_the_current_folder(method: str, project: Path) -> None:
    if method and sys.version_info < (3, 11):
        pytest.skip("Python 3.10 always looks for a new worker's modules in the current folder")
    for name in ("multiprocessing", "yaml", "google", "subprocess", "logging", "sitecustomize"):
        write(project / f"{name}.py", HOSTILE)
    _, _, done = recorded(project, ["validate", "--jobs", "2", "given"], method=method)
    assert done.returncode == 0, done.stderr
    assert b" in 2 files." in done.stdout
    assert not did_run(project)


def test_a_picture_does_not_follow_the_current_folder(project: Path) -> None:
    if find_spec("matplotlib") is None:
        pytest.skip("matplotlib is not installed")
    arguments = ["plot", A, "--output", "new.svg"]
    recorded(project, arguments)
    before = (project / "new.svg").read_bytes()
    write(project / "matplotlibrc", "text.usetex: True\nlines.linewidth: 9\n")
    starts, _, done = recorded(project, arguments)
    assert (starts, done.returncode) == (set(), 0)
    assert (project / "new.svg").read_bytes() == before


def test_the_action_takes_no_module_from_the_current_folder() -> None:
    action = Path(__file__).parents[2] / "action.yml"
    started = [line for line in action.read_text().splitlines() if " -m " in line]
    assert len(started) == 2
    assert all(" -I -m " in line for line in started)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Shells start what runs in the background with Ctrl-C ignored, which children inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_the_editor_reads_and_writes_its_file_alone(project: Path) -> None:
    command, environment = recorder_of(project)
    arguments, allowed = OF_A_PAGE["edit"]
    with subprocess.Popen(
        [*command, *arguments], cwd=project, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            address = process.stderr.readline().split()[-1]
            use_editor(address)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
            told = process.stderr.read()
        finally:
            process.kill()  # A test that fails must not wait for it.
    assert told == "Ctrl-C ends it.\nschedule-builder: interrupted\n"
    starts, opened = recording_of(project)
    assert starts == set()
    assert opened == allowed
    assert (project / A).read_text() == CONFIG + "# new"


def use_editor(address: str) -> None:
    """Asks for all that a page asks for, and saves."""
    origin, _, token = address.partition("/#")
    headers = {
        "Origin": origin,
        "Content-Type": "application/json",
        "Authorization": f"Bearer {token}",
    }
    connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=30)

    asked = set()

    def ask(name: str, **values: object) -> dict[str, Any]:
        asked.add(name)
        connection.request("POST", f"/api/{name}", json.dumps(values), headers)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        assert "error" not in answer
        return answer

    file = ask("open")
    root = "train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate"
    assert ask("check", text=file["text"], saved="")["curve"]
    assert ask("set", text=CONFIG, field="train_config.num_steps", value="200")["changes"]
    peak = {"kind": "peak", "field": f"{root}.learning_rate_base", "at": 10}
    assert ask("drag", text=CONFIG, **peak, step=10, rate=0.2)["changes"]
    assert ask("complete", text=CONFIG, offset=CONFIG.index("num_steps"))["options"]
    assert ask("hover", text=CONFIG, offset=CONFIG.index("num_steps"))["text"]
    assert ask("save", text=CONFIG + "# new", version=file["version"], form="\n")["isSaved"]
    assert ask("disk")["version"] != file["version"]
    assert asked == set(REQUESTS)
    connection.close()


def test_every_command_is_recorded() -> None:
    from schedule_builder.cli import app

    recorded = [arguments for arguments, _ in (*COMMANDS.values(), *OF_A_PAGE.values())]
    recorded += OF_A_REVISION.values()
    assert set(app.COMMANDS) <= {arguments[0] for arguments in recorded}
