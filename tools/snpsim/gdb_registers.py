# SPDX-License-Identifier: GPL-2.0
"""The registers of VMPL 0 that gdb sees: a target description (gdb's manual, appendix G), and
where each of them is in struct box_registers of hv/debug/box.h."""

GENERAL = ('rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', *(f'r{n}' for n in range(8, 16)))
ENCODING = ('rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', *(f'r{n}' for n in range(8, 16)))
SEGMENTS = ('cs', 'ss', 'ds', 'es', 'fs', 'gs')
BASES = ('fs_base', 'gs_base')
SYSTEM = ('k_gs_base', 'cr0', 'cr2', 'cr3', 'cr4', 'efer')
# gdb wants them described, even though nobody has them here
X87 = tuple(f'st{n}' for n in range(8))
X87_CONTROL = ('fctrl', 'fstat', 'ftag', 'fiseg', 'fioff', 'foseg', 'fooff', 'fop')

WORDS = {name: n for n, name in enumerate((*ENCODING, 'rip', 'eflags', *SEGMENTS, *BASES, *SYSTEM))}
STATE = len(WORDS)
COUNT = STATE + 1       # words in all
WRITABLE = {*GENERAL, 'rip', 'eflags', *BASES}

TYPES = {'rsp': 'data_ptr', 'rbp': 'data_ptr', 'rip': 'code_ptr', 'eflags': 'i386_eflags'}
FLAGS = {'CF': 0, 'PF': 2, 'AF': 4, 'ZF': 6, 'SF': 7, 'TF': 8, 'IF': 9, 'DF': 10, 'OF': 11, 'NT': 14, 'RF': 16, 'VM': 17,
         'AC': 18, 'VIF': 19, 'VIP': 20, 'ID': 21}


def features():
    """(feature, [(name, bits, type)]): the order is that of the numbers and of the packet g."""
    core = [(name, 64, TYPES.get(name, 'int64')) for name in (*GENERAL, 'rip')]
    core += [(name, 32, TYPES.get(name, 'int32')) for name in ('eflags', *SEGMENTS)]
    core += [(name, 80, 'i387_ext') for name in X87] + [(name, 32, 'int') for name in X87_CONTROL]
    return (
        ('org.gnu.gdb.i386.core', core),
        ('org.gnu.gdb.i386.segments', [(name, 64, 'int64') for name in BASES]),
        ('snpsim.system', [(name, 64, 'int64') for name in SYSTEM]),
    )


REGISTERS = [(name, bits // 8) for _, registers in features() for name, bits, _ in registers]


def description():
    """The file target.xml."""
    lines = ['<?xml version="1.0"?>', '<!DOCTYPE target SYSTEM "gdb-target.dtd">', '<target version="1.0">',
             '<architecture>i386:x86-64</architecture>', '<osabi>none</osabi>']
    for feature, registers in features():
        lines.append(f'<feature name="{feature}">')
        if feature.endswith('core'):
            lines.append('<flags id="i386_eflags" size="4">')
            lines += [f'<field name="{name}" start="{bit}" end="{bit}"/>' for name, bit in FLAGS.items()]
            lines.append('</flags>')
        lines += [f'<reg name="{name}" bitsize="{bits}" type="{kind}"/>' for name, bits, kind in registers]
        lines.append('</feature>')
    return '\n'.join([*lines, '</target>', '']).encode()


def as_hex(number, words):
    """The register as gdb's packets have it: x for what is not known."""
    name, size = REGISTERS[number]
    if name not in WORDS:
        return 'xx' * size
    return (words[WORDS[name]] & (1 << size * 8) - 1).to_bytes(size, 'little').hex()
