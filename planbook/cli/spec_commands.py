"""`spec`: the books planbook knows, their faults, and the schema for editors."""

from __future__ import annotations

from pathlib import Path

import click

from planbook.cli.support import (
    EXIT_PROBLEMS,
    json_option,
    lang_option,
    language,
    print_json,
    print_table,
    problem_record,
)
from planbook.cli.texts import TEXTS, text
from planbook.problems import Problem, UsageError, list_words


@click.group()
def spec() -> None:
    """Look at books: the specifications workbooks are made from."""


@spec.command("list")
@lang_option
@json_option
def list_command(lang: str | None, as_json: bool) -> None:
    """List the books that come with planbook."""
    from planbook.spec import list_books, load_spec

    lang = language(lang)
    books = [load_spec(name) for name in list_books()]
    if as_json:
        print_json(
            [
                {"name": b.name, "version": b.version, "title": b.title.to(lang), "sha256": b.sha256}
                for b in books
            ]
        )
        return
    for book in books:
        click.echo(text("spec_sheets", lang, name=book.name, version=book.version, title=book.title.to(lang)))


@spec.command("check")
@click.argument("books", nargs=-1)
@lang_option
@json_option
@click.pass_context
def check_command(ctx: click.Context, books: tuple[str, ...], lang: str | None, as_json: bool) -> None:
    """Check books for faults: names of shipped ones, or YAML files (all shipped ones by default)."""
    from planbook.resources import specs_folder
    from planbook.spec import check_spec, list_books

    lang = language(lang)
    found: list[Problem] = []
    for name in books or list_books():
        if name in list_books():
            path: object = specs_folder() / f"{name}.yaml"
        else:
            path = Path(name)
            if not path.is_file():
                raise UsageError(TEXTS.say("no_book", name=name, known=list_words(list_books())))
        problems = check_spec(path)  # type: ignore[arg-type]  # a Path or a Traversable, both fit
        found += problems
        if not as_json:
            for problem in problems:
                click.echo(problem.line(lang))
            if not problems:
                click.echo(text("spec_sound", lang, name=name))
    if as_json:
        records = [
            {**problem_record(p, lang), "line": p.location.line, "path": p.location.path} for p in found
        ]
        print_json(records)
    if found:
        ctx.exit(EXIT_PROBLEMS)


@spec.command("show")
@click.argument("book", default="annual_plan")
@lang_option
@json_option
def show_command(book: str, lang: str | None, as_json: bool) -> None:
    """Show the sheets and columns of a book."""
    from planbook.spec import Place, load_spec

    lang = language(lang)
    loaded = load_spec(book)
    if as_json:
        print_json(loaded.model_dump(mode="json", by_alias=True))
        return
    for sheet in loaded.sheets:
        rows = [
            (
                column.key,
                column.title.to(lang),
                column.kind.value,
                column.list,
                column.measure or column.formula[:60],
            )
            for column in sheet.columns
            if column.place is Place.SHOWN
        ]
        headers = ("key", "title", "kind", "list", "formula")
        print_table(f"{sheet.title.to(lang)}  {sheet.purpose.to(lang)}", headers, rows)


@spec.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of a book, for editors."""
    from planbook.spec import Book

    print_json(Book.model_json_schema())
