/* config: errors are collected, put in order, and printed with their lines. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/fill.h"

void
config_say(struct config_loader *l, struct config_mark at, const char *fmt, ...)
{
	struct config_problem *p;
	va_list ap;

	if (l->problem_total++ >= CONFIG_PROBLEMS_MAX)
		return;
	p = &l->problems[l->problem_count];
	p->at = at;
	p->order = l->problem_count++;
	p->hint[0] = '\0';
	va_start(ap, fmt);
	(void)vsnprintf(p->what, sizeof(p->what), fmt, ap);
	va_end(ap);
}

void
config_hint(struct config_loader *l, const char *fmt, ...)
{
	struct config_problem *p;
	va_list ap;

	if (l->problem_total > CONFIG_PROBLEMS_MAX || l->problem_count == 0)
		return;
	p = &l->problems[l->problem_count - 1];
	va_start(ap, fmt);
	(void)vsnprintf(p->hint, sizeof(p->hint), fmt, ap);
	va_end(ap);
}

void
config_hint_near(struct config_loader *l, struct span word, const char *words)
{
	struct span near = config_suggest(word, words);

	if (near.len > 0)
		config_hint(l, "did you mean \"%.*s\"?", (int)near.len, near.ptr);
}

const char *
config_shown(struct span text, char out[static CONFIG_SHOWN_BYTES])
{
	size_t len = 0;

	out[len++] = '"';
	for (size_t i = 0; i < text.len && i < 64; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		out[len++] = c < 0x20 || c >= 0x7f || c == '"' ? '?' : (char)c;
	}
	if (text.len > 64) {
		memcpy(out + len, "...", 3);
		len += 3;
	}
	out[len++] = '"';
	out[len] = '\0';
	return (out);
}

static int
compare(const void *left, const void *right)
{
	const struct config_problem *a = left, *b = right;

	if (a->at.file != b->at.file)
		return (a->at.file < b->at.file ? -1 : 1);
	if (a->at.line != b->at.line)
		return (a->at.line < b->at.line ? -1 : 1);
	if (a->at.column != b->at.column)
		return (a->at.column < b->at.column ? -1 : 1);
	return (a->order < b->order ? -1 : 1);
}

void
config_problems_print(struct config_loader *l, struct buf *report)
{
	qsort(l->problems, l->problem_count, sizeof(l->problems[0]), compare);
	for (unsigned i = 0; i < l->problem_count; i++) {
		const struct config_problem *p = &l->problems[i];
		const struct config_source *source = &l->sources[p->at.file];

		buf_fmt(report, "%s:%u:%u: %s\n", source->path, p->at.line, p->at.column, p->what);
		config_source_show(source, p->at, report);
		if (p->hint[0] != '\0')
			buf_fmt(report, "hint: %s\n", p->hint);
	}
	if (l->problem_total > l->problem_count)
		buf_fmt(report, "and %u more\n", l->problem_total - l->problem_count);
}
