/* app: the configuration that init proposes, and what it says to do. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/init/init.h"
#include "config/config.h"

const struct init_preset app_init_presets[] = {
#include "app/init_presets.h"
};
const unsigned app_init_preset_count = sizeof(app_init_presets) / sizeof(app_init_presets[0]);

/* ---- the configuration ---- */

/* Within single quotes of YAML. */
static void
print_quoted(struct buf *out, const char *text)
{
	buf_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_char(out, '\'');
		buf_char(out, *text);
	}
	buf_char(out, '\'');
}

/* The streams of a preset, as they stand there. */
static void
print_preset(const struct init_server *s, struct buf *out)
{
	for (unsigned i = 0; i < app_init_preset_count; i++) {
		const struct init_preset *p = &app_init_presets[i];
		const char *streams = strstr(p->text, "streams:\n");

		if (strcmp(p->server, s->kind->name) != 0 || strcmp(p->file, "cretula.yaml") != 0 ||
		    streams == NULL)
			continue;
		buf_fmt(out, "\n  # As %s is told by presets/%s; `cretula init` has shown it.\n%s",
		    p->server, p->server, streams + strlen("streams:\n"));
	}
}

static void
print_logs(const struct init_plan *plan, const struct init_server *s, struct buf *out)
{
	buf_fmt(out,
	    "\n  # What %s writes itself: it lies raw on the disk until its logs are rotated "
	    "away.\n",
	    s->kind->name);
	for (unsigned i = 0; i < s->log_count; i++) {
		const struct init_log *log = &s->logs[i];

		buf_fmt(out, "  %s:\n    input: { file: ", log->name);
		print_quoted(out, log->path);
		buf_str(out, " }\n    ");
		if (log->format[0] != '\0')
			buf_fmt(out, "format: %s\n", log->format);
		else if (plan->plain_formats)
			buf_str(out, "format: auto\n");
		else {
			buf_str(out, "format_string: ");
			print_quoted(out, log->string);
			buf_char(out, '\n');
		}
	}
}

void
app_init_config_print(const struct init_plan *plan, struct buf *out)
{
	bool any = false;

	buf_str(out,
	    "# cretula.yaml, made by `cretula init`.  man cretula.yaml has every option, and so "
	    "has\n"
	    "# `cretula check --explain`; `cretula check --config FILE` says what is wrong.\n\n"
	    "# Sealed records, and the keys of them: never one inside of the other.\nstore: ");
	print_quoted(out, plan->store);
	buf_str(out, "\nkeys: ");
	print_quoted(out, plan->keys);
	buf_fmt(out, "\n\n# Whom `cretula run` becomes when it is started as root.\n%suser: %s\n",
	    plan->user[0] != '\0' ? "" : "# ", plan->user[0] != '\0' ? plan->user : "cretula");
	buf_str(out,
	    "\n# metrics: 127.0.0.1:9464         # for Prometheus; no password: loopback only\n"
	    "# verify_every: 1d                # the daemon verifies what it sealed\n"
	    "# serve: { listen: \"127.0.0.1:8466\" }\n"
	    "# roles:                           # who may look: `cretula serve token --role dev`\n"
	    "#   dev: { tier: developer, token_hash: \"sha256:...\" }\n\n"
	    "# What every stream may have besides:\n"
	    "#   mask: { ip.peer: prefix }      # the method of a class; `cretula help classes`\n"
	    "#   epochs: { ip: day }            # how long a token stays the same\n"
	    "#   trusted_proxies: [10.0.0.0/8]  # whose X-Forwarded-For is believed\n"
	    "#   rotate: daily                  # weekly, monthly, a size\n"
	    "#   detail: [{ when: 'path == \"/healthz\"', keep: count }]\n"
	    "streams:\n");
	for (unsigned i = 0; i < plan->server_count; i++) {
		const struct init_server *s = &plan->servers[i];

		if (s->way == INIT_SOCKET)
			print_preset(s, out);
		else if (s->way == INIT_FILES)
			print_logs(plan, s, out);
		any = any || s->way != INIT_NO;
	}
	if (!any)
		buf_str(out,
		    "\n  # No server was found.  `input:` says where its lines come from:\n"
		    "  # input: { unix: /run/cretula/shop.sock } or { file: /var/log/shop.log }\n"
		    "  shop:\n    format: auto\n");
}

/* ---- what is left to do ---- */

static void
print_snippets(const struct init_server *s, struct buf *out)
{
	for (unsigned i = 0; i < app_init_preset_count; i++) {
		const struct init_preset *p = &app_init_presets[i];

		if (strcmp(p->server, s->kind->name) == 0 && strcmp(p->file, "cretula.yaml") != 0)
			buf_fmt(out, "\n---- %s: presets/%s/%s ----\n%s", p->server, p->server,
			    p->file, p->text);
	}
}

/* The first stream of requests there is, for the command that looks at it. */
static const char *
first_stream(const struct init_plan *plan)
{
	for (unsigned i = 0; i < plan->server_count; i++) {
		const struct init_server *s = &plan->servers[i];

		if (s->way == INIT_SOCKET)
			return (s->kind->name);
		for (unsigned j = 0; s->way == INIT_FILES && j < s->log_count; j++)
			if (strstr(s->logs[j].format, "-error") == NULL)
				return (s->logs[j].name);
	}
	return ("shop");
}

void
app_init_next_print(const struct init_plan *plan, struct buf *out)
{
	bool sockets = false, any = false;

	for (unsigned i = 0; i < plan->server_count; i++) {
		any = any || plan->servers[i].way != INIT_NO;
		sockets = sockets || plan->servers[i].way == INIT_SOCKET;
		if (plan->servers[i].way == INIT_SOCKET)
			print_snippets(&plan->servers[i], out);
	}
	if (!any) { /* a daemon would have nothing to read */
		buf_fmt(out,
		    "\nNo server was taken.  Bring a log in, or say in %s where lines\n"
		    "come from (`input:`) and go on with cretula run:\n\n"
		    "  cretula import --config %s --stream shop access.log\n"
		    "  cretula check --config %s\n",
		    plan->config, plan->config, plan->config);
		return;
	}
	buf_fmt(out, "\n%sgo on with\n\n", sockets ? "Tell each server so, then " : "Now ");
	if (access("/run/systemd/system", F_OK) == 0 && geteuid() == 0 &&
	    strcmp(plan->config, CONFIG_USUAL) == 0)
		buf_str(out, "  systemctl enable --now cretula\n");
	else
		buf_fmt(out, "  cretula run --config %s\n", plan->config);
	buf_fmt(out, "  cretula tail --config %s --follow --stream %s\n", plan->config,
	    first_stream(plan));
}
