# SPDX-License-Identifier: GPL-2.0
"""The tool builds without a warning, installs, and its manual pages are sound."""

import os
import re
import shutil
import subprocess

import pytest

from lib import places
from lib.sources import run, text
from lib.tool import PRODUCTS, SOURCE, build

PAGES = {"svsm-reset.8": 100, "svsm_reset.4": 100, "svsm-reset-ima-entry.1": 30}  # lines, at least
ABI = "Documentation/ABI/testing/sysfs-platform-svsm-reset"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_warning(compiler):
    shutil.rmtree(PRODUCTS / compiler, ignore_errors=True)
    result = build(compiler, "svsm-reset", compiler, "-O2 -Werror")
    assert result.returncode == 0 and "warning" not in result.stdout, result.stdout


def test_warning_can_fail(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(SOURCE, source / "tools/svsm-reset")
    for part in ("drivers", "Documentation", "tools/packaging"):
        os.symlink(places.TOP / part, source / part)
    with open(source / "tools/svsm-reset/main.c", "a", encoding="utf-8") as main:
        main.write("static int unused(void) { return 0; }\n")
    result = run("make", "-C", source / "tools/svsm-reset", f"O={tmp_path}", "CFLAGS=-Werror", tmp_path / "svsm-reset")
    assert result.returncode != 0 and "unused" in result.stdout


@pytest.fixture(scope="module")
def installed():
    """What "make tool_install" puts where."""
    root = PRODUCTS / "root"
    shutil.rmtree(root, ignore_errors=True)
    result = run("make", "-C", places.TOP, f"O={places.BUILD}", "tool_install", f"DESTDIR={root}", "PREFIX=/usr")
    assert result.returncode == 0, result.stdout
    return root / "usr"


def test_install(installed):
    names = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert names == {
        "sbin/svsm-reset", "share/man/man8/svsm-reset.8", "share/man/man4/svsm_reset.4",
        "bin/svsm-reset-ima-entry", "share/man/man1/svsm-reset-ima-entry.1", "share/bash-completion/completions/svsm-reset",
    }
    assert run(installed / "sbin/svsm-reset", "--version").stdout.startswith("svsm-reset ")
    decoder = run(installed / "bin/svsm-reset-ima-entry", "/dev/null")
    assert (decoder.returncode, decoder.stdout) == (1, "svsm-reset-ima-entry: /dev/null: the list is empty\n")


def test_source_that_has_moved(tmp_path):
    """What an older build knows of where a file of the driver was does not end a newer one."""
    (tmp_path / "obj").mkdir()
    (tmp_path / "obj/words.d").write_text(f"{tmp_path}/obj/words.o: ../../drivers/virt/coco/svsm-reset/gone.c\n")
    result = run("make", "-n", "-C", SOURCE, f"O={tmp_path}", f"{tmp_path}/obj/words.o")
    assert result.returncode == 0 and "gone.c" not in result.stdout, result.stdout


def page(installed, name):
    return installed / f"share/man/man{name[-1]}/{name}"


def rendered(path):
    result = subprocess.run(
        ["man", "--warnings", "-l", path], capture_output=True, text=True, check=True,
        env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
    )
    assert result.stderr == ""
    return result.stdout


@pytest.mark.parametrize("name", PAGES)
def test_manual_page_is_sound(installed, name):
    path = page(installed, name)
    assert run("groff", "-man", "-ww", "-z", "-Tutf8", path).stdout == ""
    shown = rendered(path)
    assert len(shown.splitlines()) > PAGES[name]
    assert not re.search(r"@\w+@", shown)
    assert "===" not in shown and "``" not in shown, "markup of a table, or of reStructuredText"
    assert max(map(len, shown.splitlines())) <= 80


def test_manual_page_can_fail(tmp_path):
    bad = tmp_path / "bad.8"
    bad.write_text(".TH BAD 8\n.SH NAME\nbad \\- bad\n.XX undefined\n")
    assert run("groff", "-man", "-ww", "-z", "-Tutf8", bad).stdout != ""


def test_manual_page_has_it_all(installed):
    """Each command and option; each file, parameter and word."""
    shown = rendered(page(installed, "svsm-reset.8"))
    for word in ("status", "explain", "check", "set", "events", "--sysfs-root=DIR", "--critical=LIST", "--color=WHEN"):
        assert word in shown, word
    shown = rendered(page(installed, "svsm_reset.4"))
    names = re.findall(r"/svsm-reset/(\S+)", "\n".join(re.findall(r"^What:.*", text(ABI), re.MULTILINE)))
    parameters = run("/sbin/modinfo", "-F", "parm", places.GUEST / "module/svsm_reset.ko").stdout
    names += re.findall(r"^(\w+):", parameters, re.MULTILINE)
    assert len(names) > 15
    for name in names + ["emergency-restart", "relaunched", "disabled"]:
        assert re.search(rf"^\s+{re.escape(name)}(,|\s|$)", shown, re.MULTILINE), name
    shown = rendered(page(installed, "svsm-reset-ima-entry.1"))
    for word in ("[--json] [LIST]", "For each entry", "nothing was reported"):
        assert word in shown, word


def completions(line):
    """What bash offers at the end of a line."""
    script = f"""
        . {SOURCE}/svsm-reset.bash
        COMP_WORDS=({line} ''); [[ '{line}' == *' ' ]] || unset 'COMP_WORDS[-1]'
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _svsm_reset; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    result = run("bash", "-c", script)
    assert result.returncode == 0, result.stdout
    return set(result.stdout.split())


def long_options(shown):
    return set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)", shown, re.MULTILINE))


def test_completion_offers_what_there_is(tool):
    shown = tool("--help", root=False).stdout
    commands = set(re.findall(r"^  (\w+)  ", shown.split("Commands:")[1].split("\n\n")[0], re.MULTILINE))
    assert commands == {"status", "explain", "check", "set", "note", "events", "rehearse"}
    assert completions("svsm-reset ") == commands | long_options(shown)
    for command in commands - {"set"}:
        options = long_options(tool(command, "--help", root=False).stdout)
        assert completions(f"svsm-reset {command} ") == options, command
    assert completions("svsm-reset set -") == long_options(tool("set", "--help", root=False).stdout)


def test_completion_of_values(tool):
    keys = re.findall(r"^  (\w+) ", tool("set").stderr, re.MULTILINE)
    assert completions("svsm-reset set ") == set(keys)
    assert completions("svsm-reset set ap_policy ") == {"refuse", "host", "force"}
    assert completions("svsm-reset set device_policy ") == {"refuse", "force"}
    assert completions("svsm-reset set ap_policy h") == {"host"}
    assert completions("svsm-reset check --critical panic,kd") == {"panic,kdump"}
    conditions = tool("check", "--critical=x").stderr.split("there are: ")[1].split()
    assert completions("svsm-reset check --warning ") == {*conditions, "nothing"}
