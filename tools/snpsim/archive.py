# SPDX-License-Identifier: GPL-2.0
"""What snpsim adds to the guest's initial ram disk: a command to run, a shared directory.

The kernel unpacks one archive after the other. This one is part of the launch image, so
each boot finds it unchanged, whatever the guest has done. It needs no device, no driver, no
file system and no DMA.
"""

import gzip
import os
import stat

DIRECTORY, FILE, LINK = stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK
# Paths in the guest, which tools/guest/init uses
COMMAND, SHARE = 'snpsim/exec', 'mnt/share'


class Archive:
    """A cpio archive in the format newc. Root owns all files."""
    ALIGN = 4

    def __init__(self):
        self.parts, self.count = [], 0

    def add(self, name, mode, data=b''):
        self.count += 1
        name = os.fsencode(name) + b'\0'
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (self.count, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name), 0)
        header = b'070701' + b''.join(b'%08x' % field for field in fields)
        self.parts += [self.padded(header + name), self.padded(data)]

    def padded(self, data):
        return data + bytes(-len(data) % self.ALIGN)

    def add_command(self, text):
        self.add(os.path.dirname(COMMAND), DIRECTORY | 0o755)
        self.add(COMMAND, FILE | 0o755, text.encode(errors='surrogateescape') + b'\n')

    def add_directory(self, top):
        """Add a whole directory. Raises OSError or ValueError if that cannot be done."""
        self.add(os.path.dirname(SHARE), DIRECTORY | 0o755)
        self.add_tree(top, SHARE)

    def add_tree(self, path, name):
        mode = os.stat(path).st_mode
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        self.add(name, DIRECTORY | stat.S_IMODE(mode))
        for entry in entries:
            inner = f'{name}/{entry.name}'
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                self.add_tree(entry.path, inner)
            elif stat.S_ISLNK(mode):
                self.add(inner, LINK | 0o777, os.fsencode(os.readlink(entry.path)))
            elif stat.S_ISREG(mode):
                with open(entry.path, 'rb') as f:
                    self.add(inner, FILE | stat.S_IMODE(mode), f.read())
            else:
                raise ValueError(f'{entry.path} is neither a file, a directory nor a link')

    def pack(self, behind):
        """The compressed archive, padded to follow another one of `behind` bytes."""
        self.add('TRAILER!!!', 0)
        return bytes(-behind % self.ALIGN) + gzip.compress(b''.join(self.parts), 1, mtime=0)


def size_of(top):
    """The total size of a directory's files, without reading them."""
    total = 0
    for path, _, names in os.walk(top):
        total += sum(os.lstat(os.path.join(path, name)).st_size for name in names)
    return total
