"""The servers of others, as Debian packages them; those that are there."""

import os
import shutil

from rig import free_port


def molly_brown(rig, tree, _):
    """Gemini, in Go."""
    program = shutil.which('molly-brown')
    if not program:
        return None
    port = free_port()
    key = rig.path('molly.key')
    shutil.copy(rig.key, key)
    if os.getuid() == 0:
        shutil.chown(key, 'nobody')
    # Standard error is "-" in Debian 12 and "" in Debian 13.
    log = rig.path('molly-errors.log')
    with open(log, 'w', encoding='ascii'):
        os.chmod(log, 0o666)
    settings = rig.path('molly.conf')
    with open(settings, 'w', encoding='ascii') as file:
        file.write('Port = %d\nHostname = "localhost"\nCertPath = "%s"\n'
                   'KeyPath = "%s"\nDocBase = "%s"\nAccessLog = "-"\n'
                   'ErrorLog = "%s"\n' % (
                       port, rig.certificate, key, tree, log))
    return rig.start('molly-brown', [program, '-c', settings],
                     {'gemini': port}, drop=True)


def gophernicus(rig, _, tree):
    """Gopher, in C; a fork and an exec for each connection, as packaged."""
    program = shutil.which('gophernicus', path='/usr/sbin:/usr/bin')
    socket = shutil.which('systemd-socket-activate')
    if not program or not socket:
        return None
    port = free_port()
    return rig.start(
        'gophernicus',
        [socket, '--accept', '--inetd', '-l', '127.0.0.1:%d' % port,
         program, '-h', 'localhost', '-p', str(port), '-r', tree, '-ns',
         '-np', '-nf', '-nh', '-i', '100000000', '-k', '2000000000'],
        {'gopher': port}, drop=True)


PYGOPHERD = '/etc/pygopherd/pygopherd.conf'


def pygopherd(rig, _, tree):
    """Gopher, in Python; a fork for each connection."""
    program = shutil.which('pygopherd', path='/usr/sbin:/usr/bin')
    if not program or not os.path.exists(PYGOPHERD):
        return None
    port = free_port()
    with open(PYGOPHERD, encoding='utf-8') as file:
        lines = file.read().split('\n')
    changes = {'port': port, 'root': tree, 'usechroot': 'no',
               'servername': 'localhost', 'interface': '127.0.0.1'}
    kept = [line for line in lines if line.split('=')[0].strip() not in
            (*changes, 'pidfile', 'setuid', 'setgid', 'logmethod')]
    at = kept.index('[pygopherd]') + 1
    kept[at:at] = ['%s = %s' % pair for pair in changes.items()]
    kept.insert(kept.index('[logger]') + 1, 'logmethod = none')
    settings = rig.path('pygopherd.conf')
    with open(settings, 'w', encoding='utf-8') as file:
        file.write('\n'.join(kept))
    return rig.start('pygopherd', [program, settings], {'gopher': port},
                     drop=True)


# Each starts its server for the tree, or its likeness with gophermaps (None
# when it is not there), and is named as its package is, with - for _.
PEERS = (molly_brown, gophernicus, pygopherd)
