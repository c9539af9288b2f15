"""The command line.  click's and rich's owner; everything heavy is imported when a command runs."""

from __future__ import annotations

import click

from planbook.cli.cycle_commands import demo, generate, init
from planbook.cli.explain_commands import explain
from planbook.cli.package_commands import annotate, diff, migrate
from planbook.cli.problem_commands import problems
from planbook.cli.report_commands import consolidate, weekly
from planbook.cli.spec_commands import spec
from planbook.cli.support import Boundary
from planbook.cli.workbook_commands import check, read


@click.group(cls=Boundary, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", is_flag=True, help="Show the whole chain of an error.")
@click.version_option(package_name="planbook")
def main(verbose: bool) -> None:
    """planbook runs a company's planning year on Excel workbooks.

    A cycle is one planning year in one folder; start with `planbook init DIR`, or see it all at
    once with `planbook demo`.
    """


for _command in (
    demo, init, generate, check, read, annotate, diff, migrate, consolidate, explain, weekly, spec, problems,
):  # fmt: skip
    main.add_command(_command)
