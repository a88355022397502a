/* The interface of the server, as share/openapi.yaml has it.  The session is a cookie that no script sees. */

/* Why there is no answer: code is that of the problem document, or 'network'. */
export class ApiError extends Error {
    constructor(problem, retry) {
        super(problem.title ?? problem.code);
        this.code = problem.code;
        this.status = problem.status ?? 0;
        this.detail = problem.detail;
        this.column = problem.column;
        this.parameter = problem.parameter;
        this.retry = retry;
    }
}

/* Is a session told of a field?  One without a list is told of all that its tier is. */
export const mayAsk = (session, field) => !field || session.fields.length === 0 || session.fields.includes(field);

/* Called when the server says that there is no session any more. */
let onLost = () => {};

export function whenSessionIsLost(call) {
    onLost = call;
}

async function problemOf(answer) {
    let problem = {};
    try {
        problem = await answer.json();
    } catch {
        /* Not ours: a proxy in between, perhaps.  Its status has to do. */
    }
    const error = new ApiError({ code: 'status', ...problem, status: answer.status },
        Number(answer.headers.get('Retry-After')) || undefined);
    if (answer.status === 401 && error.code !== 'token')
        onLost();
    return error;
}

async function ask(path, options) {
    let answer;
    try {
        answer = await fetch(path, { credentials: 'same-origin', cache: 'no-cache', redirect: 'error', ...options });
    } catch (error) {
        throw error.name === 'AbortError' ? error : new ApiError({ code: 'network' });
    }
    if (!answer.ok)
        throw await problemOf(answer);
    return answer;
}

export function address(path, params = {}) {
    const kept = Object.entries(params).filter(([, value]) => value !== undefined && value !== '');
    const query = new URLSearchParams(kept).toString();
    return `/api/v1/${path}${query && '?' + query}`;
}

export async function get(path, params, signal) {
    const answer = await ask(address(path, params), { signal, headers: { Accept: 'application/json' } });
    return answer.json();
}

export async function getText(path, params, signal) {
    const answer = await ask(address(path, params), { signal });
    return answer.text();
}

export async function login(token) {
    const answer = await ask('/api/v1/session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
        body: JSON.stringify({ token }),
    });
    return answer.json();
}

export async function logout() {
    await ask('/api/v1/session', { method: 'DELETE' });
}

/* One event of text/event-stream: { id, name, data }. */
function eventOf(block) {
    const event = { id: undefined, name: 'message', data: '' };
    for (const line of block.split('\n')) {
        const [, field, value] = /^([a-z]*): ?(.*)$/.exec(line) ?? [];
        if (field === 'id')
            event.id = value;
        else if (field === 'event')
            event.name = value;
        else if (field === 'data')
            event.data += (event.data && '\n') + value;
    }
    return event;
}

/*
 * Calls with each event of a stream until it ends or signal says so.  fetch instead of EventSource: it tells why
 * nothing comes.
 */
export async function follow(path, params, last, signal, call) {
    const headers = { Accept: 'text/event-stream', ...(last === undefined ? {} : { 'Last-Event-ID': last }) };
    const answer = await ask(address(path, params), { signal, headers });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
        const { done, value } = await reader.read();
        if (done)
            return;
        const blocks = (rest + value).replace(/\r\n?/g, '\n').split('\n\n');
        rest = blocks.pop();
        for (const block of blocks)
            if (/^(data|event):/m.test(block))
                call(eventOf(block));
    }
}
