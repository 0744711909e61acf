"""Operates an installed package of capsuled, in a system without systemd.

    operate.py OLD.deb NEW.deb

NEW.deb is OLD.deb with a higher version.  Run by
tests/elsewhere/package, as root, with loopback as the only network.
manager.py stands for systemd.
"""

import contextlib
import hashlib
import os
import pwd
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading

from manager import COMMANDS, DEADLINE_S, LOG, PATH, Manager, run, wait_until

STATE = '/var/lib/capsuled'
CERTS = STATE + '/certs'
CONFIGURATION = '/etc/capsuled/capsuled.conf'
BIG = os.urandom(1 << 20) * 12


def say(text):
    print('  ' + text, flush=True)


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def connect(host='localhost', certificate=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate + '.crt', certificate + '.key')
    plain = socket.create_connection(('localhost', 1965), DEADLINE_S)
    # A connection that ends without close_notify is an error.
    return context.wrap_socket(plain, server_hostname=host,
                               suppress_ragged_eofs=False)


def gemini(path='/', host='localhost', certificate=None):
    """The header and the body of an answer that is whole."""
    with connect(host, certificate) as client:
        client.sendall(b'gemini://%s%s\r\n' % (host.encode(), path.encode()))
        answer = b''.join(iter(lambda: client.recv(65536), b''))
    header, _, body = answer.partition(b'\r\n')
    return header.decode(), body


def gopher(selector='/'):
    with socket.create_connection(('localhost', 70), DEADLINE_S) as client:
        client.sendall(selector.encode() + b'\r\n')
        answer = b''.join(iter(lambda: client.recv(65536), b''))
    assert answer.endswith(b'\r\n.\r\n'), answer[-80:]
    return answer.decode()


def fingerprint():
    with connect() as client:
        return hashlib.sha256(client.getpeercert(True)).hexdigest()


def look_at_pages():
    header, body = gemini()
    assert header.startswith('20 text/gemini'), header
    assert body.startswith(b'# Welcome\n'), body
    assert gopher().startswith('iWelcome\t'), gopher()


class Load:
    """Clients that send requests without a pause until the load is stopped."""

    def __init__(self):
        self.done, self.failures, self.running = 0, [], True
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.client, args=(number,),
                                         daemon=True) for number in range(4)]
        for thread in self.threads:
            thread.start()

    def client(self, number):
        while self.running:
            try:
                if number == 0:
                    gopher()
                else:
                    assert gemini()[0].startswith('20 ')
                with self.lock:
                    self.done += 1
            except (OSError, AssertionError) as error:
                self.failures.append(repr(error))

    def wait_for_more(self, count):
        goal = self.done + count
        wait_until(lambda: self.done >= goal or self.failures, 'answers')

    def stop(self):
        self.running = False
        for thread in self.threads:
            thread.join(DEADLINE_S)
            assert not thread.is_alive()
        assert not self.failures, (len(self.failures), self.failures[:3])
        return self.done


class Download(threading.Thread):
    """A download that has begun, and goes on after `proceed` is set."""

    def __init__(self):
        super().__init__(daemon=True)
        self.begun, self.proceed = threading.Event(), threading.Event()
        self.whole = False
        self.start()
        assert self.begun.wait(DEADLINE_S)

    def run(self):
        with connect() as client:
            client.sendall(b'gemini://localhost/big.bin\r\n')
            received = client.recv(100)
            self.begun.set()
            self.proceed.wait(DEADLINE_S)
            received += b''.join(iter(lambda: client.recv(65536), b''))
        self.whole = received.endswith(b'\r\n' + BIG)


def installed():
    """The directories exist and have the right owners."""
    user = pwd.getpwnam('_capsuled')
    assert user.pw_shell == '/usr/sbin/nologin', user
    with open('/etc/shadow', encoding='utf-8') as file:
        assert any(line.startswith('_capsuled:!') for line in file)
    for path, mode, owner in ((STATE, 0o755, 0), (CERTS, 0o700, user.pw_uid),
                              (STATE + '/state', 0o700, user.pw_uid),
                              (STATE + '/capsule', 0o755, 0),
                              (STATE + '/capsule/index.gmi', 0o644, 0)):
        found = os.stat(path)
        assert (stat.S_IMODE(found.st_mode), found.st_uid) == (mode, owner), \
            (path, found)
    assert '/srv' not in run('dpkg', '-L', 'capsuled').split()


def dpkg_tool(*command):
    """Runs a command; its maintainer scripts find our systemctl."""
    path = COMMANDS + ':' + PATH
    if command[0] == 'apt-get':
        command = ('apt-get', '-q', '-y', '--allow-downgrades', '-o',
                   'DPkg::Path=' + path, *command[1:])
    output = run(*command, env={'DEBIAN_FRONTEND': 'noninteractive',
                                'PATH': path})
    with open(LOG, 'a', encoding='utf-8') as log:
        log.write('%s\n%s' % (' '.join(command), output))
    return output


def apt(*arguments):
    return dpkg_tool('apt-get', *arguments)


def systemctl(*words):
    return dpkg_tool('systemctl', *words)


def programs(service):
    """The programs that the processes of the service run."""
    found = set()
    for pid in service.processes():
        # Those that the master has replaced may end just now.
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink('/proc/%d/exe' % pid))
    return found


def hosts_and_readers():
    """A second host, and a part of it for one reader, by reloads."""
    write('/srv/gemini/second/index.gmi', '# Second\n')
    write('/srv/gemini/second/private/index.gmi', '# Private\n')
    write('/etc/capsuled/friends', '# none yet\n')
    with open(CONFIGURATION, 'a', encoding='utf-8') as file:
        file.write('host "localhost" {\n'
                   '    capsule = "/var/lib/capsuled/capsule"\n'
                   '    gopher = { "70" }\n}\n'
                   'host "second.test" {\n'
                   '    capsule = "/srv/gemini/second"\n'
                   '    path "/private/" { readers = { "friends" } }\n}\n')
    systemctl('reload', 'capsuled.service')
    look_at_pages()
    assert gemini(host='second.test')[1] == b'# Second\n'
    say('a second host after a reload')

    assert gemini('/private/', 'second.test')[0].startswith('60 ')
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=friend', '-days',
        '9', '-keyout', '/root/friend.key', '-out', '/root/friend.crt')
    header = gemini('/private/', 'second.test', '/root/friend')[0]
    assert header.startswith('61 '), header
    print_of = run('openssl', 'x509', '-in', '/root/friend.crt', '-noout',
                   '-fingerprint', '-sha256').split('=')[1].strip()
    assert print_of.replace(':', '').lower() in \
        header.replace(':', '').lower(), header
    write('/etc/capsuled/friends', print_of + ' friend\n')
    wait_until(lambda: gemini('/private/', 'second.test', '/root/friend') ==
               ('20 text/gemini', b'# Private\n'), 'page for the reader')
    say('a private area entered with a certificate')

    with open(CONFIGURATION, 'a', encoding='utf-8') as file:
        file.write('nonsense = 1\n')
    try:
        systemctl('reload', 'capsuled.service')
        raise AssertionError('a reload with a wrong configuration')
    except subprocess.CalledProcessError as error:
        # Of the stand-in, or of systemd itself.
        assert re.match('manager: |Job for ', error.stdout), error.stdout
    look_at_pages()
    with open(CONFIGURATION, encoding='utf-8') as file:
        lines = file.readlines()
    write(CONFIGURATION, ''.join(lines[:-1]))
    say('a wrong configuration refused by the reload')


def update_while_serving(service, new):
    """Downloads end; no process mixes the old and the new version."""
    dpkg_tool('dpkg', '--unpack', new)
    before = service.processes()
    worker = next(pid for pid, name in before.items()
                  if name == 'capsuled-worker')
    os.kill(worker, signal.SIGSEGV)
    wait_until(lambda: worker not in service.processes() and
               len(service.processes()) >= len(before), 'new processes')
    look_at_pages()
    assert programs(service) == {'/usr/sbin/capsuled (deleted)'}
    say('a crash during the update: every process is of the old program')

    downloads = [Download() for _ in range(5)]
    load = Load()
    load.wait_for_more(100)
    dpkg_tool('dpkg', '--configure', 'capsuled')
    assert run('capsuled', '--version') == 'capsuled 99.0\n'
    load.wait_for_more(100)
    for download in downloads:
        download.proceed.set()
        download.join(DEADLINE_S)
        assert download.whole
    wait_until(lambda: programs(service) == {'/usr/sbin/capsuled'},
               'the new program in all processes')
    look_at_pages()
    say('updated: the new program runs, 5 downloads ended whole, and none of '
        '%d requests was lost' % load.stop())


def update_with_sockets(manager, old, new):
    """With the socket units, no new request is lost."""
    units = ('capsuled.socket', 'capsuled-gopher.socket')

    systemctl('stop', 'capsuled.service')
    apt('install', old)
    assert not manager.sockets
    # As the manual says.
    systemctl('stop', 'capsuled.service')
    systemctl('enable', *units)
    systemctl('start', *units)
    systemctl('start', 'capsuled.service')
    load = Load()
    load.wait_for_more(300)
    apt('install', new)
    assert sorted(manager.sockets) == sorted(units)
    load.wait_for_more(300)
    say('updated with socket units: %d answers, none lost' % load.stop())
    assert programs(manager.service) == {'/usr/sbin/capsuled'}


def update_while_disabled(manager, old):
    units = ('capsuled.socket', 'capsuled-gopher.socket', 'capsuled.service')

    systemctl('disable', *units)
    systemctl('stop', *units)
    apt('install', old)
    assert not manager.service.runs() and not manager.sockets
    systemctl('enable', 'capsuled.service')
    systemctl('start', 'capsuled.service')
    look_at_pages()
    say('updated while disabled: it stays stopped')


def install_other():
    """Another package with a system user, installed while ours is away."""
    write('/root/otherpackage/DEBIAN/control',
          'Package: otherpackage\nVersion: 1\nArchitecture: all\n'
          'Maintainer: Test <test@localhost>\nDescription: another package\n')
    write('/root/otherpackage/DEBIAN/postinst',
          '#!/bin/sh\nuseradd --system otherpackage\n')
    os.chmod('/root/otherpackage/DEBIAN/postinst', 0o755)
    run('dpkg-deb', '--build', '/root/otherpackage', '/root/otherpackage.deb')
    apt('install', '/root/otherpackage.deb')
    assert pwd.getpwnam('otherpackage').pw_uid != os.stat(CERTS).st_uid
    assert pwd.getpwuid(os.stat(CERTS).st_uid).pw_name == '_capsuled'


def remove_and_return(manager, new, known):
    """Neither removal nor purge costs the key or the pages."""
    hashes = ('sh', '-c', 'find %s/capsule /srv -type f | sort | '
              'xargs sha256sum' % STATE)
    pages = run(*hashes)
    for verb in ('remove', 'purge'):
        output = apt(verb, 'capsuled')
        assert not manager.service.runs()
        assert not os.path.exists('/usr/sbin/capsuled')
        assert sorted(os.listdir(CERTS)) == ['localhost.crt', 'localhost.key',
                                             'second.test.crt',
                                             'second.test.key']
        if verb == 'purge':
            for path in (CERTS, STATE + '/capsule', '/etc/capsuled'):
                assert 'capsuled: left in place: %s\n' % path in output, output
            assert not os.path.exists(CONFIGURATION)
            install_other()
        apt('install', new)
        installed()
        look_at_pages()
        assert fingerprint() == known
        assert pages == run(*hashes)
        say('%s, and installed again: the same key and pages' % verb)


def main():
    old, new = sys.argv[1:]
    manager = Manager()
    apt('install', old)
    assert manager.asked == [('start', 'capsuled.service')], manager.asked
    installed()
    look_at_pages()
    known = fingerprint()
    say('installed: the page answers over Gemini and Gopher')
    run('capsule', 'mirror', 'gemini://localhost/', '/root/copy')
    write(STATE + '/capsule/big.bin', BIG)
    hosts_and_readers()
    update_while_serving(manager.service, new)
    assert fingerprint() == known
    update_with_sockets(manager, old, new)
    update_while_disabled(manager, old)
    remove_and_return(manager, new, known)
    systemctl('stop', 'capsuled.service')


if __name__ == '__main__':
    try:
        main()
    except BaseException as error:
        if isinstance(error, subprocess.CalledProcessError):
            print(error.stdout)
        print(run('tail', '-n', '40', LOG))
        raise
