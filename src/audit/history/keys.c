#include "audit/history/keys.h"

#include <stdlib.h>
#include <string.h>

#include "audit/check.h"
#include "base/err.h"
#include "seal/statement.h"

#define GOOD AUDIT_CODE_COUNT
/* Revoked keys against keys in force: more than any chain of ours needs. */
#define STEPS_MAX (UINT64_C(1) << 26)

bool
audit_epoch_copy(
    struct seal_vkey *to, char name[AUDIT_EPOCH_NAME_BYTES], const struct seal_vkey *from)
{
	if (from->name.len > AUDIT_EPOCH_NAME_BYTES)
		return (false);
	memcpy(name, from->name.ptr, from->name.len);
	*to = *from;
	to->name = span_of(name, from->name.len);
	return (true);
}

/* ---- lists ---- */

static void *
grow(struct audit_chain *chain, void *items, size_t count, size_t *size, size_t item_bytes)
{
	size_t more = *size == 0 ? 4 : *size * 2;

	if (count < *size)
		return (items);
	if ((items = reallocarray(items, more, item_bytes)) == NULL)
		chain->list.failed = true;
	else
		*size = more;
	return (items);
}

/* May so many be compared?  If not, the chain is not judged whole. */
static bool
spend(struct audit_chain *chain, size_t count)
{
	struct audit_keys *keys = &chain->keys;

	if (keys->steps + count > STEPS_MAX) {
		chain->coverage->unknown_entries++;
		return (false);
	}
	keys->steps += count;
	return (true);
}

/* vkey is the log key from the note of that size on. */
static void
reign(struct audit_chain *chain, struct span vkey, uint64_t first)
{
	struct audit_keys *keys = &chain->keys;
	struct audit_reign *reigns = grow(
	    chain, keys->reigns, keys->reign_count, &keys->reign_size, sizeof(keys->reigns[0]));

	keys->log = vkey;
	keys->void_from = keys->void_entry = AUDIT_NONE;
	if (reigns == NULL)
		return;
	keys->reigns = reigns;
	reigns[keys->reign_count++] = (struct audit_reign){ vkey, first };
	if (!spend(chain, keys->revoked_count))
		return;
	for (size_t k = 0; k < keys->revoked_count; k++)
		if (span_equal(keys->revoked[k].vkey, vkey) &&
		    keys->revoked[k].from < keys->void_from) {
			keys->void_from = keys->revoked[k].from;
			keys->void_entry = keys->revoked[k].entry;
		}
}

void
audit_keys_begin(struct audit_chain *chain)
{
	chain->keys.recovery = chain->genesis.recovery;
	reign(chain, chain->genesis.log, 1);
}

void
audit_keys_free(struct audit_keys *keys)
{
	free(keys->reigns);
	free(keys->revoked);
	*keys = (struct audit_keys){ .changing = false };
}

/* ---- entries ---- */

static void
tell(struct audit_chain *chain, enum audit_code code, uint64_t i, bool judged, const char *text)
{
	struct audit_place at = audit_place("chain.jsonl");

	at.entry = i;
	if (judged)
		audit_report(&chain->list, code, &at, "%s", text);
	else
		chain->list.suppressed++;
}

static void
take_rekey(struct audit_chain *chain, const struct seal_rekey *rekey, uint64_t i, bool judged)
{
	struct audit_keys *keys = &chain->keys;
	bool log = span_is(rekey->key, "log");
	struct err e;

	if (!span_equal(rekey->old, log ? keys->log : keys->recovery)) {
		tell(chain, AUDIT_E_REKEY, i, judged, "the old key is not the one in force");
		return;
	}
	if (seal_rekey_check(chain->genesis.origin, rekey, keys->recovery, &e) == -1) {
		tell(chain, AUDIT_E_REKEY, i, judged, e.text);
		return;
	}
	if (!log) {
		keys->recovery = rekey->new;
		return;
	}
	keys->changing = seal_vkey_read(rekey->new, &keys->next, &e) == 0;
	keys->alone = rekey->has_recovery;
	keys->next_text = rekey->new;
}

static void
take_recover(struct audit_chain *chain, const struct seal_recover *recover, uint64_t i, bool judged)
{
	struct audit_keys *keys = &chain->keys;
	struct seal_vkey key;
	struct err e;

	if (seal_vkey_read(recover->log, &key, &e) == -1)
		tell(chain, AUDIT_E_REKEY, i, judged, e.text);
	else if (!span_equal(key.name, chain->genesis.origin) ||
	    span_equal(recover->log, keys->log))
		tell(chain, AUDIT_E_REKEY, i, judged, "not another key of the same name");
	else if (!recover->has_recovery)
		tell(chain, AUDIT_E_REKEY, i, judged, "without the recovery key's signature");
	else if (seal_recovery_check(chain->genesis.origin, keys->log, recover->log,
		     recover->recovery, keys->recovery, &e) == -1)
		tell(chain, AUDIT_E_REKEY, i, judged, e.text);
	else {
		chain->log = key;
		reign(chain, recover->log, i + 1);
	}
}

/* Notes that later ones have to vouch for: those of the key, up to the entry's own. */
static void
count_void(struct audit_chain *chain, const struct seal_revoke *revoke, uint64_t i)
{
	const struct audit_keys *keys = &chain->keys;

	if (!spend(chain, keys->reign_count))
		return;
	for (size_t k = 0; k < keys->reign_count; k++) {
		uint64_t first = keys->reigns[k].first, last = i + 1;

		if (!span_equal(keys->reigns[k].vkey, revoke->vkey))
			continue;
		if (k + 1 < keys->reign_count)
			last = keys->reigns[k + 1].first - 1;
		if (first < revoke->from)
			first = revoke->from;
		if (first <= last)
			chain->coverage->notes_void += last - first + 1;
	}
}

static void
take_revoke(struct audit_chain *chain, const struct seal_revoke *revoke, uint64_t i, bool judged)
{
	struct audit_keys *keys = &chain->keys;
	struct audit_revoked *revoked;
	struct err e;

	if (seal_revoke_check(chain->genesis.origin, revoke, keys->recovery, &e) == -1) {
		tell(chain, AUDIT_E_REVOKED, i, judged, e.text);
		return;
	}
	revoked = grow(chain, keys->revoked, keys->revoked_count, &keys->revoked_size,
	    sizeof(keys->revoked[0]));
	if (revoked == NULL)
		return;
	keys->revoked = revoked;
	revoked[keys->revoked_count++] = (struct audit_revoked){ revoke->vkey, revoke->from, i };
	count_void(chain, revoke, i);
	if (!span_equal(revoke->vkey, keys->log) || revoke->from >= keys->void_from)
		return;
	keys->void_from = revoke->from;
	keys->void_entry = i;
}

bool
audit_keys_take(struct audit_chain *chain, const struct seal_entry *entry, uint64_t i, bool judged)
{
	chain->keys.changing = false;
	if (!chain->has_log)
		return (false);
	if (entry->type == SEAL_REKEY)
		take_rekey(chain, &entry->of.rekey, i, judged);
	else if (entry->type == SEAL_REVOKE)
		take_revoke(chain, &entry->of.revoke, i, judged);
	else if (entry->type == SEAL_RECOVER && entry->of.recover.log.len > 0) {
		take_recover(chain, &entry->of.recover, i, judged);
		return (true);
	}
	return (false);
}

/* ---- notes ---- */

/* Does the log key's signature count, under a note of that size? */
static bool
is_void(const struct audit_keys *keys, uint64_t size)
{
	return (size >= keys->void_from);
}

/* Is it signed by a key that was revoked before, though another is in force? */
static bool
by_revoked(struct audit_chain *chain, const struct seal_note *note)
{
	struct audit_keys *keys = &chain->keys;
	struct seal_vkey key;

	if (!spend(chain, keys->revoked_count))
		return (false);
	for (size_t k = 0; k < keys->revoked_count; k++)
		if (note->size >= keys->revoked[k].from &&
		    note->size > keys->revoked[k].entry + 1 &&
		    seal_vkey_read(keys->revoked[k].vkey, &key, NULL) == 0 &&
		    seal_note_check(note, &key, NULL) == 0)
			return (true);
	return (false);
}

static enum audit_code
check_log(struct audit_chain *chain, const struct seal_note *note, struct err *e)
{
	struct audit_keys *keys = &chain->keys;
	bool good = seal_note_check(note, &chain->log, e) == 0;

	/* Up to the revoke entry later notes vouch; they are counted. */
	if (good && (!is_void(keys, note->size) || note->size <= keys->void_entry + 1))
		return (GOOD);
	if (!good && !by_revoked(chain, note))
		return (AUDIT_E_LOG_SIG);
	(void)err_set(e, ERR_FINDING, "signed by a key that was revoked");
	return (AUDIT_E_REVOKED);
}

enum signing { SIGNED, NOT_SIGNED, BADLY_SIGNED };

static enum signing
is_signed(const struct seal_note *note, const struct seal_vkey *key, struct err *e)
{
	if (seal_note_check(note, key, e) == 0)
		return (SIGNED);
	for (unsigned i = 0; i < note->signature_count; i++)
		if (span_equal(note->signatures[i].name, key->name) &&
		    memcmp(note->signatures[i].id, key->id, sizeof(key->id)) == 0)
			return (BADLY_SIGNED);
	return (NOT_SIGNED);
}

/* The note over a rekey: by both, or by the new key alone if the recovery key says so. */
static enum audit_code
check_change(struct audit_chain *chain, const struct seal_note *note, struct err *e)
{
	struct audit_keys *keys = &chain->keys;
	enum signing old = is_signed(note, &chain->log, e), new = is_signed(note, &keys->next, e);

	if (old == BADLY_SIGNED || new == BADLY_SIGNED || (old != SIGNED && new != SIGNED))
		return (AUDIT_E_LOG_SIG);
	if (new == SIGNED && (keys->alone || (old == SIGNED && !is_void(keys, note->size))))
		return (GOOD);
	tell(chain, AUDIT_E_REKEY, note->size - 1, !chain->damaged,
	    new == SIGNED ? "the old key did not sign its note" :
			    "the new key did not sign its note");
	keys->changing = false; /* the old key stays */
	return (GOOD);
}

enum audit_code
audit_keys_note(struct audit_chain *chain, const struct seal_note *note, struct err *e)
{
	return (chain->keys.changing ? check_change(chain, note, e) : check_log(chain, note, e));
}

void
audit_keys_turn(struct audit_chain *chain, uint64_t i)
{
	struct audit_keys *keys = &chain->keys;

	if (!keys->changing)
		return;
	keys->changing = false;
	chain->log = keys->next;
	reign(chain, keys->next_text, i + 1);
}

int
audit_keys_other(const struct audit_chain *chain, const struct seal_note *note, struct err *e)
{
	const struct audit_keys *keys = &chain->keys;
	struct seal_vkey key = chain->log;

	for (size_t k = keys->reign_count; k-- > 0;)
		if (keys->reigns[k].first <= note->size) {
			if (seal_vkey_read(keys->reigns[k].vkey, &key, e) == -1)
				return (-1);
			break;
		}
	return (seal_note_check(note, &key, e));
}
