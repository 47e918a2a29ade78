"""The scrub: finds personal values and secrets, replaces them consistently, and lets nothing undecided through."""
