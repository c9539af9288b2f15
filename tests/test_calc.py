"""The formula engine's models serve several plans: nothing of one may reach the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import planbook.calc as calc
from planbook.calc import Calculator, Cells, calculate_plan
from planbook.layout import resolve_layout
from planbook.plan import Plan
from planbook.spec import load_spec
from tests.support.plans import make_plan, rich_plan
from tests.support.workbooks import AS_OF, settings_at

BOOK = load_spec("annual_plan")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No model of another test."""
    calc._LOADED.models.clear()
    yield
    calc._LOADED.models.clear()


@pytest.fixture(scope="module")
def calculator() -> Calculator:
    rows = {"goals": 8, "decomposition": 8, "tracking": 8, "review": 12}
    return Calculator(resolve_layout(BOOK, lang="zh", rows=rows, many={"quarter_ends": 4}))


PLANS = (rich_plan("annual_plan", as_of=AS_OF), make_plan({}, {"as_of": AS_OF}), make_plan({}))


def alone(calculator: Calculator, plan: Plan) -> Cells:
    """What a plan gives in a model that served no other."""
    calc._LOADED.models.clear()
    return calculator.evaluate(plan, settings_at())


def test_a_plan_gives_the_same_whatever_the_model_served_before(calculator: Calculator) -> None:
    wanted = [alone(calculator, plan) for plan in PLANS]
    assert wanted[0] != wanted[1]
    for order in ((0, 1, 2, 0), (1, 0, 2, 1)):
        calc._LOADED.models.clear()
        for at in order:
            assert calculator.evaluate(PLANS[at], settings_at()) == wanted[at]


def test_a_model_is_loaded_anew_after_it_has_served_often(
    calculator: Calculator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps every text it was ever given."""
    monkeypatch.setattr(calc, "MOST_SERVED", 2)
    found = []
    for _ in range(5):
        calculator.evaluate(PLANS[1], settings_at())
        [(_, _, served)] = calc._LOADED.models.values()
        found.append(served)
    assert found == [1, 2, 1, 2, 1]


def test_no_more_models_are_kept_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calc, "KEPT_LOADED", 2)
    for lang in ("zh", "en"):
        for rows in (8, 9):
            layout = resolve_layout(BOOK, lang=lang, rows={"goals": rows}, many={"quarter_ends": 4})
            Calculator(layout).evaluate(PLANS[1], settings_at())
    assert len(calc._LOADED.models) == 2


def test_each_thread_has_models_of_its_own(calculator: Calculator) -> None:
    """One that is handed from thread to thread ends the process."""
    wanted = [alone(calculator, plan) for plan in PLANS]
    found: dict[int, list[Cells]] = {}

    def work(at: int) -> None:
        found[at] = [calculator.evaluate(PLANS[at], settings_at()) for _ in range(3)]
        calculate_plan(BOOK, PLANS[at], settings_at())

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(PLANS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {at: [wanted[at]] * 3 for at in range(len(PLANS))}
