# SPDX-License-Identifier: GPL-2.0
"""The tracepoints: what they say, in which order, and that a reset does not mind them.

With tp_printk on the kernel's command line the events come out on the console; the
ring buffer itself does not outlive a reset.
"""

import re

import pytest

from lib.guest import TRACEFS
from lib.sources import text
from lib.slices import later

EVENTS = f"{TRACEFS}/events/svsm_reset"
REFERENCE = "Documentation/admin-guide/svsm-reset-reference.rst"
# Each tracepoint and its fields, in order
FIELDS = {
    "arm": ["cause", "cpu", "begun_on", "ap_policy"],
    "quiesce_start": ["cause", "cpu", "begun_on", "ap_policy"],
    "quiesce_cpu": ["cpu", "apic_id", "fate", "nmi", "pending"],
    "quiesce_done": ["cpus", "lost", "nmi", "weakest", "took_us"],
    "device_stuck": ["bus", "slot", "function"],
    "call": ["cause", "cpu", "bsp", "route", "protocol"],
    "call_result": ["errno", "rax", "result"],
    "declined": ["why", "cause", "cpu", "ap_policy"],
}
LINE = re.compile(rf"\b({'|'.join(FIELDS)}): ((?:\w+=\S+ ?)+)$", re.MULTILINE)


def boot(simulate, append="tp_printk", parameters="", **arguments):
    """A guest with the module and all of its events turned on."""
    guest = simulate(append=append, **arguments)
    guest.boot()
    guest.load(parameters)
    guest.tracefs()
    guest.check(f"echo 1 > {EVENTS}/enable")
    return guest


def traced(guest):
    """The events on the console, in order: (name, fields); took_us is checked here and left out."""
    found = []
    for name, line in LINE.findall(guest.console):
        fields = dict(word.split("=", 1) for word in line.split())
        assert list(fields) == FIELDS[name], line
        if name == "quiesce_done":
            assert 0 <= int(fields.pop("took_us")) < 10_000_000
        found.append((name, fields))
    return found


def event(name, *values):
    names = [field for field in FIELDS[name] if field != "took_us"]
    assert len(names) == len(values)
    return name, dict(zip(names, map(str, values)))


def parked(cpu, nmi=0):
    return event("quiesce_cpu", cpu, cpu, "parked", nmi, -1)


def test_reboot(simulate):
    guest = boot(simulate)
    guest.send("taskset 8 reboot -f")  # migrates to CPU 0, which is the BSP
    assert guest.boot(2) == 4
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)
    assert traced(guest) == [
        event("arm", "reboot", 3, 3, "refuse"),
        event("quiesce_start", "reboot", 0, 3, "refuse"),
        *map(parked, (1, 2, 3)),
        event("quiesce_done", 3, 0, 0, "parked"),
        event("call", "reboot", 0, 1, "here", 5),
    ]


def test_panic_on_an_ap(simulate):
    """Handed over; nothing has been armed. CPU 3 is offline."""
    guest = boot(simulate)
    guest.trouble_is_fine = True
    guest.check("echo 0 > /sys/devices/system/cpu/cpu3/online")
    guest.check("insmod /lib/modules/trouble.ko")
    guest.send("echo panic 2 > /sys/module/trouble/parameters/do")
    assert guest.boot(2, timeout=120) == 4
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)
    assert traced(guest) == [
        event("quiesce_start", "panic", 2, 2, "refuse"),
        parked(0), parked(1), event("quiesce_cpu", 3, 3, "offline", 0, -1),
        event("quiesce_done", 2, 0, 0, "parked"),
        event("call", "panic", 0, 1, "hand-over", 5),
    ]


@pytest.mark.sliced
def test_sysrq_b_reaches_a_spinning_cpu_by_nmi(simulate):
    """No stop of the kernel's before ours (reboot=force), CPU 2 takes an NMI only."""
    guest = boot(simulate, append="tp_printk reboot=force", parameters="ap_policy=host")
    guest.check("insmod /lib/modules/trouble.ko")
    guest.check("echo spin@irqs-off 2 > /sys/module/trouble/parameters/do")
    guest.send("taskset 2 sh -c 'echo b > /proc/sysrq-trigger'")
    assert guest.boot(2, timeout=120) == 4
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)
    assert traced(guest) == [
        event("quiesce_start", "emergency-restart", 1, 1, "host"),
        parked(0), parked(2, nmi=1), parked(3),
        event("quiesce_done", 3, 0, 1, "parked"),
        event("call", "emergency-restart", 0, 1, "hand-over", 5),
    ]


def test_declined(simulate):
    """A CPU that nothing reaches, and the default policy."""
    guest = boot(simulate)
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=nmi")
    guest.send("taskset 1 reboot -f")
    guest.expect("refusing the SVSM reset", timeout=120)
    guest.lost()
    guest.events.no("execute", "invalidate", "violation")
    assert traced(guest) == [
        event("arm", "reboot", 0, 0, "refuse"),
        event("quiesce_start", "reboot", 0, 0, "refuse"),
        parked(1), event("quiesce_cpu", 2, 2, "running", 1, -1), parked(3),
        event("quiesce_done", 3, 1, 1, "running"),
        event("declined", "policy", "reboot", 0, "refuse"),
    ]


@pytest.mark.parametrize("policy", ["refuse", later("force")])
def test_device_stuck(simulate, policy):
    """A disk that masters the bus for ever; the decision is device_policy's."""
    disk = ("-drive", "if=none,id=disk,driver=null-co,size=64M", "-device", "nvme,drive=disk,serial=1,addr=5")
    guest = boot(simulate, parameters=f"device_policy={policy}", smp=1, qemu=disk, host="stuck-device=00:05.0")
    guest.send("reboot -f")
    if policy == "refuse":
        guest.lost()
    else:
        guest.boot(2, timeout=120)
        guest.powered_off()
    assert traced(guest)[2:] == [
        event("quiesce_done", 0, 0, 0, "deleted"), event("device_stuck", 0, 5, 0),
        event("declined", "device", "reboot", 0, "refuse") if policy == "refuse" else
        event("call", "reboot", 0, 1, "here", 5),
    ]


def test_declined_as_disabled(simulate):
    """Each of the kernel's ways to a restart asks, and is turned down."""
    guest = boot(simulate, append="tp_printk reboot=t", parameters="enabled=0", smp=2)
    guest.send("taskset 2 reboot -f")
    guest.lost()
    guest.events.no_reset_tried()
    assert traced(guest) == [event("declined", "disabled", "reboot", 1, "refuse")]


@pytest.mark.parametrize("svsm, result", [
    ("draft,result=0x80000006", (0, "0x80000006", "INVALID_REQUEST")),
    later("draft,pending", (-11, "0x0", "none")),
])
def test_call_comes_back(simulate, svsm, result):
    guest = boot(simulate, svsm=svsm)
    guest.send("taskset 1 reboot -f")
    guest.expect("the kernel's own restart goes on", timeout=120)
    guest.lost()
    assert traced(guest)[-2:] == [
        event("call", "reboot", 0, 1, "here", 5),
        event("call_result", *result),
    ]


@pytest.mark.parametrize("cpu", [0, later(2)])
def test_a_reader_is_woken_and_leaves_nothing_behind(simulate, cpu):
    """An interrupt wakes the reader of the ring buffer; the next boot must not get it."""
    guest = boot(simulate, append="")
    guest.check(f"echo 0 > {TRACEFS}/buffer_percent")
    guest.check(f"cat {TRACEFS}/trace_pipe > /dev/null & sleep 1")
    guest.check(f"echo {cpu} > /sys/kernel/reboot/cpu")
    guest.send("reboot -f")
    assert guest.boot(2) == 4
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)
    assert traced(guest) == []


def literal(print_fmt):
    """The format string and its arguments."""
    match = re.fullmatch(r'"((?:[^"\\]|\\.)*)"((?:, [^,]+)*)', print_fmt)
    return match[1], match[2].split(", ")[1:]


def test_formats(simulate):
    """What user space parses: nothing but fields and plain conversions; as in the reference page.

    Events that are on do not keep the module, and leave nothing when it goes.
    """
    guest = boot(simulate, append="")
    documented = text(REFERENCE)
    listed = guest.check(f"ls -F {EVENTS} | sed -n 's,/$,,p'").split()
    assert sorted(listed) == sorted(FIELDS)
    for name, fields in FIELDS.items():
        lines = guest.check(f"cat {EVENTS}/{name}/format").split("\n")
        assert f"name: {name}" in lines
        declared = {
            match[1]: match[0] for match in (re.search(r"(\w+)(?:\[\])?;\toffset:", line) for line in lines) if match
        }
        form, arguments = literal(next(line for line in lines if line.startswith("print fmt: "))[11:])
        assert [part.split("=")[0] for part in form.split()] == fields
        for field, conversion, argument in zip(fields, re.findall(r"=(\S+)", form), arguments, strict=True):
            match = re.fullmatch(r"(?:__get_str\((\w+)\)|REC->(\w+))", argument)
            assert match, argument
            assert (match[1] or match[2]) == field and field in declared
            assert conversion in (("%s",) if match[1] else ("%d", "%u", "%llu", "0x%llx")), conversion
        assert f"``{name}``" in documented
        for field in fields:
            assert f"``{field}``" in documented or f"``{field}=" in documented, field
    guest.check("rmmod svsm_reset")
    assert guest.run(f"ls {EVENTS}")[0] != 0
    guest.load()
    assert guest.check(f"cat {EVENTS}/enable") == "0"
    guest.powered_off()
    guest.events.no_reset_tried()
