# SPDX-License-Identifier: GPL-2.0
"""Kernels that somebody else has configured, and the part about them of the page in lib/kernels.py.

ROWS are compiled for and not run: a build directory of Debian's 6.12 with that option
set otherwise (tools/build/configuration).  SMALL are small kernels of the same sources,
on which the module also runs (tools/build/small-kernel).
"""

import collections
import re

KDUMP = "kernel without CONFIG_KPROBES, CONFIG_CRASH_DUMP or CONFIG_PROC_VMCORE: nothing is done for crash kernels"
EFI = "kernel without CONFIG_EFI: no record in an EFI variable"
IMA = "kernel without CONFIG_IMA: the last reset is not measured"
PCI = "kernel without CONFIG_PCI: no device is stopped before the call"
ACPI = "no ACPI, an HPET is not stopped before a reset"
MADT = "no MADT, I/O APICs stay unmasked at a reset"
BTF = "/sys/kernel/btf/vmlinux cannot be read (-2): no VMSA is known"

# options: what is set otherwise; says: the lines that the module has for it, and would not have without
Row = collections.namedtuple("Row", "options says cc", defaults=((), "gcc"))
ROWS = {
    "as Debian has it": Row(()),
    "KPROBES=n": Row(("KPROBES=n",), (KDUMP,)),
    "CRASH_DUMP=n": Row(("CRASH_DUMP=n",), (KDUMP,)),
    # No SNP guest: AMD_MEM_ENCRYPT depends on EFI_STUB
    "EFI=n": Row(("EFI=n",), (EFI,)),
    "IMA=n": Row(("IMA=n",), (IMA,)),
    "PCI=n": Row(("PCI=n",), (PCI,)),
    # Whether the file is there is only known when the module is loaded, and wants it: see SMALL
    "DEBUG_INFO_BTF=n": Row(("DEBUG_INFO_BTF=n",)),
    # The driver has nothing to do with it; ACPI_APEI selects it
    "PSTORE=n": Row(("ACPI_APEI=n", "PSTORE=n")),
    "KUNIT=y": Row(("KUNIT=y",)),
    "as Debian has it, by clang": Row((), cc="clang"),
    "CFI_CLANG=y": Row(("CFI_CLANG=y",), cc="clang-19"),
}
SMALL = {
    # Nothing that asks for BTF is left of it. Without PCI the kernel gives up ACPI (AE_BAD_PARAMETER)
    "minimal-kernel.config": Row(("minimal",), (KDUMP, IMA, PCI, MADT, ACPI)),
    "cfi-kernel.config": Row(("cfi",), (IMA, BTF), "clang-19"),
}
ALL = {**ROWS, **SMALL}
# What is in a cell that no test has filled
EMPTY = {"compiler": "unknown", "compiled": "not yet", "run": "not run", "says": "nothing"}
HEADING = "Other configurations\n====================\n"
TEXT = """
"make check-configurations" writes this table.  No kernel without EFI can be an SNP guest
(AMD_MEM_ENCRYPT depends on EFI_STUB); the module compiles for one all the same.

compiled
	without a warning: with W=1 for Debian's 6.12 with that option set otherwise, or for a
	small kernel of the same sources (tools/build/small-kernel)
run
	of the small kernels: loaded, unloaded, reset by a reboot, by sysrq-b and by panics on
	the BSP and on an AP; on that with CFI also crashed into a crash kernel
says
	what the module says, when it is loaded, of what this kernel lacks: of a kernel that was
	run as its log had it, of the others as the module's file has it. That there is no BTF is
	only known when the module is loaded: cfi-kernel.config has none, as with DEBUG_INFO_BTF=n

"no" is for what failed.

"""


def cells(text):
    """{configuration: {column: word}} of a page."""
    found = {}
    for item in re.findall(r"^   \* - (.*(?:\n     .*)+)", text.partition(HEADING)[2], re.MULTILINE):
        name, *words = item.replace("\n       ", " ").split("\n     - ")
        if name in ALL:
            found[name] = dict(zip(EMPTY, words))
    return found


def part(results):
    """That part of the page."""
    table = [".. list-table::", "   :header-rows: 1", "   :widths: 24 14 9 6 47", ""]
    table += ["   * - Configuration", *(f"     - {column.capitalize()}" for column in EMPTY)]
    for name in filter(results.get, ALL):
        words = (results[name].get(column) or empty for column, empty in EMPTY.items())
        table += [f"   * - {name}", *("     - " + word.replace("; ", ";\n       ") for word in words)]
    return HEADING + TEXT + "\n".join([*table, ""])


def page(results, before):
    """The page with these results in place of those that the page before has of the same tests."""
    kept = cells(before)
    merged = {name: {**kept.get(name, {}), **results.get(name, {})} for name in ALL}
    head = before.partition(HEADING)[0].rstrip("\n") + "\n"
    return head + "\n" + part(merged) if any(merged.values()) else head
