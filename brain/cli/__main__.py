"""`python -m brain.cli` is `citybrain`."""

from brain.cli import main

main()
