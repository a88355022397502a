/* archive: a masked record becomes a strict one. */
#include <stdlib.h>
#include <string.h>

#include "archive/inside.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

#define HOUR_US (INT64_C(3600) * 1000000)
#define DAY_US (24 * HOUR_US)
#define DAYS_BEFORE_1970 800000 /* more than years have had since the year 1 */
#define TOKEN_BITS_BYTES 10
#define COMMITMENT "cretula seed v1\n"

static const struct span rare_mark = SPAN("[rare]");

/* What becomes of a field.  One that nobody thought of goes. */
enum action {
	GOES,
	STAYS,
	WHO,   /* a token, re-keyed; or it goes */
	VALUE, /* text, maybe with tokens, that k subjects must share */
	PLAIN, /* the same of a number, or of a text that no token can stand in */
	SIZE   /* number of which two digits stay */
};

static const uint8_t actions[RECORD_FIELD_COUNT] = {
	[RECORD_FIELD_TIME] = STAYS, /* to the hour */
	[RECORD_FIELD_EVENT] = STAYS,
	[RECORD_FIELD_LEVEL] = PLAIN,
	[RECORD_FIELD_CLIENT] = WHO,
	[RECORD_FIELD_USER] = WHO,
	[RECORD_FIELD_SESSION] = WHO,
	[RECORD_FIELD_ACTION] = VALUE,
	[RECORD_FIELD_OBJECT] = VALUE,
	[RECORD_FIELD_OUTCOME] = STAYS,
	[RECORD_FIELD_REASON] = VALUE, /* but of an unparsed one */
	[RECORD_FIELD_METHOD] = PLAIN,
	[RECORD_FIELD_SCHEME] = PLAIN,
	[RECORD_FIELD_HOST] = VALUE,
	[RECORD_FIELD_PATH] = VALUE,
	[RECORD_FIELD_QUERY] = VALUE,
	[RECORD_FIELD_PROTOCOL] = PLAIN,
	[RECORD_FIELD_STATUS] = STAYS,
	[RECORD_FIELD_BYTES] = SIZE,
	[RECORD_FIELD_REQUEST_BYTES] = SIZE,
	[RECORD_FIELD_DURATION] = SIZE,
	[RECORD_FIELD_UPSTREAM_US] = SIZE,
	[RECORD_FIELD_UPSTREAM_STATUS] = STAYS,
	[RECORD_FIELD_CACHE] = PLAIN,
	[RECORD_FIELD_REFERER] = VALUE,
	[RECORD_FIELD_AGENT] = PLAIN,
	[RECORD_FIELD_AGENT_MAJOR] = PLAIN, /* with the agent */
	[RECORD_FIELD_OS] = PLAIN,
	[RECORD_FIELD_DEVICE] = PLAIN,
	[RECORD_FIELD_BOT] = STAYS,
	[RECORD_FIELD_COUNTRY] = PLAIN,
	[RECORD_FIELD_ASN] = PLAIN,
	[RECORD_FIELD_SERVER] = VALUE,
	[RECORD_FIELD_UPSTREAM] = VALUE,
	[RECORD_FIELD_TLS] = VALUE,
	[RECORD_FIELD_STATE] = STAYS,
	[RECORD_FIELD_FLAGS] = STAYS,
};

/* ---- opening ---- */

int
archive_open(const struct archive_policy *p, struct archive **a, bool *locked, struct err *e)
{
	struct archive *made = calloc(1, sizeof(*made));
	bool is_locked = false;

	if (made == NULL)
		return (err_memory(e));
	made->policy = *p;
	if ((made->secret = crypto_secret_alloc(sizeof(*made->secret), &is_locked)) == NULL) {
		free(made);
		return (err_memory(e));
	}
	crypto_random(made->secret->seed, sizeof(made->secret->seed));
	crypto_hmac_key_init(&made->secret->key, made->secret->seed, sizeof(made->secret->seed));
	crypto_random(&made->hash_seed, sizeof(made->hash_seed));
	if (archive_shared_open(&made->shared, p->k, e) == -1) {
		archive_close(made);
		return (-1);
	}
	archive_begin(made);
	if (locked != NULL)
		*locked = is_locked;
	*a = made;
	return (0);
}

void
archive_close(struct archive *a)
{
	if (a == NULL)
		return;
	crypto_secret_free(a->secret);
	archive_shared_close(&a->shared);
	crypto_wipe(a, sizeof(*a));
	free(a);
}

void
archive_commitment(const struct archive *a, unsigned char commitment[static 32])
{
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, COMMITMENT, sizeof(COMMITMENT) - 1);
	crypto_sha256_add(&h, a->secret->seed, sizeof(a->secret->seed));
	crypto_sha256_end(&h, commitment);
}

void
archive_begin(struct archive *a)
{
	archive_shared_clear(&a->shared);
	memset(&a->done, 0, sizeof(a->done));
	a->used = 0;
	a->day_min = INT64_MAX;
	a->day_max = INT64_MIN;
}

/* ---- times ---- */

/* Rounds down, also before 1970: no year is before the first. */
static int64_t
day_of(int64_t t_us)
{
	return ((t_us + DAYS_BEFORE_1970 * DAY_US) / DAY_US - DAYS_BEFORE_1970);
}

static int64_t
hour_of(int64_t t_us)
{
	int64_t day_us = day_of(t_us) * DAY_US;

	return (day_us + (t_us - day_us) / HOUR_US * HOUR_US);
}

/* ---- texts ---- */

static struct span
keep(struct archive *a, const char *bytes, size_t len)
{
	char *at = a->text + a->text_len;

	if (len > sizeof(a->text) - a->text_len)
		return (rare_mark); /* cannot be: a record's texts only become shorter */
	memcpy(at, bytes, len);
	a->text_len += len;
	return (span_of(at, len));
}

/* [class], as masking writes it. */
static bool
is_mark(struct span text)
{
	if (text.len < 2 || text.ptr[0] != '[' || text.ptr[text.len - 1] != ']')
		return (false);
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++)
		if (span_is(span_of(text.ptr + 1, text.len - 2), record_classes[c].name))
			return (true);
	return (false);
}

/* Every token in text becomes [class], which is shorter. */
static struct span
without_tokens(struct archive *a, struct span text)
{
	enum record_class class_id;
	size_t at = archive_token_find(text, &class_id), start = a->text_len;

	if (at == text.len)
		return (text);
	while (at < text.len) {
		(void)keep(a, text.ptr, at);
		(void)keep(a, "[", 1);
		(void)keep(
		    a, record_classes[class_id].name, strlen(record_classes[class_id].name));
		(void)keep(a, "]", 1);
		a->done.dropped++;
		text = span_from(text, at + ARCHIVE_TOKEN_BYTES);
		at = archive_token_find(text, &class_id);
	}
	(void)keep(a, text.ptr, text.len);
	return (span_of(a->text + start, a->text_len - start));
}

/* ---- who ---- */

/* The class of a WHO field's value: that of its token, or the field's. */
static enum record_class
class_of(enum record_field f, struct span text)
{
	enum record_class class_id;

	if (archive_token_find(text, &class_id) == 0 && text.len == ARCHIVE_TOKEN_BYTES)
		return (class_id);
	return (record_fields[f].class_id);
}

static bool
is_rekeyed(const struct archive *a, enum record_field f)
{
	return (f == RECORD_FIELD_CLIENT ? a->policy.client :
		f == RECORD_FIELD_USER ? a->policy.user :
					 a->policy.session);
}

static void
make_token(struct archive *a, enum record_class class_id, int64_t day, struct span value,
    char token[static ARCHIVE_TOKEN_BYTES])
{
	const struct span parts[] = { span_of((const char *)&day, sizeof(day)),
		span_of(record_classes[class_id].prefix, 2), value };
	unsigned char mac[32];

	crypto_hmac_parts(&a->secret->key, parts, sizeof(parts) / sizeof(parts[0]), mac);
	memcpy(token, record_classes[class_id].prefix, 2);
	token[2] = '.';
	(void)text_base32(token + 3, mac, TOKEN_BITS_BYTES);
}

/* Most come again soon: those of the last ones are at hand. */
static const char *
token_of(struct archive *a, enum record_class class_id, int64_t day, struct span value)
{
	uint64_t hash = hash_span(value, a->hash_seed);
	struct archive_recent *recent = &a->recent[hash % ARCHIVE_RECENT];

	if (value.len > sizeof(recent->value)) {
		recent->len = 0;
		make_token(a, class_id, day, value, recent->token);
	} else if (recent->len != value.len || recent->day != day ||
	    recent->class_id != class_id || memcmp(recent->value, value.ptr, value.len) != 0) {
		recent->len = value.len;
		recent->day = day;
		recent->class_id = class_id;
		memcpy(recent->value, value.ptr, value.len);
		make_token(a, class_id, day, value, recent->token);
	}
	return (recent->token);
}

static struct span
other_token(struct archive *a, enum record_class class_id, int64_t day, struct span value)
{
	const char *token = token_of(a, class_id, day, value);

	a->done.rekeyed++;
	a->used |= UINT64_C(1) << class_id;
	if (day < a->day_min)
		a->day_min = day;
	if (day > a->day_max)
		a->day_max = day;
	return (keep(a, token, ARCHIVE_TOKEN_BYTES));
}

static void
leave_out(struct record *r, enum record_field f)
{
	r->present &= ~(UINT64_C(1) << f);
}

static void
make_other(struct archive *a, struct record *r, enum record_field f, int64_t day)
{
	struct span text = r->text[f];

	if (is_mark(text))
		return;
	if (is_rekeyed(a, f)) {
		record_set_text(r, f, other_token(a, class_of(f, text), day, text));
	} else {
		a->done.dropped++;
		leave_out(r, f);
	}
}

/* Whose record is it?  All that nobody can be told from may be of one: ADR 37. */
static uint32_t
subject_of(const struct archive *a, const struct record *r)
{
	static const enum record_field who[] = { RECORD_FIELD_CLIENT, RECORD_FIELD_USER,
		RECORD_FIELD_SESSION };

	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		if (record_has(r, who[i]) && !is_mark(r->text[who[i]]))
			return ((uint32_t)hash_span(r->text[who[i]], a->hash_seed));
	return ((uint32_t)~a->hash_seed);
}

/* ---- values ---- */

/* Of a closed list, which verify counts: why a line was not parsed. */
static bool
is_reason(const struct record *r)
{
	struct span text = r->text[RECORD_FIELD_REASON];

	if (!record_has(r, RECORD_FIELD_STATE) ||
	    !span_is(r->text[RECORD_FIELD_STATE], "unparsed"))
		return (false);
	for (size_t i = 0; i < text.len; i++)
		if ((text.ptr[i] < 'a' || text.ptr[i] > 'z') && text.ptr[i] != '_')
			return (false);
	return (true);
}

/* Does the field hold a value that others must share? */
static bool
is_value(const struct record *r, enum record_field f)
{
	if ((actions[f] != VALUE && actions[f] != PLAIN) || !record_has(r, f))
		return (false);
	return (f != RECORD_FIELD_REASON || !is_reason(r));
}

/* Of a text without tokens, or of a number; the major version is one of its agent. */
static uint64_t
value_hash(const struct archive *a, const struct record *r, enum record_field f, int64_t day)
{
	uint64_t seed = a->hash_seed ^ ((uint64_t)day << 8) ^ ((uint64_t)f << 56), hash;

	if (record_fields[f].type == RECORD_INT) {
		if (f == RECORD_FIELD_AGENT_MAJOR && record_has(r, RECORD_FIELD_AGENT))
			seed ^= hash_span(r->text[RECORD_FIELD_AGENT], a->hash_seed);
		hash = hash_bytes(&r->number[f], sizeof(r->number[f]), seed);
	} else {
		hash = hash_span(r->text[f], seed);
	}
	return (hash == 0 ? 1 : hash);
}

void
archive_count(struct archive *a, const struct record *r)
{
	int64_t day = day_of(r->time_us);
	uint32_t subject = subject_of(a, r);
	struct record plain;
	enum record_class ignored;

	a->text_len = 0;
	record_clear(&plain);
	for (uint64_t left = r->present; left != 0; left &= left - 1) {
		enum record_field f = (enum record_field)__builtin_ctzll(left);
		uint64_t hash;

		if (!is_value(r, f))
			continue;
		if (actions[f] == VALUE &&
		    archive_token_find(r->text[f], &ignored) < r->text[f].len) {
			plain.text[f] = without_tokens(a, r->text[f]);
			hash = value_hash(a, &plain, f, day);
		} else {
			hash = value_hash(a, r, f, day);
		}
		archive_shared_add(&a->shared, hash, subject);
	}
	a->done.dropped = 0; /* of the second pass only */
}

static void
make_common(struct archive *a, struct record *r, enum record_field f, int64_t day)
{
	bool is_text = record_fields[f].type == RECORD_TEXT;

	if (actions[f] == VALUE)
		record_set_text(r, f, without_tokens(a, r->text[f]));
	if (archive_shared_common(&a->shared, value_hash(a, r, f, day)))
		return;
	a->done.rare++;
	if (is_text)
		record_set_text(r, f, rare_mark);
	else
		leave_out(r, f);
}

/* 1234567 to 1200000: two digits stay. */
static int64_t
two_digits(int64_t n)
{
	int64_t unit = 1;

	while (n / unit >= 100 || n / unit <= -100)
		unit *= 10;
	return (n / unit * unit);
}

/* ---- the record ---- */

void
archive_strict(struct archive *a, struct record *r)
{
	int64_t day = day_of(r->time_us);
	enum record_field f;

	a->text_len = 0;
	r->time_us = hour_of(r->time_us);
	/* From the last to the first: a version is looked at while its agent is there. */
	for (uint64_t left = r->present; left != 0; left ^= UINT64_C(1) << f) {
		f = (enum record_field)(63 - __builtin_clzll(left));
		switch (actions[f]) {
		case STAYS: break;
		case WHO: make_other(a, r, f, day); break;
		case SIZE: r->number[f] = two_digits(r->number[f]); break;
		case VALUE:
		case PLAIN:
			if (is_value(r, f))
				make_common(a, r, f, day);
			break;
		default: leave_out(r, f); break;
		}
	}
	r->forwarded_count = 0;
	r->extra_count = 0;
}

void
archive_lean(struct archive *a, struct record *r)
{
	for (unsigned i = 0; i < RECORD_FIELD_COUNT; i++) {
		enum record_field f = (enum record_field)i;

		if (actions[f] == WHO || is_value(r, f))
			leave_out(r, f);
	}
	a->done.lean++;
}

/* ---- what was done ---- */

void
archive_done(const struct archive *a, struct archive_done *done)
{
	*done = a->done;
	done->unheld = a->shared.unheld;
}

static void
print_day(struct buf *out, int64_t day)
{
	struct clock_civil c;

	clock_to_civil(day * DAY_US, &c);
	buf_fmt(out, "%04d-%02d-%02d", c.year, c.month, c.day);
}

void
archive_epochs(const struct archive *a, struct buf *out)
{
	char prefix[3] = { 0 };
	const char *sep = "";

	buf_char(out, '{');
	/* By prefix, and each once: docs/format.md 6. */
	for (prefix[0] = 'a'; prefix[0] <= 'z'; prefix[0]++)
		for (prefix[1] = 'a'; prefix[1] <= 'z'; prefix[1]++) {
			enum record_class class_id = archive_token_class(prefix);

			if (class_id == RECORD_CLASS_NONE || (a->used >> class_id & 1) == 0)
				continue;
			buf_fmt(out, "%s\"%s\":[\"", sep, prefix);
			print_day(out, a->day_min);
			if (a->day_max > a->day_min) {
				buf_str(out, "..");
				print_day(out, a->day_max);
			}
			buf_str(out, "\"]");
			sep = ",";
		}
	buf_char(out, '}');
}
