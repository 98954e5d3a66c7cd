# SPDX-License-Identifier: GPL-2.0
"""What udev gets to see: at load, when a setting is changed, and when it is asked for."""

from lib import places

LOG = "/run/uevents"


def listen(guest):
    """Have every event that follows written down, one blank line after each."""
    guest.check(f"uevent sh -c 'env >> {LOG}; echo >> {LOG}' & sleep 2; : > {LOG}")


def events(guest):
    """Those of our device so far, as dictionaries."""
    blocks = guest.check(f"sleep 1; cat {LOG}").split("\n\n")
    found = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    return [event for event in found if event.get("DEVPATH") == "/devices/platform/svsm-reset"]


def ours(event):
    return {name: value for name, value in event.items() if name.startswith("SVSM_RESET_")}


def test_uevents(simulate):
    guest = simulate(smp=1)
    guest.trouble_is_fine = True  # a panic shows its call trace
    guest.boot()
    listen(guest)
    guest.load()
    first = {
        "SVSM_RESET_REASON": "none", "SVSM_RESET_OUTCOME": "none", "SVSM_RESET_CAUSE": "none",
        "SVSM_RESET_COUNT": "0", "SVSM_RESET_TRUST": "none", "SVSM_RESET_STATE": "ready", "SVSM_RESET_DUMP": "none",
        "SVSM_RESET_TRIGGER": "none",
    }
    add, = [event for event in events(guest) if event["ACTION"] == "add"]
    assert add["DEVTYPE"] == "svsm-reset" and add["SUBSYSTEM"] == "platform"
    assert ours(add) == first
    # refused settings change nothing, and tell nothing
    guest.run(f"echo x > {places.ATTRIBUTES}/ap_policy")
    for name, value in (("enabled", "0"), ("ap_policy", "force"), ("deadman", "9")):
        guest.check(f": > {LOG}")
        guest.check(f"echo {value} > {places.ATTRIBUTES}/{name}")
        change, = events(guest)
        assert change["ACTION"] == "change"
        assert ours(change) == {**first, "SVSM_RESET_STATE": "disabled"}, name
    guest.check(f"echo 1 > {places.ATTRIBUTES}/enabled")
    guest.send("echo c > /proc/sysrq-trigger")

    guest.boot(2)
    listen(guest)
    guest.load()
    # everybody gets to see events, and the message is for root alone
    assert "sysrq" not in guest.check(f"sleep 1; cat {LOG} {places.ATTRIBUTES}/uevent")
    message = f"{places.ATTRIBUTES}/last_reset_message"
    assert guest.check(f"stat -c %a:%u {message}; cat {message}").split() == ["400:0", "sysrq", "triggered", "crash"]
    panicked = {
        "SVSM_RESET_REASON": "panic", "SVSM_RESET_OUTCOME": "completed", "SVSM_RESET_CAUSE": "panic",
        "SVSM_RESET_COUNT": "1", "SVSM_RESET_TRUST": "guest", "SVSM_RESET_STATE": "ready",
        "SVSM_RESET_DUMP": "none", "SVSM_RESET_TRIGGER": "none",
    }
    assert [ours(event) for event in events(guest) if event["ACTION"] == "add"] == [panicked]
    # as "udevadm trigger" has it repeated
    guest.check(f": > {LOG}; echo change > {places.ATTRIBUTES}/uevent")
    change, = events(guest)
    assert change["ACTION"] == "change" and ours(change) == panicked
    shown = dict(line.split("=", 1) for line in guest.check(f"cat {places.ATTRIBUTES}/uevent").splitlines())
    assert shown["DEVTYPE"] == "svsm-reset" and ours(shown) == panicked
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=1)
