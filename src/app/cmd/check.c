/* app: cretula check: is the configuration good, and which format is a file in? */
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/http/http.h"
#include "app/retain/budget.h"
#include "app/say.h"
#include "app/source/detect.h"
#include "app/source/parser.h"
#include "app/sources.h"
#include "base/err.h"
#include "base/json.h"
#include "config/config.h"

static const struct app_option options[] = {
	{ "all", NULL, "with --config: print every option that is in force" },
	{ "config", "FILE", "read it, and report every error" },
	{ "detect", "FILE", "say which format a log file is in, and why" },
	APP_OPTION_DIALECT,
	{ "explain", NULL, "every option: type, default, meaning" },
	{ "format", "NAME", "with --detect: say how the file fits this one" },
	APP_OPTION_FORMAT_STRING,
	{ "schema", NULL, "JSON Schema of the configuration" },
	APP_OPTION_TIMEZONE,
	{ NULL, NULL, NULL },
};

/* What cannot be served by this program, though all is well written. */
static int
check_built(const struct config *c, struct err *e)
{
	bool wants = c->metrics[0] != '\0';

	for (unsigned i = 0; i < c->stream_count; i++)
		wants = wants || c->streams[i].input.kind == INPUT_HTTP;
	if (!wants || app_http_built())
		return (0);
	return (err_set(e, ERR_CONFIG,
	    "http: and metrics: need libmicrohttpd, and this cretula was built without it"));
}

static void
print_short(const struct config *c, const char *path, struct buf *out)
{
	char place[INPUT_TEXT_BYTES];

	buf_fmt(out, "%s is good: %u stream%s (--all shows every option)\n", path, c->stream_count,
	    c->stream_count == 1 ? "" : "s");
	for (unsigned i = 0; i < c->stream_count; i++) {
		const struct config_stream *s = &c->streams[i];

		input_place_print(&s->input, place);
		buf_fmt(out, "  %-16s  %s, %s, rotate %s\n", s->name, place,
		    s->format_string[0] != '\0' ? "format_string" :
			s->format[0] != '\0'	 ? s->format :
						   "auto",
		    s->rotate);
	}
}

/* What nobody archives is gone with its records, whatever term an archive would have. */
static void
warn_archives(const struct config *c)
{
	for (unsigned i = 0; i < c->stream_count; i++) {
		const struct config_stream *s = &c->streams[i];

		if (retain_term(&s->retain, RETAIN_ARCHIVE) != 0 && s->archive.to[0] == '\0')
			app_warn("check",
			    "stream %s: retain.archive is the term of an archive, and no archive: "
			    "{ to: DIR } says where it is: nobody is told of records that go and "
			    "are in none",
			    s->name);
	}
}

/* Some may be of before, so it is no error. */
static void
warn_lines(const struct config *c)
{
	for (unsigned i = 0; i < c->stream_count; i++) {
		const struct config_stream *s = &c->streams[i];

		if (!s->policy.has_quarantine_key &&
		    retain_term(&s->retain, RETAIN_QUARANTINE) <
			retain_term(&s->retain, RETAIN_DETAIL))
			app_warn("check",
			    "stream %s: retain.quarantine is the term of lines that are sealed to "
			    "quarantine_key, and there is none: only lines of before have it, once "
			    "a day",
			    s->name);
	}
}

/* One keyring is of all streams: whoever turns it destroys what is over by his own grace. */
static void
warn_graces(const struct config *c)
{
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		const struct config_stream *least = c->streams, *most = c->streams;

		for (unsigned i = 1; i < c->stream_count; i++) {
			const struct config_stream *s = &c->streams[i];

			least = s->grace_us[p] < least->grace_us[p] ? s : least;
			most = s->grace_us[p] > most->grace_us[p] ? s : most;
		}
		if (c->stream_count > 1 && least->grace_us[p] < most->grace_us[p])
			app_warn("check",
			    "stream %s: epochs.grace.%s is longer than that of stream %s, and all "
			    "streams of a store have the same keys: they go when the shortest is "
			    "over",
			    most->name, mask_period_names[p], least->name);
	}
}

static void
warn_disk(const struct config *c)
{
	struct buf text = { 0 };

	if (app_budget_small(c, &text) && buf_ok(&text))
		app_warn("check", "%.*s", (int)text.len, text.data);
	buf_free(&text);
}

static int
check_config(const char *path, bool all)
{
	struct config *config = NULL;
	struct buf report = { 0 }, out = { 0 };
	struct err e = { ERR_NONE, "" };
	int rc = config_load(path, &config, &report, &e);

	if (report.len > 0)
		fputs(report.data, stderr);
	buf_free(&report);
	if (rc == 0)
		rc = check_built(config, &e);
	if (rc == 0) {
		warn_archives(config);
		warn_lines(config);
		warn_graces(config);
		warn_disk(config);
	}
	if (rc == 0 && all)
		config_print(config, &out);
	else if (rc == 0)
		print_short(config, path, &out);
	config_free(config);
	if (rc == -1)
		return (app_fail("check", &e));
	return (app_finish("check", &out, 0));
}

static const char *
verdict(const struct parse_evidence *evidence)
{
	if (evidence->format != NULL)
		return (evidence->format->name);
	return (evidence->fit_count > 0 ? "not clear" : "unknown");
}

static void
print_envelopes(const struct parse_evidence *evidence, struct buf *out)
{
	json_key(out, "envelopes");
	buf_char(out, '[');
	for (unsigned i = 0; i < PARSE_ENVELOPES_MAX; i++) {
		enum parse_envelope envelope = evidence->envelope[i];

		if (envelope == PARSE_ENVELOPE_NONE)
			break;
		buf_str(out, i == 0 ? "" : ",");
		json_quote(out, span_str(parse_envelope_name(envelope)));
	}
	buf_char(out, ']');
}

/* Where lines stop that a format string does not read. */
static void
print_stops(const struct app_args *args, const struct parse_stops *stops, struct buf *out)
{
	const struct parse_string_stop *stop = &stops->stop;

	if (stops->here == 0)
		return;
	if (!args->json) {
		buf_fmt(out,
		    "  stops: %u of %u lines that do not fit stop at '%.*s' (column %u of the "
		    "format string)\n",
		    stops->here, stops->lines, (int)stop->directive.len, stop->directive.ptr,
		    stop->column);
		if (stop->behind.len > 0)
			buf_fmt(out, "         with '%.*s' behind it", (int)stop->behind.len,
			    stop->behind.ptr);
		else
			buf_str(out, "         with the end of the line behind it");
		buf_fmt(out, ": %s;\n         the first is line %u, at its byte %zu\n", stop->why,
		    stops->line, stop->at + 1);
		return;
	}
	json_key(out, "stops");
	buf_char(out, '{');
	json_u64(out, "lines", stops->here);
	json_u64(out, "of", stops->lines);
	json_str(out, "directive", stop->directive);
	json_u64(out, "column", stop->column);
	json_str(out, "why", span_str(stop->why));
	json_u64(out, "line", stops->line);
	json_u64(out, "byte", stop->at + 1);
	buf_char(out, '}');
}

static void
print_evidence(const struct app_args *args, const char *path, const struct parse_evidence *evidence,
    const struct parse_stops *stops, struct buf *out)
{
	if (!args->json) {
		buf_fmt(out, "%s: ", path);
		app_envelope_print(evidence->envelope, out);
		buf_fmt(out, "%s\n  evidence: ", verdict(evidence));
		app_evidence_print(evidence, out);
		buf_char(out, '\n');
		print_stops(args, stops, out);
		return;
	}
	buf_char(out, '{');
	json_str(out, "file", span_str(path));
	if (evidence->format != NULL)
		json_str(out, "format", span_str(evidence->format->name));
	if (evidence->envelope[0] != PARSE_ENVELOPE_NONE)
		print_envelopes(evidence, out);
	json_u64(out, "lines", evidence->lines);
	json_key(out, "fits");
	buf_char(out, '[');
	for (unsigned i = 0; i < evidence->fit_count; i++) {
		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "format", span_str(evidence->fits[i].format->name));
		json_u64(out, "parsed", evidence->fits[i].parsed);
		json_u64(out, "partial", evidence->fits[i].partial);
		buf_char(out, '}');
	}
	buf_char(out, ']');
	print_stops(args, stops, out);
	buf_str(out, "}\n");
}

static int
check_detect(const struct app_args *args, const char *path, struct parser *named)
{
	struct parse_stops stops = { .lines = 0 };
	struct app_look look = {
		.path = path, .bytes = APP_DETECT_BYTES, .named = named, .stops = &stops
	};
	struct parse_evidence evidence;
	struct err e = { ERR_NONE, "" };
	struct input *in = NULL;
	struct buf out = { 0 };

	if (app_detect(&look, &in, &evidence, &e) == -1)
		return (app_fail("check", &e));
	input_close(in);
	print_evidence(args, path, &evidence, &stops, &out);
	return (app_finish_words(
	    "check", &out, evidence.format != NULL || evidence.lines == 0 ? 0 : ERR_INCOMPLETE));
}

/* A format string: is it good, and how does a file fit it? */
static int
check_string(const struct app_args *args, const char *detect)
{
	struct app_setup setup;
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	struct parser parser;
	int code;

	if (app_setup_open(args, NULL, &setup, &e) == -1 ||
	    app_parser_find(args, &setup, &parser, &e) == -1)
		code = app_fail("check", &e);
	else if (detect != NULL)
		code = check_detect(args, detect, parser.format != NULL ? &parser : NULL);
	else {
		buf_fmt(&out, "the format string is good: %s\n", parser.format->help);
		code = app_finish("check", &out, 0);
	}
	app_setup_close(&setup);
	return (code);
}

static int
run(const struct app_args *args)
{
	const char *config = app_arg(args, "config"), *detect = app_arg(args, "detect");
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };

	if (app_arg(args, "schema") != NULL) {
		config_schema(&out);
		return (app_finish("check", &out, 0));
	}
	if (app_arg(args, "explain") != NULL) {
		config_explain(&out);
		return (app_finish("check", &out, 0));
	}
	if (app_arg(args, "format-string") != NULL ||
	    (detect != NULL && app_arg(args, "format") != NULL))
		return (check_string(args, detect));
	if (detect != NULL)
		return (check_detect(args, detect, NULL));
	if (config != NULL)
		return (check_config(config, app_arg(args, "all") != NULL));
	(void)err_set(&e, ERR_USAGE, "--config FILE or --detect FILE is needed");
	return (app_fail("check", &e));
}

const struct app_command app_command_check = { "check",
	"is the configuration good; which format is a file in", "", 0, 0, options,
	"All errors of a configuration come in one run, each with its place.\n\n"
	"examples:\n"
	"  cretula check --config cretula.yaml\n"
	"  cretula check --config cretula.yaml --all\n"
	"  cretula check --detect access.log\n"
	"  cretula check --detect access.log --format-string '$remote_addr [$time_local] $status'\n"
	"  cretula check --explain | less\n",
	run };
