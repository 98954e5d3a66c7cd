# SPDX-License-Identifier: GPL-2.0
"""Which programs and Python modules the scripts of the repository use, read from their text.

Shell (shfmt parses it): the first word of every command, behind `exec`, `env`, `step`
and the like.  Makefiles: the same of the recipes and of $(shell).  Python: what is
given to subprocess or to a function named `run` as a literal, and what is imported.

Not seen: a program whose name is not a literal, and what a program calls in turn
(tar -J calls xz, kbuild calls bc); IMPLIED has those that are known.
"""

import ast
import json
import pathlib
import re
import subprocess
import sys

from .sources import files, text

# Run in the guest, where busybox is; filled in by bash itself; kbuild's
FOREIGN = re.compile(r"tools/guest/(init|init\.kunit|scripts/.*)$|.*\.bash$|drivers/|kunit/|(.*/)?Kbuild$")
# How many words stand before the command that these run
RUNNERS = {
    "exec": 0, "nice": 0, "setsid": 0, "time": 0, "as_root": 0, "isolated": 0, "timeout": 1, "step": 2,
    "chroot": 1,
}
# A program, one of its words, and what that makes it call
IMPLIED = (
    ("tar", re.compile(r"-?\w*J\w*f?|--xz"), "xz"),
    ("tar", re.compile(r"-?\w*z\w*f?|--gzip"), "gzip"),
    ("tar", re.compile(r"--zstd"), "zstd"),
    ("find", re.compile(r"-exec"), None),
)
NAME = re.compile(r"[\w.+-]+$")


def program(word):
    """The name of a program, of a word that is one or its path in the system; else None."""
    if word and word.startswith(("/usr/", "/bin/", "/sbin/")):
        word = word.rsplit("/", 1)[1]
    return word if word and NAME.match(word) and not word.startswith("-") else None


# Shell

def nodes(tree, kind):
    """All nodes of one type in shfmt's syntax tree."""
    if isinstance(tree, dict):
        if tree.get("Type") == kind:
            yield tree
        for child in tree.values():
            yield from nodes(child, kind)
    elif isinstance(tree, list):
        for child in tree:
            yield from nodes(child, kind)


def literal(word):
    """The text of a word, None where an expansion is in it."""
    parts = word.get("Parts", ())
    if any(part["Type"] == "DblQuoted" for part in parts):
        parts = [inner for part in parts for inner in (part.get("Parts", ()) if part["Type"] == "DblQuoted" else (part,))]
    if any(part["Type"] not in ("Lit", "SglQuoted") for part in parts):
        return None
    return "".join(part.get("Value", "") for part in parts)


def called(words):
    """The programs that a command of these words runs."""
    while words:
        first, rest = words[0], words[1:]
        if first in ("command", "type", "hash"):
            return {program(word) for word in rest}
        if first == "env":
            while rest and rest[0] and (rest[0].startswith("-") or "=" in rest[0]):
                rest = rest[2 if rest[0] in ("-u", "-C") else 1:]
            return {"env"} | called(rest)
        found = {program(first)}
        for name, pattern, implied in IMPLIED:
            for number, word in enumerate(rest):
                if first == name and word and pattern.fullmatch(word):
                    found |= {implied} if implied else called(rest[number + 1:])
        if first not in RUNNERS:
            return found
        while rest and rest[0] and rest[0].startswith("-"):
            rest = rest[2 if rest[0] in ("-n", "-s", "-k") else 1:]
        return found | called(rest[RUNNERS[first]:])
    return set()


class Shell:
    """A script: the functions that it defines, and the programs that it calls."""

    def __init__(self, source, dialect="bash"):
        parsed = subprocess.run(
            ["shfmt", "--to-json", "-ln", dialect, "-"], input=source, capture_output=True, text=True, check=False,
        )
        if parsed.returncode:
            raise AssertionError(f"shfmt: {parsed.stderr}\n{source}")
        tree = json.loads(parsed.stdout)
        self.functions = {node["Name"]["Value"] for node in nodes(tree, "FuncDecl")}
        self.programs = set()
        for call in nodes(tree, "CallExpr"):
            self.programs |= called([literal(word) for word in call.get("Args") or ()])
        self.programs.discard(None)


def builtins():
    listed = subprocess.run(["bash", "-c", "compgen -b"], check=True, capture_output=True, text=True)
    return set(listed.stdout.split())


# Makefiles

def closing(source, start):
    """Where the parenthesis that opens at `start` is closed."""
    depth = 0
    for place in range(start, len(source)):
        depth += {"(": 1, ")": -1}.get(source[place], 0)
        if not depth:
            return place
    raise AssertionError(f"no closing parenthesis: {source[start:start + 80]}")


def expand(source, variables, shells):
    """Make's references as the shell may see them: a variable's value, or a word that is not literal."""
    done = ""
    while (place := source.find("$")) >= 0:
        done += source[:place]
        if source.startswith("$$", place):
            done, source = done + "\1", source[place + 2:]
        elif source.startswith("$(", place):
            end = closing(source, place + 1)
            inner, source = source[place + 2:end], source[end + 1:]
            if inner.startswith("shell "):
                shells.append(expand(inner[len("shell "):], variables, shells).replace("\1", "$"))
            name, value = inner.strip(), None
            if name in variables and f"$({name})" not in variables[name]:
                value = expand(variables[name], variables, shells)
            done += value if value is not None else '"${MAKE_VALUE}"'
        else:
            done, source = done + '"${MAKE_VALUE}"', source[place + 2:]
    return done + source


def makefile(source):
    """The programs that the recipes and $(shell) call."""
    source = source.replace("\\\n", " ")
    variables = {"MAKE": "make"}
    for name, value in re.findall(r"^(?:override |export )*(\w+) *(?:[:?]?=) *(.*)$", source, re.MULTILINE):
        variables.setdefault(name, value)
    lines, shells = [], []
    for line in source.splitlines():
        if line.startswith("\t"):
            lines.append(expand(re.sub(r"^[@+-]+", "", line.strip()), variables, shells).replace("\1", "$"))
        elif not line.startswith("#"):
            expand(line, variables, shells)
    return Shell("\n".join(lines + shells)).programs


# Python

def first_word(call):
    """The program in run("name", ...) or run(["name", ...])."""
    if not call.args:
        return None
    word = call.args[0]
    if isinstance(word, (ast.List, ast.Tuple)) and word.elts:
        word = word.elts[0]
    return word.value if isinstance(word, ast.Constant) and isinstance(word.value, str) else None


def runs(function):
    """Is that subprocess.run, shutil.which, or a function run() of the tests'?"""
    if isinstance(function, ast.Name):
        return function.id in ("run", "run_command")
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and \
        function.value.id in ("subprocess", "shutil", "pexpect")


def python(source):
    """(programs, modules)"""
    programs, modules = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and runs(node.func):
            programs.add(program(first_word(node)))
        elif isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules.add(node.module.split(".")[0])
    return programs - {None}, modules


# All of it

class Uses:
    """{file: programs} and {file: modules} of the repository's scripts."""

    def __init__(self):
        self.programs, self.modules = {}, {}
        names = [name for name in files() if not FOREIGN.match(name)]
        local = {word for name in files(".py") for word in (pathlib.Path(name).stem, pathlib.Path(name).parent.name)}
        functions = builtins()
        for name in names:
            if name.endswith((".c", ".h", ".S", ".rst", ".md", ".svg", ".lds")):
                continue
            source = text(name)
            first = source.split("\n", 1)[0]
            interpreter = first[2:].split()[-1].rsplit("/", 1)[-1] if first.startswith("#!") else None
            if pathlib.Path(name).name == "Makefile":
                self.programs[name] = makefile(source)
            elif name.endswith(".py") or interpreter == "python3":
                found, modules = python(source)
                self.programs[name] = found | {"python3"}
                self.modules[name] = modules - local - set(sys.stdlib_module_names)
            elif interpreter in ("sh", "bash") or name.endswith(".sh"):
                script = Shell(source, "posix" if interpreter == "sh" else "bash")
                functions |= script.functions
                self.programs[name] = script.programs | {interpreter or "bash"}
        self.programs = {name: found - functions for name, found in self.programs.items()}
