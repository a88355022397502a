/* Who are you: a token gives a session. */
import { h } from '../../vendor/preact.js';
import { useEffect, useRef, useState } from '../../vendor/hooks.js';
import { login } from '../api.js';
import { errorText } from '../parts.js';
import { w } from '../words.js';

const TIERS = ['developer', 'analyst', 'public', 'auditor'];

export function Login({ ended, enter }) {
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const field = useRef(null);
    useEffect(() => field.current.focus(), []);
    const submit = async (event) => {
        event.preventDefault();
        setBusy(true);
        setError(null);
        try {
            enter(await login(field.current.value.trim()));
        } catch (failure) {
            setError(failure);
            setBusy(false);
            field.current.select();
        }
    };
    return h('main', { id: 'content', class: 'login' },
        h('form', { class: 'panel', onSubmit: submit },
            h('img', { src: '/favicon.svg', alt: '', width: 56, height: 56 }),
            h('h1', null, w.login.title),
            h('p', { class: 'quiet' }, ended ? w.login.ended : w.login.lead),
            h('label', { for: 'token' }, w.login.token),
            h('input', { id: 'token', type: 'password', name: 'token', ref: field, required: true, maxLength: 128,
                autocomplete: 'current-password', spellcheck: false, 'aria-describedby': error ? 'why' : undefined,
                'aria-invalid': error ? 'true' : undefined }),
            error && h('p', { id: 'why', class: 'wrong', role: 'alert' }, errorText(error)),
            h('button', { type: 'submit', class: 'main', disabled: busy }, busy ? w.login.busy : w.login.enter)),
        h('section', { class: 'tiers' },
            h('h2', null, w.login.tiers),
            h('dl', null, TIERS.map((tier) => [
                h('dt', { key: tier }, w.tier.names[tier]), h('dd', { key: tier + 'd' }, w.tier.sees[tier])]))));
}
