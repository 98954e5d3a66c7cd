# SPDX-License-Identifier: GPL-2.0
"""Checks that only read the sources."""

import os
import re
import subprocess

import pytest

from lib import places
from lib.sources import changed, files, run, text

CHECKPATCH = places.LINUX_SOURCE / "scripts/checkpatch.pl"
# The licence itself, and files whose format has no place for a comment.
NO_SPDX = ("LICENSE", "Documentation/ABI/", "tools/packaging/debian/copyright")


def checkpatch(*paths):
    # checkpatch leaves files in its current directory: give it one that looks like the top
    mirror = places.BUILD / "static/mirror"
    mirror.mkdir(parents=True, exist_ok=True)
    for name in {name.split("/")[0] for name in files()}:
        if not (mirror / name).is_symlink():
            (mirror / name).symlink_to(places.TOP / name)
    return run(
        "perl", CHECKPATCH, f"--root={places.LINUX_SOURCE}", "--strict", "--terse", "--no-summary",
        "--show-types", "--ignore=FILE_PATH_CHANGES", "--file", *paths, cwd=mirror,
        # no git, no spdxcheck.py with its unpackaged needs: test_spdx looks for the lines
        env={**os.environ, "GIT_DIR": "/nonexistent"},
    )


def by_directory(names):
    """One run for all the files of a directory: checkpatch takes as long to start as for a file."""
    return {place: [n for n in names if os.path.dirname(n) == place] for place in sorted(map(os.path.dirname, names))}


SOURCES = by_directory(changed(files(".c", ".h", ".S")))


@pytest.mark.parametrize("place", SOURCES)
def test_checkpatch(place):
    result = checkpatch(*SOURCES[place])
    assert result.returncode == 0 and not result.stdout, result.stdout


def test_checkpatch_can_fail(tmp_path):
    bad, good = tmp_path / "bad.c", tmp_path / "good.c"
    good.write_text("// SPDX-License-Identifier: GPL-2.0\n")
    bad.write_text("// SPDX-License-Identifier: GPL-2.0\nint  f( void ){\n  return 0 ;\n}\n")
    result = checkpatch(good, bad, good)
    assert result.returncode != 0 and "bad.c" in result.stdout and "good.c" not in result.stdout


def test_what_changed(tmp_path, monkeypatch):
    """Of a repository with two commits, a change and a new file; of one with a single commit all is looked at."""
    monkeypatch.setattr(places, "TOP", tmp_path)
    names = ["first.c", "second.c", "third.c", "fourth.c"]

    def commit(name):
        (tmp_path / name).write_text(name)
        for words in (["add", name], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", name]):
            assert run("git", "-C", tmp_path, *words).returncode == 0

    assert run("git", "init", "-q", tmp_path).returncode == 0
    commit("first.c")
    assert changed(names) == names
    monkeypatch.setenv("SVSM_RESET_CHANGED", "1")
    assert changed(names) == names
    commit("second.c")
    (tmp_path / "third.c").write_text("new")
    assert changed(names) == ["second.c", "third.c"]
    (tmp_path / "first.c").write_text("changed")
    assert changed(names) == ["first.c", "second.c", "third.c"]


def without_spdx(names):
    return [name for name in names if "SPDX-License-Identifier:" not in "".join(text(name).splitlines(True)[:5])]


def test_spdx():
    assert without_spdx(name for name in files() if not name.startswith(NO_SPDX)) == []


def test_spdx_can_fail():
    assert without_spdx(["LICENSE"]) == ["LICENSE"]


def apt_hosts():
    """The hosts that this machine's packages come from."""
    targets = run("apt-get", "indextargets", "--format", "$(REPO_URI)").stdout
    return set(re.findall(r"//([^/\s]+)", targets))


def test_no_place_of_this_machine():
    """No tracked file names the checkout's place, a home directory or a package host."""
    words = [str(places.TOP), "/home/" + "[a-z]", *map(re.escape, apt_hosts())]
    pattern = re.compile("|".join(words))
    found = [
        f"{name}:{number}: {line.strip()}"
        for name in files()
        for number, line in enumerate(text(name).splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", [n for n in changed(files()) if n.startswith(("tools/", ".ci/"))])
def test_script_parses(name):
    """Shell and Python scripts at least parse."""
    source = text(name)
    first = source.split("\n", 1)[0]
    if name.endswith(".py") or "python" in first and first.startswith("#!"):
        compile(source, name, "exec")
    elif first.startswith("#!") and first.endswith(("sh", "bash")):
        result = run(first[2:].strip(), "-n", name, cwd=places.TOP)
        assert result.returncode == 0, result.stdout


def attributes():
    """The device attributes that the driver's source declares."""
    declared = set()
    for name in files(".c", ".h"):
        if name.startswith("drivers/"):
            declared |= set(re.findall(r"\bDEVICE_ATTR(?:_[A-Z_]+)?\(\s*(\w+)", text(name)))
            counted = re.findall(r'^SVR_COUNT_ATTR\(\w+, "([\w-]+)"', text(name), re.MULTILINE)
            declared |= {f"reset_counts/{word}" for word in counted}
    return declared


def documented():
    """The attributes that Documentation/ABI/testing describes."""
    what = []
    for name in files():
        if name.startswith("Documentation/ABI/testing/"):
            what += re.findall(r"^What:\s*(\S+)", text(name), re.MULTILINE)
    return {path.split("/svsm-reset/", 1)[1] for path in what if "/svsm-reset/" in path}


def test_abi_documents_every_attribute():
    assert attributes(), "no device attributes found in the driver"
    # "uevent" is every device's, and has variables of ours
    assert documented() == attributes() | {"uevent"}


def parameters():
    found = set()
    for name in files(".c"):
        if name.startswith("drivers/"):
            found |= set(re.findall(r"^module_param(?:_cb|_named|_call)?\((\w+)", text(name), re.MULTILINE))
    return found


def test_every_module_parameter_is_documented():
    guide = "".join(text(n) for n in files(".rst", ".md") if n.startswith("Documentation/"))
    assert parameters(), "no module parameters found in the driver"
    assert {name for name in parameters() if name not in guide} == set()


def test_help_lists_every_target():
    makefile = text("Makefile").replace("\\\n", " ")
    phony = {w for line in re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE) for w in line.split()}
    listed = set(re.findall(r"^  (\S+)", run("make", "-C", places.TOP, "help").stdout, re.MULTILINE))
    assert phony and phony == listed


def test_products_stay_under_build():
    """Nothing that git ignores lies outside the build directory."""
    ignored = subprocess.run(
        ["git", "-C", str(places.TOP), "status", "--porcelain", "--ignored"],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()
    product = re.compile(r"\.(o|ko|mod|cmd|d|elf|bin|pyc|img)$|__pycache__|Module\.symvers|modules\.order")
    outside = [line for line in ignored if line[:2] == "!!" and line[3:] != "build/"]
    outside += [line for line in ignored if line[:2] == "??" and product.search(line)]
    assert outside == []
