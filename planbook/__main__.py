"""`python -m planbook`: the command line."""

from planbook.cli import main

main()
