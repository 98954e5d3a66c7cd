# SPDX-License-Identifier: GPL-2.0
"""The table of kernels: what writes it, and that nobody else has."""

import re

import pytest

from lib import configurations, kernels

RESULTS = {
    "7.3.4+deb13-cloud-amd64": {"build": "gcc-12", "reboot": "no"},
    "6.12.117+deb12-rt-amd64": {"kdump": "yes"},
}


def test_page_is_written():
    text = kernels.page(RESULTS, "")
    assert kernels.rows(text) == {
        "6.12.117+deb12-rt-amd64": ["-", "-", "-", "yes", "-"],
        "7.3.4+deb13-cloud-amd64": ["gcc-12", "no", "-", "-", "-"],
    }
    assert list(kernels.rows(text))[0] == "6.12.117+deb12-rt-amd64"


def test_rows_of_other_kernels_stay():
    """A newer release takes the place of the older one, of that series and flavour alone."""
    before = kernels.page(RESULTS, "")
    text = kernels.page({"7.3.11+deb13-cloud-amd64": {"panic": "yes"}, "6.12.118+deb12-cloud-amd64": {}}, before)
    assert list(kernels.rows(text)) == [
        "6.12.118+deb12-cloud-amd64", "6.12.117+deb12-rt-amd64", "7.3.11+deb13-cloud-amd64"]
    assert kernels.rows(text)["7.3.11+deb13-cloud-amd64"] == ["-", "-", "yes", "-", "-"]


def test_cells_that_were_not_run_stay():
    """Of the same release: a part of the tests says nothing of the others."""
    text = kernels.page({"7.3.4+deb13-cloud-amd64": {"reboot": "yes", "kdump": "no"}}, kernels.page(RESULTS, ""))
    assert kernels.rows(text)["7.3.4+deb13-cloud-amd64"] == ["gcc-12", "yes", "-", "no", "-"]


@pytest.mark.parametrize("line, complains", [
    ("main.c:135:1: error: bad constant expression", True),
    ("Makefile:1305: C=2 specified, but sparse is not available or not up to date", True),
    ("warning: the compiler differs from the one used to build the kernel", False),
    ("  CHECK   drivers/virt/coco/svsm-reset/main.c", False),
    ("linux-source/arch/x86/include/asm/coco.h:28:18: warning: 'cc_mask' defined but not used [-Wunused-const-variable=]", False),
    ("main.c:28:18: warning: 'cc_mask' defined but not used [-Wunused-const-variable=]", True),
])
def test_complaints(line, complains):
    assert kernels.complaints(f"  CC [M]  x.o\n{line}\n") == ([line] if complains else [])


@pytest.mark.parametrize("release, built, sparse", [
    ("6.18.15+deb13-cloud-amd64", False, "sparse"), ("6.19.14+deb13-cloud-amd64", False, None),
    ("7.0.13+deb13-cloud-amd64", False, None), ("7.0.13+deb13-cloud-amd64", True, "built"),
])
def test_sparse_of_a_kernel(release, built, sparse, tmp_path, monkeypatch):
    monkeypatch.setattr(kernels.Kernel, "release", release)
    monkeypatch.setattr(kernels, "SPARSE", tmp_path / "sparse")
    if built:
        kernels.SPARSE.touch()
    assert kernels.Kernel("7.0").sparse == (tmp_path / "sparse" if built else sparse)


@pytest.mark.parametrize("name, release", [
    ("7.2", "7.2.x-cloud-amd64"), ("6.12-rt", "6.12.x-rt-amd64"), ("6.12-generic", "6.12.x-amd64"),
])
def test_kernel_that_is_not_available(name, release, tmp_path, monkeypatch):
    """It is in the table, in the place of no other release of its kind."""
    monkeypatch.setattr(kernels.places, "BUILD", tmp_path)
    (tmp_path / "kernels" / name).mkdir(parents=True)
    (tmp_path / "kernels" / name / "missing").write_text("no network\n")
    missing = {kernels.Kernel(name).release: {}}
    assert list(missing) == [release]
    text = kernels.page(missing, kernels.page({"7.3.4+deb13-cloud-amd64": {"build": "gcc-12"}}, ""))
    assert kernels.rows(text)[release] == ["-"] * 5
    assert kernels.page(missing, text) == text
    was_run = release.replace("x", "9", 1)
    text = kernels.page({was_run: {"build": "gcc-12"}}, text)
    assert list(kernels.rows(text)) == sorted([was_run, "7.3.4+deb13-cloud-amd64"])
    assert kernels.page(missing, text) == text


def test_page_is_as_it_was_written():
    """What is there is what the run would write again."""
    text = kernels.PAGE.read_text(encoding="utf-8")
    found = {release: dict(zip(kernels.COLUMNS, words)) for release, words in kernels.rows(text).items()}
    assert found
    for words in found.values():
        build = words.pop("build")
        assert re.fullmatch(r"gcc-\d+|no|-", build) and all(word in kernels.WORDS for word in words.values())
        words["build"] = build
    assert configurations.page({}, kernels.page(found, text)) == text


@pytest.mark.parametrize("names, chosen", [
    ("6.12 6.12-rt 6.16 7.0", []), ("6.12 7.1 7.3 7.2 6.12-rt", ["7.3"]), ("7.9 7.10", ["7.10"]), ("", []),
])
def test_newest(names, chosen):
    assert kernels.newest(names.split()) == chosen


def test_kinds():
    assert kernels.kind("6.12.117+deb12-rt-amd64") == ([6, 12], "rt")
    assert kernels.kind("6.12.117+deb12-amd64") == ([6, 12], "")
    assert kernels.kind("7.2.13+deb14-cloud-amd64") == ([7, 2], "cloud")


CONFIGURED = {
    "KPROBES=n": {"compiler": "gcc 12.2.0", "compiled": "yes", "says": configurations.KDUMP},
    "minimal-kernel.config": {"run": "no", "says": "; ".join(configurations.SMALL["minimal-kernel.config"].says)},
}


def test_configurations_are_written():
    before = kernels.page(RESULTS, "")
    text = configurations.page(CONFIGURED, before)
    assert text.startswith(before) and configurations.page({}, text) == text
    assert configurations.cells(text)["KPROBES=n"] == {**CONFIGURED["KPROBES=n"], "run": "not run"}
    assert configurations.cells(text)["minimal-kernel.config"].items() >= CONFIGURED["minimal-kernel.config"].items()


def test_the_other_table_stays():
    text = configurations.page(CONFIGURED, kernels.page(RESULTS, ""))
    again = kernels.page({"7.3.5+deb13-cloud-amd64": {"build": "gcc-12"}}, text)
    assert configurations.cells(again) == configurations.cells(text)
    assert configurations.page({"KPROBES=n": {"compiled": "no"}}, again).count("KPROBES=n") == 1
    assert list(kernels.rows(again)) == ["6.12.117+deb12-rt-amd64", "7.3.5+deb13-cloud-amd64"]
