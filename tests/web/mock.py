"""mock.py [PORT]: the interface of share/openapi.yaml over made-up data, and the page of web/, on loopback.

For working on the page without a store, and for its tests.  The token is the name of a tier.  `POST /mock/MODE` changes what
follows: normal, slow (no view is answered while it lasts), error (503 for views), empty (streams without
data), bad (the store does not verify), verifying (nobody knows yet), part (the
role sees some fields only), expired (sessions end), none (no stream), auth (logins, no requests).  Nothing here is the product: whatever is decided by a
server (tiers, suppression, access records) is only played.
"""
import datetime
import http.server
import json
import math
import os
import random
import sys
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'web'))
sys.dont_write_bytecode = True
import embed  # noqa: E402: how files of web/ become paths
import made  # noqa: E402: the made-up data

K = {'developer': 1, 'analyst': 10, 'public': 20, 'auditor': 1}
MODES = ('normal', 'slow', 'error', 'empty', 'bad', 'verifying', 'part', 'expired', 'none', 'auth')
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
TITLES = {401: 'No session', 403: 'Not for this role', 400: 'Bad request', 404: 'Not found', 503: 'Not now'}


class Refusal(Exception):
    """status, code and more members of a problem document."""

    def __init__(self, status, code, **more):
        super().__init__(code)
        self.status, self.code, self.more = status, code, more


class State:
    """What all requests share."""

    def __init__(self):
        self.mode = 'normal'
        self.sessions = {}
        self.asked = []  # of what was asked: what a test counts


PART = {'paths': 'path', 'statuses': 'status'}  # what a role of some fields sees


def session_of(tier, mode='normal'):
    streams = ['blog', 'shop'] if tier != 'auditor' else []
    return {'operator': f'{tier}@example', 'role': tier, 'tier': tier, 'k': K[tier], 'streams': streams,
            'fields': list(PART.values()) if mode == 'part' else [], 'via': 'cookie',
            'expires': '2026-11-26T18:00:00Z', 'version': '0.1.0'}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    state = State()

    def log_message(self, *_):
        pass

    def send(self, status, kind, content, **headers):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(content)))
        self.send_header('Content-Security-Policy', CSP)
        self.send_header('X-Content-Type-Options', 'nosniff')
        self.send_header('Cache-Control', 'no-cache')
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(content)

    def send_json(self, value, **headers):
        self.send(200, 'application/json', json.dumps(value).encode(), **headers)

    def problem(self, refusal):
        document = {'type': 'about:blank', 'title': TITLES.get(refusal.status, 'Refused'), 'status': refusal.status,
                    'code': refusal.code, **refusal.more}
        headers = {'Retry_After': '5'} if refusal.status in (429, 503) else {}
        self.send(refusal.status, 'application/problem+json', json.dumps(document).encode(), **headers)

    def tier(self):
        cookie = self.headers.get('Cookie', '')
        for part in cookie.split(';'):
            name, _, value = part.strip().partition('=')
            if name == 'cretula' and value in self.state.sessions and self.state.mode != 'expired':
                return self.state.sessions[value]
        raise Refusal(401, 'session')

    def asset(self, path):
        files = dict(embed.page_files(os.path.join(ROOT, 'web')))
        if path not in files:
            raise Refusal(404, 'not-found')
        with open(files[path], 'rb') as file:
            content = file.read()
        kind = embed.TYPES[os.path.splitext(files[path])[1]]
        small = embed.packed(content)
        if small and 'gzip' in self.headers.get('Accept-Encoding', ''):
            self.send(200, kind, small, Content_Encoding='gzip')
        else:
            self.send(200, kind, content)

    def api(self, path, query):
        if path == 'openapi.yaml':
            with open(os.path.join(ROOT, 'share/openapi.yaml'), 'rb') as file:
                return self.send(200, 'application/yaml', file.read())
        tier = self.tier()
        self.state.asked.append(path)
        if path == 'session':
            return self.send_json(session_of(tier, self.state.mode))
        if path == 'streams':
            return self.send_json(made.streams(tier, self.state.mode))
        while self.state.mode == 'slow':
            time.sleep(0.02)
        if self.state.mode == 'error':
            raise Refusal(503, 'access')
        name, _, dimension = path.partition('/')
        view = VIEWS.get(name)
        if view is None:
            raise Refusal(404, 'not-found')
        tiers, answer = view
        granted = tier == 'auditor' and self.state.mode == 'part' and name in ('records', 'tail')
        if (tier not in tiers and not granted) or (self.state.mode == 'part' and dimension not in ('', *PART)):
            raise Refusal(403, 'tier')
        return answer(self, made.Asked(tier, K[tier], query, self.state.mode, dimension))

    def tail(self, asked):
        refuse_filter(asked.query.get('where', ''))
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.send_header('Connection', 'close')
        self.end_headers()
        self.close_connection = True
        number = int(self.headers.get('Last-Event-ID', 0))
        try:
            while self.state.mode != 'expired':
                if self.state.mode == 'empty':
                    self.wfile.write(b': waiting\n\n')
                else:
                    number += 1
                    record = json.dumps(made.record(random.Random(number), time.time()))
                    self.wfile.write(f'id: {number}\nevent: record\ndata: {record}\n\n'.encode())
                    if number == 20:
                        self.wfile.write(b'event: gap\ndata: {"dropped": 17}\n\n')
                self.wfile.flush()
                time.sleep(0.2)
            self.wfile.write(b'event: end\ndata: {"code": "session"}\n\n')
        except (BrokenPipeError, ConnectionResetError):
            pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        try:
            if url.path.startswith('/api/v1/'):
                self.api(url.path.removeprefix('/api/v1/'), query)
            else:
                self.asset(url.path)
        except Refusal as refusal:
            self.problem(refusal)

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        if self.path.startswith('/mock/') and self.path[6:] in MODES:
            self.state.mode = self.path[6:]
            return self.send(204, 'text/plain', b'')
        if self.path != '/api/v1/session':
            return self.problem(Refusal(404, 'not-found'))
        token = json.loads(body).get('token')
        if token not in K:
            return self.problem(Refusal(401, 'token'))
        secret = f'{random.getrandbits(64):016x}'
        self.state.sessions[secret] = token
        return self.send_json(session_of(token, self.state.mode), Set_Cookie=f'cretula={secret}; HttpOnly; SameSite=Strict; Path=/')

    def do_DELETE(self):
        self.state.sessions.clear()
        self.send(204, 'text/plain', b'')


def refuse_filter(where):
    """A played parser: an unknown field, or a missing operator, is where the filter goes wrong."""
    word = where.split()[0].strip('(!') if where.split() else ''
    if word and word not in ('status', 'path', 'agent', 'client', 'event', 'country', 'referer', 'method', 'bytes'):
        raise Refusal(400, 'filter', column=where.index(word) + 1, detail='no field has this name')


def records(handler, asked):
    refuse_filter(asked.query.get('where', ''))
    handler.send_json(made.records(asked))


def text(handler, content):
    handler.send(200, 'text/plain; charset=utf-8', content.encode())


FIGURES = ('developer', 'analyst', 'public')
ALL = (*FIGURES, 'auditor')
VIEWS = {
    'overview': (FIGURES, lambda h, a: h.send_json(made.overview(a))),
    'series': (FIGURES, lambda h, a: h.send_json(made.series(a))),
    'top': (FIGURES, lambda h, a: h.send_json(made.top(a))),
    'records': (('developer',), records),
    'tail': (('developer',), Handler.tail),
    'trust': (ALL, lambda h, a: h.send_json(made.trust(a))),
    'chain': (('developer', 'auditor'), lambda h, a: h.send_json(made.chain(a))),
    'checkpoint': (('developer', 'auditor'), lambda h, a: text(h, made.checkpoint(a))),
}


def start(port=0):
    """The server in a thread of its own: (server, address)."""
    class Own(Handler):
        state = State()

    class Many(http.server.ThreadingHTTPServer):
        request_queue_size = 128  # who finds no room asks again after a second, and later each time

        def handle_error(self, request, client_address):
            if not isinstance(sys.exc_info()[1], ConnectionError):  # a browser may leave whenever it likes
                super().handle_error(request, client_address)
    server = Many(('127.0.0.1', port), Own)
    server.state = Own.state
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f'http://127.0.0.1:{server.server_address[1]}'


if __name__ == '__main__':
    running, where = start(int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
    print(where, 'tokens:', ', '.join(K))
    threading.Event().wait()
