"""The wheel holds what it must, and runs the demo in an environment that has nothing else."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("LICENSE", "README.md", "pyproject.toml", "setup.cfg", "planbook", "workbook_specs", "sample_data")


def _read_setup() -> configparser.ConfigParser:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup


def _requirements(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{command} left {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done


def test_every_package_is_listed_in_setup_cfg() -> None:
    listed = set(_requirements(_read_setup()["options"]["packages"]))
    found = {
        ".".join(init.parent.relative_to(ROOT).parts) for init in (ROOT / "planbook").rglob("__init__.py")
    }
    assert found, "no package was found"
    assert listed == found | {"planbook.workbook_specs", "planbook.sample_data"}


def test_lowest_pins_are_the_lower_bounds() -> None:
    bounds = {}
    setup = _read_setup()
    extra = _requirements(setup["options.extras_require"]["parquet"])
    for line in (*_requirements(setup["options"]["install_requires"]), *extra):
        match = re.match(r"([\w-]+)>=([\d.]+)", line)
        assert match, f"no lower bound: {line}"
        bounds[match[1]] = match[2]
    pins = {}
    for line in _requirements((ROOT / "constraints" / "lowest.txt").read_text(encoding="utf-8")):
        name, pin = line.split("==")
        pins[name] = pin
    assert pins.keys() == bounds.keys()
    for name, bound in bounds.items():
        padded = bound.split(".") + ["0"] * 3
        assert pins[name].split(".") == padded[: len(pins[name].split("."))], name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy, so that no `build/` of an earlier run leaks into it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SHIPPED:
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(origin, source / name)
    shutil.copytree(ROOT / "tests", source / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    _run(
        sys.executable,
        *("-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", source),
        cwd=folder,
    )
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.mark.slow
def test_wheel_holds_everything_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as package:
        held = {name for name in package.namelist() if not name.endswith("/")}
    wanted = {
        origin.relative_to(ROOT).as_posix()
        for origin in (ROOT / "planbook").rglob("*")
        if origin.is_file() and "__pycache__" not in origin.parts and not origin.name.startswith(".")
    }
    for folder in ("workbook_specs", "sample_data"):
        data = {
            f"planbook/{origin.relative_to(ROOT).as_posix()}"
            for origin in (ROOT / folder).rglob("*")
            if origin.is_file() and not origin.name.startswith(".")
        }
        assert data, f"{folder} holds nothing"
        wanted |= data
    assert any(re.fullmatch(r"planbook/workbook_specs/.+\.yaml", name) for name in wanted)
    assert any(re.fullmatch(r"planbook/sample_data/returned/.+\.xlsx", name) for name in wanted)
    assert "planbook/py.typed" in wanted
    of_the_wheel = {name for name in held if re.match(r"planbook-[^/]+\.dist-info/", name)}
    assert held - of_the_wheel == wanted
    assert any(name.endswith("/LICENSE") for name in of_the_wheel)


@pytest.mark.slow
def test_demo_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    scripts = environment / ("Scripts" if sys.platform == "win32" else "bin")
    _run(scripts / "python", *("-m", "pip", "install", "--quiet", wheel), cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = _run(
        scripts / "python", "-c", "import planbook; print(planbook.__file__)", cwd=elsewhere
    ).stdout.strip()
    assert Path(where).is_relative_to(environment), "not the installed planbook"

    done = _run(scripts / "planbook", "demo", tmp_path / "demo", cwd=elsewhere)

    assert done.stdout.strip(), "the demo printed nothing"
    assert list((tmp_path / "demo" / "reports").rglob("*.xlsx")), "no report"
    assert list((tmp_path / "demo" / "outbox").rglob("*.xlsx")), "no issued workbook"
    assert list((tmp_path / "demo").rglob("*.eml")), "no mail"
    assert not list(elsewhere.iterdir()), "the demo wrote outside its folder"
