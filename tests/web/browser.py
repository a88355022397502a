"""browser: Debian's chromium, without a window, spoken to by the DevTools protocol over a WebSocket of our own.

Python's standard library only.  One Browser is one process with a profile in a temporary folder; a Page is a tab in a
context of its own (no cookies of another one).
"""
import base64
import ctypes
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--no-default-browser-check', '--disable-extensions',
         '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
         '--disable-domain-reliability', '--metrics-recording-only', '--hide-scrollbars', '--force-color-profile=srgb',
         '--font-render-hinting=none', '--remote-debugging-port=0', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1']

CLOCK = """globalThis.Date = ((real, start, then) => class extends real {
    static now() { return start + real.now() - then; }
    constructor(...parts) { super(...(parts.length > 0 ? parts : [start + real.now() - then])); }
})(Date, %d, Date.now())"""


def program():
    return shutil.which('chromium') or shutil.which('chromium-browser')


class Socket:
    """The client's half of RFC 6455, text frames only."""

    def __init__(self, url):
        place, _, path = url.removeprefix('ws://').partition('/')
        host, _, port = place.partition(':')
        self.socket = socket.create_connection((host, int(port)), 120)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f'GET /{path} HTTP/1.1\r\nHost: {place}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                            f'Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n'.encode())
        self.waiting, self.begun = b'', b''  # what no frame was made of yet; frames of a text without its last
        while b'\r\n\r\n' not in self.waiting:
            more = self.socket.recv(4096)
            if not more:
                raise OSError('the browser has gone')
            self.waiting += more
        head, _, self.waiting = self.waiting.partition(b'\r\n\r\n')
        if b' 101 ' not in head.split(b'\r\n')[0]:
            raise OSError('no WebSocket: ' + head.decode())

    def send(self, text):
        content, mask = text.encode(), os.urandom(4)
        size = len(content)
        head = b'\x81' + (bytes([0x80 | size]) if size < 126 else b'\xfe' + struct.pack('>H', size) if size < 65536
                          else b'\xff' + struct.pack('>Q', size))
        spread = (mask * (size // 4 + 1))[:size]
        body = (int.from_bytes(content, 'big') ^ int.from_bytes(spread, 'big')).to_bytes(size, 'big')
        self.socket.sendall(head + mask + body)

    def frame(self):
        """The first frame of what has come, as (content, whether a text ends with it); None if it is not all there."""
        have = self.waiting
        if len(have) < 2:
            return None
        size, start = have[1] & 0x7f, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(have[2:start], 'big')
        if len(have) < start + size:
            return None
        self.waiting = have[start + size:]
        return have[start:start + size], bool(have[0] & 0x80)

    def receive(self, timeout):
        """The next text, whole; None if none comes in time: what has come of it is kept."""
        self.socket.settimeout(timeout)
        while True:
            while (frame := self.frame()) is None:
                try:
                    more = self.socket.recv(1 << 20)
                except TimeoutError:
                    return None
                if not more:
                    raise OSError('the browser has gone')
                self.waiting += more
            self.begun += frame[0]
            if frame[1]:
                text, self.begun = self.begun.decode(), b''
                return text


class Page:
    """A tab.  errors: what its console said and what was refused; asked: each address it asked for; open: those that wait.

    now: what its documents take for the time when they come, in seconds; without it they have the clock of the machine.
    """

    def __init__(self, browser, width=1280, height=800, dark=False, now=None):
        self.browser, self.errors, self.asked, self.open = browser, [], [], {}
        self.context = browser.call('Target.createBrowserContext')['browserContextId']
        target = browser.call('Target.createTarget', url='about:blank', browserContextId=self.context)['targetId']
        self.session = browser.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        browser.pages[self.session] = self
        for domain in ('Page', 'Runtime', 'Network', 'Log'):
            self.call(f'{domain}.enable')
        if now is not None:
            self.call('Page.addScriptToEvaluateOnNewDocument', source=CLOCK % (1000 * now))
        self.size(width, height)
        self.dark(dark)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def size(self, width, height):
        """Returns once what follows the size of the window has followed it."""
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.until(f'innerWidth === {width} && innerHeight === {height}')
        self.run('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')

    def dark(self, dark, media=''):
        self.call('Emulation.setEmulatedMedia', media=media, features=[
            {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'},
            {'name': 'prefers-reduced-motion', 'value': 'reduce'}])

    def event(self, method, given):
        if method == 'Runtime.exceptionThrown':
            details = given['exceptionDetails']
            self.errors.append(details.get('exception', {}).get('description', details['text']))
        elif method == 'Runtime.consoleAPICalled' and given['type'] in ('error', 'warning', 'assert'):
            self.errors.append(' '.join(str(a.get('value', a.get('description'))) for a in given['args']))
        elif method == 'Log.entryAdded' and given['entry']['level'] in ('error', 'warning'):
            self.errors.append(f'{given["entry"]["text"]} {given["entry"].get("url", "")}')
        elif method == 'Network.requestWillBeSent':
            self.asked.append(given['request']['url'])
            self.open[given['requestId']] = given['request']['url']
        elif method in ('Network.loadingFinished', 'Network.loadingFailed'):
            self.open.pop(given['requestId'], None)

    def go(self, url):
        """Returns in the new document, if it is one."""
        self.run('void (globalThis.old = true)')
        answer = self.call('Page.navigate', url=url)
        assert 'errorText' not in answer, answer
        if 'loaderId' in answer:
            self.until('!globalThis.old')

    def to(self, hash_):
        """Sets the hash, an expression; returns once the page has heard of it and is drawn."""
        self.run(f"""new Promise((done) => {{
            const before = location.href;
            addEventListener('hashchange', () => setTimeout(done), {{ once: true }});
            location.hash = {hash_};
            if (location.href === before)
                setTimeout(done);
        }})""")

    def reload(self):
        """Returns in the new document."""
        self.run('void (globalThis.old = true)')
        self.call('Page.reload')
        self.until('!globalThis.old')

    def run(self, expression):
        """The value of an expression, awaited."""
        answer = self.call('Runtime.evaluate', expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if 'exceptionDetails' in answer:
            raise RuntimeError(answer['exceptionDetails'].get('exception', {}).get('description', expression))
        return answer['result'].get('value')

    def until(self, expression, seconds=120):
        """Waits for an expression to be true."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = self.run(f'!!({expression})')
            except RuntimeError:
                value = None  # between two documents
            if value:
                return value
            if time.monotonic() > end:
                raise TimeoutError(f'never true: {expression}; said {self.errors}; waits for {list(self.open.values())} '
                                   f'of {len(self.asked)}')
            self.browser.idle(0.03)

    def key(self, name, text='', shift=False):
        codes = {'Tab': 9, 'Enter': 13, 'Escape': 27, 'ArrowLeft': 37, 'ArrowRight': 39, 'Home': 36, 'End': 35, ' ': 32}
        common = {'key': name, 'code': name if len(name) > 1 else 'Key' + name.upper(), 'modifiers': 8 if shift else 0,
                  'windowsVirtualKeyCode': codes.get(name, ord(name[0]))}
        text = text or {'Enter': '\r'}.get(name, name if len(name) == 1 else '')
        self.call('Input.dispatchKeyEvent', type='keyDown', text=text, **common)
        self.call('Input.dispatchKeyEvent', type='keyUp', **common)

    def type(self, text):
        self.call('Input.insertText', text=text)

    def click(self, selector):
        self.run(f'document.querySelector({json.dumps(selector)}).click()')

    def drag(self, selector, start, end):
        """With the mouse, from one part of an element's width to another."""
        left, top, width, height = self.run(f'(r => [r.x, r.y, r.width, r.height])(document.querySelector({json.dumps(selector)})'
                                            '.getBoundingClientRect())')
        y = top + height / 2
        for kind, part, buttons in (('mouseMoved', start, 0), ('mousePressed', start, 1), ('mouseMoved', (start + end) / 2, 1),
                                    ('mouseMoved', end, 1), ('mouseReleased', end, 0)):
            self.call('Input.dispatchMouseEvent', type=kind, x=left + width * part, y=y, buttons=buttons, clickCount=1,
                      button='none' if kind == 'mouseMoved' and not buttons else 'left')

    def swipe(self, selector, start, end):
        """With a finger, from one place in an element to another, each as parts of its width and height."""
        left, top, width, height = self.run(f'(r => [r.x, r.y, r.width, r.height])(document.querySelector({json.dumps(selector)})'
                                            '.getBoundingClientRect())')
        self.call('Emulation.setTouchEmulationEnabled', enabled=True)
        for kind, part in (('touchStart', 0), *(('touchMove', i / 8) for i in range(1, 9)), ('touchEnd', None)):
            self.call('Input.dispatchTouchEvent', type=kind, touchPoints=[] if part is None else [
                {'x': left + width * (start[0] + part * (end[0] - start[0])), 'y': top + height * (start[1] + part * (end[1] - start[1]))}])
        self.call('Emulation.setTouchEmulationEnabled', enabled=False)

    def shot(self, path, whole=True):
        picture = self.call('Page.captureScreenshot', format='png', captureBeyondViewport=whole)
        with open(path, 'wb') as file:
            file.write(base64.b64decode(picture['data']))

    def close(self):
        self.browser.call('Target.disposeBrowserContext', browserContextId=self.context)
        self.browser.pages.pop(self.session)


def die_with_us():
    """In the browser's process: a test that is killed leaves none behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.pages, self.number, self.answers = {}, 0, {}
        self.process = subprocess.Popen([program(), *FLAGS, f'--user-data-dir={self.folder}', 'about:blank'],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_us)
        self.socket = Socket(self.address())

    def address(self):
        port_file, end = os.path.join(self.folder, 'DevToolsActivePort'), time.monotonic() + 120
        while time.monotonic() < end and self.process.poll() is None:
            if os.path.exists(port_file):
                with open(port_file, encoding='ascii') as file:
                    lines = file.read().split('\n')
                if len(lines) > 1:
                    with urllib.request.urlopen(f'http://127.0.0.1:{lines[0]}/json/version', timeout=120) as answer:
                        return json.load(answer)['webSocketDebuggerUrl']
            time.sleep(0.05)
        raise OSError('chromium did not start')

    def take(self, timeout):
        text = self.socket.receive(timeout)
        if text is None:
            return False
        message = json.loads(text)
        if 'id' in message:
            self.answers[message['id']] = message
        elif message.get('sessionId') in self.pages:
            self.pages[message['sessionId']].event(message['method'], message['params'])
        return True

    def idle(self, seconds):
        """Lets events come in."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.take(left)

    def call(self, method, session=None, **parameters):
        self.number += 1
        number = self.number
        message = {'id': number, 'method': method, 'params': parameters}
        if session:
            message['sessionId'] = session
        self.socket.send(json.dumps(message))
        while number not in self.answers:
            if not self.take(120):
                raise OSError(f'{method}: no answer')
        answer = self.answers.pop(number)
        if 'error' in answer:
            raise RuntimeError(f'{method}: {answer["error"]["message"]}')
        return answer['result']

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
