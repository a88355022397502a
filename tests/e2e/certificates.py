"""Certificates for tests, by openssl(1): an authority, a server, clients, and what is wrong with others."""
import os
import shutil
import ssl
import subprocess

from lib import Skip, write

EXTENSIONS = """[server]
subjectAltName = DNS:localhost, IP:127.0.0.1
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
"""


def openssl(*args):
    if shutil.which('openssl') is None:
        raise Skip('no openssl(1)')
    done = subprocess.run(['openssl', *args], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def authority(name):
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={name}',
            '-keyout', f'{name}.key', '-out', f'{name}.pem', '-days', '3')


def issue(name, by, kind='server', days=3):
    """NAME.pem and NAME.key (0600)."""
    if not os.path.exists('extensions'):
        write('extensions', EXTENSIONS.encode())
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={name}',
            '-keyout', f'{name}.key', '-out', f'{name}.csr')
    openssl('x509', '-req', '-in', f'{name}.csr', '-CA', f'{by}.pem', '-CAkey', f'{by}.key', '-CAcreateserial', '-days',
            str(days), '-extfile', 'extensions', '-extensions', kind, '-out', f'{name}.pem')
    os.chmod(f'{name}.key', 0o600)


def client(trusts='ca.pem', certificate=None, most=None):
    """A context of a client that looks at the server's name."""
    context = ssl.create_default_context(cafile=trusts)
    if certificate:
        context.load_cert_chain(f'{certificate}.pem', f'{certificate}.key')
    if most:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = most
    return context
