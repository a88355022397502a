/* app: cretula canary. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/canary/canary.h"
#include "app/command.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/watch/control.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "input/live.h"
#include "store/layout.h"

#define WAIT_US INT64_C(20000000)
#define LOOK_NS 50000000
#define SLACK_US 2000000 /* clocks of file systems are coarse */
#define PATHS_MAX 64

static const struct app_option options[] = {
	{ "append", NULL, "of an input that is a file: write the line into it, where it stays" },
	{ "config", "FILE", "cretula.yaml (default " CONFIG_USUAL ")" },
	{ "keys", "DIR", "keys of the store (default: as configured, else STORE.keys)" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "which stream; may be left out if there is one" },
	{ NULL, NULL, NULL },
};

struct canary {
	const struct app_args *args;
	struct app_setup setup;
	const char *store, *keys;
	char beside[CONFIG_PATH_BYTES];
	struct app_canary planted;
	struct app_canary_found found;
	int64_t sent_us;
};

/* ---- the daemon ---- */

/* A daemon that is busy is asked again, for as long as a line may take. */
static int
ask_busy(const struct canary *c, struct buf *text, struct err *e)
{
	int64_t until_ns = clock_mono_ns() + WAIT_US * 1000;
	int rc;

	do {
		buf_clear(text);
		rc = app_control_ask(c->store, "status\n", text, e);
	} while (rc == -1 && e->code == ERR_BUSY && clock_mono_ns() < until_ns);
	return (rc);
}

/* The stream's object in the daemon's answer, which text keeps. */
static int
ask(const struct canary *c, struct buf *text, struct json_value *stream, struct err *e)
{
	struct json_value all, list;
	struct json_cursor at;
	struct span key, name;

	if (ask_busy(c, text, e) == -1)
		return (-1);
	while (text->len > 0 && text->data[text->len - 1] == '\n')
		text->len--;
	if (json_parse(buf_view(text), &all, e) == -1 || !json_get(&all, "streams", &list))
		return (err_set(e, ERR_INPUT, "the daemon's answer is of another version"));
	json_open(&at, &list);
	while (json_next(&at, &key, stream))
		if (json_get_str(stream, "name", &name) && span_is(name, c->setup.stream->name))
			return (0);
	return (err_set(e, ERR_INCOMPLETE, "the daemon has no stream %s", c->setup.stream->name));
}

static uint64_t
number(const struct json_value *object, const char *key)
{
	uint64_t n;

	return (json_get_u64(object, key, &n) ? n : 0);
}

static void
copy(const struct json_value *object, const char *key, char out[static CONFIG_NAME_BYTES])
{
	struct span text = span_of("", 0);

	(void)json_get_str(object, key, &text);
	if (text.len >= CONFIG_NAME_BYTES)
		text.len = 0;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
}

/* Is all that came before now on the disk? */
static bool
is_committed(const struct canary *c, const struct json_value *stream, uint64_t before)
{
	struct span text;
	int64_t t_us = 0;

	if (json_get_str(stream, "committed", &text))
		(void)clock_parse_rfc3339(text.ptr, text.len, &t_us);
	return (number(stream, "lines") > before && t_us > c->sent_us &&
	    (int64_t)number(stream, "lag_ms") * 1000 < clock_now_us() - c->sent_us);
}

static int
wait_for_commit(const struct canary *c, uint64_t before, struct err *e)
{
	const struct timespec look = { 0, LOOK_NS };
	struct buf text = { 0 };
	struct json_value stream;
	int rc = 0;

	while ((rc = ask(c, &text, &stream, e)) == 0 && !is_committed(c, &stream, before)) {
		if (clock_now_us() - c->sent_us > WAIT_US) {
			rc = err_set(e, ERR_FINDING, "what was sent is not committed after %d s",
			    (int)(WAIT_US / 1000000));
			break;
		}
		(void)nanosleep(&look, NULL);
	}
	buf_free(&text);
	return (rc);
}

/* ---- one canary ---- */

static int
plant(struct canary *c, uint64_t *before, struct err *e)
{
	char format[CONFIG_NAME_BYTES], envelope[CONFIG_NAME_BYTES];
	struct buf text = { 0 };
	struct json_value stream;
	int rc = ask(c, &text, &stream, e);

	if (rc == 0) {
		copy(&stream, "format", format);
		copy(&stream, "envelope", envelope);
		*before = number(&stream, "lines");
		rc = format[0] == '\0' ?
		    err_set(e, ERR_INCOMPLETE,
			"no line has come yet, and a canary must not be the first: by that the "
			"daemon tells what lines come in") :
		    app_canary_plant(&c->planted, format, envelope, e);
	}
	buf_free(&text);
	return (rc);
}

static int
look(struct canary *c, struct err *e)
{
	const char *paths[PATHS_MAX] = { c->store, c->keys };
	unsigned count = 2;

	for (int i = 0; i < c->args->operand_count && count < PATHS_MAX; i++)
		paths[count++] = c->args->operands[i];
	return (app_canary_look(&c->planted, paths, count, c->sent_us - SLACK_US, &c->found, e));
}

static int
judge(const struct canary *c)
{
	if (c->found.leaks > 0 || (c->planted.mark[0] != '\0' && !c->found.came_out))
		return (ERR_FINDING);
	return (c->found.unread > 0 ? ERR_INCOMPLETE : 0);
}

/* ---- the report ---- */

static void
print_json(const struct canary *c, int code, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "stream", span_str(c->setup.stream->name));
	json_u64(out, "code", (uint64_t)code);
	json_u64(out, "lines", 1);
	json_key(out, "planted");
	buf_char(out, '[');
	for (int i = 0, first = 1; i < APP_CANARY_VALUES; i++)
		if (c->planted.values[i][0] != '\0') {
			buf_fmt(out, "%s\"%s\"", first ? "" : ",", app_canary_names[i]);
			first = 0;
		}
	buf_char(out, ']');
	if (c->planted.mark[0] != '\0')
		json_bool(out, "came_out", c->found.came_out);
	if (c->planted.appended)
		json_str(out, "stays_in", span_str(c->setup.stream->input.path));
	json_u64(out, "leaks", c->found.leaks);
	json_u64(out, "files", c->found.files);
	json_u64(out, "bytes", c->found.bytes);
	json_u64(out, "not_read", c->found.unread);
	json_key(out, "found");
	buf_char(out, '[');
	buf_span(out, buf_view(&c->found.json));
	buf_str(out, "]}\n");
}

static void
print_text(const struct canary *c, struct buf *out)
{
	const char *glue = "";

	buf_fmt(out, "%.*s", (int)c->found.text.len, c->found.text.data);
	buf_fmt(out, "stream    %s, one line\nplanted   ", c->setup.stream->name);
	for (int i = 0; i < APP_CANARY_VALUES; i++)
		if (c->planted.values[i][0] != '\0') {
			buf_fmt(out, "%s%s", glue, app_canary_names[i]);
			glue = ", ";
		}
	if (c->planted.mark[0] != '\0')
		buf_fmt(out, "\nrecord    %s", c->found.came_out ? "came out" : "DID NOT COME OUT");
	if (c->planted.appended)
		buf_fmt(
		    out, "\nstays     in %s, where it was appended", c->setup.stream->input.path);
	if (c->found.leaks > 0)
		buf_fmt(out, "\nleaks     %ju", (uintmax_t)c->found.leaks);
	else
		buf_str(out, "\nleaks     none");
	buf_fmt(out, ", in %ju files that were written meanwhile\n", (uintmax_t)c->found.files);
}

/* The stream seals what came of it; without that it has not been told to the auditor. */
static int
seal(const struct canary *c, int code, struct span report, struct err *e)
{
	unsigned char hash[32];
	char hex[65];
	struct buf request = { 0 }, answer = { 0 };
	int rc;

	crypto_sha256(report.ptr, report.len, hash);
	hex[text_hex(hex, hash, sizeof(hash))] = '\0';
	buf_fmt(&request, "canary %s %d %s\n", c->setup.stream->name, code, hex);
	rc = buf_ok(&request) ? app_control_ask(c->store, request.data, &answer, e) : err_memory(e);
	buf_free(&request);
	buf_free(&answer);
	return (rc);
}

static int
send_and_look(struct canary *c, struct err *e)
{
	uint64_t before = 0;

	if (app_canary_may(c->setup.stream, app_arg(c->args, "append") != NULL, e) == -1 ||
	    plant(c, &before, e) == -1)
		return (-1);
	c->sent_us = clock_now_us();
	if (app_canary_send(&c->planted, c->setup.stream, e) == -1 ||
	    wait_for_commit(c, before, e) == -1)
		return (-1);
	return (look(c, e));
}

static int
open_canary(struct canary *c, struct app_args *args, struct err *e)
{
	if (app_arg(args, "config") == NULL)
		for (int i = 0; args->command->options[i].name != NULL; i++)
			if (strcmp(args->command->options[i].name, "config") == 0)
				args->value[i] = CONFIG_USUAL;
	c->args = args;
	if (app_setup_open(args, app_arg(args, "stream"), &c->setup, e) == -1 ||
	    app_store_path(args, &c->setup, &c->store, e) == -1)
		return (-1);
	c->keys = app_keys_path(args, &c->setup);
	if (c->keys == NULL && !store_keys_beside(c->store, c->beside, sizeof(c->beside)))
		return (err_set(e, ERR_USAGE, "%s: too long", c->store));
	if (c->keys == NULL)
		c->keys = c->beside;
	return (0);
}

static int
run(const struct app_args *given)
{
	struct app_args args = *given;
	struct canary c = { .args = given };
	struct err e = { ERR_NONE, "" };
	struct buf report = { 0 }, text = { 0 };
	int code = -1;

	if (open_canary(&c, &args, &e) == 0 && send_and_look(&c, &e) == 0) {
		code = judge(&c);
		print_json(&c, code, &report);
		print_text(&c, &text);
		if (seal(&c, code, buf_view(&report), &e) == -1)
			code = -1;
	}
	if (code == -1)
		code = app_fail("canary", &e);
	else
		code = app_finish_words("canary", args.json ? &report : &text, code);
	app_canary_free(&c.planted);
	buf_free(&c.found.text);
	buf_free(&c.found.json);
	buf_free(&report);
	buf_free(&text);
	app_setup_close(&c.setup);
	return (code);
}

const struct app_command app_command_canary = { "canary",
	"send identifiers that nobody has, look for them in what was written", "PATH...", 0, -1,
	options,
	"A line with a random address, mailbox, name, session and token goes through the stream's\n"
	"input (a socket, a FIFO, plain HTTP) into the running daemon, as a server would send it;\n"
	"into a log that is read as it grows only with --append, as it stays there. It does not "
	"go\n"
	"through TLS, nor into `cretula pipe`. Once it is committed all files of the store and "
	"the\n"
	"keys, and of each PATH, that were written since are searched for these values: as they\n"
	"are, in percent, hex, base64, UTF-16, reversed, hashed, compressed, one in the other.\n"
	"Where the format has a size, the record has to be there. The stream counts one line "
	"more,\n"
	"and seals the result as a report.\n\n"
	"exit codes: 0 nothing is left of them, 1 something is, or the record did not come out,\n"
	"3 it could not be tried, or not all could be read\n\n"
	"examples:\n"
	"  cretula canary --config cretula.yaml --stream shop\n"
	"  cretula canary --stream shop /var/log /var/lib/systemd/coredump\n",
	run };
