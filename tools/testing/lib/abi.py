# SPDX-License-Identifier: GPL-2.0
"""What the driver's files may say, by Documentation/ABI/testing/sysfs-platform-svsm-reset, where no reset has been made.

As tools/guest/fuzz.c shows them: a newline as "\\x0a".
"""

import re

from . import places

PAGE = places.TOP / "Documentation/ABI/testing/sysfs-platform-svsm-reset"
DIRECTORY = "/sys/bus/platform/devices/svsm-reset/"
STEP = "(ok|failed|skipped|gave-way)"
TIME = r"(unknown|\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
LIST = r"(\d+(-\d+)?(,\d+(-\d+)?)*)?"
NUMBER = r"\d{1,10}"
REASON = "(none|unknown|reboot|emergency-restart|panic|kdump|refused)"
STORES = r"((secrets|cmos|efi):(written|read|blank|foreign|lost|unreadable|unwritable|changed)(,(?=\w)|(?= )))*"
PRINTABLE = r"([ -\[\]-~]|\\x5c)"
WORDS = {
    "protocol_id": NUMBER, "protocol_version": "1", "supported_versions": rf"{NUMBER}-{NUMBER}",
    "state": "(ready|armed|firing|spent|disabled)", "enabled": "[01]", "ap_policy": "(refuse|host|force)",
    "device_policy": "(refuse|force)", "deadman": r"\d{1,5}",
    "next_reset_note": rf"{PRINTABLE}{{0,63}}", "next_reset_note_kept": rf"{PRINTABLE}{{0,63}}",
    "rehearse": rf"(none|result=(ok|failed|gave-way) time={TIME} uptime=\d+ took_us=\d+ version={STEP} service={STEP} record={STEP} "
                rf"handover={STEP} nmi={STEP} stores={STORES} cpus={LIST} silent={LIST})",
    "last_reset_reason": REASON, "last_reset_cause": REASON, "last_reset_trigger": "(none|unknown|sysrq-b|kernel|deadman)",
    "last_reset_outcome": "(none|unknown|completed|refused|relaunched)", "last_reset_message": rf"{PRINTABLE}{{0,63}}",
    "last_reset_cpu": rf"(unknown|{NUMBER})", "last_reset_cpus": LIST,
    "last_reset_devices": r"(\d{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]( (?=\d))?)*", "last_reset_device_count": NUMBER,
    "last_reset_time": TIME, "last_reset_crash_time": TIME, "last_reset_uptime": rf"(unknown|{NUMBER})",
    "last_reset_kernel": rf"{PRINTABLE}+", "last_reset_result": r"(none|unknown|0x[0-9a-f]{1,16}|-\d{1,4})",
    "last_reset_dump": "(none|unknown|ended|interrupted|in-progress)", "reset_count": NUMBER,
    "record_store": "(secrets|cmos|efi|none)", "record_trust": "(none|host|guest)",
    "power_on_reason": "(regular power-up|software reset|unknown reason)",
}
COUNTS = ("reboot", "emergency-restart", "panic", "kdump", "refused")
PARAMETERS = {
    "protocol": NUMBER, "ap_policy": WORDS["ap_policy"], "device_policy": WORDS["device_policy"], "deadman": WORDS["deadman"],
    "allow_unattested": "[01]", "enabled": "[01]", "kdump": "[01]", "delete_vcpu": "[01]",
    "record": "(auto|none|(secrets|cmos|efi)(,(secrets|cmos|efi))*)",
}
ALL = {
    **{f"svsm-reset/{name}": words for name, words in WORDS.items()},
    **{f"reset_counts/{name}": NUMBER for name in COUNTS},
    **{f"parameters/{name}": words for name, words in PARAMETERS.items()},
}
# Nobody has made a reset, so nobody may say that there was one; nor that there was none where no record is kept
LAST = ("svsm-reset/last_reset_reason", "svsm-reset/last_reset_cause", "svsm-reset/last_reset_outcome")
NO_RESET = {
    **dict.fromkeys(LAST, "none"), "svsm-reset/reset_count": "0",
    **{f"reset_counts/{name}": "0" for name in COUNTS},
}


def documented():
    """The files that the page has, without those of every device."""
    names = re.findall(rf"^What:\s+{DIRECTORY}(\S+)$", PAGE.read_text(), re.MULTILINE)
    return {name if "/" in name else f"svsm-reset/{name}" for name in names if name != "uevent"}


def wrong(files):
    """What the files say and may not, and those that nobody knows."""
    found = [f"{name} says nothing" for name in sorted(set(ALL) - set(files))]
    chosen = files.get("parameters/record") != r"auto\x0a"
    for name, value in files.items():
        allowed = "(none|unknown)" if chosen and name in LAST else NO_RESET.get(name, ALL.get(name))
        if not allowed:
            found.append(f"{name} is not documented")
        elif not re.fullmatch(allowed + r"\\x0a", value):
            found.append(f"{name} says {value!r}")
    state, enabled = files.get("svsm-reset/state", ""), files.get("svsm-reset/enabled", "")
    if (state == r"disabled\x0a") != (enabled == r"0\x0a"):
        found.append(f"enabled is {enabled!r}, and state {state!r}")
    return found
