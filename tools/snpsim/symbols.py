# SPDX-License-Identifier: GPL-2.0
"""The names in an ELF file: which function is an address of the program at VMPL 0 in?"""

import bisect
import re
import struct

HEADER, SECTION, SYMBOL = struct.Struct('<16sHHIQQQIHHHHHH'), struct.Struct('<IIQQQQIIQQ'), struct.Struct('<IBBHQQ')
MAGIC = b'\x7fELF\x02\x01'     # 64 bits, little endian
SYMTAB, FUNC, NOTYPE = 2, 2, 0
RESERVED = 0xff00     # from here on a section's number means something else


class Useless(Exception):
    """Not an ELF file with symbols; the text says why."""


# What is in a name of Rust's: what tells equal names apart, a reference back, or an identifier
PIECE = re.compile(r'(?:s[0-9A-Za-z]*_|B[0-9A-Za-z]*_)|(\d+)_?')


def plain(name):
    """The path in a name of Rust's, without its types; all other names as they are."""
    mangled = re.match(r'_R(?=[A-Z])|_ZN(?=\d)', name)
    if not mangled:
        return name
    parts, at = [], mangled.end()
    while at < len(name):
        piece = PIECE.match(name, at)
        at = piece.end() if piece else at + 1
        if piece and piece[1]:
            parts.append(name[at:at + int(piece[1])])
            at += int(piece[1])
    return '::'.join(part for part in parts if part and not re.fullmatch(r'h[0-9a-f]{16}', part))


class Symbols:
    def __init__(self, path):
        with open(path, 'rb') as f:
            self.data = f.read()
        if not self.data.startswith(MAGIC):
            raise Useless('not a 64-bit ELF file')
        try:
            self.found = sorted(self._read())
        except (struct.error, IndexError):
            raise Useless('a damaged ELF file') from None
        if not self.found:
            raise Useless('the ELF file has no symbols')

    def _read(self):
        *_, offset, _, _, _, _, size, count, _ = HEADER.unpack_from(self.data)
        sections = [SECTION.unpack_from(self.data, offset + size * i) for i in range(count)]
        for _, kind, _, _, begin, length, link, *_ in sections:
            if kind != SYMTAB:
                continue
            names = sections[link][4]
            for at in range(begin, begin + length, SYMBOL.size):
                name, info, _, section, value, extent = SYMBOL.unpack_from(self.data, at)
                if 0 < section < RESERVED and name and info & 15 in (FUNC, NOTYPE):
                    start = names + name
                    text = self.data[start:self.data.index(b'\0', start)]
                    yield value, extent, text.decode('ascii', 'replace')

    def name(self, address):
        """As in "function+0x12"; None if no function is there."""
        place = bisect.bisect_right(self.found, (address, 1 << 64, '')) - 1
        if place < 0:
            return None
        begin, extent, name = self.found[place]
        # Assembly's have no size
        if extent and address >= begin + extent:
            return None
        return f'{plain(name)}+{address - begin:#x}'
