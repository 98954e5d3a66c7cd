# SPDX-License-Identifier: GPL-2.0
"""IGVM files (Independent Guest Virtual Machine), none of which is trusted.

A file has a fixed header, variable headers (type, length, body, padded to 8 bytes), and
data that they point to. Numbers and rules are those of igvm_defs, the format's definition
(github.com/microsoft/igvm). The checksum covers both kinds of headers, not the data.
"""

import struct
import zlib

PAGE, LARGE_PAGE = 4096, 2 << 20
LARGEST = 512 << 20
MAX_HEADERS = 1 << 18
MAGIC = b'IGVM'
FIXED, FIXED_2 = '<4sIIIII', '<II'      # version 2 appends architecture and page size
HEADER = '<II'
OPTIONAL = 1 << 31                      # a loader that does not know the type ignores it
ADDRESSES = 1 << 64
ARCHITECTURES = {0: 'x86-64', 1: 'AArch64'}
CHECKSUM_AT = 20

NATIVE, VSM, SNP, TDX, SEV, SEV_ES, CCA = range(7)
PLATFORMS = {NATIVE: 'native', VSM: 'VSM', SNP: 'SEV-SNP', TDX: 'TDX', SEV: 'SEV',
             SEV_ES: 'SEV-ES', CCA: 'CCA'}
WITH_VMSA = (SNP, SEV_ES)               # a VP context is a page of guest memory there

NORMAL, SECRETS, CPUID, CPUID_XF = range(4)
PAGE_TYPES = {NORMAL: 'normal', SECRETS: 'secrets', CPUID: 'cpuid', CPUID_XF: 'cpuid-xf'}
LARGE, UNMEASURED, SHARED = 1, 2, 4     # flags of page data

# Sections, in the order in which they have to come: (name, first type, last type)
SECTIONS = (('platform', 0x1, 0x100), ('initialization', 0x101, 0x200),
            ('directive', 0x301, 0x400))


class Damaged(Exception):
    """Why a file is no good IGVM file, for one line."""


class Kind:
    """One type of variable header: its name, and its body as struct sees it."""

    def __init__(self, number, name, layout, fields):
        self.number, self.name, self.layout = number, name, '<' + layout
        self.fields = fields.split()
        self.size = struct.calcsize(self.layout)


PARAMETER = ('II', 'index offset')
ID_KEYS = ('144s152s' * 2, 'id_signature id_key author_signature author_key')
KINDS = {kind.number: kind for kind in (
    Kind(0x001, 'supported-platform', 'IBBHQ', 'mask vtl platform version shared_boundary'),
    Kind(0x101, 'guest-policy', 'QII', 'policy mask reserved'),
    Kind(0x102, 'relocatable-region', 'IHBBQQQQQ',
         'mask vp_index vtl flags alignment gpa size minimum maximum'),
    Kind(0x103, 'page-table-relocation', 'IHBBQQQ', 'mask vp_index vtl reserved gpa size used'),
    Kind(0x104, 'corim-document', 'IIII', 'mask file_offset size reserved'),
    Kind(0x105, 'corim-signature', 'IIII', 'mask file_offset size reserved'),
    Kind(0x106, 'cca-policy', 'IIQQBB6s', 'mask reserved zeroes ones hash lfa reserved_2'),
    Kind(0x301, 'parameter-area', 'QII', 'size index file_offset'),
    Kind(0x302, 'page-data', 'QIIIHH', 'gpa mask file_offset flags type reserved'),
    Kind(0x303, 'parameter-insert', 'QII', 'gpa mask index'),
    Kind(0x304, 'vp-context', 'QIIHH', 'gpa mask file_offset vp_index unused'),
    Kind(0x305, 'required-memory', 'QIIII', 'gpa mask size flags reserved'),
    Kind(0x307, 'vp-count', *PARAMETER),
    Kind(0x308, 'srat', *PARAMETER),
    Kind(0x309, 'madt', *PARAMETER),
    Kind(0x30a, 'mmio-ranges', *PARAMETER),
    Kind(0x30b, 'snp-id-block', 'IB3s48s16s16sIIII' + ID_KEYS[0],
         'mask author_key_enabled unused digest family image version svn id_algorithm '
         'author_algorithm ' + ID_KEYS[1]),
    Kind(0x30c, 'memory-map', *PARAMETER),
    Kind(0x30d, 'error-range', 'QII', 'gpa mask size'),
    Kind(0x30e, 'command-line', *PARAMETER),
    Kind(0x30f, 'slit', *PARAMETER),
    Kind(0x310, 'pptt', *PARAMETER),
    Kind(0x311, 'vbs-measurement', 'IIIIIIII64s256s512s',
         'mask version product module security_version policy digest_algorithm '
         'signing_algorithm digest signature key'),
    Kind(0x312, 'device-tree', *PARAMETER),
    Kind(0x313, 'environment-info', *PARAMETER),
)}
NAMES = {kind.name: kind for kind in KINDS.values()}
# What a loader writes into a parameter area, and its size where that is fixed
PARAMETERS = {kind.name: 1 for kind in KINDS.values() if kind.fields == ['index', 'offset']}
PARAMETERS.update({'vp-count': 4, 'environment-info': 4, 'mmio-ranges': 32})


class Header:
    """A variable header: its kind, and its fields as attributes."""

    def __init__(self, kind, **fields):
        self.kind, self.name = kind, kind.name
        self.__dict__.update(dict.fromkeys(kind.fields, 0), **fields)

    def pack(self):
        return struct.pack(self.kind.layout, *(getattr(self, name) for name in self.kind.fields))

    def applies_to(self, mask):
        """Headers without a mask are for every platform."""
        return bool(getattr(self, 'mask', mask) & mask)

    def data_size(self):
        """How much of the file's data belongs to it."""
        if self.name == 'page-data':
            return LARGE_PAGE if self.flags & LARGE else PAGE
        return PAGE if self.name == 'vp-context' else self.size

    def __str__(self):
        if self.name in ('parameter-area', *PARAMETERS):
            return f'{self.name} of area {self.index}'
        return f'{self.name} at {self.gpa:#x}' if hasattr(self, 'gpa') else self.name


class File:
    """version, architecture, headers in their order, ignored [(type, length)]"""

    def __init__(self, image):
        self.image, self.headers, self.ignored = image, [], []
        self.version, start, end = self.read_fixed()
        self.data_start = end
        self.read_headers(start, end)
        self.platforms = self.check_platforms()
        for header in self.headers:
            self.check(header)
        self.check_parameters()
        for platform in self.platforms:
            self.check_overlap(platform)

    def read_fixed(self):
        """(version, where the variable headers start, where they end)"""
        image, size = self.image, struct.calcsize(FIXED)
        if image[:4] != MAGIC:
            raise Damaged('this is no IGVM file: it does not begin with "IGVM"')
        if len(image) < size:
            raise Damaged(f'truncated: {len(image)} bytes are no fixed header')
        _, version, start, length, total, checksum = struct.unpack_from(FIXED, image)
        if version not in (1, 2):
            raise Damaged(f'its format has version {version}; 1 and 2 are known here')
        self.architecture = 0
        if version == 2:
            size = self.read_fixed_2(size)
        if total != len(image):
            raise Damaged(f'truncated: {len(image)} of its {total} bytes are there'
                          if total > len(image) else
                          f'damaged: {len(image)} bytes, and its header has {total}')
        if start < size or start % 8 or length % 8 or start + length > total:
            raise Damaged(f'damaged: its variable headers, {length} bytes at {start:#x}, are '
                          'not where they can be')
        head = image[:CHECKSUM_AT] + bytes(4) + image[CHECKSUM_AT + 4:size]
        found = zlib.crc32(image[start:start + length], zlib.crc32(head))
        if found != checksum:
            raise Damaged(f'damaged: its checksum is {checksum:#010x}, and {found:#010x} would '
                          'be right')
        return version, start, start + length

    def read_fixed_2(self, at):
        if len(self.image) < at + struct.calcsize(FIXED_2):
            raise Damaged(f'truncated: {len(self.image)} bytes are no fixed header of version 2')
        self.architecture, page_size = struct.unpack_from(FIXED_2, self.image, at)
        if self.architecture not in ARCHITECTURES:
            raise Damaged(f'its architecture is {self.architecture:#x}, which is not known here')
        if page_size != PAGE:
            raise Damaged(f'its pages have {page_size} bytes; {PAGE} are known here')
        return at + struct.calcsize(FIXED_2)

    def read_headers(self, at, end):
        section = 0
        while at < end:
            number, length = struct.unpack_from(HEADER, self.image, at)
            body, after = at + 8, at + 8 + (length + 7) // 8 * 8
            what = f'header {len(self.headers) + len(self.ignored)} (type {number:#x})'
            if after > end:
                raise Damaged(f'damaged: {what} has {length} bytes, and they do not end with the '
                              'headers')
            if any(self.image[body + length:after]):
                raise Damaged(f'damaged: {what} has a padding that is not zero')
            if len(self.headers) + len(self.ignored) == MAX_HEADERS:
                raise Damaged(f'it has more than {MAX_HEADERS} headers')
            section = self.next_section(section, number & ~OPTIONAL, what)
            self.read_header(what, number, self.image[body:body + length])
            at = after

    @staticmethod
    def next_section(section, number, what):
        for i, (name, first, last) in enumerate(SECTIONS):
            if first <= number <= last:
                if i < section:
                    raise Damaged(f'damaged: {what} is a {name} header behind a '
                                  f'{SECTIONS[section][0]} header')
                return i
        return section

    def read_header(self, what, number, body):
        kind = KINDS.get(number & ~OPTIONAL)
        if not kind:
            if not number & OPTIONAL:
                raise Damaged(f'{what} is not known here, and no loader may ignore it')
            self.ignored.append((number, len(body)))
            return
        if len(body) != kind.size:
            raise Damaged(f'damaged: {what} has {len(body)} bytes, and {kind.name} has '
                          f'{kind.size}')
        fields = dict(zip(kind.fields, struct.unpack(kind.layout, body)))
        for name in ('reserved', 'reserved_2'):
            if fields.get(name, 0) not in (0, bytes(6)):
                raise Damaged(f'damaged: {what}, {kind.name}, has a reserved field that is not 0')
        self.headers.append(Header(kind, **fields))

    def of(self, *names, mask=None):
        """The headers of these kinds, all or those for a platform."""
        return [header for header in self.headers
                if header.name in names and (mask is None or header.applies_to(mask))]

    def check_platforms(self):
        platforms = self.of('supported-platform')
        if not platforms:
            raise Damaged('damaged: it names no platform')
        for platform in platforms:
            name = platform_name(platform.platform)
            if platform.mask.bit_count() != 1:
                raise Damaged(f'damaged: the mask of platform {name}, {platform.mask:#x}, is not '
                              'one bit')
            if platform.vtl not in (0, 2):
                raise Damaged(f'damaged: platform {name} has {platform.vtl} as its highest VTL')
        for field in ('platform', 'mask'):
            values = [getattr(platform, field) for platform in platforms]
            if len(set(values)) < len(values):
                raise Damaged(f'damaged: two platforms have the same {field}')
        return platforms

    def check(self, header):
        """One header by itself."""
        gpa, size = getattr(header, 'gpa', 0), getattr(header, 'size', 0)
        if header.name.startswith('corim'):
            size = 0
        if header.name == 'page-data':
            size = header.data_size()
            if header.type not in PAGE_TYPES:
                raise Damaged(f'damaged: {header} has type {header.type}')
        align = LARGE_PAGE if size == LARGE_PAGE and header.name == 'page-data' else PAGE
        if gpa % align or size % PAGE:
            raise Damaged(f'damaged: {header} is not aligned to its pages')
        if gpa + size > ADDRESSES:
            raise Damaged(f'damaged: {header} goes beyond all addresses')
        if header.name == 'parameter-area' and not size:
            raise Damaged(f'damaged: {header} has no bytes')
        if header.name == 'relocatable-region':
            self.check_relocation(header)
        if header.name == 'page-table-relocation' and header.used > size:
            raise Damaged(f'damaged: {header} uses more than it has')
        if getattr(header, 'file_offset', 0) or header.name == 'vp-context':
            self.check_data(header)

    @staticmethod
    def check_relocation(header):
        align = header.alignment
        if not align or align % PAGE:
            raise Damaged(f'damaged: {header} is aligned to {align:#x}, which is not whole pages')
        if header.gpa % align or header.minimum % align or header.maximum % align:
            raise Damaged(f'damaged: {header} is not where its alignment, {align:#x}, lets it be')

    def check_data(self, header):
        size = header.data_size()
        if header.name == 'vp-context' and self.is_registers(header):
            # A count of registers, and 32 bytes for each
            size = 4
            self.check_range(header, size)
            size += 32 * int.from_bytes(self.contents(header, size), 'little')
        self.check_range(header, size)

    def check_range(self, header, size):
        if not self.data_start <= header.file_offset <= len(self.image) - size:
            raise Damaged(f'damaged: the data of {header}, {size} bytes at '
                          f'{header.file_offset:#x}, are not among the data of the file')

    def is_registers(self, header):
        """The context is a list of registers only if no platform has it as a page."""
        platforms = [p.platform for p in self.platforms if header.applies_to(p.mask)]
        return platforms == [VSM]

    def contents(self, header, size=None):
        """Its data in the file; zeros where it has none."""
        size = header.data_size() if size is None else size
        if not header.file_offset:
            return bytes(size)
        return self.image[header.file_offset:header.file_offset + size]

    def check_parameters(self):
        """Areas are declared, then filled, then inserted once."""
        sizes, inserted = {}, set()
        for header in self.of('parameter-area', 'parameter-insert', *PARAMETERS):
            if header.name == 'parameter-area':
                if header.index in sizes:
                    raise Damaged(f'damaged: there are two areas {header.index}')
                sizes[header.index] = header.size
                continue
            if header.index not in sizes:
                raise Damaged(f'damaged: {header} needs area {header.index}, which is not there')
            if header.index in inserted:
                raise Damaged(f'damaged: {header} comes when area {header.index} has been inserted')
            size = sizes[header.index]
            if header.name == 'parameter-insert':
                inserted.add(header.index)
                header.size = size
                if header.gpa + size > ADDRESSES:
                    raise Damaged(f'damaged: {header} goes beyond all addresses')
            elif header.offset + PARAMETERS[header.name] > size:
                raise Damaged(f'damaged: {header} lies at {header.offset:#x}, behind its end')

    def check_overlap(self, platform):
        """No page of a platform comes from two headers."""
        names = ['page-data', 'parameter-insert', 'error-range']
        names += ['vp-context'] * (platform.platform in WITH_VMSA)
        last, end = None, 0
        for header in sorted(self.of(*names, mask=platform.mask), key=lambda h: h.gpa):
            if header.gpa < end and not header.name == last.name == 'vp-context':
                raise Damaged(f'damaged: for {platform_name(platform.platform)}, {header} '
                              f'overlaps {last}')
            size = header.data_size()
            if size:
                last, end = header, header.gpa + size


def platform_name(number):
    return PLATFORMS.get(number, f'{number:#x}')
