"""What the page of `edit` asks: findings, fields, drags, saving."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder.compiler import examine
from schedule_builder.diagnostics import Source
from schedule_builder.web.fields import handles, moved, number_fields
from schedule_builder.web.session import REQUESTS, RequestError, Session
from tests.support.goldens import needs_data

CONFIG = """\
train_config {
  batch_size: 16  # a replica
  num_steps: 1000
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.02
    schedule { step: 600 learning_rate: 0.002 }
    schedule { step: 800 learning_rate: 0.0002 }
  } } } }
}
"""
ROOT = "train_config.optimizer.momentum_optimizer.learning_rate.manual_step_learning_rate"
COSINE = """\
cosine_decay_learning_rate {
  learning_rate_base: 0.1
  total_steps: 1000
  warmup_learning_rate: 0.01
  warmup_steps: 100
}
"""


def session(tmp_path: Path, data: str | bytes = CONFIG, name: str = "a.config") -> Session:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return Session(str(path))


def config(text: str) -> Any:
    return examine(Source("a.config", text))


def test_a_text_is_checked_with_its_curve_and_numbers(tmp_path: Path) -> None:
    page = session(tmp_path)
    answer = page.answer("check", {"text": CONFIG})
    assert answer["findings"] == []
    assert answer["facts"][0] == ("peak", "0.02")
    assert [segment["steps"] for segment in answer["segments"]] == [
        "0 to 599",
        "600 to 799",
        "800 to 999 and beyond",
    ]
    curve = answer["curve"]
    rates = dict(zip(curve["steps"], curve["rates"], strict=True))
    assert (rates[599], rates[600], rates[999]) == (0.02, 0.002, 0.0002)
    assert [field["label"] for field in answer["fields"]] == [
        "num_steps",
        "batch_size",
        "initial_learning_rate",
        "schedule[0].step",
        "schedule[0].learning_rate",
        "schedule[1].step",
        "schedule[1].learning_rate",
    ]
    json.dumps(answer, allow_nan=False)


def test_the_saved_version_is_behind_a_changed_one(tmp_path: Path) -> None:
    page = session(tmp_path)
    assert "before" not in page.answer("check", {"text": CONFIG, "saved": CONFIG})
    changed = CONFIG.replace("0.02", "0.04")
    answer = page.answer("check", {"text": changed, "saved": CONFIG})
    assert answer["facts"][0] == ("peak", "0.04")
    assert answer["before"]["facts"][0] == ("peak", "0.02")


def test_findings_carry_their_place_and_lines(tmp_path: Path) -> None:
    (found,) = session(tmp_path).answer("check", {"text": CONFIG.replace("1000", "700")})[
        "findings"
    ]
    assert (found["code"], found["row"], found["endRow"]) == ("SB402", 7, 7)
    assert [line["row"] for line in found["lines"]] == [6, 7, 8]
    assert found["page"].endswith("/SB402.html")


def test_control_characters_stay_out_of_the_page(tmp_path: Path) -> None:
    text = CONFIG.replace("16", "\x1b[31m\u202e16")
    answer = session(tmp_path).answer("check", {"text": text})
    assert answer["findings"]
    shown = json.dumps(answer, ensure_ascii=False)
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("kind", "field", "at", "step", "rate", "old", "new"),
    [
        ("boundary", f"{ROOT}.schedule[0].step", 600, 449.6, 0.0, "step: 600", "step: 450"),
        ("boundary", f"{ROOT}.schedule[1].step", 800, 900.2, 0.0, "step: 800", "step: 900"),
        ("peak", f"{ROOT}.initial_learning_rate", 299, 0, 0.033333, "rate: 0.02", "rate: 0.0333"),
    ],
)
def test_a_drag_changes_one_field(
    kind: str, field: str, at: int, step: float, rate: float, old: str, new: str
) -> None:
    edited = moved(config(CONFIG), kind, field, at, step, rate)
    assert edited.text == CONFIG.replace(f"{old}\n", f"{new}\n").replace(f"{old} ", f"{new} ")


def test_the_peak_after_a_warmup_is_moved_by_its_own_field() -> None:
    (warmup, end, peak) = handles(config(COSINE))
    assert (warmup.field, end.field) == (
        "cosine_decay_learning_rate.warmup_steps",
        "cosine_decay_learning_rate.total_steps",
    )
    assert (peak.kind, peak.field, peak.step) == (
        "peak",
        "cosine_decay_learning_rate.learning_rate_base",
        100,
    )
    edited = moved(config(COSINE), "boundary", warmup.field, 100, 250.0, 0.0)
    assert edited.text == COSINE.replace("warmup_steps: 100", "warmup_steps: 250")


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (
            "constant_learning_rate { learning_rate: 0.5 }",
            "peak",
            "drag to change `constant_learning_rate.learning_rate`",
        ),
        (
            "step_unit: EPOCHS examples_per_epoch: 160 multi_step_learning_rate {"
            " initial_learning_rate: 0.5 milestones: 3 decay_factor: 0.1 }",
            "boundary",
            "`multi_step_learning_rate.milestones[0]` is not in steps: change it in the text",
        ),
        (
            "combined_learning_rate { op: PRODUCT"
            " learning_rates { constant_learning_rate { learning_rate: 0.5 } }"
            " learning_rates { constant_learning_rate { learning_rate: 0.1 } } }",
            "peak",
            "several fields decide the highest rate: `combined_learning_rate.learning_rates[0]",
        ),
    ],
)
def test_what_cannot_be_dragged_says_why(text: str, kind: str, words: str) -> None:
    found = examine(Source("a.config", text), num_steps=1000, batch_size=16)
    handle = next(h for h in handles(found) if h.kind == kind)
    assert words in handle.words


def test_a_drag_that_the_file_cannot_have_is_refused(tmp_path: Path) -> None:
    page = session(tmp_path)
    field = f"{ROOT}.schedule[0].step"
    drag = {"text": CONFIG, "kind": "boundary", "field": field, "at": 600, "rate": 0.0}
    with pytest.raises(RequestError, match="new errors"):
        page.answer("drag", {**drag, "step": 850.0})  # beyond the next boundary
    with pytest.raises(RequestError, match="this handle is gone"):
        page.answer("drag", {**drag, "at": 500, "step": 400.0})


@given(st.floats(0, 1200, allow_nan=False), st.floats(0, 1, allow_nan=False))
def test_whatever_is_dropped_is_where_it_was_dropped_or_refused(step: float, rate: float) -> None:
    before = config(COSINE)
    for handle in handles(before):
        try:
            after = moved(before, handle.kind, handle.field, handle.step, step, rate).config
        except ValueError:
            continue
        schedule = after.schedule
        assert schedule is not None
        if handle.kind == "boundary":
            assert round(step) in schedule.begins
        else:
            assert schedule(handle.step) == pytest.approx(rate, rel=6e-3)


@needs_data
def test_every_real_config_has_handles_and_numbers() -> None:
    data = Path(os.environ["SCHEDULE_BUILDER_DATA"])
    files = sorted(path for path in (data / "corpus").rglob("*.*") if path.is_file())
    moving = 0
    for path in files[::12]:
        found = examine(Source(path.name, path.read_text(errors="replace")))
        number_fields(found)
        moving += sum(bool(handle.field) for handle in handles(found))
    assert moving > 40


def test_a_field_is_set_as_the_command_sets_it(tmp_path: Path) -> None:
    page = session(tmp_path)
    answer = page.answer("set", {"text": CONFIG, "field": "num_steps", "value": "2000"})
    assert answer["text"] == CONFIG.replace("1000", "2000")
    assert answer["changes"] == ["train_config.num_steps: 1000 -> 2000"]
    with pytest.raises(RequestError, match="many"):
        page.answer("set", {"text": CONFIG, "field": "num_steps", "value": "many"})


ODD = (
    "\0",
    "\ud800",
    "\U0001f600",
    "\r",
    "\r\n",
    "\u2028",
    "\ufeff",
    "\u202e",
    "1e999",
    "-1",
    "nan",
)
PIECES = st.sampled_from([*ODD, *'{}["#:', "---\n", "&a", "*a", "schedule {", "9" * 400, ""])
TEXTS = st.builds(
    lambda text, at, length, piece: text[:at] + piece + text[at + length :],
    st.sampled_from([CONFIG, COSINE, ""]),
    st.integers(0, len(CONFIG)),
    st.integers(0, 60),
    PIECES,
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ARGUMENTS: dict[str, Any] = {
    "open": st.just({}),
    "disk": st.just({}),
    "check": st.fixed_dictionaries({"text": TEXTS, "saved": TEXTS}),
    "complete": st.fixed_dictionaries({"text": TEXTS, "offset": st.integers()}),
    "hover": st.fixed_dictionaries({"text": TEXTS, "offset": st.integers()}),
    "set": st.fixed_dictionaries(
        {"text": TEXTS, "field": st.sampled_from(["num_steps", "[0]", "a.b[", ""]), "value": PIECES}
    ),
    "drag": st.fixed_dictionaries(
        {
            "text": TEXTS,
            "kind": st.sampled_from(["peak", "boundary"]),
            "field": st.sampled_from([f"{ROOT}.schedule[0].step", f"{ROOT}.initial_learning_rate"]),
            "at": st.sampled_from([299, 600]),
            "step": NUMBERS,
            "rate": NUMBERS,
        }
    ),
    "save": st.fixed_dictionaries({"text": TEXTS, "version": PIECES, "form": PIECES}),
}


@given(st.data())
def test_any_request_is_answered_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    page = session(tmp_path_factory.mktemp("any"))
    name = data.draw(st.sampled_from([*REQUESTS]))
    arguments = data.draw(ARGUMENTS[name])
    try:
        answer = page.answer(name, arguments)
    except RequestError as error:
        answer = {"error": str(error)}
    assert answer.get("error", " ").isprintable()
    json.dumps(answer, allow_nan=False)


def test_completion_and_hover_count_as_browsers_do(tmp_path: Path) -> None:
    text = f"# \N{OPTICAL DISC}\N{OPTICAL DISC}\n{CONFIG}".replace("16", "16\n  gradient_cl")
    units = len(text[: text.index("gradient_cl")].encode("utf-16-le")) // 2
    page = session(tmp_path, text)
    options = page.answer("complete", {"text": text, "offset": units + 11})["options"]
    option = next(o for o in options if o["label"] == "gradient_clipping_by_norm")
    assert (option["from"], option["to"]) == (units, units + 11)
    text = text.replace("\n  gradient_cl", "")
    at = len(text[: text.index("num_steps")].encode("utf-16-le")) // 2
    hover = page.answer("hover", {"text": text, "offset": at + 3})
    assert (hover["from"], hover["to"]) == (at, at + len("num_steps"))
    assert hover["text"].startswith("**num_steps**: a whole number")
    assert page.answer("hover", {"text": text, "offset": 0}) == {"text": ""}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_saving_puts_back_what_the_page_lacks(tmp_path: Path, mark: bytes, end: str) -> None:
    data = mark + CONFIG.replace("\n", end).encode()
    page = session(tmp_path, data)
    file = page.answer("open", {})
    assert file["text"] == CONFIG
    answer = page.answer("save", {"text": file["text"] + "#", **kept(file)})
    assert answer["isSaved"]
    assert Path(page.path).read_bytes() == data + b"#"


def test_lines_that_end_in_several_ways_are_kept(tmp_path: Path) -> None:
    data = b"# a\r# b\r\n# c\n" + CONFIG.encode()
    page = session(tmp_path, data)
    file = page.answer("open", {})
    assert page.answer("save", {"text": file["text"], **kept(file)})["isSaved"]
    assert Path(page.path).read_bytes() == data


def kept(file: dict[str, Any]) -> dict[str, Any]:
    """What a page gives back of the file that it opened."""
    return {"version": file["version"], "form": file["form"]}


def test_a_file_that_changed_is_not_overwritten(tmp_path: Path) -> None:
    page = session(tmp_path)
    version = page.answer("open", {})["version"]
    Path(page.path).write_text("theirs")
    ours = {"text": "ours", "form": "\n"}
    answer = page.answer("save", {**ours, "version": version})
    assert not answer["isSaved"]
    assert Path(page.path).read_text() == "theirs"
    assert page.answer("save", {**ours, "version": answer["version"]})["isSaved"]
    assert Path(page.path).read_text() == "ours"
    Path(page.path).unlink()
    assert page.answer("disk", {}) == {"version": "", "why": ""}
    assert page.answer("save", {"text": "new", "version": "", "form": "\n"})["isSaved"]
    assert Path(page.path).read_text() == "new"


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="named pipe, not a regular file"):
        Session(str(tmp_path / "pipe"))
    with pytest.raises(IsADirectoryError):
        Session(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        Session(str(tmp_path / "none"))


def test_a_large_file_is_checked_without_trials(tmp_path: Path) -> None:
    stages = "".join(f"schedule {{ step: {i} learning_rate: 0.01 }}\n" for i in range(10, 3000, 2))
    text = f"manual_step_learning_rate {{ initial_learning_rate: 0.1\n{stages}}}"
    answer = session(tmp_path, text).answer("check", {"text": text})
    assert len(answer["fields"]) == 60
    assert answer["moreFields"] == 2 * 1495 + 1 - 60
    assert "too large" in answer["handles"][-1]["words"]
    assert len(answer["segments"]) == 401


def test_the_text_of_another_form_is_saved_in_its_own(tmp_path: Path) -> None:
    """Two pages may have opened two versions, and what is pasted ends lines as it likes."""
    page = session(tmp_path, b"# a\n")
    first = page.answer("open", {})
    Path(page.path).write_bytes(b"\xef\xbb\xbf# b\r\n")
    second = page.answer("open", {})
    theirs = {"version": second["version"], "form": first["form"]}
    saved = page.answer("save", {"text": first["text"], **theirs})
    assert Path(page.path).read_bytes() == b"# a\n"
    again = {"version": saved["version"], "form": second["form"]}
    saved = page.answer("save", {"text": "# b\r\n# c\n", **again})
    assert Path(page.path).read_bytes() == b"\xef\xbb\xbf# b\r\n# c\r\n"
    with pytest.raises(RequestError, match="no such form"):
        page.answer("save", {"text": "", "version": saved["version"], "form": "\r"})


def test_a_file_that_cannot_be_read_any_more_is_not_said_to_be_gone(tmp_path: Path) -> None:
    page = session(tmp_path)
    file = page.answer("open", {})
    Path(page.path).unlink()
    Path(page.path).mkdir()
    assert page.answer("disk", {}) == {"version": "", "why": "Is a directory"}
    for name, values in (("open", {}), ("save", {"text": "", **kept(file)})):
        with pytest.raises(RequestError, match=r"a\.config: Is a directory"):
            page.answer(name, values)


def test_settings_that_break_are_reported(tmp_path: Path) -> None:
    page = session(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.schedule-builder]\nignore = 'SB402\n")
    with pytest.raises(RequestError, match=r"pyproject\.toml"):
        page.answer("check", {"text": CONFIG})
    assert page.answer("open", {})["text"] == CONFIG


def test_as_many_findings_are_shown_as_the_settings_say(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.schedule-builder]\nmax-findings = 3\n")
    unknown = "".join(f"unknown_{i}: 1\n" for i in range(9))
    found = session(tmp_path).answer("check", {"text": CONFIG + unknown})["findings"]
    assert [one["code"] for one in found][-1] == "SB904"
    assert len(found) == 4


def test_a_long_line_is_shown_around_its_finding(tmp_path: Path) -> None:
    text = f"{CONFIG}# {'a' * 3000}\n{' ' * 3000}unknown: 1{' ' * 3000}# b"
    (found,) = session(tmp_path).answer("check", {"text": text})["findings"]
    above, line = found["lines"]
    assert above["text"].startswith("# aaa")
    assert line["text"].strip("… ") == "unknown: 1"
    assert line["text"][0] == line["text"][-1] == above["text"][-1] == "…"
    assert all(len(one["text"]) <= 202 for one in found["lines"])


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="not UTF-8, at byte 3"):
        session(tmp_path, b"# a\xff")
