"""Time grows in proportion to what is read, and what is larger than a limit is reported."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from schedule_builder import build_schedule, compiler, limits, load, validate, validate_text
from schedule_builder.cli import common
from schedule_builder.cli.app import main
from schedule_builder.compiler import Config, examine_bytes
from schedule_builder.diagnostics import ConfigError
from schedule_builder.editing.convert import convert
from schedule_builder.editing.format import format_text
from schedule_builder.editing.rates import scale_rates
from schedule_builder.editing.rescale import rescale
from schedule_builder.editing.set import Setting, edit
from schedule_builder.editing.step_units import in_unit
from schedule_builder.files import read_file
from schedule_builder.output.changes import Side
from schedule_builder.output.resolved import resolved
from schedule_builder.reading import formats, yaml_format
from schedule_builder.v1.pipeline_pb2 import TrainEvalPipelineConfig
from schedule_builder.web.fields import handles, number_fields
from schedule_builder.web.model import shown_side
from schedule_builder.workspace.checker import check, check_files
from schedule_builder.workspace.fixes import fix
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import Settings
from tests.support.operations import CountedText, Counter, count_patterns
from tests.support.shapes import DATA, SHAPES, deep_stages

ROOT = Path(__file__).parent.parent
REQUEST = Request(settings=Settings())
UNITS = 8
EXPONENT = 1.15
FEW = 300
SMALL = 0.05
"""So few more operations, or so small a share, do not tell how they grow: then all are compared."""
LIMITED = (
    "members of a",
    "cycles in a",
    "nested sequences",
    "opening braces",
    "a chain of merges",
)
"""Shapes that soon reach a limit, of members or of levels, up to which they may take more."""


def counted(name: str, counter: Counter, units: int) -> int:
    """The operations that checking and fixing a file takes."""
    shape = SHAPES[name]
    data = shape.text(units).encode("utf-8", "surrogatepass")
    counter.count = 0
    counter.lines_of(lambda: fix(data, f"/x{shape.suffix}", REQUEST, unsafe=True))
    return counter.count


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()
    decode = formats.decode

    def counting(data: bytes, filename: str) -> Any:
        source, report = decode(data, filename)
        text = CountedText(source.text)
        text.counter = counter
        source.__dict__["text"] = text
        return source, report

    monkeypatch.setattr(compiler, "decode", counting)
    # The parser in C takes no other class than `str`.
    loader = yaml_format._LOADER
    monkeypatch.setattr(yaml_format, "_LOADER", lambda text: loader(str(text)))
    return counter


@pytest.mark.parametrize("name", [n for n in SHAPES if not any(word in n for word in LIMITED)])
def test_operations_grow_in_proportion(
    name: str, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What twice as many units add is twice as much: nothing looks at all for each of them."""
    count_patterns(monkeypatch, counter)
    # The first time more is loaded and remembered.
    _, two, four, eight = (counted(name, counter, UNITS * factor) for factor in (1, 2, 4, 8))
    before, after = four - two, eight - four
    growth = after / before if before > max(FEW, two * SMALL) else eight / four
    assert growth < 2**EXPONENT, (two, four, eight)


def test_deep_stages_take_little_more_memory_than_others() -> None:
    """Not a path of a hundred names for each field of each of them."""
    stages = 500  # So many that Python's own frames for the levels do not matter.

    def peak(levels: int) -> int:
        data = deep_stages(levels, stages).encode()
        with compiler.without_collector():
            tracemalloc.start()
            try:
                config = examine_bytes(data, "a.config")
                assert config.schedule is not None
                assert len(config.schedule.segments) == stages
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak(32)  # The first time more is loaded and remembered.
    assert peak(32) < 2.6 * peak(0)


def test_what_is_counted() -> None:
    counter = Counter()
    text = CountedText("ab" * 50)
    text.counter = counter

    def quadratic(units: int) -> None:
        for end in range(units):
            text[:end]

    def counted_at(run: Any) -> int:
        counter.count = 0
        counter.lines_of(run)
        return counter.count

    assert counted_at(lambda: [x for x in range(1000)]) > 1000  # noqa: C416 - its turns count
    assert counted_at(lambda: text.find("c")) >= 100
    assert counted_at(lambda: quadratic(80)) > 3 * counted_at(lambda: quadratic(40))


def codes(text: str, suffix: str = ".config") -> list[str]:
    return [d.code for d in check(text.encode(), f"/x{suffix}", REQUEST).diagnostics]


def test_the_size_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedule_builder.reading.formats.MAX_FILE_BYTES", 100)
    text = "constant_learning_rate { learning_rate: 0.1 }"
    assert codes(text.ljust(100)) == []
    assert codes(text.ljust(101)) == ["SB110"]


def test_the_size_of_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedule_builder.reading.formats.MAX_FILE_BYTES", 100)
    text = "constant_learning_rate { learning_rate: 0.1 }"
    assert validate_text(text.ljust(100)) == []
    for large in (text.ljust(101), f"{text} #".ljust(80, "\N{SNOWMAN}")):
        (finding,) = validate_text(large)
        assert (finding.code, finding.row, finding.column) == ("SB110", 1, 1)


def test_a_large_file_is_not_read_as_a_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would not fit into memory."""
    path = tmp_path / "a.config"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert [d.code for d in validate([path])] == ["SB110"]
    with pytest.raises(ConfigError, match="SB110"):
        build_schedule(path)
    for command in ("show", "fmt", "convert", "set"):
        assert main([command, str(path), *["num_steps=1"] * (command == "set")]) == 1, command
        assert "more than 5,000,000 bytes" in capsys.readouterr().err
    assert main(["validate", "--fix", str(path)]) == 1
    assert path.stat().st_size == 1 << 40


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only on Linux")
def test_a_file_that_hides_its_size_is_not_read_as_a_whole() -> None:
    path = Path("/proc/self/maps")
    assert path.stat().st_size == 0
    assert len(read_file(path, at_most=100)) == 101


def test_standard_input_is_not_read_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    size = 1_000
    for name in ("reading.formats", "cli.common", "cli.fmt"):
        monkeypatch.setattr(f"schedule_builder.{name}.MAX_FILE_BYTES", size)
    monkeypatch.setitem(common.read_input.__kwdefaults__ or {}, "most", size)
    for command, said in [
        (["validate", "-"], "SB110"),
        (["fmt", "-"], "more than 1,000 bytes"),
        (["validate", "--fix", "-"], "standard input has more than 1,000 bytes"),
    ]:
        endless = io.BufferedReader(Endless())
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=endless))
        code = main([*command, "--isolated"] if command[0] == "validate" else command)
        out, err = capsys.readouterr()
        assert code == (2 if "--fix" in command else 1), command
        assert said in out + err, command
        assert "num_steps" not in out


class Endless(io.RawIOBase):
    """More than can be read: the test ends only if not all is asked for."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        line = b"num_steps: 5\n"[: len(buffer)]
        buffer[: len(line)] = line
        return len(line)


def test_the_size_of_files_that_are_not_configs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are read as a whole, or not at all."""
    config = tmp_path / "a" / "a.config"
    config.parent.mkdir()
    config.write_text("constant_learning_rate { learning_rate: 0.1 }")
    huge = {
        name: tmp_path / name
        for name in ("rates.csv", "baseline.json", "a/pyproject.toml", ".gitignore")
    }
    for path in huge.values():
        with path.open("wb") as file:
            file.truncate(1 << 40)
    for arguments, said in [
        (["diff", huge["rates.csv"], config], "more than 200,000,000 bytes"),
        (["validate", "--isolated", "--baseline", huge["baseline.json"], config], "100,000,000"),
        (["validate", "--config", huge["a/pyproject.toml"], config], "more than 5,000,000 bytes"),
        (["validate", config], "more than 5,000,000 bytes"),
        (["show", config], "more than 5,000,000 bytes"),
    ]:
        assert main([*map(str, arguments)]) == 2, arguments
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1), arguments
        assert said in err
    huge["a/pyproject.toml"].unlink()
    (tmp_path / ".git").mkdir()
    for command in (["validate"], ["fmt", "--check"]):
        assert main([*command, str(config.parent)]) == 2
        assert f"{huge['.gitignore']}: it has more than 5,000,000 bytes" in capsys.readouterr().err


def test_the_size_of_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts may be the same object, so that a small dict says as much as is left of memory."""
    monkeypatch.setattr("schedule_builder.reading.data_trees.MAX_DATA_CHARACTERS", 10_000)
    value: Any = 1
    for _ in range(60):
        value = [value, value]
    for data in ({"model": value}, {"model": {"a": "a" * 10_001}}):
        with pytest.raises(ConfigError, match=r"<dict>:1:1: error.SB110") as refused:
            load(data)
        assert len(refused.value.diagnostics) < 10
    message = TrainEvalPipelineConfig()
    message.train_config.freeze_variables.extend(["a" * 100] * 100)
    with pytest.raises(ConfigError, match=r"<TrainEvalPipelineConfig>:1:1: error.SB110"):
        load(message)


@pytest.mark.parametrize(("files", "processes"), [(1, 0), (2, 2), (3, 3), (9, 3)])
def test_processes(files: int, processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more than files or cores, whatever is asked for."""
    started = []

    def shared(
        work: Callable[[str], object], names: Sequence[str], count: int
    ) -> Generator[object, None, None]:
        started.append(count)
        yield from map(work, names)

    monkeypatch.setattr("schedule_builder.workspace.processes.shared", shared)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    names = [f"/nowhere/{i}.config" for i in range(files)]
    assert len(list(check_files(names, REQUEST, jobs=64))) == files
    assert started == [processes] * bool(processes)


def growth(counted: Callable[[int], int]) -> float:
    """How much more what twice as many units add takes."""
    _, two, four, eight = (counted(UNITS * factor) for factor in (1, 2, 4, 8))
    return (eight - four) / (four - two)


def test_many_files(tmp_path: Path, counter: Counter) -> None:
    def run(units: int) -> int:
        folder = tmp_path / str(units)
        folder.mkdir()
        for index in range(units):
            text = "constant_learning_rate { learning_rate: 0.1 }\n"
            (folder / f"{index}.config").write_text(text)
        counter.count = 0
        counter.lines_of(lambda: main(["validate", "--isolated", "--jobs", "1", str(folder)]))
        return counter.count

    assert growth(run) < 2**EXPONENT


STAGES = (
    "train_config {{ num_steps: 100000\noptimizer {{ sgd_optimizer {{ learning_rate {{\n"
    "manual_step_learning_rate {{\n{}\n}} }} }} }} }}\n"
)
STAGE = "schedule {{ step: {}00 learning_rate: 0.{} }}  # stage"
ADDED = "{{step: 9900{} learning_rate: 0.00001}}"
MILESTONES = (
    "multi_step_learning_rate {{ initial_learning_rate: 1 decay_factor: 0.5 milestones: ["
    "\n{}\n500] }}\n",
    "{},",
)
WARMUP = "learning_rate.warmup"
MEMBERS = (
    "sequential_learning_rate {{\n{}\n}}\n",
    "stage {{ steps: 9 learning_rate {{ constant_learning_rate {{ learning_rate: 0.{} }}"
    " warmup {{ warmup_steps: 1 }} }} }} # stage",
)


KEYS = ("train_config {{ }} model {{\n{}\n}}\n", "key_{}: {}  # key")
ALIASED_KEYS = (
    "task:\n  model:\n    one: &one 5\n    two: *one\n{}\n",
    "    key_{}: {}",
)
ALIASED_LIST = (
    "task: {{model: {{one: &one 5, two: *one}}}}\ntrainer:\n  optimizer_config:\n"
    "    learning_rate:\n      type: stepwise\n      stepwise:\n        boundaries:\n{}\n",
    "        - {}00",
)
ANCHORS = ("task:\n  model:\n    list: [\n{}\n    ]\n", "    {{a: &n{} 5}}, {{b: *n{}, c: 1}},")
MEMBER = "stage[{}].learning_rate.{}"
DECAY = "{initial_learning_rate: 1 decay_steps: 5 decay_factor: 0.5}"


def many(make: Callable[[int], Setting]) -> Callable[[Config], object]:
    """Makes half as many settings as the file has lines."""

    def made(config: Config) -> object:
        return edit(config, [make(i) for i in range(config.document.source.text.count("\n") // 2)])

    return made


def added_to_each(name: str, *fields: str) -> Callable[[Config], object]:
    """Adds some fields to each of the first members."""

    def made(config: Config) -> object:
        count = config.document.source.text.count("\n") // 2
        return edit(
            config,
            [Setting(MEMBER.format(i, f"{name}{f}"), "2") for i in range(count) for f in fields],
        )

    return made


def changed_in_each(config: Config) -> object:
    """Removes a field of each of the first members and adds others, as `set` orders them."""
    count = config.document.source.text.count("\n") // 2
    removed = [Setting(MEMBER.format(i, "warmup"), None) for i in range(count)]
    added = [Setting(MEMBER.format(i, "min_learning_rate"), "0") for i in range(count)]
    return edit(config, [*removed, *added])


def page_of(config: Config) -> object:
    """What the page of `edit` shows of a file."""
    return shown_side(Side.of_config(config)), number_fields(config), handles(config)


EDITS: dict[str, tuple[str, str, Callable[[Config], object]]] = {
    "convert to YAML": (STAGES, STAGE, lambda config: convert(config, "yaml")),
    "convert keys to YAML": (
        "train_config {{ }} model {{\n{}\n}}\n",
        "key_{}: {}  # key",
        lambda config: convert(config, "yaml"),
    ),
    "convert to text": (STAGES, STAGE, lambda config: convert(config, "text")),
    "rescale": (STAGES, STAGE, lambda config: rescale(config, 200_000)),
    "rescale rates": (STAGES, STAGE, lambda config: scale_rates(config, 2)),
    "in another unit": (STAGES, STAGE, lambda config: in_unit(config, "PERMILLE_OF_RUN")),
    "fmt": (STAGES, STAGE, lambda config: format_text("a.config", config.document.source.text)),
    "resolved": (STAGES, STAGE, resolved),
    "the page": (STAGES, STAGE, page_of),
    "set one": (STAGES, STAGE, lambda config: edit(config, [Setting("num_steps", "90000")])),
    "set a new element": (
        STAGES,
        STAGE,
        lambda config: edit(
            config, [Setting("schedule[]", "{step: 99000 learning_rate: 0.00001}")]
        ),
    ),
    "set all": (
        STAGES,
        STAGE,
        lambda config: edit(
            config,
            [
                Setting(f"schedule[{index}].learning_rate", f"1e-{index + 1}")
                for index in range(config.document.source.text.count("# stage"))
            ],
        ),
    ),
    "remove all": (STAGES, STAGE, many(lambda _: Setting("schedule[0]", None))),
    "remove all, last first": (STAGES, STAGE, many(lambda _: Setting("schedule[-1]", None))),
    "remove one of each": (*MEMBERS, many(lambda i: Setting(f"stage[{i}].{WARMUP}", None))),
    "add to a list": (STAGES, STAGE, many(lambda i: Setting("schedule[]", ADDED.format(i)))),
    "add numbers": (*MILESTONES, many(lambda i: Setting("milestones[]", f"{1000 + i}"))),
    "remove numbers": (*MILESTONES, many(lambda _: Setting("milestones[0]", None))),
    "remove numbers, last first": (*MILESTONES, many(lambda _: Setting("milestones[-1]", None))),
    "add to each": (*MEMBERS, many(lambda i: Setting(f"stage[{i}].{WARMUP}.power", "2"))),
    "remove a field of many": (
        "train_config {{ freeze_variables: 'a'\n{}\n}}\n",
        "freeze_variables: 'b{}'",
        lambda config: edit(config, [Setting("freeze_variables", None)]),
    ),
    "add fields to each": (*MEMBERS, added_to_each("", "min_learning_rate", "examples_per_epoch")),
    "add fields to a block of each": (
        *MEMBERS,
        added_to_each("warmup.", "power", "warmup_learning_rate"),
    ),
    "remove from each, then add to each": (*MEMBERS, changed_in_each),
    "add a block to each": (
        MEMBERS[0],
        MEMBERS[1].replace(" warmup {{ warmup_steps: 1 }}", ""),
        added_to_each("warmup.", "warmup_steps", "power"),
    ),
    "replace the kind of each": (
        *MEMBERS,
        many(lambda i: Setting(MEMBER.format(i, "exponential_decay_learning_rate"), DECAY)),
    ),
    "replace a block of each": (
        *MEMBERS,
        many(lambda i: Setting(MEMBER.format(i, "warmup"), "{warmup_steps: 2, power: 2}")),
    ),
    "replace a block of each (YAML)": (
        "task:\n  model:\n    list:\n{}\n",
        "    - {{a: 5}}\n    -\n      a: {}",
        many(lambda i: Setting(f"task.model.list[{i}]", "{a: 7}")),
    ),
    "replace a list of each": (
        MEMBERS[0],
        MEMBERS[1].replace(
            "constant_learning_rate {{ learning_rate: 0.{} }}",
            "multi_step_learning_rate {{ initial_learning_rate: 1 milestones: [2, {}] }}",
        ),
        many(lambda i: Setting(MEMBER.format(i, "multi_step_learning_rate.milestones"), "[3, 4]")),
    ),
    "remove keys": (*KEYS, many(lambda i: Setting(f"model.key_{i + 1}", None))),
    "remove keys beside aliases (YAML)": (
        *ALIASED_KEYS,
        many(lambda i: Setting(f"task.model.key_{i + 1}", None)),
    ),
    "remove elements beside aliases (YAML)": (
        *ALIASED_LIST,
        many(lambda _: Setting("boundaries[0]", None)),
    ),
    "add elements beside aliases (YAML)": (
        *ALIASED_LIST,
        many(lambda i: Setting("boundaries[]", f"{99000 + i}")),
    ),
    "set elements among anchors (YAML)": (
        *ANCHORS,
        many(lambda i: Setting(f"task.model.list[{2 * i + 1}].c", f"{i}")),
    ),
    "remove elements among anchors (YAML)": (
        *ANCHORS,
        many(lambda i: Setting(f"task.model.list[{2 * i + 1}].c", None)),
    ),
}
"""Edits: a file, its unit, and what is done."""


@pytest.mark.parametrize("name", EDITS)
def test_edits_take_time_in_proportion(
    name: str, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_patterns(monkeypatch, counter)
    text, unit, make = EDITS[name]

    def run(units: int) -> int:
        lines = "\n".join(unit.format(i + 1, i + 1) for i in range(units))
        suffix = ".yaml" if "(YAML)" in name else ".config"
        config = examine_bytes(text.format(lines).encode(), f"a{suffix}")
        counter.count = 0
        counter.lines_of(lambda: make(config))
        return counter.count

    assert growth(run) < 2**EXPONENT


def test_findings_that_are_kept() -> None:
    wrong = "1," * (limits.MAX_FINDINGS + 5)
    found = check(f"train_config {{ freeze_variables: [{wrong}1] }}".encode(), "/x.config", REQUEST)
    kept = [d.code for d in found.diagnostics]
    assert kept == ["SB203"] * limits.MAX_FINDINGS + ["SB110"]


def test_comments_are_not_called_unused_where_findings_are_not_kept() -> None:
    stages = "".join(
        f"schedule {{ step: {n} learning_rate: -1 }}  # schedule-builder: ignore[SB204]\n"
        for n in range(limits.MAX_FINDINGS + 5)
    )
    assert codes(f"manual_step_learning_rate {{\n{stages}}}") == ["SB110"]


def test_a_file_of_too_many_findings_is_fixed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "train_config {\n" + "  num_steps: 5\n" * 20 + "}\n"
    assert fix(text.encode(), "/x.config", REQUEST, unsafe=False)[1] == 19
    monkeypatch.setattr("schedule_builder.diagnostics.MAX_FINDINGS", 5)
    assert fix(text.encode(), "/x.config", REQUEST, unsafe=False)[1] == 5


def test_findings_that_are_shown() -> None:
    stages = "".join(f"schedule {{ step: {n} learning_rate: -1 }}\n" for n in range(1, 40))
    text = f"manual_step_learning_rate {{\n{stages}}}"
    request = Request(settings=Settings(max_findings=7))
    found = check(text.encode(), "/x.config", request).diagnostics
    shown = request.shown(found)
    assert shown[:7] == list(found[:7])
    (rest,) = shown[7:]
    assert (rest.code, rest.severity, rest.row) == ("SB904", "error", found[7].row)
    assert f"{len(found) - 7} more findings" in rest.message


@pytest.mark.parametrize("digits", [limits.MAX_NUMBER_CHARACTERS, limits.MAX_NUMBER_CHARACTERS + 1])
def test_the_length_of_a_number(digits: int) -> None:
    text = f"constant_learning_rate {{ learning_rate: 0.{'1' * (digits - 2)} }}"
    is_long = digits > limits.MAX_NUMBER_CHARACTERS
    assert codes(text) == ["SB204"] * is_long


def test_values_that_aliases_add(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those in the text do not count: large files are read."""
    monkeypatch.setattr("schedule_builder.reading.yaml_format.MAX_ALIASED_VALUES", 20)
    rate = "constant_learning_rate: {learning_rate: 0.1}\n"
    many = ", ".join(["1"] * 100)
    start = f"train_config: {{optimizer: {{sgd_optimizer: {{learning_rate: {{{rate[:-1]}}}}}}}}}\n"
    start += f"model:\n  a: [{many}]\n  b: &b [1, 2, 3, 4]\n"
    assert "SB110" not in codes(start + "  c: [*b, *b, *b, *b]\n", ".yaml")
    assert "SB110" in codes(start + "  c: [*b, *b, *b, *b, *b]\n", ".yaml")


def test_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedule_builder.dialects.lowering.MAX_SEGMENTS", 10)
    text = "multi_step_learning_rate {{ initial_learning_rate: 1 milestones: {} }}"
    assert "SB308" not in codes(text.format(list(range(1, 11))))
    assert codes(text.format(list(range(1, 12)))) == ["SB308"]


def test_members() -> None:
    member = "learning_rates { constant_learning_rate { learning_rate: 0.1 } }"
    inner = f"learning_rates {{ combined_learning_rate {{ op: MAX {member * 20} }} }}"
    text = "combined_learning_rate {{ op: MIN {} }}"
    assert "SB308" not in codes(text.format(member * limits.MAX_MEMBERS))
    assert codes(text.format(member * (limits.MAX_MEMBERS + 1))) == ["SB308"]
    assert codes(text.format(inner * 2)) == ["SB308"]


@pytest.mark.parametrize("name", ["nested dicts", "nested lists"])
@pytest.mark.parametrize("levels", [200, 100_000])
def test_nesting_of_data(name: str, levels: int) -> None:
    with pytest.raises(ConfigError, match="SB104"):
        build_schedule(DATA[name](levels))


def test_one_place_counts_levels() -> None:
    """Every tree is built through it."""
    package = ROOT / "schedule_builder"
    users = [p.name for p in package.rglob("*.py") if "MAX_DEPTH" in p.read_text(encoding="utf-8")]
    assert sorted(users) == ["limits.py", "tree.py"]


def test_every_limit_is_documented() -> None:
    page = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    numbers = {name: value for name, value in vars(limits).items() if name.startswith("MAX_")}
    assert len(numbers) > 10
    missing = [name for name, value in numbers.items() if f"| {value:,}" not in page]
    assert not missing
