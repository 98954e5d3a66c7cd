# SPDX-License-Identifier: GPL-2.0
"""What a user gets to see where something is missing: one clear line."""

import os

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
    for name in ("bash", "date", "dirname", "mkdir", "grep", "sed", "find", "tr", "tail", "cut", "sleep"):
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
