"""The page of the binary itself: a store is imported, `cretula serve` answers, a browser looks, in each role."""
import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'e2e')]
sys.path.append(os.path.join(os.path.dirname(HERE), 'vectors'))
sys.dont_write_bytecode = True
import life  # noqa: E402
import test_page  # noqa: E402
from lib import CRETULA, Skip, cretula, equal, free_port, main, make_log, wait_for, write  # noqa: E402

TIERS = ('developer', 'analyst', 'public', 'auditor')


class Served:
    """A store with one stream, and serve on a port of loopback."""

    def __init__(self):
        if 'serve' not in subprocess.run([CRETULA, '--help'], capture_output=True, text=True, check=False).stdout:
            raise Skip('this binary has no serve')
        self.browser = test_page.World.get().browser
        write('a.log', make_log(3000))
        cretula('import', '--store', 'store', '--stream', 'shop', '--format', 'combined', 'a.log')
        cretula('stats', '--store', 'store', '--rebuild', code=0)
        self.tokens, rows = {}, []
        for tier in TIERS:
            said = cretula('serve', 'token', '--role', tier).text
            self.tokens[tier] = said.split()[0]
            digest = re.search(r'sha256:\w+', said)[0]
            rows.append(f'  {tier}: {{ tier: {tier}, token_hash: "{digest}" }}\n')
        self.port = free_port()
        write('cretula.yaml', ('store: store\nkeys: store.keys\nroles:\n' + ''.join(rows) +
                               f'serve: {{ listen: "127.0.0.1:{self.port}" }}\nstreams:\n  shop: {{ format: combined }}\n').encode())
        self.process = subprocess.Popen([CRETULA, 'serve', '--config', 'cretula.yaml'], stderr=subprocess.PIPE, text=True)
        self.where = f'http://127.0.0.1:{self.port}'
        wait_for(self.listens, seen=lambda: self.process.poll())

    def listens(self):
        try:
            socket.create_connection(('127.0.0.1', self.port), 1).close()
            return True
        except OSError:
            assert self.process.poll() is None, self.process.stderr.read()
            return False

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0, self.process.returncode

    def enter(self, tier):
        page = test_page.browser.Page(self.browser)
        page.go(self.where)
        page.until("document.querySelector('#token')")
        page.run("document.querySelector('#token').focus()")
        page.to("'#/trust'")
        page.type(self.tokens[tier])
        page.key('Enter')
        page.until("document.querySelector('header nav')")
        return page


def sound(page, where):
    errors = [e for e in page.errors if not test_page.EXPECTED.search(e)]
    assert not errors, errors
    away = [url for url in page.asked if not url.startswith((where, 'data:'))]
    assert not away, away


def look(served, tier, names):
    """Pages of a tier: drawn, accessible, nothing refused."""
    page = served.enter(tier)
    for name in names:
        page.to(f"'#/{name}?stream=shop{'&chain=shop' if name == 'trust' else ''}'")
        page.until(test_page.READY % name)
        if name != 'live':
            test_page.accessible(page, f'{tier} {name}')
        if os.environ.get('CRETULA_SHOTS'):
            page.shot(os.path.join(os.environ['CRETULA_SHOTS'], f'real-{tier}-{name}.png'))
        assert page.run("document.querySelector('.failure')?.textContent ?? ''") == '', f'{tier} {name} failed'
    return page


def anchor_of(page):
    """The line that a page shows of a store that is verified; serve does that when nothing else is to be done."""
    state = "fetch('/api/v1/trust').then(a => a.json()).then(trust => trust.verified.state)"
    wait_for(lambda: page.browser.idle(0.2) or page.run(state) not in ('unknown', 'running'), seen=lambda: page.run(state))
    page.to("'#/trust'")
    page.reload()
    page.until("document.querySelector('main.trust .verdict.good')")
    return page.run("document.querySelector('.anchor code').textContent")


def same_records(page):
    """They are those of view, the newest first and the oldest, on the first page and the next one."""
    told = [record['time'] for record in cretula('view', '--store', 'store', '--stream', 'shop').lines]
    for order, want, sort in (('oldest', told, 'ascending'), ('newest', told[::-1], 'descending')):
        page.to(f"'#/records?stream=shop&since=all&order={order}'")
        page.until(f"document.querySelectorAll('.records [aria-sort={sort}]').length && document.querySelectorAll('.records .opener').length === 100")
        page.until("!document.querySelector('[aria-busy=true]')")
        page.run("document.querySelector('.below button').click()")
        page.until("document.querySelectorAll('.records .opener').length === 200")
        times = page.run("[...document.querySelectorAll('.records time')].map(t => t.getAttribute('datetime'))")
        equal(times, want[:200], f'times of records, {order} first')


def wrong_filter(page):
    """A mistake in a filter is pointed at, in the words of view."""
    page.to("'#/records?stream=shop&since=all&where=' + encodeURIComponent('status == 200 && nix == 1')")
    page.until("document.querySelector('#filter-wrong')")
    where, caret = page.run("document.querySelector('#filter-wrong').textContent").split('\n')
    assert caret.startswith(' ' * where.index('nix') + '^ '), (where, caret)
    page.run("[...document.querySelectorAll('.filter button')].find(b => b.textContent === 'Clear').click()")
    page.until("document.querySelectorAll('.records .opener').length === 100")
    page.errors = [e for e in page.errors if 'status of 400' not in e]


def overview(served):
    """The figures of the day of the log: those of the interface, as each role may see them."""
    for tier, window in (('developer', 'day'), ('analyst', 'day'), ('public', 'week')):
        page = served.enter(tier)
        query = f'stream=shop&window={window}&at=2025-11-24'
        page.to(f"'#/overview?{query}'")
        page.until(test_page.READY % 'overview')
        told = page.run(f"fetch('/api/v1/overview?{query}').then(a => a.json())")
        top = page.run(f"fetch('/api/v1/top/paths?limit=15&{query}').then(a => a.json())")
        if tier == 'developer':
            equal((told['totals']['requests'], top['total']['requests']), (3000, 3000), 'requests of the log')
            rows = page.run("[...document.querySelectorAll('.top tbody')][0].querySelectorAll('tr').length")
            equal(rows, len(top['rows']), 'rows of paths')
        shown = page.run("document.querySelector('.tile.requests .figure').textContent")
        equal(shown.replace(',', ''), str(told['totals']['requests']), f'requests for {tier}')
        test_page.accessible(page, f'{tier} overview')
        if os.environ.get('CRETULA_SHOTS'):
            page.shot(os.path.join(os.environ['CRETULA_SHOTS'], f'real-{tier}-overview.png'))
        sound(page, served.where)
        page.close()


def test_report():
    """The report of `evidence`: axe finds nothing, it fits from 320 pixels on, asks for nothing, and prints on A4."""
    browser = test_page.World.get().browser
    life.make_life('store')
    cretula('evidence', '--report', '--store', 'store', '--out', 'report', code=0)
    where = f'file://{os.getcwd()}/report/report.html'
    page = test_page.browser.Page(browser)
    page.go(where)
    page.until("document.querySelector('#controls')")
    for width, dark in ((1280, False), (1280, True), (320, False)):
        page.size(width, 900)
        page.dark(dark)
        test_page.World.get().fits(page)
        test_page.accessible(page, f'report, {width} pixels, dark={dark}')
        if os.environ.get('CRETULA_SHOTS'):
            page.size(width, page.run('document.documentElement.scrollHeight'))
            page.shot(os.path.join(os.environ['CRETULA_SHOTS'], f'report-{width}{"-dark" * dark}.png'))
    page.size(680, 1000)  # A4 between its margins
    page.dark(False, 'print')
    wide = page.run("[...document.querySelectorAll('.t')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.ariaLabel)")
    assert not wide, f'cut on paper: {wide}'
    pdf = base64.b64decode(page.call('Page.printToPDF', preferCSSPageSize=True)['data'])
    sizes = re.findall(rb'/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]', pdf)
    assert 5 <= len(sizes) <= 12 and {(round(float(w)), round(float(h))) for w, h in sizes} == {(595, 842)}, sizes
    assert page.errors == [] and page.asked == [where], (page.errors, page.asked)
    page.close()


@test_page.closing
def test_roles():
    """Every role's pages are drawn out of a real store; the verdict and the records are those of verify and view."""
    served = Served()
    auditor = cretula('verify', '--store', 'store', '--json').json['coverage']['auditor']
    for tier in TIERS:
        page = look(served, tier, [name for name in test_page.PAGES[tier] if name != 'overview'])
        equal(anchor_of(page), auditor, f'the line that {tier} sees')
        if tier in ('developer', 'auditor'):
            own = page.run("[...document.querySelectorAll('main.trust tr')].find(row => row.textContent.startsWith('cretula.store')).textContent")
            assert 'entries only' in own and 'not yet' not in own, own
            fresh = page.run("[...document.querySelectorAll('main.trust .balance')].find(e => e.textContent.startsWith('cretula.access')).textContent")
            equal(fresh, 'cretula.accessNothing is sealed yet.')
            said = page.run("[...document.querySelectorAll('main.trust .verdict li li')].map(e => e.textContent)")
            assert said and not any(re.match(r'[a-z]+:', text) for text in said), said
        if tier == 'developer':
            same_records(page)
            wrong_filter(page)
        sound(page, served.where)
        page.close()
    overview(served)
    served.end()


if __name__ == '__main__':
    main()
