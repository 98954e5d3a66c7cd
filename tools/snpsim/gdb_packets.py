# SPDX-License-Identifier: GPL-2.0
"""The packets of gdb's remote serial protocol (gdb's manual, appendix E): $payload#checksum."""

LARGEST = 0x1000        # bytes of a payload; gdb is told
INTERRUPT, RESEND, DAMAGED = object(), object(), object()
ESCAPE, FLIP = ord('}'), 0x20
SPECIAL = b'}$#*'


def checksum(data):
    return sum(data) & 0xff


def packed(payload):
    """A packet, ready to be sent."""
    data = bytearray()
    for byte in payload:
        data += bytes((ESCAPE, byte ^ FLIP)) if byte in SPECIAL else bytes((byte,))
    return b'$%b#%02x' % (data, checksum(data))


def unescaped(data):
    """The payload; None if nothing follows an escape."""
    out, rest = bytearray(), iter(data)
    for byte in rest:
        if byte == ESCAPE:
            byte = next(rest, None)
            if byte is None:
                return None
            byte ^= FLIP
        out.append(byte)
    return bytes(out)


class Reader:
    """Takes what comes from the socket, in whatever pieces, apart."""

    def __init__(self):
        self.data, self.inside, self.lost = bytearray(), False, False

    def feed(self, received):
        """Returns payloads (bytes), INTERRUPT, RESEND (a packet of ours was damaged), and
        DAMAGED for each packet that is none. What is between packets counts for nothing."""
        found = []
        for byte in received:
            if self.inside:
                self.take(byte, found)
            elif byte == ord('$'):
                self.inside, self.lost = True, False
                self.data.clear()
            elif byte == 3:
                found.append(INTERRUPT)
            elif byte == ord('-'):
                found.append(RESEND)
        return found

    def take(self, byte, found):
        if byte == ord('$'):        # a packet has lost its end
            found.append(DAMAGED)
            self.data.clear()
            self.lost = False
            return
        self.data.append(byte)
        if len(self.data) > LARGEST + 3:
            self.lost = True
            del self.data[:-3]
        if len(self.data) < 3 or self.data[-3] != ord('#'):
            return
        self.inside = False
        payload = None if self.lost else self.payload()
        found.append(DAMAGED if payload is None else payload)

    def payload(self):
        data, digits = self.data[:-3], bytes(self.data[-2:])
        try:
            right = int(digits, 16) == checksum(data)
        except ValueError:
            right = False
        return unescaped(data) if right else None
