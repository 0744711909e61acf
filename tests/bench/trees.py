"""The files that are asked for."""

import os
import socket
import ssl

KB, MB = 1024, 1024 * 1024
WORDS = ('the harbour lies still and the lamps on the quay burn until the '
         'last of the ships is fast, for ships come in at dawn ').split()
LISTED = 1000


def words(size, width=72):
    """So many bytes of text, in lines."""
    lines, line, total, i = [], '', 0, 0
    while total < size:
        word = WORDS[i * 7 % len(WORDS)]
        i += 1
        if len(line) + len(word) + 1 > width:
            lines.append(line)
            total += len(line) + 1
            line = ''
        line = line + ' ' + word if line else word
    return ('\n'.join(lines) + '\n')[:size - 1] + '\n'


def write(root, name, content):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(content if isinstance(content, bytes)
                   else content.encode())


def home():
    """A page as an author writes it; its menu is about 2 KB."""
    def paragraph(size):
        return words(size).replace('\n', ' ').rstrip() + '\n'

    return ('# The harbour\n\n' + paragraph(500) + '\n## Letters\n\n' +
            ''.join('=> page%d.gmi Letter number %d\n' % (i, i)
                    for i in range(10)) +
            '\n' + paragraph(430) + '\n=> text.txt The log\n=> 10m.bin Data\n')


def make_works(root):
    """What the table of works asks for."""
    write(root, 'index.gmi', home())
    write(root, 'page.gmi', '# A page\n\n' + words(2048 - 10))
    for i in range(10):
        write(root, 'page%d.gmi' % i, '# Letter %d\n\n' % i + words(500))
    write(root, 'text.txt', words(2048))
    write(root, '100k.txt', words(100 * KB))
    write(root, '10m.bin', os.urandom(10 * MB))
    for folder in ('list', 'page'):
        for i in range(LISTED):
            write(root, '%s/entry-%04d.txt' % (folder, i), 'entry %d\n' % i)


def make_gopher_peers(root, server):
    """The same files, and as a gophermap the menu that `server` gives."""
    menu = ask_gopher(server, '').decode()
    lines = []
    for line in menu.split('\r\n'):
        if line in ('', '.'):
            continue
        lines.append(line[1:].split('\t')[0] if line[0] == 'i' else line)
    write(root, 'gophermap', '\n'.join(lines) + '\n')
    write(root, 'text.txt', words(2048))
    write(root, '10m.bin', os.urandom(10 * MB))
    for i in range(10):
        write(root, 'page%d.gmi' % i, '# Letter %d\n' % i)


def ask_gopher(server, selector):
    with socket.create_connection(
            ('127.0.0.1', server.ports['gopher']), 30) as client:
        client.sendall(selector.encode() + b'\r\n')
        parts = []
        while data := client.recv(65536):
            parts.append(data)
        return b''.join(parts)


def ask_gemini(server, path):
    """The body of an answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(
            ('127.0.0.1', server.ports['gemini']), 30) as plain, \
            context.wrap_socket(plain, server_hostname='localhost') as client:
        client.sendall(server.target('gemini', path).encode() + b'\r\n')
        parts = []
        while data := client.recv(65536):
            parts.append(data)
    header, _, body = b''.join(parts).partition(b'\r\n')
    if not header.startswith(b'20 '):
        raise RuntimeError('%s: %r' % (path, header))
    return body
