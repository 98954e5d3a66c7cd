# SPDX-License-Identifier: GPL-2.0
"""The packages, and machines to install them on.  Built here, not before: only root can."""

import os
import platform
import subprocess

import pytest

from lib import places
from lib.trees import OLD, PACKAGES, RELEASES, VERSIONS, Loop, Tree

TOOLS = places.TOP / "tools"


def build(*command):
    """A build script, with its output where one that failed can be looked into."""
    log = PACKAGES / "build.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "a", encoding="utf-8") as file:
        status = subprocess.run(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False,
        ).returncode
    assert status == 0, f"{command} failed, see {log}:\n{log.read_text()[-3000:]}"


def host():
    """The version of this Debian."""
    return platform.freedesktop_os_release()["VERSION_ID"]


@pytest.fixture(scope="session")
def root():
    if os.geteuid():
        pytest.skip("needs root: it makes Debian trees and mounts them")
    build(TOOLS / "build/deps", "packages")


@pytest.fixture(scope="session")
def debs(root):
    """debs(version, place) -> {package: file}, built in a directory of that name."""
    made = {}

    def packages(version=OLD, place="deb"):
        directory = PACKAGES / f"{place}-{version}"
        if directory not in made:
            other = ["--version", version] if version != OLD else []
            build(TOOLS / "packaging/deb", "--out", directory, *other)
            made[directory] = {path.name.split("_")[0]: path for path in directory.glob("*.deb")}
        return made[directory]

    return packages


@pytest.fixture(scope="session")
def loop(root):
    loop = Loop(PACKAGES)
    yield loop
    loop.close()


@pytest.fixture(scope="session", params=RELEASES)
def machine(request, loop):
    """A machine of that release as it is before: with an initial ram disk, and one for the crash kernel."""
    build(TOOLS / "build/trees", request.param)
    tree = Tree(request.param, loop, PACKAGES / f"machine-{request.param}")
    tree.check("echo COMPRESSLEVEL=1 >/etc/initramfs-tools/conf.d/00-quick")
    tree.check(f"update-initramfs -c -k {tree.kernel} && /etc/kernel/postinst.d/kdump-tools {tree.kernel}")
    assert not tree.has_module(f"/boot/initrd.img-{tree.kernel}")
    assert not tree.has_module(f"/var/lib/kdump/initrd.img-{tree.kernel}")
    return tree


@pytest.fixture(scope="session")
def installed(machine, debs):
    """The same with our packages; what dpkg said is its .said."""
    if VERSIONS[machine.release] < host():
        pytest.skip(f"packages that are built on Debian {host()} want its C library")
    tree = machine.on_top(PACKAGES / f"installed-{machine.release}")
    packages = debs()
    names = tree.put(packages["svsm-reset"], packages["svsm-reset-dkms"])
    tree.said = tree.check(f"dpkg -i {names}")
    return tree


def quick(below, name):
    """Images are made often here, and not kept: without the hundreds of modules of other hardware."""
    tree = below.on_top(PACKAGES / f"{name}-{below.release}")
    tree.check("echo MODULES=list >>/etc/initramfs-tools/conf.d/00-quick")
    return tree


@pytest.fixture(scope="session")
def quick_machine(machine):
    return quick(machine, "quick-machine")


@pytest.fixture(scope="session")
def quick_installed(installed):
    return quick(installed, "quick-installed")


@pytest.fixture
def bare(quick_machine, request):
    """For one test: a machine without our packages."""
    return quick_machine.on_top(PACKAGES / f"{request.node.name}")


@pytest.fixture
def tree(quick_installed, request):
    """For one test: a machine with our packages."""
    return quick_installed.on_top(PACKAGES / f"{request.node.name}")
