# SPDX-License-Identifier: GPL-2.0
"""A PCI device that does not stop: named and counted, and device_policy says what comes of it.

`--host stuck-device=BDF` keeps its bus mastering and its MSI-X on, whatever is written.
"""

import pytest

from lib import begin, crash, record
from lib.slices import later

BDF = "00:05.0"
STUCK = f"stuck-device={BDF}"
DEVICES = ("-drive", "if=none,id=disk,driver=null-co,size=64M", "-device", "nvme,drive=disk,serial=1,addr=5")
# On two CPUs
BEGIN = {
    "reboot": begin.on(0, begin.REBOOT), "sysrq-b": begin.on(0, begin.SYSRQ_B), "panic-ap": begin.on(1, begin.PANIC),
}
CAUSES = {how: begin.WAYS[how][1] for how in BEGIN}
HOW = ["panic-ap", *map(later, ("reboot", "sysrq-b"))]


def start(simulate, parameters, host=STUCK, **arguments):
    guest = simulate(qemu=DEVICES, host=host, smp=2, **arguments)
    guest.trouble_is_fine = True
    guest.boot(1, timeout=crash.BOOT)
    guest.load(parameters)
    guest.check("ls /dev/nvme0n1; echo 1 > /proc/sys/kernel/sysrq")
    return guest


def told(guest):
    guest.expect(f"PCI device {BDF} did not stop", timeout=crash.RESET)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("fidelity", ["strict", later("full")])
def test_refused(simulate, how, fidelity):
    """No call, the kernel's own restart; the record has the device."""
    guest = start(simulate, "device_policy=refuse", fidelity=fidelity)
    guest.send(BEGIN[how])
    told(guest)
    guest.expect("refusing the SVSM reset .device_policy=refuse.", timeout=crash.RESET)
    guest.lost()
    guest.events.no("execute", "invalidate", "violation")
    kept = record.left_by(guest)
    assert (kept.stage, kept.cause, kept.lost) == ("refused", CAUSES[how], []), kept
    assert record.devices_left_by(guest) == (1, BDF)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("fidelity", ["strict", later("full")])
def test_forced(simulate, how, fidelity):
    """The default: the reset takes place, and the next boot knows. The reset after it has nothing of it."""
    guest = start(simulate, "", fidelity=fidelity)
    guest.send(BEGIN[how])
    told(guest)
    assert guest.boot(2, timeout=crash.RESET) == 2
    guest.load()
    assert guest.events.left(apics=False) == [f"{BDF} bus_master msix"]
    assert guest.attribute("last_reset_reason") == CAUSES[how]
    assert guest.attribute("last_reset_outcome") == "completed"
    assert guest.attribute("last_reset_devices") == f"0000:{BDF}"
    assert guest.attribute("last_reset_device_count") == "1"
    last = guest.json("svsm-reset status --json")["last_reset"]
    assert (last["devices_not_stopped"], last["devices_not_stopped_count"]) == (f"0000:{BDF}", 1)
    # As long as this boot lasts
    guest.check("rmmod svsm_reset")
    guest.load()
    assert guest.attribute("last_reset_devices") == f"0000:{BDF}"
    guest.powered_off()
    guest.events.no("violation")


def test_one_that_stops_is_not_named(simulate):
    """The same with an honest host."""
    guest = start(simulate, "device_policy=refuse", host=None)
    guest.send(BEGIN["panic-ap"])
    assert guest.boot(2, timeout=crash.RESET) == 2
    guest.load()
    assert guest.attribute("last_reset_devices") == "" and guest.attribute("last_reset_device_count") == "0"
    guest.powered_off()
    assert "did not stop" not in guest.console
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.parametrize("how", ["panic-ap", later("sysrq-b")])
def test_hangs(simulate, how):
    """The host never comes back from stopping it: the boot after that knows what was under way."""
    guest = start(simulate, "", host=f"{STUCK},device-hangs,rebuild")
    guest.send(BEGIN[how])
    assert guest.boot(2, timeout=crash.RESET) == 2
    assert guest.events.one("host-reset")["how"] == "hung-write"
    guest.load()
    found = [guest.attribute(f"last_reset_{name}") for name in ("reason", "cause", "outcome")]
    assert found == ["refused", CAUSES[how], "refused"]
    assert guest.attribute("record_store") == "cmos" and guest.attribute("last_reset_device_count") == "0"
    guest.powered_off()
    guest.events.no("execute", "invalidate", "violation")


@pytest.mark.sliced
@pytest.mark.parametrize("store, names", [("cmos", ""), ("efi", f"0000:{BDF}")])
def test_other_stores(simulate, store, names):
    """The small one has no room for a name, the large one for seven."""
    guest = start(simulate, f"record={store}", efivars=True)
    guest.send(BEGIN["reboot"])
    told(guest)
    assert guest.boot(2, timeout=crash.RESET) == 2
    guest.load(f"record={store}")
    assert guest.attribute("record_store") == store
    assert guest.attribute("last_reset_devices") == names and guest.attribute("last_reset_device_count") == "1"
    guest.powered_off()


@pytest.mark.sliced
def test_the_call_comes_back(simulate):
    """The record has no room for the name beside what the call came back with, but says that there was one."""
    guest = start(simulate, "", svsm="draft,result=0x80000006")
    guest.send(BEGIN["reboot"])
    told(guest)
    guest.lost()
    kept = record.left_by(guest)
    assert (kept.stage, kept.result) == ("returned", 0x80000006), kept
    assert record.usage(guest)[2] == 4
