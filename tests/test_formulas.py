"""The formula language of a book: pieces, placeholders, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbook.spec import load_spec, quote_text, references, render
from planbook.spec.formulas import (
    PORTABLE_FUNCTIONS,
    TokenKind,
    bind_arguments,
    foreign_functions,
    names,
    syntax_faults,
    tokenize,
)

# What the applications were seen to disagree on (WORKBOOK.md, Formulas), or Excel 2010 lacks.
NOT_PORTABLE = ["LET", "XLOOKUP", "FILTER", "TEXTJOIN", "OFFSET", "INDIRECT", "TODAY", "NOW", "AGGREGATE",
                "IFS", "LAMBDA", "N", "FLOOR", "SUBTOTAL", "MAXIFS", "CONCAT", "RAND", "CELL"]  # fmt: skip


def shown(formula: str) -> str:
    return render(formula, reference=lambda text: f"<{text}>", name=lambda text: f"«{text}»")


@pytest.mark.parametrize(
    ("formula", "rendered"),
    [
        ("=[actual]-[target]", "<actual>-<target>"),
        ('=IF( [a] = 0 , "" , [b]/[a] )', 'IF(<a>=0,"",<b>/<a>)'),
        ('="[no] {no} ""quoted"""&[a]', '"[no] {no} ""quoted"""&<a>'),
        ("=SUMIFS([review.target],[review.goal_id],[id])", "SUMIFS(<review.target>,<review.goal_id>,<id>)"),
        ("=[goal>metric]", "<goal>metric>"),
        ("={as_of}>={quarter.*}", "«as_of»>=«quarter.*»"),
        ("=IF([a]={direction.lower},-1,1.5E3%)", "IF(<a>=«direction.lower»,-1,1.5E3%)"),
        ("=\n  MAX(0,\n  [a])\n", "MAX(0,<a>)"),
        ("=TRUE", "TRUE"),
    ],
)
def test_placeholders_are_replaced_and_nothing_else(formula: str, rendered: str) -> None:
    assert shown(formula) == rendered


def test_placeholders_are_listed_in_order_and_not_inside_text() -> None:
    formula = '=IF([a]="[b] {c}",[goal>id],SUM([review.x]))*{cap}+{list.*}'
    assert list(references(formula)) == ["a", "goal>id", "review.x"]
    assert list(names(formula)) == ["cap", "list.*"]


def test_arguments_are_bound_to_columns_settings_and_numbers() -> None:
    formula = "=IF([quarters]=4,[actual]/[target],[baseline])"
    bound = bind_arguments(formula, {"actual": "ytd_actual", "quarters": "1", "baseline": "{zero}"})
    assert bound == "=IF(1=4,[ytd_actual]/[target],{zero})"
    assert bind_arguments("=[a]", {"a": "-1"}) == "=-1"


def test_an_argument_bound_to_nothing_is_a_fault_of_form() -> None:
    assert syntax_faults(bind_arguments("=[a]+1", {"a": ""}))
    assert syntax_faults(bind_arguments("=[a]+1", {"a": "no column"}))


@pytest.mark.parametrize(
    ("formula", "fault"),
    [
        ("[a]+1", "does not start with ="),
        ("=SUM([a]", "parentheses do not match"),
        ("=SUM([a]))", "parentheses do not match"),
        ("=)[a](", "parentheses do not match"),
        ("=A1+1", "'A1' is no placeholder; write [column] or {setting}"),
        ("=$B$2", "'$B$2' is no placeholder"),
        ("=Sheet1!A1", "'Sheet1!A1' is no placeholder"),
        ("=sum([a])", "'sum' is no placeholder"),
        ("=[Actual]", "unexpected '['"),
        ("=[a", "unexpected '['"),
        ("={", "unexpected '{'"),
        ("='表'!A1", 'unexpected "\'"'),
        ("=[a]；1", "unexpected '；'"),
        ('="open', "unexpected '\"'"),
        ("=目标", "unexpected '目'"),
        ("=[a]#", "unexpected '#'"),
    ],
)
def test_a_fault_of_form_is_named(formula: str, fault: str) -> None:
    assert any(fault in str(found) for found in syntax_faults(formula)), syntax_faults(formula)


@pytest.mark.parametrize(
    "formula", ["=1", "=-[a]%", '="）"&[a]', "=IF(TRUE,FALSE,1)", "=ROUND([a]/3,2)^2<>[b]"]
)
def test_a_sound_form_has_no_fault(formula: str) -> None:
    assert syntax_faults(formula) == []
    assert foreign_functions(formula) == []


@pytest.mark.parametrize("function", NOT_PORTABLE)
def test_functions_that_do_not_travel_are_foreign(function: str) -> None:
    assert foreign_functions(f"=IF(1,{function}([a]),SUM(2))") == [function]


def test_a_function_in_a_text_is_none() -> None:
    assert foreign_functions('="XLOOKUP(1)"') == []


@pytest.mark.parametrize("book", ["annual_plan", "classic"])
def test_the_shipped_books_keep_to_what_travels(book: str) -> None:
    """Every rule of WORKBOOK.md that can be read from a formula's text."""
    loaded = load_spec(book)
    formulas = [measure.formula for measure in loaded.measures.values()]
    for sheet in loaded.sheets:
        formulas += [loaded.formula_of(c) for c in sheet.columns if c.calculated and not c.check]
        formulas += [column.header for column in sheet.columns if column.header]
        formulas += [rule.when for rule in sheet.rules]
        formulas += [column.required for column in sheet.columns if isinstance(column.required, str)]
        formulas += [total.formula for total in sheet.totals]
    assert len(formulas) > 30
    for formula in formulas:
        assert syntax_faults(formula) == []
        used = {token.text for token in tokenize(formula) if token.kind is TokenKind.FUNCTION}
        assert used <= PORTABLE_FUNCTIONS
        text = shown(formula)
        assert '"?*"' not in text
        assert '"<>"' not in text
        assert "SUMPRODUCT(MAX(" not in text


@given(st.text())
def test_text_becomes_one_literal(text: str) -> None:
    (token,) = tokenize("=" + quote_text(text))
    assert token.kind is TokenKind.STRING
    assert token.text[1:-1].replace('""', '"') == text


@given(st.text(alphabet='=[]{}()"<>&+-*/^%,.:;$!#@ \n\tabzABZ019目标；'))
def test_no_text_is_too_odd_to_read(text: str) -> None:
    pieces = tokenize(text)
    brackets = {TokenKind.REFERENCE: 2, TokenKind.NAME: 2}
    body = text.strip().removeprefix("=")
    assert sum(len(piece.text) + brackets.get(piece.kind, 0) for piece in pieces) == len(body)
    assert all(fault.to(lang) for fault in syntax_faults(text) for lang in ("zh", "en"))


@given(
    st.recursive(
        st.sampled_from(["[a]", "[b.c]", "{cap}", "1", '"x"', "TRUE"]),
        lambda inner: (
            st.builds("{}({},{})".format, st.sampled_from(["IF", "SUM", "MAX"]), inner, inner)
            | st.builds("{}{}{}".format, inner, st.sampled_from("+-*/&="), inner)
        ),
        max_leaves=12,
    )
)
def test_whatever_is_composed_of_sound_pieces_is_sound(body: str) -> None:
    assert syntax_faults("=" + body) == []
    assert shown("=" + body).count("<") == body.count("[")
