"""Where everything that tests need must be there, a skipped test is a failure."""

import os

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are drawn says how busy the machine is; Hypothesis's profile for CI leaves that out by itself.
if not os.environ.get("CI"):
    settings.register_profile("busy", suppress_health_check=[HealthCheck.too_slow], deadline=None)
    settings.load_profile("busy")


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the cache or the configuration of whoever runs it."""
    os.environ["CASCADE_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))
    os.environ.pop("CASCADE_CONFIG", None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CASCADE_REQUIRE_ALL set, as .ci/run does, fail a run in which something was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CASCADE_REQUIRE_ALL") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("tests were skipped, and CASCADE_REQUIRE_ALL is set", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
