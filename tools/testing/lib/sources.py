# SPDX-License-Identifier: GPL-2.0
"""The files of the repository, and running a tool on them."""

import subprocess

from . import places


def files(*suffixes):
    """Paths relative to the top of all files that are, or are about to be, tracked."""
    listed = subprocess.run(
        ["git", "-C", str(places.TOP), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True,
    ).stdout.split("\0")
    return sorted(
        name
        for name in set(listed)
        if name and (places.TOP / name).is_file() and (not suffixes or name.endswith(suffixes))
    )


def text(name):
    return (places.TOP / name).read_text(encoding="utf-8")


def run(*command, timeout=600, **options):
    """Run a command; stdout and stderr together, and the status, in the result."""
    return subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        text=True, errors="replace", timeout=timeout, check=False, **options,
    )
