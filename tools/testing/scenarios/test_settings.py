# SPDX-License-Identifier: GPL-2.0
"""Module parameters, sysfs files, and what they do with garbage."""

from lib import places
from lib.sources import run


def test_values(simulate):
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    values = {
        name: guest.attribute(name) for name in guest.check(f"cd {places.ATTRIBUTES}; ls; cd /").split()
        if name not in ("driver", "driver_override", "modalias", "power", "subsystem", "uevent")
    }
    assert values == {
        "protocol_id": "5", "protocol_version": "1", "last_reset_reason": "none",
        "last_reset_message": "", "last_reset_cpu": "unknown", "last_reset_cpus": "",
        "reset_count": "0", "record_store": "none", "deadman": "600",
        "ap_policy": "refuse", "state": "ready",
    }
    for name in values:
        mode = guest.check(f"stat -c %a {places.ATTRIBUTES}/{name}")
        assert mode == ("644" if name in ("ap_policy", "deadman") else "444")
    guest.powered_off()


GARBAGE = {
    "protocol": (
        ["", "x", "-1", "5x", "0", "4294967296", "0x", "5,6"],
        "protocol: allowed values are",
    ),
    "ap_policy": (["", "x", "Refuse", "force,refuse", "1"], "ap_policy: allowed values are refuse, host, force"),
    "deadman": (["", "x", "-1", "5x", "86401", "4294967296"], "deadman: allowed values are 0 to 86400"),
    "allow_unattested": (["x", "2", "-1"], "allow_unattested: allowed values are 0, 1"),
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
    # ... and the module loads none the less when it is told something sensible
    guest.load("protocol=0x5 ap_policy=force allow_unattested=0")
    assert guest.attribute("ap_policy") == "force"
    guest.powered_off()
    guest.events.no_reset_tried()


def test_garbage_in_a_file(simulate):
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    path = f"{places.ATTRIBUTES}/ap_policy"
    for value in ("x", "", "forced", "force refuse", "FORCE", r"force\000garbage", r"force\000"):
        guest.check("dmesg -c > /dev/null")
        status, output = guest.run(f"printf '{value}\\n' | cat > {path}")
        assert status != 0 and "Invalid argument" in output, f"{value!r}: {output}"
        assert "ap_policy: allowed values are refuse, host, force" in guest.dmesg()
        assert guest.attribute("ap_policy") == "refuse"
    for value in ("force", "host", "refuse"):
        guest.check(f"echo {value} > {path}")
        assert guest.attribute("ap_policy") == value
    path = f"{places.ATTRIBUTES}/deadman"
    for value in ("x", "", "-1", "86401", "4294967896", "6 6", r"6\000garbage"):
        guest.check("dmesg -c > /dev/null")
        status, output = guest.run(f"printf '{value}\\n' | cat > {path}")
        assert status != 0 and "Invalid argument" in output, f"{value!r}: {output}"
        assert "deadman: allowed values are 0 to 86400" in guest.dmesg()
        assert guest.attribute("deadman") == "600"
    for value in ("0", "86400", "600"):
        guest.check(f"echo {value} > {path}")
        assert guest.attribute("deadman") == value
    for name in (
        "protocol_id", "protocol_version", "last_reset_reason", "last_reset_message", "last_reset_cpu",
        "last_reset_cpus", "reset_count", "record_store", "state",
    ):
        assert guest.run(f"echo 1 > {places.ATTRIBUTES}/{name}")[0] != 0
    guest.powered_off()


def test_parameters_are_shown(simulate):
    described = run("/sbin/modinfo", "-F", "parm", places.GUEST / "module/svsm_reset.ko").stdout
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    for name, value in {"protocol": "5", "ap_policy": "refuse", "deadman": "600", "allow_unattested": "0"}.items():
        assert f"{name}:" in described
        assert guest.check(f"cat /sys/module/svsm_reset/parameters/{name}") == value
    guest.powered_off()
