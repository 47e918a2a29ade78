"""Makes the demo's rows: `python -m tests.demo.maker` writes them to the data file that the sandbox ships.

The shop, its customers and its help centre are told here, in `texts/*.toml` and the code that plays them; what is made
of them is a file, because a demo has to show the same to everybody.
"""
