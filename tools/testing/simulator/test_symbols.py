# SPDX-License-Identifier: GPL-2.0
"""The names that `snpsim run --symbols` shows: tools/snpsim/symbols.py."""

import sys

import pytest

from lib import places, vmpl0

sys.path.insert(0, str(places.SNPSIM.parent))
import symbols  # noqa: E402

HASH = "17h0123456789abcdef"


@pytest.mark.parametrize("name, said", (
    ("memcpy", "memcpy"),
    ("_start", "_start"),
    ("_Reset", "_Reset"),
    (f"_ZN4svsm9protocols4core18core_pvalidate_one{HASH}E", "svsm::protocols::core::core_pvalidate_one"),
    ("_RNvNtNtCse1u5yFqwZaG_4svsm3sev5utils9pvalidate", "svsm::sev::utils::pvalidate"),
    # A closure
    ("_RNCNvNtNtCse1u5yFqwZaG_4svsm9protocols4core18core_pvalidate_ones_0B7_",
     "svsm::protocols::core::core_pvalidate_one"),
))
def test_plain(name, said):
    assert symbols.plain(name) == said


def test_name():
    found = symbols.Symbols(vmpl0.IGVM.with_suffix(".elf"))
    sized = [(begin, extent, name) for begin, extent, name in found.found if extent > 1]
    assert len(sized) > 100
    for begin, extent, name in sized[:10]:
        assert found.name(begin) == f"{name}+0x0"
        assert found.name(begin + extent - 1) == f"{name}+{extent - 1:#x}"
    begin, extent, name = sized[-1]
    assert found.name(begin + extent) != f"{name}+{extent:#x}"
    assert found.name(0) is None
