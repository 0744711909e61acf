"""Headers of the PROXY protocol, as a proxy sends them."""

import socket
import struct

VISITOR, HOST = '203.0.113.9', '203.0.113.1'
VISITOR_6, HOST_6 = '2001:db8::9', '2001:db8::1'
SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'
LOCAL, PROXY = 0x20, 0x21
UNSPEC, TCP4, UDP4, TCP6, UNIX = 0x00, 0x11, 0x12, 0x21, 0x31


def version1(visitor=VISITOR, host=HOST, port=4000, to=1965):
    family = 'TCP6' if ':' in visitor else 'TCP4'
    return ('PROXY %s %s %s %d %d\r\n' % (
        family, visitor, host, port, to)).encode()


def head(command, family, length):
    return SIGNATURE + struct.pack('>BBH', command, family, length)


def block(visitor=VISITOR, host=HOST, port=4000, to=1965):
    family = socket.AF_INET6 if ':' in visitor else socket.AF_INET
    return (socket.inet_pton(family, visitor) +
            socket.inet_pton(family, host) + struct.pack('>HH', port, to))


def tlv(kind, value):
    return struct.pack('>BH', kind, len(value)) + value


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def version2(visitor=VISITOR, host=HOST, tlvs=b'', **ports):
    addresses = block(visitor, host, **ports)
    return head(PROXY, TCP6 if ':' in visitor else TCP4,
                len(addresses) + len(tlvs)) + addresses + tlvs


def checked(visitor=VISITOR, before=b'', after=b'', wrong=0):
    """Version 2 with a checksum between other TLVs."""
    zero = version2(visitor, HOST_6 if ':' in visitor else HOST,
                    before + tlv(3, bytes(4)) + after)
    at = len(zero) - len(after) - 4
    crc = struct.pack('>I', crc32c(zero) ^ wrong)
    return zero[:at] + crc + zero[at + 4:]
