"""The Kubernetes preset, driven by what behaves like kube-apiserver's audit webhook backend."""
import base64
import http.client
import json
import os
import random
import signal
import socket
import ssl
import threading
import time
import urllib.parse

import yaml

from certificates import authority, issue
from lib import bare, cretula, equal, main, read, records, wait_for, write
from presets import PRESETS
from test_intake import audit
from test_run import Daemon, free_port


class ApiServer:
    """
    As k8s.io/apiserver/plugin/pkg/audit/{buffered,webhook}: a kubeconfig says where to and who it is; events wait in a
    buffer and go in batches of at most so many, or after a while; each batch is one POST of an EventList to the path of
    `server`, on connections that stay, by HTTP/2 where the other side can; any error and any answer but 2xx is tried
    again, five times in all, each pause 1.5 times the one before, the first one 10 s; then the batch is dropped.  Here
    its pauses are as long in all, but each is short; what a loaded machine needs beside them is nobody's patience.
    """
    PATIENCE_S = sum(10 * 1.5 ** n for n in range(4))

    def __init__(self, kubeconfig, most=400, wait_s=0.05, pause_s=0.2):
        text = yaml.safe_load(read(kubeconfig))
        context = next(c['context'] for c in text['contexts'] if c['name'] == text['current-context'])
        cluster = next(c['cluster'] for c in text['clusters'] if c['name'] == context['cluster'])
        self.user = next(u['user'] for u in text['users'] if u['name'] == context['user'])
        self.url = urllib.parse.urlsplit(cluster['server'])
        self.tls = self.context(cluster) if self.url.scheme == 'https' else None
        self.most, self.wait_s, self.pause_s = most, wait_s, pause_s
        self.waiting, self.lock, self.stopping = [], threading.Condition(), False
        self.sent, self.dropped, self.answers, self.http = [], [], [], None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def context(self, cluster):
        made = ssl.create_default_context(cadata=base64.b64decode(cluster['certificate-authority-data']).decode())
        made.load_cert_chain(self.user['client-certificate'], self.user['client-key'])
        made.set_alpn_protocols(['h2', 'http/1.1'])
        return made

    def event(self, event):
        with self.lock:
            self.waiting.append(event)
            if len(self.waiting) >= self.most:
                self.lock.notify()

    def run(self):
        while True:
            with self.lock:
                self.lock.wait_for(lambda: self.stopping or len(self.waiting) >= self.most, self.wait_s)
                batch, self.waiting = self.waiting[:self.most], self.waiting[self.most:]
                if not batch and self.stopping:
                    return
            if batch:
                (self.sent if self.deliver(batch) else self.dropped).extend(batch)

    def deliver(self, batch):
        body = json.dumps({'kind': 'EventList', 'apiVersion': 'audit.k8s.io/v1', 'metadata': {}, 'items': batch}) + '\n'
        waited = 0
        while waited < self.PATIENCE_S:
            try:
                self.answers.append(self.post(body.encode()))
                if 200 <= self.answers[-1] < 300:
                    return True
            except (OSError, http.client.HTTPException) as why:
                self.answers.append(type(why).__name__)
                self.http = None
            pause_s = self.pause_s * (1 + random.random())
            time.sleep(pause_s)
            waited += pause_s
        return False

    def post(self, body):
        if self.http is None:
            made = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=120)
            made.sock = socket.create_connection((self.url.hostname, self.url.port), timeout=120)
            if self.tls:
                made.sock = self.tls.wrap_socket(made.sock, server_hostname=self.url.hostname)
                assert made.sock.selected_alpn_protocol() != 'h2', 'it was offered what nobody speaks'
            self.http = made
        headers = {'Content-Type': 'application/json', 'Accept': 'application/json, */*', 'Accept-Encoding': 'gzip',
                   'User-Agent': 'kube-apiserver/v1.31.2 (linux/amd64) kubernetes/5864a46'}
        if 'token' in self.user:
            headers['Authorization'] = 'Bearer ' + self.user['token']
        self.http.request('POST', self.url.path, body, headers)
        answer = self.http.getresponse()
        answer.read()
        return answer.status

    def stop(self):
        with self.lock:
            self.stopping = True
            self.lock.notify()
        self.thread.join()


def configure(secure):
    """The preset, for a port that is free; and, where asked for, for certificates on both sides."""
    port = free_port()
    stream = yaml.safe_load(read(os.path.join(PRESETS, 'kubernetes', 'cretula.yaml')))['streams']['k8s-audit']
    hook = read(os.path.join(PRESETS, 'kubernetes', 'audit-webhook.yaml')).decode()
    stream['input']['http'] = f'127.0.0.1:{port}'
    hook = hook.replace('127.0.0.1:9443', f'127.0.0.1:{port}')
    if secure:
        authority('ca')
        issue('server', 'ca')
        issue('apiserver', 'ca', 'client')
        stream['input'].update(certificate='server.pem', key='server.key', client_ca='ca.pem')
        hook = hook.replace('http://', 'https://').replace(
            '      server:', f'      certificate-authority-data: {base64.b64encode(read("ca.pem")).decode()}\n      server:').replace(
                'user: {}', 'user: { client-certificate: apiserver.pem, client-key: apiserver.key }')
    write('hook.yaml', hook.encode())
    write('c.yaml', json.dumps({'store': 'store', 'streams': {'s': stream}}).encode())


def drive(secure):
    """Events through a daemon that comes late, is killed, and is stopped and started: what was answered is there."""
    configure(secure)
    server = ApiServer('hook.yaml')
    sent = 0

    def more(count):
        nonlocal sent
        for _ in range(count):
            for stage in ('RequestReceived', 'ResponseComplete'):
                server.event(audit(sent, stage, user={'username': 'erika@example.org' if sent % 2 else 'system:node:n1'}))
            sent += 1

    more(30)  # nobody is there yet
    wait_for(lambda: 'ConnectionRefusedError' in server.answers, seen=lambda: server.answers)
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGTERM):
        daemon = Daemon()
        for _ in range(20):
            more(50)
            time.sleep(0.01)
        daemon.end(number=number)
    daemon = Daemon()
    server.stop()
    daemon.end()
    equal((len(server.dropped), len(server.sent)), (0, 2 * sent), server.answers)
    kept = records('store', 's')
    again = sum('sent_again' in r.get('flags', ()) for r in kept)
    assert 0 <= len(kept) - again - 2 * sent <= 400, 'only a batch whose answer the kill cut off may come twice unflagged'
    written = bare(cretula('view', '--store', 'store', '--stream', 's').out)
    for raw in (b'erika', b'203.0.113.7'):
        assert raw not in written, raw
    assert b'system:node:n1' in written
    cretula('verify', '--store', 'store', '--strict', code=0)
    return server


def test_the_preset():
    """As it stands, on loopback."""
    server = drive(False)
    assert 'ConnectionRefusedError' in server.answers, server.answers


def test_with_certificates():
    """By HTTPS, with those of both sides from the kubeconfig."""
    drive(True)


if __name__ == '__main__':
    main()
