# SPDX-License-Identifier: GPL-2.0
"""The simulator: its folders lie one above the other and call down only; the command knows its numbers."""

import importlib.machinery
import importlib.util
import re
import shutil
import sys

import pytest

from lib import places
from lib.sources import run

HV = places.TOP / "tools/snpsim/hv"
# From the top; "" is hv/ itself. Folders of one row know nothing of each other.
ORDER = (("boot",), ("",), ("launch",), ("exits",), ("host",), ("svsm",), ("debug",), ("machine",), ("psp", "efi"), ("lib",))
LEVEL = {room: level for level, row in enumerate(ORDER) for room in row}


def room(name):
    return name.rpartition("/")[0]


def may_know(name, other):
    """Does the folder of `other` lie below that of `name`, or is it the same?"""
    return room(name) == room(other) or LEVEL[room(name)] < LEVEL[room(other)]


def sources(top=HV):
    return {str(path.relative_to(top)): path.read_text() for path in sorted(top.rglob("*.[chS]"))}


def climbing_includes(texts):
    found = []
    for name, source in texts.items():
        for header in re.findall(r'^\s*#\s*include\s+"([^"]*)"', source, re.MULTILINE):
            if header not in texts:
                found.append(f"{name}: {header} is named from another place than hv/")
            elif not may_know(name, header):
                found.append(f"{name}: {header} is not below")
    return found


NO_TYPE = "return|else|do|goto|case|asm|static"
PROTOTYPE = re.compile(rf"(?:^|[;{{}}])\s*(?!(?:{NO_TYPE})\b)(?:\w+[\s*]+)+(\w+)\([^;{{}}]*\)[^;{{}}()=]*;")


def declared_in_place(texts):
    """What a .c file declares of another file: that belongs into a header, where the order is seen."""
    found = []
    for name, source in texts.items():
        if not name.endswith(".c"):
            continue
        code = re.sub(r"/\*.*?\*/|//[^\n]*|^\s*#(?:[^\n]*\\\n)*[^\n]*", "", source, flags=re.DOTALL | re.MULTILINE)
        code = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', code)
        found += [f"{name}: extern" for _ in re.finditer(r"\bextern\b", code)]
        found += [f"{name}: {match[1]}()" for match in PROTOTYPE.finditer(code)]
    return found


def test_every_folder_has_a_place():
    assert {room(name) for name in sources()} == set(LEVEL)


def test_includes_go_down():
    assert climbing_includes(sources()) == []


def test_prototypes_are_in_headers():
    assert declared_in_place(sources()) == []


@pytest.mark.parametrize("name, line", [
    ("machine/npt.c", '#include "host/host.h"\n'),
    ("lib/lib.h", '#include "machine/vcpu.h"\n'),
    ("exits/vc.c", ' # include "loop.h"\n'),
    ("psp/context.c", '#include "efi/efivars.h"\n'),
    ("host/ap.c", '#include "../launch/launch.h"\n'),
    ("host/ap.c", '#include "launch.h"\n'),
])
def test_climbing_include_is_seen(name, line):
    texts = sources()
    texts[name] = line + texts[name]
    assert len(climbing_includes(texts)) == 1


@pytest.mark.parametrize("text", [
    "void launch_init(void);\n",
    "extern u64 boot_count;\n",
    "void __noreturn\nlaunch_at(u64 gpa,\n\t  u64 len);\n",
    "static void f(void)\n{\n\tint n = 1;\n\tstruct vcpu *launched(u64 n);\n\n\tlaunched(n);\n}\n",
    "static void f(void)\n{\n\tvoid launch_init(void) __noreturn;\n}\n",
])
def test_prototype_is_seen(text):
    texts = sources()
    texts["machine/npt.c"] += text
    assert len(declared_in_place(texts)) == 1


@pytest.mark.parametrize("text", [
    "static void later(u64 n);\n",
    "void npt_call(void)\n{\n\tif (1)\n\t\tnpt_init();\n\telse\n\t\tnpt_update(1);\n}\n",
    "u64 npt_more(void)\n{\n\tu64 n = rmp_pages();\n\n\treturn min(n, rmp_pages());\n}\n",
    '/* void launch_init(void); */\nstatic const char *s = "; void launch_init(void);";\n#define X extern int x(void);\n',
])
def test_what_is_no_prototype_is_none(text):
    texts = sources()
    texts["machine/npt.c"] += text
    assert declared_in_place(texts) == []


def build(source, out, target):
    result = run("make", "-s", "-C", source, f"O={out}", target)
    assert result.returncode == 0, result.stdout


def climbing_symbols(out):
    """What an object uses of one in a folder above its own: a call in assembly, or through a type."""
    home, used = {}, []
    objects = [
        name for name in (str(path.relative_to(out / "obj")) for path in sorted((out / "obj").rglob("*.o")))
        if room(name) != "efi" and name != "boot/rom.o"  # linked alone
        and any((HV / name).with_suffix(kind).exists() for kind in (".c", ".S"))  # not of a file that is gone
    ]
    for line in run("nm", "-A", *objects, cwd=out / "obj").stdout.splitlines():
        name, rest = line.split(":", 1)
        kind, symbol = rest.split()[-2:]
        if kind == "U":
            used.append((name, symbol))
        elif kind.isupper():
            home[symbol] = name
    assert len(used) > 500
    return [
        f"{name}: {symbol} of {home[symbol]}"
        for name, symbol in used
        if symbol in home and not may_know(name, home[symbol])
    ]


def test_calls_go_down(tmp_path):
    """In what is built. Then a call that no prototype and no #include shows."""
    source, out = tmp_path / "snpsim", tmp_path / "build"
    shutil.copytree(HV, source / "hv")
    shutil.copy2(HV.parent / "Makefile", source)
    # Those that there are, or newer ones
    shutil.copytree(places.BUILD / "snpsim/obj", out / "obj")
    build(source, out, out / "hv.elf")
    assert climbing_symbols(out) == []
    with open(source / "hv/machine/timers.c", "a", encoding="utf-8") as code:
        code.write('\nvoid timers_climb(void)\n{\n\tasm volatile("call launch_init" : : : "memory");\n}\n')
    build(source, out, out / "obj/machine/timers.o")
    assert climbing_symbols(out) == ["machine/timers.o: launch_init of launch/launch.o"]


@pytest.fixture
def snpsim(monkeypatch):
    """The command, as a module."""
    monkeypatch.syspath_prepend(str(places.SNPSIM.parent))
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    loader = importlib.machinery.SourceFileLoader("snpsim_command", str(places.SNPSIM))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def values(tmp_path, *expressions):
    """What the hypervisor's headers make of some expressions."""
    lines = "".join(f'\tprintf("%lu\\n", (unsigned long)({e}));\n' for e in expressions)
    program = tmp_path / "values.c"
    program.write_text(
        '#include "lib/config.h"\n#include "lib/layout.h"\nint printf(const char *, ...);\n'
        f"int main(void)\n{{\n{lines}\treturn 0;\n}}\n"
    )
    result = run(
        "gcc", "-std=gnu11", "-D__packed=__attribute__((__packed__))", f"-I{HV}", program, "-o", tmp_path / "values",
    )
    assert result.returncode == 0, result.stdout
    return [int(line) for line in run(tmp_path / "values").stdout.split()]


def constant(prefix, word):
    return prefix + word.upper().replace("-", "_")


def agreed(snpsim):
    """(expression of the hypervisor's, the command's number of the same)"""
    layout, config, host = snpsim.Layout, snpsim.Config, snpsim.Host
    firmware = sys.modules["firmware"]
    yield from (
        ("HV_BASE", layout.HV_BASE), ("0UL + HV_BASE + HV_SIZE", layout.HV_END), ("HV_CONFIG", layout.CONFIG),
        ("HV_IMAGES", layout.IMAGES), ("MAX_CPUS", layout.MAX_CPUS), ("CONFIG_MAGIC", config.MAGIC),
        ("sizeof(struct sim_config)", snpsim.struct.calcsize(
            config.FORMAT + host.FORMAT[1:] + config.TAIL[1:] + snpsim.Firmware.FORMAT[1:] + config.END[1:])),
        ("__builtin_offsetof(struct sim_config, image)", snpsim.struct.calcsize(config.FORMAT + host.FORMAT[1:])),
        ("HV_ROM - HV_IMAGES", snpsim.LARGEST), ("0UL + HV_BASE + HV_SIZE - HV_ROM", layout.IGVM_ROOM),
        ("MAX_SECTIONS", firmware.MAX_SECTIONS),
        ("__builtin_offsetof(struct sim_config, host)", snpsim.struct.calcsize(config.FORMAT)),
        ("OPT_RESULT", config.RESULT), ("OPT_EFIVARS", config.EFIVARS),
    )
    for prefix, numbers in (
        ("FIDELITY_", config.FIDELITY), ("APIC_", config.APIC), ("SVSM_", config.VARIANT),
        ("OPT_", config.SWITCHES), ("HOST_", host.CONDUCT),
    ):
        yield from ((constant(prefix, word), number) for word, number in numbers.items())
    yield from ((f"SECTION_{name}", number) for number, name in firmware.NAMES.items())
    for key, (_, words) in config.WORDS.items():
        yield from ((constant(constant("", key) + "_", word), number) for number, word in enumerate(words))


def disagreeing(tmp_path, snpsim):
    pairs = list(agreed(snpsim))
    assert len(pairs) > 30
    return [e for (e, ours), theirs in zip(pairs, values(tmp_path, *(e for e, _ in pairs))) if ours != theirs]


def test_command_knows_the_layout(tmp_path, snpsim):
    assert disagreeing(tmp_path, snpsim) == []


@pytest.mark.parametrize("which, name, value, expression", [
    ("Layout", "HV_END", 0x7FFFF000, "0UL + HV_BASE + HV_SIZE"),
    ("Layout", "CONFIG", 0x77FFE000, "HV_CONFIG"),
    ("Host", "CONDUCT", {"kvm-pv": 256}, "HOST_KVM_PV"),
    ("Config", "WORDS", {"secrets": ("secrets", ("pristine", "keep"))}, "SECRETS_PRISTINE"),
])
def test_other_layout_is_seen(tmp_path, snpsim, which, name, value, expression):
    old = getattr(getattr(snpsim, which), name)
    setattr(getattr(snpsim, which), name, {**old, **value} if isinstance(old, dict) else value)
    assert expression in disagreeing(tmp_path, snpsim)
