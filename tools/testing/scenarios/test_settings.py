# SPDX-License-Identifier: GPL-2.0
"""Module parameters, sysfs files, and what they do with garbage."""

from lib import places
from lib.sources import run


COUNTED = ("reboot", "emergency-restart", "panic", "kdump", "refused")
SETTINGS = ("enabled", "ap_policy", "device_policy", "deadman")
NOTE = "next_reset_note"
# What everybody can read, and root write to
WRITABLE = {*SETTINGS, "rehearse"}
FIRST_BOOT = {
    "protocol_id": "5", "protocol_version": "1", "supported_versions": "1-1", "state": "ready",
    "enabled": "1", "ap_policy": "refuse", "device_policy": "force", "deadman": "600",
    "rehearse": "none",
    NOTE: "", f"{NOTE}_kept": "", "last_reset_reason": "none", "last_reset_cause": "none", "last_reset_outcome": "none",
    "last_reset_trigger": "none", "last_reset_crash_time": "unknown",
    "last_reset_message": "", "last_reset_cpu": "unknown", "last_reset_cpus": "",
    "last_reset_devices": "", "last_reset_device_count": "0",
    "last_reset_time": "unknown", "last_reset_uptime": "unknown", "last_reset_kernel": "unknown",
    "last_reset_result": "none", "last_reset_dump": "none", "reset_count": "0", **{f"reset_counts/{name}": "0" for name in COUNTED},
    "record_store": "none", "record_trust": "none", "power_on_reason": "regular power-up",
}
# Those that every device has
STANDARD = ("driver_override", "modalias", "power/", "uevent")


def test_values(simulate):
    """All there is, first boot: each file, its mode, its value, and that it refuses what it does not take."""
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    listed = guest.check(f"cd {places.ATTRIBUTES}; find . -type f; cd /").split()
    files = [name for name in (path.removeprefix("./") for path in listed) if not name.startswith(STANDARD)]
    shown = guest.check(
        f"cd {places.ATTRIBUTES}; for i in {' '.join(files)}; do echo $i $(stat -c %a $i) $(cat $i); done; cd /"
    )
    lines = [line.split(" ", 2) for line in shown.splitlines()]
    assert {name: rest for name, _, rest in ([*line, ""][:3] for line in lines)} == FIRST_BOOT
    assert {line[0] for line in lines if line[1] == "644"} == WRITABLE
    assert {line[0] for line in lines if line[1] == "400"} == {"last_reset_message", f"{NOTE}_kept"}
    assert {line[0] for line in lines if line[1] == "600"} == {NOTE}
    assert {line[1] for line in lines} == {"400", "444", "600", "644"}
    for name in set(files) - {*WRITABLE, NOTE}:
        assert guest.run(f"echo 1 > {places.ATTRIBUTES}/{name}")[0] != 0
    said = guest.dmesg()
    assert "svsm-reset: ready: protocol 5 version 1\n" in said
    assert "svsm-reset: last reset: none; 0 resets so far; no record was found\n" in said + "\n"
    guest.powered_off()


GARBAGE = {
    "protocol": (
        ["", "x", "-1", "5x", "0", "4294967296", "0x", "5,6"],
        "protocol: allowed values are",
    ),
    "ap_policy": (["", "x", "Refuse", "force,refuse", "1"], "ap_policy: allowed values are refuse, host, force"),
    "device_policy": (["", "x", "host", "Force", "1"], "device_policy: allowed values are refuse, force"),
    "deadman": (["", "x", "-1", "5x", "0x10", "86401", "4294967296"], "deadman: allowed values are 0 to 86400"),
    "record": (
        ["", "x", "auto,cmos", "secrets,", ",cmos", "Secrets", "secrets,none", "secrets:cmos", "cmos," * 40 + "cmos"],
        "record: allowed values are auto, none, or some of secrets,cmos,efi",
    ),
    **{
        name: (["", "x", "2", "-1", "1x", "yes"], f"{name}: allowed values are 0, 1")
        for name in ("enabled", "allow_unattested", "kdump", "delete_vcpu")
    },
}


def test_garbage_in_a_parameter(simulate):
    """-EINVAL, and a line that names the allowed values."""
    guest = simulate(smp=1)
    guest.boot()
    for name, (values, line) in GARBAGE.items():
        for value in values:
            guest.check("dmesg -c > /dev/null")
            status, output = guest.run(f"insmod {places.MODULE} {name}={value}")
            assert status != 0 and "nvalid" in output, f"{name}={value}: {output}"
            assert line in guest.dmesg(), f"{name}={value}"
    # ... and the module still loads when it is told something sensible
    guest.load("protocol=0x5 ap_policy=force allow_unattested=0 enabled=1 record=cmos,secrets")
    assert guest.attribute("ap_policy") == "force"
    guest.powered_off()
    guest.events.no_reset_tried()


# name: (the default, what is said of garbage, garbage, other values)
FILES = {
    "ap_policy": (
        "refuse", "refuse, host, force",
        ("x", "", "forced", "force refuse", "FORCE", r"force\000garbage", r"force\000"), ("force", "host"),
    ),
    "deadman": (
        "600", "0 to 86400", ("x", "", "-1", "0x10", "86401", "4294967896", "6 6", r"6\000garbage"), ("0", "86400"),
    ),
    # Its values are those of test_enabled
    "enabled": ("1", "0, 1", ("x", "", "-1", "2", "1 0", "yes", r"0\000garbage"), ()),
}


def test_garbage_in_a_file(simulate):
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    for name, (default, allowed, garbage, values) in FILES.items():
        path = f"{places.ATTRIBUTES}/{name}"
        for value in garbage:
            guest.check("dmesg -c > /dev/null")
            status, output = guest.run(f"printf '{value}\\n' | cat > {path}")
            assert status != 0 and "Invalid argument" in output, f"{name}: {value!r}: {output}"
            assert f"{name}: allowed values are {allowed}" in guest.dmesg()
            assert guest.attribute(name) == default
        for value in (*values, default):
            guest.check(f"echo {value} > {path}")
            assert guest.attribute(name) == value
    guest.powered_off()


def test_parameters_are_shown(simulate):
    described = run("/sbin/modinfo", "-F", "parm", places.GUEST / "module/svsm_reset.ko").stdout
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    values = {
        "protocol": "5", "ap_policy": "refuse", "deadman": "600", "allow_unattested": "0", "enabled": "1", "record": "auto",
        "kdump": "1", "delete_vcpu": "0", "device_policy": "force",
    }
    for name, value in values.items():
        assert f"{name}:" in described
        assert guest.check(f"cat /sys/module/svsm_reset/parameters/{name}") == value
    for given, shown in {"none": "none", "secrets": "secrets", "cmos,secrets": "secrets,cmos", "cmos": "cmos", "auto": "auto"}.items():
        guest.check("rmmod svsm_reset")
        guest.load(f"record={given} enabled=0")
        assert guest.check("cat /sys/module/svsm_reset/parameters/record") == shown
        assert guest.check("cat /sys/module/svsm_reset/parameters/enabled") == "0"
    guest.powered_off()


def test_enabled(simulate):
    """Disabled: the kernel's own restart; enabled again: through the SVSM; too late once it has begun."""
    guest = simulate(smp=2, append="reboot=t")
    guest.boot()
    guest.load("enabled=0")
    assert [guest.attribute(name) for name in ("enabled", "state")] == ["0", "disabled"]
    for value, state in (("1", "ready"), ("1", "ready"), ("0", "disabled"), ("0", "disabled"), ("1", "ready")):
        guest.check(f"echo {value} > {places.ATTRIBUTES}/enabled")
        assert [guest.attribute(name) for name in ("enabled", "state")] == [value, state]
    # On its way it waits for two seconds, armed
    guest.check("insmod /lib/modules/stuck.ko mode=none; taskset -p 1 $$ > /dev/null")
    guest.send(
        f"cd {places.ATTRIBUTES}; (taskset 2 reboot -f &); while ! grep -q armed state; do :; done; "
        "for i in 0 1; do sh -c \"echo $i > enabled\"; done 2> /run/refused; "
        "s=$(cat state)-$(cat enabled)-$(grep -c busy /run/refused); echo still $s; echo still $s"
    )
    guest.expect(r"still armed-1-2")
    assert guest.boot(2) == 2
    guest.load()
    assert guest.attribute("last_reset_outcome") == "completed"
    guest.check(f"echo 0 > {places.ATTRIBUTES}/enabled")
    guest.send("reboot -f")
    guest.lost()
    assert len(guest.events.executes) == 1
    assert "quiesced" not in guest.console.split("guest: boot 2 ")[1]
