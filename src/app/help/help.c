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
	    "Start with a log that you have:\n\n"
	    "  cretula import --store ./store --stream shop --format auto access.log\n\n"
	    "cretula COMMAND --help shows options and examples.\n");
	print_exits(out);
}

/* Words behind a column, and below it where a line of the terminal is too short. */
static void
print_words(const char *text, struct buf *out)
{
	size_t width = HELP_COLUMN;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (width > HELP_COLUMN && width + 1 + len > LINE_BYTES_MAX) {
			buf_fmt(out, "\n%*s", HELP_COLUMN, "");
			width = HELP_COLUMN;
		} else if (width > HELP_COLUMN) {
			buf_char(out, ' ');
			width++;
		}
		buf_span(out, (struct span){ text, len });
		width += len;
		text += len + strspn(text + len, " ");
	}
	buf_char(out, '\n');
}

static void
print_options(const struct app_option *options, struct buf *out)
{
	for (const struct app_option *o = options; o->name != NULL; o++) {
		char left[48];

		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value != NULL ? " " : "",
		    o->value != NULL ? o->value : "");
		buf_fmt(out, "  %-22s ", left);
		print_words(o->help, out);
	}
}

void
app_help_command(const struct app_command *c, struct buf *out)
{
	buf_fmt(out, "cretula %s: %s\n\nusage: cretula %s [--option ...]%s%s\n\n", c->name,
	    c->summary, c->name, c->operands[0] != '\0' ? " " : "", c->operands);
	print_options(c->options, out);
	print_options(common, out);
	buf_fmt(out, "\n%s", c->details);
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
