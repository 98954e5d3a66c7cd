# SPDX-License-Identifier: GPL-2.0
"""The kernel refuses the module: the tool tells why, as an ordinary user, and the restart is the kernel's."""

import pytest

from lib import places

# As DKMS and depmod leave it
INSTALL = (
    "d=/lib/modules/$(uname -r); mkdir -p $d/updates/dkms && "
    f"cp {places.MODULE} $d/updates/dkms/ && echo updates/dkms/svsm_reset.ko: > $d/modules.dep"
)
NOBODY = "mkdir -p /etc; echo nobody:x:65534:65534::/:/bin/sh > /etc/passwd; su nobody -c"

UNSIGNED = "unsigned module loading is restricted; see man kernel_lockdown.7"
# What is on the command line, what the kernel's log says of that module at the end of a line, and what the
# tool calls it
REFUSALS = {
    "sig_enforce": ("module.sig_enforce=1", "Loading of unsigned module is rejected", "module.sig_enforce=1"),
    "integrity": ("lockdown=integrity", UNSIGNED, "lockdown=integrity"),
    # It restricts so much at boot that the line about the module may be one too many for the log
    "confidentiality": ("lockdown=confidentiality", UNSIGNED, "lockdown=confidentiality"),
}


def said(guest):
    """The line of status, and that of check, which have to agree."""
    status = guest.json(f"{NOBODY} 'svsm-reset status --json' 2>/dev/null", None)
    code, line = guest.run(f"{NOBODY} 'svsm-reset check'")
    assert (code, line) == (3, f"SVSM_RESET UNKNOWN - {status['error']}")
    return status["error"], status["module_hindrance"]


@pytest.mark.parametrize("name", REFUSALS)
def test_refused(simulate, name):
    append, rejected, setting = REFUSALS[name]
    guest = simulate(smp=1, append=append)
    guest.boot()
    guest.check(INSTALL)
    status, output = guest.run(f"insmod {places.MODULE}")
    assert status != 0, output
    line = f"the kernel refuses the module: it has no signature, and {setting} wants one"
    # By the command line, and by what the kernel says of itself where that can be read
    assert said(guest) == (line, "unsigned")
    guest.check("mount -t securityfs securityfs /sys/kernel/security")
    assert said(guest) == (line, "unsigned")
    # and by its log, for who may read that
    said_it = [text for text in guest.dmesg().splitlines() if text.endswith(rejected)]
    if said_it:
        text = said_it[-1].split("] ", 1)[1]
        # The kernel has its say on the console about what the tool, as root, would like to see
        code, output = guest.run("svsm-reset status 2>&1 >/dev/null")
        assert (code, output.splitlines()[-1]) == (1, f'svsm-reset status: {line}; the kernel\'s log says "{text}"')
    assert said_it or name == "confidentiality"
    guest.powered_off()


def test_after_an_unload(simulate):
    """What the module said while it was loaded is no reason."""
    guest = simulate(smp=1)
    guest.boot()
    guest.check(INSTALL)
    guest.load()
    guest.check("svsm-reset rehearse")
    guest.check("rmmod svsm_reset")
    assert guest.dmesg().endswith("svsm-reset: unloaded")
    assert guest.run("svsm-reset status 2>&1 >/dev/null") == (
        1, 'svsm-reset status: the module is not loaded: try "modprobe svsm_reset", and look into dmesg')
    guest.powered_off()


def test_the_log_says_why(simulate):
    """The SVSM has no reboot service: a user who may read the log is told what the module said."""
    guest = simulate(smp=1, svsm="ocp")
    guest.boot()
    assert guest.run(f"insmod {places.MODULE}")[0] != 0
    logged = [line for line in guest.dmesg().splitlines() if "svsm-reset: not using protocol 5" in line][-1]
    reason = logged.split("svsm-reset: ", 1)[1]
    line = f'the module is not loaded: the kernel\'s log says "{reason}"'
    assert guest.run("svsm-reset status 2>&1 >/dev/null") == (1, f"svsm-reset status: {line}")
    assert guest.run("svsm-reset set deadman=5") == (1, f"svsm-reset set: {line}")
    # nobody may not read it, and then may
    assert said(guest)[0].startswith("the module is not loaded: try ")
    guest.check("echo 0 > /proc/sys/kernel/dmesg_restrict")
    assert said(guest)[0] == line
    guest.powered_off()


def test_not_installed_and_other_kernel(simulate):
    guest = simulate(smp=1)
    guest.boot()
    release = guest.check("uname -r").split("\n")[-1]
    guest.check("mkdir -p /lib/modules/$(uname -r) && echo > /lib/modules/$(uname -r)/modules.dep")
    assert said(guest) == (
        f"the module is not installed for kernel {release}: install svsm-reset-dkms and linux-headers-{release}",
        "not-installed",
    )
    # Another release in the module's vermagic, and, since this kernel has modversions and goes by
    # them, another flag; both as long as before
    other = release[:-1] + "X"
    guest.check(f"{INSTALL}; sed -i 's/vermagic={release} SMP/vermagic={other} UMP/' $d/updates/dkms/svsm_reset.ko")
    status, output = guest.run("insmod $d/updates/dkms/svsm_reset.ko")
    assert status != 0 and "nvalid module format" in output, output
    assert said(guest) == (
        f"the module is not loaded, and was built for kernel {other}, while this is {release}: build it again",
        "other-kernel",
    )
    guest.check(INSTALL)
    assert said(guest)[1] is None
    guest.load()
    guest.powered_off()
