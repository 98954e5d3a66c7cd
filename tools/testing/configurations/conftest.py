# SPDX-License-Identifier: GPL-2.0
"""The table that "make check-configurations" writes.

A test with the mark cell(COLUMN) and the parameter `name` stands for a cell of it; what the
module says there is a user property of the test, and so is the compiler.
"""

import pytest

from lib import configurations, kernels


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Note what came of a test that stands in the table."""
    report = (yield).get_result()
    cell = item.get_closest_marker("cell")
    if cell is None or (report.passed and report.when != "call"):
        return
    words = item.session.configuration_results.setdefault(item.callspec.params["name"], {})
    words.update(report.user_properties)
    if words.get(cell.args[0]) != "no":
        words[cell.args[0]] = "yes" if report.passed else "not run" if report.skipped else "no"


def pytest_sessionstart(session):
    session.configuration_results = {}


def pytest_sessionfinish(session):
    results = getattr(session, "configuration_results", {})
    if results:
        before = kernels.PAGE.read_text(encoding="utf-8")
        kernels.PAGE.write_text(configurations.page(results, before), encoding="utf-8")
