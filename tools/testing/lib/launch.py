# SPDX-License-Identifier: GPL-2.0
"""The command that starts a guest: the simulator's, or QEMU's without it."""

from . import minisvsm, places

# Shortens each boot, and changes nothing that a reset depends on
QUICK = "nokaslr initcall_blacklist=crypto_kdf108_init,jent_mod_init cryptomgr.notests"


def command_line(append, kaslr):
    """The kernel's parameters: `append`, with the console and a panic that restarts at once.

    A boot at a random place takes some seconds more, since each page of it is accepted by
    itself. So do the kernel's self-tests of its cryptography. Only `kaslr` has both.
    """
    return f"console=ttyS0 panic=-1 {append if kaslr else f'{QUICK} {append}'}".strip()


def simulator(directory, kernel, initrd, append, *, smp, svsm, timeout, host, fidelity, memory, efivars, apic, qemu,
              firmware, launch_list=None, igvm=None, save=None, restore=None, cores=None):
    """snpsim run ...; its files go to `directory`. Without a kernel the firmware finds one by itself."""
    command = [places.SNPSIM, "run", "--smp", smp]
    if svsm in minisvsm.NAMES:
        own, kernels = minisvsm.arguments(svsm, kernel, initrd, append)
        command += own
        qemu = (*kernels, *qemu)
    else:
        if kernel:
            command += ["--kernel", kernel, "--initrd", initrd, "--append", append]
        command += ["--svsm", svsm]
    command += ["--events", directory / "events.jsonl"]
    command += ["--log", directory / "snpsim.log", "--timeout", timeout]
    for option, value in (("--host", host), ("--fidelity", fidelity), ("--memory", memory), ("--apic", apic),
                          ("--firmware", firmware), ("--launch-list", launch_list), ("--igvm", igvm), ("--save", save),
                          ("--restore", restore), ("--cores", cores)):
        if value:
            command += [option, value]
    if efivars:
        command += ["--efivars"]
    if qemu:
        command += ["--", *qemu]
    return [str(word) for word in command]


def plain(kernel, initrd, append, *, smp, memory, firmware=None, qemu=()):
    """QEMU without the simulator: an ordinary guest. With firmware it may reset itself."""
    command = [places.qemu(), "-accel", "tcg,thread=multi", "-machine", "q35", "-m", memory or "512M"]
    command += ["-cpu", "EPYC-Milan,phys-bits=48", "-smp", smp, "-nodefaults"]
    command += ["-display", "none", "-serial", "stdio"]
    command += ["-bios", firmware] if firmware else ["-no-reboot"]
    if kernel:
        command += ["-kernel", kernel, "-initrd", initrd, "-append", append]
    return [str(word) for word in (*command, *qemu)]
