"""The dataset `audit-example`: one planted case for each audit code among clean ones, and the truth about it.

`plant(store, now)` writes dataset, items, source traces and runs straight into a sandbox's store, with times of their
own; `plant_receipts(journal, now)` puts into a journal what the machine that promoted the cases would know; `truth()`
says what an audit has to find. `RULE` is the rule to audit by; `python -m curator.sandbox.demo.audit_example` prints
its path.
"""

from curator.sandbox.demo.audit_example.build import DATASET, RULE, receipts, truth
from curator.sandbox.demo.audit_example.plant import plant, plant_receipts

__all__ = ["DATASET", "RULE", "plant", "plant_receipts", "receipts", "truth"]
