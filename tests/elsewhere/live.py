"""Operates an installed package of capsuled under the systemd of this system.

    live.py OLD.deb NEW.deb

NEW.deb is OLD.deb with a higher version.  Run at each start of the system by
tests/elsewhere/systemd, as root, with loopback as the only network: the first
run ends with a restart of the system, the second with its end.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import operate
from manager import DEADLINE_S, run, wait_until
from operate import (CERTS, CONFIGURATION, STATE, Download, Load, apt,
                     fingerprint, gemini, look_at_pages, say, systemctl, write)

UNIT = 'capsuled.service'
SOCKETS = ('capsuled.socket', 'capsuled-gopher.socket')
KNOWN = '/root/fingerprint'
DROP_IN = '/etc/systemd/system/%s.d/' % UNIT
# Warnings that belong to what the test does itself.
OWN_WARNINGS = ('host "second.test" is not served over Gopher',)


def forget_starts():
    """systemd allows five in ten seconds."""
    systemctl('reset-failed')


def show(key, unit=UNIT):
    return run('systemctl', 'show', '--value', '-p', key, unit).strip()


def messages(since=0, *which):
    """(priority, text) of each line of the server in its journal."""
    run('journalctl', '--sync')
    lines = run('journalctl', '-b', '-q', '-o', 'json', '--no-pager',
                '_SYSTEMD_UNIT=' + UNIT, *which).splitlines()
    entries = [json.loads(line) for line in lines[since:]]
    return [(int(entry['PRIORITY']), entry['MESSAGE']) for entry in entries]


def wait_for_message(pattern, since):
    wait_until(lambda: any(re.search(pattern, text)
                           for _, text in messages(since)), pattern)


class Service:
    """The interface of manager.Service, for the real one."""

    def __init__(self):
        self.when_stopping = lambda: None
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while True:
            # It fails while systemd executes itself.
            with contextlib.suppress(subprocess.CalledProcessError):
                if show('ActiveState') == 'deactivating':
                    self.when_stopping()
            time.sleep(0.05)

    def runs(self):
        return show('ActiveState') in ('active', 'reloading')

    def processes(self):
        found = {}
        with open('/sys/fs/cgroup%s/cgroup.procs' % show('ControlGroup'),
                  encoding='utf-8') as file:
            numbers = [int(line) for line in file]
        for number in numbers:
            with contextlib.suppress(OSError), \
                    open('/proc/%d/comm' % number, encoding='utf-8') as file:
                found[number] = file.read().strip()
        return found

    def named(self, name):
        return [pid for pid, found in self.processes().items()
                if found == name]

    def master(self):
        return int(show('MainPID'))


class Manager:
    """The interface of manager.Manager, for the real one."""

    def __init__(self):
        self.service = Service()

    @property
    def sockets(self):
        return [unit for unit in SOCKETS
                if show('ActiveState', unit) == 'active']


def status_of(pid):
    with open('/proc/%d/status' % pid, encoding='utf-8') as file:
        return dict(line.rstrip('\n').split(':\t', 1) for line in file
                    if ':\t' in line)


def look_at_sandbox(service):
    """No part of the jail is lost in the unit's own restrictions."""
    lines = messages(0, '_SYSTEMD_INVOCATION_ID=' + show('InvocationID'))
    warned = [text for priority, text in lines if priority < 5 and
              not any(own in text for own in OWN_WARNINGS)]
    assert not warned, warned
    jail = [text for _, text in lines if text.startswith('info jail ')][-1]
    assert re.match('info jail user=same files=landlock-[0-9]+ '
                    'syscalls=seccomp$', jail), jail
    filters = {}
    for pid, name in service.processes().items():
        found = status_of(pid)
        assert found['NoNewPrivs'] == '1', (name, found)
        filters[name] = int(found['Seccomp_filters'])
        if pid != service.master():
            assert int(found['CapEff'], 16) == 0, (name, found)
    own = filters['capsuled-worker'] - filters['capsuled']
    assert own > 0, filters
    say('%s; a worker has %d system call filters, %d of its own' % (
        jail, filters['capsuled-worker'], own))


def exposure(unit=UNIT):
    text = run('systemd-analyze', '--no-pager', 'security', unit)
    return float(re.search('exposure level for .*: ([0-9.]+)', text).group(1))


def installed(service):
    operate.installed()
    assert show('Type') == 'notify'
    assert show('ActiveState') == 'active'
    assert show('UnitFileState') == 'enabled'
    assert re.match('workers: [0-9]+, hosts: 1$', show('StatusText'))
    look_at_pages()
    priorities = {priority for priority, _ in messages()}
    assert priorities <= {4, 6}, priorities
    assert exposure() <= 1.6, exposure()
    say('installed: active, "%s", exposure %.1f' % (show('StatusText'),
                                                   exposure()))


def reload_at_once():
    """A client that comes when the reload has returned meets the new host."""
    with open(CONFIGURATION, encoding='utf-8') as file:
        before = file.read()
    for number in range(20):
        write(CONFIGURATION, before + 'host "h%d.test" { capsule = '
              '"/srv/gemini/second" }\n' % number)
        systemctl('reload', UNIT)
        answer = gemini(host='h%d.test' % number)
        assert answer[1] == b'# Second\n', (number, answer)
        assert show('StatusText').endswith('hosts: 3')
    write(CONFIGURATION, before)
    systemctl('reload', UNIT)
    for suffix in 'key', 'crt':
        for number in range(20):
            os.unlink('%s/h%d.test.%s' % (CERTS, number, suffix))
    say('20 reloads: the next client meets the new host')


def reload_by_signal(service):
    """Without the check of ExecReload."""
    with open(CONFIGURATION, encoding='utf-8') as file:
        before = file.read()
    write(CONFIGURATION, before + 'nonsense = 1\n')
    since = len(messages())
    os.kill(service.master(), signal.SIGHUP)
    wait_for_message('keeping the old', since)
    assert 3 in [priority for priority, _ in messages(since)]
    wait_until(lambda: 'reload failed' in show('StatusText'), 'status')
    assert 'nonsense' in show('StatusText'), show('StatusText')
    look_at_pages()
    assert show('ActiveState') == 'active'
    write(CONFIGURATION, before)
    systemctl('reload', UNIT)
    assert 'failed' not in show('StatusText')
    say('a wrong configuration by SIGHUP: the status tells it')


def read_status():
    with open(CONFIGURATION, encoding='utf-8') as file:
        before = file.read()
    write(CONFIGURATION, before + 'status = "/run/capsuled/status"\n')
    systemctl('reload', UNIT)
    text = run('capsule', 'status', '/run/capsuled/status')
    assert 'workers=' in text, text
    write(CONFIGURATION, before)
    systemctl('reload', UNIT)
    say('capsule status answers in the runtime directory')


def fault(service):
    """A worker's fault: the master executes itself, and stays the same."""
    for _ in range(2):
        master, since = service.master(), len(messages())
        workers = service.named('capsuled-worker')
        os.kill(workers[0], signal.SIGSEGV)
        wait_for_message('executing itself', since)
        wait_for_message('^info ready ', since)
        wait_until(lambda: not set(service.named('capsuled-worker')) &
                   set(workers), 'new workers')
        look_at_pages()
        assert service.master() == master
    assert show('NRestarts') == '0' and show('ActiveState') == 'active'
    systemctl('reload', UNIT)
    look_at_pages()
    say('two faults of workers: the same main process, and a reload after')


def watchdog(service):
    """With a short watchdog, so that the test is short."""
    write(DROP_IN + 'watchdog.conf', '[Service]\nWatchdogSec=8\n')
    systemctl('daemon-reload')
    systemctl('restart', UNIT)
    since, master = len(messages()), service.master()
    worker = service.named('capsuled-worker')[0]
    began = time.monotonic()
    os.kill(worker, signal.SIGSTOP)
    wait_for_message('worker %d does not answer' % worker, since)
    wait_until(lambda: len(service.named('capsuled-worker')) == 2 and
               worker not in service.processes(), 'a new worker')
    look_at_pages()
    assert service.master() == master and show('NRestarts') == '0'
    say('a stopped worker was replaced after %.1f s, of 8 s' % (
        time.monotonic() - began))
    began = time.monotonic()
    os.kill(master, signal.SIGSTOP)
    wait_until(lambda: show('NRestarts') == '1' and
               show('ActiveState') == 'active', 'a restart')
    assert service.master() != master
    look_at_pages()
    say('a stopped master was restarted after %.1f s, of 8 s' % (
        time.monotonic() - began))
    os.unlink(DROP_IN + 'watchdog.conf')
    systemctl('daemon-reload')
    systemctl('restart', UNIT)


def kills():
    """The number of processes that systemd has killed at the unit's end."""
    run('journalctl', '--sync')
    return run('journalctl', '-b', '-q', '-o', 'cat', '_PID=1',
               'UNIT=' + UNIT).count('Killing process')


def stop_while_serving(service):
    downloads = [Download() for _ in range(20)]
    since, killed = len(messages()), kills()

    def proceed():
        for download in downloads:
            download.proceed.set()

    service.when_stopping = proceed
    systemctl('stop', UNIT)
    service.when_stopping = lambda: None
    for download in downloads:
        download.join(DEADLINE_S)
        assert download.whole
    assert show('Result') == 'success' and show('ExecMainStatus') == '0'
    assert not any(priority < 5 for priority, _ in messages(since))
    assert kills() == killed
    systemctl('start', UNIT)
    say('stopped: 20 downloads ended whole, without a warning')


def wrong_configuration():
    """Another start would not help: systemd does not try."""
    with open(CONFIGURATION, encoding='utf-8') as file:
        before = file.read()
    write(CONFIGURATION, before + 'nonsense = 1\n')
    with contextlib.suppress(subprocess.CalledProcessError):
        systemctl('restart', UNIT)
        raise AssertionError('a start with a wrong configuration')
    assert show('ActiveState') == 'failed', show('ActiveState')
    assert show('ExecMainStatus') == '2' and show('NRestarts') == '0'
    write(CONFIGURATION, before)
    systemctl('start', UNIT)
    look_at_pages()
    say('a start with a wrong configuration fails at once')


def restart_with_sockets(service):
    """Only socket units have a network; restarts and faults lose nothing."""
    systemctl('stop', UNIT)
    write(DROP_IN + 'socket.conf', run(
        'cat', '/usr/share/doc/capsuled/examples/socket.conf'))
    systemctl('daemon-reload')
    systemctl('enable', *SOCKETS)
    systemctl('start', *SOCKETS)
    # The first client starts the service.
    look_at_pages()
    assert show('ActiveState') == 'active'
    assert exposure() <= 1.2, exposure()
    look_at_sandbox(service)
    forget_starts()
    load = Load()
    for _ in range(3):
        load.wait_for_more(100)
        systemctl('restart', UNIT)
    load.wait_for_more(100)
    master, since = service.master(), len(messages())
    systemctl('reload', UNIT)
    load.wait_for_more(100)
    say('3 restarts and a reload with sockets, exposure %.1f: '
        '%d answers, none lost' % (exposure(), load.stop()))
    os.kill(service.named('capsuled-worker')[0], signal.SIGSEGV)
    wait_for_message('executing itself', since)
    wait_for_message('^info ready ', since)
    look_at_pages()
    assert service.master() == master
    systemctl('stop', UNIT)
    # The sockets stay, and start it again.
    look_at_pages()
    say('with sockets: a fault, and a start by the next client')
    os.unlink(DROP_IN + 'socket.conf')
    systemctl('daemon-reload')
    systemctl('stop', UNIT, *SOCKETS)
    systemctl('disable', *SOCKETS)
    systemctl('start', UNIT)


def address_comes_late():
    """A start that fails is repeated until it does not."""
    address = ('192.0.2.1/32', 'dev', 'lo')
    write(DROP_IN + 'address.conf', '[Service]\nExecStart=\n'
          'ExecStart=/usr/sbin/capsuled -c %s -o state=state '
          '-g 192.0.2.1:1965\n' % CONFIGURATION)
    systemctl('daemon-reload')
    forget_starts()
    systemctl('restart', '--no-block', UNIT)
    # Five in ten seconds are the limit of systemd.
    wait_until(lambda: int(show('NRestarts')) >= 6, '6 starts')
    wait_until(lambda: 'cannot listen on 192.0.2.1' in show('StatusText'),
               'status')
    run('ip', 'address', 'add', *address)
    wait_until(lambda: show('ActiveState') == 'active', 'start')
    run('ip', 'address', 'del', *address)
    os.unlink(DROP_IN + 'address.conf')
    systemctl('daemon-reload')
    systemctl('restart', UNIT)
    look_at_pages()
    say('an address that comes late: started after 6 failures')


def execute_manager(service):
    master = service.master()
    systemctl('daemon-reexec')
    systemctl('reload', UNIT)
    assert service.master() == master
    look_at_pages()
    say('systemd executed itself: the server went on, and reloads')


def first_start(manager, old, new):
    service = manager.service
    apt('install', old)
    installed(service)
    look_at_sandbox(service)
    known = fingerprint()
    write(STATE + '/capsule/big.bin', operate.BIG)
    operate.hosts_and_readers()
    reload_at_once()
    reload_by_signal(service)
    read_status()
    fault(service)
    watchdog(service)
    wrong_configuration()
    stop_while_serving(service)
    address_comes_late()
    forget_starts()
    execute_manager(service)
    restart_with_sockets(service)
    forget_starts()
    operate.update_while_serving(service, new)
    forget_starts()
    operate.update_with_sockets(manager, old, new)
    forget_starts()
    operate.update_while_disabled(manager, old)
    operate.remove_and_return(manager, new, known)
    assert fingerprint() == known
    write(KNOWN, known)


def second_start(manager):
    wait_until(manager.service.runs, 'service')
    look_at_pages()
    look_at_sandbox(manager.service)
    with open(KNOWN, encoding='utf-8') as file:
        assert fingerprint() == file.read()
    say('the system started again: so did the server, with the same key')


def main():
    manager = Manager()
    if os.path.exists(KNOWN):
        second_start(manager)
    else:
        first_start(manager, *sys.argv[1:])


if __name__ == '__main__':
    try:
        main()
    except BaseException as error:
        if isinstance(error, subprocess.CalledProcessError):
            print(error.stdout)
        print(run('journalctl', '-b', '--no-pager', '-n', '60'))
        raise
