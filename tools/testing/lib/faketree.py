# SPDX-License-Identifier: GPL-2.0
"""A directory that looks like /sys and /proc of a guest to the tool svsm-reset."""

import time

DEVICE = "sys/bus/platform/devices/svsm-reset"
PARAMETERS = "sys/module/svsm_reset/parameters"
KERNEL = "proc/sys/kernel"
# Of this boot, in seconds
UPTIME = 1000
# When it began, as /proc/stat has it
BTIME = int(time.time()) - UPTIME

DEFAULTS = {
    "sys/devices/system/cpu/sev/vmpl": "2",
    "sys/devices/system/cpu/online": "0-2",
    "sys/devices/system/cpu/present": "0-2",
    f"{DEVICE}/protocol_id": "5",
    f"{DEVICE}/protocol_version": "1",
    f"{DEVICE}/supported_versions": "1-1",
    f"{DEVICE}/state": "ready",
    f"{DEVICE}/enabled": "1",
    f"{DEVICE}/ap_policy": "refuse",
    f"{DEVICE}/device_policy": "force",
    f"{DEVICE}/deadman": "600",
    f"{DEVICE}/next_reset_note": "",
    f"{DEVICE}/next_reset_note_kept": "",
    f"{DEVICE}/rehearse": "none",
    f"{DEVICE}/last_reset_reason": "none",
    f"{DEVICE}/last_reset_cause": "none",
    f"{DEVICE}/last_reset_trigger": "none",
    f"{DEVICE}/last_reset_outcome": "none",
    f"{DEVICE}/last_reset_message": "",
    f"{DEVICE}/last_reset_cpu": "unknown",
    f"{DEVICE}/last_reset_cpus": "",
    f"{DEVICE}/last_reset_devices": "",
    f"{DEVICE}/last_reset_device_count": "0",
    f"{DEVICE}/last_reset_time": "unknown",
    f"{DEVICE}/last_reset_crash_time": "unknown",
    f"{DEVICE}/last_reset_uptime": "unknown",
    f"{DEVICE}/last_reset_kernel": "unknown",
    f"{DEVICE}/last_reset_result": "none",
    f"{DEVICE}/last_reset_dump": "none",
    f"{DEVICE}/reset_count": "0",
    f"{DEVICE}/reset_counts/reboot": "0",
    f"{DEVICE}/reset_counts/emergency-restart": "0",
    f"{DEVICE}/reset_counts/panic": "0",
    f"{DEVICE}/reset_counts/kdump": "0",
    f"{DEVICE}/reset_counts/refused": "0",
    f"{DEVICE}/record_store": "none",
    f"{DEVICE}/record_trust": "none",
    f"{DEVICE}/power_on_reason": "regular power-up",
    f"{PARAMETERS}/kdump": "1",
    f"{PARAMETERS}/record": "auto",
    f"{PARAMETERS}/delete_vcpu": "0",
    f"{PARAMETERS}/allow_unattested": "0",
    "sys/module/kernel/parameters/crash_kexec_post_notifiers": "N",
    "sys/kernel/kexec_crash_loaded": "0",
    "sys/kernel/reboot/cpu": "0",
    "sys/kernel/reboot/force": "0",
    f"{KERNEL}/panic": "10",
    f"{KERNEL}/panic_on_oops": "0",
    f"{KERNEL}/panic_on_rcu_stall": "0",
    f"{KERNEL}/sysrq": "1",
    f"{KERNEL}/soft_watchdog": "1",
    f"{KERNEL}/softlockup_panic": "0",
    f"{KERNEL}/nmi_watchdog": "0",
    f"{KERNEL}/hardlockup_panic": "0",
    f"{KERNEL}/watchdog_thresh": "10",
    "proc/cmdline": "console=ttyS0 panic=10",
    "proc/uptime": f"{UPTIME}.42 2000.11",
    "proc/stat": f"cpu  9 0 9 9\nintr 9 {'0 ' * 9000}\nctxt 9\nbtime {BTIME}\nprocesses 9",
}
# All that the first drivers had
OLDER_HAS = (
    "protocol_id", "protocol_version", "state", "ap_policy", "deadman", "last_reset_reason",
    "last_reset_message", "last_reset_cpu", "last_reset_cpus", "reset_count", "record_store",
)


def before_boot(seconds):
    """A time so long before this boot, as the driver writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(BTIME - seconds))


def rehearsal(ago=120, silent="", stores="secrets:written,cmos:blank", **steps):
    """The driver's line about a rehearsal; what came of each step is "ok" unless it is said."""
    steps = {step: steps.get(step, "ok") for step in ("version", "service", "record", "handover", "nmi")}
    result = next((word for word in ("failed", "gave-way") if word in steps.values()), "ok")
    said = " ".join(f"{step}={word}" for step, word in steps.items())
    return (f"result={result} time=2026-11-29T12:48:52Z uptime={UPTIME - ago} took_us=3564 {said} "
            f"stores={stores} cpus=0-2 silent={silent}")


class FakeTree:
    """The files below `root`; None instead of a value takes a file away."""

    def __init__(self, root):
        self.root = root
        for path, value in DEFAULTS.items():
            self.put(path, value)

    def put(self, path, value):
        path = self.root / path
        if value is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, bytes):
            path.write_bytes(value)
        else:
            path.write_text(value + "\n")

    def get(self, name):
        """One of the device's files."""
        return (self.root / DEVICE / name).read_text().strip()

    def device(self, **values):
        """Files of the device; "__" stands for "/", "_" in reset_counts for "-"."""
        for name, value in values.items():
            directory, _, name = name.rpartition("__")
            if directory:
                name = f"{directory}/{name.replace('_', '-')}"
            self.put(f"{DEVICE}/{name}", value)

    def without_module(self):
        for path in DEFAULTS:
            if path.startswith((DEVICE, PARAMETERS)):
                (self.root / path).unlink()
        for path in (f"{DEVICE}/reset_counts", DEVICE, PARAMETERS, "sys/module/svsm_reset"):
            (self.root / path).rmdir()

    def older_driver(self):
        for path in DEFAULTS:
            if path.startswith(DEVICE) and path.removeprefix(f"{DEVICE}/") not in OLDER_HAS:
                (self.root / path).unlink()
        (self.root / DEVICE / "reset_counts").rmdir()
