#include "audit/anchors/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/anchors/stamp.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

#define SEARCH_MAX 10000 /* notes that cosignatures are tried on: a second or two */

static const struct span dash = SPAN("\xe2\x80\x94 ");

struct search {
	const struct audit_source *source;
	const struct audit_answer *answer;
	struct audit_match *match;
	struct audit_source_note at; /* the note at hand */
	struct buf one; /* it with one line */
	struct seal_note note; /* of one */
};

/* An entry holds printable ASCII without quote and backslash. */
static void
set_by(struct audit_match *match, struct span name)
{
	if (name.len < sizeof(match->by) && text_is_ascii(name) &&
	    span_find(name, '"') == name.len && span_find(name, '\\') == name.len)
		(void)snprintf(match->by, sizeof(match->by), "%.*s", (int)name.len, name.ptr);
}

/* ---- cosignatures ---- */

static int64_t
time_of(const struct seal_note *note, const struct seal_vkey *key)
{
	uint64_t time_s;

	return (
	    seal_cosignature_check(note, key, &time_s, NULL) == -1 ? 0 : (int64_t)time_s * 1000000);
}

/* The line, if it is a known witness's: its file gets it.  -1: it is, and is bad. */
static int
take_line(struct search *s, struct span line, struct err *e)
{
	const struct audit_policy *policy = s->answer->policy;
	uint64_t witnesses = 0;

	buf_clear(&s->one);
	buf_span(&s->one, s->at.note.body);
	buf_char(&s->one, '\n');
	buf_span(&s->one, line);
	buf_char(&s->one, '\n');
	if (seal_note_read(buf_view(&s->one), &s->note, e) == -1 ||
	    audit_policy_cosigned(policy, &s->note, clock_now_us(), &witnesses, e) == -1)
		return (-1);
	for (unsigned i = 0; i < policy->witness_count && witnesses != 0; i++) {
		const struct seal_vkey *key = &policy->witnesses[i].key;

		if ((witnesses >> i & 1) == 0)
			continue;
		buf_span(&s->match->bytes, line);
		buf_char(&s->match->bytes, '\n');
		if (s->match->time_us == 0) {
			set_by(s->match, key->name);
			s->match->time_us = time_of(&s->note, key);
		}
		return (0);
	}
	return (0);
}

/* All lines of known witnesses behind the note itself; at least one. */
static int
take_lines(struct search *s, struct err *e)
{
	struct span rest = s->answer->bytes;
	struct audit_match *match = s->match;

	buf_clear(&match->bytes);
	buf_span(&match->bytes, buf_view(&s->at.text));
	match->time_us = 0;
	while (rest.len > 0) {
		size_t len = span_find(rest, '\n');
		struct span line = span_of(rest.ptr, len);

		rest = span_from(rest, len + 1);
		if (len > 0 && line.ptr[len - 1] == '\r')
			line.len--;
		if (span_starts(line, dash) && take_line(s, line, e) == -1)
			return (-1);
	}
	if (match->time_us == 0)
		return (err_set(e, ERR_FINDING, "no cosignature by a known witness"));
	if (!buf_ok(&match->bytes))
		return (err_memory(e));
	if (seal_note_read(buf_view(&match->bytes), &s->note, e) == -1)
		return (err_in(e, "the note with these lines"));
	match->size = s->at.note.size;
	return (0);
}

/* Of the note of this size? */
static int
try_size(struct search *s, uint64_t size, struct err *e)
{
	if (audit_source_peek(s->source, size, &s->at, e) == -1)
		return (-1);
	return (take_lines(s, e));
}

/* Lines alone do not say of which note they are. */
static int
search_lines(struct search *s, struct err *e)
{
	uint64_t newest = s->source->newest.note.size;
	struct err why;

	for (uint64_t n = 0; n < newest && n < SEARCH_MAX; n++)
		if (try_size(s, newest - n, &why) == 0)
			return (0);
		else if (n == 0)
			*e = why;
	if (e->code == ERR_IO)
		return (-1);
	return (err_in(e, "of none of its notes; of the newest"));
}

static int
match_cosignatures(struct search *s, struct err *e)
{
	const struct audit_answer *answer = s->answer;
	uint64_t size = answer->size;

	if (answer->policy == NULL || answer->policy->witness_count == 0)
		return (err_set(e, ERR_USAGE,
		    "cosignatures count only by a witness that is known: --witness VKEY or "
		    "--policy FILE"));
	s->match->kind = "cosignature";
	s->match->extension = "cosig";
	if (!span_starts(answer->bytes, dash)) {
		if (seal_note_read(answer->bytes, &s->note, e) == -1)
			return (err_in(e, "neither a time stamp, nor cosignatures"));
		if (size != 0 && s->note.size != size)
			return (err_set(e, ERR_FINDING, "the note of another size"));
		size = s->note.size;
		if (audit_source_peek(s->source, size, &s->at, e) == -1)
			return (-1);
		if (!span_equal(s->note.body, s->at.note.body))
			return (err_set(e, ERR_FINDING, "a note that this chain does not have"));
	}
	return (size == 0 ? search_lines(s, e) : try_size(s, size, e));
}

/* ---- time stamps ---- */

static int
check_time(struct search *s, const struct audit_stamp *stamp, struct err *e)
{
	static const struct seal_names names = { .classes = NULL };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct span line = store_chain_line(&s->source->chain, s->at.note.size - 1);
	int rc = 0;

	if (entry == NULL)
		return (err_memory(e));
	if (seal_entry_read(line, &names, entry, e) == -1)
		rc = -1;
	else if (stamp->time_us < entry->t_us - entry->t_us % 1000000)
		rc = err_set(e, ERR_FINDING, "a time before what it stamps was sealed");
	free(entry);
	return (rc);
}

/* Its imprint tells of which note it is. */
static int
find_stamped(struct search *s, const struct audit_stamp *stamp, struct err *e)
{
	uint64_t newest = s->source->newest.note.size, size = s->answer->size;

	if (size != 0) {
		if (audit_source_peek(s->source, size, &s->at, e) == -1)
			return (-1);
		if (audit_stamp_is_of(stamp, s->at.note.body))
			return (0);
		return (err_set(e, ERR_FINDING, "a time stamp of something else"));
	}
	for (size = newest; size > 0; size--)
		if (audit_source_peek(s->source, size, &s->at, NULL) == 0 &&
		    audit_stamp_is_of(stamp, s->at.note.body))
			return (0);
	return (err_set(e, ERR_FINDING, "a time stamp of none of its notes"));
}

static int
match_stamp(struct search *s, struct err *e)
{
	const struct audit_answer *answer = s->answer;
	struct audit_match *match = s->match;
	struct audit_stamp stamp;

	if (audit_stamp_read(answer->bytes, &stamp, e) == -1 || find_stamped(s, &stamp, e) == -1 ||
	    check_time(s, &stamp, e) == -1)
		return (-1);
	if (answer->stamp != NULL &&
	    answer->stamp(answer->stamp_arg, stamp.token, s->at.note.body, stamp.time_us, e) == -1)
		return (-1);
	match->kind = match->extension = "tsr";
	match->size = s->at.note.size;
	match->time_us = stamp.time_us;
	set_by(match, stamp.authority);
	buf_span(&match->bytes, answer->bytes);
	return (buf_ok(&match->bytes) ? 0 : err_memory(e));
}

int
audit_match(const struct audit_source *source, const struct audit_answer *answer,
    struct audit_match *match, struct err *e)
{
	struct search *s = calloc(1, sizeof(*s));
	struct audit_source_note again = { 0 };
	unsigned shortages = err_memory_count();
	int rc;

	*match = (struct audit_match){ .kind = "" };
	if (s == NULL)
		return (err_memory(e));
	s->source = source;
	s->answer = answer;
	s->match = match;
	if (answer->bytes.len > 0 && answer->bytes.ptr[0] == 0x30)
		rc = match_stamp(s, e);
	else
		rc = match_cosignatures(s, e);
	/* Of the one that it is, the root too. */
	if (rc == 0)
		rc = audit_source_note(source, match->size, &again, e);
	buf_free(&again.text);
	buf_free(&s->at.text);
	buf_free(&s->one);
	free(s);
	/* A note that was not read for want of memory may be the one. */
	return (rc == -1 && err_memory_count() != shortages ? err_memory(e) : rc);
}
