/* app: help pages made from the tables of other rooms. */
#include <string.h>

#include "app/help/topic.h"
#include "mask/policy.h"
#include "parse/parse.h"
#include "record/record.h"

static const char *const type_names[] = {
	[RECORD_TIME] = "time",
	[RECORD_TEXT] = "text",
	[RECORD_INT] = "number",
	[RECORD_LIST] = "list",
	[RECORD_EXTRA] = "object",
	[RECORD_FLAGS] = "list",
};

static void
print_fields(struct buf *out)
{
	buf_str(out,
	    "# The fields of a record\n\n"
	    "In the order of a line; absent values are left out.\n\n"
	    "| field | type | masked as | meaning | OpenTelemetry | ECS |\n"
	    "|---|---|---|---|---|---|\n");
	for (unsigned i = 0; i < RECORD_FIELD_COUNT; i++)
		buf_fmt(out, "| `%s` | %s | %s | %s | `%s` | `%s` |\n", record_fields[i].name,
		    type_names[record_fields[i].type],
		    record_fields[i].class_id == RECORD_CLASS_NONE ?
			"-" :
			record_classes[record_fields[i].class_id].name,
		    record_fields[i].help, record_fields[i].otel, record_fields[i].ecs);
	buf_str(out, "\n## Flags\n\n| flag | meaning |\n|---|---|\n");
	for (unsigned i = 0; i < RECORD_FLAG_COUNT; i++)
		buf_fmt(out, "| `%s` | %s |\n", record_flags[i].name, record_flags[i].help);
}

/* The default first. */
static void
print_methods(enum record_class c, struct buf *out)
{
	struct mask_policy defaults;

	mask_policy_default(&defaults);
	buf_str(out, mask_method_names[defaults.method[c]]);
	for (int m = 0; m < MASK_METHOD_COUNT; m++)
		if (m != (int)defaults.method[c] &&
		    mask_method_check(c, (enum mask_method)m, NULL) == 0)
			buf_fmt(out, ", %s", mask_method_names[m]);
}

static void
print_classes(struct buf *out)
{
	buf_str(out,
	    "# Identifier classes\n\n"
	    "What `mask:` of a stream may name; a token is PREFIX.xxxxxxxxxxxxxxxx.\n\n"
	    "| class | token | what it is | methods, the default first |\n|---|---|---|---|\n");
	for (unsigned i = 1; i < RECORD_CLASS_COUNT; i++) {
		buf_fmt(out, "| `%s` | %s%s | %s | ", record_classes[i].name,
		    record_classes[i].prefix, record_classes[i].prefix[0] != '\0' ? "." : "-",
		    record_classes[i].help);
		print_methods((enum record_class)i, out);
		buf_str(out, " |\n");
	}
	buf_str(out,
	    "\n`agent` is written `agent: { full: token }`.\n\n"
	    "| method | what stands in the record |\n|---|---|\n"
	    "| `token` | the token of its class, trust and epoch |\n"
	    "| `address` | the token's bits as an IPv6 address in 2001:db8::/32 |\n"
	    "| `prefix` | the network as an address that keeps common prefixes (ipcrypt-pfx) |\n"
	    "| `truncate` | the network: 24 bits of IPv4, 48 of IPv6, 40 of 6to4, 32 of Teredo |\n"
	    "| `keep` | the value |\n"
	    "| `redact` | `[class]` |\n"
	    "| `drop` | nothing |\n"
	    "| `seal` | the value, for the holder of an offline key (`cretula key pair`, "
	    "`key open`) |\n");
}

/* What a server was told, instead of a name. */
static void
print_strings(struct buf *out)
{
	buf_str(out,
	    "\n## Format strings\n\n"
	    "`--format-string TEXT`, or `format_string:` of a stream, says how lines look as the\n"
	    "server was told: nginx's `log_format`, Apache's `LogFormat`, or the PatternLayout of\n"
	    "log4j and logback.  The whole directive may be pasted, quotes and all; `@FILE` reads\n"
	    "it from a file.  Whose it is shows: `$` is nginx; of those with `%` it is log4j if\n"
	    "something is none of Apache's (`%d`, `%msg`, `%-5p`); `--dialect` or\n"
	    "`format_dialect:` says it.\n\n"
	    "    cretula check --detect access.log \\\n"
	    "        --format-string '$remote_addr [$time_local] \"$request\" $status'\n\n"
	    "- Variables and directives that the record has a field for fill it; others stand in\n"
	    "  `extra` under their name, masked, as do variables of one's own and headers.\n"
	    "- `escape=json` and `escape=none` of nginx are understood.  What a line without\n"
	    "  escapes says in two ways is masked in both; the rest of it is kept.\n"
	    "- Two fields with nothing between are an error, but for host and target\n"
	    "  (`$host$request_uri`), path and query (`%U%q`, `$uri$is_args$args`) and the parts\n"
	    "  of one time (`%{%T}t.%{msec_frac}t%{%z}t`).\n"
	    "- A time without a zone is that of `timezone:`; without a time the line has that of\n"
	    "  its arrival, and is `partial`.  A name as `CEST` is no zone.  The day of a time\n"
	    "  without one is guessed: that on which its file was written, or now, or the day\n"
	    "  before if it were more than half a day ahead.  In a file of many days all lines\n"
	    "  get the last two: write the date into the layout.\n"
	    "- Of strftime (`%{...}t`) `%C %g %G %U %V %W`, `%E.` and `%O.` are refused: a\n"
	    "  century or a week alone is no day, and the latter are of the server's locale.\n"
	    "- Two directives that would stand under one name in `extra` are numbered: `foo`,\n"
	    "  `foo_2`.\n"
	    "- A record of log4j goes on until a line that begins one: stack traces are part of\n"
	    "  the message.  Refused are groups (`%-30(...)`), colours (`%highlight`, `%red`,\n"
	    "  `%clr`), what changes others (`%replace`, `%enc`, `%maxLen`, `%notEmpty`,\n"
	    "  `%equals`, `%repeat`), `%caller`, `%kvp`, zones but UTC (say `timezone:`), and\n"
	    "  anything but a stack trace behind `%n`.\n"
	    "- log4j escapes nothing.  Put `%X{...}`, or whatever a client can fill, behind `%p`\n"
	    "  and `%m`: in front of them its value can pass for a level and a message.  It is\n"
	    "  masked in any case, but what the record says of the level is then the client's.\n"
	    "- A W3C log without a `#Fields` line is read with that line as its format string:\n"
	    "  `--format-string '#Fields: date time c-ip cs-method cs-uri-stem sc-status'`.\n"
	    "- combined, common and vhost_combined written out are read as the formats above.\n");
}

static void
print_formats(struct buf *out)
{
	buf_str(out,
	    "# Log formats\n\nWhat `--format` may name, besides `auto`.\n\n"
	    "## Envelopes\n\n"
	    "Lines may come wrapped, up to three times.  What in, is found on the first lines,\n"
	    "for named formats too; a line that lacks it is read as it is.  Time, machine,\n"
	    "program, stream and severity of an envelope stand in the record where the line has\n"
	    "none of its own; its other fields are not kept.\n\n"
	    "| envelope | what it is |\n|---|---|\n"
	    "| `syslog` | RFC 3164, also with RFC 3339 times and without `<N>`; RFC 5424 with "
	    "its structured data; frames of RFC 6587 |\n"
	    "| `docker` | the json-file log driver; parts of a long line are joined, of each "
	    "stream by itself |\n"
	    "| `cri` | containerd and CRI-O (`/var/log/pods`); parts of a long line are joined, "
	    "of each stream by itself |\n"
	    "| `journal` | `journalctl -o export` |\n"
	    "\n## Containers\n\n"
	    "Events of CloudTrail's `{\"Records\":[...]}`, of an EventList's `{\"items\":[...]}`,\n"
	    "of `records` (Azure) and `logEvents` (CloudWatch) and of bare arrays are records of\n"
	    "their own, on one line as on many; the lines around\n"
	    "them are `meta` or `joined`.  An event may be 256 KiB long, whatever\n"
	    "`limits.line` says; a longer one is one unparsed record (`too_long`), and those\n"
	    "behind it are read.\n\n"
	    "- In the body of an HTTP request an event is a line: `limits.line` holds (64 KiB).\n"
	    "- `pipe` and `run` read events as they come, also of a line without an end.  There\n"
	    "  a line over 256 KiB within an event of several lines tears that event, and so\n"
	    "  does an event of several lines over 1 MiB: each of its lines is unparsed.\n"
	    "- Before `auto` has found the format, a longer event takes the rest of its line\n"
	    "  along.\n"
	    "\n## Times and bytes\n\n"
	    "- All times become UTC.  One that names no zone is of `timezone:` (`--timezone`),\n"
	    "  else taken as UTC, and the record says `zone_assumed`.\n"
	    "- One that names no year (RFC 3164) is of the last year in which it is not younger\n"
	    "  than its file was written, or than now, by more than a day.\n"
	    "- Lines are UTF-8, or bytes.  UTF-16 and UTF-32 are named and not read: convert\n"
	    "  them with `iconv -f UTF-16 -t UTF-8`.\n");
	for (size_t i = 0; i < parse_format_count; i++) {
		struct span sample = span_str(parse_formats[i].sample);

		buf_fmt(out, "\n## %s\n\n%s%s%s\n\n", parse_formats[i].name,
		    parse_formats[i].help, parse_formats[i].aliases[0] != '\0' ? "; also " : "",
		    parse_formats[i].aliases);
		while (sample.len > 0) {
			size_t len = span_find(sample, '\n');

			buf_fmt(out, "    %.*s\n", (int)len, sample.ptr);
			sample = span_from(sample, len + 1);
		}
	}
	print_strings(out);
}

const struct app_topic app_topics[] = {
	{ "classes", "identifier classes, and which become tokens", print_classes },
	{ "fields", "the fields of a record, and its flags", print_fields },
	{ "formats", "log formats, each with a line", print_formats },
	{ NULL, NULL, NULL },
};

const struct app_topic *
app_topic_find(const char *name)
{
	for (const struct app_topic *t = app_topics; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return (t);
	return (NULL);
}
