"""Prints the path of the example's rule; with `--receipts` also plants its receipts into this machine's journal."""

import argparse
import sys
from datetime import UTC, datetime

from curator.sandbox.demo.audit_example import RULE, plant_receipts


def main() -> None:
    """Entry point. The journal is that of the project which the environment or the config file names."""
    parser = argparse.ArgumentParser(prog="python -m curator.sandbox.demo.audit_example", description=__doc__)
    parser.add_argument("--receipts", action="store_true", help="plant the receipts of the example")
    if parser.parse_args().receipts:
        from curator.config import load_settings
        from curator.journal import Journal

        with Journal.of(load_settings().connection()) as journal:
            plant_receipts(journal, datetime.now(UTC))
    sys.stdout.write(f"{RULE}\n")


main()
