# SPDX-License-Identifier: GPL-2.0
"""A guest whose devices are busy: two network cards that receive, two disks that read and write, a file system.

One card and one disk are virtio's, the others are not: vmxnet3 and NVMe, which the cloud
kernel has drivers for, or another card.  The cards are behind ports of PCI Express, as with
libvirt, the disks on the root bus.  The network is this process: it never stops sending, also while the guest
has no driver.  All that arrives has a known contents, so that a byte which another device
wrote is seen.
"""

import hashlib
import itertools
import re
import socket
import struct
import threading
import time

from .filesystem import FileSystem

DISK = 8 << 20  # bytes that are only read, then as many that are written
BLOCK = 64 << 10
PIECE = 1 << 20  # bytes of these: a piece
TRIES = 10  # seconds that nothing may be received, or written
PORT = 9  # UDP, discard
FILL = b"S"
PAYLOAD = 1024
PAUSE = 0.004  # seconds between two frames: some hundred a second, on each card
NICS = (("52:54:00:00:00:01", "10.0.2.15"), ("52:54:00:00:00:02", "10.0.3.15"))
DISKS = ("/dev/vda", "/dev/nvme0n1")
FILES = "/dev/vdb"


def free_port():
    """A UDP port of this machine that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as test:
        test.bind(("127.0.0.1", 0))
        return test.getsockname()[1]


def behind_port(device, number):
    """For QEMU: this device, behind a port of its own."""
    return ("-device", f"pcie-root-port,id=port{number},chassis={number}", "-device", f"{device},bus=port{number}")


def value(guest, command, pattern=r"\d+"):
    """The line of a command's output that is the value: the kernel may print in between."""
    output = guest.check(command)
    found = re.search(rf"^({pattern})\b", output, re.MULTILINE)
    assert found, f"{command}: {output!r}"
    return found[1]


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(mac, address):
    """An Ethernet frame with a UDP datagram to that address."""
    udp = struct.pack("!HHHH", PORT, PORT, 8 + PAYLOAD, 0) + FILL * PAYLOAD
    here, there = socket.inet_aton("10.0.1.1"), socket.inet_aton(address)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0) + here + there
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return bytes.fromhex(mac.replace(":", "")) + bytes.fromhex("525400000009") + b"\x08\x00" + head + udp


class Load:
    """The devices, and what is outside of them: use with `with`.

    `card` is the second card, whose driver is a module of that name; `modules` are those that
    the guest's kernel needs beside the drivers of cards and virtio's disk.  `pause`: seconds
    between two frames; a card goes on receiving until the kernel's last buffers are full.
    """

    def __init__(self, directory, card="vmxnet3", modules=(), pause=PAUSE):
        self._pause = pause
        self._cards = ("virtio-net-pci", card)
        self._modules = " ".join(("virtio_blk", "virtio_net", card, *modules))
        self._stop = threading.Event()
        self._threads = []
        self.qemu = ()
        self._images = {}
        for n, (model, (mac, address)) in enumerate(zip(self._cards, NICS)):
            port = free_port()
            self.qemu += (
                "-netdev", f"dgram,id=net{n},local.type=inet,local.host=127.0.0.1,local.port={port},"
                f"remote.type=inet,remote.host=127.0.0.1,remote.port={free_port()}",
                *behind_port(f"{model},netdev=net{n},mac={mac}", n + 1),
            )
            self._threads.append(threading.Thread(target=self._flood, args=(port, frame(mac, address)), daemon=True))
        for n, device in enumerate(("virtio-blk-pci", "nvme,serial=1")):
            image = directory / f"disk{n}.img"
            known = b"".join(hashlib.sha256(b"%d.%d" % (n, i)).digest() for i in range(DISK // 32))
            image.write_bytes(known + bytes(DISK))
            self._images[image] = known
            self.qemu += ("-drive", f"if=none,id=disk{n},format=raw,file={image}", "-device", f"{device},drive=disk{n}")
        self._files = FileSystem(directory / "files.img", FILES)
        self.qemu += self._files.qemu

    def _flood(self, port, data):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not self._stop.is_set():
                try:
                    out.sendto(data, ("127.0.0.1", port))
                except OSError:  # QEMU is not there yet, or no more
                    pass
                time.sleep(self._pause)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def begin(self, guest):
        """Drivers, addresses, the file system; from now on each device is busy."""
        guest.check(f"modprobe -a {self._modules}")
        for n, (_, address) in enumerate(NICS):
            guest.check(f"ifconfig eth{n} {address} up")
        for disk in DISKS:
            count = DISK // BLOCK
            guest.check(
                f"(while :; do dd if={disk} of=/dev/null bs={BLOCK} count={count} iflag=direct; done) >/dev/null 2>&1 & "
                f"(while :; do tr '\\0' W </dev/zero | dd of={disk} bs={BLOCK} seek={count} count={count} iflag=fullblock oflag=direct conv=notrunc; done) >/dev/null 2>&1 & true"
            )
        self._files.begin(guest)

    def power_off(self, guest):
        """Power the guest off, its file system unmounted; nothing is wrong with that."""
        self._files.end(guest)
        guest.powered_off()
        self._files.check()

    def verify(self, guest, number=None):
        """What is read and received is what the disks have and the network sends.

        The guest reads the whole of what is known; with a number it reads that piece alone, and the pieces go around the disk.
        """
        before, changed = self._received(guest), self._files.progress(guest)
        first, size = (0, DISK) if number is None else (number * PIECE % DISK, PIECE)
        for disk, known in zip(DISKS, self._images.values()):
            read = value(guest, f"dd if={disk} bs={BLOCK} skip={first // BLOCK} count={size // BLOCK} iflag=direct 2>/dev/null | md5sum",
                         "[0-9a-f]{32}")
            assert read == hashlib.md5(known[first:first + size]).hexdigest(), f"{disk}: {size} bytes at {first} are not what it has"
        self.verify_disks()
        for n, model in enumerate(self._cards):
            self._wait(guest, lambda n=n: self._received(guest)[n] > before[n], f"{model}: nothing is received")
        self._wait(guest, lambda: self._files.progress(guest) != changed, "the file system: nothing is written")
        # Of both cards, as they come
        others = value(guest, f"udp-hear {PORT} {FILL.decode()} 65536")
        assert others == "0", f"{others} bytes are not what was sent"

    @staticmethod
    def _wait(guest, happened, otherwise):
        tries = itertools.count()
        while not happened():
            assert next(tries) < TRIES, otherwise
            guest.check("sleep 1")

    def verify_disks(self):
        """From outside: nobody wrote to the half that is only read, and none but the guest to the other one."""
        for image, known in self._images.items():
            found = image.read_bytes()
            assert len(found) == 2 * DISK, f"{image}: has {len(found)} bytes now"
            assert found[:DISK] == known, f"{image}: somebody wrote to it"
            assert not found[DISK:].translate(None, b"W\0"), f"{image}: somebody else wrote to it"

    def _received(self, guest):
        """Packets of each card so far."""
        return [int(value(guest, f"cat /sys/class/net/eth{n}/statistics/rx_packets")) for n in range(len(self._cards))]
