# SPDX-License-Identifier: GPL-2.0
"""How values of several runs stand in a table."""

import statistics


def spread(values, digits):
    """Three cells: the median, the least and the greatest."""
    return [f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values))]
