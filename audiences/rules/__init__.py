"""The rule language: JSON in, one SQL predicate, one evaluator and one sentence out. Start with `schema.py`."""
