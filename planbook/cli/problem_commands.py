"""`problems`: the catalogue of what can be wrong with a workbook, and how to mend it."""

from __future__ import annotations

import click

from planbook.cli.support import (
    json_option,
    lang_option,
    language,
    paint_severity,
    print_json,
    print_table,
)
from planbook.cli.texts import TEXTS, text
from planbook.problems import Code, UsageError, Words, find_near, list_words


@click.command()
@click.argument("code", required=False)
@click.option("--markdown", is_flag=True, help="The whole catalogue as a Markdown page (docs/problems.md).")
@lang_option
@json_option
def problems(code: str | None, markdown: bool, lang: str | None, as_json: bool) -> None:
    """Show the catalogue of problems, or what one of them means and how to mend it."""
    from planbook.problems.guide import load_guide, render_markdown

    lang = language(lang)
    if markdown:
        if code or as_json:
            raise UsageError(TEXTS.say("whole_page"))
        click.echo(render_markdown(), nl=False)
        return
    guide = load_guide()
    pages = [guide[_find_code(code)]] if code else list(guide.values())
    if as_json:
        records = [_record(page, lang) for page in pages]
        print_json(records[0] if code else records)
    elif code:
        _show(pages[0], lang)
    else:
        headers = [text(key, lang) for key in ("severity", "code", "meaning")]
        rows = [(text(page.severity.value, lang), page.code.value, page.explain(lang)) for page in pages]
        print_table("", headers, rows)
        click.echo(text("problems_more", lang))


def _find_code(name: str) -> Code:
    wanted = name.strip().lower().replace("_", "-")
    known = [code.value for code in Code]
    if wanted not in known:
        near = find_near(wanted, known, most=5)
        hint = TEXTS.say("perhaps", names=list_words(near)) if near else TEXTS.say("codes_listed")
        said = TEXTS.say("no_code", name=name)
        raise UsageError(Words(said.zh + hint.zh, said.en + hint.en))
    return Code(wanted)


def _record(page: object, lang: str) -> dict[str, str]:
    from planbook.problems.guide import Page

    assert isinstance(page, Page)
    return {
        "code": page.code.value,
        "severity": page.severity.value,
        "meaning": page.explain(lang),
        "example": page.example(lang),
        "fix": page.mend(lang),
    }


def _show(page: object, lang: str) -> None:
    from planbook.problems.guide import Page

    assert isinstance(page, Page)
    click.echo(f"{page.code.value}  {paint_severity(page.severity, text(page.severity.value, lang))}")
    click.echo(page.explain(lang))
    click.echo(f"{text('example', lang)}  {page.example(lang)}")
    click.echo(f"{text('mend', lang)}  {page.mend(lang)}")
