"""Which factor the variable of a path has, whatever the framework."""

from __future__ import annotations

import json
import logging
import re
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedule_builder as sb
from schedule_builder.dialects.variable_rates import (
    MAX_LENGTH,
    Multiplier,
    PatternError,
    UnmatchedPatternError,
    VariableRates,
    compiled,
    is_found,
    is_matched,
    nearest,
)
from schedule_builder.frameworks.variable_factors import check_paths

PATHS = [
    "stem/conv/kernel",
    "backbone/block1/conv/kernel",
    "backbone/block1/conv/bias",
    "head/kernel",
    "head/biases",
]
NAMES = st.text(alphabet="ab_1", min_size=1, max_size=4)
PARTS = st.lists(NAMES, min_size=1, max_size=4)


def pipeline(multipliers: Any = (), **train_config: Any) -> Any:
    rate = {"constant_learning_rate": {"learning_rate": 0.1}}
    optimizer = {
        "sgd_optimizer": {"learning_rate": rate},
        "learning_rate_multiplier": [{"pattern": p, "factor": f} for p, f in multipliers],
    }
    return {"train_config": {"num_steps": 9, "optimizer": optimizer, **train_config}}


def rates(config: Any) -> VariableRates:
    loaded = sb.load(config)
    return loaded.dialect.variable_rates(loaded.message)


def factors(config: Any) -> list[float]:
    found = rates(config)
    return [found.factor(path) for path in PATHS]


def test_the_first_pattern_that_is_found_gives_the_factor() -> None:
    multipliers = [("block1", 0.5), ("^backbone/", 0.1), ("kernel$", 2), ("head", 3)]
    assert factors(pipeline(multipliers)) == [2, 0.5, 0.5, 2, 3]
    assert factors(pipeline(multipliers[1:])) == [2, 0.1, 0.1, 2, 3]
    assert factors(pipeline()) == [1] * 5
    assert not rates(pipeline())


def test_the_fields_of_the_api_freeze() -> None:
    assert factors(pipeline(freeze_variables=["stem", "conv/bias"])) == [0, 1, 0, 1, 1]
    # A match begins where a name begins.
    assert factors(pipeline(freeze_variables=["ackbone"])) == [1] * 5
    assert factors(pipeline(freeze_variables=[".*kernel"])) == [0, 0, 1, 0, 1]
    assert factors(pipeline(update_trainable_variables=["head"])) == [0, 0, 0, 1, 1]
    assert factors(pipeline(update_trainable_variables=["head", "stem"])) == [1, 0, 0, 1, 1]
    both = pipeline([("bias", 4)], update_trainable_variables=["head"], freeze_variables=["kernel"])
    assert factors(both) == [0, 0, 0, 0, 4]


def test_gradients_of_biases_have_their_factor() -> None:
    found = rates(pipeline(bias_grad_multiplier=2.0))
    assert [found.gradient_factor(path) for path in PATHS] == [1, 1, 2, 1, 2]
    assert found.gradient_factor("bias") == 2
    assert found.gradient_factor("bias/kernel") == 1
    # 0 is the default, and means that there is no factor.
    assert rates(pipeline(bias_grad_multiplier=0.0)) == VariableRates()


@given(parts=PARTS, at=st.integers(0, 3))
def test_a_caret_matches_wherever_a_name_begins_and_nowhere_else(parts: list[str], at: int) -> None:
    path, rest = "/".join(parts), "/".join(parts[at % len(parts) :])
    assert is_found(f"^{re.escape(rest)}$", path)
    assert is_matched(re.escape(rest) + "$", path)
    inner = rest[1:]
    begins = any("/".join(parts[n:]) == inner for n in range(len(parts)))
    assert is_found(f"^{re.escape(inner)}$", path) == (begins and bool(inner))


@given(pattern=st.text(alphabet="ab/.*+?()[]|\\^${}1,:#x \n", max_size=12), parts=PARTS)
def test_a_pattern_without_a_caret_is_searched_as_it_is(pattern: str, parts: list[str]) -> None:
    try:
        search = compiled(pattern).search
    except PatternError:
        return
    path = "/".join(parts)
    # A path is found as before by patterns whose carets are written, or are not there.
    if "^" not in pattern:
        assert bool(search(path)) == bool(re.search(pattern, path))
    elif re.search(pattern, path):
        assert search(path) or "[" in pattern or "(?!" in pattern or "(?<!" in pattern


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("head(", "missing ), unterminated subpattern, at character 5, `(`"),
        ("a[b", "unterminated character set, at character 2, `[b`"),
        ("*", "nothing to repeat, at character 1, `*`"),
        ("a\\", "bad escape (end of pattern), at character 2, `\\`"),
        ("a(?", "unexpected end of pattern, at its end. Correct it"),
        ("(" + "a" * 19, f"at character 1, `({'a' * 19}`"),
        ("(" + "a" * 20, f"at character 1, `({'a' * 16}...`"),
        ("a{99999999999999999999}", "is too large: use smaller repetitions"),
        ("", "is empty, so it matches every variable"),
        ("x" * (MAX_LENGTH + 1), "has 1001 characters: the limit is 1000"),
        ("(a+)+", "`+` at character 5 repeats a group .* (`+` at character 3)"),
        ("(?:x|b*)+", "`+` at character 9 .* (`*` at character 7)"),
        ("(a{2,}b)*", "`*` at character 9 .* (`{` at character 3)"),
        ("((a+)?c){3,}", "`{` at character 9 .* (`+` at character 4)"),
        ("(?P<n>[)]*)+", "`+` at character 12 .* (`*` at character 10)"),
        ("(?x) (a+) +", "`+` at character 11 .* (`+` at character 8)"),
        ("(a+)(?#b)+", "`+` at character 10 .* (`+` at character 3)"),
        ("(x(a+(b+)c)+)", "`+` at character 12 .* (`+` at character 5)"),
        ("(?=.*)+", "`+` at character 7 .* (`*` at character 5)"),
    ],
)
def test_a_bad_pattern_says_where(pattern: str, words: str) -> None:
    with pytest.raises(PatternError, match=re.escape(words).replace(r"\.\*", ".*")):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "a+b+",
        "(a|b)+",
        "(a+){3}",
        "((a+){3}b)?",
        r"(\++)",
        "[(+]+",
        r"\(a+\)+",
        "(?#a+)b+",
        "((?#(a+x)b)+",
        "(a+)?",
    ],
)
def test_a_repetition_that_is_not_nested_is_accepted(pattern: str) -> None:
    assert compiled(pattern).pattern == pattern
    assert compiled("x" * MAX_LENGTH)


def test_flags_that_python_only_deprecates_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def deprecate(pattern: str) -> None:
        warnings.warn("flags not at the start", DeprecationWarning, stacklevel=1)

    with monkeypatch.context() as patched:
        patched.setattr(re, "compile", deprecate)
        with pytest.raises(PatternError) as caught:
            compiled("head(?i)x")
    assert str(caught.value).endswith("expression: flags not at the start. Correct it")
    with pytest.raises(PatternError, match="invalid regular expression"):
        compiled("head(?i)x")


def test_a_pattern_without_a_match_is_an_error_at_its_place() -> None:
    config = sb.load(pipeline([("head", 2), ("bakbone/", 0.1)]))
    found = config.dialect.variable_rates(config.message)
    with pytest.raises(sb.ConfigError) as caught:
        check_paths(found, PATHS, config)
    (finding,) = caught.value.diagnostics
    assert (finding.code, finding.path) == (
        "SB319",
        "train_config.optimizer.learning_rate_multiplier[1].pattern",
    )
    assert finding.message == (
        "`bakbone/` is found in none of the 5 variables. Change or remove the pattern; the"
        " nearest variables: `backbone/block1/conv/kernel`, `backbone/block1/conv/bias`,"
        " `stem/conv/kernel`"
    )
    with pytest.raises(UnmatchedPatternError, match="`bakbone/` is found in none"):
        check_paths(found, PATHS)
    with pytest.raises(UnmatchedPatternError, match=r"the nearest variables: none$"):
        list(found.unmatched([]))


def test_the_nearest_paths() -> None:
    assert nearest("^conv1/kernel$", PATHS)[0] == "stem/conv/kernel"
    assert nearest("hed/biases", PATHS)[0] == "head/biases"
    assert nearest("x", []) == []
    # The best match may be anywhere in a path.
    assert nearest("hed/biases", ["hello/body", "a/b/head/biases", "a/b/head/kernel"])[0] == (
        "a/b/head/biases"
    )
    assert nearest("X", ["a", "X"]) == ["X", "a"]
    assert nearest("/X/", ["a", "X"]) == ["X", "a"]
    assert nearest(".*a", ["xxxx", "ab"]) == ["ab", "xxxx"]
    assert nearest("(.*)ab", ["(.*)", "abc"]) == ["abc", "(.*)"]
    assert nearest("a/b", ["aab", "a/b"]) == ["a/b", "aab"]
    # No part of it alone is compared with a pattern of two parts.
    assert nearest("a/bcdef", ["zzzzzz/bcdef", "q/bcdex"]) == ["q/bcdex", "zzzzzz/bcdef"]
    assert len(nearest("a", list("abcde"))) == 3


def test_the_log_names_every_variable_and_its_factor(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "schedule_builder")
    config = pipeline([("backbone", 0.1)], freeze_variables=["stem", "nothing/here"])
    check_paths(rates(config), PATHS)
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        (
            "WARNING",
            "`freeze_variables`: `nothing/here` matches none of the 5 variables. Change or remove"
            " the pattern; the nearest variables: `stem/conv/kernel`,"
            " `backbone/block1/conv/kernel`, `head/kernel`",
        ),
        ("INFO", "learning rate times 1: 2 of 5 variables: head/kernel, head/biases"),
        (
            "INFO",
            "learning rate times 0.1: 2 of 5 variables: backbone/block1/conv/kernel,"
            " backbone/block1/conv/bias",
        ),
        ("INFO", "frozen: 1 of 5 variables: stem/conv/kernel"),
    ]
    caplog.clear()
    check_paths(rates(pipeline(bias_grad_multiplier=2.0)), ["a/kernel"])
    assert "is named `bias` or `biases`" in caplog.text


def test_rates_are_kept_as_plain_data() -> None:
    config = pipeline([("head", 2)], freeze_variables=["stem"], bias_grad_multiplier=3.0)
    found = rates(config)
    again = VariableRates.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found._replace(multipliers=(Multiplier("head", 2.0),))


@pytest.mark.parametrize("factor", ["-0.1", "nan", "inf", "-inf", "1e39"])
def test_a_factor_is_a_finite_number_that_is_not_negative(factor: str) -> None:
    text = f"""train_config {{ num_steps: 9 optimizer {{
  sgd_optimizer {{ learning_rate {{ constant_learning_rate {{ learning_rate: 0.1 }} }} }}
  learning_rate_multiplier {{ pattern: "head" factor: {factor} }}
}} }}"""
    (finding,) = sb.validate_text(text, filename="x.config")
    assert (finding.row, finding.column, finding.severity) == (3, 54, "error")
    assert "`factor`" in finding.message or "factor" in finding.path


@pytest.mark.parametrize("field", ["pattern", "factor"])
def test_a_multiplier_has_both_fields(field: str) -> None:
    config = pipeline([("head", 0.1)])
    del config["train_config"]["optimizer"]["learning_rate_multiplier"][0][field]
    with pytest.raises(sb.ConfigError, match=f"`{field}`"):
        sb.load(config)
