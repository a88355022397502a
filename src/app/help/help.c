/* app: help, from the tables that the command line is read with. */
#include <stdio.h>
#include <string.h>

#include "app/help/help.h"
#include "app/help/topic.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

#define LINE_BYTES_MAX 80 /* of a terminal */
#define HELP_COLUMN 25 /* where what an option does begins */

/* What every command ends with. */
static const struct {
	int code;
	const char *meaning;
} exits[] = {
	{ 0, "good" },
	{ ERR_FINDING, "a finding" },
	{ ERR_USAGE, "usage" },
	{ ERR_INCOMPLETE, "incomplete" },
	{ ERR_STRICT, "warnings under --strict" },
	{ ERR_INPUT, "input unreadable" },
	{ ERR_IO, "I/O or disk full" },
	{ ERR_BUSY, "busy" },
	{ ERR_CONFIG, "configuration, policy or key" },
};
#define EXIT_COUNT (sizeof(exits) / sizeof(exits[0]))

/* What every command has besides. */
static const struct app_option common[] = {
	{ "json", NULL, "the result as one JSON object" },
	{ "help", NULL, "this page" },
	{ NULL, NULL, NULL },
};

/* ---- for people ---- */

static void
print_exits(struct buf *out)
{
	size_t width = strlen("Exit codes:");
	char item[64];

	buf_str(out, "Exit codes:");
	for (size_t i = 0; i < EXIT_COUNT; i++) {
		int len = snprintf(item, sizeof(item), "%d %s%s", exits[i].code, exits[i].meaning,
		    i + 1 < EXIT_COUNT ? "," : ".\n");
		bool fits = width + 1 + (size_t)len <= LINE_BYTES_MAX;

		buf_fmt(out, "%s%s", fits ? " " : "\n", item);
		width = (fits ? width + 1 : 0) + (size_t)len;
	}
}

void
app_help_overview(const struct app_command *const *commands, size_t count, struct buf *out)
{
	buf_str(out,
	    "cretula: anonymous, audit-ready access logs\n\n"
	    "usage: cretula COMMAND [--option ...] [FILE...]\n\n");
	for (size_t i = 0; i < count; i++)
		buf_fmt(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	buf_str(out, "\ncretula help TOPIC explains:\n\n");
	for (const struct app_topic *t = app_topics; t->name != NULL; t++)
		buf_fmt(out, "  %-10s %s\n", t->name, t->summary);
	buf_str(out,
	    "\n"
	    "Start with a log that you have, or with one that is made up:\n\n"
	    "  cretula import --store ./store --stream shop access.log\n"
	    "  cretula demo\n\n"
	    "cretula COMMAND --help shows options and examples.\n");
	print_exits(out);
}

/* Words from a column on, where out is, and below it where a line of the terminal is too short. */
static void
print_words(struct span text, size_t column, struct buf *out)
{
	static const struct span breaks = SPAN(" \n");
	size_t width = column;

	while (text.len > 0) {
		size_t len = 0, gap = 0;

		while (len < text.len && memchr(breaks.ptr, text.ptr[len], breaks.len) == NULL)
			len++;
		if (width > column && width + 1 + len > LINE_BYTES_MAX) {
			buf_fmt(out, "\n%*s", (int)column, "");
			width = column;
		} else if (width > column) {
			buf_char(out, ' ');
			width++;
		}
		buf_span(out, span_of(text.ptr, len));
		width += len;
		text = span_from(text, len);
		while (gap < text.len && memchr(breaks.ptr, text.ptr[gap], breaks.len) != NULL)
			gap++;
		text = span_from(text, gap);
	}
	buf_char(out, '\n');
}

static struct span
first_line(struct span text)
{
	return (span_of(text.ptr, span_find(text, '\n')));
}

static size_t
blanks(struct span line)
{
	size_t count = 0;

	while (count < line.len && line.ptr[count] == ' ')
		count++;
	return (count);
}

/* Where the words of a paragraph begin: behind blanks, or behind a name of its first line only. */
static size_t
column_of(struct span text)
{
	struct span line = first_line(text);
	size_t name = span_find(line, ' '), next;

	if (blanks(line) > 0)
		return (blanks(line));
	next = blanks(first_line(span_from(text, line.len + (line.len < text.len))));
	if (next > name && next < line.len)
		return (next);
	next = name + blanks(span_from(line, name));
	return (next >= name + 2 && next < line.len ? next : 0);
}

/* Bytes of the paragraph that text begins with: lines whose words begin in one column. */
static size_t
paragraph_len(struct span text, size_t column, bool *wide)
{
	size_t end = span_find(text, '\n');

	*wide = end > LINE_BYTES_MAX;
	while (end + 1 < text.len) {
		struct span next = span_from(text, end + 1), line = first_line(next);

		if (line.len == 0 || blanks(line) != column || (column == 0 && column_of(next) > 0))
			break;
		*wide = *wide || line.len > LINE_BYTES_MAX;
		end += 1 + line.len;
	}
	return (end);
}

/* Prose is filled anew where it is wider than a terminal; examples are as they are. */
static void
print_details(struct span text, struct buf *out)
{
	while (text.len > 0 && !span_starts(text, span_str("examples:"))) {
		size_t column = column_of(text), len;
		bool wide = false;

		len = *text.ptr == '\n' ? 0 : paragraph_len(text, column, &wide);
		if (wide) {
			buf_span(out, span_of(text.ptr, column));
			print_words(span_of(text.ptr + column, len - column), column, out);
		} else {
			buf_span(out, span_of(text.ptr, len));
			buf_char(out, '\n');
		}
		text = span_from(text, len < text.len ? len + 1 : len);
	}
	buf_span(out, text);
}

static void
print_options(const struct app_option *options, struct buf *out)
{
	for (const struct app_option *o = options; o->name != NULL; o++) {
		char left[48];
		int len = snprintf(left, sizeof(left), "  --%s%s%s", o->name,
		    o->value != NULL ? " " : "", o->value != NULL ? o->value : "");

		buf_fmt(out, "%-*s", HELP_COLUMN, left);
		if (len >= HELP_COLUMN)
			buf_fmt(out, "\n%*s", HELP_COLUMN, "");
		print_words(span_str(o->help), HELP_COLUMN, out);
	}
}

void
app_help_command(const struct app_command *c, struct buf *out)
{
	buf_fmt(out, "cretula %s: ", c->name);
	print_words(span_str(c->summary), strlen("cretula : ") + strlen(c->name), out);
	buf_fmt(out, "\nusage: cretula %s [--option ...]%s%s\n\n", c->name,
	    c->operands[0] != '\0' ? " " : "", c->operands);
	print_options(c->options, out);
	print_options(common, out);
	buf_char(out, '\n');
	print_details(span_str(c->details), out);
}

/* ---- as JSON ---- */

static void
json_options(const struct app_option *options, struct buf *out)
{
	for (const struct app_option *o = options; o->name != NULL; o++) {
		json_item(out);
		json_str(out, "name", span_str(o->name));
		if (o->value != NULL)
			json_str(out, "value", span_str(o->value));
		json_str(out, "help", span_str(o->help));
		buf_char(out, '}');
	}
}

static void
json_command(const struct app_command *c, struct buf *out)
{
	json_item(out);
	json_str(out, "name", span_str(c->name));
	json_str(out, "summary", span_str(c->summary));
	json_str(out, "operands", span_str(c->operands));
	json_array(out, "options");
	json_options(c->options, out);
	json_options(common, out);
	buf_char(out, ']');
	json_str(out, "details", span_str(c->details));
	buf_char(out, '}');
}

void
app_help_json(const struct app_command *const *commands, size_t count, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "version", span_str(CRETULA_VERSION));
	json_array(out, "commands");
	for (size_t i = 0; i < count; i++)
		json_command(commands[i], out);
	buf_char(out, ']');
	json_array(out, "topics");
	for (const struct app_topic *t = app_topics; t->name != NULL; t++) {
		json_item(out);
		json_str(out, "name", span_str(t->name));
		json_str(out, "summary", span_str(t->summary));
		buf_char(out, '}');
	}
	buf_char(out, ']');
	json_array(out, "exits");
	for (size_t i = 0; i < EXIT_COUNT; i++) {
		json_item(out);
		json_u64(out, "code", (uint64_t)exits[i].code);
		json_str(out, "meaning", span_str(exits[i].meaning));
		buf_char(out, '}');
	}
	buf_str(out, "]}\n");
}
