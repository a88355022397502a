/* The frame: session, navigation, page. */
import { h, render } from '../vendor/preact.js';
import { useEffect, useState } from '../vendor/hooks.js';
import { get, logout, whenSessionIsLost } from './api.js';
import { useLoad } from './load.js';
import { Live } from './page/live.js';
import { Login } from './page/login.js';
import { Overview } from './page/overview.js';
import { Records } from './page/records.js';
import { Trust } from './page/trust.js';
import { Empty, Failure } from './parts.js';
import { PAGES, amend, go, link, parse, setTheme, theme, useRoute } from './state.js';
import { w } from './words.js';

const VIEWS = { overview: Overview, live: Live, records: Records, trust: Trust };

/* The pages that a tier has anything to see on; the first one is where it starts. */
const PAGES_OF = {
    developer: PAGES,
    analyst: ['overview', 'trust'],
    public: ['overview', 'trust'],
    auditor: ['trust'],
};

/* An auditor who was granted fields sees these of single records. */
const pagesOf = ({ tier, fields }) => (tier === 'auditor' && fields.length > 0 ? ['trust', 'live', 'records'] : PAGES_OF[tier]);

/* The streams that a page can show; Trust is about all of them. */
function streamsOf(page, streams) {
    if (page === 'trust')
        return [];
    return streams.filter((stream) => (page === 'overview' ? stream.aggregates : stream.records));
}

function ThemeSwitch() {
    const [now, set] = useState(theme());
    const next = { system: 'light', light: 'dark', dark: 'system' }[now];
    const choose = () => {
        setTheme(next);
        set(next);
    };
    return h('button', { type: 'button', class: 'quiet-button', onClick: choose, title: w.theme.next[next] },
        `${w.theme.label} ${w.theme.names[now]}`);
}

function Nav({ session, page }) {
    return h('nav', { 'aria-label': w.nav.label }, pagesOf(session).map((name) =>
        h('a', { key: name, href: link({}, name), 'aria-current': name === page ? 'page' : undefined }, w.nav[name])));
}

function Streams({ streams, value }) {
    if (streams.length === 0)
        return null;
    return h('label', { class: 'stream' }, h('span', null, w.stream),
        h('select', { value: value ?? '', onChange: (event) => go({ stream: event.target.value, cursor: undefined }) },
            value === undefined && h('option', { value: '' }, '–'),
            streams.map(({ name }) => h('option', { key: name, value: name }, name))));
}

function Brand() {
    return h('span', { class: 'brand' }, h('img', { src: '/favicon.svg', alt: '', width: 26, height: 26 }),
        h('span', { class: 'name' }, 'cretula'));
}

function Header({ session, page, streams, stream, leave }) {
    return h('header', { class: 'bar' },
        h('a', { class: 'skip', href: '#content', onClick: (event) => {
            event.preventDefault();
            document.getElementById('content').focus();
        } }, w.nav.skip),
        h(Brand),
        h(Nav, { session, page }),
        h('span', { class: 'right' },
            h(Streams, { streams, value: stream }),
            h(ThemeSwitch),
            h('span', { class: 'who', title: w.tier.sees[session.tier] },
                h('b', null, w.tier.names[session.tier]),
                session.operator !== session.tier && h('span', { class: 'operator' }, ' ', session.operator)),
            session.via === 'cookie' && h('button', { type: 'button', class: 'quiet-button', onClick: leave }, w.logout)));
}

/* What a role does not see has to be said where it looks. */
function TierNote({ session, page }) {
    if (page !== 'overview' || session.tier === 'developer')
        return null;
    return h('p', { class: 'tier-note' }, w.tier.note(session.tier, session.k));
}

function Frame({ session, leave }) {
    const route = useRoute();
    const load = useLoad(session.operator, (signal) => get('streams', {}, signal));
    const pages = pagesOf(session);
    const page = pages.includes(route.page) ? route.page : pages[0];
    const streams = streamsOf(page, load.data?.streams ?? []);
    // A stream that is asked for is shown or none: figures of another one under its name would be taken for its own.
    const asked = route.params.stream ?? streams[0]?.name;
    const stream = streams.some(({ name }) => name === asked) ? asked : undefined;
    useEffect(() => {
        document.title = `${w.nav[page]}${stream ? ` · ${stream}` : ''} · cretula`;
        // Effects run after drawing: what the hash asks for by now is not taken away.
        if (!pages.includes(parse(location.hash).page))
            amend({}, page);
        // Who follows this address may have other streams.
        else if (page !== 'trust' && stream && parse(location.hash).params.stream === undefined)
            amend({ stream });
    }, [page, route.page, route.params.stream, stream]);
    let body = null;
    if (load.error)
        body = h(Failure, { error: load.error, again: load.again });
    else if (page === 'trust' || stream)
        body = h(VIEWS[page], { key: `${page} ${stream ?? ''}`, session, stream, params: route.params,
            about: streams.find(({ name }) => name === stream) });
    else if (load.data)
        body = h(Empty, { text: streams.length > 0 ? w.noSuchStream(asked) : w.noStreams });
    return [
        h(Header, { session, page, streams, stream, leave }),
        h('main', { id: 'content', tabIndex: -1, class: page }, h('h1', { class: 'hidden' }, w.nav[page]),
            h(TierNote, { session, page }), body),
        h('footer', null, w.footer(session.version)),
    ];
}

function App() {
    const [state, set] = useState({ session: undefined, error: null, ended: false });
    useEffect(() => {
        // Each panel of a page may be refused: the later ones find no session any more.
        whenSessionIsLost(() => set((old) => ({ session: null, error: null, ended: old.ended || old.session != null })));
        get('session').then((session) => set({ session, error: null, ended: false }),
            (error) => error.status !== 401 && set({ session: undefined, error, ended: false }));
    }, []);
    const leave = () => logout().catch(() => {}).finally(() => set({ session: null, error: null, ended: false }));
    if (state.error)
        return h('main', { id: 'content' }, h(Failure, { error: state.error, again: () => location.reload() }));
    if (state.session === undefined)
        return [h('header', { class: 'bar' }, h(Brand)), h('main', { id: 'content' }, h('p', { class: 'quiet' }, w.loading))];
    return state.session === null
        ? h(Login, { ended: state.ended, enter: (session) => set({ session, error: null, ended: false }) })
        : h(Frame, { session: state.session, leave });
}

const root = document.getElementById('app');
root.replaceChildren();
root.className = '';
render(h(App), root);
