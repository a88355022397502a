/* app: cretula init. */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/init/init.h"
#include "app/say.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "config/config.h"

#define SYSTEM_USER "cretula"
#define SECRET_BYTES_MAX ((size_t)1 << 20)

static const struct app_option options[] = {
	{ "answers", "FILE", "lines of SERVER: socket, files or no; and stored: yes" },
	{ "config", "FILE", "where it goes (" CONFIG_USUAL "; not as root: ./cretula.yaml)" },
	{ "escrow-out", "FILE", "give the first keys of the ratchets out, into this new file" },
	{ "keys", "DIR", "the keys (default /var/lib/cretula/keys; not as root: ./store.keys)" },
	{ "recovery-out", "FILE", "make a recovery key, in this new file" },
	{ "store", "DIR", "the store (default /var/lib/cretula/store; not as root: ./store)" },
	{ "user", "NAME", "whose the store is (as root: " SYSTEM_USER ", if there is one)" },
	{ "yes", NULL, "ask nothing: a socket for each server that runs" },
	{ NULL, NULL, NULL },
};

/* What is shown once, and where it lies until then. */
struct secrets {
	char folder[64]; /* "": nothing is shown */
	char recovery[96], escrow[96];
};

/* ---- the plan ---- */

static int
absolute(const char *path, char out[static CONFIG_PATH_BYTES], struct err *e)
{
	char here[CONFIG_PATH_BYTES] = "";

	if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return (err_sys(e, ERR_IO, "the working directory"));
	if (strncmp(path, "./", 2) == 0)
		path += 2;
	if (snprintf(out, CONFIG_PATH_BYTES, "%s%s%s", here, here[0] != '\0' ? "/" : "", path) >=
	    CONFIG_PATH_BYTES)
		return (err_set(e, ERR_USAGE, "%s: too long", path));
	return (0);
}

static const char *
given(const struct app_args *args, const char *name, const char *as_root, const char *as_other)
{
	const char *value = app_arg(args, name);

	return (value != NULL ? value : geteuid() == 0 ? as_root : as_other);
}

static int
begin(const struct app_args *args, struct init_plan *plan, struct err *e)
{
	const char *user = app_arg(args, "user");

	plan->config = given(args, "config", CONFIG_USUAL, "cretula.yaml");
	plan->recovery_out = app_arg(args, "recovery-out");
	plan->escrow_out = app_arg(args, "escrow-out");
	plan->user = user != NULL                           ? user :
	    geteuid() == 0 && getpwnam(SYSTEM_USER) != NULL ? SYSTEM_USER :
							      "";
	if (user != NULL && geteuid() != 0)
		return (err_set(e, ERR_USAGE, "--user is for root"));
	if (user != NULL && getpwnam(user) == NULL)
		return (err_set(e, ERR_USAGE, "--user: there is no user %s", user));
	if (absolute(given(args, "store", "/var/lib/cretula/store", "store"), plan->store, e) ==
		-1 ||
	    absolute(given(args, "keys", "/var/lib/cretula/keys", "store.keys"), plan->keys, e) ==
		-1)
		return (-1);
	return (app_init_free(plan, e));
}

static void
print_found(const struct init_plan *plan, struct buf *out)
{
	if (plan->server_count == 0)
		buf_str(out, "No server that cretula knows is on this machine.\n");
	for (unsigned i = 0; i < plan->server_count; i++) {
		const struct init_server *s = &plan->servers[i];

		buf_fmt(out, "%-11s %s", s->kind->name, s->runs ? "runs" : "is installed");
		for (unsigned j = 0; j < s->log_count; j++)
			buf_fmt(out, "%s %s (%s)", j == 0 ? ", writes" : ",", s->logs[j].path,
			    s->logs[j].format[0] != '\0' ? s->logs[j].format :
							   "a format of its own");
		buf_char(out, '\n');
	}
	buf_str(out,
	    "\nsocket: it hands its lines to cretula, and writes none itself (it is told so).\n"
	    "files:  cretula reads what it writes; that lies raw on the disk.\n\n");
}

/* ---- secrets that are shown ---- */

/* On a terminal they are, unless files were named.  In memory until then. */
static int
hide(const struct init_answers *a, struct init_plan *plan, struct secrets *s, struct err *e)
{
	if (a->yes || !a->terminal || plan->recovery_out != NULL || plan->escrow_out != NULL)
		return (0);
	(void)snprintf(s->folder, sizeof(s->folder), "/dev/shm/cretula-init-XXXXXX");
	if (mkdtemp(s->folder) == NULL) {
		s->folder[0] = '\0';
		return (err_sys(e, ERR_IO, "/dev/shm"));
	}
	(void)snprintf(s->recovery, sizeof(s->recovery), "%s/recovery", s->folder);
	(void)snprintf(s->escrow, sizeof(s->escrow), "%s/escrow", s->folder);
	plan->recovery_out = s->recovery;
	plan->escrow_out = s->escrow;
	return (0);
}

static void
show(const char *path, const char *what, struct buf *out)
{
	struct buf text = { 0 };

	if (io_read_file(AT_FDCWD, path, SECRET_BYTES_MAX, &text, NULL) == 0) {
		buf_fmt(out, "\n---- %s ----\n", what);
		buf_span(out, buf_view(&text));
	}
	buf_wipe(&text);
}

static void
forget(struct init_plan *plan, struct secrets *s)
{
	plan->recovery_out = plan->escrow_out = NULL; /* they may be in s */
	if (s->folder[0] == '\0')
		return;
	(void)io_shred(AT_FDCWD, s->recovery, NULL);
	(void)io_shred(AT_FDCWD, s->escrow, NULL);
	(void)rmdir(s->folder);
}

/* ---- what was made ---- */

static void
print_made(const struct init_plan *plan, const struct secrets *s, const struct buf *anchor,
    struct buf *out)
{
	buf_fmt(out,
	    "\nmade   %s\n       %s\n       %s\n\n"
	    "The auditor's line; who checks the store has it from you, not from the store:\n\n"
	    "  %.*s\n",
	    plan->config, plan->store, plan->keys, (int)anchor->len, anchor->data);
	if (s->folder[0] != '\0') {
		buf_str(out, "\nTwo secrets, shown this once; neither may stay on this machine.\n");
		show(s->recovery, "recovery key: replaces signing keys that are lost or stolen",
		    out);
		show(s->escrow, "escrow: who has it sees each change to what is not sealed yet",
		    out);
		return;
	}
	if (plan->recovery_out != NULL)
		buf_fmt(out, "\nMove it off this machine: %s (recovery key)\n", plan->recovery_out);
	else
		buf_str(out, "\nno recovery key: lost signing keys cannot be replaced\n");
	if (plan->escrow_out != NULL)
		buf_fmt(out, "Move it off this machine: %s (escrow)\n", plan->escrow_out);
	else
		buf_str(out, "no escrow: `cretula key escrow` gives it out later\n");
}

static void
print_json(const struct init_plan *plan, const struct buf *anchor, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "config", span_str(plan->config));
	json_str(out, "store", span_str(plan->store));
	json_str(out, "keys", span_str(plan->keys));
	json_str(out, "auditor", buf_view(anchor));
	if (plan->recovery_out != NULL)
		json_str(out, "recovery", span_str(plan->recovery_out));
	if (plan->escrow_out != NULL)
		json_str(out, "escrow", span_str(plan->escrow_out));
	json_array(out, "servers");
	for (unsigned i = 0; i < plan->server_count; i++) {
		const struct init_server *s = &plan->servers[i];

		json_item(out);
		json_str(out, "name", span_str(s->kind->name));
		json_bool(out, "runs", s->runs);
		json_str(out, "way", span_str(app_init_way_names[s->way]));
		json_array(out, "logs");
		for (unsigned j = 0; j < s->log_count; j++) {
			json_item(out);
			json_str(out, "path", span_str(s->logs[j].path));
			json_str(out, "format", span_str(s->logs[j].format));
			buf_char(out, '}');
		}
		buf_str(out, "]}");
	}
	buf_str(out, "]}\n");
}

/* A format string of theirs that is beyond us is none of ours: the format is looked for. */
static int
make(struct init_plan *plan, struct buf *anchor, struct err *e)
{
	bool bad = true;
	int rc = -1;

	for (int i = 0; i < 2 && rc == -1 && bad; i++) {
		struct buf text = { 0 };

		plan->plain_formats = i > 0;
		app_init_config_print(plan, &text);
		rc = buf_ok(&text) ? app_init_make(plan, &text, anchor, &bad, e) : err_memory(e);
		buf_free(&text);
	}
	return (rc);
}

static int
tell(const struct app_args *args, const struct init_answers *a, const struct init_plan *plan,
    struct secrets *s, const struct buf *anchor)
{
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code = 0;

	if (args->json) {
		print_json(plan, anchor, &out);
		return (app_finish("init", &out, 0));
	}
	print_made(plan, s, anchor, &out);
	if (app_print(&out, &e) == -1)
		code = app_fail("init", &e);
	buf_wipe(&out);
	if (code == 0 && s->folder[0] != '\0' && !app_init_ask_stored(a)) {
		app_warn("init", "nobody said that the secrets are stored; they are shown no more");
		code = ERR_INCOMPLETE;
	}
	app_init_next_print(plan, &out);
	return (app_finish("init", &out, code));
}

static int
run(const struct app_args *args)
{
	static struct init_plan plan;
	struct secrets secrets = { .folder = "" };
	struct buf out = { 0 }, anchor = { 0 };
	struct err e = { ERR_NONE, "" };
	struct init_answers answers;
	int rc = -1, code;

	if (app_init_answers_read(args, &answers, &e) == 0 && begin(args, &plan, &e) == 0) {
		app_init_find(&plan);
		print_found(&plan, &out);
		if ((args->json || app_print(&out, &e) == 0) &&
		    app_init_ask_servers(&answers, &plan, &e) == 0 &&
		    hide(&answers, &plan, &secrets, &e) == 0)
			rc = make(&plan, &anchor, &e);
	}
	code = rc == 0 ? tell(args, &answers, &plan, &secrets, &anchor) : app_fail("init", &e);
	forget(&plan, &secrets);
	buf_free(&out);
	buf_free(&anchor);
	return (code);
}

const struct app_command app_command_init = { "init",
	"from the servers of this machine to a configuration, keys, and on", "", 0, 0,
	options,
	"Looks for servers that run or are installed (nginx, Apache, Caddy, HAProxy, Docker,\n"
	"Envoy, PostgreSQL, sshd, Traefik) and for the logs that they write, and in which format,\n"
	"proposes a stream for each, and writes a commented configuration, which `check` takes.\n"
	"It makes keys and store, says the auditor's line, what each server has to be told, and\n"
	"how to go on. Whatever is there already is left as it is: then init makes nothing.\n\n"
	"On a terminal it asks, and shows two secrets once: a recovery key, which replaces\n"
	"signing keys that are lost or stolen, and the escrow, with which whoever has it sees\n"
	"each change to what is not sealed yet. With --recovery-out and --escrow-out they go to\n"
	"files instead; --yes alone makes neither.\n\n"
	"exit codes: 0 good, 2 usage, or nobody can be asked, 3 made, but nobody said that the\n"
	"secrets are stored, 74 I/O, 78 something is there already\n\n"
	"examples:\n"
	"  cretula init\n"
	"  cretula init --yes --recovery-out /media/stick/rec --escrow-out /media/stick/esc\n"
	"  cretula init --answers answers.txt --config ./new.yaml --store ./new --keys "
	"./new.keys\n",
	run };
