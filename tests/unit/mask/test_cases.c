/* The hostile inputs of ../shared/cases, of the formats that we know. */
#include <ctype.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#include "unit/mask/bed.h"
#include "unit/mask/cases.h"

#include "base/io.h"

#define ROWS_MAX 200
#define COLUMNS 8

enum column { ID, FORMAT, INPUT, FORBID, KEEP, OUTCOME, RELATION, NOTE };

/* What a format is called there, and here; a format string has a '$'. */
static const struct {
	const char *theirs, *ours;
	enum parse_envelope envelope;
} formats[] = {
	{ "combined", "combined", PARSE_ENVELOPE_NONE },
	{ "raw", "combined", PARSE_ENVELOPE_NONE },
	{ "json", "json-lines", PARSE_ENVELOPE_NONE },
	{ "caddy-json", "caddy-json", PARSE_ENVELOPE_NONE },
	{ "envoy-json", "envoy-json", PARSE_ENVELOPE_NONE },
	{ "k8s-audit", "k8s-audit", PARSE_ENVELOPE_NONE },
	{ "traefik-json", "traefik-json", PARSE_ENVELOPE_NONE },
	{ "aws-alb", "aws-alb", PARSE_ENVELOPE_NONE },
	{ "cef", "cef", PARSE_ENVELOPE_NONE },
	{ "haproxy", "haproxy", PARSE_ENVELOPE_SYSLOG },
	{ "logfmt", "logfmt", PARSE_ENVELOPE_NONE },
	{ "nginx-error", "nginx-error", PARSE_ENVELOPE_NONE },
	{ "nginx-xff", "$remote_addr - $remote_user [$time_local] \"$request\" $status "
	  "$body_bytes_sent \"$http_referer\" \"$http_user_agent\" \"$http_x_forwarded_for\"",
	    PARSE_ENVELOPE_NONE },
	{ "syslog", "auth", PARSE_ENVELOPE_SYSLOG },
	{ "syslog5424", "text", PARSE_ENVELOPE_SYSLOG },
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

struct row {
	struct span column[COLUMNS];
	size_t format;
	char *out;
	size_t out_len, records;
};

static struct row rows[ROWS_MAX];
static size_t row_count;
static unsigned failures;

#define complain(row, ...) do { \
	failures++; \
	print_error("%.*s: ", (int)(row)->column[ID].len, (row)->column[ID].ptr); \
	print_error(__VA_ARGS__); \
	print_error("\n    %s\n", (row)->out); \
} while (0)

/* ---- reading ---- */

static struct span
part(struct span *rest, const char *separator)
{
	struct span found;
	const char *at = rest->len == 0 ? NULL :
	    memmem(rest->ptr, rest->len, separator, strlen(separator));

	found = span_of(rest->ptr, at == NULL ? rest->len : (size_t)(at - rest->ptr));
	*rest = span_from(*rest, found.len + strlen(separator));
	return (found);
}

static void
read_rows(struct span text)
{
	struct span rest = text;

	(void)part(&rest, "\n");
	while (rest.len > 0 && row_count < ROWS_MAX) {
		struct span line = part(&rest, "\n");
		struct row *row = &rows[row_count];

		for (int c = 0; c < COLUMNS; c++)
			row->column[c] = part(&line, "\t");
		row->format = 0;
		while (row->format < FORMATS &&
		    !span_is(row->column[FORMAT], formats[row->format].theirs))
			row->format++;
		row_count += row->format < FORMATS;
	}
}

static struct row *
row_by_id(struct span id)
{
	for (size_t i = 0; i < row_count; i++)
		if (span_equal(rows[i].column[ID], id))
			return (&rows[i]);
	return (NULL);
}

/* ---- forbidden strings ---- */

static bool
contains_folded(const char *text, size_t len, const char *word, size_t word_len)
{
	for (size_t i = 0; word_len > 0 && i + word_len <= len; i++)
		if (strncasecmp(text + i, word, word_len) == 0)
			return (true);
	return (false);
}

/* One view of the output: percent and \u escapes undone. */
static size_t
decode_view(const char *in, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (in[i] == '%' && i + 2 < len) {
			out[n++] = (char)(cases_digit(in[i + 1]) * 16 + cases_digit(in[i + 2]));
			i += 2;
		} else if (in[i] == '\\' && i + 5 < len && in[i + 1] == 'u') {
			out[n++] = (char)(cases_digit(in[i + 4]) * 16 + cases_digit(in[i + 5]));
			i += 5;
		} else
			out[n++] = in[i];
	}
	return (n);
}

static void
check_forbidden(struct row *row)
{
	static const char *const always[] = { "203.0.113.7", "198.51.100.22" };
	struct span rest = row->column[FORBID];
	char *view = malloc(row->out_len + 1), word[4096];
	size_t view_len = decode_view(row->out, row->out_len, view);

	for (int i = 0; i < 2; i++)
		if (contains_folded(row->out, row->out_len, always[i], strlen(always[i])))
			complain(row, "contains %s", always[i]);
	while (rest.len > 0) {
		struct span item = part(&rest, " ;; ");
		size_t len = item.len < sizeof(word) ? cases_unescape(item, word) : 0;

		if (contains_folded(row->out, row->out_len, word, len) ||
		    contains_folded(view, view_len, word, len))
			complain(row, "contains a forbidden string: %.*s", (int)item.len, item.ptr);
	}
	free(view);
}

/* ---- kept fields ---- */

static bool
fits_glob(struct span text, struct span pattern)
{
	size_t star = span_find(pattern, '*');
	struct span head = span_of(pattern.ptr, star), tail = span_from(pattern, star + 1);

	if (star == pattern.len)
		return (span_equal(text, pattern));
	if (!span_starts(text, head))
		return (false);
	for (size_t at = head.len; at <= text.len; at++)
		if (fits_glob(span_from(text, at), tail))
			return (true);
	return (false);
}

/* "a=1&b" -> "a,b" */
static size_t
names_of(struct span query, char *out, size_t *count)
{
	size_t len = 0;

	*count = 0;
	while (query.len > 0) {
		struct span param = part(&query, "&");
		size_t name = span_find(param, '=');

		if ((*count)++ > 0)
			out[len++] = ',';
		memcpy(out + len, param.ptr, name);
		len += name;
	}
	return (len);
}

static struct span
text_of(const struct record *r, enum record_field f)
{
	return (record_has(r, f) ? r->text[f] : span_of("", 0));
}

static const struct {
	const char *name;
	enum record_field field;
} texts[] = {
	{ "method", RECORD_FIELD_METHOD }, { "path", RECORD_FIELD_PATH },
	{ "ua.family", RECORD_FIELD_AGENT }, { "os", RECORD_FIELD_OS },
	{ "ref.origin", RECORD_FIELD_REFERER }, { "level", RECORD_FIELD_LEVEL }, { "host", RECORD_FIELD_HOST },
	{ "verb", RECORD_FIELD_ACTION }, { "user", RECORD_FIELD_USER },
}, numbers[] = {
	{ "status", RECORD_FIELD_STATUS }, { "bytes", RECORD_FIELD_BYTES },
	{ "size", RECORD_FIELD_BYTES },
	{ "ua.major", RECORD_FIELD_AGENT_MAJOR },
};

/* Members of extra of which only that they were there is written. */
static size_t
unknown_keys(const struct record *r)
{
	size_t count = 0;

	for (unsigned i = 0; i < r->extra_count; i++)
		count += !r->extra[i].is_number && span_is(r->extra[i].text, "[unknown]");
	return (count);
}

static struct span
extra_text(const struct record *r, const char *key)
{
	for (unsigned i = 0; i < r->extra_count; i++)
		if (span_is(r->extra[i].key, key))
			return (r->extra[i].text);
	return (span_of("", 0));
}

static int64_t
extra_number(const struct record *r, const char *key)
{
	for (unsigned i = 0; i < r->extra_count; i++)
		if (span_is(r->extra[i].key, key) && r->extra[i].is_number)
			return (r->extra[i].number);
	return (-1);
}

/* The value that a generic name has in this record. */
static struct span
generic_value(const struct row *row, const struct record *r, struct span name, char *memory)
{
	size_t count, len = names_of(text_of(r, RECORD_FIELD_QUERY), memory, &count);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (span_is(name, texts[i].name))
			return (text_of(r, texts[i].field));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (span_is(name, numbers[i].name))
			return (span_of(memory, (size_t)sprintf(memory, "%lld",
			    record_has(r, numbers[i].field) ?
			    (long long)r->number[numbers[i].field] : -1LL)));
	if (span_is(name, "params"))
		return (span_of(memory, len));
	if (span_is(name, "params.count"))
		return (span_of(memory, (size_t)sprintf(memory, "%zu", count)));
	/* Of /namespaces/NAMESPACE/RESOURCE/NAME or /RESOURCE/NAME. */
	if (span_is(name, "resource")) {
		struct span rest = span_from(text_of(r, RECORD_FIELD_OBJECT), 1);
		struct span first = part(&rest, "/");

		if (span_is(first, "namespaces"))
			(void)part(&rest, "/");
		return (span_is(first, "namespaces") ? part(&rest, "/") : first);
	}
	if (span_is(name, "group")) {
		for (unsigned i = 0; i < r->extra_count; i++)
			if (span_is(r->extra[i].key, "groups"))
				return (r->extra[i].text);
	}
	if (span_is(name, "backend") || span_is(name, "name"))
		return (extra_text(r, span_is(name, "name") ? "message" : "backend"));
	if (span_is(name, "prog"))
		return (extra_text(r, "program"));
	if (span_is(name, "fwd.count"))
		return (span_of(memory, (size_t)sprintf(memory, "%u", r->forwarded_count)));
	/* Of syslog its level is left; 6 is "info". */
	if (span_is(name, "sev") && span_is(text_of(r, RECORD_FIELD_LEVEL), "info"))
		return (span_str("6"));
	if (span_is(name, "sev"))
		return (span_of(memory, (size_t)sprintf(memory, "%lld",
		    (long long)extra_number(r, "severity"))));
	if (span_is(name, "tr_ms"))
		return (span_of(memory, (size_t)sprintf(memory, "%lld",
		    (long long)r->number[RECORD_FIELD_UPSTREAM_US] / 1000)));
	if (span_is(name, "term")) {
		struct span ended = extra_text(r, "termination");
		struct span kept = extra_text(r, "persistence");

		return (span_of(memory, (size_t)sprintf(memory, "%.*s%.*s", (int)ended.len,
		    ended.ptr, (int)kept.len, kept.ptr)));
	}
	if (span_is(name, "unknown_keys"))
		return (span_of(memory, (size_t)sprintf(memory, "%zu", unknown_keys(r))));
	if (span_is(name, "count"))
		return (span_of(memory, (size_t)sprintf(memory, "%zu", row->records)));
	if (span_is(name, "parse"))
		return (span_is(text_of(r, RECORD_FIELD_STATE), "unparsed") ?
		    span_str("quarantine") : span_is(text_of(r, RECORD_FIELD_STATE), "partial") ?
		    span_str("partial") : span_str("parsed"));
	if (span_is(name, "peer.kind"))
		return (bed_flag(r, RECORD_FLAG_PEER_UNIX) ? span_str("unix") : span_str("other"));
	return (span_of(memory, (size_t)sprintf(memory, "unknown name")));
}

/* "Cookie,X-Api-Key": each of them is named in extra. */
static bool
has_headers(const struct record *r, struct span names)
{
	char folded[64];

	while (names.len > 0) {
		struct span name = part(&names, ",");
		bool found = false;

		for (size_t i = 0; i < name.len; i++)
			folded[i] = (char)tolower((unsigned char)name.ptr[i]);
		for (unsigned i = 0; i < r->extra_count; i++)
			found = found || (span_is(r->extra[i].key, "headers") &&
			    memmem(r->extra[i].text.ptr, r->extra[i].text.len, folded, name.len) != NULL);
		if (!found)
			return (false);
	}
	return (true);
}

static bool
has_flag(const struct record *r, struct span name)
{
	if (span_is(name, "bad_unicode"))
		name = span_str("bad_utf8");
	for (int i = 0; i < RECORD_FLAG_COUNT; i++)
		if (span_is(name, record_flags[i].name))
			return (bed_flag(r, (enum record_flag)i));
	return (false);
}

static void
check_keep(struct row *row, const struct record *r, struct span item)
{
	size_t equals = span_find(item, '=');
	bool pattern = equals > 0 && item.ptr[equals - 1] == '~';
	struct span name = span_of(item.ptr, equals - (pattern ? 1 : 0)), got;
	struct span wanted = span_from(item, equals + 1);
	char memory[8192], both[256];

	if (span_is(name, "headers")) {
		if (!has_headers(r, wanted))
			complain(row, "no headers %.*s", (int)wanted.len, wanted.ptr);
		return;
	}
	if (span_is(name, "flags")) {
		/* A line that is quarantined has no fields to flag. */
		if (!has_flag(r, wanted) && !span_is(text_of(r, RECORD_FIELD_STATE), "unparsed"))
			complain(row, "no flag %.*s", (int)wanted.len, wanted.ptr);
		return;
	}
	if (name.len > 4 && memcmp(name.ptr, "utm_", 4) == 0) {
		struct span query = text_of(r, RECORD_FIELD_QUERY);

		(void)snprintf(both, sizeof(both), "%.*s", (int)item.len, item.ptr);
		if (memmem(query.ptr, query.len, both, strlen(both)) == NULL)
			complain(row, "no %s", both);
		return;
	}
	got = generic_value(row, r, name, memory);
	while (wanted.len > 0) {
		struct span one = part(&wanted, "|");

		if (fits_glob(got, one))
			return;
	}
	complain(row, "%.*s, got \"%.*s\"", (int)item.len, item.ptr, (int)got.len, got.ptr);
}

static void
check_row(struct bed *bed, struct row *row)
{
	struct span rest = span_of(row->out, row->out_len), keep = row->column[KEEP];
	struct span line = part(&rest, "\n");
	struct record r;
	struct err e = { 0 };

	check_forbidden(row);
	if (record_decode(&bed->decoder, line, &r, &e) != 0) {
		complain(row, "does not decode: %s", e.text);
		return;
	}
	if (span_is(row->column[OUTCOME], "quarantine") &&
	    !span_is(text_of(&r, RECORD_FIELD_STATE), "unparsed"))
		complain(row, "is not quarantined");
	if (span_is(row->column[OUTCOME], "mask") && span_is(text_of(&r, RECORD_FIELD_STATE), "unparsed"))
		complain(row, "is quarantined");
	while (keep.len > 0)
		check_keep(row, &r, part(&keep, " ;; "));
}

/* ---- relations ---- */

/* "param.email", "path.seg[2]", "client.ip", "user" */
static struct span
related_value(struct bed *bed, const struct row *row, struct span name)
{
	struct span rest = span_of(row->out, row->out_len), list, item;
	struct record r;
	struct err e = { 0 };

	if (record_decode(&bed->decoder, part(&rest, "\n"), &r, &e) != 0)
		return (span_of("", 0));
	if (span_is(name, "client.ip"))
		return (text_of(&r, RECORD_FIELD_CLIENT));
	if (span_is(name, "user"))
		return (text_of(&r, RECORD_FIELD_USER));
	if (span_is(name, "path.seg[2]")) {
		list = text_of(&r, RECORD_FIELD_PATH);
		for (int i = 0; i < 3; i++)
			(void)part(&list, "/");
		return (part(&list, "/"));
	}
	list = text_of(&r, RECORD_FIELD_QUERY);
	while (list.len > 0) {
		item = part(&list, "&");
		if (span_is(span_of(item.ptr, span_find(item, '=')), "email"))
			return (span_from(item, span_find(item, '=') + 1));
	}
	return (span_of("", 0));
}

static void
check_relation(struct bed *bed, struct row *row)
{
	struct span rest = row->column[RELATION], name, id, here, there;
	char copy[256];
	bool unequal;
	struct row *other;

	if (rest.len == 0)
		return;
	unequal = memmem(rest.ptr, rest.len, "!=", 2) != NULL;
	name = part(&rest, unequal ? "!=" : "==");
	if (span_is(name, "user.domain")) {
		here = related_value(bed, row, span_str("user"));
		if (here.len < 3 || memcmp(here.ptr, "uc.", 3) != 0)
			complain(row, "is no claimed user");
		return;
	}
	id = part(&rest, ".");
	if ((other = row_by_id(id)) == NULL) {
		complain(row, "relates to %.*s, which is not there", (int)id.len, id.ptr);
		return;
	}
	here = related_value(bed, row, name);
	(void)snprintf(copy, sizeof(copy), "%.*s", (int)here.len, here.ptr);
	there = related_value(bed, other, name);
	if (here.len == 0 || (span_is(there, copy) == unequal))
		complain(row, "%.*s: \"%s\" and \"%.*s\"", (int)row->column[RELATION].len,
		    row->column[RELATION].ptr, copy, (int)there.len, there.ptr);
}

static void
run_row(struct bed *bed, struct row *row)
{
	char *input = malloc(row->column[INPUT].len + 2);
	size_t len = cases_unescape(row->column[INPUT], input);

	input[len++] = '\n';
	row->out = strdup(bed_run(bed, span_of(input, len), 0));
	row->out_len = bed->batch.records_len;
	row->records = bed->batch.record_count;
	if (getenv("CASES_PRINT") != NULL)
		print_message(
		    "%.*s %s", (int)row->column[ID].len, row->column[ID].ptr, row->out);
	check_row(bed, row);
	free(input);
}

/* All rows of one format, with the words of the cases. */
static void
run_format(size_t format, struct span words)
{
	struct span ours = span_str(formats[format].ours);
	struct parse_string *string = NULL;
	struct mask_policy policy;
	struct err e = { 0 };
	struct bed bed;

	if (span_find(ours, '$') < ours.len)
		assert_int_equal(parse_string_compile(ours, PARSE_STRING_NGINX, &string, &e), 0);
	bed_string = string;
	mask_policy_default(&policy);
	strcpy(policy.agents[policy.agent_count++], "MyApp"); /* a literal of class ua */
	strcpy(policy.hosts[policy.host_count++], "www.example.com");
	strcpy(policy.servers[policy.server_count++], "be"); /* as backends of HAProxy are */
	bed_envelope = formats[format].envelope;
	bed_open_as(&bed, &policy, formats[format].ours, MASK_EPOCH_EVENT);
	assert_int_equal(mask_words_load(bed.words, words, "literals.txt", &e), 0);
	for (size_t i = 0; i < row_count; i++)
		if (rows[i].format == format)
			run_row(&bed, &rows[i]);
	if (format + 1 == FORMATS) /* a row may relate to one of another format */
		for (size_t i = 0; i < row_count; i++)
			check_relation(&bed, &rows[i]);
	bed_close(&bed);
	parse_string_free(string);
}

static void
test_rows(void **state)
{
	const char *shared = getenv("CRETULA_SHARED");
	char path[1024];
	struct buf cases = { .data = NULL }, words = { .data = NULL };
	unsigned char commitment[32];
	struct err e = { 0 };

	(void)snprintf(path, sizeof(path), "%s/cases/masking.tsv", shared == NULL ? "" : shared);
	if (shared == NULL || access(path, R_OK) != 0) {
		print_message("SKIPPED: no ../shared/cases/masking.tsv\n");
		skip();
	}
	assert_int_equal(io_read_file(AT_FDCWD, path, 1 << 20, &cases, &e), 0);
	(void)snprintf(path, sizeof(path), "%s/cases/literals.txt", shared);
	assert_int_equal(io_read_file(AT_FDCWD, path, 1 << 20, &words, &e), 0);
	read_rows(buf_view(&cases));
	assert_int_equal(row_count, 132); /* all */
	assert_int_equal(crypto_start(&e), 0);
	assert_int_equal(key_ring_ephemeral(&bed_ring, &e), 0);
	assert_int_equal(key_ring_import(bed_ring, false, commitment, &e), 0);
	for (size_t format = 0; format < FORMATS; format++)
		run_format(format, buf_view(&words));
	key_ring_free(bed_ring);
	print_message("# %zu rows, %u complaints\n", row_count, failures);
	for (size_t i = 0; i < row_count; i++)
		free(rows[i].out);
	buf_free(&cases);
	buf_free(&words);
	assert_int_equal(failures, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
