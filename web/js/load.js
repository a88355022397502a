/* Data of a panel: asked for when what it depends on changes; what was there stays, marked as old, until more is. */
import { useCallback, useEffect, useState } from '../vendor/hooks.js';

/*
 * { data, error, busy, again }: ask(signal) is called whenever key is another one; a key of null asks nothing.  data is
 * undefined before the first answer and after an error.
 */
export function useLoad(key, ask) {
    const [state, set] = useState({ key: null, data: undefined, error: null, busy: key !== null });
    const [round, setRound] = useState(0);
    useEffect(() => {
        if (key === null)
            return undefined;
        const stop = new AbortController();
        set((old) => ({ ...old, error: null, busy: true }));
        ask(stop.signal).then(
            (data) => !stop.signal.aborted && set({ key, data, error: null, busy: false }),
            (error) => !stop.signal.aborted && set({ key, data: undefined, error, busy: false }));
        return () => stop.abort();
    }, [key, round]);
    const again = useCallback(() => setRound((n) => n + 1), []);
    // Effects run after drawing: what is of another key is old from the first frame on.
    return { ...state, busy: key !== null && (state.busy || state.key !== key), again };
}
