"""Where pytest finds our plugins; fixtures of the trade live in `tests/conftest.py`."""

pytest_plugins = ["tests.plugins.database", "tests.plugins.browser"]
