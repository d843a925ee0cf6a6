"""For all tests: a failed one shows the last words of the daemons, phones and browsers that were there; how
long an example takes says something of the machine, not of the code; the end tells the time of each part and
of each group.
"""

import os
import re
import subprocess
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("foyer", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("foyer")

INSIDE = Path(__file__).parents[1] / "image/inside.sh"
_GROUP = re.compile(r"@([a-z]+)$")


def pytest_configure(config: pytest.Config) -> None:
    """A plugin, because hooks of a conftest below the root do not see the fixtures of a whole session.

    Each of several workers has a network of its own: all boxes have the same ports, and no test is called
    by the phones of another.
    """
    if hasattr(config, "workerinput"):
        os.unshare(os.CLONE_NEWNET)
        subprocess.run([INSIDE, "network"], check=True)
    config.pluginmanager.register(LastWords())
    config.pluginmanager.register(TimePerPart())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests of booted boxes run side by side, those of one folder stay together: they share a box."""
    for item in items:
        if item.get_closest_marker("box") or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group(item.path.parent.name))


class TimePerPart:
    """Tells how many seconds the tests of each folder took, set-up and clean-up included. Where tests run
    side by side, their sum is more than what the clock says; then it is told, too, of the groups that stay
    together, the longest of which is what the run takes at least, and of their files: one machine is used by
    the tests of several things.

    For took.py, the environment's FOYER_TOOK names a file, to which is added what each test file took.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._parts: defaultdict[str, float] = defaultdict(float)
        self._groups: defaultdict[str, float] = defaultdict(float)
        self._files: defaultdict[str, float] = defaultdict(float)
        self._every: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folder, _, file = report.nodeid.partition("::")[0].rpartition("/")
        self._parts[folder] += report.duration
        self._every[f"{folder}/{file}"] += report.duration
        # As pytest-xdist names them: tests/image/test_vm_new.py::test_it@new
        if group := _GROUP.search(report.nodeid):
            self._groups[group[1]] += report.duration
            self._files[file] += report.duration

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        # The workers of a run side by side have a summary of their own, which nobody reads.
        if (kept := os.environ.get("FOYER_TOOK")) and not hasattr(config, "workerinput"):
            # What the clock says, in parts: with tests side by side, and with what lies between them.
            share = (time.monotonic() - self._began) / (sum(self._every.values()) or 1.0)
            with Path(kept).open("a", encoding="utf-8") as file:
                file.writelines(f"{seconds * share:.3f} {name}\n" for name, seconds in self._every.items())
        for kind, sums in (("part", self._parts), ("group", self._groups), ("file", self._files)):
            longest_first = sorted(sums.items(), key=lambda entry: -entry[1])
            told = [f"{name} {seconds:.0f}" for name, seconds in longest_first if seconds >= 1]
            if len(told) > 1:
                terminalreporter.write_line(f"seconds per {kind}: {', '.join(told)}")


class LastWords:
    """Knows every fixture with a method `log_tail()` from its set-up to its end."""

    def __init__(self) -> None:
        self._witnesses: dict[str, object] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        value = yield
        if callable(getattr(value, "log_tail", None)):
            self._witnesses[fixturedef.argname] = value
        return value

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[object]) -> None:
        self._witnesses.pop(fixturedef.argname, None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed:
            for name, value in self._witnesses.items():
                tail = str(value.log_tail())  # type: ignore[attr-defined]
                report.sections.append((f"last words of {name}", tail))
        return report
