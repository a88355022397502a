/* What servers of this machine write raw besides. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "app/doctor/doctor.h"

/* Which words of which configuration send lines to a file. */
static const struct server {
	const char *name, *directory; /* all files of it; or one file */
	const char *word, *mend;
} servers[] = {
	{ "nginx", "/etc/nginx/nginx.conf", "access_log",
	    "access_log /run/cretula-rings/nginx/access.log;   # in memory: see share/presets" },
	{ "nginx", "/etc/nginx/conf.d", "access_log",
	    "access_log /run/cretula-rings/nginx/access.log;   # in memory: see share/presets" },
	{ "nginx", "/etc/nginx/sites-enabled", "access_log",
	    "access_log /run/cretula-rings/nginx/access.log;   # in memory: see share/presets" },
	{ "Apache", "/etc/apache2/apache2.conf", "CustomLog",
	    "CustomLog \"|/usr/bin/cretula pipe NAME\" combined   # see share/presets" },
	{ "Apache", "/etc/apache2/conf-enabled", "CustomLog",
	    "CustomLog \"|/usr/bin/cretula pipe NAME\" combined   # see share/presets" },
	{ "Apache", "/etc/apache2/sites-enabled", "CustomLog",
	    "CustomLog \"|/usr/bin/cretula pipe NAME\" combined   # see share/presets" },
};

/* A word of a line, which ends at blanks or ';'. */
static struct span
take_word(struct span *line)
{
	size_t at = 0, len = 0;

	while (at < line->len && strchr(" \t\"'", line->ptr[at]) != NULL)
		at++;
	while (at + len < line->len && strchr(" \t;\"'\r", line->ptr[at + len]) == NULL)
		len++;
	*line = span_from(*line, at);
	*line = span_from(*line, len);
	return (span_of(line->ptr - len, len));
}

/* A path, or what Apache makes one of. */
static bool
is_file(struct span word)
{
	return (word.len > 1 && (word.ptr[0] == '/' || word.ptr[0] == '$') &&
	    !span_is(word, "/dev/null") && !span_starts(word, span_str("/dev/std")));
}

/* Is it one of our inputs?  That is told elsewhere. */
static bool
is_ours(const struct app_doctor *d, struct span path)
{
	for (unsigned i = 0; d->config != NULL && i < d->config->stream_count; i++)
		if (span_is(path, d->config->streams[i].input.path))
			return (true);
	return (false);
}

static void
look_into(struct app_doctor *d, const struct server *s, const char *path)
{
	struct buf text = { 0 };
	struct span rest;
	unsigned number = 0;

	if (!app_doctor_read(path, &text))
		buf_clear(&text);
	for (rest = buf_view(&text); rest.len > 0;) {
		size_t end = span_find(rest, '\n');
		struct span line = span_of(rest.ptr, end), file;

		number++;
		rest = span_from(rest, end < rest.len ? end + 1 : end);
		if (!span_is(take_word(&line), s->word))
			continue;
		file = take_word(&line);
		if (is_file(file) && !is_ours(d, file))
			app_doctor_say(d, APP_DOCTOR_ADVICE, s->mend,
			    "%s:%u: %s writes raw lines to %.*s", path, number, s->name,
			    (int)file.len, file.ptr);
	}
	buf_free(&text);
}

static void
look_below(struct app_doctor *d, const struct server *s)
{
	char path[CONFIG_PATH_BYTES];
	struct dirent *entry;
	DIR *dir = app_doctor_dir(s->directory);

	if (dir == NULL) {
		look_into(d, s, s->directory);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", s->directory, entry->d_name);
		look_into(d, s, path);
	}
	(void)closedir(dir);
}

void
app_doctor_servers(struct app_doctor *d)
{
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		look_below(d, &servers[i]);
}
