"""For all tests: a failed one shows the last words of the daemons and phones that it used."""

from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add `log_tail()` of every fixture that has one to a failed test's report."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for name, value in item.funcargs.items():
            tail = getattr(value, "log_tail", None)
            if callable(tail):
                report.sections.append((f"last words of {name}", str(tail())))
    return report
