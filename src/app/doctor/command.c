/* app: cretula doctor. */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/doctor/doctor.h"
#include "app/sandbox/sandbox.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/watch/control.h"
#include "base/err.h"
#include "base/json.h"
#include "store/layout.h"

static const struct app_option options[] = {
	{ "config", "FILE", "cretula.yaml (default " CONFIG_USUAL ", if it is there)" },
	{ "keys", "DIR", "keys of the store (default: as configured, else STORE.keys)" },
	{ "store", "DIR", "the store" },
	{ "strict", NULL, "exit 4 if there is advice" },
	{ NULL, NULL, NULL },
};

static const struct app_doctor_check checks[] = {
	{ "store", app_doctor_store },
	{ "keys", app_doctor_keys },
	{ "keys-place", app_doctor_place },
	{ "backup", app_doctor_backup },
	{ "daemon", app_doctor_daemon },
	{ "inputs", app_doctor_inputs },
	{ "queue", app_doctor_queue },
	{ "buffer", app_doctor_buffer },
	{ "network", app_doctor_network },
	{ "raw-logs", app_doctor_raw },
	{ "servers", app_doctor_servers },
	{ "certificates", app_doctor_certificates },
	{ "memory-lock", app_doctor_memory },
	{ "swap", app_doctor_swap },
	{ "clock", app_doctor_clock },
	{ "disk", app_doctor_disk },
};

static const char *const level_names[APP_DOCTOR_LEVELS] = { "good", "advice", "bad" };

/* ---- the report ---- */

void
app_doctor_say(
    struct app_doctor *d, enum app_doctor_level level, const char *mend, const char *fmt, ...)
{
	char text[CONFIG_PATH_BYTES + 256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	d->said = true;
	d->counts[level]++;
	buf_fmt(&d->text, "%-7s %s: %s\n", level_names[level], d->check, text);
	if (mend[0] != '\0')
		buf_fmt(&d->text, "          %s\n", mend);
	buf_str(&d->json, d->json.len == 0 ? "{" : ",{");
	json_str(&d->json, "check", span_str(d->check));
	json_str(&d->json, "level", span_str(level_names[level]));
	json_str(&d->json, "text", span_str(text));
	if (mend[0] != '\0')
		json_str(&d->json, "mend", span_str(mend));
	buf_char(&d->json, '}');
}

static void
look(struct app_doctor *d)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		d->check = checks[i].name;
		d->said = false;
		checks[i].look(d);
		if (d->said)
			continue;
		d->counts[APP_DOCTOR_GOOD]++;
		buf_fmt(&d->good, "%s%s", d->good.len == 0 ? "" : ", ", d->check);
	}
}

static void
print_json(struct app_doctor *d, struct buf *out)
{
	buf_char(out, '{');
	json_u64(out, "bad", d->counts[APP_DOCTOR_BAD]);
	json_u64(out, "advice", d->counts[APP_DOCTOR_ADVICE]);
	json_str(out, "good", buf_view(&d->good));
	json_key(out, "found");
	buf_char(out, '[');
	buf_span(out, buf_view(&d->json));
	buf_str(out, "]}\n");
}

static void
print_text(struct app_doctor *d, struct buf *out)
{
	buf_span(out, buf_view(&d->text));
	buf_fmt(out, "%-7s %.*s\n", level_names[APP_DOCTOR_GOOD], (int)d->good.len, d->good.data);
}

/* ---- files of the system ---- */

static void
locate(const char *path, char out[static CONFIG_PATH_BYTES])
{
	const char *root = NULL;

#ifdef CRETULA_TESTING
	root = getenv("CRETULA_ROOT");
#endif
	(void)snprintf(out, CONFIG_PATH_BYTES, "%s%s", root == NULL ? "" : root, path);
}

DIR *
app_doctor_dir(const char *path)
{
	char real[CONFIG_PATH_BYTES];

	locate(path, real);
	return (opendir(real));
}

bool
app_doctor_read(const char *path, struct buf *out)
{
	char real[CONFIG_PATH_BYTES];
	ssize_t n = -1;
	int fd;

	locate(path, real);
	fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	while (fd != -1 && out->len < APP_DOCTOR_BYTES_MAX && buf_reserve(out, 4096) == 0 &&
	    (n = read(fd, out->data + out->len, 4096)) > 0)
		out->len += (size_t)n;
	if (fd != -1)
		(void)close(fd);
	return (n == 0);
}

/* ---- the command ---- */

/* Without --config and without the usual file a store will do. */
static int
find_config(const struct app_args *args, struct config **c, struct err *e)
{
	const char *path = app_arg(args, "config");

	if (path == NULL && app_arg(args, "store") != NULL && access(CONFIG_USUAL, F_OK) == -1)
		return (0);
	if (path == NULL && app_control_usual(e) == -1)
		return (-1);
	return (app_config_load(path != NULL ? path : CONFIG_USUAL, c, e));
}

/* The user that the daemon is, or will be: configured, else whose the store is. */
static int
find_user(struct app_doctor *d, struct err *e)
{
	struct app_user user = { .given = false };
	struct stat st;

	if (d->config != NULL && app_user_find(d->config, &user, e) == -1)
		return (-1);
	d->uid = user.given ? user.uid : stat(d->store, &st) == 0 ? st.st_uid : geteuid();
	return (0);
}

static int
find_store(const struct app_args *args, struct app_doctor *d, char beside[static CONFIG_PATH_BYTES],
    struct err *e)
{
	const struct config *c = d->config;

	d->store = app_arg(args, "store");
	d->keys = app_arg(args, "keys");
	if (d->store == NULL && c != NULL && c->store[0] != '\0')
		d->store = c->store;
	if (d->store == NULL)
		return (err_set(e, ERR_USAGE, "no store (--store DIR, or `store:`)"));
	if (d->keys == NULL && c != NULL && c->keys[0] != '\0')
		d->keys = c->keys;
	if (!store_keys_beside(d->store, beside, CONFIG_PATH_BYTES))
		return (err_set(e, ERR_USAGE, "%s: too long", d->store));
	if (d->keys == NULL)
		d->keys = beside;
	return (find_user(d, e));
}

static int
run(const struct app_args *args)
{
	struct app_doctor d = { .check = "" };
	struct config *c = NULL;
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	char beside[CONFIG_PATH_BYTES];
	int code;

	if (find_config(args, &c, &e) == -1)
		return (app_fail("doctor", &e));
	d.config = c;
	if (find_store(args, &d, beside, &e) == -1)
		code = app_fail("doctor", &e);
	else {
		look(&d);
		(args->json ? print_json : print_text)(&d, &out);
		code = d.counts[APP_DOCTOR_BAD] > 0 ? ERR_FINDING :
		    d.counts[APP_DOCTOR_ADVICE] > 0 && app_arg(args, "strict") != NULL ?
						      ERR_STRICT :
						      0;
		code = app_finish_words("doctor", &out, code);
	}
	buf_free(&d.text);
	buf_free(&d.json);
	buf_free(&d.good);
	config_free(c);
	return (code);
}

const struct app_command app_command_doctor = { "doctor",
	"is everything around cretula as it has to be", "", 0, 0, options,
	"Looks only: permissions of store and keys, keys where they cannot be overwritten or are\n"
	"copied by a backup, queues and buffers of sockets (net.unix.max_dgram_qlen of this\n"
	"network namespace), FIFOs, raw log files, what nginx and Apache write raw besides,\n"
	"certificates, the limit of locked memory, swap, the clock, how long the disk will do,\n"
	"and the daemon. Below what is not as it should be stands the command that mends it.\n\n"
	"exit codes: 0 nothing bad, 1 something is, 4 advice under --strict\n\n"
	"examples:\n"
	"  cretula doctor --config " CONFIG_USUAL "\n"
	"  cretula doctor --store ./store --json | jq -r '.found[].mend'\n",
	run };
