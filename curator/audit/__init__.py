"""The audit: where a dataset came from, and whether it can be trusted today.

`gather` reads the evidence in few requests, `examine` does the CPU work on any worker, every check is a pure function
of the evidence (`checks/`), `report/` writes it down. `story` tells one item's lineage, `fixes` mends what can be
mended, `erasure` takes away what came from a person.
"""
