/* What is shown stands in the hash of the URL, so that it can be shared: #/page?name=value.  No secret is ever in it. */
import { useEffect, useState } from '../vendor/hooks.js';

export const PAGES = ['overview', 'live', 'records', 'trust'];

/* The part of a hash that is looked at: { page, params }, params an object of strings. */
export function parse(hash) {
    const [path, query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
    return { page: path, params: Object.fromEntries(new URLSearchParams(query)) };
}

export function build(page, params) {
    const kept = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== '');
    const query = new URLSearchParams(kept).toString();
    return `#/${page}${query && '?' + query}`;
}

/* The hash with changes made to it; a change to undefined takes a parameter away. */
export function link(changes, page) {
    const now = parse(location.hash);
    return build(page ?? now.page, { ...now.params, ...changes });
}

export function go(changes, page) {
    location.hash = link(changes, page);
}

/* As go, without a step in the history of the browser. */
export function amend(changes, page) {
    history.replaceState(null, '', link(changes, page));
    dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useRoute() {
    const [route, set] = useState(() => parse(location.hash));
    useEffect(() => {
        const changed = () => set(parse(location.hash));
        addEventListener('hashchange', changed);
        changed(); // effects run after drawing: it may have changed in between
        return () => removeEventListener('hashchange', changed);
    }, []);
    return route;
}

/* light, dark or system; kept in this browser. */
export function theme() {
    return document.documentElement.dataset.theme ?? 'system';
}

export function setTheme(name) {
    if (name === 'system')
        delete document.documentElement.dataset.theme;
    else
        document.documentElement.dataset.theme = name;
    try {
        if (name === 'system')
            localStorage.removeItem('theme');
        else
            localStorage.setItem('theme', name);
    } catch {
        /* It then holds until the page is left. */
    }
    dispatchEvent(new Event('theme'));
}
