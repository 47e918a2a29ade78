"""From a trace to a proposed item: mapping by a rule, edits, whether it protects anything, whether it is new."""
