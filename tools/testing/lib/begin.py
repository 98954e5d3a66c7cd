# SPDX-License-Identifier: GPL-2.0
"""What to type to begin a reset, and the reason that the next boot has for it."""

REBOOT = "reboot -f"
SYSRQ_B = "echo b > /proc/sysrq-trigger"
PANIC = "echo c > /proc/sysrq-trigger"


def on(cpu, command):
    """The same, begun on that CPU."""
    return f"taskset {1 << cpu:x} sh -c '{command}'"


# name: (what to type, the reason), on a guest of four CPUs
WAYS = {
    "reboot": (REBOOT, "reboot"),
    "sysrq-b": (SYSRQ_B, "emergency-restart"),
    "panic-bsp": (on(0, PANIC), "panic"),
    "panic-ap": (on(2, PANIC), "panic"),
}
