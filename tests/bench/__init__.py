"""The bench: each goal of speed is a ratio of two sides, both measured in one run. Run by `make bench`.

Where next: `goals.py` lists the goals, `__main__.py` runs them; one module measures one goal.
"""
