# SPDX-License-Identifier: GPL-2.0
"""A restart of the guest goes through the SVSM, from every CPU and by every way."""

import pytest

from lib.slices import later

REBOOTED = "reboot"


def boot_and_load(guest):
    """First boot, module loaded, no reset before."""
    guest.boot(1)
    guest.load()
    assert guest.attribute("last_reset_reason") == "none"


def second_boot(guest):
    """The boot after the reset: same CPUs, the reason known; then power off."""
    assert guest.boot(2) == guest.smp
    guest.load()
    assert guest.attribute("last_reset_reason") == REBOOTED
    guest.powered_off()


@pytest.mark.parametrize("cpu", [0, later(1), later(2), later(3)])
def test_reboot_from_each_cpu(simulate, cpu):
    """The kernel moves to CPU 0 before it fires; it is somewhere else in each boot."""
    guest = simulate(kaslr=True)
    boot_and_load(guest)
    guest.send(f"taskset {1 << cpu:x} reboot -f")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)
    assert "handing the call over" not in guest.console


@pytest.mark.parametrize("cpu", [later(1), later(2), 3])
def test_reboot_fires_on_ap(simulate, cpu):
    """/sys/kernel/reboot/cpu names an AP: it hands the call over to the BSP."""
    guest = simulate()
    boot_and_load(guest)
    guest.check(f"echo {cpu} > /sys/kernel/reboot/cpu")
    guest.send("reboot -f")
    guest.expect(f"handing the call over from CPU {cpu} to the BSP")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)


def test_reboot_as_systemd_does(simulate):
    """Everything killed, synced, unmounted; then reboot(2) from PID 1."""
    guest = simulate()
    boot_and_load(guest)
    guest.check("echo precious > /mnt/data/file; sleep 1000 & :")
    guest.send("reboot")
    guest.expect("guest: unmounted")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.parametrize("smp", [1, later(2), 8])
def test_number_of_cpus(simulate, smp):
    guest = simulate(smp=smp)
    boot_and_load(guest)
    guest.send("reboot -f")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=smp)


@pytest.mark.sliced
def test_reboot_forced_by_parameter(simulate):
    """With reboot=force the kernel does not stop the other CPUs: the driver has to."""
    guest = simulate(append="reboot=force")
    boot_and_load(guest)
    guest.send("reboot -f")
    guest.expect("quiesced 3 of 3 CPUs")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)
    # The kernel's stop interrupt is enough for CPUs that take interrupts.
    assert "by NMI" not in guest.console


def test_reboot_forced_while_an_ap_spins(simulate):
    """reboot=force, and one AP takes no interrupts: that one needs an NMI."""
    guest = simulate(append="reboot=force")
    boot_and_load(guest)
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=irq")
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    guest.expect("quiesced 3 of 3 CPUs")
    guest.expect(r"by NMI: 2\s")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.parametrize("flood", ["yes flood > /dev/ttyS0", later("while :; do echo flood > /dev/kmsg; done")],
                         ids=["tty", "kmsg"])
def test_reboot_forced_while_the_console_is_flooded(simulate, flood):
    """reboot=force stops CPUs 1 to 3 in the middle of printing, with or without locks held."""
    guest = simulate(append="reboot=force printk.devkmsg=on")
    boot_and_load(guest)
    floods = " ".join(f"taskset {1 << cpu:x} sh -c '{flood}' &" for cpu in (1, 2, 3))
    guest.send(f"{floods} sleep 2; taskset 1 reboot -f")
    guest.expect(r"flood[\r\n]")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.parametrize("offline", [later((2,)), (1, 2, 3)])
def test_offline_ap(simulate, offline):
    """An AP that is offline waits in AP reset hold; it is accounted for as such."""
    guest = simulate()
    boot_and_load(guest)
    for cpu in offline:
        guest.check(f"echo 0 > /sys/devices/system/cpu/cpu{cpu}/online")
    guest.send("reboot -f")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)
    states = {ap["apic_id"]: ap["state"] for ap in guest.events.executes[0]["aps"]}
    for cpu in (1, 2, 3):
        held = states[cpu] in ("reset-hold", "destroyed")
        assert held == (cpu in offline), states


@pytest.mark.sliced
def test_ap_offline_when_the_module_is_loaded(simulate):
    """A CPU that the driver has never seen online, and one that it sees come up later."""
    guest = simulate()
    guest.boot(1)
    for cpu in (1, 2):
        guest.check(f"echo 0 > /sys/devices/system/cpu/cpu{cpu}/online")
    guest.load()
    guest.check("echo 1 > /sys/devices/system/cpu/cpu2/online")
    guest.send("reboot -f")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)


def test_busy_cpus(simulate):
    """All CPUs in user space and in the kernel, timers and pipes going."""
    guest = simulate()
    boot_and_load(guest)
    guest.check("for i in 1 2 3 4; do (while :; do :; done) & (yes | cat > /dev/null) & done; sleep 2", 120)
    guest.send("reboot -f")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)


def test_module_reloaded(simulate):
    guest = simulate()
    boot_and_load(guest)
    for _ in range(3):
        guest.reload()
    guest.send("reboot -f")
    second_boot(guest)
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.sliced
def test_ten_reboots(simulate):
    """Ten in a row in one QEMU process; the reason is right each time."""
    guest = simulate(append="snpsim.do=reboots guest.boots=11", timeout=600)
    assert guest.end(timeout=600) == 0, guest.tail()
    guest.events.orderly_resets(10, cpus=4)
    guest.events.ended(0, "poweroff")
    reasons = [
        line.split("guest: reason ")[1].strip()
        for line in guest.console.splitlines()
        if "guest: reason " in line
    ]
    assert reasons == ["none"] + [REBOOTED] * 10
    assert guest.console.count("cpus 4 kernel") == 11


@pytest.mark.parametrize("fidelity", [later("fast"), "full"])
def test_fidelity(simulate, fidelity):
    """The quickest simulation, and the one with every #VC of the hardware."""
    guest = simulate(fidelity=fidelity, timeout=600)
    guest.boot(1, timeout=240)
    guest.load()
    guest.send("reboot -f")
    assert guest.boot(2, timeout=240) == guest.smp
    guest.load()
    assert guest.attribute("last_reset_reason") == REBOOTED
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)


def test_quiet(simulate):
    """One line at load and one at the reset are on the console all the same; no more than that."""
    guest = simulate(smp=2, append="quiet")
    guest.boot()
    guest.load()
    guest.check("true")
    assert guest.console.count("svsm-reset: ") == 1
    assert "svsm-reset: last reset: none; 0 resets so far; no record was found" in guest.console
    assert "svsm-reset: ready: " in guest.dmesg()
    guest.send("reboot -f")
    guest.boot(2)
    said = [line for line in guest.console.split("reboot -f", 1)[1].splitlines() if "svsm-reset: " in line]
    assert len(said) == 1 and "svsm-reset: reboot on CPU " in said[0] and ": quiesced 1 of 1 CPUs" in said[0], said
    guest.powered_off()


def test_alone(simulate):
    """With one CPU nothing has to be stopped, and the log says so as a person would."""
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    guest.send("reboot -f")
    guest.expect("svsm-reset: reboot on CPU 0: there is no other CPU to stop")
    guest.boot(2)
    guest.powered_off()
