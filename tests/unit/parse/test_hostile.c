/* parse: the hostile rows of the case file. */
#include "shared.h"

#include "parse/event.h"
#include "parse/parse.h"
#include "one.h"

static char scratch[PARSE_SCRATCH_BYTES];

/* The escapes of the case file: \\ \t \n \r \xHH. */
static struct span
case_unescape(struct span in, char *out)
{
	size_t at = 0;

	for (size_t i = 0; i < in.len; i++) {
		char c = in.ptr[i], next = i + 1 < in.len ? in.ptr[i + 1] : '\0';

		if (c != '\\') {
			out[at++] = c;
			continue;
		}
		i++;
		if (next == 'x' && i + 2 < in.len) {
			out[at++] =
			    (char)strtoul((char[]){ in.ptr[i + 1], in.ptr[i + 2], '\0' }, NULL, 16);
			i += 2;
		} else {
			out[at++] = next == 't' ? '\t'
			    : next == 'n'       ? '\n'
			    : next == 'r'       ? '\r'
						: next;
		}
	}
	return (span_of(out, at));
}

static unsigned
case_check(struct span id, struct span lines, struct span keep, struct span outcome)
{
	const struct parse_format *f = parse_format_find(span_str("combined"));
	unsigned seen[4] = { 0 };
	char want[16];
	struct event ev;
	struct span line;
	enum parse_reason reason = PARSE_REASON_COUNT;
	enum parse_result result = PARSE_META;
	bool status = true, method = true;

	while (shared_line(&lines, &line)) {
		result = parse_one(f, line, scratch, &ev, &reason);
		seen[result]++;
		if (result == PARSE_UNPARSED)
			continue;
		(void)snprintf(want, sizeof(want), "status=%03d",
		    (ev.has_number & 1) != 0 ? (int)ev.number[EVENT_STATUS] : 0);
		status = memmem(keep.ptr, keep.len, "status=", 7) == NULL ||
		    memmem(keep.ptr, keep.len, want, strlen(want)) != NULL;
		method = memmem(keep.ptr, keep.len, "method=GET", 10) == NULL ||
		    (event_has(&ev, EVENT_METHOD) && span_is(ev.text[EVENT_METHOD], "GET"));
	}
	if ((span_is(outcome, "mask") && seen[PARSE_UNPARSED] > 0) ||
	    (span_is(outcome, "quarantine") && seen[PARSE_UNPARSED] != 1) || !status || !method) {
		print_error("%.*s: %u events, %u partial, %u unparsed; status %d method %d\n",
		    (int)id.len, id.ptr, seen[0], seen[1], seen[2], status, method);
		return (1);
	}
	return (0);
}

static void
test_hostile(void **state)
{
	static char out[200000];
	struct span text = shared_load("cases/masking.tsv"), row;
	unsigned rows = 0, bad = 0;

	(void)state;
	while (shared_line(&text, &row)) {
		struct span column[8] = { { NULL, 0 } };

		for (size_t i = 0; i < 8; i++) {
			size_t len = span_find(row, '\t');

			column[i] = span_of(row.ptr, len);
			row = span_from(row, len + 1);
		}
		if (!span_is(column[1], "combined") && !span_is(column[1], "raw"))
			continue;
		rows++;
		bad += case_check(column[0], case_unescape(column[2], out), column[4], column[5]);
	}
	assert_true(rows >= 88);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
