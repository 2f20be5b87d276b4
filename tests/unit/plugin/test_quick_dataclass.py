"""A class made quickly is what Python's own decorator makes of it."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, astuple, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar

import pytest
from pytest_pmd_migrations.quick_dataclass import dataclass

Decorate = Callable[..., Any]
BOTH = [pytest.param(dataclass, id="quick"), pytest.param(dataclasses.dataclass, id="python")]


@dataclass(frozen=True)
class Pickled:
    """One whose name can be imported."""

    number: int
    texts: tuple[str, ...] = ()


def every_kind(decorate: Decorate) -> Any:
    """Return a class with each kind of field."""

    @decorate(frozen=True)
    class Kinds:
        of_class: ClassVar[int] = 7
        first: int
        hidden: str = field(repr=False)
        aside: list[int] = field(default_factory=list, compare=False)
        named: int = field(default=3, kw_only=True)
        hashed: int = field(default=4, hash=False)
        kept: dict[str, int] = field(default_factory=dict, init=False, compare=False)
        fixed: int = field(default=5, init=False)

        def __post_init__(self) -> None:
            self.kept["made"] = self.first

        @cached_property
        def double(self) -> int:
            return 2 * self.first

    return Kinds


def told(decorate: Decorate) -> dict[str, object]:
    """What can be seen of such a class and of its instances."""
    kinds = every_kind(decorate)
    one, same, other = kinds(1, "x"), kinds(1, "x", [9]), kinds(2, hidden="y", named=8)
    # What hashes alike stands in a set in the same order.
    seen = {(1, "x", 3, 5): hash(one), (2, "y", 8, 5): hash(other)}
    return {
        "repr": repr(one),
        "equal": (one == same, one != other, one == 1, one.__eq__(1)),
        "hash": [hash(values) == found for values, found in seen.items()],
        "parameters": [(p.name, p.kind) for p in inspect.signature(kinds).parameters.values()],
        "fields": [(f.name, f.init, f.compare, f.kw_only) for f in fields(kinds)],
        "values": (asdict(other), astuple(other), other.double, one.aside is not same.aside),
        "replaced": repr(replace(other, first=6, aside=[1])),
        "match": kinds.__match_args__,
        "names": [getattr(kinds, name).__qualname__ for name in ("__init__", "__eq__", "__hash__")],
    }


def test_every_kind_of_field_is_as_pythons_own_has_it() -> None:
    quick, own = told(dataclass), told(dataclasses.dataclass)
    assert quick == own
    assert all(own["hash"])  # type: ignore[arg-type]  # a list


@pytest.mark.parametrize("decorate", BOTH)
def test_nothing_of_an_instance_can_be_changed(decorate: Decorate) -> None:
    one = every_kind(decorate)(1, "x")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'first'"):
        one.first = 2
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'other'"):
        one.other = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'first'"):
        del one.first
    with pytest.raises(TypeError, match=r"Kinds\.__init__\(\) missing 1 required positional"):
        every_kind(decorate)(1)


@pytest.mark.parametrize("decorate", BOTH)
def test_of_two_that_do_not_compare_each_is_itself(decorate: Decorate) -> None:
    @decorate(frozen=True, eq=False)
    class Itself:
        number: int

    assert Itself(1) != Itself(1)
    assert len({Itself(1), Itself(1)}) == 2
    assert repr(Itself(1)).endswith("Itself(number=1)")


@pytest.mark.parametrize("decorate", BOTH)
def test_a_class_without_fields_or_with_one_compares_and_hashes(decorate: Decorate) -> None:
    @decorate(frozen=True)
    class Nothing:
        pass

    @decorate(frozen=True)
    class One:
        number: int

    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(())
    assert One(2) == One(2) != One(3)
    assert hash(One(2)) == hash((2,))


@pytest.mark.parametrize("decorate", BOTH)
def test_one_that_holds_itself_can_be_printed(decorate: Decorate) -> None:
    @decorate(frozen=True)
    class Holder:
        held: list[object]

    holder = Holder([])
    holder.held.append(holder)
    assert repr(holder).endswith("Holder(held=[...])")


@pytest.mark.parametrize("decorate", BOTH)
def test_a_subclass_has_the_fields_of_both_and_is_frozen_too(decorate: Decorate) -> None:
    @decorate(frozen=True)
    class Base:
        first: int

    @decorate(frozen=True)
    class Sub(Base):
        second: int = 2

        @property
        def sum(self) -> int:
            return self.first + self.second

    assert Sub(1).sum == 3
    assert Sub(1) != Base(1)
    with pytest.raises(FrozenInstanceError):
        Sub(1).first = 2
    with pytest.raises(TypeError, match="cannot inherit non-frozen"):
        decorate(type("Thawed", (Base,), {}))


@pytest.mark.parametrize("decorate", BOTH)
def test_an_own_method_stays(decorate: Decorate) -> None:
    @decorate(frozen=True)
    class Own:
        number: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 1

    assert (repr(Own(1)), Own(1) == Own(2), hash(Own(3))) == ("own", True, 1)


def test_what_is_asked_for_besides_is_made_by_python() -> None:
    @dataclass(frozen=True, order=True)
    class Ordered:
        number: int

    @dataclass(slots=True)
    class Slotted:
        number: int

    @dataclass
    class Plain:
        number: int

    assert Ordered(1) < Ordered(2)
    assert not hasattr(Slotted(1), "__dict__")
    plain = Plain(1)
    plain.number = 2
    assert plain == Plain(2)


def test_an_instance_is_the_same_after_it_was_pickled() -> None:
    assert pickle.loads(pickle.dumps(Pickled(1, ("a",)))) == Pickled(1, ("a",))
