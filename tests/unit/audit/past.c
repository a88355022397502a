#include "past.h"

#include <stdio.h>

struct build_stream *past_shop;
struct buf past_lines, past_all;

void
past_begin(struct build *b)
{
	build_recovery = true;
	build_begin(b);
	past_shop = build_stream(b, "shop");
	build_lines(&past_all, 0, RECORDS);
	buf_span(&past_lines, buf_view(&past_all));
	for (unsigned i = 0; i < SEGMENTS; i++)
		past_go_on();
}

void
past_end(struct build *b)
{
	build_end(b);
	buf_free(&past_lines);
	buf_free(&past_all);
}

void
past_go_on(void)
{
	build_segment(
	    past_shop, &(struct build_segment){ .lines = past_all.data, .len = past_all.len });
}

static bool
is_expected(const struct audit_result *result, const struct past_row *row)
{
	const struct audit_finding *f = result->findings;
	bool error = row->findings > 0 && audit_code_severity[row->code] == AUDIT_ERROR;

	if (result->exit_code != error || result->finding_count != row->findings)
		return (false);
	for (size_t k = 0; k < result->finding_count; k++)
		if (f[k].code == row->code)
			return ((row->entry == NONE || f[k].entry == row->entry) &&
			    (row->segment == NONE || f[k].segment == row->segment) &&
			    (row->record == NONE || f[k].record == row->record));
	return (row->findings == 0);
}

unsigned
past_check(const struct past_row *rows, size_t count)
{
	struct audit_result result;
	struct build b;
	unsigned bad = 0;

	for (size_t i = 0; i < count; i++) {
		past_begin(&b);
		rows[i].tamper(&b);
		build_verify(&b, 2, NULL, &result);
		if (!is_expected(&result, &rows[i])) {
			(void)fprintf(stderr, "%s: exit %d\n", rows[i].claim, result.exit_code);
			build_show(&result);
			bad++;
		}
		audit_result_free(&result);
		past_end(&b);
	}
	return (bad);
}
