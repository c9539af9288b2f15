"""What click finds wrong with a command line, said in the language that was asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import click

from planbook.cli.texts import TEXTS
from planbook.problems import Words, find_near, list_words

LANGUAGES = ("zh", "en")
_COMMAND = re.compile(r"No such command '(?P<name>[^']*)'")
_EXTRA = re.compile(r"unexpected extra arguments? \((?P<name>.*)\)")
_QUOTED = re.compile(r"'(?P<value>[^']*)'")


class SpokenError(click.UsageError):
    """A click.UsageError in the language that was asked for."""

    def __init__(self, error: click.UsageError, lang: str) -> None:
        super().__init__(explain_usage(error).to(lang), error.ctx)
        self._lang = lang

    def show(self, file: object = None) -> None:
        """How the command is used, and what is wrong, on standard error."""
        if self.ctx is not None:
            usage = self.ctx.get_usage().partition(": ")[2]
            click.echo(TEXTS.text("usage", self._lang, usage=usage), err=True)
            command = f"{self.ctx.command_path} {self.ctx.help_option_names[-1]}"
            click.echo(TEXTS.text("help_hint", self._lang, command=command) + "\n", err=True)
        click.echo(f"planbook: {self.format_message()}", err=True)


def explain_usage(error: click.UsageError) -> Words:
    """What is wrong with the command line; click's own words in English."""
    said = error.format_message().rstrip(".")
    command, extra = _COMMAND.search(said), _EXTRA.search(said)
    if isinstance(error, click.NoSuchOption):
        words = TEXTS.say("no_option", name=error.option_name)
        return _with_hint(words, error.possibilities or ())
    if isinstance(error, click.BadOptionUsage):
        return Words(TEXTS.say("option_value", name=error.option_name).zh, said)
    if isinstance(error, click.MissingParameter):
        return Words(TEXTS.say("missing", name=_name(error)).zh, said)
    if isinstance(error, click.BadParameter):
        return Words(_bad_value(error, said), said)
    if command:
        near = find_near(command["name"], _commands(error.ctx))
        return _with_hint(TEXTS.say("no_command", name=command["name"]), near)
    return Words(TEXTS.say("extra", name=extra["name"]).zh if extra else said, said)


def _commands(ctx: click.Context | None) -> list[str]:
    if ctx is None or not isinstance(ctx.command, click.Group):
        return []
    return ctx.command.list_commands(ctx)


def _with_hint(words: Words, near: Sequence[str]) -> Words:
    hint = TEXTS.say("perhaps", names=list_words(near)) if near else Words("", "")
    return Words(words.zh + hint.zh, words.en + hint.en)


def _name(error: click.BadParameter) -> str:
    if error.param is None:
        return str(error.param_hint or "")
    shown = error.param.get_error_hint(error.ctx) if error.ctx else ""
    return (shown or error.param.name or "").replace("'", "")


def _bad_value(error: click.BadParameter, said: str) -> str:
    """The value of an option that is none of its kind, in Chinese."""
    kind = error.param.type if error.param is not None else None
    quoted = _QUOTED.search(error.message)
    value = quoted["value"] if quoted else error.message.partition(" ")[0]
    if isinstance(kind, click.Choice):
        wanted = TEXTS.text("one_of", "zh", names=list_words(kind.choices))
    elif isinstance(kind, click.IntRange):
        least = TEXTS.text("whole_from", "zh", least=kind.min)
        wanted = TEXTS.text("whole", "zh", least=kind.min, most=kind.max) if kind.max else least
    elif isinstance(kind, click.DateTime):
        wanted = TEXTS.text("date_form", "zh")
    else:
        return said
    return TEXTS.text("bad_value", "zh", name=_name(error), value=value, wanted=wanted)


def asked_language(args: Sequence[str]) -> str:
    """The language that a command line asks for, whatever else is wrong with it; else the cycle's here."""
    given = _value_of(args, "--lang")
    folder = _value_of(args, "--cycle")
    return given if given in LANGUAGES else language_here(Path(folder) if folder else None)


def language_here(folder: Path | None = None) -> str:
    """The language of the cycle in `folder` or around the working directory, else the environment's."""
    from planbook.cycle import find_cycle, spoken_in

    around = find_cycle(Path.cwd())
    spoken = (spoken_in(place) for place in (folder, around) if place)
    return next(filter(None, spoken), "") or locale_language()


def locale_language() -> str:
    """The language of the environment: en where it says so, else zh."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value and value not in {"C", "POSIX", "C.UTF-8"}:
            return "en" if value.lower().startswith("en") else "zh"
    return "zh"


def _value_of(args: Sequence[str], option: str) -> str:
    """The value that an option has on a command line; "" for none."""
    for arg, following in zip(args, [*args[1:], ""], strict=True):
        if arg == option:
            return following
        if arg.startswith(f"{option}="):
            return arg.partition("=")[2]
    return ""
