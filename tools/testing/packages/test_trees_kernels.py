# SPDX-License-Identifier: GPL-2.0
"""The packages and other kernels: those that come and go, and those for which there is no module."""

import re

import pytest

from lib.sources import run
from lib.trees import OLD_KERNEL, VERSIONS, crash, modules, ordinary, pretend, run_parts, status, uname


def update(tree, name, how):
    """Install another kernel, and see that the module has followed."""
    kernel, others, image, headers = tree.other_kernel(name)
    if others:
        tree.check(f"dpkg -i {tree.put(*others)}")
    parts = [tree.put(*image), tree.put(*headers)]
    said = "".join(tree.check(f"dpkg -i {part}") for part in ([" ".join(parts)] if how == "together" else parts))
    assert len(modules(tree, kernel)) == 1, said
    assert tree.has_module(ordinary(tree, kernel)), said
    assert tree.has_module(crash(tree, kernel)), said
    # Those of the kernel that there was are not touched: it is what to fall back to
    assert said.count(f"Generating {ordinary(tree)}") == 0 and said.count(f"Generating {crash(tree)}") == 0, said
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))
    return kernel


@pytest.mark.parametrize("how", ["together", "headers later"])
def test_kernel_update(tree, how):
    """A new kernel: its headers depend on it, so its images are there before the module can be built."""
    update(tree, "next", how)


@pytest.mark.parametrize("how", ["together", "headers later"])
def test_kernel_update_to_another_series(tree, how):
    """From 6.12 to 7.x of backports, whose packages have the kernel and its modules apart."""
    if VERSIONS[tree.release] < "13":
        pytest.skip("the backports of Debian 12 have no later series")
    kernel = update(tree, "later", how)
    assert not kernel.startswith("6.")
    vermagic = tree.check(f"modinfo -k {kernel} -F vermagic svsm_reset")
    assert vermagic.startswith(f"{kernel} SMP ")


def test_kernel_removed(tree):
    """Nothing of ours keeps its directory, and the packages can go after it.

    What depmod made is only removed when the kernel is purged, on any Debian.
    """
    tree.check(f"dpkg -P --force-depends linux-image-{tree.kernel} linux-headers-{tree.kernel}")
    tree.check("dpkg -r svsm-reset-dkms svsm-reset")
    assert tree.run(f"ls /lib/modules/{tree.kernel}").returncode != 0


METAPACKAGE = """Package: linux-image-6.12-cloud-amd64
Version: 6.12.1-1~test
Architecture: amd64
Maintainer: nobody <nobody@localhost.invalid>
Depends: linux-image-{kernel}
Description: the kernel of this series
"""


@pytest.mark.parametrize("how", ["by itself", "by a metapackage"])
def test_no_headers(bare, debs, tmp_path, how):
    """DKMS says what is missing, and so do we; the package is there and waits for them."""
    packages = debs()
    bare.check(f"dpkg -r --force-depends linux-headers-{bare.kernel}")
    to_come = ""
    if how == "by a metapackage":
        control = tmp_path / "linux/DEBIAN/control"
        control.parent.mkdir(parents=True)
        control.write_text(METAPACKAGE.format(kernel=bare.kernel), encoding="utf-8")
        assert run("dpkg-deb", "-b", tmp_path / "linux", tmp_path / "linux.deb").returncode == 0
        bare.check(f"dpkg -i {bare.put(tmp_path / 'linux.deb')}")
        to_come = " linux-headers-6.12-cloud-amd64=6.12.1-1~test"
    said = bare.check(f"dpkg -i {bare.put(packages['svsm-reset'], packages['svsm-reset-dkms'])}")
    assert "headers" in said.split("svsm-reset-dkms: no module")[0]
    assert (
        f"svsm-reset-dkms: no module for kernel {bare.kernel}: its headers are missing: "
        f"apt install linux-headers-{bare.kernel}{to_come}\n"
    ) in said
    assert status(bare) == {"svsm-reset": "ii", "svsm-reset-dkms": "ii"}
    assert f"svsm-reset: no module for kernel {bare.kernel}: its initial ram disk goes without\n" in said
    assert not bare.has_module(ordinary(bare))


# The processor is another one
ARM = uname("-m", "aarch64")
PLAIN_KERNEL = "6.12.99-plain"


@pytest.mark.parametrize("kernel", [OLD_KERNEL, PLAIN_KERNEL])
def test_kernel_update_that_is_skipped(tree, kernel):
    """A kernel comes for which there is nothing to build, by its age or its configuration: it is configured."""
    if kernel == PLAIN_KERNEL:
        without_option(tree, kernel)
    else:
        pretend(tree, kernel)
    result = tree.run(f"/etc/kernel/postinst.d/dkms {kernel}")
    assert result.returncode == 0, result.stdout
    result = run_parts(tree, kernel, "header_postinst.d")
    assert result.returncode == 0, result.stdout
    assert modules(tree, kernel) == [] and len(modules(tree)) == 1


def test_kernel_update_elsewhere(tree):
    """The packages are on a machine that is no x86: its kernels are configured."""
    pretend(tree, PLAIN_KERNEL)
    result = tree.run(f"/etc/kernel/postinst.d/dkms {PLAIN_KERNEL}", mounts=ARM)
    assert result.returncode == 0, result.stdout
    assert modules(tree, PLAIN_KERNEL) == []


def test_old_kernel(bare, debs):
    """Before 6.11 there is nothing to build; that is no error."""
    packages = debs()
    pretend(bare, OLD_KERNEL)
    said = bare.check(f"dpkg -i {bare.put(packages['svsm-reset'], packages['svsm-reset-dkms'])}")
    assert f"svsm-reset-dkms: no module for kernel {OLD_KERNEL}: it is older than 6.11\n" in said
    assert "BUILD_EXCLUSIVE" in said
    assert modules(bare, OLD_KERNEL) == [] and len(modules(bare)) == 1
    assert status(bare) == {"svsm-reset": "ii", "svsm-reset-dkms": "ii"}


def without_option(tree, kernel):
    """Another kernel, whose configuration lacks AMD_MEM_ENCRYPT."""
    pretend(tree, kernel)
    tree.check(f"cd /lib/modules/{kernel} && mv build other && mkdir build && ln -s /lib/modules/{kernel}/other/* build/ && "
               "rm build/include && mkdir -p build/include/config && "
               "grep -v AMD_MEM_ENCRYPT other/.config | tee build/include/config/auto.conf >build/.config")


def test_no_module_for_another_kernel(bare, debs):
    """Of a kernel that lacks an option that is said; for one that DKMS left out, what builds it."""
    packages = debs()
    without_option(bare, PLAIN_KERNEL)
    other = "6.12.98-other"
    pretend(bare, other)
    # DKMS of Debian 12 has to do with the kernel that runs, and the newest
    said = bare.check(f"dpkg -i {bare.put(packages['svsm-reset-dkms'])}", mounts=uname("-r", bare.kernel))
    assert f"svsm-reset-dkms: no module for kernel {PLAIN_KERNEL}: it is built without CONFIG_AMD_MEM_ENCRYPT\n" in said
    named = re.search(rf'no module for kernel {other}: "(dkms install \S+ -k {other})" ', said)
    assert named or VERSIONS[bare.release] >= "13", said
    if named:
        bare.check(named[1])
    assert len(modules(bare, other)) == 1


def test_other_architecture(bare, debs):
    """DKMS skips it, and a line of ours says why."""
    packages = debs()
    said = bare.check(f"dpkg -i {bare.put(packages['svsm-reset-dkms'])}", mounts=ARM)
    assert "BUILD_EXCLUSIVE" in said
    assert f"svsm-reset-dkms: no module for kernel {bare.kernel}: svsm_reset is for x86-64, and this is aarch64\n" in said
    assert modules(bare) == [] and status(bare) == {"svsm-reset-dkms": "ii"}
