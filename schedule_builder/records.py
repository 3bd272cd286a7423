"""Records: immutable objects of named fields.

A dataclass compiles its methods when its module is imported, for which `dataclasses` imports a
dozen modules: together a fifth of a cold start. Records share their methods.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: bool) -> Any:
        """Tells type checkers that the annotations of a class are its fields."""
        return lambda cls: cls


_R = TypeVar("_R", bound="Record")


@dataclass_transform(frozen_default=True)
class Record:
    """An object whose fields are the annotations of its class, after those of the base class.

    A value in the class is the default of its field. Records are equal where they are of one class
    and their fields are equal.

    Args:
        unshown: the fields that `repr` leaves out.
        uncompared: the fields that do not count for equality.

    >>> class Point(Record, unshown=("label",)):
    ...     x: int
    ...     y: int = 0
    ...     label: str = ""
    >>> Point(1, label="here")
    Point(x=1, y=0)
    >>> Point(1)._replace(y=2)
    Point(x=1, y=2)
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _shown: ClassVar[tuple[str, ...]] = ()
    _compared: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(
        cls, unshown: Iterable[str] = (), uncompared: Iterable[str] = (), **kwargs: Any
    ) -> None:
        """Reads the fields of a new class."""
        super().__init_subclass__(**kwargs)
        # As `from __future__ import annotations` leaves them, or not: only class variables differ.
        own = [n for n, hint in cls.__annotations__.items() if "ClassVar" not in str(hint)]
        new = tuple(name for name in own if name not in cls._fields)
        cls._fields += new
        cls._shown += tuple(name for name in new if name not in unshown)
        cls._compared += tuple(name for name in new if name not in uncompared)
        # Not as an attribute: type checkers make their own from the fields of a `Record`.
        setattr(cls, "__match_args__", cls._fields)  # noqa: B010

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = self._fields
        values = self.__dict__
        values.update(zip(names, args))  # noqa: B905 - the lengths are compared below
        if kwargs or len(args) != len(names):
            self._complete(len(args), kwargs)

    def _complete(self, given: int, kwargs: dict[str, Any]) -> None:
        """Fills the fields that positional arguments left."""
        cls, names, values = type(self), self._fields, self.__dict__
        rest = names[given:]
        if given > len(names):
            message = f"{cls.__name__} takes {len(names)} fields. Received: {given}"
            raise TypeError(message)
        for name in kwargs:
            if name not in rest:
                reason = "got twice" if name in names else "does not have"
                message = f"{cls.__name__} {reason} the field {name!r}"
                raise TypeError(message)
        for name in rest:
            if name in kwargs:
                values[name] = kwargs[name]
            elif hasattr(cls, name):
                values[name] = getattr(cls, name)
            else:
                message = f"{cls.__name__} needs a value for its field {name!r}"
                raise TypeError(message)

    def _replace(self: _R, **changes: Any) -> _R:
        """The same record with other values of some fields."""
        cls, old, names = type(self), self.__dict__, self._fields
        values = {name: old[name] for name in names} | changes
        if len(values) != len(names) or cls.__init__ is not Record.__init__:
            return cls(**values)
        made = object.__new__(cls)
        made.__dict__.update(values)
        return made

    __replace__ = _replace  # for `copy.replace` of Python 3.13

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        message = f"cannot assign to field {name!r}: a {type(self).__name__} does not change"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> NoReturn:
        message = f"cannot delete field {name!r}: a {type(self).__name__} does not change"
        raise AttributeError(message)

    def _key(self) -> tuple[Any, ...]:
        values = self.__dict__
        return tuple([values[name] for name in self._compared])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(other) is not type(self):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        fields = (f"{name}={self.__dict__[name]!r}" for name in self._shown)
        return f"{type(self).__qualname__}({', '.join(fields)})"
