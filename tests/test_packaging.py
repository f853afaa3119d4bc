"""What pyproject.toml says by hand, held against the tree."""

import sys
import tomllib
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]


def listed_packages() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return set(settings["tool"]["setuptools"]["packages"])


def test_every_package_is_listed() -> None:
    rooms = {name.split(".")[1] for name in listed_packages() if "." in name}
    found = {"cloudcascade"} | {
        ".".join(("cloudcascade", *init.parent.relative_to(ROOT).parts))
        for room in rooms
        for init in (ROOT / room).rglob("__init__.py")
    }
    assert listed_packages() == found


def test_every_room_with_code_is_listed() -> None:
    rooms = {f"cloudcascade.{init.parent.name}" for init in ROOT.glob("*/__init__.py")}
    assert rooms <= listed_packages()


def test_every_file_that_is_no_module_ships() -> None:
    """What a room reads beside its modules has to be named, or only a checkout has it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns: dict[str, list[str]] = settings["tool"]["setuptools"]["package-data"]
    shipped = {
        path
        for package, globs in patterns.items()
        for pattern in globs
        for path in ROOT.joinpath(*package.split(".")[1:]).glob(pattern)
    }
    rooms = {name.split(".")[1] for name in listed_packages() if "." in name}
    beside = {
        path
        for room in rooms
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert sorted(map(str, beside - shipped)) == []


def test_the_root_holds_one_module() -> None:
    """Every *.py beside pyproject.toml would ship inside the wheel."""
    assert [path.name for path in ROOT.glob("*.py")] == ["__init__.py"]


def test_a_module_is_imported_once() -> None:
    import_module("cloudcascade.catalog.models")
    named = [name for name in sys.modules if name.endswith("catalog.models")]
    assert named == ["cloudcascade.catalog.models"]


def test_every_room_names_what_it_offers() -> None:
    rooms = {name for name in listed_packages() if name.count(".") == 1}
    for name in sorted(rooms - {"cloudcascade.cli"}):
        room = import_module(name)
        assert len(room.__all__) == len(set(room.__all__)), name
        for public in room.__all__:
            assert getattr(room, public, None) is not None, f"{name}.{public}"
