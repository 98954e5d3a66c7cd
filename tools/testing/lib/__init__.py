# SPDX-License-Identifier: GPL-2.0
"""What the tests share: places, the simulator's event log, a guest to talk to, KTAP."""
