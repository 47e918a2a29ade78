"""`python -m curator`."""

from curator.cli.main import main

main()
