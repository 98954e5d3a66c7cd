# SPDX-License-Identifier: GPL-2.0
"""What `snpsim igvm` says of a file: in words, and as JSON."""

import collections

import firmware
import igvm
from igvm_launch import Launch, Machine


class Listing:
    """file, launch, and both of them as plain data for JSON"""

    def __init__(self, path, machine, room):
        self.path = path
        with open(path, 'rb') as f:
            image = f.read(igvm.LARGEST + 1)
        if len(image) > igvm.LARGEST:
            raise igvm.Damaged(f'it is larger than {igvm.LARGEST >> 20} MiB')
        self.file = igvm.File(image)
        self.launch = Launch(self.file, machine)
        self.launch.check_room(room)
        self.machine = machine

    @property
    def problems(self):
        return self.launch.problems

    def pages(self, platform):
        """How many pages of data a platform has in the file."""
        return sum(header.data_size() for header in
                   self.file.of('page-data', mask=platform.mask)) // igvm.PAGE

    def foreign(self):
        """How many headers are for other platforms only."""
        if not self.launch.platform:
            return collections.Counter()
        mask = self.launch.platform.mask
        headers = [h for h in self.file.headers if h.name != 'supported-platform']
        return collections.Counter(h.name for h in headers if not h.applies_to(mask))

    def as_data(self):
        file, launch = self.file, self.launch
        return {
            'file': self.path, 'version': file.version, 'bytes': len(file.image),
            'architecture': igvm.ARCHITECTURES[file.architecture],
            'headers': collections.Counter(h.name for h in file.headers),
            'optional': [{'type': f'{number:#x}', 'length': length}
                         for number, length in file.ignored],
            'platforms': [{
                'platform': igvm.platform_name(p.platform), 'mask': f'{p.mask:#x}', 'vtl': p.vtl,
                'version': p.version, 'shared_boundary': f'{p.shared_boundary:#x}',
                'pages': self.pages(p),
            } for p in file.platforms],
            'other_platforms': self.foreign(),
            'memory': self.machine.memory, 'cpus': self.machine.cpus,
            'policy': None if launch.policy is None else f'{launch.policy:#x}',
            'ranges': [{
                'kind': r.name, 'gpa': f'{r.gpa:#x}', 'pages': r.size // igvm.PAGE,
                'large': r.large, 'data': bool(r.data),
            } for r in launch.ranges],
            'parameters': [{
                'gpa': f'{gpa:#x}', 'bytes': size,
                'contents': [{'name': name, 'offset': offset} for name, offset in contents],
            } for gpa, size, contents in launch.parameters],
            'vmsa': launch.vmsa and {name: f'{value:#x}' for name, value in launch.vmsa.items()},
            'firmware': launch.firmware and {
                'bytes': len(launch.firmware.image), 'reads_memory_map': launch.firmware.reads_map,
                'sections': [{'gpa': f'{gpa:#x}', 'bytes': size, 'type': firmware.NAMES[kind]}
                             for gpa, size, kind in launch.firmware.sections],
            },
            'problems': launch.problems,
        }

    def as_lines(self):
        yield from self.lines_of_file()
        if self.launch.ranges:
            yield (f'A launch for SEV-SNP, with {self.machine.memory >> 20}M and '
                   f'{self.machine.cpus} CPUs:')
            yield from self.lines_of_launch()
        yield from self.lines_of_problems()

    def lines_of_file(self):
        file = self.file
        yield (f'{self.path}: IGVM version {file.version} for '
               f'{igvm.ARCHITECTURES[file.architecture]}, {len(file.image)} bytes, '
               f'{len(file.headers)} headers')
        for p in file.platforms:
            boundary = f', shared from {p.shared_boundary:#x}' * bool(p.shared_boundary)
            yield (f'  platform {igvm.platform_name(p.platform)}: mask {p.mask:#x}, highest VTL '
                   f'{p.vtl}, version {p.version}, {self.pages(p)} pages{boundary}')
        foreign = self.foreign()
        if foreign:
            counts = ', '.join(f'{count} {name}' for name, count in sorted(foreign.items()))
            yield f'  for other platforms only: {counts}'
        for number, length in file.ignored:
            yield f'  optional header of type {number:#x}, {length} bytes: ignored'

    def lines_of_launch(self):
        launch = self.launch
        if launch.policy is not None:
            yield f'  guest policy {launch.policy:#x}'
        yield f'  {"kind":<11}{"first":>14}   {"last":>14}{"pages":>8}'
        contents = {gpa: names for gpa, _, names in launch.parameters}
        for r in launch.ranges:
            notes = ['2-MiB pages'] * r.large
            if r.name in ('normal', 'unmeasured', 'shared') and not r.data:
                notes.append('zeros')
            if r.name == 'parameter':
                notes += [f'{name} at {offset:#x}' for name, offset in contents.get(r.gpa, ())]
            yield (f'  {r.name:<11}{r.gpa:#14x} - {r.end - 1:#14x}{r.size // igvm.PAGE:>8}  '
                   f'{", ".join(notes)}').rstrip()
        if launch.vmsa:
            yield '  boot CPU: ' + ', '.join(f'{name} {value:#x}'
                                             for name, value in launch.vmsa.items())
        if launch.firmware:
            yield self.line_of_firmware()
        if not launch.problems:
            yield f'  the hypervisor is given {len(launch.pack())} bytes'

    def line_of_firmware(self):
        image, sections = self.launch.firmware.image, self.launch.firmware.sections
        first, end = min(gpa for gpa, _, _ in sections), max(gpa + size for gpa, size, _ in sections)
        reads = 'it reads the map of memory' if self.launch.firmware.reads_map else \
            'it reads no map of memory, and will use what is required above as its own'
        return (f'  firmware: an OVMF of {len(image) >> 10} KiB, with {len(sections)} sections in '
                f'{first:#x} - {end - 1:#x}; {reads}')

    def lines_of_problems(self):
        if not self.problems:
            yield 'The simulator can satisfy all of it.'
            return
        yield 'The simulator could not satisfy:'
        for text in self.problems:
            yield f'  {text}'


def listing(path, memory, cpus, low_top, room):
    """Raises OSError, or igvm.Damaged for what is no good file."""
    return Listing(path, Machine(memory, cpus, low_top), room)
