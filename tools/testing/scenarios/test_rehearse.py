# SPDX-License-Identifier: GPL-2.0
"""A rehearsal: what it tries, what it finds, what it is refused for, and that a reset always comes first."""

import re

import pytest

from lib import crash, places
from lib.slices import later

FILE = f"{places.ATTRIBUTES}/rehearse"
STEPS = ("version", "service", "record", "handover", "nmi")
ALREADY, NOT_NOW = "already in progress", "not supported"
# The BSP does not take the interrupt that asks it, which a rehearsal waits for; an NMI stops it
BSP_DEAF = f"echo spin@irqs-off 0 > {crash.DO}"
# Little works with a CPU that takes no interrupt: from there on nothing that starts a process
COUNT = "read count < /sys/module/svsm_reset/refcnt; echo used by $count"
SHOW = f"read line < {FILE}; echo $line"
NOW = "read a b < /proc/uptime; now=${a%.*}${a#*.}"


def wait(hundredths):
    return f"{NOW}; end=$((now + {hundredths})); while [ $now -lt $end ]; do {NOW}; done"


def result(guest):
    """The last rehearsal, {word: value}."""
    line = guest.attribute("rehearse")
    assert re.fullmatch(r"result=\S+( \w+=\S*)*", line), line
    return dict(word.split("=") for word in line.split(" "))


def rehearse(guest, cpu, **other_than_ok):
    """Rehearse on that CPU; it comes to its end, and what came of each step is as said."""
    guest.check(f"taskset {crash.mask(cpu)} sh -c 'echo 1 > {FILE}'")
    found = result(guest)
    assert {step: found[step] for step in STEPS} == {step: other_than_ok.get(step, "ok") for step in STEPS}, found
    assert found["result"] == ("failed" if "failed" in other_than_ok.values() else "ok")
    assert guest.attribute("state") == "ready"
    return found


def rehearse_for_ever(guest, *cpus):
    guest.check("dmesg -n 4")  # each of them has a line
    for cpu in cpus:
        guest.check(f"(taskset {crash.mask(cpu)} sh -c 'while :; do echo 1 > {FILE}; done' 2> /dev/null &)")


def start(simulate, cpu, **arguments):
    """A guest with the driver and the trouble module; its shell and its serial line are that CPU's."""
    guest = simulate(smp=3, timeout=600, **arguments)
    guest.trouble_is_fine = True
    guest.boot()
    guest.load()
    guest.check(f"insmod {crash.TROUBLE}; taskset -p {crash.mask(cpu)} $$ > /dev/null")
    guest.run(f"echo {cpu} > /proc/irq/4/smp_affinity_list")
    return guest


def in_the_middle(guest, then):
    """On CPU 1 a rehearsal waits for the BSP; the shell of CPU 2 goes on."""
    waits = f"while ! [ -e /run/go ]; do :; done; echo 1 > {FILE}"
    guest.check(f"(taskset 2 sh -c '{waits}' &)")
    guest.send(f"{BSP_DEAF}; > /run/go; {wait(30)}; {then}")


def test_leaves_no_trace(simulate):
    """On each CPU, and nothing has happened: no reset, the same record, the module can go."""
    guest = simulate(smp=3)
    guest.boot()
    guest.load()
    assert guest.attribute("rehearse") == "none"
    found = rehearse(guest, 0, handover="skipped")
    assert (found["cpus"], found["silent"], found["stores"]) == ("1-2", "", "secrets:written,cmos:blank")
    assert [rehearse(guest, cpu)["cpus"] for cpu in (1, 2)] == ["0,2", "0-1"]
    assert re.search(r"rehearsal: ok, CPU 0-1 answered an NMI, \d+ us in all", guest.dmesg())
    # An offline CPU is not asked, nor when it is back: it has no GHCB to spare then
    guest.check("echo 0 > /sys/devices/system/cpu/cpu1/online")
    assert rehearse(guest, 2)["cpus"] == "0"
    guest.check("echo 1 > /sys/devices/system/cpu/cpu1/online")
    assert rehearse(guest, 2)["cpus"] == "0"
    assert rehearse(guest, 1)["cpus"] == "0,2"
    before = guest.check(f"grep . {places.ATTRIBUTES}/last_* {places.ATTRIBUTES}/reset_count")
    guest.check("rmmod svsm_reset")
    guest.load()
    assert guest.check(f"grep . {places.ATTRIBUTES}/last_* {places.ATTRIBUTES}/reset_count") == before
    assert guest.attribute("rehearse") == "none"
    guest.powered_off()
    guest.events.no_reset_tried()
    guest.events.no("violation", "host-reset")


@pytest.mark.parametrize("apic", ["xapic", later("x2apic")])
def test_then_resets(simulate, apic):
    """After a rehearsal all goes as without one: a reboot, a panic."""
    guest = simulate(smp=4, apic=apic)
    guest.trouble_is_fine = True  # a panic shows its call trace
    guest.boot()
    guest.load()
    rehearse(guest, 3)
    guest.send("taskset 1 reboot -f")
    assert guest.boot(2) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") == "reboot"
    assert rehearse(guest, 1)["stores"] == "secrets:written,cmos:written"
    guest.send("taskset 4 sh -c 'echo c > /proc/sysrq-trigger'")
    assert guest.boot(3, timeout=crash.RESET) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") == "panic"
    assert guest.attribute("last_reset_message") == "sysrq triggered crash"
    assert guest.attribute("reset_count") == "2"
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=4)


def test_resets_while_one_after_the_other_runs(simulate):
    """Whatever a rehearsal is doing, a reset comes through, and is recorded."""
    guest = simulate(smp=4)
    guest.trouble_is_fine = True  # a panic shows its call trace
    causes = {
        "reboot": "reboot -f", "panic": "taskset 4 sh -c 'echo c > /proc/sysrq-trigger'",
        "emergency-restart": "taskset 2 sh -c 'echo b > /proc/sysrq-trigger'",
    }
    guest.boot()
    guest.load()
    for number, (reason, command) in enumerate(causes.items(), 2):
        rehearse_for_ever(guest, 1, 3)
        guest.check("sleep 1")
        assert result(guest)["silent"] == ""
        guest.send(command)
        assert guest.boot(number, timeout=crash.RESET) == 4
        guest.load()
        assert guest.attribute("last_reset_reason") == reason
    assert guest.attribute("reset_count") == "3"
    guest.powered_off()
    guest.events.orderly_resets(3, cpus=4)


@pytest.mark.parametrize("reason, command", [
    ("panic", f"echo panic 2 > {crash.DO}"), later("emergency-restart", f"echo emergency 2 > {crash.DO}"),
])
def test_reset_in_the_middle_of_one(simulate, reason, command):
    """It waits for the BSP, which an NMI has to stop; the reset does not wait for it."""
    guest = start(simulate, 2)
    in_the_middle(guest, command)
    assert guest.boot(2, timeout=crash.RESET) == 3
    guest.load()
    assert guest.attribute("last_reset_reason") == reason
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=3)


def test_gives_way(simulate):
    """Resets are disabled in the middle of one: it ends at once, and says so."""
    guest = start(simulate, 2)
    in_the_middle(guest, f"echo 0 > {places.ATTRIBUTES}/enabled; {wait(30)}; {SHOW}; echo 1 > {FILE}")
    line = guest.expect(r"result=gave-way [^\n]*\n")[0]
    assert "record=ok handover=gave-way nmi=gave-way" in line
    guest.expect("rehearsal refused: a reset is under way or disabled")
    guest.stop()
    guest.events.no("execute", "violation")


def test_cpu_that_does_not_answer(simulate):
    """It is named, each time; the module stays; and the reset that follows is what it would have been."""
    guest = start(simulate, 1)
    guest.send(
        f"{COUNT}; echo spin@nmi 2 > {crash.DO}; echo 1 > {FILE}; {SHOW}; echo 1 > {FILE}; {SHOW}; {COUNT}; "
        f"echo host > {places.ATTRIBUTES}/ap_policy; echo b > /proc/sysrq-trigger"
    )
    guest.expect(r"used by 0\r")
    for _ in range(2):
        guest.expect("rehearsal: CPU 2 did not answer an NMI", timeout=crash.RESET)
        guest.expect("the module cannot be unloaded before that CPU has answered")
        line = guest.expect(r"result=failed [^\n]*\n")[0]
        assert "handover=ok nmi=failed" in line and line.rstrip().endswith("cpus=0,2 silent=2")
    # It stays loaded, once
    guest.expect(r"used by 1\r")
    guest.expect("CPU 2 did not park", timeout=crash.RESET)
    assert guest.boot(2, timeout=crash.RESET) == 3
    guest.load()
    assert guest.attribute("last_reset_reason") == "emergency-restart"
    rehearse(guest, 2)
    guest.powered_off()
    assert len(guest.events.executes) == 1
    guest.events.no("violation")


def test_late_answer(simulate):
    """It is taken for what it is, not for an unknown NMI; and the module can go again."""
    guest = start(simulate, 1, append="unknown_nmi_panic")
    still_failed = f'read line < {FILE}; [ "${{line#result=failed}}" != "$line" ]'
    guest.send(
        f"echo pause@nmi 2 > {crash.DO}; echo 1 > {FILE}; {SHOW}; {COUNT}; "
        f"while {still_failed}; do {wait(50)}; echo 1 > {FILE}; done; {SHOW}; {COUNT}"
    )
    assert "silent=2\r" in guest.expect(r"result=failed [^\n]*\n")[0]
    guest.expect(r"used by 1\r")
    assert "silent=\r" in guest.expect(r"result=ok [^\n]*\n")[0]
    guest.expect(r"used by 0\r")
    guest.prompt()
    guest.check("rmmod svsm_reset")
    guest.powered_off()
    assert "unknown reason" not in guest.console
    guest.events.no_reset_tried()


def test_reset_before_the_late_answer(simulate):
    """An NMI is still on its way when a reset begins: the CPU is stopped all the same, and stays so."""
    guest = start(simulate, 1)
    guest.send(f"echo pause@nmi 2 > {crash.DO}; echo 1 > {FILE}; echo b > /proc/sysrq-trigger")
    guest.expect("rehearsal: CPU 2 did not answer an NMI", timeout=crash.RESET)
    assert guest.boot(2, timeout=crash.RESET) == 3
    guest.load()
    assert guest.attribute("last_reset_cpus") == ""
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=3)


def test_refusals(simulate):
    """Before anything is touched: a value that is none, an ordinary user, disabled, a reset that has begun."""
    guest = simulate(smp=2)
    guest.boot()
    guest.load()
    for value in ("0", "2", "", "1 1", "yes", r"1\000garbage"):
        guest.check("dmesg -c > /dev/null")
        status, output = guest.run(f"printf '{value}\\n' | cat > {FILE}")
        assert status != 0 and "Invalid argument" in output, value
        assert "rehearse: the only value allowed is 1" in guest.dmesg()
    assert "Permission denied" in guest.run(f"su nobody -s /bin/sh -c 'echo 1 > {FILE}'")[1]
    guest.check(f"echo 0 > {places.ATTRIBUTES}/enabled")
    assert NOT_NOW in guest.run(f"echo 1 > {FILE}")[1]
    guest.check(f"echo 1 > {places.ATTRIBUTES}/enabled")
    assert guest.attribute("rehearse") == "none"
    # On its way it waits for two seconds, armed
    guest.check("insmod /lib/modules/stuck.ko mode=none; taskset -p 1 $$ > /dev/null")
    guest.send(
        f"cd {places.ATTRIBUTES}; (taskset 2 reboot -f &); while ! grep -q armed state; do :; done; "
        f"sh -c 'echo 1 > rehearse' 2>&1 | grep -c busy; echo it $(cat rehearse)-$(cat state)"
    )
    guest.expect("it none-armed")
    assert guest.boot(2) == 2
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


def test_one_at_a_time(simulate):
    guest = start(simulate, 2)
    in_the_middle(guest, f"echo 1 > {FILE}; {wait(200)}; {SHOW}")
    guest.expect(ALREADY)
    guest.expect(r"rehearsal: the BSP, CPU 0, did not ask the SVSM \(-ETIMEDOUT\)")
    line = guest.expect(r"result=failed [^\n]*\n")[0]
    assert "version=ok service=ok record=ok handover=failed nmi=ok" in line and "silent=\r" in line
    guest.stop()
    guest.events.no("execute", "violation")


def test_record(simulate):
    """A store that has lost what the load wrote is named; without a store, or a service, nothing is tried."""
    guest = simulate(smp=2)
    guest.boot()
    guest.load()
    guest.send("reboot -f")
    guest.boot(2)
    guest.load()
    guest.check("cmos 0x64 0x99")
    assert guest.run("svsm-reset rehearse > /dev/null")[0] == 1
    assert guest.run("svsm-reset check")[0] == 1
    assert rehearse(guest, 1, record="failed")["stores"] == "secrets:written,cmos:lost"
    assert "rehearsal: the record of a reset would not be kept (secrets:written,cmos:lost)" in guest.dmesg()
    guest.check("rmmod svsm_reset")
    guest.load("record=none")
    assert rehearse(guest, 1, record="skipped")["stores"] == ""
    guest.check("rmmod svsm_reset")
    guest.load()
    assert rehearse(guest, 1)["stores"] == "secrets:written,cmos:written"
    # Somebody else's bytes are left alone, and are all there is
    guest.check("rmmod svsm_reset; cmos 0x60 0x41; cmos 0x61 0x42")
    guest.load("record=cmos")
    assert rehearse(guest, 1, record="failed")["stores"] == "cmos:foreign"
    guest.powered_off()


def test_without_attestation(simulate):
    guest = simulate(smp=2, svsm="draft,noattest")
    guest.boot()
    guest.load("allow_unattested=1")
    rehearse(guest, 1, service="skipped")
    guest.powered_off()
    guest.events.no_reset_tried()


def test_tool(simulate):
    """svsm-reset rehearse: for root, in words and as JSON; what status and check show of it; its refusals."""
    guest = simulate(smp=3)
    guest.boot()
    guest.load()
    status, output = guest.run("su nobody -s /bin/sh -c 'svsm-reset rehearse'")
    assert (status, output) == (1, "svsm-reset rehearse: this needs root")
    assert "rehearsal" not in guest.check("svsm-reset check")
    said = " ".join(guest.check("svsm-reset rehearse").split())
    for line in (
        "version ok: the SVSM has the versions", "service ok: ", "record ok: ", "handover ok: ", "nmi ok: each CPU answers an NMI",
        "stores secrets:written,cmos:blank", "CPUs 0-1", "result passed", "not tried that CPUs halt",
    ):
        assert line in said, line
    told = guest.json("svsm-reset rehearse --json")
    assert told["result"] == "ok" and set(told["steps"].values()) == {"ok"} and told["cpus"] == "0-1"
    assert told["seconds_ago"] <= 60 and told["took_us"] > 0
    for command in ("svsm-reset check", "svsm-reset status"):
        assert re.search(r"rehearsal:? +passed \d+ seconds? ago", guest.check(command))
    looks = {look["name"]: look for look in guest.json("svsm-reset check --deep --json", None)["checks"]}
    assert looks["rehearsal"]["status"] == looks["last-test"]["status"] == "OK"
    assert "but a rehearsal has passed" in looks["last-test"]["text"]
    guest.check("svsm-reset set enabled=no")
    status, output = guest.run("svsm-reset rehearse")
    assert status == 1 and "refused: resets by the SVSM are disabled" in output and "enabled=1" in output
    guest.check("svsm-reset set enabled=yes")
    guest.powered_off()
    guest.events.no_reset_tried()
