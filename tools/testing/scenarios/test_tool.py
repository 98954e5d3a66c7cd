# SPDX-License-Identifier: GPL-2.0
"""The tool svsm-reset in the guest: what it says, and that it comes true."""

import json
import time

import pytest

from lib import places
from lib.guest import without_messages
from lib.slices import later

DEVICE_UEVENT = f"{places.ATTRIBUTES}/uevent"


def nobody(command):
    """The command as an ordinary user, of whom the guest has to be told first."""
    user = "nobody:x:65534:65534::/:/bin/sh"
    return f"mkdir -p /etc; echo {user} > /etc/passwd; su nobody -c 'exec svsm-reset {command}'"


def told(guest, command, status=0):
    """svsm-reset COMMAND --json, as an ordinary user."""
    return guest.json(f"{nobody(f'{command} --json')} 2>/dev/null", status)


def ways(guest, status=0):
    return {name: answer["outcome"] for name, answer in told(guest, "explain", status)["at"].items()}


def shown(guest, command, status=0):
    """The same for people, without the breaks between lines."""
    found, output = guest.run(nobody(command))
    assert found == status, output
    assert "\x1b" not in output.replace("\x1b[6n", "")
    return " ".join(without_messages(output).split())


def test_reboot_and_panic(simulate):
    """Before and after the module is loaded, a reboot, and a panic; as an ordinary user."""
    guest = simulate(smp=2)
    guest.trouble_is_fine = True  # a panic shows its call trace
    guest.boot()
    said = shown(guest, "status", 1)
    assert "SEV-SNP guest at VMPL 2, under an SVSM" in said and "the module is not loaded: try" in said
    assert ways(guest, 1)["reboot"] == "kernel-restart"
    assert "SVSM_RESET UNKNOWN - the module is not loaded" in shown(guest, "check", 3)

    guest.load()
    said = shown(guest, "status")
    assert "state ready: no reset has begun" in said and "none is known: there is no record" in said
    assert ways(guest)["reboot"] == "svsm-reset"
    assert "SVSM_RESET OK - last reset: none is known" in shown(guest, "check")
    guest.send("taskset 1 reboot -f")

    guest.boot(2)
    guest.load()
    last = told(guest, "status")["last_reset"]
    assert (last["reason"], last["cpu"]) == ("reboot", 0)
    said = shown(guest, "check")
    assert "SVSM_RESET OK - last reset: an orderly restart on CPU 0" in said and "resets=1;;;0;" in said
    assert ways(guest)["panic"] == "svsm-reset"  # the guest's command line has panic=-1
    guest.send("taskset 2 sh -c 'echo c > /proc/sysrq-trigger'")

    guest.boot(3)
    guest.load()
    status = told(guest, "status")
    assert (status["last_reset"]["reason"], status["last_reset"]["cpu"]) == ("panic", 1)
    assert status["last_reset"]["message"] is None
    assert status["record"] == {"store": "secrets", "trust": "guest"}
    said = shown(guest, "explain")
    assert "what a panic on CPU 1" in said and "message for root only" in said
    assert "=> this guest's kernel and its root; not the host - it was in memory that is the guest's own" in said
    said = shown(guest, "check", 2)
    assert "SVSM_RESET CRITICAL - last reset: a panic on CPU 1" in said and "resets=2;;;0;" in said
    assert "SVSM_RESET WARNING" in shown(guest, "check --critical=kdump --warning=panic", 1)
    # nothing of the message in whatever an ordinary user asks for, and all of it for root
    for command in ("status", "status --json", "explain", "explain --json", "check"):
        assert "sysrq trigg" not in guest.run(nobody(command))[1], command
    message = guest.json("svsm-reset status --json")["last_reset"]["message"]
    assert message == "sysrq triggered crash"
    assert f'message "{message}"' in " ".join(guest.check("svsm-reset explain").split())
    # a site may want it otherwise
    guest.check(f"chmod 444 {places.ATTRIBUTES}/last_reset_message")
    assert told(guest, "status")["last_reset"]["message"] == message
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=2)


@pytest.mark.parametrize("policy", ["refuse", later("force")])
def test_explain_of_a_stuck_cpu_comes_true(simulate, policy):
    """A CPU that no NMI reaches: what was said is what happens."""
    guest = simulate(smp=3)
    guest.boot()
    guest.load()
    assert "ap_policy: refuse -> " in guest.check(f"svsm-reset set ap_policy {policy}")
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=nmi")
    said = ways(guest)["stuck-cpu"]
    assert said == {"refuse": "kernel-restart", "force": "svsm-reset"}[policy]
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    guest.expect("CPU 2 did not park", timeout=120)
    if said == "kernel-restart":
        guest.lost()
        guest.events.no("execute", "violation")
    else:
        # The call is made; what becomes of the CPU that was left alone is another test's business
        deadline = time.monotonic() + 60
        while not guest.events.of("execute"):
            assert time.monotonic() < deadline, guest.tail()
            time.sleep(1)


@pytest.mark.sliced
def test_explain_of_a_crash_kernel_comes_true(simulate):
    guest = simulate(smp=2, initrd=places.INITRD_KDUMP, memory="1G", timeout=600, append="crashkernel=256M")
    guest.trouble_is_fine = True
    guest.boot(1, timeout=300)
    guest.load()
    assert ways(guest)["panic"] == "svsm-reset"
    guest.check("load-capture nokaslr", timeout=240)
    assert ways(guest)["panic"] == "crash-kernel"
    guest.check("rmmod svsm_reset")
    assert ways(guest, 1)["panic"] == "crash-kernel-dies"
    guest.load("kdump=0")
    assert ways(guest)["panic"] == "crash-kernel-dies"
    guest.check("rmmod svsm_reset")
    guest.load()
    guest.send("taskset 2 sh -c 'echo c > /proc/sysrq-trigger'")
    guest.capture(1, timeout=300)
    guest.load()
    status = told(guest, "status")
    assert status["crash_kernel"] is True and status["last_reset"]["dump"] == "in-progress"
    said = shown(guest, "status")
    assert "dump in progress" in said and "outcome" not in said
    assert "this is a crash kernel" in shown(guest, "explain")
    guest.send("reboot -f")
    guest.boot(2, timeout=300)
    guest.load()
    assert "last reset: a crash, and a crash kernel after it" in shown(guest, "check", 2)
    guest.powered_off()


def second_look(guest):
    """check --deep, as root: {name: status}."""
    return {look["name"]: look["status"] for look in guest.json("svsm-reset check --deep --json", None)["checks"]}


def test_second_look(simulate):
    """check --deep on a running kernel, as root: what it has there, and what it has not."""
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    guest.check("umount /sys/kernel/debug")
    # The test guest has neither /boot nor what looks into images
    assert second_look(guest) == {
        "initrd": "UNKNOWN", "next-kernel": "UNKNOWN", "crash-kernel": "OK", "kprobes": "UNKNOWN", "watchdog": "OK",
        "pvpanic": "OK", "panic": "OK", "sysrq": "OK", "rehearsal": "OK", "last-test": "WARNING",
    }
    guest.check("mount -t debugfs none /sys/kernel/debug; echo 0 > /proc/sys/kernel/panic")
    looks = second_look(guest)
    assert (looks["kprobes"], looks["panic"]) == ("OK", "WARNING")
    guest.check("echo 0 > /sys/kernel/debug/kprobes/enabled")
    assert second_look(guest)["kprobes"] == "WARNING"
    guest.send("reboot -f")
    guest.boot(2)
    guest.load()
    assert second_look(guest)["last-test"] == "OK"
    guest.powered_off()


def test_settings(simulate):
    guest = simulate(smp=2)
    guest.boot()
    guest.load()
    # no root, no change
    for key, value in (("ap_policy", "force"), ("deadman", "0")):
        found, output = guest.run(nobody(f"set {key} {value}"))
        assert (found, output) == (1, f"svsm-reset set: {key}: this needs root")
    assert (guest.attribute("ap_policy"), guest.attribute("deadman")) == ("refuse", "600")
    assert "may run while its memory is taken away" in guest.check("svsm-reset set ap_policy force")
    assert "deadman: 600 -> 0: an orderly restart that hangs is never forced" in guest.check("svsm-reset set deadman 0")
    assert (guest.attribute("ap_policy"), guest.attribute("deadman")) == ("force", "0")
    seen = ways(guest)
    assert (seen["stuck-cpu"], seen["reboot-hung-cpu"]) == ("svsm-reset", "hangs")
    assert "SVSM_RESET WARNING - " in shown(guest, "check", 1)
    # The driver is not asked for what it does not take
    guest.check("dmesg -c > /dev/null")
    assert guest.run("svsm-reset set deadman 86401")[0] == 2
    assert "svsm-reset" not in guest.dmesg()
    # The kernel's settings are read anew
    guest.check("echo 0 > /proc/sys/kernel/panic")
    assert ways(guest)["panic"] == "stays"
    guest.check("echo 1 > /proc/sys/kernel/panic_on_oops; echo 5 > /proc/sys/kernel/panic")
    assert ways(guest)["oops"] == "svsm-reset"
    guest.check("echo 0 > /sys/devices/system/cpu/cpu1/online")
    assert "CPUs that are offline count as stopped: 1" in shown(guest, "explain")
    guest.powered_off()
    guest.events.no_reset_tried()


def test_events(simulate):
    """Without udevd, as an ordinary user: the module comes, changes, and goes."""
    guest = simulate(smp=1)
    guest.boot()
    guest.check(f"{nobody('events --json')} > /tmp/events 2>&1 & echo $! > /tmp/pid; sleep 2")
    guest.load()
    newer = guest.run(f"test -e {places.ATTRIBUTES}/enabled")[0] == 0
    guest.check(f"echo change > {DEVICE_UEVENT}")
    if newer:
        guest.check("svsm-reset set deadman 30; svsm-reset set enabled 0")
    guest.check("rmmod svsm_reset; sleep 1; kill -INT $(cat /tmp/pid); wait $(cat /tmp/pid)")
    lines = [json.loads(line) for line in guest.check("cat /tmp/events").splitlines() if line.startswith("{")]
    assert [line["action"] for line in lines] == ["not-loaded", "add", *["change"] * (3 if newer else 1), "remove"]
    if newer:
        assert {line["reason"] for line in lines[1:-1]} == {"none"}
        assert [line["state"] for line in lines[1:-1]] == ["ready", "ready", "ready", "disabled"]
    guest.load()
    guest.check(f"{nobody('events')} > /tmp/events 2>&1 & sleep 2; kill -TERM $!; wait $!")
    assert "present state=ready reason=" in guest.check("cat /tmp/events")
    guest.powered_off()


def test_no_snp_guest(simulate):
    guest = simulate(plain=True)
    guest.expect("guest# ", 90)
    line = "this is no SEV-SNP guest, or its kernel is older than 6.11"
    for command in ("explain", "set deadman 5", "events"):
        found, output = guest.run(f"svsm-reset {command}")
        assert (found, output) == (1, f"svsm-reset {command.split()[0]}: {line}")
    assert line in shown(guest, "status", 1)
    assert f"SVSM_RESET UNKNOWN - {line}" in shown(guest, "check", 3)
    guest.send("poweroff -f")
    assert guest.end() == 0
