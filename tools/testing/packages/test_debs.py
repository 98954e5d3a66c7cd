# SPDX-License-Identifier: GPL-2.0
"""The packages as they are built: clean, reproducible, of one version, and what is in them."""

import gzip
import hashlib
import json
import os
import re
import shlex
import shutil

import pytest

from lib import places
from lib.sources import run, text
from lib.trees import NEW, OLD, PACKAGES

CHANGELOG = places.TOP / "tools/packaging/changelog"
NAMES = {"snpsim", "svsm-reset", "svsm-reset-dbgsym", "svsm-reset-dkms"}


@pytest.fixture
def unpacked(debs, tmp_path):
    """unpacked(package, version) -> the directory with its files."""

    def unpack(package, version=OLD):
        directory = tmp_path / f"{package}-{version}"
        result = run("dpkg-deb", "-x", debs(version)[package], directory)
        assert result.returncode == 0, result.stdout
        return directory

    return unpack


def lintian(*files):
    # As root it says that it should not be
    result = run("lintian", "--allow-root", "--fail-on=error,warning", *files)
    return result.returncode, result.stdout


def test_lintian(debs):
    assert set(debs()) == NAMES
    changes = next((PACKAGES / f"deb-{OLD}").glob("*.changes"))
    assert lintian(changes) == (0, "")


def test_lintian_can_fail(debs, tmp_path):
    """Without its override, and with a file where none may be."""
    run("dpkg-deb", "-R", debs()["snpsim"], tmp_path / "snpsim")
    (tmp_path / "snpsim/usr/share/lintian/overrides/snpsim").unlink()
    (tmp_path / "snpsim/usr/share/odd.py").write_text("#!/usr/bin/python\n")
    run("dpkg-deb", "-b", tmp_path / "snpsim", tmp_path / "snpsim.deb")
    status, said = lintian(tmp_path / "snpsim.deb")
    assert status == 2 and "statically-linked-binary" in said


def test_reproducible(debs, monkeypatch):
    """Built in another directory, later, with another time zone and home: the same bytes.

    The locale and the umask are the build script's, whatever the caller has.
    """
    first = debs()
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("HOME", "/nonexistent")
    before = os.umask(0o077)
    try:
        again = debs(OLD, "another-place-with-a-longer-name")
    finally:
        os.umask(before)
    hashes = [{name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in made.items()} for made in (first, again)]
    assert set(hashes[0]) == NAMES
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("version", [OLD, NEW])
def test_one_version(unpacked, debs, version):
    """It is written in the changelog, and nowhere else."""
    for package, path in debs(version).items():
        assert run("dpkg-deb", "-f", path, "Version").stdout.strip() == version, package
    dkms = (unpacked("svsm-reset-dkms", version) / f"usr/src/svsm-reset-{version}/dkms.conf").read_text()
    assert f'PACKAGE_VERSION="{version}"' in dkms
    tool = unpacked("svsm-reset", version)
    assert run(tool / "usr/sbin/svsm-reset", "--version").stdout == f"svsm-reset {version}\n"
    pages = [*tool.glob("usr/share/man/*/*.gz"), *unpacked("snpsim", version).glob("usr/share/man/*/*.gz")]
    assert len(pages) == 4
    for page in pages:
        assert f'"svsm\\-reset {version}"' in gzip.open(page, "rt").read()


def test_changelog():
    """Keep a Changelog's form, from which debian/changelog is made."""
    log = text("Documentation/CHANGELOG.md")
    headings = re.findall(r"^## (.*)$", log, re.MULTILINE)
    assert headings[0] == "[Unreleased]" and headings[-1] == "[0.1.0] - 2026-11-29"
    assert set(re.findall(r"^### (.*)$", log, re.MULTILINE)) <= {
        "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    said = run(CHANGELOG, "--debian").stdout
    released = run(CHANGELOG, "--version").stdout.strip()
    assert said.startswith(f"svsm-reset ({released}) ") and said.endswith("00:00:00 +0000\n\n")
    # The line with the date has the length that it has
    assert max(len(line) for line in said.splitlines() if not line.startswith(" -- ")) < 80


@pytest.fixture
def sources(tmp_path):
    """Sources of which the changelog has this under [Unreleased]: the script that prints their versions."""

    def make(unreleased):
        shutil.copytree(CHANGELOG.parent, tmp_path / "tools/packaging")
        (tmp_path / "Documentation").mkdir()
        (tmp_path / "Documentation/CHANGELOG.md").write_text(
            f"# Changelog\n\n## [Unreleased]\n\n{unreleased}## [0.1.0] - 2026-11-29\n\n### Added\n\n- All of it.\n")
        return tmp_path / "tools/packaging/changelog"

    return make


def commit(directory):
    """A commit of the first of December in its own zone, the day before elsewhere; its name."""
    git = ["git", "-C", directory, "-c", "user.name=a", "-c", "user.email=a@b.invalid"]
    environment = {**os.environ, "GIT_COMMITTER_DATE": "2026-12-01T00:30:00+0100"}
    assert run("git", "init", "-q", directory).returncode == 0
    assert run(*git, "add", ".").returncode == 0
    assert run(*git, "commit", "-q", "-m", "all", env=environment).returncode == 0
    return run(*git, "rev-parse", "HEAD").stdout[:8]


def test_unreleased_version(sources, tmp_path):
    """Between releases packages are newer than the last one, and tell of which commit they are."""
    changelog = sources("### Fixed\n\n- A fault.\n\n")
    assert run(changelog, "--packages").stdout == "0.1.0\n", "without git nothing is known"
    version = f"0.1.0+git20261201.{commit(tmp_path)}"
    assert run(changelog, "--packages").stdout == f"{version}\n"
    for older, newer in (("0.1.0", version), (version, "0.1.1")):
        assert run("dpkg", "--compare-versions", older, "lt", newer).returncode == 0
    # In the copy that is built the changes have that version
    assert run(changelog, "--release", version).returncode == 0
    assert run(changelog, "--version").stdout == run(changelog, "--packages").stdout == f"{version}\n"
    said = run(changelog, "--debian").stdout
    assert said.startswith(f"svsm-reset ({version}) unstable; urgency=medium\n\n  * A fault.\n\n -- ")
    assert said.count(" Tue, 01 Dec 2026 00:00:00 +0000\n") == 1 and said.count("\nsvsm-reset (0.1.0) ") == 1


def test_nothing_is_unreleased(sources, tmp_path):
    changelog = sources("")
    commit(tmp_path)
    assert run(changelog, "--packages").stdout == "0.1.0\n"


def test_sources_are_whole(unpacked):
    """DKMS gets what the module is built of, and the same as here."""
    packed = unpacked("svsm-reset-dkms") / f"usr/src/svsm-reset-{OLD}"
    for part in ("drivers", "include"):
        listed = {path.relative_to(packed) for path in (packed / part).rglob("*") if path.is_file()}
        here = {path.relative_to(places.TOP) for path in (places.TOP / part).rglob("*") if path.is_file()}
        assert listed == here
        assert all((packed / path).read_bytes() == (places.TOP / path).read_bytes() for path in listed)


@pytest.mark.parametrize("kernel, built", [
    ("6.1.0-54-cloud-amd64", False), ("6.10.11-amd64", False), ("5.10.0-8-amd64", False), ("6.9.0", False),
    ("6.11.2-amd64", True), ("6.12.117+deb12-cloud-amd64", True), ("6.19.6", True), ("6.20.0-1", True),
    ("6.11-rc3-amd64", True), ("6.12.95+bpo-cloud-amd64", True), ("7.0-rc5-amd64", True), ("6.1-rc5-amd64", False),
    ("7.0.4+deb13-amd64", True), ("7.3.4+deb13-cloud-amd64", True), ("10.1.0", True), ("61.0", True),
])
def test_kernels(unpacked, kernel, built):
    """What DKMS skips: kernels before 6.11."""
    conf = (unpacked("svsm-reset-dkms") / f"usr/src/svsm-reset-{OLD}/dkms.conf").read_text()
    pattern = re.search(r'^BUILD_EXCLUSIVE_KERNEL="(.*)"$', conf, re.MULTILINE)[1]
    # DKMS asks bash
    assert run("bash", "-c", f'[[ "$0" =~ {pattern} ]]', kernel).returncode == (0 if built else 1)


@pytest.mark.parametrize("vmpl, loads", [
    ("2\n", True), ("3\n", True), ("1", False), ("0\n", False), ("", False), ("\n", False), ("none\n", False),
    ("-1\n", False), ("2 > x\n", False), (None, False),
])
def test_rule(tmp_path, vmpl, loads):
    """What the rule asks before it loads the module, as udev runs it: above VMPL 0 it says yes, else no, and nothing."""
    rule = text("tools/packaging/debian/svsm-reset.udev").splitlines()[-1]
    program = re.search(r'PROGRAM=="([^"]*)"', rule)[1].replace("$$", "$")
    file = tmp_path / "vmpl"
    if vmpl is not None:
        file.write_text(vmpl)
    result = run(*shlex.split(program.replace("/sys/devices/system/cpu/sev/vmpl", str(file))), cwd=tmp_path)
    assert (result.returncode == 0) == loads
    assert list(tmp_path.iterdir()) == ([file] if vmpl is not None else [])


def test_simulator_of_the_package(unpacked, tmp_path):
    """From any directory, with nothing of the sources around."""
    command = unpacked("snpsim") / "usr/bin/snpsim"
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    environment = {**os.environ, "SNPSIM_QEMU": places.qemu()}
    environment.pop("SNPSIM_BUILD", None)
    result = run(
        command, "run", "--kernel", places.KERNEL, "--initrd", places.INITRD, "--smp", "1", "--events", "events",
        "--append", "console=ttyS0 snpsim.do=none nokaslr", "--timeout", "40", cwd=directory, env=environment,
    )
    assert "SEV-SNP" in result.stdout and "guest# " in result.stdout, result.stdout[-2000:]
    assert json.loads((directory / "events").read_text().splitlines()[-1])["reason"] == "time-out"


def test_simulator_without_its_products(unpacked, tmp_path):
    script = unpacked("snpsim") / "usr/lib/snpsim"
    (script / "rom.bin").unlink()
    result = run(script / "snpsim", "run", "--kernel", places.KERNEL, env={"PATH": os.environ["PATH"], "SNPSIM_QEMU": "true"})
    assert (result.returncode, result.stdout) == (1, f"snpsim: {script}/rom.bin is missing: run make simulator\n")


def test_manual_page_of_the_simulator(unpacked):
    """Each option of --help is in it, and no other."""
    listed = set(re.findall(r"--[a-z]+", run(places.SNPSIM, "run", "--help").stdout)) - {"--help"}
    page = text("tools/snpsim/snpsim.1.in").replace("\\-", "-")
    described = set(re.findall(r"^\.(?:B|BI|BR) \"?(--[a-z]+)", page.split(".SH OPTIONS")[1], re.MULTILINE))
    assert described == listed
    result = run("man", "--warnings", "-l", unpacked("snpsim") / "usr/share/man/man1/snpsim.1.gz",
                 env={**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80"})
    assert result.returncode == 0 and "warning" not in result.stdout
