# SPDX-License-Identifier: GPL-2.0
"""A firmware image (OVMF) and its SEV metadata, none of which is trusted.

The image ends at 4 GiB. 32 bytes before its end, backwards, is a table of entries, each
with a GUID (edk2, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm); one of them says where the
SEV metadata are (OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm).
"""

import struct
import uuid

PAGE = 4096
FOUR_GIB = 1 << 32
LARGEST = 16 << 20
SMALLEST = 64 << 10
MAX_SECTIONS = 16
VGA_HOLE, ONE_MIB = 0xa0000, 0x100000

SEC_MEM, SECRETS, CPUID, SVSM_CAA, KERNEL_HASHES = 1, 2, 3, 4, 0x10
NAMES = {SEC_MEM: 'SEC_MEM', SECRETS: 'SECRETS', CPUID: 'CPUID', SVSM_CAA: 'SVSM_CAA',
         KERNEL_HASHES: 'KERNEL_HASHES'}
HASH_TABLE_SIZE = 16 + 2 + 3 * (16 + 2 + 32)

FOOTER = uuid.UUID('96b582de-1fb2-45f7-baea-a366c55a082d')
METADATA = uuid.UUID('dc886566-984a-4798-a75e-5585a7bf67cc')
IGVM = uuid.UUID('784fa70e-3176-4677-8a20-04b68699e374')
IGVM_MEMORY_MAP = 0x101         # edk2, OvmfPkg/ResetVector/X64/IgvmMetadata.nasm.inc
HASH_TABLE = uuid.UUID('7255371f-3a3b-4b04-927b-1da6efa8d454')
TABLE_END = 0x20        # bytes between the table and the end of the image
ENTRY = 2 + 16          # length and GUID, behind an entry's data

# PE machine types (Microsoft PE format), of the code in a firmware volume
MACHINES = {0x14c: '32-bit x86', 0x1c2: 'Arm', 0xaa64: 'AArch64', 0x5064: 'RISC-V',
            0x6264: 'LoongArch'}


class Unfit(Exception):
    """Why an image cannot be the guest's firmware, for one line."""


class Firmware:
    """image, sections [(gpa, size, type)], hash_table (its address, or 0), reads_map"""

    def __init__(self, image):
        self.image = image
        if len(image) % PAGE or not SMALLEST <= len(image) <= LARGEST:
            raise Unfit(f'this is no firmware image: {len(image)} bytes, where whole pages are '
                        f'wanted, {SMALLEST >> 10}K to {LARGEST >> 20}M')
        entries = self.read_table()
        self.sections = self.read_metadata(entries)
        self.check_sections()
        self.hash_table = self.find_hash_table(entries)
        self.reads_map = self.has_memory_map(entries.get(IGVM))

    def read_table(self):
        """{GUID: data} of the table at the end."""
        end = len(self.image) - TABLE_END
        if self.guid_before(end) != FOOTER:
            raise Unfit(self.not_ours())
        size, = struct.unpack_from('<H', self.image, end - ENTRY)
        start, at = end - size, end - ENTRY
        if size < ENTRY or start < 0:
            raise Unfit(f'damaged: its table of GUIDs has {size} bytes')
        entries = {}
        while at > start:
            if at - ENTRY < start:
                raise Unfit('damaged: its table of GUIDs ends within an entry')
            length, = struct.unpack_from('<H', self.image, at - ENTRY)
            if not ENTRY <= length <= at - start:
                raise Unfit(f'damaged: its table of GUIDs has an entry of {length} bytes')
            entries[self.guid_before(at)] = self.image[at - length:at - ENTRY]
            at -= length
        return entries

    def guid_before(self, end):
        return uuid.UUID(bytes_le=self.image[end - 16:end])

    def not_ours(self):
        """An image without the table."""
        if self.image.find(b'_FVH') < 0:
            return 'this is no UEFI firmware: there is neither a firmware volume nor a table of GUIDs'
        machine = self.machine()
        if machine in MACHINES:
            return f'this is firmware for {MACHINES[machine]}, and the guest is an x86-64 machine'
        return 'this firmware is no OVMF: there is no table of GUIDs at its end'

    def machine(self):
        """The architecture of the first program that is not compressed; None if there is none."""
        at = -1
        while (at := self.image.find(b'PE\0\0', at + 1)) >= 0:
            machine = int.from_bytes(self.image[at + 4:at + 6], 'little')
            if machine in MACHINES or machine == 0x8664:
                return machine
        for machine in MACHINES:
            if b'VZ' + machine.to_bytes(2, 'little') in self.image:
                return machine
        return None

    def read_metadata(self, entries):
        data = entries.get(METADATA)
        if data is None:
            raise Unfit('this firmware cannot be an SEV-SNP guest\'s: it has no SEV metadata')
        if len(data) != 4:
            raise Unfit('damaged: the offset of its SEV metadata is not 4 bytes')
        at = len(self.image) - int.from_bytes(data, 'little')
        if not 0 <= at <= len(self.image) - 16:
            raise Unfit('damaged: its SEV metadata are outside of the image')
        signature, length, version, count = struct.unpack_from('<4sIII', self.image, at)
        if signature != b'ASEV':
            raise Unfit('damaged: its SEV metadata have no signature')
        if version != 1:
            raise Unfit(f'its SEV metadata are of version {version}; 1 is known here')
        if not 0 < count <= MAX_SECTIONS or length != 16 + count * 12 or \
           at + length > len(self.image):
            raise Unfit(f'damaged: its SEV metadata have {count} sections in {length} bytes')
        return [struct.unpack_from('<III', self.image, at + 16 + i * 12) for i in range(count)]

    def has_memory_map(self, data):
        """Is there a place where an IGVM loader, or an SVSM, leaves a map of memory?"""
        at = len(self.image) - int.from_bytes(data or b'', 'little')
        if len(data or b'') != 4 or not 0 <= at <= len(self.image) - 16:
            return False
        signature, _, version, count = struct.unpack_from('<4sIII', self.image, at)
        if signature != b'IGVM' or version != 1 or count > MAX_SECTIONS or \
           at + 16 + count * 12 > len(self.image):
            return False
        return any(struct.unpack_from('<III', self.image, at + 16 + i * 12)[2] == IGVM_MEMORY_MAP
                   for i in range(count))

    def check_sections(self):
        end = 0
        for gpa, size, kind in sorted(self.sections):
            where = f'its SEV metadata have a section at {gpa:#x} with {size:#x} bytes'
            if kind not in NAMES:
                raise Unfit(f'{where} of type {kind:#x}, which is not known here')
            if gpa % PAGE or size % PAGE or not size:
                raise Unfit(f'damaged: {where}, which are not whole pages')
            if gpa < end:
                raise Unfit(f'damaged: {where}, within another one')
            end = gpa + size
            if gpa < ONE_MIB and end > VGA_HOLE or end > FOUR_GIB - len(self.image):
                raise Unfit(f'damaged: {where}, where there is no memory')
        for kind in (SECRETS, CPUID, SVSM_CAA, KERNEL_HASHES):
            found = [size for _, size, k in self.sections if k == kind]
            if not found and kind == SVSM_CAA:
                raise Unfit('this firmware does not support an SVSM: its SEV metadata have no '
                            'SVSM_CAA section (that of Debian 13 has one)')
            if not found and kind != KERNEL_HASHES:
                raise Unfit(f'its SEV metadata have no {NAMES[kind]} section')
            if found not in ([], [PAGE]):
                raise Unfit(f'its SEV metadata have not one {NAMES[kind]} section of one page')

    def check_memory(self, top):
        """top: where the guest's memory below 4 GiB ends."""
        end = max(gpa + size for gpa, size, _ in self.sections)
        if end > top:
            raise Unfit(f'it wants memory up to {end:#x}, and the guest has it up to {top:#x}')

    def find_hash_table(self, entries):
        section = [gpa for gpa, _, kind in self.sections if kind == KERNEL_HASHES]
        data = entries.get(HASH_TABLE, b'')
        if not section or data in (b'', bytes(8)):
            return 0
        if len(data) != 8:
            raise Unfit('damaged: where its table of hashes is takes 8 bytes')
        address, size = struct.unpack('<II', data)
        if not section[0] <= address <= address + size <= section[0] + PAGE or \
           size < HASH_TABLE_SIZE or address % 8:
            raise Unfit(f'damaged: its table of hashes, {size} bytes at {address:#x}, does not '
                        'lie in its KERNEL_HASHES section')
        return address

    FORMAT = '<QIII' + 'III' * MAX_SECTIONS + '32s32s'

    def pack(self, with_kernel, kernel_hash, initrd_hash):
        """The end of struct sim_config."""
        return self.pack_as(len(self.image), with_kernel, self.hash_table, kernel_hash, initrd_hash)

    def pack_sections(self):
        """The same for an image that is a part of an IGVM file."""
        return self.pack_as(0, False, 0, b'', b'')

    def pack_as(self, size, with_kernel, hash_table, kernel_hash, initrd_hash):
        words = [word for section in self.sections for word in section]
        words += [0] * (3 * MAX_SECTIONS - len(words))
        return struct.pack(self.FORMAT, size, with_kernel, hash_table, len(self.sections), *words,
                           kernel_hash, initrd_hash)


def no_firmware():
    """The end of struct sim_config, where a kernel is started directly."""
    return bytes(struct.calcsize(Firmware.FORMAT))
