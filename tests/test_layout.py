"""Addresses, names, formulas and the manifest: what writer, reader and calculation share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import column_index_from_string, get_column_letter

from planbook.calendar import FiscalYear
from planbook.layout import (
    FIRST_ROW,
    IDENTITY_NAME,
    KEY_ROW,
    Layout,
    cell_address,
    column_letter,
    quote_sheet,
    resolve_layout,
)
from planbook.layout.cells import default_value, fit_value, input_cells, show_span
from planbook.layout.manifest import (
    Issue,
    issue_from,
    items_from,
    make_issue,
    manifest_of,
    meta_rows,
    read_meta,
    settings_from,
)
from planbook.problems import UsageError
from planbook.spec import Column, Place, load_spec
from planbook.values import NIL, Span
from tests.support.plans import ITEMS, MANY, make_plan, rich_plan, settings_for

BOOKS = [("annual_plan", "zh"), ("annual_plan", "en"), ("classic", "zh"), ("classic", "en")]
LONGEST_FORMULA = 8192
LONGEST_VALIDATION = 255


def layout_of(book: str = "annual_plan", lang: str = "zh", **rows: int) -> Layout:
    return resolve_layout(load_spec(book), lang=lang, items=ITEMS, rows=rows, many=MANY)


@pytest.fixture(params=BOOKS, ids=lambda pair: "-".join(pair))
def layout(request: pytest.FixtureRequest) -> Layout:
    return layout_of(*request.param)


# -- addresses -----------------------------------------------------------------------------


@given(st.integers(0, 16383))
def test_letters_are_excels(index: int) -> None:
    assert column_letter(index) == get_column_letter(index + 1)
    assert column_index_from_string(column_letter(index)) == index + 1


def test_addresses_count_from_one() -> None:
    assert cell_address(0, 0) == "A1"
    assert cell_address(6, 27) == "AB7"
    assert cell_address(6, 27, absolute=True) == "$AB$7"
    assert quote_sheet("1_目标's") == "'1_目标''s'"


def test_every_column_has_its_own_place(layout: Layout) -> None:
    for placed in layout.sheets:
        indexes = [at.index for at in placed.columns]
        assert indexes == list(range(1, len(placed.columns) + 1))
        order = [at.column.place for at in placed.columns]
        assert order == sorted(order, key=[Place.SHOWN, Place.HIDDEN, Place.VIRTUAL].index)
        assert [at.column.key for at in placed.visible] == [c.key for c in placed.sheet.columns if c.visible]
        assert all(at.letter == get_column_letter(at.index + 1) for at in placed.columns)


def test_rows_may_be_overridden() -> None:
    placed = layout_of(goals=12).sheet("goals")
    assert (placed.rows, placed.first_row, placed.last_row) == (12, 6, 17)
    assert (placed.row(1), placed.row(12)) == (6, 17)
    assert placed.range("goal").endswith("!$C$7:$C$18")
    assert placed.range("id").endswith("!$A$7:$A$18")


def test_a_language_or_sheet_the_book_does_not_have() -> None:
    with pytest.raises(UsageError, match="speaks zh, en, not fr"):
        layout_of(lang="fr")
    with pytest.raises(UsageError, match="has no sheet gaols"):
        layout_of(gaols=3)


# -- defined names -------------------------------------------------------------------------


def test_names_are_unique_and_valid_in_excel(layout: Layout) -> None:
    names = [name.name for name in layout.names]
    assert len({name.casefold() for name in names}) == len(names) > 100
    for name in names:
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name), name
        assert len(name) <= 255
        assert not re.fullmatch(r"[A-Za-z]{1,3}\d+", name), f"{name} reads like a cell"
        assert not re.fullmatch(r"[RrCc]\d*|[Rr]\d*[Cc]\d*", name), f"{name} reads like R1C1"


def test_names_point_into_the_workbook(layout: Layout) -> None:
    titles = {layout.lists_title, "_meta", *(placed.title for placed in layout.sheets)}
    for name in layout.names:
        found = set(re.findall(r"'((?:[^']|'')+)'!", name.target))
        assert found, name
        assert found <= titles, name
        assert name.validation or "OFFSET" not in name.target
        assert "INDIRECT" not in name.target
        if not name.validation:
            assert re.fullmatch(r"'[^']+'!\$[A-Z]+\$\d+(:\$[A-Z]+\$\d+)?", name.target), name


def test_each_dropdown_that_chooses_otherwise_has_its_own_name() -> None:
    book = load_spec()
    tracking = book.sheet("tracking")
    task = tracking.column("task")
    assert task.link is not None
    columns: list[Column] = []
    for column in tracking.columns:
        columns.append(column)
        if column.key == "task":
            link = task.link.model_copy(update={"within": ("initiative", "goal")})
            columns.append(column.model_copy(update={"key": "second", "link": link}))
            columns.append(column.model_copy(update={"key": "third"}))
    sheets = tuple(
        s.model_copy(update={"columns": tuple(columns)}) if s.key == "tracking" else s for s in book.sheets
    )
    plan = resolve_layout(book.model_copy(update={"sheets": sheets})).dropdowns
    blocks = {key: plan.block_of("tracking", key) for key in ("task", "second", "third")}
    assert blocks["task"] == blocks["third"]
    assert blocks["task"] is not None
    assert blocks["second"] is not None
    assert blocks["task"].name != blocks["second"].name
    assert len({name for name, _, _ in plan.names}) == len(plan.names)


# -- formulas ------------------------------------------------------------------------------


def test_every_formula_is_rendered_whole(layout: Layout) -> None:
    known = {name.name for name in layout.names}
    count = 0
    for sheet, row, column, formula in layout.formula_cells():
        count += 1
        assert formula.startswith("=")
        assert len(formula) <= LONGEST_FORMULA
        bare = re.sub(r'"(?:[^"]|"")*"', '""', formula)
        assert not set("[]{}\x00\n") & set(bare), (sheet, row, column, formula)
        words = {word for word in re.findall(r"[a-z_][a-z0-9_]*", bare) if "_" in word}
        assert words <= known, (sheet, formula)
    assert count > 1000


def test_formulas_use_no_name_that_hides_a_range_operator(layout: Layout) -> None:
    hidden = {name.name for name in layout.names if name.validation}
    assert hidden
    for _, _, _, formula in layout.formula_cells():
        assert not hidden & set(re.findall(r"[a-z_][a-z0-9_]*", formula))


def test_formulas_of_one_column_differ_only_by_their_row(layout: Layout) -> None:
    placed = layout.sheet("review")
    column = placed.sheet.column("deviation")
    first, later = (layout.column_formula("review", column, row) for row in (FIRST_ROW, FIRST_ROW + 5))
    assert re.sub(r"(\$[A-Z]+)7\b", r"\g<1>12", first) == later != first


def test_formulas_name_lists_and_settings() -> None:
    zh, en = layout_of(lang="zh"), layout_of(lang="en")
    formula = "=IF([direction]={direction.lower},{cap},SUM([goals.target]))"
    assert zh.formula("goals", formula, 6) == '=IF($F7="越低越好",cell_cap,SUM(goals_target))'
    assert en.formula("goals", formula, 6) == '=IF($F7="Lower is better",cell_cap,SUM(goals_target))'
    assert zh.formula("goals", "=MATCH([level],{level.*},0)", 6) == "=MATCH($B7,list_level,0)"


def test_formulas_look_up_what_a_link_names() -> None:
    layout = layout_of()
    match = "MATCH(LEFT($C7,4),goals_id,0)"
    assert layout.formula("decomposition", "=[goal>id]", 6) == "=LEFT($C7,4)"
    assert layout.formula("decomposition", "=[goal>metric]", 6) == (
        f'=IFERROR(INDEX(goals_metric,{match})&"","")'
    )
    found = f"INDEX(goals_target,{match})"
    assert layout.formula("decomposition", "=[goal>target]", 6) == f'=IFERROR(IF({found}="","",{found}),"")'


# -- dropdowns -----------------------------------------------------------------------------


def test_dropdowns_are_names_or_cut_out_of_them(layout: Layout) -> None:
    found = 0
    for placed in layout.sheets:
        for at in placed.written:
            if at.column.calculated:
                continue
            source = layout.dropdown(placed.sheet.key, at.column)
            if not source:
                continue
            found += 1
            assert len(source) - 1 <= LONGEST_VALIDATION, source
            if not re.fullmatch(r"=[a-z0-9_]+", source):
                assert re.match(
                    r"=OFFSET\(\w+_head,MATCH\(.+,\w+_keys,0\),0,COUNTIF\(\w+_keys,.+\),1\)", source
                )
            words = set(re.findall(r"[a-z_]+\w*", re.sub(r'"[^"]*"', "", source)))
            assert words <= {name.name for name in layout.names}
            assert "!" not in source
    assert found >= 8


def test_the_cascade_narrows_by_goal_and_initiative() -> None:
    layout = layout_of()
    tracking = layout.book.sheet("tracking")
    parents = 'LEFT($B7,4)&"|"&$C7'
    assert layout.dropdown("tracking", tracking.column("goal")) == "=pick_goals_goal"
    assert layout.dropdown("tracking", tracking.column("initiative")) == (
        "=OFFSET(pick_decomposition_initiative1_head,MATCH(LEFT($B7,4),pick_decomposition_initiative1_keys,0),"
        "0,COUNTIF(pick_decomposition_initiative1_keys,LEFT($B7,4)),1)"
    )
    assert parents in layout.dropdown("tracking", tracking.column("task"))


def test_a_longer_table_makes_no_longer_validation() -> None:
    for rows in (1, 9999):
        layout = layout_of(decomposition=rows, tracking=1, goals=1, review=1)
        column = layout.book.sheet("tracking").column("task")
        assert len(layout.dropdown("tracking", column)) <= LONGEST_VALIDATION


# -- what stands in the input cells --------------------------------------------------------


def cells_of(layout: Layout, **values: Any) -> Mapping[tuple[str, int, int], object]:
    plan = make_plan({"goals": [values]}, {"as_of": date(2024, 7, 1)})
    return {(c.sheet, c.row, c.column): c.value for c in input_cells(layout, plan, settings_for(), "XS")}


def test_choices_links_nil_and_spans_are_shown_as_text() -> None:
    zh, en = layout_of(), layout_of(lang="en")
    at = zh.sheet("goals").index
    for layout, direction, nil in ((zh, "越低越好", "无"), (en, "Lower is better", "N/A")):
        cells = cells_of(layout, goal="甲", direction="lower", target=NIL, unit="箱")
        assert cells["goals", 6, at("direction")] == direction
        assert cells["goals", 6, at("target")] == nil
        assert cells["goals", 6, at("unit")] == "箱"
        assert cells["goals", 6, at("department")] == "销售部"
        assert cells["goals", 6, 0] == "G001"
    plan = make_plan({"goals": [{"goal": "甲"}], "review": [{"goal": "G001"}, {"goal": "G002"}]})
    shown = {(c.sheet, c.row, c.column): c.value for c in input_cells(zh, plan, settings_for())}
    column = zh.sheet("review").index("goal")
    assert [shown["review", row, column] for row in (6, 7)] == ["G001｜甲", "G002"]


def test_a_virtual_column_has_its_default_only_in_rows_that_exist() -> None:
    layout = layout_of("classic")
    at = layout.sheet("goals").index("direction")
    assert cells_of(layout, goal="甲")["goals", 6, at] == "越高越好"
    assert ("goals", 7, at) not in cells_of(layout, goal="甲")


@pytest.mark.parametrize(
    ("span", "zh", "en"),
    [
        (Span(date(2024, 1, 1), date(2024, 6, 30)), "2024年1-6月", "2024-01-01 ~ 2024-06-30"),
        (Span(date(2024, 2, 1), date(2024, 2, 29)), "2024年2-2月", "2024-02-01 ~ 2024-02-29"),
        (Span(date(2024, 1, 3), date(2024, 6, 30)), "2024-01-03 至 2024-06-30", "2024-01-03 ~ 2024-06-30"),
        (Span(date(2024, 7, 1), date(2025, 6, 30)), "2024-07-01 至 2025-06-30", "2024-07-01 ~ 2025-06-30"),
    ],
)
def test_a_span_is_written_as_planners_write_it(span: Span, zh: str, en: str) -> None:
    assert (show_span(span, "zh"), show_span(span, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "held"),
    [
        ("一\r\n二\r三\n四\t五", "一\n二\n三\n四\t五"),
        ("a\x00\x07\x0b\x1fb\ud800\uffff\ufffe", "ab"),
        ("=SUM(A1)", "=SUM(A1)"),
        (float("inf"), None),
        (float("nan"), None),
        (date(1899, 12, 31), "1899-12-31"),
        (date(1900, 1, 1), date(1900, 1, 1)),
        (None, None),
        (True, True),
        (0.0, 0.0),
    ],
)
def test_a_cell_holds_what_a_workbook_can(value: Any, held: Any) -> None:
    assert fit_value(value) == held


def test_defaults() -> None:
    goals = load_spec().sheet("goals")
    assert default_value(goals.column("department"), "XS") == "XS"
    assert default_value(goals.column("department"), "") is None
    assert default_value(goals.column("direction"), "XS") == "higher"
    assert default_value(goals.column("goal"), "XS") is None


def test_every_input_of_a_rich_plan_has_a_place(layout: Layout) -> None:
    plan = rich_plan(layout.book.name, as_of=date(2024, 7, 1))
    cells = list(input_cells(layout, plan, settings_for(), "YX"))
    places = [(cell.sheet, cell.row, cell.column) for cell in cells]
    assert len(set(places)) == len(places)
    formulas = {(sheet, row, column) for sheet, row, column, _ in layout.formula_cells()}
    assert not formulas & set(places)


# -- the manifest --------------------------------------------------------------------------


def issue_for(layout: Layout, **changed: Any) -> Issue:
    given = {
        "department": "YX",
        "department_name": "营销中心",
        "year": FiscalYear(2024),
        "scope": ("YX", "XS"),
    }
    return make_issue(layout, **{**given, **changed})


def test_an_issue_is_a_hash_of_what_it_is(layout: Layout) -> None:
    issue = issue_for(layout)
    assert re.fullmatch(r"PB2024-[0-9A-F]{10}", issue.id)
    assert issue_for(layout) == issue
    changes: list[dict[str, Any]] = [
        {"department": "XS"},
        {"year": FiscalYear(2025)},
        {"year": FiscalYear(2024, 4)},
        {"scope": ("YX",)},
        {"content": "x"},
    ]
    ids = {issue.id, *(issue_for(layout, **change).id for change in changes)}
    ids.add(issue_for(layout_of(layout.book.name, layout.lang, goals=9)).id)
    ids.add(issue_for(layout_of(layout.book.name, "en" if layout.lang == "zh" else "zh")).id)
    assert len(ids) == len(changes) + 3
    assert issue_for(layout, department_name="另一个名字").id == issue.id


@pytest.mark.parametrize("many", [1, 4000])
def test_a_manifest_reads_back(layout: Layout, many: int) -> None:
    issue = issue_for(layout, scope=tuple(f"部门{n}😀" for n in range(many)))
    settings = settings_for(method="ratio", stale_days=9)
    rows = meta_rows(layout, issue, settings)
    assert rows[0] == ("issue", issue.id)
    assert all(len(text.encode("utf-16-le")) // 2 <= 32767 for _, text in rows)
    assert len({key for key, _ in rows}) == len(rows)
    ident, data = read_meta(rows)
    assert ident == issue.id
    assert data == json.loads(json.dumps(manifest_of(layout, issue, settings)))
    assert data is not None
    assert issue_from(data) == issue
    assert settings_from(data, layout.book) == settings
    assert items_from(data) == ITEMS
    (goals, *_) = data["sheets"]
    placed = layout.sheet("goals")
    assert (goals["title"], goals["key_row"], goals["first_row"], goals["rows"]) == (
        placed.title,
        KEY_ROW,
        FIRST_ROW,
        placed.rows,
    )
    assert goals["columns"] == {at.column.key: at.index for at in placed.written}


def test_only_the_books_settings_travel() -> None:
    layout = layout_of()
    manifest = manifest_of(layout, issue_for(layout), settings_for(as_of=date(2024, 7, 1), colour="red"))
    assert set(manifest["settings"]) == {"quarter_ends", "holidays", "makeup_days"}


def test_the_identity_name_points_at_the_hidden_sheet(layout: Layout) -> None:
    (name,) = [name for name in layout.names if name.name == IDENTITY_NAME]
    assert name.target == "'_meta'!$B$1"


SOUND: dict[str, Any] = {
    "id": "PB2024-0123456789",
    "book": "annual_plan",
    "version": "1.0",
    "sha256": "00",
    "department": "YX",
    "department_name": "营销中心",
    "year": 2024,
    "start_month": 1,
    "lang": "zh",
    "scope": ["YX"],
}


def test_a_sound_issue_is_read() -> None:
    assert issue_from({"issue": SOUND}) == Issue(**{**SOUND, "scope": ("YX",)})


@pytest.mark.parametrize(
    "change",
    [
        *({key: 5} for key in ("id", "book", "version", "sha256", "department", "department_name", "lang")),
        *({key: None} for key in SOUND),
        *({key: {}} for key in SOUND),
        {"year": "2024"},
        {"year": 2024.0},
        {"year": 0},
        {"year": 99999},
        {"start_month": 0},
        {"start_month": 13},
        {"start_month": True},
        {"scope": "YX"},
        {"scope": [["YX"]]},
        {"scope": [1]},
        {"scope": [None]},
        {"extra": 1},
    ],
    ids=str,
)
def test_an_issue_of_other_types_is_none(change: dict[str, Any]) -> None:
    assert issue_from({"issue": {**SOUND, **change}}) is None


@pytest.mark.parametrize("key", [key for key in SOUND if key != "scope"])
def test_an_issue_that_lacks_a_field_is_none(key: str) -> None:
    assert issue_from({"issue": {name: value for name, value in SOUND.items() if name != key}}) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null", '"x"', "[" * 100_000, '{"a":' * 50_000, "NaN"])
def test_a_manifest_that_does_not_parse_is_none(text: str) -> None:
    assert read_meta([("issue", "PB1"), ("manifest 1", text)]) == ("PB1", None)


def test_no_meta_rows_are_no_manifest() -> None:
    assert read_meta([]) == ("", None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("green", "1.0"),
        ("green", True),
        ("green", float("nan")),
        ("green", float("inf")),
        ("green", 10**400),
        ("green", [1]),
        ("method", 5),
        ("method", None),
        ("quarter_ends", 5),
        ("quarter_ends", "2024-03-31"),
        ("quarter_ends", ["2024-03-31", "31 March"]),
        ("quarter_ends", [45382]),
        ("holidays", ["0001-01-01"]),
        ("holidays", [None]),
        ("holidays", {}),
        ("no_such_setting", 1.0),
    ],
)
def test_a_setting_of_another_type_is_left_out(key: str, value: Any) -> None:
    assert settings_from({"settings": {key: value, "cap": 1.5}}, load_spec()) == {"cap": 1.5}


@pytest.mark.parametrize("value", [None, 5, "x", [["a", "b"]], {"department": 5}, {"department": "ab"}])
def test_lists_of_another_shape_have_no_items(value: Any) -> None:
    assert not any(items_from({"lists": value}).values())


def test_items_of_another_shape_are_left_out() -> None:
    pairs = [
        ["YX", "营销中心"],
        ["", "空"],
        ["A"],
        ["A", 5],
        [5, "A"],
        [None, None],
        "AB",
        {"a": "b"},
        [[], ""],
    ]
    (item,) = items_from({"lists": {"department": pairs}})["department"]
    assert (item.key, item.title.to("zh")) == ("YX", "营销中心")


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries({}, optional={key: anything for key in ("issue", "settings", "lists", "sheets")})
)
def test_no_manifest_raises(data: dict[str, Any]) -> None:
    issue = issue_from(data)
    assert issue is None or isinstance(issue, Issue)
    settings_from(data, load_spec())
    items_from(data)


@given(
    st.sampled_from(sorted(SOUND)),
    anything,
    st.dictionaries(st.sampled_from(["green", "holidays"]), anything),
)
def test_no_field_raises(key: str, value: Any, settings: dict[str, Any]) -> None:
    issue = issue_from({"issue": {**SOUND, key: value}})
    assert issue is None or hash(issue) is not None
    settings_from({"settings": settings}, load_spec())


@given(st.lists(st.tuples(st.sampled_from(["issue", "manifest 1", "manifest 2", "x"]), st.text())))
def test_no_meta_sheet_raises(rows: list[tuple[str, str]]) -> None:
    ident, data = read_meta(rows)
    assert isinstance(ident, str)
    assert data is None or isinstance(data, dict)
