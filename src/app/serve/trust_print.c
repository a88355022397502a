/* app: GET /api/v1/trust. */
#include <stdlib.h>
#include <string.h>

#include "app/names.h"
#include "app/serve/trust.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "store/layout.h"

static void
add_time(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	if (t_us != 0)
		json_str(out, key, span_of(text, clock_rfc3339(text, t_us)));
}

static void
add_hash(struct buf *out, const char *key, const unsigned char hash[static 32])
{
	json_key(out, key);
	buf_char(out, '"');
	buf_hex(out, hash, 32);
	buf_char(out, '"');
}

static void
print_store(const struct trust *t, struct buf *out)
{
	json_object(out, "store");
	json_str(out, "anchor", span_str(t->anchor));
	for (unsigned i = 0; i < t->stream_count; i++)
		if (strcmp(t->streams[i].name, STORE_OWN_STREAM) == 0) {
			json_u64(out, "size", t->streams[i].entries);
			add_hash(out, "hash", t->streams[i].head);
		}
	buf_char(out, '}');
}

static const char *
state_of(const struct serving_verified *v)
{
	if (v->at_us == 0)
		return (v->running ? "running" : "unknown");
	return (v->code == ERR_FINDING ? "bad" :
		v->code != 0           ? "incomplete" :
		v->warnings > 0        ? "warnings" :
					 "good");
}

/* Analysts and the public are told no counts. */
static bool
is_whole(const struct serve_role *role)
{
	return (role->grant.tier == VIEW_DEVELOPER || role->grant.tier == VIEW_AUDITOR);
}

/* Chains of cretula itself are what proves the others; "": of no stream. */
static bool
is_told(const struct serve_role *role, const char *stream)
{
	return (is_whole(role) &&
	    (stream[0] == '\0' || strncmp(stream, "cretula.", 8) == 0 ||
		serve_may_see(role, stream)));
}

static void
print_findings(const struct serving_verified *v, const struct serve_role *role, struct buf *out)
{
	struct buf text = { 0 };

	json_array(out, "findings");
	for (unsigned i = 0; i < v->finding_count; i++) {
		struct span said;

		if (!is_told(role, v->findings[i].stream))
			continue;
		json_item(out);
		json_str(out, "code", span_str(audit_code_names[v->findings[i].code]));
		json_str(out, "stream", span_str(v->findings[i].stream));
		buf_clear(&text);
		audit_print_finding(&v->findings[i], &text);
		said = buf_view(&text); /* begins as it goes on behind a stream */
		json_str(out, "text", span_from(said, said.len > 0 && said.ptr[0] == ' ' ? 1 : 2));
		buf_char(out, '}');
	}
	buf_free(&text);
	buf_char(out, ']');
}

/* One line names a stream. */
static void
print_unchecked(const struct serving_verified *v, const struct serve_role *role, struct buf *out)
{
	bool any = false;

	json_array(out, "not_checked");
	for (unsigned i = 0;
	     is_whole(role) && i < AUDIT_NOT_CHECKED && v->not_checked[i][0] != '\0'; i++) {
		if (i + 1 == v->laggard_line && !is_told(role, v->laggard))
			continue;
		buf_str(out, any ? "," : "");
		json_quote(out, span_str(v->not_checked[i]));
		any = true;
	}
	buf_char(out, ']');
}

static void
print_verified(const struct serving_verified *v, const struct serve_role *role, struct buf *out)
{
	json_object(out, "verified");
	json_str(out, "state", span_str(state_of(v)));
	add_time(out, "at", v->at_us);
	if (v->at_us != 0) {
		json_u64(out, "took_ms", (uint64_t)(v->took_ns / 1000000));
		json_str(out, "by", span_str("serve"));
	}
	json_u64(out, "errors", v->errors);
	json_u64(out, "warnings", v->warnings);
	print_findings(v, role, out);
	print_unchecked(v, role, out);
	buf_char(out, '}');
}

static uint64_t
all_of(const struct stats_outcome *o)
{
	return (o->parsed + o->partial + o->unparsed + o->counted);
}

static void
print_counts(const struct trust_stream *s, struct buf *out)
{
	const struct stats_counts *c = &s->counts;

	json_object(out, "counts");
	json_u64(out, "lines", c->lines);
	json_u64(out, "bytes", c->bytes);
	json_u64(out, "records", s->records);
	json_u64(out, "parsed", c->in.parsed);
	json_u64(out, "partial", c->in.partial);
	json_u64(out, "unparsed", c->in.unparsed);
	json_u64(out, "counted", c->in.counted);
	json_u64(out, "meta", c->meta);
	json_u64(out, "joined", c->joined);
	json_u64(out, "split", all_of(&c->split));
	json_u64(out, "replay", all_of(&c->replay));
	json_u64(out, "lost", c->lost);
	json_counts(out, "causes", stats_cause_names, c->causes, STATS_CAUSE_COUNT);
	buf_char(out, '}');
}

static void
print_stream(const struct trust_stream *s, bool entries, struct buf *out)
{
	json_item(out);
	json_str(out, "name", span_str(s->name));
	json_u64(out, "entries", s->entries);
	add_hash(out, "head", s->head);
	add_time(out, "head_at", s->head_us);
	add_time(out, "sealed_at", s->sealed_us);
	json_u64(out, "segments", s->segments);
	print_counts(s, out);
	json_bool(out, "balanced", s->balanced);
	if (entries) {
		json_counts(out, "masked", app_names()->classes, s->counts.masked,
		    app_names()->class_count);
		json_counts(out, "reasons", app_names()->reasons, s->counts.reasons,
		    app_names()->reason_count);
	}
	json_str(out, "raw_at_rest", span_str(s->raw.words[0] == '\0' ? "none" : s->raw.words));
	json_object(out, "pruned");
	json_u64(out, "segments", s->pruned_segments);
	json_u64(out, "records", s->pruned_records);
	buf_char(out, '}');
	json_object(out, "retain");
	json_str(out, "rule", span_str(s->rule[0] == '\0' ? "none" : s->rule));
	if (s->next_us != 0) {
		add_time(out, "next_at", s->next_us);
		json_u64(out, "next_segments", s->next_segments);
		json_u64(out, "next_records", s->next_records);
	}
	buf_str(out, "}}");
}

static void
print_key(const struct trust_key *key, struct buf *out)
{
	json_item(out);
	json_str(out, "epoch", span_str(key->name));
	json_str(out, "state",
	    span_str(key->destroyed ? "destroyed" :
		    key->held       ? "held" :
				      "live"));
	add_time(out, "at", key->at_us);
	buf_char(out, '}');
}

static int
newest_first(const void *a, const void *b)
{
	const struct trust_deletion *x = a, *y = b;

	return ((x->at_us < y->at_us) - (x->at_us > y->at_us));
}

static void
print_deletions(const struct trust *t, const struct serve_role *role, struct buf *out)
{
	struct trust_deletion sorted[TRUST_DELETIONS_MAX];

	memcpy(sorted, t->deletions, sizeof(sorted));
	qsort(sorted, t->deletion_count, sizeof(sorted[0]), newest_first);
	for (unsigned i = 0; i < t->deletion_count; i++) {
		const struct trust_deletion *d = &sorted[i];

		if (!is_told(role, d->stream))
			continue;
		json_item(out);
		add_time(out, "at", d->at_us);
		json_str(out, "stream", span_str(d->stream));
		json_str(out, "kind", span_str(d->kind));
		if (d->segment > 0)
			json_u64(out, "segment", d->segment);
		if (d->records > 0)
			json_u64(out, "records", d->records);
		if (d->epoch[0] != '\0')
			json_str(out, "epoch", span_str(d->epoch));
		buf_char(out, '}');
	}
}

/* So far as the role may be told: of its streams, and what entries count to who sees all. */
static void
print_trust(const struct trust *t, const struct serving_verified *v,
    const struct serve_role *role, struct buf *out)
{
	/* By the minute, so that the same answer is the same. */
	int64_t now_us = clock_now_us() / 60000000 * 60000000;

	buf_char(out, '{');
	add_time(out, "now", now_us > v->at_us ? now_us : v->at_us);
	print_store(t, out);
	print_verified(v, role, out);
	json_array(out, "streams");
	for (unsigned i = 0; i < t->stream_count; i++)
		if (is_told(role, t->streams[i].name))
			print_stream(&t->streams[i], view_grant_entries(&role->grant), out);
	buf_char(out, ']');
	json_array(out, "keys");
	for (unsigned i = 0; i < t->key_count; i++)
		print_key(&t->keys[i], out);
	buf_char(out, ']');
	json_array(out, "deletions");
	print_deletions(t, role, out);
	buf_str(out, "]}\n");
}

/* Chains are read again only where one has grown.  Under the lock of it; NULL: they cannot be. */
static const struct trust *
find_trust(struct serving *v)
{
	uint64_t key = app_trust_key(v->store);
	struct err e = { ERR_NONE, "" };

	if (v->trust != NULL && key != 0 && v->trust_key == key)
		return (v->trust);
	if (v->trust == NULL && (v->trust = calloc(1, sizeof(*v->trust))) == NULL)
		return (NULL);
	v->trust_key = key;
	if (app_trust_read(v->store, &(struct trust_terms){ v->config, &v->access_terms },
		v->trust, &e) == 0)
		return (v->trust);
	v->trust_key = 0;
	return (NULL);
}

bool
app_trust_missing(struct serving *v, const char *stream, const int64_t window_us[static 2],
    uint64_t causes[static STATS_CAUSE_COUNT])
{
	const struct trust *t;
	bool any = false;

	memset(causes, 0, STATS_CAUSE_COUNT * sizeof(causes[0]));
	pthread_mutex_lock(&v->trust_lock);
	t = find_trust(v);
	for (unsigned i = 0; t != NULL && i < t->stream_count; i++) {
		const struct trust_stream *s = &t->streams[i];

		for (unsigned g = 0; strcmp(s->name, stream) == 0 && g < s->gap_count; g++) {
			if (s->gaps[g].first_us >= window_us[1] ||
			    s->gaps[g].last_us < window_us[0])
				continue;
			any = true;
			for (int k = 0; k < STATS_CAUSE_COUNT; k++)
				causes[k] += s->gaps[g].causes[k];
		}
	}
	pthread_mutex_unlock(&v->trust_lock);
	return (any);
}

void
app_serving_trust(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n)
{
	struct serving_verified verified;
	const struct trust *t;

	(void)n;
	pthread_mutex_lock(&v->lock);
	verified = v->verified;
	pthread_mutex_unlock(&v->lock);
	pthread_mutex_lock(&v->trust_lock);
	if ((t = find_trust(v)) == NULL)
		serve_problem_set(a, SERVE_PROBLEM_STORE, NULL);
	else {
		a->status = 200;
		print_trust(t, &verified, call->who.role, &a->body);
	}
	pthread_mutex_unlock(&v->trust_lock);
}
