"""Programs behind the server: php-fpm, FastCGI with libfcgi, SCGI."""

import glob
import os
import shutil
import socket
import threading

from build import BUILD, DEADLINE_S, HERE
from server import (SEES_INSIDE, Process, Server, new_directory, wait_until,
                    write_tree)

PROGRAMS = os.path.join(HERE, 'programs')
# The version of PHP is in its name.
PHP_FPM, = glob.glob('/usr/sbin/php-fpm[0-9]*')
PHP_CONFIG = '''
[global]
error_log = /dev/stderr
daemonize = no
[capsule]
%slisten = %s
listen.mode = 0666
pm = static
pm.max_children = 4
'''


def with_cleanup(test, function, *arguments):
    """Of a test, or of its class."""
    add = getattr(test, 'addClassCleanup' if isinstance(test, type)
                  else 'addCleanup')
    add(function, *arguments)


def start_with_rules(test, rules, tree=(), **named):
    """A server with these rules and pages."""
    directory = new_directory()
    with_cleanup(test, shutil.rmtree, directory)
    write_tree(directory, {'capsuled.conf': rules})
    config = os.path.join(directory, 'capsuled.conf')
    server = Server({'index.gmi': '# Home\n', **dict(tree)},
                    directory=directory, arguments=['-c', config], **named)
    with_cleanup(test, server.stop)
    return server


class Backend:
    """A directory with a socket that every user may open."""

    def __init__(self, test):
        self.directory = new_directory()
        with_cleanup(test, shutil.rmtree, self.directory)
        self.socket = os.path.join(self.directory, 'socket')

    def start(self, test, command):
        self.process = Process([], command)
        with_cleanup(test, self.stop)

    def stop(self):
        if self.process.child.poll() is None:
            self.process.child.terminate()
        self.process.child.wait(DEADLINE_S)


class PhpFpm(Backend):
    def __init__(self, test, options=()):
        super().__init__(test)
        # A folder of root can be closed to the user of php-fpm.
        self.programs = os.path.join(self.directory, 'programs')
        shutil.copytree(PROGRAMS, self.programs)
        config = os.path.join(self.directory, 'php-fpm.conf')
        user = 'user = www-data\n' if SEES_INSIDE else ''
        with open(config, 'w', encoding='ascii') as file:
            file.write(PHP_CONFIG % (user, self.socket))
        self.start(test, [PHP_FPM, '-n', '-y', config, *options])
        wait_until(lambda: os.path.exists(self.socket), 'php-fpm')
        self.process.wait_for_line('ready to handle connections')


class FastCgi(Backend):
    def __init__(self, test):
        super().__init__(test)
        self.start(test, [os.path.join(BUILD, 'wire', 'fastcgi'),
                          self.socket])
        self.process.out.wait('^ready$')
        os.chmod(self.socket, 0o666)


def read_netstring(connection):
    """One byte at a time, with all of the specification."""
    size = b''
    while not size.endswith(b':'):
        byte = connection.recv(1)
        if not byte.isdigit() and byte != b':' or len(size) > 8:
            raise AssertionError('not a netstring: %r' % (size + byte))
        size += byte
    if size[:1] == b'0':
        raise AssertionError('a size that begins with a zero')
    data = b''
    while len(data) < int(size[:-1]):
        byte = connection.recv(1)
        if not byte:
            raise AssertionError('a netstring that was cut short')
        data += byte
    if connection.recv(1) != b',':
        raise AssertionError('a netstring without its comma')
    return data


class Scgi(Backend):
    """`answer` gets the variables as a list of pairs, and returns bytes."""

    def __init__(self, test, answer):
        super().__init__(test)
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        self.listener.listen()
        os.chmod(self.socket, 0o666)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        with_cleanup(test, self.stop)

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(DEADLINE_S)
                try:
                    data = read_netstring(connection)
                    fields = data.split(b'\0')
                    if fields.pop() != b'' or len(fields) % 2:
                        raise AssertionError('odd headers %r' % data)
                    connection.sendall(self.answer(
                        list(zip(fields[::2], fields[1::2]))))
                except AssertionError as error:
                    if 'netstring: b\'\'' in str(error):
                        return
                    connection.sendall(b'50 %s\r\n' % str(error).encode())

    def stop(self):
        """A connection without a request ends the thread."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.socket)
        self.thread.join(DEADLINE_S)
        self.listener.close()
