# SPDX-License-Identifier: GPL-2.0
"""What a launch makes of an IGVM file: which pages go where, with what the loader fills in.

Launch is a function of a file and a machine, and knows of everything that the simulator could
not satisfy. pack() is what the hypervisor will read.
"""

import struct

import igvm
from firmware import FOUR_GIB, LARGEST, ONE_MIB, VGA_HOLE, NAMES, Firmware, Unfit
from igvm import LARGE, PAGE, SHARED, SNP, UNMEASURED

VMSA_GPA = 0xfffffffff000               # KVM has the boot CPU's there, and no memory
MAX_CPUID = 64
LARGEST_AREA = 1 << 20                  # of parameters

# Kinds of ranges, in the order in which a launch takes them
REQUIRED, PAGES, UNMEASURED_PAGES, PARAMETERS, SHARED_PAGES, CPUID, SECRETS, VMSA = range(8)
RANGES = {REQUIRED: 'required', PAGES: 'normal', UNMEASURED_PAGES: 'unmeasured',
          PARAMETERS: 'parameter', SHARED_PAGES: 'shared', CPUID: 'cpuid', SECRETS: 'secrets',
          VMSA: 'vmsa'}
OF_TYPE = {igvm.NORMAL: PAGES, igvm.SECRETS: SECRETS, igvm.CPUID: CPUID, igvm.CPUID_XF: CPUID}
# Kinds that are copied as they are, so that pages one after the other make one range
JOINED = (REQUIRED, PAGES, UNMEASURED_PAGES, SHARED_PAGES)

# What a memory map says of memory
MEMORY, HIDDEN = 0, 5
# The parameters that there is an answer to; a device tree of zeros is none
FILLED = ('vp-count', 'environment-info', 'memory-map', 'madt', 'device-tree')
MEMORY_IS_SHARED = 1                    # of the environment: what the file does not list

# Offsets into a VMSA (AMD64 Architecture Programmer's Manual, volume 2, appendix B)
VMSA_FIELDS = {'cs_attributes': (0x12, 2), 'vmpl': (0xca, 1), 'efer': (0xd0, 8),
               'cr4': (0x148, 8), 'cr3': (0x150, 8), 'cr0': (0x158, 8), 'rflags': (0x170, 8),
               'rip': (0x178, 8), 'rsp': (0x1d8, 8), 'rax': (0x1f8, 8), 'rsi': (0x330, 8),
               'sev_features': (0x3b0, 8), 'xcr0': (0x3e8, 8)}
EFER_SVME = 1 << 12
# SEV_FEATURES: SNP has to be there, restricted injection and DebugSwap can be
FEATURE_SNP, FEATURES = 1 << 0, 1 << 0 | 1 << 3 | 1 << 5
POLICY_RESERVED_ONE = 1 << 17

HEADER, RANGE = '<8sIIQQ', '<QQIIQ'
LAUNCH_MAGIC = b'SNIGVM01'


class Machine:
    """The guest's memory and CPUs. RAM ends at `top` below 4 GiB; the rest is above."""

    def __init__(self, memory, cpus, top):
        self.memory, self.cpus = memory, cpus
        low = min(memory, top)
        high = [(FOUR_GIB, FOUR_GIB + memory - low)] if memory > low else []
        self.ram = [(0, VGA_HOLE), (ONE_MIB, low), *high]
        # As QEMU tells it, with no hole below 1 MiB: OVMF takes the first entry for all memory
        # below 4 GiB
        self.map = [(0, low), *high]

    def missing(self, item):
        """The parts of a range for which there is no memory. Pages can be where firmware is."""
        places = list(self.ram)
        if item.kind != REQUIRED:
            places.append((FOUR_GIB - LARGEST, FOUR_GIB))
        at = item.gpa
        for start, end in sorted(places):
            if at < min(start, item.end):
                yield at, min(start, item.end)
            at = max(at, end)
        if at < item.end:
            yield at, item.end


class Range:
    """Pages of one kind; without data they are zeros, or nothing is copied."""

    def __init__(self, kind, gpa, size, data=b'', large=False):
        self.kind, self.gpa, self.size, self.large = kind, gpa, size, large
        self.data = [data] if data else []

    @property
    def name(self):
        return RANGES[self.kind]

    @property
    def end(self):
        return self.gpa + self.size

    def take(self, other):
        """Add the range that follows, if it is of the same kind."""
        if other.kind != self.kind or other.gpa != self.end or other.large != self.large or \
           self.kind not in JOINED or bool(other.data) != bool(self.data) or self.end == FOUR_GIB:
            return False
        self.size += other.size
        self.data += other.data
        return True


class Launch:
    """ranges, vmsa (its fields), policy, parameters [(area's gpa, size, [names])], firmware, problems"""

    def __init__(self, file, machine):
        self.file, self.machine, self.problems = file, machine, []
        self.image, self.platform = memoryview(file.image), None
        self.ranges, self.parameters, self.vmsa, self.policy = [], [], None, None
        self.firmware = None
        platforms = [p for p in file.platforms if p.platform == SNP]
        if not platforms:
            names = ', '.join(igvm.platform_name(p.platform) for p in file.platforms)
            self.problem(f'it has no platform SEV-SNP, only {names}')
            return
        self.platform = platforms[0]
        self.check_platform()
        self.take_policy()
        self.place_required()
        self.place_pages()
        self.place_parameters()
        self.place_vmsa()
        self.join()
        self.check_memory()
        self.firmware = self.find_firmware()

    def problem(self, text):
        if text not in self.problems:
            self.problems.append(text)

    def of(self, *names):
        return self.file.of(*names, mask=self.platform.mask)

    def check_platform(self):
        if self.platform.version != 1:
            self.problem(f'its SEV-SNP platform has version {self.platform.version}; 1 is known '
                         'here')
        if self.platform.shared_boundary:
            self.problem(f'memory from {self.platform.shared_boundary:#x} is to be shared (vTOM), '
                         'which the simulator does not know')

    def take_policy(self):
        for header in self.of('guest-policy'):
            if self.policy is not None:
                self.problem('it has two guest policies for SEV-SNP')
            self.policy = header.policy
            if not header.policy & POLICY_RESERVED_ONE:
                self.problem(f'its guest policy is {header.policy:#x}, and bit 17 has to be set')

    def place(self, kind, header, size, data=b'', large=False):
        if size:
            self.ranges.append(Range(kind, header.gpa, size, data, large))

    def place_required(self):
        for header in self.of('required-memory'):
            self.place(REQUIRED, header, header.size)
        for header in self.of('error-range'):
            self.place(SHARED_PAGES, header, header.size)

    def place_pages(self):
        for header in self.of('page-data'):
            kind = OF_TYPE[header.type]
            if header.flags & ~(LARGE | UNMEASURED | SHARED):
                self.problem(f'{header} has flags {header.flags:#x}, which the simulator does not '
                             'know')
            if kind == PAGES and header.flags & SHARED:
                kind = SHARED_PAGES
            elif kind == PAGES and header.flags & UNMEASURED:
                kind = UNMEASURED_PAGES
            elif kind != PAGES and header.flags:
                self.problem(f'{header} is a {RANGES[kind]} page with flags {header.flags:#x}')
            data = b''
            if header.file_offset:
                data = self.image[header.file_offset:header.file_offset + header.data_size()]
            if kind == CPUID:
                self.check_cpuid(header, data)
            self.place(kind, header, header.data_size(), data, bool(header.flags & LARGE))
        if len([r for r in self.ranges if r.kind == SECRETS]) > 1:
            self.problem('it has more than one secrets page')

    def check_cpuid(self, header, data):
        count = int.from_bytes(data[:4], 'little')
        if count > MAX_CPUID:
            self.problem(f'{header} asks for {count} CPUID leaves, and {MAX_CPUID} can be there')

    def place_parameters(self):
        areas, named = {}, {}
        for header in self.of('parameter-area', 'parameter-insert', *igvm.PARAMETERS):
            if header.name == 'parameter-area':
                areas[header.index], named[header.index] = header, []
            elif header.name == 'parameter-insert':
                self.insert(header, areas[header.index], named[header.index])
            else:
                named[header.index].append(header)

    def insert(self, insert, area, named):
        if area.size > LARGEST_AREA:
            self.problem(f'{area} has {area.size:#x} bytes; {LARGEST_AREA:#x} are the most')
            return
        data = bytearray(self.file.contents(area))
        for header in named:
            self.fill(data, header)
        self.parameters.append((insert.gpa, area.size, [(h.name, h.offset) for h in named]))
        self.place(PARAMETERS, insert, area.size, bytes(data))

    def fill(self, data, header):
        if header.name not in FILLED:
            self.problem(f'{header}: the simulator has none')
            return
        value = self.value(header.name)
        if header.offset + len(value) > len(data):
            self.problem(f'{header} has room for {len(data) - header.offset} bytes, and '
                         f'{len(value)} are needed')
            return
        data[header.offset:header.offset + len(value)] = value

    def value(self, name):
        if name == 'vp-count':
            return struct.pack('<I', self.machine.cpus)
        if name == 'environment-info':
            return struct.pack('<I', MEMORY_IS_SHARED)
        if name == 'memory-map':
            required = [(h.gpa, h.gpa + h.size) for h in self.of('required-memory')]
            return memory_map(self.machine.map, required)
        return madt(self.machine.cpus) if name == 'madt' else b''

    def place_vmsa(self):
        contexts = self.of('vp-context')
        if len(contexts) != 1:
            self.problem(f'it has {len(contexts)} VP contexts for SEV-SNP, and one CPU is started')
        if not contexts:
            return
        context = contexts[0]
        page = self.file.contents(context, PAGE)
        self.vmsa = {name: int.from_bytes(page[at:at + size], 'little')
                     for name, (at, size) in VMSA_FIELDS.items()}
        self.ranges.append(Range(VMSA, context.gpa, PAGE, page))
        self.check_vmsa(context)

    def check_vmsa(self, context):
        features = self.vmsa['sev_features']
        if context.gpa != VMSA_GPA:
            self.problem(f'its VMSA is at {context.gpa:#x}, and KVM has it at {VMSA_GPA:#x}')
        if context.vp_index:
            self.problem(f'its VP context is for CPU {context.vp_index}, and CPU 0 is started')
        if not features & FEATURE_SNP or features & ~FEATURES:
            self.problem(f'the SEV features of its VMSA are {features:#x}; the simulator has SNP '
                         f'and, where they are asked for, {FEATURES & ~FEATURE_SNP:#x}')
        if self.vmsa['vmpl']:
            self.problem(f'its VMSA is for VMPL {self.vmsa["vmpl"]}, and VMPL 0 is started')
        if not self.vmsa['efer'] & EFER_SVME:
            self.problem('its VMSA has no EFER.SVME, and no CPU runs such a one')

    def join(self):
        """The order of a launch, and one range where pages follow each other."""
        joined = []
        for item in sorted(self.ranges, key=lambda r: (r.kind, r.gpa)):
            if not joined or not joined[-1].take(item):
                joined.append(item)
        self.ranges = joined

    def check_memory(self):
        for item in self.ranges:
            if item.kind != VMSA:
                for start, end in self.machine.missing(item):
                    self.problem(f'{item.name} pages at {start:#x} - {end - 1:#x}: the guest has '
                                 'no memory there')

    def find_firmware(self):
        """The image that ends at 4 GiB, if it is an OVMF that supports an SVSM."""
        parts, start = [], FOUR_GIB
        for item in sorted(self.ranges, key=lambda r: r.gpa, reverse=True):
            if item.kind in (PAGES, UNMEASURED_PAGES) and item.end == start and \
               item.gpa >= FOUR_GIB - LARGEST:
                parts.insert(0, b''.join(item.data) or bytes(item.size))
                start = item.gpa
        try:
            firmware = Firmware(b''.join(parts))
        except Unfit:
            return None
        self.check_firmware(firmware)
        return firmware

    def check_firmware(self, firmware):
        """The guest has the memory that it wants; what the file requires is the SVSM's."""
        for gpa, size, kind in firmware.sections:
            what = f'its firmware wants {size:#x} bytes at {gpa:#x} ({NAMES[kind]})'
            if any(self.machine.missing(Range(REQUIRED, gpa, size))):
                self.problem(f'{what}, and the guest has no memory there')
            if any(r.kind == REQUIRED and gpa < r.end and r.gpa < gpa + size for r in self.ranges):
                self.problem(f'{what}, which the file requires for the program at VMPL 0')

    def check_room(self, room):
        """The hypervisor has so much room for what it is given."""
        size = sum(map(len, self.data()))
        if size > room:
            self.problem(f'its pages take {size >> 20} MiB, and there is room for {room >> 20} MiB')

    def data(self):
        return [data for item in self.ranges for data in item.data]

    def pack(self):
        """The magic, how many ranges, the policy; the ranges; their data. No data: offset 0."""
        at = struct.calcsize(HEADER) + len(self.ranges) * struct.calcsize(RANGE)
        padding = bytes(-at % PAGE)
        at += len(padding)
        table = []
        for item in self.ranges:
            table.append(struct.pack(RANGE, item.gpa, item.size // PAGE, item.kind, item.large,
                                     at if item.data else 0))
            at += sum(map(len, item.data))
        head = struct.pack(HEADER, LAUNCH_MAGIC, len(self.ranges), 0, self.policy or 0, at)
        return b''.join([head, *table, padding, *self.data()])


def memory_map(ram, required):
    """Sorted entries, then one of no pages. RAM that the file requires is its own, and hidden."""
    entries = []
    for start, end in ram:
        for first, last in sorted(required):
            first, last = max(first, start), min(last, end)
            if first < last:
                entries += [(start, first, MEMORY), (first, last, HIDDEN)]
                start = last
        entries.append((start, end, MEMORY))
    packed = b''.join(struct.pack('<QQHHI', start // PAGE, (end - start) // PAGE, kind, 0, 0)
                      for start, end, kind in entries if start < end)
    return packed + bytes(24)


def madt(cpus):
    """A local APIC for each CPU, with its number as its APIC id."""
    apics = b''.join(struct.pack('<BBBBI', 0, 8, n, n, 1) for n in range(cpus))
    size = 44 + len(apics)
    table = bytearray(struct.pack('<4sIBB6s8sI4sIII', b'APIC', size, 4, 0, b'SNPSIM', b'IGVM',
                                  1, b'SNPS', 1, 0xfee00000, 0) + apics)
    table[9] = -sum(table) & 0xff
    return bytes(table)
