# SPDX-License-Identifier: GPL-2.0
"""The module builds without a warning of any checker, and from a fresh clone."""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from lib import places
from lib.sources import files, run, text
from lib.states import stamp

STATIC = places.BUILD / "static"
COMPLAINT = re.compile(r"(?i)\b(warning|error):")
# Not about this code: Debian's headers name the compiler that built the kernel.
NOT_OURS = re.compile(r"the compiler differs from|Skipping BTF generation")


def complaints(output):
    return [line for line in output.splitlines() if COMPLAINT.search(line) and not NOT_OURS.search(line)]


def digest(*contents):
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


def checkers():
    """What decides on a complaint beside the sources: these tests, the headers, the compilers and the other tools."""
    tools = [*sorted(pathlib.Path("/usr/bin").glob("*gcc*")), places.HEADERS / "include/config/auto.conf",
             places.HEADERS / "Module.symvers", *places.HEADERS.glob("tools/objtool/objtool"),
             *filter(None, (shutil.which(name) for name in ("gcc", "ld", "sparse", "spatch")))]
    stamps = [stamp(pathlib.Path(tool).resolve()) for tool in tools if os.path.exists(tool)]
    return repr([str(places.TOP), str(places.HEADERS.resolve()), stamps]).encode() + pathlib.Path(__file__).read_bytes()


def build(name, *arguments):
    """What make says of the module: of the files that have changed since there was no complaint."""
    directory = STATIC / name
    was_clean = directory / "was-clean"
    by = digest(checkers(), repr(arguments).encode())
    if os.environ.get("FRESH") or not was_clean.exists() or was_clean.read_text(encoding="ascii") != by:
        shutil.rmtree(directory, ignore_errors=True)
    was_clean.unlink(missing_ok=True)
    result = run(places.TOP / "tools/build/module", "--kdir", places.HEADERS, "--out", directory, *arguments)
    assert result.returncode == 0, result.stdout
    if not complaints(result.stdout):
        was_clean.write_text(by, encoding="ascii")
    return result.stdout


def test_no_compiler_warning():
    assert complaints(build("warnings", "W=1")) == []


def test_sparse_is_clean():
    assert complaints(build("sparse", "C=1")) == []


def test_complaints_are_seen():
    assert complaints("a.c:1:2: warning: unused variable\n") != []
    assert complaints("warning: the compiler differs from the one used\n") == []


def semantic_patches():
    """coccicheck's scripts, except those that need OCaml."""
    directory = places.LINUX_SOURCE / "scripts/coccinelle"
    return [
        path
        for path in sorted(directory.rglob("*.cocci"))
        if "virtual report" in path.read_text() and ":ocaml" not in path.read_text()
    ]


def spatch(script, *sources):
    options = re.findall(r"^// Options: (.*)$", script.read_text(), re.MULTILINE)
    result = run(
        "spatch", "-D", "report", "--no-show-diff", "--very-quiet", "--cocci-file", script,
        *(options[0].split() if options else ()), "-I", places.TOP / "include", *sources,
        env={**os.environ, "TMPDIR": str(STATIC)},
    )
    # What coccinelle says of the script is not about the sources.
    output = re.sub(r"^warning: line \d+: should \w+ be a metavariable\?\n?", "", result.stdout, flags=re.MULTILINE)
    output = output.strip()
    if result.returncode:
        output = f"{script.name}: spatch failed: {output}"
    return output


class Clean:
    """What a script had nothing to say of, by the contents of all that it saw: that need not be checked again."""

    def __init__(self, script, *seen):
        self._file = STATIC / "coccicheck" / str(script.relative_to(places.LINUX_SOURCE)).replace("/", "-")
        self._seen = (script.read_bytes(), *seen)
        self._known = set()
        if self._file.exists() and not os.environ.get("FRESH"):
            self._known = set(self._file.read_text(encoding="ascii").split())

    def digests(self, sources):
        return {source: digest(*self._seen, source.read_bytes()) for source in sources}

    def knows(self, found):
        return found in self._known

    def keep(self, digests):
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_text("".join(f"{found}\n" for found in digests), encoding="ascii")
        new.rename(self._file)


def coccicheck(script, sources, *seen):
    """What the script says of these sources, and those that it had to look at."""
    clean = Clean(script, *seen)
    # Before it looks at them: somebody may change them meanwhile
    digests = clean.digests(sources)
    others = [source for source, found in digests.items() if not clean.knows(found)]
    output = spatch(script, *others) if others else ""
    if not output:
        clean.keep(digests.values())
    return output, others


def headers():
    return digest(checkers(), *(text(name).encode() for name in files(".h")))


def test_coccicheck():
    STATIC.mkdir(parents=True, exist_ok=True)
    sources = [places.TOP / n for n in files(".c") if n.startswith(("drivers/", "kunit/"))]
    scripts, seen = semantic_patches(), headers().encode()
    assert len(scripts) > 50
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [out for out, _ in pool.map(lambda s: coccicheck(s, sources, seen), scripts) if out]
    assert found == []


GOOD = "int f(int x)\n{\n\tif (x < 0)\n\t\treturn 1;\n\treturn 0;\n}\n"


def test_coccicheck_can_fail(tmp_path, monkeypatch):
    """Also of a file that was clean, and as long as it is not."""
    monkeypatch.setitem(globals(), "STATIC", tmp_path)
    monkeypatch.delenv("FRESH", raising=False)
    source, script = tmp_path / "a.c", places.LINUX_SOURCE / "scripts/coccinelle/misc/semicolon.cocci"
    said = []
    for contents in (GOOD, GOOD, GOOD.replace("1;", "1;;"), GOOD.replace("1;", "1;;"), GOOD):
        source.write_text(contents)
        output, others = coccicheck(script, [source], b"")
        said.append((len(others), "semicolon" in output.lower()))
    assert said == [(1, False), (0, False), (1, True), (1, True), (0, False)]
    assert coccicheck(script, [source], b"another header") == ("", [source])


def test_warning_is_seen_until_it_is_gone(monkeypatch, tmp_path):
    """A build that ended with one begins anew: make says nothing of a file that has not changed since."""
    monkeypatch.setitem(globals(), "STATIC", tmp_path)
    monkeypatch.delenv("FRESH", raising=False)
    out, made = tmp_path / "some", []

    def fake(*_):
        made.append(sorted(path.name for path in out.glob("*")))
        out.mkdir(exist_ok=True)
        (out / "object").touch()
        return subprocess.CompletedProcess((), 0, "a.c:1: warning: x\n" if len(made) < 3 else "")

    monkeypatch.setitem(globals(), "run", fake)
    assert [len(complaints(build("some"))) for _ in range(4)] == [1, 1, 0, 0]
    build("some", "C=1")
    assert made == [[], [], [], ["object"], []]


@pytest.fixture(scope="module")
def clone():
    """A fresh clone of the last commit."""
    directory = STATIC / "clone"
    shutil.rmtree(directory, ignore_errors=True)
    result = run("git", "clone", "-q", "--no-hardlinks", places.TOP, directory)
    assert result.returncode == 0, result.stdout
    return directory


def make(clone, *arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SVSM_RESET", "MAKE", "MFLAGS"))}
    return run("make", "-C", clone, *arguments, env=environment)


def status(clone):
    return run("git", "-C", clone, "status", "--porcelain", "--ignored").stdout.split()


def test_clone_builds_and_stays_clean(clone):
    """make, modules_install and clean, in build/ and with O= elsewhere."""
    kdir = f"KDIR={places.HEADERS.resolve()}"
    result = make(clone, kdir)
    assert result.returncode == 0, result.stdout
    assert (clone / "build/module/svsm_reset.ko").exists()
    assert status(clone) == ["!!", "build/"]
    assert make(clone, "clean").returncode == 0
    assert not list((clone / "build").rglob("*.ko"))

    elsewhere, root = STATIC / "elsewhere", STATIC / "root"
    for directory in (elsewhere, root):
        shutil.rmtree(directory, ignore_errors=True)
    result = make(clone, kdir, f"O={elsewhere}", f"INSTALL_MOD_PATH={root}", "modules_install")
    assert result.returncode == 0, result.stdout
    assert (elsewhere / "module/svsm_reset.ko").exists()
    installed = [path.name for path in root.rglob("*.ko*")]
    assert len(installed) == 1 and installed[0].startswith("svsm_reset.ko")  # .xz where kernels have that
    assert make(clone, "distclean").returncode == 0
    assert status(clone) == []


def test_second_build_makes_nothing_anew(clone):
    kdir = f"KDIR={places.HEADERS.resolve()}"
    assert make(clone, kdir).returncode == 0
    before = (clone / "build/module/svsm_reset.ko").stat().st_mtime_ns
    again = make(clone, kdir)
    assert " CC " not in again.stdout
    assert (clone / "build/module/svsm_reset.ko").stat().st_mtime_ns == before
    source = next(clone.glob("drivers/virt/coco/svsm-reset/*/*.c"))
    source.write_text(text(source) + "\n")
    assert " CC " in make(clone, kdir).stdout


@pytest.mark.parametrize("directory", ["/nonexistent", "/tmp"])
def test_kernel_without_headers_is_one_line(directory):
    result = run("make", "-s", "-C", places.TOP, "module", f"KDIR={directory}", f"O={STATIC}/none")
    lines = [line for line in result.stdout.splitlines() if not line.startswith("make")]
    assert result.returncode != 0
    assert lines == [f"svsm-reset: error: KDIR={directory} is not a kernel build directory (it has no Makefile)"]


@pytest.mark.parametrize("version, refused", [
    ("5.10", True), ("6.1", True), ("6.10", True), ("6.11", False), ("6.12", False), ("6.19", False), ("7.0", False), ("10.1", False),
])
def test_old_kernel_is_one_line(tmp_path, version, refused):
    """A kernel that knows of no SVSM; what stands for it here reads Kbuild as kernels do."""
    major, minor = version.split(".")
    (tmp_path / "Makefile").write_text(f"export VERSION = {major}\nexport PATCHLEVEL = {minor}\nmodules:\ninclude $(M)/Kbuild\n")
    result = run("make", "-s", "-C", tmp_path, f"M={places.TOP}", "modules")
    assert (result.returncode != 0) == refused, result.stdout
    line = f"svsm-reset needs Linux 6.11 or newer, and this is {version}.  Stop."
    assert [text for text in result.stdout.splitlines() if text.endswith(line)][1:] == [] and (line in result.stdout) == refused
