"""The page in a real browser: every page in each role, light and dark, narrow and wide, by keyboard; nothing from elsewhere.

Against mock.py.  With PNG files in CRETULA_SHOTS if that names a folder: they are there to be looked at.
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'e2e')]
sys.dont_write_bytecode = True
import browser  # noqa: E402
import contract  # noqa: E402
import mock  # noqa: E402
from lib import Skip, main, wait_for  # noqa: E402

PAGES = {'developer': ['overview', 'live', 'records', 'trust'], 'analyst': ['overview', 'trust'], 'public': ['overview', 'trust'],
         'auditor': ['trust']}
# A page without its session asks who it is: a browser writes that 401 to its console, whatever the page does with it.
EXPECTED = re.compile(r'status of 401 .*/api/v1/session')
READY = "document.querySelector('main.%s .panel') && !document.querySelector('.waiting, [aria-busy=true]')"


class World:
    """One browser and one server for all tests."""
    it = None

    def __init__(self):
        self.server, self.where = mock.start()
        self.browser = browser.Browser()

    @classmethod
    def get(cls):
        if browser.program() is None:
            raise Skip('chromium is missing: ./setup installs it')
        if cls.it is None:
            cls.it = World()
        cls.it.server.state.mode = 'normal'
        return cls.it

    def page(self, **options):
        """A page at the time that the mock's figures end: an hour later they would be of another window."""
        return browser.Page(self.browser, now=mock.made.NOW.timestamp(), **options)

    def enter(self, tier, hash_='', **options):
        """A page of its own with a session of tier, that follows its hash."""
        page = self.page(**options)
        page.go(f'{self.where}/{hash_}')
        page.until("document.querySelector('#token')")
        page.click('#token')
        page.run("document.querySelector('#token').focus()")
        page.type(tier)
        page.key('Enter')
        page.until("document.querySelector('header nav') && document.title.endsWith(' cretula')")
        return page

    def show(self, page, name, query=''):
        page.to(f"'#/{name}{query}'")
        page.until(READY % name)

    def sound(self, page):
        """Nothing in the console, nothing from elsewhere."""
        errors = [e for e in page.errors if not EXPECTED.search(e)]
        assert not errors, errors
        # data: is the browser's own: its controls have pictures, the page may have none.
        away = [url for url in page.asked if not url.startswith((self.where, 'data:'))]
        assert not away, away

    def fits(self, page):
        """Nothing is wider than the window."""
        wide, window = page.run('[document.documentElement.scrollWidth, innerWidth]')
        assert wide <= window, page.run("""[...document.querySelectorAll('body *')].filter(e =>
            e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + '.' + e.className).slice(0, 5).join()""")

    def shot(self, page, name):
        if os.environ.get('CRETULA_SHOTS'):
            page.until("!document.querySelector('.plot') || document.querySelector('.plot canvas')")
            page.shot(os.path.join(os.environ['CRETULA_SHOTS'], f'{name}.png'))


with open(os.path.join(HERE, 'vendor/axe.min.js'), encoding='utf-8') as file:
    AXE = file.read()
CHECK = """axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
    'best-practice'] }).then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200),
    v.nodes[0].failureSummary])))"""


def accessible(page, what):
    if not page.run("typeof axe !== 'undefined'"):
        page.run(AXE + ';0')
    violations = json.loads(page.run(CHECK))
    assert not violations, f'{what}: {json.dumps(violations, indent=1)[:1500]}'


def closing(test):
    """Ends the browser after the last test."""
    def run():
        try:
            test()
        finally:
            if World.it:
                World.it.browser.close()
                World.it = None
    run.__doc__ = test.__doc__
    return run


def test_mock():
    """What the mock answers fits share/openapi.yaml: the page is tried with what a server may say."""
    described = contract.Contract()
    wrong = []
    for tier, k in mock.K.items():
        for mode in ('normal', 'empty', 'bad', 'verifying', 'part'):
            def asked(dimension='', **query):
                return mock.made.Asked(tier, k, query, mode, dimension)
            answers = {'/api/v1/session': mock.session_of(tier), '/api/v1/streams': mock.made.streams(tier, mode),
                       '/api/v1/trust': mock.made.trust(asked())}
            if tier != 'auditor':
                answers['/api/v1/overview'] = mock.made.overview(asked(stream='blog'))
                answers['/api/v1/series'] = mock.made.series(asked(window='week', stream='blog'))
                for dimension in mock.made.VALUES:
                    answers['/api/v1/top/{dimension}'] = mock.made.top(asked(dimension, stream='blog'))
            if tier == 'developer':
                answers['/api/v1/records'] = mock.made.records(asked())
                answers['/api/v1/chain'] = mock.made.chain(asked(limit='3'))
            for path, answer in answers.items():
                wrong += [f'{tier} {mode} {path} {text}' for text in described.wrong(answer, described.answer(path))]
    assert not wrong, wrong[:10]


def test_login():
    """A wrong token is told, the right one enters, a reload stays in, leaving ends it; the token is in no address or storage."""
    world = World.get()
    page = world.page()
    page.go(world.where + '/#/trust')
    page.until("document.activeElement.id === 'token'")
    accessible(page, 'login')
    page.type('nonsense')
    page.key('Enter')
    page.until("document.querySelector('#why')?.textContent.includes('not known')")
    accessible(page, 'login, refused')
    page.errors.clear()
    page.type('developer')
    page.key('Enter')
    page.until("document.querySelector('main.trust')")
    assert page.run("location.href + JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie") == \
        world.where + '/#/trust{}{}', 'a token was left somewhere'
    page.go(world.where + '/?again#/records')
    page.until(READY % 'records')
    world.sound(page)
    world.server.state.mode = 'expired'
    page.to("'#/trust'")
    page.until("document.querySelector('.login')?.textContent.includes('session has ended')")
    world.server.state.mode = 'normal'
    page.errors.clear()
    page.run("document.querySelector('#token').focus()")
    page.type('auditor')
    page.key('Enter')
    page.until("document.querySelector('main.trust .verdict')")
    page.run("[...document.querySelectorAll('header.bar button')].at(-1).click()")
    page.until("document.querySelector('#token')")
    world.sound(page)
    page.close()


def test_many_refusals():
    """The session ends while all panels of a page ask: each is refused, and it is still said why one has to log in."""
    world = World.get()
    page = world.enter('developer', '#/records?stream=shop')
    page.until(READY % 'records')  # the streams have been told: nobody is refused before the panels are there
    page.run("""void ((real) => {
        let asked = 0, all;
        const together = new Promise((done) => { all = done; });
        window.refused = 0;
        window.fetch = async (path, options) => { // one that is given up answers, too: it may have been on its way
            if (++asked === 8)
                all();
            const answer = await real(path, { ...options, signal: undefined });
            const { json } = answer;
            answer.json = () => json.call(answer).finally(() => setTimeout(() => window.refused++));
            return together.then(() => answer);
        };
    })(fetch)""")
    world.server.state.mode = 'expired'
    page.to("'#/overview?stream=shop'")
    page.until("refused === 8")
    assert 'session has ended' in page.run("document.querySelector('.login').textContent")
    page.close()


def test_old_figures():
    """What is shown under an address that it is not of is marked at once, and not only once something is asked for."""
    world = World.get()
    page = world.enter('developer', '#/overview?stream=shop&window=day')
    page.until(READY % 'overview')
    world.server.state.mode = 'slow'
    page.to("'#/overview?stream=shop&window=week'")
    states = page.run("[...document.querySelectorAll('.panel[aria-busy]')].map(e => e.ariaBusy)")
    assert states and set(states) == {'true'}, states
    world.server.state.mode = 'normal'
    page.until(READY % 'overview')
    world.sound(page)
    page.close()


def test_hash_while_drawing():
    """A hash that changes between the drawing of the frame and its effects is followed: a page asked for is shown."""
    world = World.get()
    for start in ('/#/trust', '/'):  # from a page of its own, and from none
        page = world.page()
        page.go(world.where + start)
        page.until("document.querySelector('#token')")
        page.run("""void new MutationObserver((_, watch) => {
            if (document.querySelector('header nav')) {
                watch.disconnect();
                location.hash = '#/records';
            }
        }).observe(document.body, { childList: true, subtree: true })""")
        page.run("document.querySelector('#token').focus()")
        page.type('developer')
        page.key('Enter')
        page.until(READY % 'records')
        world.sound(page)
        page.close()


def test_what_comes_late():
    """An answer to what is not asked any more changes nothing: a further page of other records, the end of another tail."""
    world = World.get()
    page = world.enter('developer', '#/records?stream=shop')
    page.until(READY % 'records')
    page.run("""void ((real) => {
        const held = new Promise((done) => { window.release = done; });
        window.tails = [];
        window.fetch = async (path, options) => {
            if (path.includes('/tail?'))
                return new Response(new ReadableStream({ start: (to) => { tails.push(to); } }));
            const answer = await real(path, { ...options, signal: undefined });
            if (path.includes('cursor='))
                await held;
            return answer;
        };
    })(fetch)""")
    page.run("[...document.querySelectorAll('.below button')].find(b => b.textContent === 'Older records').click()")
    page.until("document.querySelector('.below button').disabled")
    page.to("'#/records?stream=shop&where=' + encodeURIComponent('status == 200')")
    page.until(READY % 'records' + " && !document.querySelector('.below button').disabled")
    page.run("release(); new Promise((done) => setTimeout(done, 50))")
    page.until("document.querySelectorAll('.records .opener').length === 100")
    page.to("'#/live?stream=shop'")
    page.until("tails.length === 1")
    page.to("'#/live?stream=shop&where=' + encodeURIComponent('status == 200')")
    page.until("tails.length === 2")
    page.run("""void [0, 1].forEach((i) => tails[i].enqueue(new TextEncoder().encode(
        `id: ${i}\\nevent: record\\ndata: {"time":"2026-11-26T08:00:0${i}Z","event":"log"}\\n\\n`)))""")
    page.run("tails[0].close()")
    page.until("document.querySelectorAll('.records .opener').length > 0")
    assert page.run("document.querySelectorAll('.records .opener').length") == 1
    page.until("document.querySelector('.live-state.open')")
    world.sound(page)
    page.close()


def test_every_page():
    """Each page of each role, light and dark: axe finds nothing, the console is empty, nothing comes from elsewhere."""
    world = World.get()
    for tier, pages in PAGES.items():
        page = world.enter(tier)
        names = page.run("[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href').slice(2).split('?')[0])")
        assert names == pages, f'{tier}: {names}'
        for name in pages:
            world.show(page, name, '?chain=shop' if name == 'trust' else '')
            for dark in (False, True):
                page.dark(dark)
                accessible(page, f'{tier} {name} dark={dark}')
                world.shot(page, f'{tier}-{name}-{"dark" if dark else "light"}')
        world.sound(page)
        page.close()


def test_no_role_asks_for_more():
    """A role's page asks for nothing that the role may not have, whatever the address says."""
    world = World.get()
    for tier, pages in PAGES.items():
        page = world.enter(tier)
        for name in ('overview', 'live', 'records', 'trust'):
            page.to(f"'#/{name}?stream=shop&chain=shop&window=hour&since=-7d&where=status'")
            page.until(f"document.querySelector('main.{name if name in pages else pages[0]}')")
            world.browser.idle(0.2)
        # The whole sentence of the browser: an address has a port, and a port may hold any three digits.
        refused = [e for e in page.errors if 'status of 403' in e]
        assert not refused, refused
        asked = {url.split('/api/v1/')[1].split('?')[0] for url in page.asked if '/api/v1/' in url}
        forbidden = {'analyst': ('records', 'tail', 'chain', 'checkpoint'), 'public': ('records', 'tail', 'chain', 'checkpoint'),
                     'auditor': ('records', 'tail', 'overview', 'series')}.get(tier, ())
        assert not asked & set(forbidden), asked
        page.close()


def test_figures_of_some_fields():
    """A role of some fields is shown what is of these, and asks for nothing else; "part" of the mock is one."""
    world = World.get()
    world.server.state.mode = 'part'
    page = world.enter('developer', '#/overview')
    page.until(READY % 'overview')
    world.sound(page)
    titles = page.run("[...document.querySelectorAll('.top h2')].map(e => e.textContent)")
    assert titles == ['Paths', 'Statuses'], titles
    tiles = page.run("[...document.querySelectorAll('.tile dt')].map(e => e.textContent)")
    assert tiles == ['Requests', 'Server errors'], tiles
    accessible(page, 'some fields')
    world.shot(page, 'part-overview')
    page.close()


def test_granted_fields():
    """An auditor who was granted fields of records is led to them, and to no figures; one who was not is not."""
    world = World.get()
    world.server.state.mode = 'part'
    page = world.enter('auditor', '#/records?stream=shop')
    page.until("document.querySelectorAll('.records .opener').length === 100")
    assert page.run("[...document.querySelectorAll('nav a')].map(a => a.textContent)") == ['Trust', 'Live', 'Records']
    heads = page.run("[...document.querySelectorAll('.records th')].map(e => e.textContent)")
    assert 'Client' not in heads and 'Status' in heads, heads
    assert page.run("document.querySelector('#where').placeholder") == 'path ^= "a"'
    assert 'may ask for path, status and time' in page.run("document.querySelector('#filter-help').textContent")
    accessible(page, 'granted records')
    page.to("'#/overview?stream=shop'")
    page.until("document.querySelector('main.trust .verdict')")
    world.sound(page)
    page.close()


def test_tier_of_figures():
    """What a tier is never told is left out; what it is not told here says so."""
    world = World.get()
    page = world.enter('public', '#/overview')
    page.until(READY % 'overview')
    tiles = page.run("[...document.querySelectorAll('.tile dt')].map(e => e.textContent)")
    assert 'Bytes sent' not in tiles and 'Requests' in tiles, tiles
    heads = page.run("[...document.querySelectorAll('.top th')].map(e => e.textContent)")
    assert 'Bytes' not in heads and 'Share' in heads, heads
    under = page.run("[...document.querySelectorAll('.under')].map(e => e.textContent)")
    assert not any(text.startswith(' ·') or text.startswith('·') for text in under), under
    page.close()
    world.server.state.mode = 'hidden'  # 5xx are of too few, 4xx are not
    page = world.enter('analyst', '#/overview')
    page.until(READY % 'overview')
    errors = page.run("document.querySelector('.tile.errors')?.textContent ?? ''")
    assert re.search(r'^Server errors–.*4xx \d+', errors), errors
    world.server.state.mode = 'normal'
    page.to("'#/overview?stream=shop&window=hour'")
    page.until(READY % 'overview')
    said = page.run("[...document.querySelectorAll('.top .empty')].map(e => e.textContent)")
    assert len(said) == 6 and all('whole days that are over' in text for text in said), said
    page.close()


def test_states():
    """Loading, empty, failing, without streams, not verifying: each panel says so, and nothing breaks."""
    world = World.get()
    page = world.enter('developer')
    for mode, name, sign in (
            ('error', 'overview', "document.querySelectorAll('.failure button').length === 8"),
            ('error', 'trust', "document.querySelector('.failure')"),
            ('empty', 'overview', "document.querySelectorAll('.empty').length === 8"),
            ('empty', 'records', "document.querySelector('.empty')"),
            ('empty', 'live', "document.querySelector('.empty')"),
            ('empty', 'trust', "document.querySelector('.verdict.warn')"),
            ('bad', 'trust', "document.querySelector('.verdict.bad table') && document.querySelector('.verdict .next') && document.querySelector('.holds.bad')"),
            ('slow', 'overview', "document.querySelectorAll('.waiting').length === 8"),
            ('none', 'overview', "document.querySelector('.empty')")):
        world.server.state.mode = 'normal'
        page.go('about:blank')
        world.server.state.mode = mode
        page.go(f'{world.where}/#/{name}')
        page.until(f"document.querySelector('main.{name}') && {sign}")
        accessible(page, f'{name} {mode}')
        world.shot(page, f'state-{mode}-{name}')
    page.errors.clear()
    world.server.state.mode = 'error'
    page.reload()
    page.until("document.querySelectorAll('main.overview .failure').length === 8")
    world.server.state.mode = 'normal'
    page.click('.failure button')
    page.until("document.querySelectorAll('.failure').length === 7")
    page.close()


def test_verifying():
    """A store that is still being verified says how it stands once it is, by itself; what is open stays, and nothing is asked for any more."""
    world = World.get()
    for tier, ends, look in (('developer', 'normal', 'good'), ('public', 'bad', 'bad')):
        world.server.state.asked.clear()
        world.server.state.mode = 'verifying'
        page = world.enter(tier, '#/trust?chain=shop' if tier == 'developer' else '#/trust')
        page.until("document.querySelector('main.trust .verdict.plain')")
        accessible(page, f'trust verifying {tier}')
        page.run("""void ((real) => {
            window.kept = document.querySelector('main.trust .anchor');
            window.waits = [];
            window.setTimeout = (call, ms) => {
                if (ms >= 1000)
                    waits.push(ms);
                return real(call, ms);
            };
        })(setTimeout)""")
        page.until("waits.length > 0")
        world.server.state.mode = ends
        page.until(f"document.querySelector('main.trust .verdict.{look} [role=status]')")
        assert page.run("window.kept.isConnected"), 'the page began anew'
        waits = page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(waits))))")
        before = (waits[0] // 1000).bit_length() - 1  # how many were over when they began to be counted
        assert waits == [1000 * 2 ** i for i in range(before, before + len(waits))], waits
        assert world.server.state.asked.count('trust') == 1 + before + len(waits), (waits, world.server.state.asked)
        world.sound(page)
        page.close()


def test_some_fields():
    """Who sees some fields only has no sums of every field on Trust, and no chain, which is not asked for either."""
    world = World.get()
    page = world.enter('developer', '#/trust?chain=shop')
    for mode, sees in (('normal', True), ('part', False)):
        page.go('about:blank')
        world.server.state.mode = mode
        world.server.state.asked.clear()
        page.go(f'{world.where}/#/trust?chain=shop')
        page.until(READY % 'trust')
        titles = page.run("[...document.querySelectorAll('main.trust h2')].map(e => e.textContent)")
        assert all((title in titles) == sees for title in ('Masked by class', 'Lines that were not understood', 'The chains themselves')), titles
        assert {'In = out', 'What goes next'} <= set(titles), titles
        assert ('chain' in world.server.state.asked) == sees, world.server.state.asked
        accessible(page, f'trust {mode}')
        world.fits(page)
    world.sound(page)
    page.close()


def test_keyboard():
    """By keyboard alone: in, along every control in the order it is seen, with a focus to see, through a chart, and on."""
    world = World.get()
    page = world.enter('developer', width=1280, height=900)
    page.until(READY % 'overview')
    page.until("document.querySelector('.plot canvas')")
    page.run("document.activeElement.blur()")
    seen = []
    for _ in range(40):
        page.key('Tab')
        seen.append(page.run("""(e => [e.tagName, e.getAttribute('role') ?? '', (e.ariaLabel ?? e.textContent).slice(0, 40),
            getComputedStyle(e).outlineStyle !== 'none' && parseFloat(getComputedStyle(e).outlineWidth) >= 2])
            (document.activeElement)"""))
    assert seen[0][2] == 'Skip to the content', seen[0]
    assert all(shown for *_, shown in seen), [s for s in seen if not s[3]]
    names = [name for _, _, name, _ in seen]
    for name in ('Overview', 'Live', 'Records', 'Trust', 'Theme: system', 'Log out', 'Hour', 'Week', 'The window before'):
        assert name in names, f'{name} is not reached: {names}'
    assert any(role == 'slider' for _, role, _, _ in seen), names
    page.run("document.querySelector('.plot').focus()")
    page.key('Home')
    first = page.run("document.querySelector('.plot').getAttribute('aria-valuetext')")
    page.key('ArrowRight')
    assert page.run("document.querySelector('.plot').getAttribute('aria-valuetext')") != first
    assert 'Requests' in first, first
    page.key('+')
    page.until("location.hash.includes('zoom=')")
    page.key('Escape')
    page.until("!location.hash.includes('zoom=')")
    world.sound(page)
    page.close()


def test_chart():
    """Dragging zooms, the address says so and brings it back; the table has what the chart has; it opens for one time only."""
    world = World.get()
    page = world.enter('developer', '#/overview?stream=shop&window=day', width=1280, height=900)
    page.until(READY % 'overview')  # what comes later moves the chart
    page.until("document.querySelector('.plot canvas')")
    page.drag('.plot .u-over', 0.25, 0.5)
    page.until("/zoom=\\d+-\\d+/.test(location.hash)")
    page.run("[...document.querySelectorAll('.traffic button')].find(b => b.textContent === 'Show as table').click()")
    rows = page.until("document.querySelectorAll('.tall tbody tr').length") and page.run(
        "document.querySelectorAll('.tall tbody tr').length")
    assert 4 <= rows <= 8, rows
    page.to("'#/overview'")
    page.until("location.hash.includes('stream=')")  # who follows it may have other streams
    page.run('void history.back()')
    page.until("/zoom=\\d+-\\d+/.test(location.hash)")
    page.until(READY % 'overview')
    shared = page.run('location.hash')
    page.go(f'{world.where}/?shared{shared}')
    page.until("[...document.querySelectorAll('.traffic button')].some(b => b.textContent === 'Whole window')")
    page.run("[...document.querySelectorAll('.traffic button')].find(b => b.textContent === 'Only this time').click()")
    page.until("location.hash.includes('since=') && document.querySelector('.free')")
    page.until(READY % 'overview')
    page.to("'#/overview?stream=shop&window=day'")
    page.until(READY % 'overview')
    page.until("document.querySelector('.bursts li')?.textContent.includes('usually 4')")
    page.until("document.querySelector('.plot canvas')")
    page.run("document.querySelector('.plot').focus()")
    page.key('Home')
    for _ in range(14):
        assert 'error burst' not in page.run("document.querySelector('.plot').getAttribute('aria-valuetext')")
        page.key('ArrowRight')
    assert page.run("document.querySelector('.plot').getAttribute('aria-valuetext')").endswith('error burst')
    accessible(page, 'a burst')
    world.shot(page, 'burst')
    names = page.until("[...document.querySelectorAll('.top tbody th .cell')].map(e => e.textContent).filter(t => /google/.test(t)).length === 2"
                       ) and page.run("[...document.querySelectorAll('.top tbody th .cell')].map(e => e.textContent)")
    assert {'www.google.com', 'http://www.google.com'} <= set(names), names
    page.to("'#/overview?stream=shop&window=week'")
    page.until("document.querySelector('.missing')?.textContent.includes('12,804 events over limits.rate, 3 for which')")
    world.sound(page)
    page.close()


def test_touch():
    """A finger that goes along the chart zooms, and leaves the page where it is; one that goes up scrolls, and zooms nothing."""
    world = World.get()
    page = world.enter('developer', '#/records?stream=shop', width=800, height=600)
    page.to("'#/overview?stream=shop&window=day'")  # there is a page to go back to
    page.until(READY % 'overview')
    page.until("document.querySelector('.plot canvas')")
    page.run("document.querySelector('.plot').scrollIntoView({ block: 'center' })")
    before = page.run('scrollY')
    page.swipe('.plot .u-over', (0.5, 0.9), (0.5, 0.1))
    page.until(f'scrollY !== {before}')
    assert 'zoom' not in page.run('location.hash')
    page.swipe('.plot .u-over', (0.25, 0.5), (0.5, 0.5))
    page.until("/overview.*zoom=\\d+-\\d+/.test(location.hash)")
    world.sound(page)
    page.close()


def test_windows():
    """Windows go back and forward in the address; the browser's back button goes back."""
    world = World.get()
    page = world.enter('analyst', '#/overview?stream=shop&window=day&at=2026-11-10')
    page.until("document.querySelector('.shown strong')?.textContent === 'Tue 10 Nov 2026'")
    page.click('.steps button')
    page.until("document.querySelector('.shown strong')?.textContent === 'Mon 9 Nov 2026'")
    page.run('void history.back()')
    page.until("document.querySelector('.shown strong')?.textContent === 'Tue 10 Nov 2026'")
    page.run("[...document.querySelectorAll('.steps button')].find(b => b.textContent === 'Now').click()")
    page.until("document.querySelector('.shown .tag')?.textContent === 'not over yet'")
    page.until(READY % 'overview')
    deltas = page.run("[...document.querySelectorAll('.delta')].map(e => e.textContent)")
    assert deltas and set(deltas) == {'not over yet'}, f'a part of a day beside a whole one: {deltas}'
    page.run('void history.back()')
    page.until("document.querySelector('.shown strong')?.textContent === 'Tue 10 Nov 2026'")
    page.run("[...document.querySelectorAll('.choice button')].find(b => b.textContent === 'Month').click()")
    page.until("document.querySelector('.shown strong')?.textContent === 'November 2026'")
    world.sound(page)
    page.close()


def test_suppressed():
    """Figures of too few read "<10" with the reason, are no bars or points, and "other" with the total is told."""
    world = World.get()
    page = world.enter('analyst', '#/overview?stream=blog')
    page.until(READY % 'overview')
    few = page.run("[...document.querySelectorAll('.figure.few')].map(e => [e.textContent, e.title])")
    assert ['<10', 'Of fewer than 10 distinct clients, so the number is not shown'] in few, few
    assert page.run("[...document.querySelectorAll('tr.other th')].every(e => e.textContent === 'other')")
    drawn = page.run("document.querySelector('.traffic').textContent")
    assert 'not drawn: of fewer than 10' in drawn and 'some points are of several hours' in drawn, drawn
    assert page.run("document.querySelectorAll('.barred a').length") == 0, 'an analyst is led to records'
    assert not page.run("document.querySelector('.not-known')")
    page.to("'#/overview?stream=shop&window=month&at=2026-10-01'")
    page.until("document.querySelector('.not-known')?.textContent.startsWith('Of 2 days nobody knows')")
    page.close()


def test_notes():
    """What figures do not say of themselves is said: what braces stand for, who has no referrer, what is too few to draw, what is overdue."""
    world = World.get()
    page = world.enter('developer', '#/overview?stream=shop')
    page.until(READY % 'overview')
    notes = page.run("Object.fromEntries([...document.querySelectorAll('.top')].map(e => [e.querySelector('h2').textContent, e.querySelector('.below').textContent]))")
    assert 'Braces stand for' in notes['Paths'] and re.search(r'[\d,]+ of [\d,]+ requests have one', notes['Referrers']), notes
    assert 'Braces' not in notes['Agents'] and 'have one' not in notes['Agents'] + notes['Paths'], notes
    page.close()
    page = world.enter('analyst', '#/overview?stream=shop&window=week&at=now')
    page.until(READY % 'overview')
    assert re.search(r'Of days that are over: [\d,]+ of [\d,]+ requests', page.run("document.querySelector('.top .below').textContent"))
    assert 'of days that are over · 4xx' in page.run("document.querySelector('.tile.errors').textContent")
    assert 'joined' not in page.run("document.querySelector('.traffic').textContent")
    page.close()
    world.server.state.mode = 'empty'
    page = world.enter('analyst', '#/overview?stream=shop')
    page.until("document.querySelector('.traffic .empty')?.textContent.includes('no point is of 10 distinct clients or more')")
    page.to("'#/overview?stream=shop&at=now'")
    page.until("document.querySelector('.traffic .empty')?.textContent.includes('no point that is over is of 10')")
    page.close()
    page = world.enter('developer', '#/overview?stream=shop&at=now')
    page.until("document.querySelector('.tiles .empty')?.textContent.includes('so far')")
    page.close()
    world.server.state.mode = 'hidden'
    page = world.enter('analyst', '#/overview?stream=shop&at=now')
    page.until(READY % 'overview')
    assert page.run("document.querySelector('.tile.requests').textContent") == 'Requests<10not over yetof hours that are over'
    page.close()
    world.server.state.mode = 'bad'
    page = world.enter('analyst', '#/trust')
    page.until("document.querySelector('.verdict.bad')?.textContent.includes('Not listed here: 2 findings')")
    page.close()
    page = world.enter('auditor', '#/trust')
    page.until("document.querySelector('main.trust .verdict')")
    assert 'Not listed' not in page.run("document.querySelector('.verdict').textContent")
    panels = page.run("[...document.querySelectorAll('section.panel header')].map(e => e.textContent)")
    assert 'In = out1 of 2 streams does not add upCSVJSON' in panels, panels
    row = page.run("[...document.querySelectorAll('section.panel')].find(e => e.querySelector('h2')?.textContent === 'What goes next').querySelector('tbody tr').textContent")
    assert 'was due 2 d ago' in row, row
    page.close()


def test_events():
    """What is no request is not called one, and has no errors, bytes and robots that nobody counted."""
    world = World.get()
    world.server.state.mode = 'auth'
    page = world.enter('developer', '#/overview?stream=shop')
    page.until("document.querySelector('.tile dt')?.textContent === 'Events'")
    page.until(READY % 'overview')
    page.until("document.querySelector('.plot canvas')")
    tiles = page.run("[...document.querySelectorAll('.tile dt')].map(e => e.textContent)")
    assert tiles == ['Events', 'Unique clients'], tiles
    page.run("[...document.querySelectorAll('.traffic button')].find(b => b.textContent === 'Show as table').click()")
    heads = page.until("document.querySelector('.tall')") and page.run("[...document.querySelectorAll('.tall th[scope=col]')].map(e => e.textContent)")
    assert heads == ['Time (UTC)', 'Events'], heads
    said = page.run("document.querySelector('main').innerText + document.querySelector('.plot').ariaLabel")
    assert not re.search('request', said.replace('http.request', ''), re.I), said
    accessible(page, 'events')
    world.sound(page)
    page.close()
    page = world.enter('analyst', '#/overview?stream=shop')  # is told 0 errors, and of which statuses nothing
    page.until(READY % 'overview')
    tiles = page.run("[...document.querySelectorAll('.tile dt')].map(e => e.textContent)")
    assert tiles == ['Events', 'Unique clients'], tiles
    page.close()


def test_cursor_follows_the_zoom():
    """The line of the chart stays at its point when the keyboard zooms."""
    world = World.get()
    page = world.enter('developer', '#/overview?stream=shop')
    page.until(READY % 'overview')
    page.until("document.querySelector('.plot canvas')")
    page.run("document.querySelector('.plot').focus()")
    for key in ('ArrowLeft', 'ArrowLeft', 'ArrowLeft', '+'):
        page.key(key)
    page.until("location.hash.includes('zoom=')")
    page.until("""(([line, point]) => Math.abs(line.left - (point.left + point.right) / 2) < 3)(
        ['.u-cursor-x', '.u-cursor-pt'].map((name) => document.querySelector(name).getBoundingClientRect()))""", 20)
    world.sound(page)
    page.close()


def test_no_part_is_compared():
    """Where the log begins in the midst of the window before, nothing is said to have grown since."""
    world = World.get()
    page = world.enter('developer', '#/overview?stream=shop&window=month&at=2026-08-15')  # begins on the first of August
    page.until(READY % 'overview')
    deltas = "[...new Set([...document.querySelectorAll('.delta')].map(e => e.textContent))]"
    assert page.run(deltas) == ['no comparison'], page.run(deltas)
    assert 'against' not in page.run("document.querySelector('.tiles header').textContent")
    page.to("'#/overview?stream=shop&window=month&at=2026-09-15'")
    page.until("document.querySelector('.tiles header').textContent.includes('against August 2026')")
    page.until(READY % 'overview')
    assert 'no comparison' not in page.run(deltas), page.run(deltas)
    page.close()


def test_one_point():
    """A window of one point has it in the chart: a line of one would be none."""
    world = World.get()
    page = world.enter('analyst', '#/overview?stream=shop&window=hour')
    page.until(READY % 'overview')
    page.until("document.querySelector('.plot canvas')")
    coloured = """(() => {
        const canvas = document.querySelector('.plot canvas'), [r, g, b] = [1, 3, 5].map((i) => parseInt(
            getComputedStyle(document.documentElement).getPropertyValue('--c1').trim().slice(i, i + 2), 16));
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        for (let i = 0; i < data.length; i += 4)
            if (data[i] === r && data[i + 1] === g && data[i + 2] === b)
                return true;
        return false;
    })()"""
    page.until(coloured)
    world.sound(page)
    page.close()


def test_room():
    """Tables without a row take a line, behind those that have some; in a narrow window keys have the room of shares."""
    world = World.get()
    world.server.state.mode = 'auth'
    page = world.enter('developer', '#/overview?stream=shop')
    page.until(READY % 'overview')
    place = "(e => [e.querySelector('h2').textContent, e.getBoundingClientRect().top, e.offsetHeight, e.offsetWidth])"
    panels = page.run(f"[...document.querySelectorAll('.top')].map{place}")
    first = min(panels, key=lambda panel: panel[1])
    assert first[0] == 'Event types' or first[1] == next(p[1] for p in panels if p[0] == 'Event types'), panels
    assert all(height < 220 for name, _, height, _ in panels if name != 'Event types'), panels
    world.server.state.mode = 'normal'
    page.size(320, 700)
    page.reload()
    page.until(READY % 'overview')
    world.fits(page)
    wide, shares = page.run("""[document.querySelector('.top th.barred').offsetWidth / document.querySelector('.top table').offsetWidth,
        [...document.querySelectorAll('.top .least')].filter(e => e.offsetWidth > 0).length]""")
    assert wide > 0.65 and shares == 0, (wide, shares)
    accessible(page, 'narrow tables')
    page.close()


def test_plain_words():
    """What a verification could not look at is said in sentences, not in words of its program."""
    world = World.get()
    page = world.enter('auditor', '#/trust')
    page.until(READY % 'trust')
    said = page.run("[...document.querySelectorAll('.verdict li li')].map(e => e.textContent)")
    assert len(said) > 2 and not any(re.match('(anchor|rollback|ratchet):', text) for text in said), said
    page.close()


def test_other_stream():
    """A stream that the role is shown nothing of is not taken for another one: a link of somebody else says so."""
    world = World.get()
    page = world.enter('developer', '#/overview?stream=nix')
    page.until("document.querySelector('main.overview .empty')?.textContent.includes('“nix”')")
    assert page.run("document.querySelector('.bar select').value") == '', 'another one seems to be chosen'
    accessible(page, 'no such stream')
    page.run("(e => { e.value = 'shop'; e.dispatchEvent(new Event('change')); })(document.querySelector('.bar select'))")
    page.until(READY % 'overview' + " && location.hash.includes('stream=shop')")
    world.sound(page)
    page.close()


def test_order():
    """Tables are in the order of the column that is chosen, and then in the one they had; what is not told is below what is."""
    world = World.get()
    page = world.enter('developer', '#/overview?stream=shop')
    page.until(READY % 'overview')
    column = "[...document.querySelector('.top.large').querySelectorAll('tbody tr')].map(e => e.cells[%d].textContent)"
    press = "(e => { e.focus(); e.click(); })([...document.querySelectorAll('.top.large .sort')].find(b => b.textContent === '%s'))"
    sorts = "[...document.querySelectorAll('.top.large th[aria-sort]')].map(e => e.textContent + ' ' + e.ariaSort)"
    as_it_came = page.run(column % 0)
    for name, at, sort in (('Path', 0, 'ascending'), ('Path', 0, 'descending'), ('Requests', 1, 'descending'), ('Requests', 1, 'ascending')):
        page.run(press % name)
        page.until(f"{sorts}.join() === '{name} {sort}'")
        found = page.run(column % at)
        values = [int(text.replace(',', '')) if at else text for text in found]
        if at:
            assert values == sorted(values, reverse=sort == 'descending'), (name, sort, found)
        else:
            assert (values[0] == '/') == (sort == 'ascending'), (sort, found)
    accessible(page, 'another order')
    page.run(press % 'Requests')
    page.until(f'{sorts}.length === 0')
    assert page.run(column % 0) == as_it_came
    got = page.run("""import('/js/table.js').then(({ sorted }) =>
        sorted([3, null, '<10', 0, 20], { number: true, value: (x) => x }, true))""")
    assert got == [20, 3, 0, '<10', None], got
    world.sound(page)
    page.close()


def test_export():
    """Every table is saved as CSV and JSON: what is shown, whole; formulas are no formulas."""
    world = World.get()
    page = world.enter('developer', '#/overview')
    page.until(READY % 'overview')
    page.run("""globalThis.saved = []; URL.createObjectURL = blob => (blob.text().then(t => saved.push(t)), 'blob:x');
        HTMLAnchorElement.prototype.click = function () { saved.push(this.download); }; 0""")
    page.run("document.querySelectorAll('.export button').forEach(b => b.click())")
    saved = page.until('saved.length === 32') and page.run('saved')
    names = [s for s in saved if re.fullmatch(r'[\w-]+\.(csv|json)', s)]
    assert len(set(names)) == 16, names
    paths = next(s for s in saved if s.startswith('path,requests'))
    assert '\r\n/products/{int},' in paths and '\r\ntotal,' in paths and '\r\nother,' in paths, paths
    formula = page.run("""import('/js/export.js').then(m => m.csv([{ key: 'a', value: r => r }],
        ['=1+1', '-2', '@x', 'a,"b"\\n', -5]))""")
    assert formula == "a\r\n'=1+1\r\n'-2\r\n'@x\r\n\"a,\"\"b\"\"\n\"\r\n-5\r\n", formula
    page.to("'#/trust'")
    page.until(READY % 'trust')
    page.run("saved.length = 0")
    page.run("document.querySelectorAll('.export button').forEach(b => b.click())")
    counts = page.until("saved.some(s => s.startsWith('stream,lines'))") and page.run("saved.find(s => s.startsWith('stream,lines'))")
    row = dict(zip(*(line.split(',') for line in counts.split('\r\n')[:2])))
    parts = sum(int(row[part]) for part in ('parsed', 'partial', 'unparsed', 'counted', 'meta', 'joined'))
    assert (int(row['lines']), row['balanced']) == (parts, 'true'), counts
    page.close()


def test_records():
    """Rows open, a field narrows the filter, more come by cursor, a wrong filter is pointed at."""
    world = World.get()
    page = world.enter('developer', '#/records?stream=shop')
    page.until(READY % 'records')
    page.click('.opener')
    page.until("document.querySelector('.fields')")
    accessible(page, 'an opened record')
    page.run("[...document.querySelectorAll('.below button')].find(b => b.textContent === 'Older records').click()")
    page.until("document.querySelectorAll('.records .opener').length === 200")
    page.click('.fields .small')
    page.until("location.hash.includes('where=')")
    page.until(READY % 'records')
    page.to("""'#/records?stream=shop&where=' + encodeURIComponent('nix == 1')""")
    page.until("document.querySelector('#filter-wrong')?.textContent.includes('^')")
    accessible(page, 'a wrong filter')
    page.errors.clear()
    page.to("'#/overview?stream=shop'")
    first = '.top a[href*="path+"]'  # the panels come in any order
    page.until(f"document.querySelector('{first}')")
    page.click(first)
    page.until(READY % 'records')
    assert 'path+%3D%3D+%22%2F%22' in page.run('location.hash'), page.run('location.hash')
    world.sound(page)
    page.close()


def test_times_of_records():
    """From here to there, to the second, in the address; the time of all records is none of the overview."""
    world = World.get()
    page = world.enter('developer', '#/records?stream=shop')
    page.until(READY % 'records')
    choose = "[...document.querySelectorAll('.choice button')].find(b => b.textContent === '%s').click()"
    page.run(choose % 'From – to')
    page.until("document.querySelector('.free input')")
    accessible(page, 'times of records')
    for i, time in enumerate(('2026-11-25T08:00', '2026-11-25T08:10:30')):
        page.run(f"(e => {{ e.value = '{time}'; e.dispatchEvent(new Event('input', {{ bubbles: true }})); }})"
                 f"(document.querySelectorAll('.free input')[{i}])")
    page.click('.free button')
    page.until("location.hash.includes('since=2026-11-25T08%3A00%3A00Z&until=2026-11-25T08%3A10%3A30Z')")
    page.until(READY % 'records')
    assert '25 Nov 2026 08:00 – 25 Nov 2026 08:10 UTC' in page.run("document.querySelector('.window').textContent")
    assert 'since=2026-11-25T08%3A00%3A00Z&until=2026-11-25T08%3A10%3A30Z' in [url for url in page.asked if '/records?' in url][-1]
    assert page.run("document.querySelectorAll('.free input')[1].value") == '2026-11-25T08:10:30'
    page.run(choose % 'All')
    page.until("location.hash.includes('since=all') && !location.hash.includes('until=')")
    page.until(READY % 'records')
    page.run("[...document.querySelectorAll('nav a')].find(a => a.textContent === 'Overview').click()")
    page.until(READY % 'overview')
    assert page.run("document.querySelector('.failure')?.textContent ?? ''") == ''
    world.sound(page)
    page.close()


def test_order_of_records():
    """The newest come first, unless the address says otherwise; either way what is asked for goes on where the page ended."""
    world = World.get()
    page = world.enter('developer', '#/records?stream=shop')
    page.until(READY % 'records')
    times = "[...document.querySelectorAll('.records time')].map(t => t.getAttribute('datetime'))"
    for order, begins, more, sort in (('newest', '100 shown, newest first; there may be older ones', 'Older records', 'descending'),
                                      ('oldest', '100 shown, oldest first; there may be newer ones', 'Newer records', 'ascending'),
                                      ('newest', '100 shown, newest first; there may be older ones', 'Older records', 'descending')):
        if page.run("document.querySelector('[aria-label=Order] [aria-pressed=true]').textContent") != f'{order.capitalize()} first':
            page.click('.opener')
            page.until("document.querySelector('.fields')")
            page.run("document.querySelector('[aria-label=Order] [aria-pressed=false]').focus()")
            page.key('Enter')
            page.until(f"location.hash.includes('order=') === {'true' if order == 'oldest' else 'false'}")
            assert page.run("document.activeElement.textContent") == f'{order.capitalize()} first', 'the focus went away'
        page.until(READY % 'records' + f" && document.querySelector('.note')?.textContent === '{begins}'")
        assert page.run("document.querySelectorAll('.fields').length") == 0, 'what was opened was another record'
        said = page.run("[...document.querySelectorAll('.records th')].map(e => e.getAttribute('aria-sort'))")
        assert said == [sort] + [None] * (len(said) - 1), said
        accessible(page, f'records, {order} first')
        for count in (200, 300, 350):
            page.run(f"[...document.querySelectorAll('.below button')].find(b => b.textContent === '{more}').click()")
            page.until(f"document.querySelectorAll('.records .opener').length === {count}")
        got = page.run(times)
        assert got == sorted(set(got), reverse=order == 'newest'), got[:5]
        assert page.run("document.querySelector('.note').textContent") == f'350 shown, {order} first'
        assert not page.run("document.querySelector('.below button')")
    page.go('about:blank')
    page.go(f'{world.where}/#/records?stream=shop&order=oldest')  # as somebody was sent it
    page.until(READY % 'records' + " && document.querySelector('[aria-label=Order] [aria-pressed=true]').textContent === 'Oldest first'")
    assert page.run(times) == sorted(got)[:100]
    page.to("'#/records?stream=shop&order=sideways'")
    page.until(READY % 'records' + " && document.querySelector('[aria-label=Order] [aria-pressed=true]').textContent === 'Newest first'")
    for theme in ('light', 'dark'):
        page.run(f"document.documentElement.dataset.theme = '{theme}'")
        for width in (320, 1280):
            page.size(width, 800)
            page.run('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
            world.fits(page)
            accessible(page, f'records, {theme}, {width}')
            world.shot(page, f'order-{theme}-{width}')
    world.sound(page)
    page.close()


def test_live():
    """Records come newest first, a gap is told, it pauses and goes on."""
    world = World.get()
    page = world.enter('developer', '#/live')
    page.until("document.querySelectorAll('.records .opener').length > 3")
    accessible(page, 'live')
    page.until("document.querySelector('.live .wrong')?.textContent.startsWith('17 ')")
    page.run("[...document.querySelectorAll('.tools button')].find(b => b.textContent === 'Pause').click()")
    page.until("document.querySelector('.live-state.paused')")
    said = "document.querySelector('.live .below').textContent"  # how many came, also of those that are not kept
    seen = page.run(said)
    world.browser.idle(0.7)
    assert page.run(said) == seen
    page.run("[...document.querySelectorAll('.tools button')].find(b => b.textContent === 'Go on').click()")
    page.until(f"{said} !== '{seen}'")
    world.sound(page)
    page.close()


def test_sizes():
    """From 320 pixels to 4K, and on paper, nothing is wider than the window."""
    world = World.get()
    page = world.enter('developer')
    for name in PAGES['developer']:
        world.show(page, name, '?chain=shop' if name == 'trust' else '')
        if name == 'records':
            page.click('.opener')
        for width, height in ((320, 640), (768, 1024), (1440, 900), (3840, 2160)):
            page.size(width, height)
            page.run('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
            world.fits(page)
            world.shot(page, f'{name}-{width}')
        page.size(320, 640)
        accessible(page, f'{name}, narrow')
        page.size(794, 1123)
        page.dark(True, 'print')
        world.fits(page)
        world.shot(page, f'{name}-print')
        # Whose figures these are stands on the paper, too.
        if name == 'trust':
            assert page.run("![...document.querySelectorAll('.ago time, .fresh')].some(e => e.checkVisibility())"), 'it grows old'
            head = page.run("document.querySelector('.hash').innerText")
            assert re.fullmatch('[0-9a-f]{64}', head), head
        assert name == 'trust' or page.run("document.querySelector('.bar .stream').checkVisibility()"), name
        page.dark(False)
    world.sound(page)
    page.close()


def test_theme():
    """The switch goes from system to light to dark and back, is kept over a reload, and only that is kept."""
    world = World.get()
    page = world.enter('auditor', dark=True)
    paper = "getComputedStyle(document.body.parentNode).backgroundColor"
    dark = page.run(paper)
    page.run("[...document.querySelectorAll('header button')].find(b => b.textContent.startsWith('Theme')).click()")
    page.until(f"{paper} !== '{dark}' && localStorage.getItem('theme') === 'light'")
    page.reload()
    page.until(f"document.querySelector('main.trust .verdict') && {paper} !== '{dark}'")
    for theme in ('dark', 'system'):
        page.run("[...document.querySelectorAll('header button')].find(b => b.textContent.startsWith('Theme')).click()")
        page.until(f"[...document.querySelectorAll('header button')].some(b => b.textContent === 'Theme: {theme}')")
    assert page.run('localStorage.length') == 0
    page.close()


def test_texts():
    """Each text that a module names is in words.js, and each in words.js is named."""
    world = World.get()
    page = world.page()
    page.go(world.where + '/favicon.svg')
    page.go(world.where + '/')
    page.until("document.querySelector('#token')")
    known = set(page.run("""import('/js/words.js').then(({ w }) => {
        const found = [], walk = (node, path) => typeof node === 'object' && !Array.isArray(node)
            ? Object.entries(node).forEach(([key, value]) => walk(value, path + '.' + key)) : found.push(path.slice(1));
        walk(w, '');
        return found;
    })"""))
    nodes = known | {'.'.join(path.split('.')[:i]) for path in known for i in range(1, path.count('.') + 1)}
    used = set()
    for folder, _, names in os.walk(os.path.join(mock.ROOT, 'web/js')):
        for name in names:
            with open(os.path.join(folder, name), encoding='utf-8') as module:
                used |= set(re.findall(r'(?<![\w.$])w\.([a-zA-Z]+(?:\.[a-zA-Z]+)*)', module.read()))
    for ending in ('.find', '.map', '.length'):
        used = {path.removesuffix(ending) for path in used}
    assert not used - nodes, f'not there: {used - nodes}'
    # Who looks one up by a name that is computed names the table it is in.
    idle = [path for path in known if not any(path == u or path.startswith(u + '.') and u.count('.') >= 1 or path.split('.')[0] == u
                                              for u in used)]
    assert not idle, f'never used: {idle}'
    page.close()


FUNCTIONS = [
    # module, call, what it gives
    ('format', "short(999999)", '999,999'), ('format', "short(1234567)", '1.23 M'), ('format', "short(98765432100)", '98.8 G'),
    ('format', "bytes(0)", '0 B'), ('format', "bytes(1023)", '1023 B'), ('format', "bytes(1536)", '1.50 KiB'),
    ('format', "micros(0)", '0'), ('format', "micros(999)", '999 µs'), ('format', "micros(12345)", '12.3 ms'),
    ('format', "micros(1234567)", '1.23 s'), ('format', "micros(90000000)", '1 min'),
    ('format', "percent(1, 3)", '33.3 %'), ('format', "percent(1, 100000)", '<0.1 %'), ('format', "percent(1, 0)", '–'),
    ('format', "figure(2048, bytes).title", '2,048 bytes'), ('format', "figure(12345, micros).title", '12,345 µs'),
    ('format', "figure(1234567, short).title", '1,234,567'),
    ('format', "figure('<10').few", True), ('format', "figure(null).text", '–'), ('format', "figure(0).text", '0'),
    ('format', "windowName({ name: 'week', since: '2026-12-28T00:00:00Z', until: '2027-01-04T00:00:00Z' })", '28 Dec – 3 Jan 2027'),
    ('format', "windowName({ name: 'hour', since: '2026-11-25T23:00:00Z', until: '2026-11-26T00:00:00Z' })",
     'Wed 25 Nov 2026, 23:00–00:00'),
    ('format', "ago('2026-11-25T00:00:00Z', '2026-11-26T00:00:00Z')", '1 d ago'),
    ('format', "ago('2026-11-26T01:00:00Z', '2026-11-26T00:00:00Z')", 'in 1 h'),
    ('format', r"""literal('a"b\\c')""", r'"a\"b\\c"'), ('format', r"literal('a\nb')", None), ('format', "literal(500)", '500'),
    ('format', r"visible('a\u061c\u202eb\u{e0041}ä\n')", r'a\u061c\u202eb\udb40\udc41ä\u000a'), ('format', 'visible(404)', '404'),
    ('state', "build('overview', { stream: 'shop', at: undefined, where: 'a == \"b&c\"' })",
     '#/overview?stream=shop&where=a+%3D%3D+%22b%26c%22'),
    ('state', "JSON.stringify(parse('#/records?where=a+%3D%3D+%22b%26c%22&x='))", '{"page":"records","params":{"where":"a == \\"b&c\\"","x":""}}'),
    ('state', "parse('').page", ''),
    ('window', "JSON.stringify(windowParams('public', { window: 'hour', since: '-1h' }))", '{"window":"week"}'),
    ('window', "JSON.stringify(windowParams('analyst', { since: '-1h' }))", '{"window":"day"}'),
    ('window', "JSON.stringify(windowParams('developer', { since: '-1h' }))", '{"since":"-1h"}'),
    ('window', "JSON.stringify(windowParams('developer', { since: 'all', at: 'now' }))", '{"window":"day","at":"now"}'),
    ('window', "windowParams('analyst', {}, { last: '2015-05-20T21:05:00Z' }).at", '2015-05-20T21:05:00Z'),
    ('window', "windowParams('analyst', { at: 'now' }, { last: '2015-05-20T21:05:00Z' }).at", 'now'),
    # the mock's clock stands in the morning of Thursday, 26 November 2026
    ('window', "windowParams('analyst', {}, { first: '2026-11-26T00:00:00Z' }).at", 'now'),
    ('window', "windowParams('analyst', {}, {}).at", 'now'),
    ('window', "windowParams('analyst', {}, { first: '2026-11-25T23:59:00Z' }).at", None),
    ('window', "windowParams('analyst', { window: 'hour' }, { first: '2026-11-26T08:59:00Z' }).at", None),
    ('window', "windowParams('public', {}, { first: '2026-11-23T00:00:00Z' }).at", 'now'),
    ('window', "windowParams('public', {}, { first: '2026-11-22T23:59:00Z' }).at", None),
    ('window', "windowParams('analyst', { window: 'month' }, { first: '2026-11-01T00:00:00Z' }).at", 'now'),
    ('window', "windowParams('analyst', { window: 'month' }, { first: '2026-10-31T00:00:00Z' }).at", None),
    ('window', "windowParams('analyst', { zoom: '1795564800-1795568400' }, { first: '2026-01-01T00:00:00Z' }).at", None),  # 25 November, the newest that is over
    ('window', "windowParams('analyst', { zoom: '1795478400-1795482000' }, { first: '2026-01-01T00:00:00Z' }).at", '2026-11-24T00:30:00Z'),
    ('window', "windowParams('analyst', { zoom: '1795478400-1795482000', at: 'now' }, { first: '2026-01-01T00:00:00Z' }).at", 'now'),
    ('window', "windowParams('analyst', { zoom: '5-x' }, { first: '2026-01-01T00:00:00Z' }).at", None),
    ('window', "windowParams('analyst', { zoom: '1432126800-1432130400' }, { last: '2015-05-20T21:05:00Z' }).at", '2015-05-20T21:05:00Z'),
    ('window', "windowParams('analyst', { window: 'hour' }, { first: '2015-05-17T00:00:00Z', last: '2015-05-20T00:00:00Z' }).at",
     '2015-05-20T23:00:00.000Z'),
    ('window', "windowParams('analyst', { window: 'hour' }, { first: '2015-05-17T00:00:00Z', last: '2026-11-25T00:00:00Z' }).at", None),
    ('page/traffic', "isJoined({ k: 10, step: 'hour', time: [0], window: { until: '1970-01-01T01:00:00Z', complete: true } })", False),
    ('page/traffic', "isJoined({ k: 10, step: 'hour', time: [0], window: { until: '1970-01-01T02:00:00Z', complete: true } })", True),
    ('page/traffic', "isJoined({ k: 10, step: 'hour', time: [0], window: { until: '1970-01-01T02:00:00Z', complete: false } })", False),
    ('page/traffic', "isJoined({ k: 1, step: 'hour', time: [0, 7200], window: { until: '1970-01-01T03:00:00Z', complete: true } })", False),
    ('words', "w.tiles.pace('1.5', 'hour')", '1.5 an hour'), ('words', "w.tiles.pace('1.5', 'day')", '1.5 a day'),
    ('parts', "errorText({ code: 'parameter', parameter: 'since', status: 400 })",
     'The address of this page is not understood: look at “since” in it.'),
]


def test_functions():
    """Figures, times, addresses and filters are written as the rows say."""
    world = World.get()
    page = world.page()
    page.go(world.where + '/')
    page.until("document.querySelector('#token')")
    wrong = []
    for module, call, want in FUNCTIONS:
        name = re.search(r'(?:^|\()([a-z]\w*)[(.]', call.replace('JSON.stringify(', '('))[1]
        names = ', '.join({name, *re.findall(r', ([a-z]+)\)', call)} - {'true', 'false', 'null'})
        got = page.run(f"import('/js/{module}.js').then(({{ {names} }}) => {call})")
        if got != want:
            wrong.append(f'{call}: {got!r}, want {want!r}')
    assert not wrong, '\n'.join(wrong)
    page.close()


def finds(check):
    try:
        check()
    except AssertionError:
        return True
    return False


def test_checks():
    """What looks for faults finds those that are planted."""
    world = World.get()
    page = world.enter('auditor')
    page.until("document.querySelector('main.trust .verdict')")
    accessible(page, 'before')
    world.sound(page)
    for plant, check in (
            ("document.querySelector('.lead').style.color = '#bbb'", lambda: accessible(page, 'planted')),
            ("document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>')",
             lambda: accessible(page, 'planted')),
            ("console.error('planted')", lambda: world.sound(page)),
            ("fetch('http://127.0.0.1:1/elsewhere').catch(() => 0)", lambda: world.sound(page)),
            ("document.querySelector('main').style.width = '5000px'", lambda: world.fits(page))):
        page.errors.clear()
        page.run(f'void ({plant})')
        wait_for(lambda: world.browser.idle(0.1) or finds(check), seen=lambda: plant)
        page.reload()
        page.until("document.querySelector('main.trust .verdict')")
    page.close()


@closing
def last():
    """The first paint comes at once: what the server takes apart, all of the page is there in few round trips."""
    world = World.get()
    page = world.enter('developer', '#/overview')
    page.until(READY % 'overview')
    page.reload()
    page.until(READY % 'overview')
    page.until("document.querySelector('.plot canvas')")
    paint = page.run("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    weight = page.run("performance.getEntriesByType('resource').reduce((n, r) => n + r.encodedBodySize, 0)")
    print(f'# first contentful paint {paint:.0f} ms, {weight / 1024:.0f} KiB')
    assert 0 < weight < 160 * 1024, weight
    page.close()


test_weight = last

if __name__ == '__main__':
    main()
