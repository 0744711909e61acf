"""A machine for a test: network, /etc, /run, /var/lib, /usr/local of its own.

It is made of namespaces; all other folders are those of the real machine.
"""

import os
import shutil
import subprocess
import sys

from build import BUILD, DEADLINE_S, TOP
from server import SEES_INSIDE, Lines, new_directory

SPACES = ['unshare', '--mount', '--net']
if not SEES_INSIDE:
    # Root mounts. All later commands run as this user, which stands for root
    # and for the user of the server.
    SPACES += ['--user', '--map-root-user']
SETUP = '''
set -e
"$PYTHON" -c "$LOOPBACK"
mkdir -p sources build etc/systemd/system run lib local home
cp -dR --preserve=mode /etc . 2>/dev/null || :
sed -i '/^_capsuled:/d' etc/passwd etc/group
printf '127.0.0.1 %s\\n::1 localhost\\n' "$HOSTS" >etc/hosts
mount --rbind "$SOURCES" sources
mount --rbind "$BUILD" build
mount --bind etc /etc
mount --bind run /run
mount --bind lib /var/lib
mount --bind local /usr/local
'''
# An ordinary user is also the user of the server, and may use each port.
PORTS = 'echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start\n'
ORDINARY = PORTS + '''
echo "_capsuled:x:$USER_ID:$GROUP_ID::/var/lib/capsuled:/bin/sh" >>etc/passwd
echo "_capsuled:x:$GROUP_ID:" >>etc/group
'''
# The interface "lo" is up: ifconfig and ip are not everywhere.
LOOPBACK = '''
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 65))
'''


def with_machine(test):
    """Leaves out a test or class where no namespaces can be made.

    Some systems refuse them to ordinary users, and some containers to root.
    """
    trial = 'set -e\nmount --bind /etc /etc\n'
    if not SEES_INSIDE:
        trial += PORTS
    tried = subprocess.run([*SPACES, 'sh', '-c', trial], check=False,
                           stderr=subprocess.DEVNULL, timeout=DEADLINE_S)
    return None if tried.returncode else test


class Machine:
    """`hosts` are names of its loopback address.

    Its directory is visible to the test, too: etc, lib (/var/lib), local
    (/usr/local) and home.
    """

    def __init__(self, test, hosts):
        self.directory = new_directory()
        test.addCleanup(shutil.rmtree, self.directory, True)
        setup = SETUP if SEES_INSIDE else SETUP + ORDINARY
        self.holder = subprocess.Popen(
            [*SPACES, 'sh', '-c', setup + 'echo ready; exec cat'],
            cwd=self.directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=dict(
                os.environ, PYTHON=sys.executable, LOOPBACK=LOOPBACK,
                HOSTS=' '.join(hosts), SOURCES=TOP, BUILD=BUILD,
                USER_ID=str(os.getuid()), GROUP_ID=str(os.getgid())))
        test.addCleanup(self.close)
        said = Lines(self.holder.stderr)
        if self.holder.stdout.readline() != b'ready\n':
            said.wait_for_end()
            raise AssertionError('no machine: ' + said.text())
        self.environment = dict(
            os.environ, HOME=self.path('home'),
            PATH='/usr/local/sbin:/usr/local/bin:'
                 '/usr/sbin:/usr/bin:/sbin:/bin')

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(DEADLINE_S)
        self.holder.stdout.close()

    def path(self, name):
        return os.path.join(self.directory, name)

    def enter(self, directory):
        """The beginning of a command line that runs in a directory there."""
        line = ['nsenter', '--target', str(self.holder.pid), '--mount',
                '--net']
        # In a chroot, the root of the namespace is not that of the holder.
        if SEES_INSIDE:
            line += ['--root']
        else:
            line += ['--user', '--preserve-credentials', 'unshare', '--user',
                     '--map-user=%d' % os.getuid(),
                     '--map-group=%d' % os.getgid()]
        return [*line, 'sh', '-c', 'cd "$0" && exec "$@"', directory]

    def run(self, text, directory=None, **named):
        """A line of sh(1), as root."""
        return subprocess.run(
            [*self.enter(directory or self.path('home')), 'sh', '-c', text],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=dict(self.environment, **named),
            timeout=DEADLINE_S, check=False, text=True)
