/* app: cretula demo. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/demo/demo.h"
#include "app/say.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/num.h"

#define PORT 8466
#define PATH_BYTES 512
#define TEXT_BYTES 256

static const struct app_option options[] = {
	{ "no-serve", NULL, "only make it: no dashboard" },
	{ "out", "DIR", "a folder that does not exist yet (default: one in $TMPDIR or /tmp)" },
	{ "tamper", NULL, "change what is sealed, show what verify says, and undo it" },
	{ NULL, NULL, NULL },
};

static const char *const roles[] = { "developer", "analyst", "public", "auditor" };
#define ROLE_COUNT (sizeof(roles) / sizeof(roles[0]))

struct demo {
	char folder[PATH_BYTES / 2], store[PATH_BYTES], config[PATH_BYTES], archive[PATH_BYTES];
	char anchor[TEXT_BYTES];
	char tokens[ROLE_COUNT][TEXT_BYTES];
	unsigned port;
	uint64_t records, erased, pruned;
	bool quiet; /* --json: nothing but the object */
};

/* ---- what a command said as JSON ---- */

/* The text of a member, wherever it stands first. */
static int
member(const struct buf *said, const char *name, char out[static TEXT_BYTES], struct err *e)
{
	char key[64];
	const char *at;
	size_t len;

	(void)snprintf(key, sizeof(key), "\"%s\":\"", name);
	at = said->len > 0 ? strstr(said->data, key) : NULL;
	if (at == NULL || (len = strcspn(at + strlen(key), "\"")) >= TEXT_BYTES)
		return (err_set(e, ERR_IO, "no %s in what was said", name));
	memcpy(out, at + strlen(key), len);
	out[len] = '\0';
	return (0);
}

/* A number, where it stands first in the object of that name ("": anywhere). */
static uint64_t
number(const struct buf *said, const char *object, const char *name)
{
	char key[64], outer[64];
	const char *at;

	(void)snprintf(key, sizeof(key), "\"%s\":", name);
	(void)snprintf(outer, sizeof(outer), "\"%s\":{", object);
	at = said->len == 0 ? NULL : object[0] == '\0' ? said->data : strstr(said->data, outer);
	at = at != NULL ? strstr(at, key) : NULL;
	return (at == NULL ? 0 : strtoull(at + strlen(key), NULL, 10));
}

static const char *
grouped(char out[static 32], uint64_t n)
{
	num_print_grouped(out, n);
	return (out);
}

/* Run it; anything but 0 is an error. */
static int
must(const char *const argv[], struct span input, struct buf *said, struct err *e)
{
	return (app_demo_run(argv, input, said, e) == 0 ? 0 : -1);
}

/* ---- the store ---- */

/* One part, one segment: what is over its term goes whole. */
static int
import_part(
    const struct demo *d, const char *name, struct span lines, uint64_t *records, struct err *e)
{
	const char *const argv[] = { "cretula", "import", "--config", d->config, "--stream", name,
		"--no-verify", "--json", "-", NULL };
	struct buf said = { 0 };
	int rc = lines.len == 0 ? 0 : must(argv, lines, &said, e);

	if (rc == 0)
		*records += number(&said, "", "records");
	buf_free(&said);
	return (rc);
}

static int
import(struct demo *d, const struct demo_stream *s, struct err *e)
{
	int64_t until_s = clock_now_us() / 1000000 / 86400 * 86400;
	struct buf lines = { 0 };
	uint64_t records = 0;
	size_t older = 0;
	char count[32];
	int rc = -1;

	s->lines(until_s, &lines, &older);
	if (!buf_ok(&lines)) {
		(void)err_memory(e);
		goto out;
	}
	older = s->has_term ? older : 0;
	if (import_part(d, s->name, (struct span){ lines.data, older }, &records, e) == -1 ||
	    import_part(d, s->name, span_from(buf_view(&lines), older), &records, e) == -1)
		goto out;
	d->records += records;
	if (!d->quiet)
		printf("  %-6s %7s lines   %s\n", s->name, grouped(count, records), s->what);
	(void)fflush(stdout);
	rc = 0;
out:
	buf_free(&lines);
	return (rc);
}

/* What is over its term goes into the archive, then out of the store. */
static int
prune(struct demo *d, const struct demo_stream *s, struct err *e)
{
	char until[32];
	const char *const archive[] = { "cretula", "archive", "--config", d->config, "--stream",
		s->name, "--until", until, "--json", NULL };
	const char *const retain[] = { "cretula", "retain", "--config", d->config, "--stream",
		s->name, "--by", "cretula demo", "--json", NULL };
	struct buf said = { 0 };
	int rc;

	(void)snprintf(until, sizeof(until), "-%dd", DEMO_KEPT_DAYS);
	rc = must(archive, (struct span){ NULL, 0 }, &said, e);
	buf_clear(&said);
	if (rc == 0 && (rc = must(retain, (struct span){ NULL, 0 }, &said, e)) == 0)
		d->pruned += number(&said, "prune", "records");
	buf_free(&said);
	return (rc);
}

/* Somebody wants to be forgotten: who has an order in the shop. */
static int
erase_subject(struct demo *d, struct err *e)
{
	const char *const find[] = { "cretula", "view", "--store", d->store, "--stream", "shop",
		"--where", DEMO_SUBJECT_WHERE, "--limit", "1", NULL };
	char token[TEXT_BYTES] = "", where[TEXT_BYTES + 16];
	const char *const erase[] = { "cretula", "subject", "erase", "--store", d->store,
		"--stream", "shop", "--where", where, "--reason", "Art. 17 GDPR", "--ref", "demo-1",
		"--json", NULL };
	struct buf said = { 0 };
	int rc = must(find, (struct span){ NULL, 0 }, &said, e);

	if (rc == 0)
		rc = member(&said, "client", token, e);
	(void)snprintf(where, sizeof(where), "client == %s", token);
	buf_clear(&said);
	if (rc == 0 && (rc = must(erase, (struct span){ NULL, 0 }, &said, e)) == 0)
		d->erased = number(&said, "", "erased");
	buf_free(&said);
	return (rc);
}

static int
verify(struct demo *d, struct err *e)
{
	const char *const argv[] = { "cretula", "verify", "--store", d->store, "--json", NULL };
	struct buf said = { 0 };
	int rc = must(argv, (struct span){ NULL, 0 }, &said, e);

	if (rc == 0)
		rc = member(&said, "auditor", d->anchor, e);
	buf_free(&said);
	return (rc);
}

/* ---- who may look ---- */

static int
make_role(struct demo *d, size_t i, struct buf *config, struct err *e)
{
	const char *const argv[] = { "cretula", "serve", "token", "--role", roles[i], "--json",
		NULL };
	char hash[TEXT_BYTES];
	struct buf said = { 0 };
	int rc = must(argv, (struct span){ NULL, 0 }, &said, e);

	if (rc == 0)
		rc = member(&said, "token", d->tokens[i], e);
	if (rc == 0)
		rc = member(&said, "token_hash", hash, e);
	if (rc == 0)
		buf_fmt(
		    config, "  %s: { tier: %s, token_hash: \"%s\" }\n", roles[i], roles[i], hash);
	buf_wipe(&said);
	return (rc);
}

/* A port of loopback that nobody has: the usual one if it is free. */
static unsigned
find_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	unsigned port = PORT;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == -1) {
		at.sin_port = 0;
		if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
		    getsockname(fd, (struct sockaddr *)&at, &size) == 0)
			port = ntohs(at.sin_port);
	}
	if (fd != -1)
		(void)close(fd);
	return (port);
}

static void
write_stream(const struct demo *d, const struct demo_stream *s, struct buf *text)
{
	buf_fmt(text, "  %s: { format: %s%s", s->name, s->format, s->options);
	if (s->has_term)
		buf_fmt(text, ",\n    retain: { detail: %dd }, archive: { to: %s, cpu: 100 }",
		    DEMO_KEPT_DAYS, d->archive);
	buf_str(text, " }\n");
}

static int
write_config(struct demo *d, struct err *e)
{
	struct buf text = { 0 };
	char routes[PATH_BYTES];
	int rc;

	d->port = find_port();
	(void)snprintf(routes, sizeof(routes), "%s/routes.txt", d->folder);
	rc = io_replace(AT_FDCWD, routes, span_str(app_demo_routes), 0600, true, e);
	buf_fmt(
	    &text, "store: %s\nserve: { listen: \"127.0.0.1:%u\" }\nroles:\n", d->store, d->port);
	for (size_t i = 0; i < ROLE_COUNT && rc == 0; i++)
		rc = make_role(d, i, &text, e);
	buf_str(&text, "streams:\n");
	for (unsigned i = 0; i < app_demo_stream_count; i++)
		write_stream(d, &app_demo_streams[i], &text);
	if (rc == 0)
		rc = buf_ok(&text) ?
		    io_replace(AT_FDCWD, d->config, buf_view(&text), 0600, true, e) :
		    err_memory(e);
	buf_free(&text);
	return (rc);
}

/* ---- the command ---- */

static int
begin(const struct app_args *args, struct demo *d, struct err *e)
{
	const char *out = app_arg(args, "out"), *temporary = getenv("TMPDIR");
	char here[PATH_BYTES / 4] = "";
	int len;

	while (out != NULL && out[0] == '.' && out[1] == '/')
		out += 2;
	if (out != NULL && out[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return (err_sys(e, ERR_IO, "the working directory"));
	if (out != NULL)
		len = snprintf(
		    d->folder, sizeof(d->folder), "%s%s%s", here, here[0] != '\0' ? "/" : "", out);
	else
		len = snprintf(d->folder, sizeof(d->folder), "%s/cretula-demo-XXXXXX",
		    temporary != NULL ? temporary : "/tmp");
	if (len >= (int)sizeof(d->folder))
		return (err_set(e, ERR_USAGE, "the name of the folder is too long"));
	if ((out != NULL ? mkdir(d->folder, 0700) : mkdtemp(d->folder) == NULL ? -1 : 0) == -1)
		return (errno == EEXIST ?
			err_set(e, ERR_USAGE, "%s is there: --out takes a new folder", d->folder) :
			err_sys(e, ERR_IO, "%s", d->folder));
	(void)snprintf(d->store, sizeof(d->store), "%s/store", d->folder);
	(void)snprintf(d->config, sizeof(d->config), "%s/cretula.yaml", d->folder);
	(void)snprintf(d->archive, sizeof(d->archive), "%s/archive", d->folder);
	return (0);
}

static int
make(struct demo *d, struct err *e)
{
	int rc = write_config(d, e);

	if (!d->quiet && rc == 0)
		printf("thirty days of three servers that never were, masked and sealed:\n\n");
	for (unsigned i = 0; i < app_demo_stream_count && rc == 0; i++)
		rc = import(d, &app_demo_streams[i], e);
	for (unsigned i = 0; i < app_demo_stream_count && rc == 0; i++)
		rc = app_demo_streams[i].has_term ? prune(d, &app_demo_streams[i], e) : 0;
	if (rc == 0 && (rc = erase_subject(d, e)) == 0)
		rc = verify(d, e);
	return (rc);
}

static void
print_text(const struct demo *d, bool serves, struct buf *out)
{
	const char *name = program_invocation_name; /* what is there to be typed again */
	char erased[32], pruned[32];

	buf_fmt(out,
	    "\nOn the 22nd day somebody scans the shop and guesses passwords. One client\n"
	    "asked to be forgotten: %s records were erased. The shop keeps %d days: the\n"
	    "%s records of its first week were archived, then pruned. The store verifies,\n"
	    "and so does the archive.\n\n"
	    "  %s view --store %s --stream shop --as text\n"
	    "  %s stats --store %s --stream shop\n"
	    "  %s verify --store %s\n"
	    "  %s verify --store %s\n\n",
	    grouped(erased, d->erased), DEMO_KEPT_DAYS, grouped(pruned, d->pruned), name, d->store,
	    name, d->store, name, d->store, name, d->archive);
	buf_str(out, "The dashboard asks for the token of a role:\n\n");
	for (size_t i = 0; i < ROLE_COUNT; i++)
		buf_fmt(out, "  %-10s %s\n", roles[i], d->tokens[i]);
	buf_fmt(out, "\nAll of it is in %s: remove it when you have seen enough.\n\n", d->folder);
	if (serves)
		buf_fmt(out, "Open http://127.0.0.1:%u/ in a browser; Ctrl-C ends it.\n", d->port);
	else
		buf_fmt(out, "next:  %s serve --config %s\n       and open http://127.0.0.1:%u/\n",
		    name, d->config, d->port);
}

/* Of --tamper. */
static void
print_end(const struct demo *d, struct buf *out)
{
	const char *name = program_invocation_name;

	buf_fmt(out,
	    "\nAll of it is in %s: remove it when you have seen enough.\n\n"
	    "next:  %s verify --store %s    (what it says when all is well)\n"
	    "       %s demo    (the dashboard of such a store)\n",
	    d->folder, name, d->store, name);
}

static void
print_json(const struct demo *d, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "folder", span_str(d->folder));
	json_str(out, "store", span_str(d->store));
	json_str(out, "archive", span_str(d->archive));
	json_str(out, "config", span_str(d->config));
	json_str(out, "auditor", span_str(d->anchor));
	json_u64(out, "port", d->port);
	json_u64(out, "records", d->records);
	json_u64(out, "erased", d->erased);
	json_u64(out, "pruned", d->pruned);
	json_object(out, "tokens");
	for (size_t i = 0; i < ROLE_COUNT; i++)
		json_str(out, roles[i], span_str(d->tokens[i]));
	buf_str(out, "}}\n");
}

/* This process becomes `cretula serve`. */
static int
serve(const struct demo *d)
{
	char config[PATH_BYTES];
	char name[] = "cretula", command[] = "serve", option[] = "--config", quiet[] = "--quiet";
	char *const argv[] = { name, command, option, config, quiet, NULL };
	struct err e = { ERR_NONE, "" };

	memcpy(config, d->config, sizeof(config));
	(void)execv("/proc/self/exe", argv);
	(void)err_sys(&e, ERR_IO, "cretula serve");
	return (app_fail("demo", &e));
}

/* What was made is there, and is not all of it. */
static int
fail_half(const struct demo *d, const struct err *e)
{
	struct buf out = { 0 };
	int code = app_fail("demo", e);

	buf_fmt(
	    &out, "next:  rm -r %s, then again with --out, to a place with 20 MiB\n", d->folder);
	app_hint(&out);
	buf_free(&out);
	return (code);
}

static int
run(const struct app_args *args)
{
	bool tampers = app_arg(args, "tamper") != NULL;
	bool serves = !args->json && !tampers && app_arg(args, "no-serve") == NULL;
	static struct demo d;
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code;

	d.quiet = args->json;
	if (begin(args, &d, &e) == -1)
		return (app_fail("demo", &e));
	if (make(&d, &e) == -1)
		return (fail_half(&d, &e));
	if (tampers && app_demo_tamper(d.store, d.anchor, &out, &e) == -1) {
		(void)app_print(&out, NULL);
		buf_free(&out);
		return (app_fail("demo", &e));
	}
	if (args->json)
		print_json(&d, &out);
	else if (!tampers)
		print_text(&d, serves, &out);
	else
		print_end(&d, &out);
	code = app_finish("demo", &out, 0);
	return (serves && code == 0 ? serve(&d) : code);
}

const struct app_command app_command_demo = { "demo",
	"a store to look at, of servers that never were", "", 0, 0, options,
	"Makes up thirty days of three servers (a shop behind nginx, an interface behind\n"
	"Caddy, logins by ssh), masks and seals them, archives and prunes the first week\n"
	"of the shop, erases what one client asked for, verifies all of it, and serves the\n"
	"dashboard on loopback with a token for each role. There is an attack to be found.\n"
	"Addresses are of documentation networks, names are invented; nothing is sent\n"
	"anywhere.\n\n"
	"--tamper does to the sealed store what somebody might who has the machine, one\n"
	"after the other, and shows what verify says; each change is undone.\n\n"
	"examples:\n"
	"  cretula demo --out ./demo\n"
	"  cretula demo --tamper\n"
	"  cretula demo --no-serve --json | jq -r .folder\n",
	run };
