/* What the walk over a damaged segment found, in findings. */
#include <string.h>

#include "audit/locate/walk.h"

static struct audit_place
place_of(const struct audit_locate *w, uint64_t i, uint64_t j, uint64_t count)
{
	struct audit_place at = w->target->at;

	at.record = w->target->facts->first + i;
	at.line = j + 1;
	at.count = count;
	return (at);
}

/* What is wrong with line j in the place of record i? */
static enum audit_code
code_of(const struct audit_locate *w, uint64_t i, uint64_t j)
{
	const struct seal_touched *t = audit_touched(w->target->past, i);

	for (size_t k = 0; k < w->mark_count; k++) {
		if (w->marks[k] != j)
			continue;
		if (w->mark_bad[k])
			return (t != NULL ? AUDIT_E_ERASED_WITHOUT_TOMBSTONE :
					    AUDIT_E_RECORD_MODIFIED);
		/* The right one among damaged lines is damaged with them. */
		return (t != NULL && memcmp(w->mark_leaf[k], t->leaf, 32) == 0 ?
			AUDIT_E_RECORD_MODIFIED :
			AUDIT_E_ERASED_WITHOUT_TOMBSTONE);
	}
	return (t != NULL ? AUDIT_E_TOMBSTONED_RECORD_PRESENT : AUDIT_E_RECORD_MODIFIED);
}

/* Records and lines that stand in each other's place; runs of a kind are told once. */
static void
tell_both(const struct audit_locate *w, const struct audit_event *event, uint64_t both)
{
	for (uint64_t from = 0, to; from < both; from = to) {
		enum audit_code code = code_of(w, event->i + from, event->j + from);
		struct audit_place at;

		for (to = from + 1; to < both; to++)
			if (code_of(w, event->i + to, event->j + to) != code)
				break;
		at = place_of(w, event->i + from, event->j + from, to - from);
		if (code == AUDIT_E_RECORD_MODIFIED)
			audit_report(w->target->list, code, &at, "%s",
			    to - from > 1 ? "the lines hash to other leaves" :
					    "the line hashes to another leaf");
		else
			audit_report(w->target->list, code, &at, "%s", audit_kept_text(code));
	}
}

static void
tell_event(const struct audit_locate *w, const struct audit_event *event)
{
	uint64_t both = event->records < event->lines ? event->records : event->lines;
	struct audit_list *list = w->target->list;
	struct audit_place at;

	tell_both(w, event, both);
	if (event->records > both) {
		at = place_of(w, event->i + both, event->j + both, event->records - both);
		audit_report(list, AUDIT_E_RECORD_MISSING, &at, "missing %s",
		    event->i + event->records == w->n ? "at the end" : "before this line");
	}
	if (event->lines > both) {
		at = place_of(w, event->i + both, event->j + both, event->lines - both);
		audit_report(list, AUDIT_E_RECORD_INSERTED, &at, "lines that were not sealed");
	}
}

/* Which of the kept lines are kept records of another place?  Only if all were kept. */
static void
find_moved(struct audit_locate *w)
{
	if (w->damaged_lines > AUDIT_KEPT || w->damaged_records > AUDIT_KEPT)
		return;
	for (uint64_t a = 0; a < w->damaged_lines; a++) {
		struct span line = { w->job->moved[a], w->kept_len[a] };

		w->moved[a] = AUDIT_NONE;
		for (uint64_t b = 0; b < w->damaged_records && w->moved[a] == AUDIT_NONE; b++)
			if (!w->found[b] && audit_locate_match(w, line, w->kept_record[b])) {
				w->moved[a] = w->kept_record[b];
				w->found[b] = true;
				w->any_moved = true;
			}
	}
}

/* Are all its lines, kept from line on, and all its records, kept from record on, only moved? */
static bool
is_moved(
    const struct audit_locate *w, const struct audit_event *event, uint64_t line, uint64_t record)
{
	if (!w->any_moved)
		return (false);
	for (uint64_t a = line; a < line + event->lines; a++)
		if (w->moved[a] == AUDIT_NONE)
			return (false);
	for (uint64_t b = record; b < record + event->records; b++)
		if (!w->found[b])
			return (false);
	return (true);
}

static void
tell_events(const struct audit_locate *w)
{
	uint64_t line = 0, record = 0;

	for (size_t k = 0; k < w->event_count; k++) {
		const struct audit_event *event = &w->events[k];
		bool moved = is_moved(w, event, line, record);

		if (!moved)
			tell_event(w, event);
		for (uint64_t a = line; moved && a < line + event->lines; a++) {
			struct audit_place at = place_of(w, w->moved[a], w->kept_line[a], 1);

			audit_report(w->target->list, AUDIT_E_RECORD_REORDERED, &at,
			    "it was sealed as line %ju", (uintmax_t)w->moved[a] + 1);
		}
		line += event->lines;
		record += event->records;
	}
}

/* The end: records without lines, and what the reader said. */
static void
tell_end(const struct audit_locate *w)
{
	const struct audit_pass *pass = w->target->pass;
	struct audit_place at = place_of(w, w->i, w->j, w->n - w->i);
	enum audit_code code = pass->torn ? AUDIT_E_TORN_LINE :
	    pass->whole                   ? AUDIT_E_RECORD_MISSING :
					    AUDIT_E_CONTAINER;

	if (w->i == w->n || w->stopped) {
		at.record = AUDIT_NONE;
		at.count = 1;
	}
	if (code != AUDIT_E_RECORD_MISSING)
		audit_report(w->target->list, code, &at, "%s%s", pass->text,
		    at.record == AUDIT_NONE ? "" : "; the rest is missing");
	else if (at.record != AUDIT_NONE)
		audit_report(w->target->list, code, &at, "missing at the end");
	if (w->stopped)
		w->target->list->suppressed++;
}

/* Hardly a record in its place: other records, or another salt. */
static bool
tell_stranger(const struct audit_locate *w)
{
	const struct audit_pass *pass = w->target->pass;
	const struct seal_segment *facts = w->target->facts;
	struct audit_place at = place_of(w, 0, 0, w->n);
	char salt[STORE_PATH_BYTES];

	if (w->n < 2 || pass->lines < 2 || w->matched > w->n / 1024 || w->any_moved)
		return (false);
	if (pass->whole && pass->lines == w->n && pass->bytes == facts->bytes &&
	    pass->file_bytes == facts->file_size) {
		store_revision_path(salt, facts->seg,
		    w->target->past == NULL ? 0 : w->target->past->revision, "salt");
		at.file = salt;
		at.line = AUDIT_NONE;
		audit_report(w->target->list, AUDIT_E_SALT, &at, "no record fits the salt");
	} else
		audit_report(w->target->list, AUDIT_E_SEGMENT_ROOT, &at,
		    "not one is a record of this segment");
	return (true);
}

static void
tell_block(const struct audit_locate *w)
{
	struct audit_place at = w->target->at;
	uint64_t first = w->bad_block == AUDIT_NONE ? 0 : w->bad_block * SEAL_BLOCK;

	at.record = w->target->facts->first + first;
	at.count = w->bad_block == AUDIT_NONE ? w->n :
	    w->n - first < SEAL_BLOCK         ? w->n - first :
						SEAL_BLOCK;
	audit_report(
	    w->target->list, AUDIT_E_SEGMENT_ROOT, &at, "one of these is not the sealed one");
}

void
audit_locate_tell(struct audit_locate *w)
{
	find_moved(w);
	if (w->event_count == 0 && w->i == w->n && w->target->pass->whole) {
		if (!w->told || w->bad_block != AUDIT_NONE)
			tell_block(w);
	} else if (!tell_stranger(w)) {
		tell_events(w);
		tell_end(w);
	}
}
