"""Where everything that tests need must be there, a skipped test is a failure."""

import os

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CASCADE_REQUIRE_ALL set, as .ci/run does, fail a run in which something was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CASCADE_REQUIRE_ALL") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("tests were skipped, and CASCADE_REQUIRE_ALL is set", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
