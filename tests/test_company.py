"""The tree of departments: who is issued a workbook, and which departments it may name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbook.company import Company, Department
from planbook.layout.manifest import Issue
from planbook.reader import Submission
from planbook.workflow import _company_of


def make_company(tree: str) -> Company:
    """A company from lines of `code [yes|no]`, indented below their parents."""
    departments: list[Department] = []
    above: list[tuple[int, str]] = []
    for line in tree.splitlines():
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        above = [(indent, code) for indent, code in above if indent < depth]
        code, _, said = line.strip().partition(" ")
        workbook = {"yes": True, "no": False}.get(said)
        departments.append(
            Department(code, f"{code}部", parent=above[-1][1] if above else "", workbook=workbook)
        )
        above.append((depth, code))
    return Company(tuple(departments))


def codes(departments: object) -> list[str]:
    """The codes of departments, in order."""
    return [department.code for department in departments]  # type: ignore[attr-defined]


TREE = """
YX yes
  XS
  KH
  SC yes
    SC1
  GJ yes
YF
  YF1
  CP
"""


def test_below_walks_parents_before_children() -> None:
    company = make_company(TREE)
    assert codes(company.below("YX")) == ["YX", "XS", "KH", "SC", "SC1", "GJ"]
    assert codes(company.below("")) == codes(company.departments)


def test_what_stands_above() -> None:
    company = make_company(TREE)
    assert codes(company.above("SC1")) == ["SC", "YX"]


def test_children_of_the_top() -> None:
    assert codes(make_company(TREE).children("")) == ["YX", "YF"]


@pytest.mark.parametrize(("text", "code"), [("XS", "XS"), ("XS部", "XS"), ("没有", None)])
def test_find_by_code_or_name(text: str, code: str | None) -> None:
    found = make_company(TREE).find(text)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("tree", "issued"),
    [
        ("A\n B\n C", ["B", "C"]),
        ("A yes\n B\n C", ["A"]),
        ("A yes\n B yes\n C", ["A", "B"]),
        ("A yes\n B yes\n  D", ["A", "B"]),
        ("A\n B no\n C", ["C"]),
        ("A no\n B", ["B"]),
        ("A", ["A"]),
        ("", []),
    ],
)
def test_issued(tree: str, issued: list[str]) -> None:
    assert codes(make_company(tree).issued()) == issued


@pytest.mark.parametrize(
    ("code", "scope"), [("YX", ["YX", "XS", "KH"]), ("SC", ["SC", "SC1"]), ("GJ", ["GJ"]), ("YF1", ["YF1"])]
)
def test_scope_leaves_out_those_with_a_workbook_of_their_own(code: str, scope: list[str]) -> None:
    assert codes(make_company(TREE).scope(code)) == scope


def test_a_tree_deeper_than_the_stack() -> None:
    depth = 5000
    chain = [Department(f"D{n}", f"部门{n}", parent=f"D{n - 1}" if n else "") for n in range(depth)]
    company = Company(tuple(chain))
    assert len(list(company.below(""))) == depth
    assert len(list(company.above(f"D{depth - 1}"))) == depth - 1


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([True, False, None])), max_size=25))
def test_no_department_stands_in_two_workbooks(drawn: list[tuple[int, bool | None]]) -> None:
    departments = tuple(
        Department(f"D{n}", f"部门{n}", parent=f"D{above % n}" if n and above < 25 else "", workbook=workbook)
        for n, (above, workbook) in enumerate(drawn)
    )
    company = Company(departments)
    named = [code for top in company.issued() for code in codes(company.scope(top.code))]
    assert len(named) == len(set(named))
    assert {top.code for top in company.issued()} <= set(named)


# -- the tree of bare files ----------------------------------------------------------------------


def returned(code: str, *scope: str) -> Submission:
    issue = Issue("", "annual_plan", "1", "", code, f"{code}部", 2024, 1, "zh", (code, *scope))
    return Submission(f"{code}.xlsx", issue=issue)


SCOPES = {"HQ": "D1 A B D2 C", "D1": "A B", "D2": "C", "A": "", "C": ""}


@given(st.permutations(sorted(SCOPES)))
def test_the_tree_of_bare_files_is_the_same_in_any_order(order: list[str]) -> None:
    company = _company_of([returned(code, *SCOPES[code].split()) for code in order])
    assert {d.code: d.parent for d in company.departments} == {
        "HQ": "", "D1": "HQ", "D2": "HQ", "A": "D1", "B": "D1", "C": "D2",
    }  # fmt: skip
    assert {d.code for d in company.departments if d.workbook} == set(SCOPES)


@pytest.mark.parametrize("both", [False, True])
def test_a_department_stays_below_its_division_whether_its_own_file_came_back(both: bool) -> None:
    files = [returned("D1", "A", "B"), *([returned("A")] if both else [])]
    assert {d.code: d.parent for d in _company_of(files).departments} == {"D1": "", "A": "D1", "B": "D1"}


def test_two_files_that_each_claim_the_other_are_no_circle() -> None:
    company = _company_of([returned("A", "B"), returned("B", "A")])
    assert {d.code: d.parent for d in company.departments} == {"A": "", "B": ""}
