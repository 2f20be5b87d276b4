"""A dataclass that is made in a third of the time where it is frozen: a run makes a hundred.

Python compiles each method of a dataclass by itself. Here only ``__init__`` is compiled; the others
are the same for every class. They do what Python's own do.
"""

from __future__ import annotations

import dataclasses
import reprlib
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

__all__ = ["dataclass"]

_FROZEN = ({"frozen": True}, {"frozen": True, "eq": False})
_OWN = frozenset(("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"))
_NOT_GIVEN = object()
_Fields: TypeAlias = "tuple[dataclasses.Field[Any], ...]"
_Method: TypeAlias = Callable[..., Any]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:  # noqa: ANN401 - as Python's
        """Return the class as Python's own decorator does; quickly where it is just frozen."""
        if cls is None:
            return lambda decorated: dataclass(decorated, **options)
        if options not in _FROZEN or not _is_plain(cls):
            return dataclasses.dataclass(**options)(cls)
        return _made_quickly(cls, compares=options.get("eq", True))


def _is_plain(cls: type) -> bool:
    """Return whether a class has no method of those that are made, and no fields of others."""
    own = vars(cls)
    return (
        not _OWN.intersection(own)
        and not any(dataclasses.is_dataclass(base) for base in cls.__mro__)
        and not any("InitVar" in str(one) for one in own.get("__annotations__", {}).values())
    )


def _made_quickly(cls: type, *, compares: bool) -> type:
    if cls.__doc__ is None:
        # Python's own writes the signature there, which takes as long again.
        cls.__doc__ = cls.__name__
    dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    fields = dataclasses.fields(cls)
    parameters: Any = vars(cls)["__dataclass_params__"]
    parameters.init = parameters.repr = parameters.frozen = True
    parameters.eq = compares
    methods = {"__init__": _init(cls, fields), **_refusing(cls, fields)}
    if compares:
        methods.update(_comparing(fields))
    for name, method in methods.items():
        method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)
    cls.__repr__ = _repr  # type: ignore[assignment]  # of any class
    return cls


def _init(cls: type, fields: _Fields) -> _Method:
    """Return the ``__init__`` of a class with these fields."""
    given: dict[str, Any] = {"_set": object.__setattr__, "_not_given": _NOT_GIVEN}
    positional, by_name, body = ["self"], ["*"], []
    for field in fields:
        name, value = field.name, field.name
        parameter = name
        if field.default_factory is not dataclasses.MISSING:
            given[f"_make_{name}"] = field.default_factory
            parameter = f"{name}=_not_given"
            value = f"_make_{name}()"
            if field.init:
                value = f"{value} if {name} is _not_given else {name}"
        elif field.default is not dataclasses.MISSING:
            given[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
        if field.init:
            (by_name if field.kw_only else positional).append(parameter)
        if field.init or value != name:
            body.append(f"_set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join([*positional, *(by_name if len(by_name) > 1 else ())])
    lines = "\n  ".join(body or ["pass"])
    text = (
        f"def make({', '.join(given)}):\n def __init__({parameters}):\n  {lines}\n return __init__"
    )
    made: dict[str, Any] = {}
    exec(text, made)
    found: _Method = made["make"](**given)
    return found


@reprlib.recursive_repr()
def _repr(self: Any) -> str:  # noqa: ANN401 - of any class
    shown = [one.name for one in dataclasses.fields(self) if one.repr]
    values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{type(self).__qualname__}({values})"


def _refusing(cls: Any, fields: _Fields) -> dict[str, _Method]:  # noqa: ANN401 - any class
    """Return what refuses to change an instance."""
    names = frozenset(one.name for one in fields)

    def set_attribute(self: object, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete_attribute(self: object, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": set_attribute, "__delattr__": delete_attribute}


def _comparing(fields: _Fields) -> dict[str, _Method]:
    """Return how instances compare and are found in sets, each by the fields that count for it."""
    compared = _values([one.name for one in fields if one.compare])
    hashed = _values(
        [one.name for one in fields if (one.compare if one.hash is None else one.hash)]
    )

    def equals(self: object, other: object) -> object:
        if other.__class__ is self.__class__:
            return compared(self) == compared(other)
        return NotImplemented

    def hash_of(self: object) -> int:
        return hash(hashed(self))

    return {"__eq__": equals, "__hash__": hash_of}


def _values(names: Sequence[str]) -> Callable[[object], tuple[object, ...]]:
    """Return what reads these attributes of an instance as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        one = attrgetter(*names)
        return lambda instance: (one(instance),)
    return lambda _: ()
