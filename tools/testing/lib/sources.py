# SPDX-License-Identifier: GPL-2.0
"""The files of the repository, and running a tool on them."""

import os
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


def changed(names):
    """Those of them that are to be looked at: for "make smoke" what differs from the last commit but one, else all."""
    if not os.environ.get("SVSM_RESET_CHANGED"):
        return names
    git = ["git", "-C", str(places.TOP)]
    differs = subprocess.run([*git, "diff", "-z", "--name-only", "HEAD~1"], check=False, capture_output=True, text=True)
    if differs.returncode:
        return names  # there is one commit alone
    new = subprocess.run([*git, "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True, text=True)
    names_of_both = {*differs.stdout.split("\0"), *new.stdout.split("\0")}
    return [name for name in names if name in names_of_both]


def text(name):
    return (places.TOP / name).read_text(encoding="utf-8")


def run(*command, timeout=600, **options):
    """Run a command; stdout and stderr together, and the status, in the result."""
    return subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        text=True, errors="replace", timeout=timeout, check=False, **options,
    )
