# SPDX-License-Identifier: GPL-2.0
"""Why is the module not loaded? What status and check say about its file and the kernel's settings."""

import gzip
import json
import lzma
import os

import pytest

RELEASE = "6.12.117+deb12-cloud-amd64"
OTHER = "6.12.100+deb12-cloud-amd64"
SIGNATURE = b"~Module signature appended~\n"
ENFORCE = "sys/module/module/parameters/sig_enforce"
LOCKDOWN = "sys/kernel/security/lockdown"

GENERIC = 'the module is not loaded: try "modprobe svsm_reset", and look into dmesg'
NOT_INSTALLED = (
    f"the module is not installed for kernel {RELEASE}: install svsm-reset-dkms and linux-headers-{RELEASE}"
)
OTHER_KERNEL = f"the module is not loaded, and was built for kernel {OTHER}, while this is {RELEASE}: build it again"


def unsigned(setting):
    return f"the kernel refuses the module: it has no signature, and {setting} wants one"


def key(setting):
    return (
        f"the module is not loaded: {setting} wants a signature by a key that the kernel trusts; "
        'try "modprobe svsm_reset", and see mokutil(1) if it is refused'
    )


def image(release=RELEASE, signed=False):
    """What of a module's file is looked at."""
    info = f"license=GPL\0vermagic={release} SMP preempt mod_unload modversions \0".encode()
    return b"\x7fELF" + bytes(1000) + info + bytes(3000) + (b"key" + SIGNATURE if signed else b"")


def install(tree, data, name="updates/dkms/svsm_reset.ko"):
    """The file and modules.dep, as DKMS and depmod leave them."""
    dep = f"kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko\n{name}:\nkernel/lib/crc16.ko:\n"
    tree.put("proc/sys/kernel/osrelease", RELEASE)
    tree.put(f"lib/modules/{RELEASE}/modules.dep", dep)
    if data is not None:
        tree.put(f"lib/modules/{RELEASE}/{name}", data)


@pytest.fixture
def said(tool, tree):
    """The line and the word of each way in which the tool says it; they agree."""
    tree.without_module()

    def call():
        status, check = tool("status"), tool("check")
        line = status.stderr.removeprefix("svsm-reset status: ").rstrip("\n")
        assert (status.returncode, check.returncode) == (1, 3)
        assert check.stdout == f"SVSM_RESET UNKNOWN - {line.replace('|', '/')}\n"
        told = json.loads(tool("status", "--json").stdout)
        assert told["error"] == line
        return line, told["module_hindrance"]

    return call


def test_nothing_hinders(said, tree):
    install(tree, image())
    assert said() == (GENERIC, None)
    tree.put(ENFORCE, "N")
    tree.put(LOCKDOWN, "[none] integrity confidentiality")
    assert said() == (GENERIC, None)


def test_loaded(tool, tree):
    tree.put("proc/sys/kernel/osrelease", RELEASE)
    assert json.loads(tool("status", "--json").stdout)["module_hindrance"] is None


def test_not_installed(said, tree):
    install(tree, None, "kernel/fs/xfs/xfs.ko")
    assert said() == (NOT_INSTALLED, "not-installed")
    # modules.dep is what modprobe goes by
    tree.put(f"lib/modules/{RELEASE}/updates/dkms/svsm_reset.ko", image())
    assert said() == (NOT_INSTALLED, "not-installed")


@pytest.mark.parametrize("name", ["xsvsm_reset.ko", "svsm_reset.kox", "svsm_reset/other.ko"])
def test_another_name(said, tree, name):
    install(tree, None, f"kernel/{name}")
    assert said()[1] == "not-installed"


def test_nothing_is_known(said, tree):
    """Without modules.dep, or the kernel's release, nothing is claimed."""
    assert said() == (GENERIC, None)
    tree.put("proc/sys/kernel/osrelease", RELEASE)
    assert said() == (GENERIC, None)
    tree.put("proc/sys/kernel/osrelease", "../../../etc")
    tree.put("lib/modules/../../../etc/modules.dep", "")
    assert said() == (GENERIC, None)


def test_other_kernel(said, tree):
    install(tree, image(OTHER))
    assert said() == (OTHER_KERNEL, "other-kernel")


@pytest.mark.parametrize("lockdown", ["integrity", "confidentiality"])
def test_lockdown(said, tree, lockdown):
    install(tree, image())
    words = "none integrity confidentiality".replace(lockdown, f"[{lockdown}]")
    tree.put(LOCKDOWN, words)
    assert said() == (unsigned(f"lockdown={lockdown}"), "unsigned")
    install(tree, image(signed=True))
    assert said() == (key(f"lockdown={lockdown}"), "untrusted-key")


def test_lockdown_without_securityfs(said, tree):
    install(tree, image())
    tree.put("proc/cmdline", "console=ttyS0 lockdown=integrity panic=10")
    assert said() == (unsigned("lockdown=integrity"), "unsigned")
    tree.put(LOCKDOWN, "[none] integrity confidentiality")
    assert said() == (GENERIC, None)


def test_sig_enforce(said, tree):
    install(tree, image())
    tree.put(ENFORCE, "Y")
    assert said() == (unsigned("module.sig_enforce=1"), "unsigned")
    install(tree, image(signed=True))
    assert said() == (key("module.sig_enforce=1"), "untrusted-key")
    # The kernel looks at the signature first, and at the version only then
    install(tree, image(OTHER))
    assert said() == (unsigned("module.sig_enforce=1"), "unsigned")
    install(tree, image(OTHER, signed=True))
    assert said() == (OTHER_KERNEL, "other-kernel")


def test_modules_disabled(said, tree):
    install(tree, image())
    tree.put("proc/sys/kernel/modules_disabled", "0")
    assert said() == (GENERIC, None)
    tree.put("proc/sys/kernel/modules_disabled", "1")
    assert said() == ("the kernel takes no modules until the next boot: kernel.modules_disabled=1", "modules-disabled")


@pytest.mark.parametrize("cmdline, found", [
    ("quiet module_blacklist=svsm_reset", True), ("module_blacklist=xfs,svsm_reset,ext4 quiet", True),
    ("module_blacklist=svsm-reset", False), ("module_blacklist=xsvsm_reset,svsm_resetx", False), ("module_blacklist=", False),
    ("x.module_blacklist=svsm_reset", False), ("module_blacklist=svsm_reset module_blacklist=xfs", False), ("", False),
])
def test_module_blacklist(said, tree, cmdline, found):
    """As the kernel reads it."""
    install(tree, image())
    tree.put("proc/cmdline", f"console=ttyS0 {cmdline}\n")
    line = "the kernel refuses the module: module_blacklist= on its command line names it"
    assert said() == ((line, "blacklisted") if found else (GENERIC, None))


def test_xz(said, tree):
    """As Debian 13 has its modules."""
    name = "updates/dkms/svsm_reset.ko.xz"
    install(tree, lzma.compress(image(OTHER), check=lzma.CHECK_CRC32), name)
    assert said() == (OTHER_KERNEL, "other-kernel")
    tree.put(ENFORCE, "Y")
    assert said() == (unsigned("module.sig_enforce=1"), "unsigned")
    install(tree, lzma.compress(image(signed=True), check=lzma.CHECK_CRC32), name)
    assert said() == (key("module.sig_enforce=1"), "untrusted-key")


BAD = {
    "packed otherwise": ("svsm_reset.ko.gz", gzip.compress(image(OTHER))),
    "xz that is none": ("svsm_reset.ko.xz", b"\xfd7zXZ\0" + os.urandom(500)),
    "xz that is cut off": ("svsm_reset.ko.xz", lzma.compress(image(OTHER))[:-20]),
    "xz of too much": ("svsm_reset.ko.xz", lzma.compress(bytes(17 << 20))),
    "gone": ("svsm_reset.ko", None),
    "too long": ("svsm_reset.ko", bytes(17 << 20)),
}


@pytest.mark.parametrize("name", BAD)
def test_cannot_be_looked_into(said, tree, name):
    """Nothing is claimed of the file; what the kernel wants is known all the same."""
    path, data = BAD[name]
    install(tree, data, f"updates/dkms/{path}")
    assert said() == (GENERIC, None)
    tree.put(ENFORCE, "Y")
    assert said() == (key("module.sig_enforce=1"), "untrusted-key")


@pytest.mark.parametrize("data", [b"", b"~", b"\0vermagic=", b"\0vermagic=" + b"9" * 5000], ids=len)
def test_odd_files(said, tree, data):
    install(tree, data)
    line, word = said()
    assert (word == "other-kernel") == (len(data) > 100)
    assert len(line) < 500 and line.isprintable()


def test_hostile_text(said, tree):
    install(tree, image("\x1b[31mred"))
    line, word = said()
    assert word == "other-kernel" and "\x1b" not in line and "?[31mred" in line


def test_pipes(said, tree):
    """What is no regular file is not waited for."""
    install(tree, None)
    os.mkfifo(tree.root / f"lib/modules/{RELEASE}/updates_pipe")
    tree.put(f"lib/modules/{RELEASE}/modules.dep", "updates_pipe/../svsm_reset.ko:\n")
    os.mkfifo(tree.root / f"lib/modules/{RELEASE}/svsm_reset.ko")
    assert said() == (GENERIC, None)
    (tree.root / f"lib/modules/{RELEASE}/modules.dep").unlink()
    os.mkfifo(tree.root / f"lib/modules/{RELEASE}/modules.dep")
    assert said() == (GENERIC, None)


LOADED = "6,601,1500,-;svsm-reset: ready: protocol 5 version 1\n5,602,1600,-;svsm-reset: last reset: none\n"
REFUSED = "the SVSM has no protocol 5 version 1 (-EOPNOTSUPP)"
LOGS = [
    (f"3,611,1700,-;svsm-reset: {REFUSED}", REFUSED),
    (f"3,611,1700,-,caller=T200;svsm-reset: {REFUSED}\n SUBSYSTEM=module\n6,612,1701,-;audit: x", REFUSED),
    ("3,1,1,-;svsm-reset: the first\n3,2,2,-;svsm-reset: the last", "the last"),
    ("6,1,1,-;svsm-reset: not an SEV-SNP guest, nothing to do", "not an SEV-SNP guest, nothing to do"),
    ("4,1,1,-;svsm_reset: disagrees about version of symbol module_layout",
     "disagrees about version of symbol module_layout"),
    ("5,1,1,-;Loading of module with unavailable key is rejected", "Loading of module with unavailable key is rejected"),
    ("5,1,1,-;Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7",
     "Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7"),
    ("5,1,1,-;Lockdown: (udev-worker): unsigned module loading is restricted; see man kernel_lockdown.7",
     "Lockdown: (udev-worker): unsigned module loading is restricted; see man kernel_lockdown.7"),
    ("5,1,1,-;Lockdown: x: /dev/mem,kmem,port is restricted; see man kernel_lockdown.7", None),
    # the kernel has refused another module, or ours, and does not say which: ours has said more
    (f"3,1,1,-;svsm-reset: {REFUSED}\n5,2,2,-;Loading of unsigned module is rejected", REFUSED),
    (f"5,1,1,-;Loading of unsigned module is rejected\n3,2,2,-;svsm-reset: {REFUSED}", REFUSED),
    (f"3,1,1,-;svsm-reset: x\n{LOADED}6,2,2,-;svsm-reset: unloaded\n5,3,3,-;Loading of module with unavailable key is rejected",
     "Loading of module with unavailable key is rejected"),
    # after the module had been loaded, and was removed
    (f"{LOADED}4,1,1,-;svsm-reset: rehearsal: x\n6,2,2,-;svsm-reset: unloaded", None),
    (f"{LOADED}6,2,2,-;svsm-reset: unloaded\n3,3,3,-;svsm-reset: {REFUSED}", REFUSED),
    (f"3,1,1,-;svsm-reset: no store keeps a record\n{LOADED}", None),
    (f"{LOADED}3,611,1700,-;svsm-reset: {REFUSED}", REFUSED),
    # what says nothing of that
    ("4,1,1,-;svsm_reset: loading out-of-tree module taints kernel.", None),
    ("4,1,1,-;svsm_reset: module verification failed: signature and/or required key missing - tainting kernel", None),
    ("6,1,1,-;something else\n", None),
    # a program has written it to /dev/kmsg: the facility is not the kernel's
    ("11,1,1,-;svsm-reset: forged", None),
    ("no record at all;svsm-reset: forged\n;svsm-reset: x\n3;svsm-reset: x\n-3,1,1,-;svsm-reset: x", None),
    ("", None),
]


@pytest.mark.parametrize("log, found", LOGS)
def test_what_the_log_says(said, tool, tree, log, found):
    """Why a load was refused, instead of a hint to look into dmesg."""
    install(tree, image())
    tree.put("dev/kmsg", log)
    line, word = said()
    assert (line, word) == (f'the module is not loaded: the kernel\'s log says "{found}"' if found else GENERIC, None)
    assert json.loads(tool("status", "--json").stdout)["module_log"] == found
    result = tool("set", "deadman", "5")
    assert (result.returncode, result.stderr) == (1, f"svsm-reset set: {line}\n")


def test_the_log_beside_a_hindrance(said, tree):
    install(tree, image())
    tree.put(ENFORCE, "Y")
    tree.put("dev/kmsg", "5,1,1,-;Loading of unsigned module is rejected")
    assert said() == (
        unsigned("module.sig_enforce=1") + '; the kernel\'s log says "Loading of unsigned module is rejected"', "unsigned",
    )
    install(tree, None, "kernel/fs/xfs/xfs.ko")
    assert said() == (NOT_INSTALLED, "not-installed"), "an older line has nothing to do with that"


def test_log_that_is_too_long(said, tree):
    """Bounded, cleaned, and the end of it counts."""
    install(tree, image())
    tree.put("dev/kmsg", b"6,1,1,-;" + b"x" * 9000 + b"\n" + b"6,2,2,-;y\n" * 90000 + b"3,3,3,-;svsm-reset: \x1b[31mred" + b"z" * 9000)
    line, _ = said()
    assert 'log says "?[31mredzzz' in line and len(line) < 400
