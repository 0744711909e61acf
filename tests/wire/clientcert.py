"""Certificates of clients, as openssl(1) makes them."""

import hashlib
import os
import shutil
import ssl
import subprocess

from build import DEADLINE_S
from server import gemini, new_directory, tls_context

CONFIG = '''
[ca]
default_ca = d
[d]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
'''
EC = ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256')


class Visitor:
    """A client with a certificate of its own, signed by its own key."""

    def __init__(self, test, key=EC, start='20200101000000Z',
                 end='20990101000000Z', subject='/CN=visitor'):
        self.directory = new_directory()
        add_cleanup = getattr(test, 'addClassCleanup' if isinstance(
            test, type) else 'addCleanup')
        add_cleanup(shutil.rmtree, self.directory, True)
        for name, text in {'ca.conf': CONFIG, 'index.txt': '',
                           'serial': '01\n'}.items():
            with open(self.path(name), 'w', encoding='ascii') as file:
                file.write(text)
        self.openssl('req', '-newkey', *key, '-nodes', '-subj', subject,
                     '-keyout', 'key.pem', '-out', 'request.pem')
        self.openssl('ca', '-batch', '-config', 'ca.conf', '-selfsign',
                     '-keyfile', 'key.pem', '-in', 'request.pem', '-out',
                     'crt.pem', '-notext', '-startdate', start, '-enddate',
                     end)
        with open(self.path('crt.pem'), encoding='ascii') as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
        self.hash = hashlib.sha256(der).hexdigest()
        self.fingerprint = 'SHA256:' + self.hash.upper()

    def path(self, name):
        return os.path.join(self.directory, name)

    def openssl(self, *arguments):
        subprocess.run(['openssl', *arguments], cwd=self.directory,
                       check=True, capture_output=True, timeout=DEADLINE_S)

    def tls(self, version=None):
        context = tls_context(version)
        context.load_cert_chain(self.path('crt.pem'), self.path('key.pem'))
        return context

    def fetch(self, server, path, version=None, name=None, sni=None):
        return gemini(server, server.url(path, name).encode() + b'\r\n',
                      tls=self.tls(version), sni=sni or name or 'localhost')
