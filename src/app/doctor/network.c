/* Whom systemd lets in: the unit's IPAddressDeny and IPAddressAllow stand before every socket. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "app/doctor/doctor.h"

#define UNIT "cretula.service"

/* The first has the unit; all of them may add to it. */
static const char *const places[] = { "/etc/systemd/system", "/run/systemd/system",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system" };
#define PLACES (sizeof(places) / sizeof(places[0]))

struct wall {
	bool service; /* it is its section that is read */
	bool all; /* who is not allowed is denied */
	unsigned local; /* of this machine, of others: how many are allowed */
	unsigned others;
};

/* ---- the unit ---- */

static bool
is_local(struct span word)
{
	return (span_is(word, "localhost") || span_starts(word, span_str("127.")) ||
	    span_is(word, "::1") || span_is(word, "::1/128"));
}

static bool
take_word(struct span *rest, struct span *word)
{
	while (rest->len > 0 && strchr(" \t\r", rest->ptr[0]) != NULL)
		*rest = span_from(*rest, 1);
	*word = span_of(rest->ptr, 0);
	while (word->len < rest->len && strchr(" \t\r", rest->ptr[word->len]) == NULL)
		word->len++;
	*rest = span_from(*rest, word->len);
	return (word->len > 0);
}

/* A value of nothing takes back what was said before. */
static void
read_line(struct wall *w, struct span line)
{
	static const struct span deny = SPAN("IPAddressDeny="), allow = SPAN("IPAddressAllow=");
	struct span rest, word;
	bool denies = span_starts(line, deny), any = false;

	if (line.len > 0 && line.ptr[0] == '[')
		w->service = span_starts(line, span_str("[Service]"));
	if (!w->service || (!denies && !span_starts(line, allow)))
		return;
	rest = span_from(line, denies ? deny.len : allow.len);
	for (; take_word(&rest, &word); any = true) {
		bool all =
		    span_is(word, "any") || span_is(word, "0.0.0.0/0") || span_is(word, "::/0");

		if (denies)
			w->all = w->all || all;
		else if (is_local(word))
			w->local++;
		else
			w->others++;
	}
	if (!any && denies)
		w->all = false;
	else if (!any)
		w->local = w->others = 0;
}

static bool
read_unit(struct wall *w, const char *path)
{
	struct buf text = { 0 };
	bool there = app_doctor_read(path, &text);
	struct span rest = there ? buf_view(&text) : span_of("", 0);

	w->service = false;
	while (rest.len > 0) {
		size_t len = span_find(rest, '\n');

		read_line(w, span_of(rest.ptr, len));
		rest = span_from(rest, len < rest.len ? len + 1 : len);
	}
	buf_free(&text);
	return (there);
}

/* What `systemctl edit` made.  In no order: few have two files, and one takes the other back. */
static void
read_additions(struct wall *w, const char *place)
{
	char directory[CONFIG_PATH_BYTES], path[CONFIG_PATH_BYTES];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(directory, sizeof(directory), "%s/" UNIT ".d", place);
	dir = app_doctor_dir(directory);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0 &&
		    snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) <
			(int)sizeof(path))
			(void)read_unit(w, path);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

static bool
lets_loopback_only(void)
{
	char path[CONFIG_PATH_BYTES];
	struct wall w = { .all = false };
	bool there = false;

	for (size_t i = 0; i < PLACES && !there; i++) {
		(void)snprintf(path, sizeof(path), "%s/" UNIT, places[i]);
		there = read_unit(&w, path);
	}
	for (size_t i = PLACES; there && i-- > 0;)
		read_additions(&w, places[i]);
	return (there && w.all && w.others == 0);
}

/* ---- who listens ---- */

static bool
is_elsewhere(const struct input_place *place)
{
	return (place->port[0] != '\0' && !is_local(span_str(place->path)));
}

static void
tell(struct app_doctor *d, const char *who, const char *name, const char *text)
{
	app_doctor_say(d, APP_DOCTOR_BAD,
	    "systemctl edit cretula   # [Service] IPAddressAllow=10.0.0.0/8 (who sends); then "
	    "restart "
	    "it",
	    "%s%s listens at %s, and " UNIT " lets loopback in only: from other machines nothing "
	    "comes",
	    who, name, text);
}

void
app_doctor_network(struct app_doctor *d)
{
	const struct config *c = d->config;
	char text[INPUT_TEXT_BYTES];
	struct input_place place;

	if (c == NULL || !lets_loopback_only())
		return;
	for (unsigned i = 0; i < c->stream_count; i++)
		if (is_elsewhere(&c->streams[i].input)) {
			input_place_print(&c->streams[i].input, text);
			tell(d, "stream ", c->streams[i].name, text);
		}
	if (c->metrics[0] != '\0' && config_listen(c->metrics, &place, NULL) == 0 &&
	    is_elsewhere(&place))
		tell(d, "metrics", "", c->metrics);
}
