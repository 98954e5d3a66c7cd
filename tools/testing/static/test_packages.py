# SPDX-License-Identifier: GPL-2.0
"""Every program and Python module that a script uses comes from a package that tools/build/deps names.

Or from one that every Debian has.  That another package happens to depend on it does
not count: it may not in the next release.  lib/programs.py reads the scripts.
"""

import importlib.util
import os
import pathlib
import re

import pytest

from lib import places
from lib.programs import Shell, Uses, makefile, python
from lib.sources import files, run, text

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# With the required packages, all that a machine is expected to have (README.md)
GIVEN = {"apt", "git", "make"}
# What a package that is named brings under another name: its own dependencies, in each release
BRINGS = {"python3-minimal": "python3"}
# What belongs to a package of another name, where it is not installed
BELONGS = {
    "apt-helper": "apt", "dpkg-buildpackage": "dpkg-dev", "mkfs.ext4": "e2fsprogs", "sfdisk": "fdisk",
    "mcopy": "mtools", "mformat": "mtools",
}
# Not of a package that deps installs
OTHERWISE = {
    "awk": "base-files depends on one of those that there are",
    "sudo": "only where it is there (as_root)",
    "qemu-system-x86_64": "tools/build/qemu",
}
# What a list is not for, though the name of such a file stands in one that it is for
NOT_FOR_THE_DEMO = {
    "tools/build/debian-image": "debian",
    "tools/build/small-kernel": "check",
    "tools/build/linux-source": "check",
    "tools/build/configuration": "configurations",
    "tools/build/other-kernel": "kernels",
    "tools/snpsim/minisvsm/Makefile": "check",
    "tools/snpsim/selftest/Makefile": "check",
}
OTHER_LISTS = {
    "tools/build/other-kernel": "kernels",
    "tools/build/configuration": "configurations",
    "tools/testing/configurations/conftest.py": "configurations",
    "tools/testing/configurations/test_configurations.py": "configurations",
    "tools/docs/build": "docs",
    "tools/docs/abi": "docs",
    "tools/testing/fresh/run": "fresh",
    "tools/testing/fresh/enter": "fresh",
    "tools/packaging/deb": "deb",
    "tools/packaging/debian/rules": "deb",
    "tools/build/trees": "packages",
    "tools/testing/lib/trees.py": "packages",
    "tools/testing/packages/conftest.py": "packages",
    "tools/testing/packages/test_boot.py": "packages",
    "tools/testing/packages/test_debs.py": "packages",
    "tools/testing/packages/test_trees.py": "packages",
    "tools/testing/packages/test_trees_images.py": "packages",
    "tools/testing/packages/test_trees_kernels.py": "packages",
    "tools/build/debian-image": "debian",
    "tools/build/debian-disk": "debian",
    "tools/build/debian-crash": "debian",
    "tools/demo/debian_demo.py": "debian",
    "tools/demo/run-debian": "debian",
    "tools/testing/bench/crashkernel.py": "debian",
    "tools/testing/bench/debian.py": "debian",
    "tools/testing/debian/conftest.py": "debian",
    "tools/testing/debian/test_debian.py": "debian",
    "tools/testing/lib/debian.py": "debian",
}
# Run by dpkg, DKMS, initramfs-tools or dracut where the packages are installed, by what is there
ON_THE_TARGET = re.compile(r"tools/packaging/(hooks/|images$|dkms-post-install$|debian/.*(inst|rm)$)")


@pytest.fixture(scope="module")
def uses():
    return Uses()


@pytest.fixture(scope="module")
def named():
    """{list: packages}"""
    lists = {}
    for what in ("demo", "check", *sorted(set(OTHER_LISTS.values()))):
        result = run(places.TOP / "tools/build/deps", what, "--list")
        assert result.returncode == 0, result.stdout
        lists[what] = set(result.stdout.split())
    return lists


@pytest.fixture(scope="module")
def required():
    """The packages that every Debian has."""
    listed = run("dpkg-query", "-W", "-f", "${Package} ${Essential} ${Priority}\\n").stdout
    found = {line.split()[0] for line in listed.splitlines() if line.endswith(" required") or " yes " in line}
    assert {"coreutils", "bash", "util-linux"} <= found and not {"xz-utils", "cpio"} & found
    return found | GIVEN


def without_comments(name):
    return re.sub(r"^\s*#.*$", "", text(name), flags=re.MULTILINE)


def of_the_demo(scripts):
    """Those that "make demo" runs: named, behind their directory, in one that it runs."""
    reached = {"Makefile", "tools/demo/run", "tools/demo/demo.py"}
    while True:
        source = "\n".join(without_comments(name) for name in reached if name != "Makefile")
        more = set()
        for name in scripts:
            path = pathlib.PurePath(name)
            if path.name == "Makefile":
                word = rf"/{path.parent.name}\b"
            elif path.suffix == ".py":
                word = rf"\bimport [\w, ]*\b{path.stem}\b|from (lib)?\.{path.stem} import"
            else:
                word = rf"(/{path.parent.name}|\$here|\$0.\))/{re.escape(path.name)}(?![\w.-])"
            if name not in NOT_FOR_THE_DEMO and re.search(word, source):
                more.add(name)
        if more <= reached:
            return reached
        reached |= more


def chain(path):
    """A file, and if it is a link what that leads to, step by step."""
    yield path
    while path.is_symlink():
        path = path.parent / os.readlink(path)
        yield path


def owners(paths):
    """{path: packages}; of a link that belongs to none: of what it leads to.  dpkg is asked once."""
    def plain(path):
        return re.sub(r"^/usr(?=/s?bin/|/lib)", "", str(path))

    asked = {prefix + plain(step) for path in paths for step in chain(path) for prefix in ("", "/usr")}
    found = {}
    for line in run("dpkg-query", "-S", *sorted(asked)).stdout.splitlines():
        if ": /" in line and not line.startswith(("diversion by", "dpkg-query:")):
            packages, path = line.rsplit(": ", 1)
            found.setdefault(plain(path), set()).update(word.split(":")[0] for word in packages.split(", "))
    return {path: next((found[plain(step)] for step in chain(path) if plain(step) in found), set()) for path in paths}


class Packages:
    """What belongs to which package.  What is not here: see BELONGS, or of the package that is called so."""

    def __init__(self, programs, modules):
        places_of = {name: [pathlib.Path(place) / name for place in PATH.split(":")] for name in programs}
        paths = {name: path for name, tried in places_of.items() for path in tried[::-1] if path.exists()}
        specs = {name: importlib.util.find_spec(name) for name in modules}
        origins = {name: pathlib.Path(spec.origin) for name, spec in specs.items() if spec}
        of = owners([*paths.values(), *origins.values()])
        self.of_program = {
            name: of[paths[name]] if name in paths else {BELONGS.get(name, name)} for name in programs
        }
        self.of_module = {name: of[origins[name]] if name in origins else {f"python3-{name}"} for name in modules}


@pytest.fixture(scope="module")
def packages(uses):
    return Packages(set().union(*uses.programs.values()), set().union(*uses.modules.values()))


def missing(uses, packages, allowed, scripts):
    """{(file, program or module)} that no allowed package has."""
    def lacks(owned):
        return not {BRINGS.get(package, package) for package in owned} & allowed

    found = {
        (name, word) for name in scripts for word in uses.programs.get(name, ())
        if word not in OTHERWISE and lacks(packages.of_program[word])
    }
    return found | {
        (name, word) for name in scripts for word in uses.modules.get(name, ()) if lacks(packages.of_module[word])
    }


def test_demo(uses, named, required, packages):
    scripts = of_the_demo(uses.programs)
    assert {"tools/build/qemu", "tools/guest/mkinitrd", "tools/snpsim/Makefile", "tools/testing/lib/console.py"} <= scripts
    assert missing(uses, packages, named["demo"] | required, scripts) == set()


def test_check(uses, named, required, packages):
    scripts = {name for name in uses.programs if name not in OTHER_LISTS and not ON_THE_TARGET.match(name)}
    assert missing(uses, packages, named["check"] | required, scripts) == set()


@pytest.mark.parametrize("what", sorted(set(OTHER_LISTS.values())))
def test_other_list(uses, named, required, packages, what):
    scripts = {name for name, of in OTHER_LISTS.items() if of == what}
    assert scripts & set(uses.programs)
    assert missing(uses, packages, named[what] | required, scripts) == set()


def test_lists_build_on_each_other(named):
    assert named["demo"] < named["check"] and named["demo"] < named["kernels"]


def test_exceptions_are_needed(uses):
    """What is left out is there, and used."""
    assert set(NOT_FOR_THE_DEMO) <= set(uses.programs)
    assert set(OTHERWISE) <= set().union(*uses.programs.values())


@pytest.mark.parametrize("what, package, file, word", [
    ("demo", "xz-utils", "tools/guest/build", "xz"),
    ("demo", "cpio", "tools/guest/mkinitrd", "cpio"),
    ("demo", "busybox-static", "tools/guest/mkinitrd", "busybox"),
    ("demo", "gcc", "tools/snpsim/Makefile", "gcc"),
    ("demo", "binutils", "tools/snpsim/Makefile", "ld"),
    ("demo", "python3", "tools/demo/run", "python3"),
    ("demo", "kmod", "tools/guest/build", "depmod"),
    ("demo", "python3-pexpect", "tools/testing/lib/console.py", "pexpect"),
    ("check", "xz-utils", "tools/build/linux-source", "xz"),
    ("check", "kmod", "tools/testing/tool/test_tool_build.py", "modinfo"),
    ("check", "groff-base", "tools/testing/tool/test_tool_build.py", "groff"),
    ("check", "coccinelle", "tools/testing/static/test_build.py", "spatch"),
    ("check", "gdb", "tools/testing/simulator/gdb_run.py", "gdb"),
    ("check", "clang", "tools/testing/fuzz/Makefile", "clang"),
    ("check", "shfmt", "tools/testing/lib/programs.py", "shfmt"),
    ("check", "python3-pytest", "tools/testing/conftest.py", "pytest"),
    ("docs", "python3-sphinx", "tools/docs/build", "sphinx-build"),
    ("fresh", "mmdebstrap", "tools/testing/fresh/run", "mmdebstrap"),
])
def test_package_that_is_missing_is_found(uses, named, required, packages, what, package, file, word):
    assert package in named[what]
    assert (file, word) in missing(uses, packages, named[what] - {package} | required, [file])


SCRIPT = """
mine() { bc -l; }
for i in $(cpio -t <"$x"); do A=1 exec nice -n 5 patch -p1 | zstd -d; done
# file is only mentioned, and so is "man"
as_root env -u B C=1 lsof; step log "title of this" pahole x; [ -x /usr/bin/less ] && "$variable" ps
if command -v sudo >/dev/null; then find . -exec strip {} +; fi
tar -C dir -xJf "$y"; case $z in file) mine ;; esac
cat <<END
$(objcopy x)
END
"""


def test_programs_of_a_script():
    script = Shell(SCRIPT)
    assert script.functions == {"mine"}
    # What Uses takes away: builtins and functions
    assert script.programs - {"exec", "step", "as_root", "mine"} == {
        "bc", "cpio", "nice", "patch", "zstd", "env", "lsof", "pahole", "sudo", "find", "strip", "tar", "xz", "cat",
        "objcopy",
    }


def test_programs_of_a_makefile():
    rules = "CC ?= gcc\nX := $(shell uname -r)\nall: $(Y)\n\t@$(CC) $(if $(Y),-c) $@ && \\\n\tfile $$HOME\n\t-@$(Y) less\n"
    assert makefile(rules) == {"gcc", "uname", "file"}


def test_programs_of_python():
    source = "import bpf\nfrom lib import x\nrun('perl', a)\nsubprocess.run(['/sbin/modinfo', b])\nguest.run('less')\nrun(c)\n"
    assert python(source) == ({"perl", "modinfo"}, {"bpf", "lib"})


def test_libraries_by_version(tmp_path):
    """spatch loads the library of the release's Python; nothing depends on that."""
    for version, release in (("3.11", "Debian 12"), ("3.13", "Debian 13")):
        stub = tmp_path / "apt-cache"
        stub.write_text(f"#!/bin/sh\n[ $2 = python3 ] && echo '  Depends: python{version}'\nexit 0\n")
        stub.chmod(0o755)
        listed = run(
            places.TOP / "tools/build/deps", "check", "--list",
            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        ).stdout.split()
        assert f"libpython{version}" in listed, release
