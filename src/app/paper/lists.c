/* Texts and rows of a paper. */
#include <stdlib.h>
#include <string.h>

#include "app/paper/inside.h"
#include "base/err.h"
#include "base/json.h"
#include "seal/lists.h"

#define RUNS_SHOWN 20

struct paper_text {
	struct paper_text *next;
	char text[];
};

const char *
app_paper_keep(struct paper *p, struct span text)
{
	struct paper_text *kept;

	if (text.len == 0 || (kept = malloc(sizeof(*kept) + text.len + 1)) == NULL) {
		if (text.len > 0)
			(void)err_memory(NULL);
		return ("");
	}
	memcpy(kept->text, text.ptr, text.len);
	kept->text[text.len] = '\0';
	kept->next = p->texts;
	p->texts = kept;
	return (kept->text);
}

const char *
app_paper_keep_buf(struct paper *p, struct buf *text)
{
	const char *kept = buf_ok(text) ? app_paper_keep(p, buf_view(text)) : "";

	buf_free(text);
	return (kept);
}

const char *
app_paper_keep_escaped(struct paper *p, struct span text)
{
	struct buf plain = { 0 };

	if (json_unescape(text, &plain) == -1)
		buf_clear(&plain);
	return (app_paper_keep_buf(p, &plain));
}

void
app_paper_free_texts(struct paper *p)
{
	struct paper_text *next;

	for (; p->texts != NULL; p->texts = next) {
		next = p->texts->next;
		free(p->texts);
	}
}

bool
app_paper_in(const struct paper *p, int64_t t_us)
{
	return (t_us >= p->range.since_us && t_us < p->range.until_us);
}

/* ---- acts ---- */

/* Newest first; of the same time by stream, then the later entry. */
static int
compare(const void *a, const void *b)
{
	const struct paper_act *x = a, *y = b;
	int order;

	if (x->at_us != y->at_us)
		return (x->at_us < y->at_us ? 1 : -1);
	if ((order = strcmp(x->stream, y->stream)) != 0)
		return (order);
	return ((x->entry < y->entry) - (x->entry > y->entry));
}

void
app_paper_sort(struct paper_acts *acts)
{
	if (acts->count > 1)
		qsort(acts->rows, acts->count, sizeof(acts->rows[0]), compare);
	if (acts->count > PAPER_ROWS_MAX)
		acts->count = PAPER_ROWS_MAX;
}

int
app_paper_add(struct paper_acts *acts, const struct paper_act *act, struct err *e)
{
	struct paper_act *rows;
	size_t room = acts->room == 0 ? 64 : acts->room * 2;

	if (acts->count == (size_t)4 * PAPER_ROWS_MAX)
		app_paper_sort(acts); /* streams come one after the other: the oldest go */
	if (acts->count == acts->room) {
		if ((rows = reallocarray(acts->rows, room, sizeof(*rows))) == NULL)
			return (err_memory(e));
		acts->rows = rows;
		acts->room = room;
	}
	acts->rows[acts->count++] = *act;
	acts->total++;
	return (0);
}

const char *
app_paper_runs(struct paper *p, struct span runs, uint64_t *count)
{
	struct buf text = { 0 };
	struct seal_range range;
	struct json_cursor c;
	unsigned shown = 0, more = 0;

	*count = 0;
	seal_ranges_open(runs, &c);
	while (seal_ranges_next(&c, &range)) {
		*count += range.last - range.first + 1;
		if (shown == RUNS_SHOWN) {
			more++;
			continue;
		}
		buf_str(&text, shown++ == 0 ? "" : ", ");
		buf_u64(&text, range.first);
		if (range.last > range.first) {
			buf_char(&text, '-');
			buf_u64(&text, range.last);
		}
	}
	if (more > 0)
		buf_fmt(&text, " and %u runs more", more);
	return (app_paper_keep_buf(p, &text));
}
