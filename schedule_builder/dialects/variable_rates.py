"""Which learning rate each variable of a model has: patterns over the paths of variables.

A path has the same form for every framework: names joined by `/`, such as `backbone/conv1/kernel`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from schedule_builder.diagnostics import FieldPath, Words, shown
from schedule_builder.records import Record

MAX_LENGTH = 1000
"""A pattern has at most so many characters."""
_BEGINNING = "(?:^|(?<=/))"
"""Matches at the beginning of a path, or of a part of it."""
_PART = r"""(?sx)
    (?P<atom> \\. | \[\^?\]?[^\]\\]*(?:\\.[^\]\\]*)*\] | \(\?P=\w+\) )
    | (?P<nothing> \(\?\#[^)]*\) | \(\?[a-zA-Z]+\) )
    | (?P<open> \( (?: \? (?: P<\w+> | <?[=!] | > | [a-zA-Z-]*: | \(\w+\) ) )? )
    | (?P<close> \) )
    | (?P<unbounded> (?: [*+] | \{\d*,\} ) [?+]? )
    | (?P<bounded> (?: \? | \{\d+(?:,\d+)?\} | \{,\d+\} ) [?+]? )
    | (?P<beginning> \^ )
    | (?P<other> . )
"""
_IGNORED = re.compile(r"\s+|#[^\n]*")
_BIAS = re.compile(r"(?:^|/)bias(?:es)?$")
"""The API's pattern is `.*/biases`, as TF1-slim names them."""
_MARKS = r"\\.|[\^$.*+?()\[\]{}|]+"
_NEAREST = 3


class PatternError(ValueError):
    """Raised for a pattern that cannot be used; `words` says why."""

    def __init__(self, words: Words) -> None:
        self.words = words
        super().__init__(str(words))


class UnmatchedPatternError(ValueError):
    """Raised for a pattern that matches no variable.

    Attributes:
        path: where the pattern stands in the config.
        words: the message.
    """

    def __init__(self, path: FieldPath, words: Words) -> None:
        self.path = path
        self.words = words
        super().__init__(str(words))


def _tokens(pattern: str) -> Iterator[re.Match[str]]:
    # Under this flag, blanks and comments may stand between a group and its repetition.
    is_verbose = re.search(r"\(\?[a-wyz]*x", pattern) is not None
    token_at = re.compile(_PART).match
    at = 0
    while at < len(pattern):
        if is_verbose and (ignored := _IGNORED.match(pattern, at)):
            at = ignored.end()
            continue
        # `other` matches any character.
        if token := token_at(pattern, at):
            yield token
            at = token.end()


def _nested_repetition(pattern: str) -> tuple[int, int] | None:
    """The places of an unbounded repetition inside another one, the outer one last."""
    inside: list[int | None] = [None]
    last: int | None = None
    for token in _tokens(pattern):
        kind = token.lastgroup
        if kind == "unbounded":
            if last is not None:
                return last, token.start()
            inside[-1] = token.start()
        elif kind == "open":
            inside.append(None)
        elif kind == "close":
            last = inside.pop()
            inside[-1] = last if inside[-1] is None else inside[-1]
            continue
        elif kind == "nothing":
            continue
        last = None
    return None


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern to search in paths: `^` matches where a path begins, and after each `/`.

    Raises:
        PatternError: it is not a regular expression, or one that could take forever.
    """
    if not pattern:
        raise PatternError(
            Words("this pattern is empty, so it matches every variable. Remove it, or write `.*`")
        )
    if len(pattern) > MAX_LENGTH:
        raise PatternError(
            Words(
                "this pattern has {length} characters: the limit is {limit}. Split it into several",
                length=len(pattern),
                limit=MAX_LENGTH,
            )
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            # Python 3.10 accepts flags in the middle, and later versions do not.
            warnings.simplefilter("error", DeprecationWarning)
            re.compile(pattern)
    except DeprecationWarning as error:
        raise PatternError(
            Words("invalid regular expression: {reason}. Correct it", reason=error)
        ) from None
    except re.error as error:
        position = error.pos or 0
        there = Words("its end")
        if position < len(pattern):
            there = Words(
                "character {number}, `{text}`",
                number=position + 1,
                text=shown(pattern[position:], 20),
            )
        raise PatternError(
            Words(
                "invalid regular expression: {reason}, at {there}. Correct it; write `\\` before a"
                " character that is meant literally",
                reason=error.msg,
                there=there,
            )
        ) from None
    except (RecursionError, OverflowError):
        raise PatternError(
            Words("this regular expression is too large: use smaller repetitions")
        ) from None
    if places := _nested_repetition(pattern):
        inner, outer = places
        raise PatternError(
            Words(
                "`{outer}` at character {outer_position} repeats a group that itself repeats"
                " without a limit (`{inner}` at character {inner_position}): a search could take"
                " forever. Remove one of the two",
                outer=pattern[outer],
                outer_position=outer + 1,
                inner=pattern[inner],
                inner_position=inner + 1,
            )
        )
    # Replaced from the end, so that earlier offsets stay valid.
    text = pattern
    for token in reversed(list(_tokens(pattern))):
        if token.lastgroup == "beginning":
            text = text[: token.start()] + _BEGINNING + text[token.end() :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(text)


def is_found(pattern: str, path: str) -> bool:
    """Whether a pattern is found anywhere in a path."""
    return compiled(pattern).search(path) is not None


def is_matched(pattern: str, path: str) -> bool:
    """Whether a pattern matches from the beginning of a path, or after a `/` in it."""
    match = compiled(pattern).match
    begins = [0, *(at for at, character in enumerate(path, 1) if character == "/")]
    return any(match(path, begin) for begin in begins)


class Multiplier(NamedTuple):
    """A factor of the rate of the variables in whose paths a pattern is found.

    Attributes:
        pattern: the regular expression.
        factor: the factor; 0 where these variables are frozen.
        place: where the pattern stands in the config.
    """

    pattern: str
    factor: float
    place: FieldPath = ()


class VariableRates(Record):
    """The config's factors of the rate for single variables.

    Attributes:
        multipliers: the first whose pattern is found gives the factor.
        frozen: variables that match any of these patterns are not trained.
        trained: where there are any, only variables that match one of these patterns are.
        bias_gradient_factor: what gradients of biases are multiplied by.
    """

    multipliers: tuple[Multiplier, ...] = ()
    frozen: tuple[str, ...] = ()
    trained: tuple[str, ...] = ()
    bias_gradient_factor: float = 1.0

    def __bool__(self) -> bool:
        return bool(
            self.multipliers or self.frozen or self.trained or self.bias_gradient_factor != 1
        )

    def factor(self, path: str) -> float:
        """The factor of the schedule's rate for a variable; 0 if it is frozen."""
        if any(is_matched(pattern, path) for pattern in self.frozen):
            return 0.0
        if self.trained and not any(is_matched(pattern, path) for pattern in self.trained):
            return 0.0
        found = (m.factor for m in self.multipliers if is_found(m.pattern, path))
        return next(found, 1.0)

    def gradient_factor(self, path: str) -> float:
        """The factor of a variable's gradient, which is applied before anything else."""
        return self.bias_gradient_factor if _BIAS.search(path) else 1.0

    def unmatched(self, paths: Sequence[str]) -> Iterator[Words]:
        """Says which of the API's own patterns match none of the variables.

        Raises:
            UnmatchedPatternError: the pattern of a multiplier is found in no path.
        """
        for pattern, _, place in self.multipliers:
            if not any(is_found(pattern, path) for path in paths):
                raise UnmatchedPatternError(place, _without_match(pattern, paths, "is found in"))
        names = ("freeze_variables", "update_trainable_variables")
        for name, patterns in zip(names, (self.frozen, self.trained), strict=True):
            for pattern in patterns:
                if not any(is_matched(pattern, path) for path in paths):
                    words = _without_match(pattern, paths, "matches")
                    yield Words("{name:field}: {words}", name=name, words=words)
        if self.bias_gradient_factor != 1 and not any(map(_BIAS.search, paths)):
            yield Words(
                "`bias_grad_multiplier` has no effect: none of the {count:count variable} is"
                " named `bias` or `biases`. Remove it, or rename them",
                count=len(paths),
            )

    def by_factor(self, paths: Iterable[str]) -> dict[float, list[str]]:
        """The variables of each factor, the largest factor first."""
        found: dict[float, list[str]] = {}
        for path in paths:
            found.setdefault(self.factor(path), []).append(path)
        return dict(sorted(found.items(), reverse=True))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, from which `from_dict` makes the same rates, without their places."""
        return {
            "multipliers": [[m.pattern, m.factor] for m in self.multipliers],
            "frozen": list(self.frozen),
            "trained": list(self.trained),
            "bias_gradient_factor": self.bias_gradient_factor,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> VariableRates:
        """The rates that `to_dict` described."""
        return cls(
            tuple(Multiplier(str(pattern), float(f)) for pattern, f in data["multipliers"]),
            tuple(map(str, data["frozen"])),
            tuple(map(str, data["trained"])),
            float(data["bias_gradient_factor"]),
        )


def _without_match(pattern: str, paths: Sequence[str], verb: str) -> Words:
    return Words(
        "`{pattern}` {verb} none of the {count:count variable}. Change or remove the pattern; the"
        " nearest variables: {paths}",
        pattern=pattern,
        verb=verb,
        count=len(paths),
        paths=", ".join(f"`{path}`" for path in nearest(pattern, paths)) or "none",
    )


def nearest(pattern: str, paths: Sequence[str]) -> list[str]:
    """The paths that a pattern was most likely meant to match."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - 1 ms, for patterns without a match alone

    text = re.sub(_MARKS, "", pattern).strip("/")
    count = text.count("/") + 1

    def score(path: str) -> float:
        parts = path.split("/")
        runs = ("/".join(parts[n : n + count]) for n in range(max(len(parts) - count, 0) + 1))
        return max(SequenceMatcher(None, text.lower(), run.lower()).ratio() for run in runs)

    return sorted(paths, key=score, reverse=True)[:_NEAREST]
