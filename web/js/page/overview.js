/* Overview: how much, how well, of what; each figure beside that of the window before. */
import { h } from '../../vendor/preact.js';
import { useState } from '../../vendor/hooks.js';
import { get } from '../api.js';
import { causes } from '../format.js';
import { useLoad } from '../load.js';
import { WindowPicker, windowParams } from '../window.js';
import { w } from '../words.js';
import { Tiles } from './tiles.js';
import { Tops } from './tops.js';
import { Traffic } from './traffic.js';

export function Overview({ session, stream, about, params }) {
    const [round, setRound] = useState(0);
    const query = { stream, ...windowParams(session.tier, params, about) };
    const key = JSON.stringify([query, round]);
    const overview = useLoad(key, (signal) => get('overview', query, signal));
    const series = useLoad(key, (signal) => get('series', query, signal));
    const [statuses, tell] = useState(true); // is any status shown?
    const totals = overview.data?.totals;
    // Who is not told all is told 0 errors only where no status is hidden.
    const some = statuses || (overview.data?.k > 1 && totals.errors === null);
    const noun = some || !(totals?.requests > 0) ? w.nouns.requests : w.nouns.events;
    const window = overview.data?.window ?? series.data?.window;
    return [
        h(WindowPicker, { tier: session.tier, params, window, refresh: () => setRound(round + 1) }),
        overview.data?.not_known && h('p', { class: 'tier-note not-known' }, w.notKnown(overview.data.not_known.days)),
        overview.data?.missing && h('p', { class: 'tier-note missing' }, w.missing(causes(overview.data.missing))),
        h(Tiles, { load: overview, series: series.data, session, stream, about, noun }),
        h(Traffic, { load: series, stream, tier: session.tier, params, noun }),
        h(Tops, { session, stream, about, query, round, window, noun, tell, all: totals?.requests }),
    ];
}
