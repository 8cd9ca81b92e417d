"""`python -m unstuck` is `unstuck`."""

from unstuck.cli import main

main()
