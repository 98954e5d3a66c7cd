# SPDX-License-Identifier: GPL-2.0
"""A slice of live fuzzing, and that its judge sees a driver that believes what it must not.

tools/testing/fuzz/live does the same with thousands of seeds.
"""

import pytest

from lib import abi, live, live_guest, mutation, slices, writes

# (kind, first seed, how many): the first two blocks have found what the driver got wrong
ANSWERS = (("rehearse", 2097190, 5), ("rehearse", 2097270, 35), ("load", 2097501, 15), ("tool", 2097601, 10))
MORE = [slices.later(kind, 7000000 + 1000 * n, 150) for n, kind in enumerate(live.KINDS)]
WRITES = 60
# A whole guest each. The call is not made once, or never; it comes back with what was asked, no result code, UNSUPPORTED_PROTOCOL,
# or success, and the guest is still there
REFUSED = 131
CALLS = [slices.later(cause, seed) for cause in ("reboot-bsp", "sysrq-b-ap") for seed in (4, 69, 125, 17, REFUSED, 109)]


def start(simulate, **more):
    guest = simulate(smp=live.CPUS, **{"host": live.HOST, **more})
    guest.boot(1)
    return live_guest.Cases(guest)


def run(simulate, blocks, **more):
    """What is wrong with the cases of these blocks."""
    cases = start(simulate, **more)
    found = [f"{kind} {case.number}: {'; '.join(wrong)}" for kind, first, count in blocks
             for case, _, wrong in cases.answers(kind, first, count) if wrong]
    cases.guest.powered_off()
    cases.guest.events.no_reset_tried()
    return found


def test_answers(simulate):
    """What a driver says of answers that it was not to believe, or was to."""
    assert run(simulate, ANSWERS) == []


@pytest.mark.parametrize("kind, first, count", MORE)
def test_more_answers(simulate, kind, first, count):
    assert run(simulate, [(kind, first, count)]) == []


def run_writes(simulate, directory, seed, count, base=None):
    drawn = writes.drawn(seed, count)
    initrd = live_guest.with_cases(directory / "cases", [drawn], **({"base": base} if base else {}))
    cases = start(simulate, initrd=initrd)
    found = [f"{name} {data[:80]!r}: {'; '.join(wrong)}"
             for _, name, data, wrong in cases.writes(drawn, live_guest.FILE % 0, writes.Model()) if wrong]
    cases.guest.powered_off()
    return found


def test_writes(simulate, tmp_path):
    """Any bytes in any file: refused, or what the ABI makes of them."""
    assert run_writes(simulate, tmp_path, 1, WRITES) == []


@pytest.mark.parametrize("seed", [slices.later(seed) for seed in (2, 3)])
def test_more_writes(simulate, tmp_path, seed):
    assert run_writes(simulate, tmp_path, seed, 10 * WRITES) == []


def test_all_files_are_judged():
    """Those of the ABI's page, no more."""
    assert abi.documented() == {name for name in abi.ALL if not name.startswith("parameters/")}


@pytest.mark.parametrize("cause, seed", CALLS)
def test_the_call(simulate, cause, seed):
    """The call comes back with anything: the guest is reset, or restarts and says what came back."""
    guest = simulate(host=live.HOST)
    guest.boot(1)
    guest.load()
    assert live_guest.wrong_call(guest, cause, seed) == [], guest.tail()


# (what it believes, file, text, instead)
MUTATIONS = (
    ("a call that nobody has taken", "svsm/transport.c", "pending = xchg(&ca->call_pending, 0);",
     "pending = xchg(&ca->call_pending, 0) > 255;"),
    ("half of a result code", "lib/protocol.c", "\tswitch (rax) {\n\tcase SVSM_RESULT_SUCCESS:",
     "\tswitch ((u32)rax) {\n\tcase SVSM_RESULT_SUCCESS:"),
    ("half of the versions", "svsm/probe.c", "return versions == svr_versions ?", "return (u32)versions == (u32)svr_versions ?"),
    ("half of a length", "svsm/probe.c", "svr_parse_manifest(pages->manifest, call.rcx_out)",
     "svr_parse_manifest(pages->manifest, (u32)call.rcx_out)"),
    ("any flags", "lib/protocol.c", "if (manifest.flags)", "if (manifest.flags == 1)"),
    ("that a host which refuses does it later", "lib/protocol.c", "\t    msr >> SVR_GHCB_ERROR_SHIFT)\n\t\treturn -EIO;",
     "\t    msr >> SVR_GHCB_ERROR_SHIFT)\n\t\treturn -EAGAIN;"),
)
MUTATION_BLOCKS = (("rehearse", 2097151, 700), ("load", 2097501, 15))


@pytest.mark.parametrize("name, file, text, instead", [slices.later(*row) for row in MUTATIONS],
    ids=[row[0].replace(" ", "-") for row in MUTATIONS],
)
def test_belief_is_seen(simulate, tmp_path, name, file, text, instead):
    assert run(simulate, MUTATION_BLOCKS, initrd=mutation.initrd(tmp_path, file, text, instead)), name


WRITE_MUTATIONS = (
    ("settings.c", "\t    seconds > SVR_DEADMAN_MAX_S) {", "\t    seconds > U32_MAX) {"),
    ("sysfs/sysfs.c", "\tint err = set(strnlen(buf, count) == count ? buf : NULL);", "\tint err = set(buf);"),
    ("reset/next-note.c", "\t    memchr(text, '\\n', len))", "\t    memchr(text, '\\n', len / 2))"),
)


@pytest.mark.parametrize("file, text, instead", [slices.later(*row) for row in WRITE_MUTATIONS],
    ids=[row[0] for row in WRITE_MUTATIONS],
)
def test_garbage_that_is_taken_is_seen(simulate, tmp_path, file, text, instead):
    base = mutation.initrd(tmp_path, file, text, instead)
    assert run_writes(simulate, tmp_path, 2, 10 * WRITES, base)


@pytest.mark.sliced
def test_a_false_record_is_seen(simulate, tmp_path):
    """A driver that leaves out what the call came back with."""
    initrd = mutation.initrd(tmp_path, "svsm/transport.c", "\t\tresult->rax = answer.rax;", "\t\tresult->rax = 0;")
    guest = simulate(host=live.HOST, initrd=initrd)
    guest.boot(1)
    guest.load()
    assert live_guest.wrong_call(guest, "reboot-bsp", REFUSED)
