# SPDX-License-Identifier: GPL-2.0
"""Kernels that only a target of their own tests."""

import pytest


def asked_for(request, marker, target, name, kernel, guest):
    """Skip, and say why, where this kernel is not asked for or cannot be had -> its release"""
    if marker not in request.config.option.markexpr:
        pytest.skip(f"only when asked for: make {target}")
    missing = kernel / "missing"
    if missing.exists():
        pytest.skip(f"no {name}: {missing.read_text(encoding='utf-8').strip()}")
    assert (guest / "initrd.img").exists(), f"not built: make {guest.name}"
    return (kernel / "release").read_text(encoding="utf-8").strip()
