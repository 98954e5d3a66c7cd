# SPDX-License-Identifier: GPL-2.0
"""Random writes to the driver's files, and loads with random parameters; what has to come of them by the ABI's page.

The state of the driver is followed: what a write sets, all later ones find.
"""

import random
import re
import string
import struct

from . import abi

NAME, LARGEST, PAGE = 32, 8192, 4096
EACCES, EINVAL, ENOENT, EOPNOTSUPP, ENODEV = -13, -22, -2, -95, -19
NUMBERS = ("0", "1", "-1", "+1", "007", "600", "86400", "86401", "4294967295", "4294967296", "4294967896", "18446744073709551616",
           "0x10", "1e3", "1 ", " 1", "9" * 400)
WORDS = {
    "enabled": ("0", "1"), "rehearse": ("1",), "ap_policy": ("refuse", "host", "force"), "device_policy": ("refuse", "force"),
    "deadman": NUMBERS, "next_reset_note": ("kernel update, alice", "...", "a...", ". . .", "", " ", "x" * 63, "x" * 64),
    "protocol": ("5", *NUMBERS), "record": ("auto", "none", "secrets", "cmos", "efi", "secrets,cmos", "cmos,cmos", "cmos,", "cmos,none"),
    **dict.fromkeys(("allow_unattested", "kdump", "delete_vcpu"), ("0", "1")),
}
WRITABLE = ("enabled", "rehearse", "ap_policy", "device_policy", "deadman", "next_reset_note")
PARAMETERS = tuple(abi.PARAMETERS)
PARAMETER = "parameter:"
DEFAULTS = {"enabled": "1", "ap_policy": "refuse", "device_policy": "force", "deadman": "600", "next_reset_note": ""}
UTF8 = ("ä", "€", "𝄞", "\u202e", "\u00a0", "é")
# What insmod splits an option at: Latin-1's hard space as well
SPLITS = set(b" \t\n\v\f\r\"\xa0")


def _noise(rng):
    return rng.randbytes(rng.choice((1, 2, 7, 63, 64, 65, 255, PAGE - 1, PAGE, PAGE + 1, LARGEST, rng.randrange(LARGEST))))


def data_for(rng, name):
    """Bytes for a file or a parameter: right ones, nearly right ones, and any."""
    word = rng.choice(WORDS[name]).encode()
    text = "".join(rng.choices(string.printable + "".join(UTF8), k=rng.randrange(200))).encode()
    return rng.choice((
        word, word, word + b"\n", word + b"\n", word + b"\n\n", word + b"\0", word + b"\0" + word, word + b" ", b" " + word,
        word.upper(), word[:-1], word + word, word + b"," + word, b"", b"\0", text, text.strip() + b"\n",
        rng.choice(NUMBERS).encode(), str(rng.getrandbits(rng.choice((8, 16, 33, 64, 128)))).encode(),
        word.ljust(PAGE - 1, b" "), word.ljust(PAGE, b"\n"), word + b"\n" * rng.randrange(PAGE), b"0" * rng.randrange(LARGEST) + word,
        "".join(rng.choices(UTF8, k=rng.randrange(1, 40))).encode(), _noise(rng), _noise(rng),
    ))


def drawn(seed, count, parameters=0.1):
    """[(name, data)]: `count` of them, so many of them parameters."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        if rng.random() < parameters:
            name = rng.choice(PARAMETERS)
            value = data_for(rng, name).replace(b"\0", b"")[:LARGEST - 100]
            found.append((PARAMETER + name, name.encode() + b"=" + value))
        elif rng.random() < 0.05:
            found.append((rng.choice(sorted(set(abi.WORDS) - set(WRITABLE))), data_for(rng, "deadman")))
        else:
            name = rng.choice(WRITABLE)
            found.append((name, data_for(rng, name)))
    return found


def packed(cases):
    """As the guest's program reads them."""
    return b"".join(struct.pack(f"{NAME}sI", name.encode(), len(data)) + data for name, data in cases)


def _line(data):
    """Without the newline that echo adds; None for what is no text."""
    text = data.removesuffix(b"\n")
    return None if b"\0" in data else text.decode("latin-1")


def _number(text, most, base=10):
    """As the kernel reads one, or None."""
    digits = "0x[0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*" if base == 0 else "[0-9]+"
    if text is None or not re.fullmatch(rf"\+?({digits})", text, re.IGNORECASE):
        return None
    digits = text.removeprefix("+")
    # Python reads no number of thousands of digits
    if len(digits.lstrip("0")) > 40 and not digits.lower().startswith("0x"):
        return None
    if base:
        digits = digits.lstrip("0") or "0"
    value = int(digits, 8) if base == 0 and re.fullmatch("0[0-7]+", digits) else int(digits, base)
    return value if value <= most else None


def _setting(name, data):
    """The value that a setting has after this, or None: refused."""
    text = _line(data)
    if name == "deadman":
        number = _number(text, 86400)
        return None if number is None else str(number)
    return text if text in WORDS[name] else None


def note(data):
    """The note that is left by this, or None: refused."""
    if len(data) >= PAGE:
        return None
    text = data.rstrip(b" \t\n\v\f\r")
    if b"\0" in text or b"\n" in text:
        return None
    shown = "".join(chr(c) if 32 <= c < 127 else "?" for c in text)
    if len(shown) > 63:
        return shown[:60] + "..."
    if shown.endswith("..."):
        shown = shown.rstrip(". ")
        return shown or None
    return shown


class Model:
    """What the driver has to be like: its settings, None where nobody can tell."""

    def __init__(self):
        self.settings = dict(DEFAULTS)

    def _write(self, name, data):
        """The result that a write has to have."""
        data = data[:PAGE]
        if name not in WRITABLE:
            return EACCES
        if name == "rehearse":
            if not data:
                return 0
            if data not in (b"1", b"1\n"):
                return EINVAL
            return EOPNOTSUPP if self.settings["enabled"] == "0" else len(data)
        # An empty write does not reach a driver
        if not data:
            return 0
        value = note(data) if name == "next_reset_note" else _setting(name, data)
        if value is None:
            return EINVAL
        self.settings[name] = value
        return len(data)

    def _load(self, name, data):
        """The result that a load with that parameter has to have; None: insmod splits it, and nobody can tell."""
        self.settings = dict(DEFAULTS)
        value = data.split(b"=", 1)[1]
        if SPLITS & set(value):
            return None
        if name == "protocol":
            number = _number(_line(value), 0xffffffff, 0)
            return EINVAL if number is None or number < 2 else 0 if number == 5 else ENODEV
        if name == "record":
            known = value in (b"auto", b"none") or set(value.split(b",")) <= {b"secrets", b"cmos", b"efi"}
            return 0 if known else EINVAL
        found = _setting(name, value)
        if found is None:
            return EINVAL
        if name in self.settings:
            self.settings[name] = found
        return 0

    def wrong(self, name, data, case):
        """What is wrong with what came of it."""
        if name.startswith(PARAMETER):
            expected = self._load(name.removeprefix(PARAMETER), data)
            loaded = case.result == 0
            if expected is None:
                self.settings = None if loaded else dict(DEFAULTS)
                return [] if case.result in (0, EINVAL, ENODEV, ENOENT) else [f"the load came to {case.result}"]
        else:
            if self.settings is None:
                self._read(case)
                return []
            expected, loaded = self._write(name, data), True
        found = [] if case.result == expected else [f"{case.result}, not {expected}"]
        if not loaded:
            self.settings = dict(DEFAULTS)
            return found
        shown = {key: case.files[f"svsm-reset/{key}"] for key in DEFAULTS}
        return found + [
            f"{key} is {shown[key]!r}, not {value!r}" for key, value in self.settings.items()
            if shown[key] != value.replace("\\", r"\x5c") + r"\x0a"
        ] + abi.wrong(case.files)

    def _read(self, case):
        """After a load whose options nobody can tell: take what there is."""
        self.settings = {key: case.files[f"svsm-reset/{key}"].removesuffix(r"\x0a").replace(r"\x5c", "\\") for key in DEFAULTS}
