/* config: a file becomes a struct config. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "config/fill.h"
#include "key/sealkey.h"
#include "parse/parse.h"

static void
loader_free(struct config_loader *l)
{
	if (l == NULL)
		return;
	for (unsigned i = 0; i < l->source_count; i++) {
		free(l->sources[i].real);
		buf_free(&l->sources[i].text);
	}
	arena_close(&l->arena);
	config_free(l->config);
	free(l);
}

static struct config_loader *
loader_make(bool may_include, struct err *e)
{
	struct config_loader *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		(void)err_set(e, ERR_IO, "configuration: no memory");
		return (NULL);
	}
	l->may_include = may_include;
	if (arena_open(&l->arena, CONFIG_TREE_BYTES, ARENA_LAZY, e) == -1 ||
	    config_default(&l->config, e) == -1) {
		loader_free(l);
		return (NULL);
	}
	return (l);
}

/* Room for one more file. */
static struct config_source *
source_add(struct config_loader *l, const char *path)
{
	struct config_source *s = &l->sources[l->source_count++];

	memset(s, 0, sizeof(*s));
	memcpy(s->path, path, strnlen(path, sizeof(s->path) - 1));
	return (s);
}

/* A configuration may be a symbolic link, as a mounted ConfigMap is. */
static int
source_read(struct config_source *s, struct err *e)
{
	if ((s->real = realpath(s->path, NULL)) == NULL)
		return (err_sys(e, ERR_INPUT, "%s", s->path));
	return (io_read_file(AT_FDCWD, s->real, CONFIG_FILE_BYTES, &s->text, e));
}

/* The last source: read its tree, do what it says. */
static void
understand(struct config_loader *l)
{
	unsigned file = l->source_count - 1;
	struct buf *text = &l->sources[file].text;

	if (text->len >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0) {
		memmove(text->data, text->data + 3, text->len - 3);
		text->len -= 3;
	}
	arena_reset(&l->arena);
	if (config_source_check(l, file) == 0)
		config_walk(l, config_tree_read(l, file));
}

/* Read what the last source includes. */
static void
include_one(struct config_loader *l)
{
	struct config_source *s;
	struct err e;

	if (l->source_count == CONFIG_SOURCES_MAX) {
		config_say(l, l->include_mark, "include: more than %d deep", CONFIG_INCLUDE_DEPTH);
		l->include[0] = '\0';
		return;
	}
	s = source_add(l, l->include);
	l->include[0] = '\0';
	if (source_read(s, &e) == -1) {
		if (errno == EFBIG)
			config_say(l, l->include_mark, "include: the file is larger than 1 MiB");
		else
			config_say(l, l->include_mark, "include: %s", e.text);
		return;
	}
	for (unsigned i = 0; i + 1 < l->source_count; i++) {
		if (l->sources[i].real == NULL || strcmp(l->sources[i].real, s->real) != 0)
			continue;
		config_say(l, l->include_mark, "include: the file includes itself");
		return;
	}
	understand(l);
	return;
}

/* What a stream says twice, or for nothing. */
static void
check_formats(struct config_loader *l)
{
	for (unsigned i = 0; i < l->config->stream_count; i++) {
		const struct config_stream *s = &l->config->streams[i];
		const struct parse_format *format = parse_format_find(span_str(s->format));

		if (s->format_string[0] != '\0' && format != NULL)
			config_say(l, l->stream_given[i],
			    "format and format_string: one of them says how lines look");
		if (s->map.count == 0 || (s->format_string[0] == '\0' && format == NULL))
			continue;
		if (s->format_string[0] != '\0' || !format->members) {
			config_say(l, l->stream_given[i],
			    "map: is of members that have names, and %s has none",
			    s->format_string[0] != '\0' ? "a format string" : s->format);
			config_hint(l, "formats in JSON have them, and logfmt");
		}
	}
}

/* What belongs to some kinds of inputs only. */
static void
check_inputs(struct config_loader *l)
{
	for (unsigned i = 0; i < l->config->stream_count; i++) {
		const struct config_stream *s = &l->config->streams[i];
		bool http = s->input.kind == INPUT_HTTP, tls = s->input.kind == INPUT_TLS;
		bool certificate = s->tls.certificate[0] != '\0', key = s->tls.key[0] != '\0';

		if ((certificate || key || s->tls.client_ca[0] != '\0') && !http && !tls) {
			config_say(l, l->stream_given[i],
			    "certificate, key and client_ca are of the inputs tls and http");
			config_hint(l, "input: { tls: \"*:6514\", certificate: F, key: F }");
		} else if (certificate != key || (tls && !key) ||
		    (s->tls.client_ca[0] != '\0' && !key)) {
			config_say(l, l->stream_given[i],
			    "TLS needs certificate and key; there is %s",
			    certificate ? "no key" :
				key     ? "no certificate" :
					  "neither");
			config_hint(l, "input: { tls: \"*:6514\", certificate: F, key: F }");
		}
		if (s->token[0] != '\0' && !http)
			config_say(l, l->stream_given[i], "token is of the input http");
	}
}

/* What a file cannot be, and what only a file can. */
static void
check_files(struct config_loader *l)
{
	for (unsigned i = 0; i < l->config->stream_count; i++) {
		const struct config_stream *s = &l->config->streams[i];

		if (s->input.kind == INPUT_FILE && s->raw_at_rest == CONFIG_RAW_NONE)
			config_say(l, l->stream_given[i],
			    "raw_at_rest: none, and its input is a file that a server writes");
		if (s->input.kind != INPUT_FILE && s->after_read != INPUT_KEEP)
			config_say(l, l->stream_given[i], "after_read is of input.file only");
	}
}

/* What the file says once, and the policy of each stream needs. */
static void
share(struct config_loader *l)
{
	struct config *c = l->config;

	_Static_assert(sizeof(c->tenant) == MASK_NAME_BYTES, "a tenant fits a policy");
	for (unsigned i = 0; i < c->stream_count; i++) {
		struct mask_policy *p = &c->streams[i].policy;

		if (c->streams[i].ratchet_ram && c->escrow_key[0] == '\0') {
			config_say(l, l->stream_given[i],
			    "ratchet: ram is for who gets its keys, and there is no escrow_key");
			config_hint(l, "cretula key pair makes one; put its public line there");
		}
		memcpy(p->tenant, c->tenant, sizeof(p->tenant));
		/* The class is the full string (class.def): one switch, two places. */
		p->method[RECORD_CLASS_AGENT] = p->agent_full ? MASK_TOKEN : MASK_DROP;
		p->geo_asn = c->geo_asn[0] != '\0';
		p->geo_country = c->geo_country[0] != '\0';
		p->has_quarantine_key =
		    key_seal_parse(span_str(c->quarantine_key), p->quarantine_key) == 0;
		if (!mask_policy_seals(p))
			continue;
		if (key_seal_parse(span_str(c->seal_key), p->seal_key) == 0) {
			p->has_seal_key = true;
			continue;
		}
		if (c->seal_key[0] == '\0') {
			config_say(l, l->stream_given[i],
			    "a class has the method seal, and there is no seal_key");
			config_hint(
			    l, "cretula key pair makes one, and prints the line for this file");
		}
	}
}

/* All files are there: say what is wrong, or hand over. */
static int
finish(struct config_loader *l, struct config **c, struct buf *report, struct err *e)
{
	struct config *made = l->config;

	share(l);
	check_formats(l);
	check_inputs(l);
	check_files(l);
	config_roles_check(l);
	if (l->problem_total > 0) {
		config_problems_print(l, report);
		return (err_set(e, ERR_CONFIG, "%s: %u error%s", l->sources[0].path,
		    l->problem_total, l->problem_total == 1 ? "" : "s"));
	}
	if (l->may_include)
		memcpy(made->path, l->sources[0].path, sizeof(made->path));
	*c = made;
	l->config = NULL;
	return (0);
}

static int
run(struct config_loader *l, struct config **c, struct buf *report, struct err *e)
{
	understand(l);
	while (l->include[0] != '\0')
		include_one(l);
	return (finish(l, c, report, e));
}

int
config_load_text(
    struct span text, const char *name, struct config **c, struct buf *report, struct err *e)
{
	struct config_loader *l = loader_make(name != NULL, e);
	struct config_source *s;
	int rc = -1;

	if (l == NULL)
		return (-1);
	s = source_add(l, name == NULL ? "(text)" : name);
	if (text.len > CONFIG_FILE_BYTES) {
		(void)err_set(e, ERR_CONFIG, "%s: larger than 1 MiB", s->path);
		goto out;
	}
	buf_span(&s->text, text);
	if (!buf_ok(&s->text)) {
		(void)err_set(e, ERR_IO, "configuration: no memory");
		goto out;
	}
	rc = run(l, c, report, e);
out:
	loader_free(l);
	return (rc);
}

int
config_load(const char *path, struct config **c, struct buf *report, struct err *e)
{
	struct config_loader *l;
	int rc = -1;

	if (strlen(path) >= CONFIG_PATH_BYTES)
		return (err_set(e, ERR_INPUT, "path of the configuration: longer than %d bytes",
		    CONFIG_PATH_BYTES - 1));
	if ((l = loader_make(true, e)) == NULL)
		return (-1);
	if (source_read(source_add(l, path), e) == 0)
		rc = run(l, c, report, e);
	else if (errno == EFBIG)
		(void)err_set(e, ERR_CONFIG, "%s: larger than 1 MiB", path);
	loader_free(l);
	return (rc);
}
