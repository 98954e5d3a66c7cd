# SPDX-License-Identifier: GPL-2.0
"""`snpsim run --gdb`: gdb debugs the program at VMPL 0, which is minisvsm here."""

import os
import re
import select
import socket
import struct

import pytest

from gdb_run import INTERRUPT_SOON, Client, address_of, of_test, passed, value, words
from lib import places, vmpl0
from lib.slices import later
from lib.sources import run as run_command

TF = 0x100


def test_first_instruction(debugged):
    """Nothing has run; the registers are those of the launch, and another CPU is not there yet."""
    run = debugged("smp.starts")
    said = run.gdb("info registers", "info threads", "p/x $cs", "x/i $pc", "kill")
    assert "entry32 () at " in said and "start.S:" in said
    assert (value(said, "rip"), value(said, "rax"), value(said, "cr0"), value(said, "efer")) == ("0x10002", "0x1", "0x31", "0x800")
    assert re.search(r"^\* 1 +Thread 1 \(CPU 0: VMPL 0\)", said, re.MULTILINE), said
    assert re.search(r"^  2 +Thread 2 \(CPU 1: waits to be started\)", said, re.MULTILINE), said
    assert "$1 = 0x8" in said
    status, text = run.end()
    assert (status, text.splitlines()[-1]) == (0, "snpsim: ended by gdb")
    assert run.events[-1]["reason"] == "user" and "minisvsm" not in text


def test_break_backtrace_and_step(debugged):
    run = debugged("launch.registers")
    said = run.gdb("break launch.c:registers", "continue", "backtrace", "info source", "next", "stepi", "info registers rip", "continue")
    assert re.search(r"^Thread 1 hit Breakpoint 1, registers \(\) at .*tests/launch\.c:\d+", said, re.MULTILINE), said
    for level, function in enumerate(("registers", "run_one", "report_run", "svsm_main", "entry64")):
        assert re.search(rf"^#{level} .*\b{function} \(", said, re.MULTILINE), said
    assert "[Inferior 1 (Remote target) exited normally]" in said
    passed(run)


def test_variable_is_read_and_changed(debugged):
    """The program sees it: its own check of that variable fails."""
    run = debugged("launch.registers")
    said = run.gdb("break launch.c:registers", "continue", "p start_state.rax", "p/x start_state.efer",
                   "set var start_state.rax = 0x55", "p/x start_state.rax", "continue")
    assert "$1 = 1\n$2 = 0x800\n$3 = 0x55\n" in said
    status, text = run.end()
    assert status == 0 and "FAIL launch.registers: RAX, the platform: got 55, want 1" in text


def test_register_is_changed(debugged):
    """An argument of a function, and where it goes on."""
    run = debugged("ends.terminate")
    run.gdb("break ghcb_terminate", "continue", "set $rsi = 9", "continue", "continue")
    assert run.end()[0] == 3
    event, = (event for event in run.events if event["event"] == "terminate")
    assert (event["set"], event["code"]) == (1, 9)


def test_registers_that_cannot_be_changed(debugged):
    run = debugged("launch.registers")
    said = run.gdb("set $cr3 = 1", "set $cs = 0", "set $rax = 7", "p $rax", "info registers cr3 cs", "kill")
    assert said.count("Could not write register") == 2 and "$1 = 7" in said
    assert value(said, "cr3") == "0x0" and value(said, "cs") == "0x8"


@pytest.mark.parametrize("fidelity", ("strict", later("full")))
def test_single_steps(debugged, fidelity):
    """Hundreds of them leave no trace: the host's instructions, #VC handlers (full) and calls of the host among
    them; and the flag that makes them is not seen."""
    run = debugged("launch.general-page", fidelity=fidelity)
    said = run.gdb("break ghcb_init", "continue", "delete", "stepi 400", "p/x $eflags & 0x100", "continue")
    assert "$1 = 0x0" in said
    passed(run)


def test_each_step_is_one_instruction(debugged):
    """Along the code that the ELF file has: pushf, whose copy of the flags is clean, and an instruction of the host's."""
    run = debugged("launch.general-page")
    # pushf; pop %rbx; rdmsr; wrmsr (of the same value); jmp back
    code = "{0x9c, 0x5b, 0x0f, 0x32, 0x0f, 0x30, 0xeb, 0xf8}"
    said = run.gdb(
        "break ghcb_init", "continue", "delete", "set $start = $pc",
        f"set var *(unsigned char(*)[8])$pc = {code}", "set $rcx = 0xc0000080", "set $rbx = -1",
        *("stepi", "p/d $pc - $start") * 5, "p/x $rbx & 0x100", "stepi", "p/d $pc - $start",
        "kill")
    assert re.findall(r"^\$\d+ = (\S+)$", said, re.MULTILINE) == ["1", "2", "4", "6", "0", "0x0", "1"], said


def test_step_over_an_exception(debugged):
    """At fidelity full a port raises #VC, whose handler asks the host. As on hardware IRET brings the flag back,
    and the step ends behind the instruction that follows; nothing is left of it."""
    run = debugged("launch.general-page", fidelity="full")
    # in $0x71, %al; nop; jmp back
    said = run.gdb("break report_run", "continue", "delete", "set $start = $pc", "set $kept = *(unsigned long long *)$pc",
                   "set var *(unsigned char(*)[5])$pc = {0xe4, 0x71, 0x90, 0xeb, 0xfb}", *("stepi", "p/d $pc - $start") * 4,
                   "set var *(unsigned long long *)$start = $kept", "set $pc = $start", "continue")
    assert re.findall(r"^\$\d+ = (\S+)$", said, re.MULTILINE) == ["3", "0", "3", "0"], said
    passed(run)


# ud2, whose handler goes on behind it; nop; nop; jmp to itself
RAISES = ("break report_run", "continue", "delete", "set $start = $pc", "set var cpu_stacks[0].cpu.fixup = (long)$pc + 2",
          "set var *(unsigned char(*)[6])$pc = {0x0f, 0x0b, 0x90, 0x90, 0xeb, 0xfe}")


def test_step_over_the_processors_exception(debugged):
    run = debugged("launch.general-page")
    said = run.gdb(*RAISES, "stepi", "p/d $pc - $start", "p/x $eflags & 0x100", "kill")
    assert re.findall(r"^\$\d+ = (\S+)$", said, re.MULTILINE) == ["3", "0x0"], said


def test_step_that_is_given_up(debugged):
    """A breakpoint in the handler: the flag in its frame makes no #DB of the program's."""
    run = debugged("launch.general-page")
    said = run.gdb(*RAISES, "break trap", "stepi", "delete", INTERRUPT_SOON, "continue", "p/d $pc - $start", "p/x $eflags & 0x100",
                   "p cpu_stacks[0].cpu.trap", "kill")
    assert "hit Breakpoint 2, trap (" in said
    assert re.findall(r"^\$\d+ = (\S+)$", said, re.MULTILINE) == ["4", "0x0", "7"], said


def test_step_into_a_hardware_breakpoint(debugged):
    """It is the handler's first instruction; the flag in the frame is gdb's nevertheless."""
    run = debugged("launch.general-page")
    said = run.gdb(*RAISES, "hbreak *(trap_stubs + 6 * 16)", "stepi", "p/d (long)$pc - (long)trap_stubs", "delete", INTERRUPT_SOON,
                   "continue", "p/d $pc - $start", "p/x $eflags & 0x100", "p cpu_stacks[0].cpu.trap", "kill")
    assert re.findall(r"^\$\d+ = (\S+)$", said, re.MULTILINE) == ["96", "4", "0x0", "7"], said


def test_step_that_sets_the_programs_flag(debugged):
    """POPF with TF set, then with TF clear: the next instruction's #DB is the program's."""
    run = debugged("launch.general-page")
    said = run.gdb("break report_run", "continue", "delete", "set $start = $pc",
                   "set var *(unsigned char(*)[4])$pc = {0x9d, 0x90, 0x90, 0x90}", "set var *(long *)$rsp = 0x102", "stepi",
                   "p/x $eflags & 0x100", "p/d $pc - $start", "set $rsp = $rsp - 8", "set $pc = $start", "set $eflags = 2",
                   "set var *(long *)$rsp = 2", "stepi", "p/x $eflags & 0x100", "set $eflags |= 0x100", "continue")
    assert re.findall(r"^\$\d+ = (\S+)$", said, re.MULTILINE) == ["0x100", "1", "0x0"], said
    assert "exception 1" in run.end()[1]


# The first 512 GiB once more, above
SECOND = 1 << 39
ALIAS = ("set $table = (unsigned long *)($cr3 & 0xfffffff000)", "set var $table[1] = $table[0]")


def test_addresses_of_no_table(debugged):
    """Bits 63 to 48 are those of bit 47."""
    run = debugged("launch.registers")
    said = run.gdb("break launch.c:registers", "continue", "p *(int *)registers == *(int *)(0x1000000000000 + (long)registers)",
                   "p *(int *)(0xffff000000000000 + (long)registers)", "break *(0xdead000000000000 + (long)registers)",
                   *ALIAS, f"p *(int *)registers == *(int *)({SECOND} + (long)registers)", "kill")
    assert len(re.findall(r"^Cannot access memory at address 0x(?:1|ffff)0", said, re.MULTILINE)) == 2, said
    assert re.search(r"^\$\d+ = 1$", said, re.MULTILINE), said


def test_breakpoint_at_another_address(debugged):
    """INT3 is a byte of memory, which the program has mapped twice. gdb knows of one address, and the program sees none."""
    run = debugged("launch.registers")
    said = run.gdb("break launch.c:registers", "continue", "break *report_run", *ALIAS,
                   f"set $pc = {SECOND} + (long)report_run", "continue", f"p $pc == {SECOND} + (long)report_run", "kill")
    assert "received signal SIGTRAP" in said and "$1 = 1" in said, said


def test_breakpoint_whose_page_goes_away(debugged):
    """Five want a register then. The log says which has none, and the program runs on."""
    run = debugged("launch.registers")
    said = run.gdb("break launch.c:registers", "continue", *ALIAS, "set breakpoint always-inserted on",
                   f"break *({SECOND} + (long)report_run)", *(f"hbreak *{0x10000000000 + n:#x}" for n in range(4)),
                   "set var $table[1] = 0", "continue")
    assert "Cannot" not in said, said
    passed(run)
    assert "gdb: no debug register for the breakpoint at 10000000003\n" in run.log


def test_breakpoints_before_the_program_is_there(debugged):
    """Without paging: what is no page of the launch takes a debug register, and none of its bytes changes."""
    run = debugged("launch.registers")
    said = run.gdb(*(f"break *{at:#x}" for at in range(0x5000000, 0x5000500, 0x100)), "continue", "delete 1", "break *(entry32 + 5)",
                   "continue", "delete", "continue")
    assert said.count("Cannot insert breakpoint") == 1 and "hit Breakpoint 6, " in said, said
    passed(run)


def test_breakpoint_on_another_cpu(debugged):
    run = debugged("smp.wakes")
    said = run.gdb("break run_vmpl", "continue", "backtrace 2", "info threads", "thread apply all p $_thread", "delete",
                   "finish", "continue")
    assert "Thread 2 hit Breakpoint 1, run_vmpl (vmpl=" in said
    assert re.search(r"^#1 .* serve \(\) at .*tests/smp\.c:", said, re.MULTILINE), said
    assert re.search(r"^\* 2 +Thread 2 \(CPU 1: VMPL 0\) +run_vmpl", said, re.MULTILINE), said
    assert re.search(r"^  1 +Thread 1 \(CPU 0: VMPL 0\) ", said, re.MULTILINE), said
    assert re.search(r"^Value returned is \$\d+ = 0$", said, re.MULTILINE), said
    passed(run)


def test_other_vmpl_runs(debugged):
    """The thread of a CPU at VMPL 2 is where VMPL 0 has called the host."""
    run = debugged("smp.in-use-running")
    said = run.gdb("break in_use", "continue", "next", "info threads", "thread 2", "backtrace", "delete", "thread 1", "continue")
    assert re.search(r"^  2 +Thread 2 \(CPU 1: VMPL 2 runs\) +", said, re.MULTILINE), said
    assert re.search(r"^#\d+ .*\brun_vmpl \(", said, re.MULTILINE) and re.search(r"^#\d+ .*\bserve \(", said, re.MULTILINE), said
    passed(run)


def test_halted(debugged):
    run = debugged("smp.ipi")
    said = run.gdb("break apic_send_ipi", "continue", "info threads", "delete", "continue")
    assert re.search(r"^  2 +Thread 2 \(CPU 1: halted\) .* serve \(\)", said, re.MULTILINE), said
    passed(run)


def test_all_stop_and_one_steps(debugged):
    """VMPL 2 of the other CPU counts. It stops with VMPL 0 of this one; it goes on with a step, but not if
    scheduler-locking keeps it where it is."""
    run = debugged("smp.destroy")
    said = run.gdb(
        "break smp.c:destroy", "continue", "next", "delete", "p payload_count", "shell sleep 1", "p payload_count",
        "set $kept = *(unsigned short *)$pc", "set var *(unsigned short *)$pc = 0xfeeb", "set scheduler-locking on",
        "stepi 100", "p payload_count", "set scheduler-locking off", "stepi 100", "p payload_count",
        "set var *(unsigned short *)$pc = $kept", "continue")
    first, later_on, locked, free = (int(count) for count in re.findall(r"^\$\d+ = (\d+)$", said, re.MULTILINE))
    assert 0 < first == later_on == locked < free
    passed(run)


def test_conditional_breakpoint_among_others(debugged):
    """Hit by both CPUs again and again, and gone over each time."""
    run = debugged("smp.wakes")
    said = run.gdb("break page_alloc", "break run_vmpl if vmpl == 2", "ignore 1 3", "continue", "continue", "delete",
                   "continue")
    assert "hit Breakpoint 1, page_alloc" in said and "Thread 2 hit Breakpoint 2, run_vmpl" in said
    passed(run)


def test_hardware_breakpoints(debugged):
    """For an address that is not mapped yet they are what there is, four of them; they are hit like others."""
    run = debugged("launch.registers")
    unmapped = [f"break *{0x10000000000 + n:#x}" for n in range(4)]
    said = run.gdb("hbreak launch.c:registers", *unmapped, "continue", "delete 2", "continue", "backtrace 1",
                   "delete", "continue")
    assert said.count("Cannot insert") == 1 and "hit Breakpoint 1, registers ()" in said
    assert re.search(r"^#0 .*\bregisters \(\) at ", said, re.MULTILINE), said
    passed(run)


def test_before_long_mode(debugged):
    """In 32-bit code without paging."""
    run = debugged("launch.registers")
    said = run.gdb("break *(entry32 + 5)", "continue", "p $pc - (long)entry32", "stepi", "p $pc - (long)entry32", "info registers cr0",
                   "delete", "continue")
    assert re.findall(r"^\$\d+ = (?:\(.*\) )?(\S+)$", said, re.MULTILINE) == ["0x5", "0xb"] and value(said, "cr0") == "0x31", said
    passed(run)


def test_breakpoint_in_the_hypervisor(debugged):
    """No table of the program leads there, and a debug register would be hit by the hypervisor itself."""
    run = debugged("launch.registers")
    said = run.gdb("x/4x 0x70000000", "hbreak *0x70001000", "continue", "delete", "continue")
    assert "Cannot access memory at address 0x70000000" in said and "Cannot insert hardware breakpoint" in said
    passed(run)


def test_the_programs_own_exceptions(debugged):
    """INT3 and #DB that are not gdb's are the program's."""
    run = debugged("launch.registers")
    run.gdb("break launch.c:registers", "continue", "delete", "set var *(unsigned char *)$pc = 0xcc", "continue")
    assert "exception 3" in run.end()[1]
    run = debugged("launch.registers")
    run.gdb("break launch.c:registers", "continue", "delete", f"set $eflags |= {TF}", "continue")
    assert "exception 1" in run.end()[1]


@pytest.mark.parametrize("code, length, state", ((0xfeeb, 0, "VMPL 0"), (0xf4, 1, "halted")), ids=("running", "halted"))
def test_interrupt(debugged, code, length, state):
    """Ctrl-C stops a CPU that asks the host for nothing, and one that waits for an interrupt."""
    run = debugged("launch.registers")
    said = run.gdb(
        "break launch.c:registers", "continue", "delete", "set $kept = *(unsigned short *)$pc", "set $at = $pc",
        f"set var *(unsigned short *)$pc = {code}", INTERRUPT_SOON, "continue", f"p $pc == $at + {length}",
        "info threads", "kill")
    assert "received signal SIGINT" in said and "$1 = 1" in said and f"Thread 1 (CPU 0: {state})" in said


def test_violation(debugged):
    """It stops in gdb, with its reason in words; then it ends as without gdb."""
    run = debugged("ends.unvalidated")
    said = run.gdb("continue", "backtrace", "x/i $pc", "continue")
    reason = r"snpsim: violation: unvalidated by vCPU 0, read of 0x8a00000 at rip 0x[0-9a-f]+ \(unvalidated\+0x1a\)"
    assert re.search(rf"^{reason}\n+Thread 1 received signal SIGSEGV", said, re.MULTILINE), said
    for level, function in enumerate(("unvalidated", "run_one", "report_run", "svsm_main")):
        assert re.search(rf"^#{level} .*\b{function} \(", said, re.MULTILINE), said
    assert "mov    0x8a00000,%rax" in said and "exited with code 02" in said
    status, text = run.end()
    assert status == 2 and re.fullmatch(reason, text.splitlines()[-1])
    assert [event["event"] for event in run.events[-3:]] == ["violation", "switches", "end"]


@pytest.mark.parametrize("last", ("detach", later("kill")))
def test_termination(debugged, last):
    """Whatever gdb does then, the status is that of what has happened."""
    run = debugged("ends.terminate")
    said = run.gdb("continue", "backtrace", last)
    assert "received signal SIGABRT" in said and re.search(r"^#\d .*\bghcb_terminate \(set=", said, re.MULTILINE), said
    status, text = run.end()
    assert (status, text.splitlines()[-1]) == (3, "snpsim: the guest asked to be terminated: set 1 code 7")


def test_triple_fault(debugged):
    run = debugged("launch.registers")
    said = run.gdb("break launch.c:registers", "continue", "delete", "set $rip = trap_triple_fault", "continue", "continue")
    assert "SIGABRT" in said and "trap_triple_fault () at" in said
    assert run.end()[0] == 3 and run.events[-3]["how"] == "triple-fault"


LINUX = ("-kernel", places.KERNEL, "-initrd", places.INITRD, "-append",
         "console=ttyS0 panic=-1 nokaslr quiet rdinit=/bin/busybox -- poweroff -f")


def test_linux_after_detach(debugged):
    """A call of Linux's is served step by step; without gdb it then goes on to its end."""
    run = debugged(qemu=LINUX)
    said = run.gdb("break core_call", "continue", "backtrace", "info threads", "next", "next", INTERRUPT_SOON, "delete",
                   "continue", "info threads", "detach")
    assert "hit Breakpoint 1, core_call (" in said and "received signal SIGINT" in said
    assert "detached" in said and said.count("CPU 0: ") == 2
    status, text = run.end()
    assert status == 0 and "Power down" in text and not run.events[-1].get("rip")


def test_again_after_detach(debugged):
    """A second gdb stops the run where it is."""
    run = debugged("launch.registers")
    assert "detached" in run.gdb("break ghcb_init", "continue", "set var *(unsigned short *)$pc = 0xfeeb", "detach")
    said = run.gdb("p (long)$pc == (long)ghcb_init", "p/x *(unsigned short *)$pc", "kill")
    assert "$1 = 1\n$2 = 0xfeeb\n" in said
    assert run.end()[0] == 0


def test_gdb_is_gone(debugged):
    """As if it had detached: breakpoints are out. While the program stands, and while it runs to the first of them."""
    for running in (False, True):
        run = debugged("smp.wakes")
        client = run.client()
        assert client.ask(b"?").startswith(b"T05thread:1;")
        for name in ("svsm_main", "run_vmpl", "page_alloc"):
            assert client.ask(b"Z0,%x,1" % address_of(name)) == b"OK"
        if running:
            client.send(b"$vCont;c#a8")
        client.close()
        passed(run)


def test_next_gdb_does_not_find_breakpoints(debugged):
    """It waits already when the one before goes away, which leaves one where the program is about to run into it."""
    run = debugged("launch.registers")
    first, at = run.client(), address_of("report_run")
    assert first.ask(b"?").startswith(b"T05")
    assert first.ask(b"Z0,%x,1" % at) == b"OK" and first.ask(b"vCont;c").startswith(b"T05")
    assert first.ask(b"z0,%x,1" % at) == b"OK"
    # Loops for some seconds, then runs into the breakpoint; behind that it loops for ever
    code = b"\x48\xb9" + (3 << 30).to_bytes(8, "little") + b"\x48\xff\xc9\x75\xfb\x90\xeb\xfe"
    assert first.ask(b"M%x,%x:%s" % (at, len(code), code.hex().encode())) == b"OK"
    assert first.ask(b"Z0,%x,1" % (at + 15)) == b"OK"
    second = run.client()
    second.send_packet(b"?")
    first.send_packet(b"vCont;c")
    first.close()
    assert second.reply().startswith(b"T02thread:1;")
    assert second.ask(b"QStartNoAckMode") == b"OK"
    jump = b"P10=" + struct.pack("<Q", at + 15).hex().encode()
    assert second.ask(jump) == b"OK"
    second.send_packet(b"vCont;c")
    assert select.select([second.socket], [], [], 2)[0] == []
    second.send(b"\x03")
    assert second.reply().startswith(b"T02thread:1;")
    second.send_packet(b"k")
    assert run.end()[0] == 0


def test_nonsense(debugged):
    """What is no packet, packets that are wrong or too long: an answer for each, and the run goes on."""
    run = debugged("launch.registers")
    client = run.client()
    for wrong in (b"m", b"m0", b"m0,", b"mzz,1", b"m" + b"f" * 17 + b",1", b"m10002,-1", b"M10002,4:00", b"M10002,1:zz",
                  b"p", b"pffffffffffffffff", b"P0=", b"P0=00", b"Pff=00", b"Hg5", b"Hx1", b"T9", b"Tffff1", b"Z0", b"Z0,10002",
                  b"Z0,zz,1", b"vCont;x", b"vCont;c:77", b"vCont;", b"qThreadExtraInfo,3", b"qXfer:features:read:target.xml:0",
                  b"qXfer:features:read:../x:0,10", b"\xff\xfe", b"m7fffffffffffffff,10", b"c zz", b"s-1"):
        assert client.ask(wrong) == b"E01", wrong
    for damaged in (b"$%b#%02x" % (b"g" * 5000, 5000 * ord("g") & 0xff), b"\0\xff+++ garbage #00 $?#00", b"$?#zz", b"$}#7d", b"$m0$?#3e"):
        client.send(damaged)
        assert client.ask(b"?").startswith(b"T05")
    for unknown in (b"!", b"X0,0:", b"qTStatus", b"vMustReplyEmpty", b"QThing", b"Z2,10002,4", b"R00", b"\x01"):
        assert client.ask(unknown) == b"", unknown
    assert len(client.ask(b"m10002,ffffffff")) == 4096
    client.close()
    passed(run)


def at_free_port(debugged):
    """Somebody else may take it just before."""
    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        try:
            return debugged("launch.registers", where=str(port)), port
        except AssertionError as e:
            assert "Address already in use" in str(e)
    raise AssertionError("no port")


def test_port(debugged):
    """At a port of this machine, which nobody else can take meanwhile."""
    run, port = at_free_port(debugged)
    second = run_command(*words(port, qemu=of_test("launch.registers", 2)))
    assert (second.returncode, second.stdout) == (1, f"snpsim: --gdb {port}: Address already in use\n")
    assert f"snpsim: gdb: target remote localhost:{port}\n" in run.text
    assert "exited normally" in run.gdb("continue")
    passed(run)


def test_socket_is_removed(debugged):
    run = debugged("launch.registers")
    second = run_command(*words(run.where, qemu=of_test("launch.registers", 2)))
    assert (second.returncode, second.stdout) == (1, f"snpsim: --gdb {run.where}: Address already in use\n")
    run.gdb("detach")
    passed(run)
    assert not (run.directory / "s").exists()


def test_socket_is_removed_without_qemu(tmp_path):
    result = run_command(*words("s"), cwd=tmp_path, env={**os.environ, "SNPSIM_QEMU": "/nowhere/qemu"})
    assert result.returncode == 1 and len(result.stdout.splitlines()) == 1 and not (tmp_path / "s").exists()


def test_second_gdb_waits(debugged):
    """Until the first has left; then it stops the run."""
    run = debugged("launch.registers")
    first, second, at = run.client(), Client(run.where), address_of("report_run")
    assert first.ask(b"?").startswith(b"T05")
    second.send_packet(b"?")
    assert first.ask(b"Z0,%x,1" % at) == b"OK" and first.ask(b"vCont;c").startswith(b"T05")
    assert first.ask(b"M%x,2:ebfe" % at) == b"OK"
    assert select.select([second.socket], [], [], 0)[0] == []
    assert first.ask(b"D") == b"OK"
    first.close()
    assert second.reply().startswith(b"T02thread:1;")
    assert second.ask(b"m%x,2" % at) == b"ebfe"
    second.send_packet(b"k")
    assert run.end()[0] == 0


def refused(*arguments):
    result = run_command(places.SNPSIM, "run", *arguments)
    assert result.returncode == 1, result.stdout
    return result.stdout


@pytest.mark.parametrize("arguments, said", (
    (("--gdb", "1234"), "--gdb: only with --igvm"),
    (("--igvm", vmpl0.IGVM, "--gdb", ""), "--gdb: the value is empty"),
    (("--igvm", vmpl0.IGVM, "--gdb", "0"), "--gdb 0: a port is from 1 to 65535"),
    (("--igvm", vmpl0.IGVM, "--gdb", "65536"), "--gdb 65536: a port is from 1 to 65535"),
    (("--igvm", vmpl0.IGVM, "--gdb", "/nowhere/s"), "--gdb /nowhere/s: No such file or directory"),
    (("--igvm", vmpl0.IGVM, "--gdb", "s" * 200), f"--gdb {'s' * 200}: AF_UNIX path too long"),
    (("--igvm", vmpl0.IGVM, "--gdb", "1234", "--host", "rebuild"), "--gdb: not with --host rebuild"),
    (("--igvm", vmpl0.IGVM, "--gdb", "1234", "--save", "x"), "--save: not with a program at VMPL 0"),
), ids=("no-igvm", "empty", "zero", "large", "directory", "long", "rebuild", "save"))
def test_refused(arguments, said):
    assert refused(*arguments) == f"snpsim: {said}\n"
