/* Keys of mask epochs: which there were, until when, and which are gone. */
#include <stdlib.h>
#include <string.h>

#include "app/paper/inside.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "key/epoch.h"
#include "seal/entry.h"
#include "seal/history.h"

#define IMPORT "import "
#define IMPORT_BYTES 8 /* of its commitment */

const char *const paper_key_states[4] = { "live", "held", "overdue", "destroyed" };

/* ---- what entries say ---- */

/* A sighting; those of one key become one row once all streams are read. */
static int
see(struct paper_keys *keys, struct span name, int64_t at_us, bool destroyed, struct err *e)
{
	struct paper_key *rows, *last = keys->count > 0 ? &keys->rows[keys->count - 1] : NULL;
	size_t room = keys->room == 0 ? 256 : keys->room * 2;

	if (name.len == 0 || name.len >= PAPER_NAME_BYTES)
		return (0);
	if (last != NULL && !destroyed && last->destroyed_us == 0 && span_is(name, last->name)) {
		last->last_us = at_us;
		return (0);
	}
	if (keys->rows == NULL || keys->count == keys->room) {
		if ((rows = reallocarray(keys->rows, room, sizeof(*rows))) == NULL)
			return (err_memory(e));
		keys->rows = rows;
		keys->room = room;
	}
	last = &keys->rows[keys->count++];
	memset(last, 0, sizeof(*last));
	memcpy(last->name, name.ptr, name.len);
	last->is_import = span_starts(name, span_str(IMPORT));
	last->first_us = last->last_us = destroyed ? 0 : at_us;
	last->destroyed_us = destroyed ? at_us : 0;
	return (0);
}

static struct span
name_import(const unsigned char commitment[static 32], char name[static PAPER_NAME_BYTES])
{
	size_t len = sizeof(IMPORT) - 1;

	memcpy(name, IMPORT, len);
	len += text_hex(name + len, commitment, IMPORT_BYTES);
	return (span_of(name, len));
}

/* "2026-W47", or "2026-W45..2026-W47", of which the first and the last are named. */
static int
see_epoch(struct paper_keys *keys, struct span text, int64_t at_us, struct err *e)
{
	size_t at = 0;

	while (at + 1 < text.len && (text.ptr[at] != '.' || text.ptr[at + 1] != '.'))
		at++;
	if (at + 1 >= text.len)
		return (see(keys, text, at_us, false, e));
	if (see(keys, span_of(text.ptr, at), at_us, false, e) == -1)
		return (-1);
	return (see(keys, span_from(text, at + 2), at_us, false, e));
}

static int
see_epochs(struct paper_keys *keys, struct span raw, int64_t at_us, struct err *e)
{
	struct json_cursor classes, list;
	struct json_value all, of, one;
	struct span key;
	int rc = 0;

	if (json_parse(raw, &all, NULL) == -1 || all.type != JSON_OBJECT)
		return (0);
	json_open(&classes, &all);
	while (rc == 0 && json_next(&classes, &key, &of)) {
		if (of.type != JSON_ARRAY)
			continue;
		json_open(&list, &of);
		while (rc == 0 && json_next(&list, &key, &one))
			if (one.type == JSON_STRING)
				rc = see_epoch(keys, one.text, at_us, e);
	}
	return (rc);
}

/* Epochs of an import are of its own key, and end with it. */
int
app_paper_see_keys(struct paper *p, const struct seal_entry *entry, struct err *e)
{
	const struct seal_segment *segment = &entry->of.segment;
	char import[PAPER_NAME_BYTES];

	if (segment->has_mask_seed)
		return (
		    see(&p->keys, name_import(segment->mask_seed, import), entry->t_us, false, e));
	return (see_epochs(&p->keys, segment->mask_epochs, entry->t_us, e));
}

int
app_paper_see_destroyed(struct paper *p, const struct seal_entry *entry, struct err *e)
{
	struct span what = entry->of.destroy.what;
	char import[PAPER_NAME_BYTES];

	if (span_is(what, "import"))
		what = name_import(entry->of.destroy.commitment, import);
	return (see(&p->keys, what, entry->t_us, true, e));
}

/* ---- the rows ---- */

static int
by_name(const void *a, const void *b)
{
	return (strcmp(((const struct paper_key *)a)->name, ((const struct paper_key *)b)->name));
}

/* Other streams say the same of it: the first word that it is gone counts. */
static void
merge(struct paper_key *into, const struct paper_key *more)
{
	if (more->first_us != 0 && (into->first_us == 0 || more->first_us < into->first_us))
		into->first_us = more->first_us;
	if (more->last_us > into->last_us)
		into->last_us = more->last_us;
	if (more->destroyed_us != 0 &&
	    (into->destroyed_us == 0 || more->destroyed_us < into->destroyed_us))
		into->destroyed_us = more->destroyed_us;
}

/* The calendar's end of an epoch, and the grace of its period; of an import: its seal. */
static void
find_end(struct paper_key *key, const int64_t *grace_us)
{
	struct span name = span_str(key->name);
	enum key_period period = KEY_WEEK;
	int64_t first, last;

	key->end_us = key->last_us;
	name.len = span_find(name, '.'); /* "2026-W48.2": changed within it */
	if (key->is_import || clock_named_days(name, &first, &last) == -1)
		return;
	if (span_find(name, 'W') == name.len)
		period = first == last ? KEY_DAY : KEY_MONTH;
	key->end_us = (last + 1) * PAPER_DAY_US;
	key->grace_us = grace_us[period];
}

static bool
is_held(const struct paper *p, const struct paper_key *key)
{
	struct span hold;

	for (size_t i = 0; i < p->stream_count; i++)
		if (p->streams[i].history != NULL &&
		    seal_history_held_epoch(
			p->streams[i].history, span_str(key->name), p->now_us, &hold))
			return (true);
	return (false);
}

/* A daemon looks once a minute, and at its start: a day of patience. */
static void
judge(struct paper *p, struct paper_key *key, const int64_t *grace_us)
{
	struct paper_keys *keys = &p->keys;

	find_end(key, grace_us);
	key->held = is_held(p, key);
	if (key->destroyed_us != 0) {
		key->state = PAPER_KEY_DESTROYED;
		keys->destroyed++;
	} else if (key->held) {
		key->state = PAPER_KEY_HELD;
		keys->held_back++;
	} else if (p->now_us > key->end_us + key->grace_us + PAPER_DAY_US) {
		key->state = PAPER_KEY_OVERDUE;
		keys->overdue++;
	} else {
		key->state = PAPER_KEY_LIVE;
		keys->live++;
	}
}

void
app_paper_fold_keys(struct paper *p, const int64_t *grace_us)
{
	struct paper_keys *keys = &p->keys;
	size_t kept = 0;

	if (keys->count > 1)
		qsort(keys->rows, keys->count, sizeof(keys->rows[0]), by_name);
	for (size_t i = 0; i < keys->count; i++)
		if (kept > 0 && by_name(&keys->rows[kept - 1], &keys->rows[i]) == 0)
			merge(&keys->rows[kept - 1], &keys->rows[i]);
		else
			keys->rows[kept++] = keys->rows[i];
	keys->count = kept;
	for (size_t i = 0; i < keys->count; i++)
		judge(p, &keys->rows[i], grace_us);
}
