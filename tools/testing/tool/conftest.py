# SPDX-License-Identifier: GPL-2.0
"""The tool, built with the sanitizers, and trees for it to look at."""

import os
import subprocess

import pytest

from lib.faketree import FakeTree
from lib.tool import PRODUCTS, SANITIZE, build

@pytest.fixture(scope="session")
def binary():
    """The tool as it is tested."""
    result = build("sanitized", "svsm-reset", "gcc", SANITIZE)
    assert result.returncode == 0, result.stdout
    return PRODUCTS / "sanitized/svsm-reset"


@pytest.fixture
def tree(tmp_path):
    return FakeTree(tmp_path / "root")


@pytest.fixture
def tool(binary, tree):
    """tool("status", "--json") -> the finished process, with stdout and stderr apart."""

    def call(command, *arguments, root=True, env=None, **options):
        words = [binary, command]
        if root:
            words.append(f"--sysfs-root={tree.root}")
        words += arguments
        return subprocess.run(
            [str(word) for word in words], capture_output=True, text=True, errors="surrogateescape", timeout=60,
            stdin=subprocess.DEVNULL, check=False, env={**os.environ, "TERM": "xterm", **(env or {})}, **options,
        )

    return call
