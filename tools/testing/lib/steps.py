# SPDX-License-Identifier: GPL-2.0
"""The steps of a reset (event path), by what they are for."""

IOIO, MSR, MMIO = 0x7B, 0x7C, (0x80000001, 0x80000002)
RUN_VMPL, EXECUTE = 0x16, 5 << 32
# What a port, an MSR or an address in memory belongs to; the first that has it counts
PORTS = (
    (range(0x3F8, 0x400), "console"), (range(0x2F8, 0x300), "console"), (range(0xCF8, 0xD00), "PCI"),
    (range(0x70, 0x72), "CMOS"), (range(0x40, 0x44), "timers"), (range(0x20, 0x22), "8259"), (range(0xA0, 0xA2), "8259"),
)
MSRS = ((range(0x800, 0x900), "local APIC"), (range(0x4B564D00, 0x4B564E00), "KVM's areas"))
PAGES = {0xFEC00000: "I/O APIC", 0xFED00000: "timers", 0xFEE00000: "local APIC"}
CODES = {0x80000003: "NMI complete", 0x80000013: "AP destruction", 0x80000004: "AP reset hold"}


def of_range(table, value, otherwise):
    return next((name for numbers, name in table if value in numbers), f"{otherwise} {value:#x}")


def purpose(step):
    """What a step of the path is for, by its name; of one that has none, what it is."""
    kind, code, detail = step[0], int(step[1], 16), int(step[2], 16)
    if kind == "hlt":
        return "HLT"
    if kind == "msr":
        if code == RUN_VMPL:
            return "the call" if detail == EXECUTE else "other calls of the SVSM"
        return f"GHCB MSR request {code:#x}"
    if code == IOIO:
        return of_range(PORTS, detail >> 16, "port")
    if code == MSR:
        return of_range(MSRS, detail, "MSR")
    if code in MMIO:
        return PAGES.get(detail & ~0xFFF, f"memory at {detail & ~0xFFF:#x}")
    return CODES.get(code, f"exit {code:#x}")
