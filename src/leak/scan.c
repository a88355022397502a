/* A scanner: a text in pieces becomes windows that overlap. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "leak/inside.h"
#include "leak/rules/own.h"

static unsigned char *
slack_bytes(size_t size)
{
	return (calloc(1, size + 2 * LEAK_MARKS_SLACK));
}

int
leak_scanner_open(const struct leak_rules *rules, leak_found *found, void *arg,
    struct leak_scanner **scanner, struct err *e)
{
	struct leak_scanner *s = calloc(1, sizeof(*s));
	bool ok = s != NULL;

	if (ok) {
		s->rules = rules;
		s->found = found;
		s->arg = arg;
		s->match = pcre2_match_data_create(16, NULL);
		s->context = leak_match_context(&s->stack);
		s->window = slack_bytes(WINDOW_BYTES);
		ok = s->match != NULL && s->context != NULL && s->window != NULL;
	}
	for (unsigned i = 1; ok && i <= DEPTH_MAX; i++) {
		s->decoded[i] = slack_bytes(REGION_BYTES_MAX);
		s->map[i] = calloc(REGION_BYTES_MAX + 1, sizeof(*s->map[i]));
		ok = s->decoded[i] != NULL && s->map[i] != NULL;
	}
	if (!ok) {
		leak_scanner_close(s);
		return (err_set(e, ERR_IO, "out of memory"));
	}
	leak_scanner_begin(s, "");
	*scanner = s;
	return (0);
}

void
leak_scanner_close(struct leak_scanner *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 1; i <= DEPTH_MAX; i++) {
		free(s->decoded[i]);
		free(s->map[i]);
	}
	free(s->window);
	pcre2_match_data_free(s->match);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->stack);
	free(s);
}

void
leak_scanner_begin(struct leak_scanner *s, const char *container)
{
	snprintf(s->container, sizeof(s->container), "%s", container);
	s->gap[0] = '\0';
	memset(s->gave_up, 0, sizeof(s->gave_up));
	memset(s->seen, 0, sizeof(s->seen));
	s->window_len = s->window_begin = 0;
	s->window_base = 0;
	s->views[0] = (struct leak_view){ .bytes = s->window + LEAK_MARKS_SLACK };
}

/* Places that a view was done to, moved with the bytes. */
static void
move_done(uint32_t *done, size_t count, size_t by)
{
	for (size_t i = 0; i < count; i++)
		done[i] = done[i] > by ? (uint32_t)(done[i] - by) : 0;
}

/* Look at the window up to limit, and keep what the next one needs of it. */
static void
look(struct leak_scanner *s, size_t limit)
{
	struct leak_view *view = &s->views[0];
	unsigned char *bytes = s->window + LEAK_MARKS_SLACK;
	size_t keep = limit > BEHIND_BYTES ? limit - BEHIND_BYTES : 0;

	memset(bytes + s->window_len, 0, LEAK_MARKS_SLACK);
	view->len = s->window_len;
	view->begin = s->window_begin;
	view->limit = limit;
	view->base = s->window_base;
	s->decoded_bytes = 0;
	leak_look(s, 0);
	/* A multiple of four: alignments of base64 stay what they are. */
	keep -= keep % 4;
	memmove(bytes, bytes + keep, s->window_len - keep);
	s->window_len -= keep;
	s->window_begin = limit - keep;
	s->window_base += keep;
	move_done(view->rule_done, LEAK_RULES_MAX, keep);
	move_done(view->way_done, sizeof(view->way_done) / sizeof(view->way_done[0]), keep);
}

void
leak_scanner_add(struct leak_scanner *s, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;

	while (len > 0) {
		size_t n = WINDOW_BYTES - s->window_len;

		if (n > len)
			n = len;
		memcpy(s->window + LEAK_MARKS_SLACK + s->window_len, from, n);
		s->window_len += n;
		from += n;
		len -= n;
		if (s->window_len == WINDOW_BYTES)
			look(s, WINDOW_BYTES - AHEAD_BYTES);
	}
}

void
leak_scanner_end(struct leak_scanner *s)
{
	look(s, s->window_len);
	s->window_len = s->window_begin = 0;
}

const char *
leak_scanner_gap(const struct leak_scanner *s)
{
	return (s->gap[0] != '\0' ? s->gap : NULL);
}
