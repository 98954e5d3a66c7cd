# SPDX-License-Identifier: GPL-2.0
"""What a user gets to see where something is missing: one clear line."""

import fcntl
import os
import re
import resource

import pytest

from lib import places
from lib.sources import run

TOOLS = places.TOP / "tools/build"


def stub(directory, name, script):
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def tool(tmp_path, *command, **environment):
    """Run a tool with the stubs in tmp_path first in PATH."""
    return run(
        *command,
        env={
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "SVSM_RESET_BUILD": str(tmp_path / "build"),
            **environment,
        },
    )


@pytest.mark.parametrize(
    "release, arch, named",
    [
        ('ID=ubuntu\nVERSION_ID="24.04"\n', "amd64", "ubuntu 24.04 amd64"),
        ('ID=debian\nVERSION_ID="11"\n', "amd64", "debian 11 amd64"),
        ('ID=debian\nVERSION_ID="12"\n', "arm64", "debian 12 arm64"),
        ("ID=debian\n", "amd64", "debian"),
    ],
)
def test_other_distribution(tmp_path, release, arch, named):
    (tmp_path / "os-release").write_text(release)
    stub(tmp_path, "dpkg", f"echo {arch}")
    result = tool(tmp_path, TOOLS / "deps", "demo", SVSM_RESET_OS_RELEASE=str(tmp_path / "os-release"))
    assert result.returncode == 1
    assert len(result.stdout.splitlines()) == 1
    assert f"this is {named}" in result.stdout and "Debian 12 or 13" in result.stdout


@pytest.mark.parametrize("version", ["12", "13"])
def test_supported_distribution(tmp_path, version):
    (tmp_path / "os-release").write_text(f'ID=debian\nVERSION_ID="{version}"\n')
    result = tool(tmp_path, TOOLS / "supported", SVSM_RESET_OS_RELEASE=str(tmp_path / "os-release"))
    assert result.returncode == 0 and not result.stdout


@pytest.mark.parametrize(
    "offered, named",
    [
        ("linux-headers-6.12-cloud-amd64", "linux-headers-6.12-cloud-amd64"),  # Debian 12
        ("linux-headers-cloud-amd64", "linux-headers-cloud-amd64"),  # Debian 13
    ],
)
def test_names_of_the_kernel_packages(tmp_path, offered, named):
    """They are called differently in the two releases: apt is asked what there is."""
    stub(tmp_path, "dpkg-query", "exit 1")
    stub(tmp_path, "apt-cache", f'[ "$2" = {offered} ] && echo "  Candidate: 6.12.48-1" || echo "  Candidate: (none)"')
    listed = tool(tmp_path, TOOLS / "deps", "demo", "--list").stdout.split()
    assert [name for name in listed if name.startswith("linux-headers")] == [named]


def test_no_network(tmp_path):
    stub(tmp_path, "dpkg-query", "exit 1")
    stub(tmp_path, "apt-get", "echo 'Temporary failure resolving'; exit 100")
    result = tool(tmp_path, TOOLS / "deps", "demo")
    assert result.returncode == 1
    assert "to be installed: gcc" in result.stdout, "the packages are listed before anything is done"
    assert "is the network there?" in result.stdout.splitlines()[-1]


def test_no_root_and_no_sudo(tmp_path):
    for name in ("bash", "date", "dirname", "mkdir", "grep", "sed", "find", "tr", "tail", "cut", "sleep", "flock"):
        os.symlink(f"/usr/bin/{name}", tmp_path / name)
    stub(tmp_path, "dpkg-query", "exit 1")
    stub(tmp_path, "dpkg", "echo amd64")
    stub(tmp_path, "apt-get", "exit 100")
    stub(tmp_path, "apt-cache", "exit 0")
    stub(tmp_path, "id", "echo 1000")
    result = tool(tmp_path, TOOLS / "deps", "demo", PATH=str(tmp_path))
    assert result.returncode == 1
    assert "needs root and there is no sudo" in result.stdout.splitlines()[-1]


def test_qemu_without_network(tmp_path):
    stub(tmp_path, "apt-get", "echo 'Temporary failure resolving'; exit 100")
    stub(tmp_path, "apt-cache", "exit 0")
    stub(tmp_path, "qemu-system-x86_64", "echo 'QEMU emulator version 7.2.0'")
    result = tool(tmp_path, TOOLS / "qemu")
    assert result.returncode == 1
    assert "is the network there?" in result.stdout.splitlines()[-1]


def test_program_of_an_unknown_package(tmp_path):
    stub(tmp_path, "apt-cache", "exit 0")
    result = tool(tmp_path, TOOLS / "program", "no-such-package", "no-such-program")
    assert result.returncode == 1
    assert "no package no-such-package" in result.stdout.splitlines()[-1]


def test_program_without_network(tmp_path):
    stub(tmp_path, "apt-cache", 'echo "  Candidate: 1.0"')
    stub(tmp_path, "apt-get", '[ "$1" = -s ] && echo "Inst some-package (1.0 Debian:12 [amd64])" || exit 100')
    result = tool(tmp_path, TOOLS / "program", "some-package", "no-such-program")
    assert result.returncode == 1
    assert "is the network there?" in result.stdout.splitlines()[-1]


HEADERS = "linux-headers-{0}+deb13-cloud-amd64_{0}-1~bpo13+1_amd64.deb"


def kernel_of_an_old_series(tmp_path, version):
    """apt has no more than the image of it, and a pool is here; why it is missing, and what the log says."""
    codename = run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").stdout.strip()
    stub(tmp_path, "apt-get", f"""case "$*" in
    *indextargets*) echo 'copy:{tmp_path}/ {codename} main' ;;
    *download*) touch an-image.deb ;;
    esac""")
    stub(tmp_path, "apt-cache", f"""case "$*" in
    *'pkgnames linux-image-') echo linux-image-{version}+deb13-cloud-amd64 ;;
    *show*) echo 'Version: {version}-1~bpo13+1' ;;
    *'madison linux-image-'*) echo 'linux-image | {version}-1~bpo13+1 | somewhere' ;;
    esac""")
    result = tool(tmp_path, TOOLS / "other-kernel", "6.16")
    assert result.returncode == 0, result.stdout
    log = (tmp_path / "build/log/kernel-6.16-download.log").read_text()
    return (tmp_path / "build/kernels/6.16/missing").read_text(), log


def test_kernel_that_nobody_vouches_for(tmp_path):
    why, log = kernel_of_an_old_series(tmp_path, "6.16.99")
    assert why.startswith("the packages of 6.16.99+deb13-cloud-amd64 cannot be downloaded") and why.count("\n") == 1
    assert f"{HEADERS.format('6.16.99')} is in no package list, nor in kernels.sums" in log


def test_kernel_that_is_another_one(tmp_path):
    """What the pool has is not what kernels.sums says."""
    pool = tmp_path / "pool/main/l/linux"
    pool.mkdir(parents=True)
    (pool / HEADERS.format("6.16.12")).write_text("not this")
    why, log = kernel_of_an_old_series(tmp_path, "6.16.12")
    assert "cannot be downloaded" in why and "Hash Sum mismatch" in log
    assert not list((tmp_path / "build/kernels").rglob(HEADERS.format("6.16.12")))


def test_kernel_that_is_no_name(tmp_path):
    stub(tmp_path, "apt-get", "exit 100")
    stub(tmp_path, "apt-cache", "exit 0")
    for name in ("6.12-frobnicate", "7", "7.3.4"):
        result = tool(tmp_path, TOOLS / "other-kernel", name)
        assert result.returncode == 1 and result.stdout.splitlines()[-1].startswith(
            f"svsm-reset: error: no kernel is called {name}: 6.12-generic 6.12-rt")


def test_image_without_a_library(tmp_path):
    """A program that could not start in the guest is not put into an image."""
    program = tmp_path / "program"
    source = tmp_path / "program.c"
    source.write_text("int gone(void); int main(void) { return gone(); }\n")
    library = tmp_path / "gone.c"
    library.write_text("int gone(void) { return 0; }\n")
    run("gcc", "-shared", "-fPIC", "-o", tmp_path / "libgone.so", library)
    result = run("gcc", "-o", program, source, "-L", tmp_path, "-lgone")
    assert result.returncode == 0, result.stdout
    words = ["--init", places.TOP / "tools/guest/init", "--out", tmp_path / "image"]
    result = tool(tmp_path, places.TOP / "tools/guest/mkinitrd", *words, "--program", f"{program}:/bin/program")
    assert result.returncode == 1 and not (tmp_path / "image").exists()
    assert "libgone.so" in result.stdout.splitlines()[-1]


def test_image_as_it_is(tmp_path):
    """Not packed, and its module without what only debuggers read; another image may follow it."""
    mkinitrd, image, more = places.TOP / "tools/guest/mkinitrd", tmp_path / "image", tmp_path / "more"
    built = places.GUEST / "module/svsm_reset.ko"
    module = tmp_path / "m/module.ko"
    for command in (
        (mkinitrd, "--base", "/dev/null", "--out", image, "--module", f"{built}:/m/module.ko", "--packer", "cat"),
        (mkinitrd, "--base", image, "--out", more, "--file", f"{mkinitrd}:/mkinitrd"),
        ("cpio", "-i", "--quiet", "-d", "-F", image, "m/module.ko"),
    ):
        result = run(*command, cwd=tmp_path)
        assert result.returncode == 0, result.stdout
    sections = run("readelf", "-SW", module).stdout
    assert ".BTF" in sections and ".debug_info" not in sections
    assert ".debug_info" in run("readelf", "-SW", built).stdout
    before, behind = image.read_bytes(), more.read_bytes()
    assert behind.startswith(before) and len(before) % 4 == 0 and behind[len(before):].startswith(b"\x1f\x8b")


def test_qemu_of_the_system_is_taken(tmp_path):
    stub(tmp_path, "qemu-system-x86_64", "echo 'QEMU emulator version 10.1.0'")
    result = tool(tmp_path, TOOLS / "qemu")
    assert result.returncode == 0 and "QEMU: 10.1.0" in result.stdout


def test_foreign_directory_is_not_cleaned(tmp_path):
    (tmp_path / "build").mkdir()
    (tmp_path / "build/precious").write_text("")
    for arguments in ((), ("--all",)):
        result = tool(tmp_path, TOOLS / "clean", *arguments)
        assert result.returncode == 1 and "not removing anything" in result.stdout
    assert (tmp_path / "build/precious").exists()


FRESH = places.TOP / "tools/testing/fresh/run"
MIRROR = "http://mirror.invalid/debian"


def fresh(tmp_path, *arguments, mirror=MIRROR, **stubs):
    """Run check-fresh on a machine of which all but the given is as it should be; its last line."""
    suites = [f"echo {mirror} {name}{part} main" for name in ("bookworm", "trixie") for part in ("", "-security")]
    for name, script in {
        "id": "echo 0", "dpkg-query": "echo installed", "unshare": "exit 0", "setpriv": "exit 0",
        "df": "echo Avail; echo 99999M", "apt-get": "\n".join(suites), "apt-config": "exit 0",
        "mmdebstrap": "echo mmdebstrap 1.5", **stubs,
    }.items():
        stub(tmp_path, name, script)
    result = tool(tmp_path, FRESH, *arguments)
    assert result.returncode == 1, result.stdout
    return result.stdout.splitlines()


@pytest.mark.parametrize("arguments, said", [
    (("sid", "demo"), "RELEASES: there is no sid; there are: bookworm trixie"),
    (("", "demo"), "RELEASES is empty: name one or more of: bookworm trixie"),
    (("trixie", "demo chekc"), "COMMANDS: there is no chekc; there are: module "),
    (("trixie", "check-fresh"), "COMMANDS: there is no check-fresh; there are: module "),
    (("trixie", ""), "COMMANDS is empty: name one or more of: module "),
])
def test_fresh_with_unknown_names(tmp_path, arguments, said):
    line, = fresh(tmp_path, *arguments)
    assert line.startswith(f"svsm-reset: error: {said}")


def test_fresh_from_make(tmp_path):
    """The variables arrive.  A make that runs this test may have its own say first."""
    result = tool(tmp_path, "make", "-s", "-C", places.TOP, "check-fresh", "RELEASES=sid", f"O={tmp_path}/build")
    said = [line for line in result.stdout.splitlines() if not line.startswith("make")]
    assert result.returncode != 0 and "RELEASES: there is no sid" in said[0]


@pytest.mark.parametrize("said, stubs", [
    ("only root can make bare trees and enter them: sudo make check-fresh", {"id": "echo 1000"}),
    ("no mount namespaces here: run it on a machine or in a container with CAP_SYS_ADMIN", {"unshare": "exit 1"}),
    ("a tree needs 3000 MB, {fresh} has 12: make room, or name another place with O=", {"df": "echo Avail; echo 12M"}),
    ("no tree of trixie: is the network there, and has the mirror trixie?", {"setpriv": "echo E: no; exit 100"}),
    ("apt knows no mirror for ", {"mirror": "http://mirror.invalid/debian other"}),
    ("the mirror is neither http nor https, a chroot cannot reach it: file:/srv", {"mirror": "file:/srv"}),
    ("the disk is full: make room in {fresh}, or name another place with O=; no tree of trixie",
     {"setpriv": "touch $0.ran; exit 1", "df": "echo Avail; [ -e ${0%df}setpriv.ran ] && echo 3M || echo 99999M"}),
])
def test_fresh_where_something_is_missing(tmp_path, said, stubs):
    line = fresh(tmp_path, "trixie", "demo", **stubs)[-1]
    assert line.startswith("svsm-reset: error: " + said.format(fresh=tmp_path / "build/fresh")), line


def test_fresh_twice_at_once(tmp_path):
    (tmp_path / "build/fresh").mkdir(parents=True)
    with open(tmp_path / "build/fresh/.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another check-fresh is at work" in fresh(tmp_path, "trixie", "demo")[-1]


def test_fresh_enters_only_in_a_namespace(tmp_path):
    """Outside of one, its mounts would stay."""
    result = run(FRESH.parent / "enter", tmp_path, tmp_path, "true")
    assert result.returncode == 1 and len(result.stdout.splitlines()) == 1 and not list(tmp_path.iterdir())


def test_what_fresh_downloaded_is_kept(tmp_path):
    build = tmp_path / "build"
    for name in ("fresh/archives/trixie", "fresh/trixie/tree"):
        (build / name).mkdir(parents=True)
    (build / "fresh/base-trixie-1.tar").write_text("")
    (build / ".svsm-reset").write_text("")
    assert tool(tmp_path, TOOLS / "clean").returncode == 0
    assert sorted(path.name for path in (build / "fresh").iterdir()) == ["archives", "base-trixie-1.tar"]
    assert tool(tmp_path, TOOLS / "clean", "--all").returncode == 0 and not list(build.iterdir())


def lib(tmp_path, script, **environment):
    """Run a script with tools/build/lib.sh."""
    return tool(tmp_path, "bash", "-c", f". {TOOLS}/lib.sh; {script}", **environment)


def test_heartbeat_says_something_or_nothing(tmp_path):
    """No line without news, none twice, and none about make's directories."""
    said = """
        echo one; sleep 3; echo two; echo; echo 'make[1]: Leaving directory somewhere'; sleep 2.5
        printf '\\n  \\nthree'; sleep 3
    """
    result = lib(tmp_path, f"HEARTBEAT=1; work() {{ {said} }}; step log title work")
    beats = [line.split("... ", 1)[1] for line in result.stdout.splitlines() if "... " in line]
    assert [line.split(": ", 1)[-1] for line in beats] == ["one", "two", "three"], result.stdout


def test_heartbeat_of_a_long_silence(tmp_path):
    """Then the time, now and then, so that it is seen that somebody is at work."""
    result = lib(tmp_path, "HEARTBEAT=1; SILENCE=2; step log title sleep 5")
    beats = [line.split("... ", 1)[1] for line in result.stdout.splitlines() if "... " in line]
    assert beats and all(re.fullmatch(r"\d+ s", line) for line in beats), result.stdout
    times = [0, *(int(line.removesuffix(" s")) for line in beats)]
    assert all(later - earlier >= 2 for earlier, later in zip(times, times[1:])), result.stdout


def test_what_it_was_made_of(tmp_path):
    """same_as: nothing to do while nothing has changed, been added or gone; and not before the first time."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "one").write_text("1")
    once = f"same_as {tmp_path}/stamp {source} {tmp_path}/nowhere && echo same || {{ echo other; made {tmp_path}/stamp; }}"

    def look():
        return lib(tmp_path, once).stdout.strip()

    assert [look(), look()] == ["other", "same"]
    for change in (
        lambda: (source / "one").write_text("22"), lambda: os.utime(source / "one", (1, 1)),
        lambda: (source / "two").write_text(""), lambda: (source / "two").unlink(),
    ):
        change()
        assert [look(), look()] == ["other", "same"]


def test_what_was_not_made(tmp_path):
    """It failed in the middle: there is no stamp, not even that of the time before."""
    (tmp_path / "source").write_text("1")
    lib(tmp_path, f"same_as {tmp_path}/stamp {tmp_path}/source || made {tmp_path}/stamp")
    (tmp_path / "source").write_text("22")
    lib(tmp_path, f"same_as {tmp_path}/stamp {tmp_path}/source || exit 1")
    (tmp_path / "source").write_text("1")
    assert not (tmp_path / "stamp").exists()


def test_guest_again_with_nothing_changed():
    """Under 3 seconds; what counts is what it does, not what else this machine does."""
    assert run(TOOLS / "all", "guest").returncode == 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = run(TOOLS / "all", "guest")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert result.returncode == 0, result.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3
    for name in ("guest", "guest-kexec"):
        assert (places.BUILD / f"log/{name}.log").read_text() == "nothing has changed\n"


@pytest.mark.parametrize("script", sorted(path.name for path in (places.TOP / "tools/guest/scripts").iterdir()))
@pytest.mark.parametrize("word", ["--help", "-h", "--no-such-option"])
def test_script_of_the_guest_that_is_asked_for_help(tmp_path, script, word):
    """It says what it does, and does nothing."""
    for name in ("kexec", "insmod", "modprobe", "reboot", "poweroff"):
        stub(tmp_path, name, f"echo {name} >>{tmp_path}/done")
    result = tool(tmp_path, "sh", places.TOP / "tools/guest/scripts" / script, word, BOOT="1")
    assert not (tmp_path / "done").exists()
    assert result.stdout.startswith(f"usage: {script}"), result.stdout
    assert result.returncode == (2 if "no" in word else 0)


def test_capture_kernel_is_loaded_with_parameters(tmp_path):
    stub(tmp_path, "kexec", f'printf "%s\\n" "$@" >{tmp_path}/done')
    result = tool(tmp_path, "sh", places.TOP / "tools/guest/scripts/load-capture", "nokaslr", "quiet")
    assert result.returncode == 0 and (tmp_path / "done").read_text().endswith(" nokaslr quiet\n")


def debian_image(tmp_path, df="echo Avail; echo 90000", mmdebstrap="exit 1", **environment):
    """tools/build/debian-image, which has all that it wants but for what a test takes away: its output."""
    for name, script in (("id", "echo 0"), ("df", df), ("mmdebstrap", mmdebstrap)):
        stub(tmp_path, name, script)
    for name in ("sfdisk", "mcopy", "mke2fs", "unshare"):
        stub(tmp_path, name, "exit 1")
    result = tool(tmp_path, TOOLS / "debian-image", **environment)
    assert result.returncode == 1 and not list((tmp_path / "build/debian").glob("*.made"))
    return result.stdout.splitlines()


def test_debian_image_without_room(tmp_path):
    line, = debian_image(tmp_path, df="echo Avail; echo 4999")
    assert "4999 MiB are free" in line and "make room, or name another place" in line
    # Only where the packages are unpacked
    other = tmp_path / "other"
    other.mkdir()
    line, = debian_image(tmp_path, df=f'case "$3" in {other}) echo 1;; *) echo 90000;; esac', TMPDIR=str(other))
    assert line.startswith(f"svsm-reset: error: {other}: 1 MiB are free")


def test_debian_image_on_a_disk_that_fills_up(tmp_path):
    said = debian_image(tmp_path, mmdebstrap="echo 'tar: ./usr: Cannot write: No space left on device'; exit 2")
    assert said[-1].startswith("svsm-reset: error: the disk is full: the image takes 5000 MiB in ")


def test_debian_image_without_network(tmp_path):
    said = debian_image(tmp_path, mmdebstrap="echo 'E: Failed to fetch'; exit 100")
    assert said[-1] == "svsm-reset: error: could not get Debian's packages: is the network there?"


def test_debian_image_without_a_mirror(tmp_path):
    stub(tmp_path, "apt-get", "exit 0")
    said = debian_image(tmp_path)
    assert said[-1] == "svsm-reset: error: no Debian to make the image from: apt's sources have no Debian mirror"


def test_debian_image_wants_root(tmp_path):
    stub(tmp_path, "id", "echo 1000")
    result = tool(tmp_path, TOOLS / "debian-image")
    assert result.returncode == 1 and "sudo make debian-image" in result.stdout and len(result.stdout.splitlines()) == 1


def test_debian_image_has_what_our_packages_depend_on():
    """dpkg configures them there without apt's help. (Of shared libraries only the package knows.)"""
    packages = re.search(r"^PACKAGES=\((.*?)\)", (TOOLS / "debian-image").read_text(), re.MULTILINE | re.DOTALL)[1].split()
    control = (places.TOP / "tools/packaging/debian/control").read_text()
    wanted = set()
    for stanza in control.split("\n\n"):
        if re.search(r"^Package: svsm-reset(-dkms)?$", stanza, re.MULTILINE):
            depends = re.search(r"^Depends: (.*)", stanza, re.MULTILINE)[1]
            wanted |= set(re.findall(r"(?:^|, )([a-z][a-z0-9.+-]+)", depends))
    assert "python3" in wanted and wanted <= set(packages), wanted
