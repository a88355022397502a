/* app: the logs that nginx and Apache are told to write, and in which format. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "app/doctor/doctor.h"
#include "app/init/init.h"

#define FORMATS_MAX 32
#define WORDS_MAX 8

/* The formats that a configuration defines. */
struct formats {
	struct {
		struct span name, directive;
	} list[FORMATS_MAX];
	unsigned count;
};

/* A directive, cut into words; the quotes around one are taken off. */
struct directive {
	struct span all;
	struct span words[WORDS_MAX];
	unsigned count;
};

/* What goes on in the logs of one server. */
struct finding {
	const char *server;
	struct init_log *logs;
	unsigned count;
};

/* ---- words ---- */

/* The length of the word at the beginning of text, quotes taken along; ends: what ends one. */
static size_t
word_length(struct span text, const char *ends)
{
	size_t at = 0;
	char quote = '\0';

	for (; at < text.len; at++) {
		char c = text.ptr[at];

		if (c == '\\' && at + 1 < text.len)
			at++;
		else if (quote != '\0')
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (strchr(ends, c) != NULL)
			break;
	}
	return (at);
}

static struct span
unquoted(struct span word)
{
	if (word.len >= 2 && (word.ptr[0] == '"' || word.ptr[0] == '\'') &&
	    word.ptr[word.len - 1] == word.ptr[0])
		return (span_of(word.ptr + 1, word.len - 2));
	return (word);
}

/* Cut into words up to one of ends; the rest of *text is behind that. */
static bool
next_directive(struct span *text, const char *ends, struct directive *d)
{
	char stops[16];

	(void)snprintf(stops, sizeof(stops), " \t\r\n%s", ends);
	while (text->len > 0 &&
	    (isspace((unsigned char)text->ptr[0]) || strchr(ends, text->ptr[0]) != NULL))
		*text = span_from(*text, 1);
	d->all = *text;
	memset(d->words, 0, sizeof(d->words));
	for (d->count = 0; text->len > 0 && strchr(ends, text->ptr[0]) == NULL;) {
		size_t len = word_length(*text, stops);

		if (text->ptr[0] == '#' && d->count == 0) {
			*text = span_from(*text, span_find(*text, '\n'));
			return (text->len > 0);
		}
		if (d->count < WORDS_MAX)
			d->words[d->count++] = unquoted(span_of(text->ptr, len));
		*text = span_from(*text, len);
		while (text->len > 0 && strchr(ends, text->ptr[0]) == NULL &&
		    isspace((unsigned char)text->ptr[0]))
			*text = span_from(*text, 1);
	}
	d->all.len -= text->len;
	return (d->count > 0 || text->len > 0);
}

/* ---- one log ---- */

static void
put(char *out, size_t size, struct span text)
{
	size_t len = text.len < size ? text.len : size - 1;

	for (size_t i = 0; i < len; i++)
		out[i] = text.ptr[i] == '\n' || text.ptr[i] == '\t' ? ' ' : text.ptr[i];
	out[len] = '\0';
}

/* The name of a stream: of the server, and for all but the first of the file. */
static void
name_log(struct finding *f, struct init_log *log, bool error)
{
	const char *base = strrchr(log->path, '/') + 1;
	size_t len;

	(void)snprintf(log->name, 32, "%s%s", f->server, error ? "-error" : "");
	for (unsigned i = 0; i < f->count; i++) {
		if (strcmp(f->logs[i].name, log->name) != 0)
			continue;
		len = (size_t)snprintf(log->name, 24, "%s-%s", f->server, base);
		len = len < 24 ? len : 23;
		for (size_t j = 0; j < len; j++)
			if (!isalnum((unsigned char)log->name[j]))
				log->name[j] = '-';
			else
				log->name[j] = (char)tolower((unsigned char)log->name[j]);
		(void)snprintf(log->name + len, 8, "-%u", f->count);
		return;
	}
}

static bool
is_known(const struct finding *f, const char *path)
{
	for (unsigned i = 0; i < f->count; i++)
		if (strcmp(f->logs[i].path, path) == 0)
			return (true);
	return (false);
}

/* format: a name that cretula has, or "" and the directive that says it. */
static void
add_log(struct finding *f, struct span path, const char *format, struct span string)
{
	struct init_log *log = &f->logs[f->count];

	if (f->count == INIT_LOGS_MAX || path.len >= sizeof(log->path) || path.len < 2 ||
	    path.ptr[0] != '/' || span_starts(path, span_str("/dev/")) ||
	    memchr(path.ptr, '$', path.len) != NULL)
		return;
	put(log->path, sizeof(log->path), path);
	if (is_known(f, log->path))
		return;
	(void)snprintf(log->format, sizeof(log->format), "%s", format);
	put(log->string, sizeof(log->string), string);
	name_log(f, log, strstr(format, "-error") != NULL);
	f->count++;
}

static struct span
find_format(const struct formats *formats, struct span name)
{
	for (unsigned i = 0; i < formats->count; i++)
		if (span_equal(formats->list[i].name, name) &&
		    formats->list[i].directive.len <= PARSE_STRING_BYTES)
			return (formats->list[i].directive);
	return ((struct span){ NULL, 0 });
}

static void
add_format(struct formats *formats, struct span name, struct span directive)
{
	if (formats->count == FORMATS_MAX)
		return;
	formats->list[formats->count].name = name;
	formats->list[formats->count++].directive = directive;
}

/* ---- nginx ---- */

/* The files of a directory, each with an LF behind. */
static void
read_files(const char *directory, struct buf *text)
{
	DIR *dir = app_doctor_dir(directory);
	const struct dirent *entry;
	char path[CONFIG_PATH_BYTES];

	if (dir == NULL)
		(void)app_doctor_read(directory, text);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >=
			(int)sizeof(path))
			continue;
		(void)app_doctor_read(path, text);
		buf_char(text, '\n');
	}
	if (dir != NULL)
		(void)closedir(dir);
	buf_char(text, '\n');
}

static void
look_nginx(struct span text, struct formats *formats, struct finding *f)
{
	struct directive d;

	while (next_directive(&text, ";{}", &d)) {
		if (d.count < 2)
			continue;
		if (span_is(d.words[0], "log_format") && d.count > 2)
			add_format(formats, d.words[1], d.all);
		else if (f != NULL && span_is(d.words[0], "error_log"))
			add_log(f, d.words[1], "nginx-error", span_str(""));
		else if (f != NULL && span_is(d.words[0], "access_log")) {
			struct span string = { NULL, 0 };

			if (d.count > 2 && !span_is(d.words[2], "combined"))
				string = find_format(formats, d.words[2]);
			add_log(f, d.words[1], string.len == 0 ? "nginx-combined" : "", string);
		}
	}
}

unsigned
app_init_logs_nginx(struct init_log logs[static INIT_LOGS_MAX])
{
	static const char *const command[] = { "nginx", "-T", "-q", NULL };
	struct finding f = { .server = "nginx", .logs = logs };
	struct formats formats = { .count = 0 };
	struct buf text = { 0 };

	if (!app_init_ask_program(command, &text)) {
		buf_clear(&text);
		read_files("/etc/nginx/nginx.conf", &text);
		read_files("/etc/nginx/conf.d", &text);
		read_files("/etc/nginx/sites-enabled", &text);
	}
	if (buf_ok(&text)) {
		look_nginx(buf_view(&text), &formats, NULL); /* formats may stand behind */
		look_nginx(buf_view(&text), &formats, &f);
	}
	buf_free(&text);
	return (f.count);
}

/* ---- Apache ---- */

/* Those that cretula knows by name, whatever Debian writes for the bytes. */
static const char *
apache_format(struct span name)
{
	static const char *const known[][2] = { { "combined", "apache-combined" },
		{ "common", "apache-common" }, { "vhost_combined", "apache-vhost-combined" } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_is(name, known[i][0]))
			return (known[i][1]);
	return ("");
}

/* known: the format, "" for that which is called format. */
static void
add_apache(struct finding *f, const struct formats *formats, struct span path, const char *known,
    struct span format)
{
	struct span variable = span_str("${APACHE_LOG_DIR}"), string = { NULL, 0 };
	struct buf whole = { 0 };

	if (known[0] == '\0')
		known = apache_format(format);
	if (known[0] == '\0' && (string = find_format(formats, format)).len == 0)
		known = "auto";
	if (span_starts(path, variable)) {
		buf_str(&whole, "/var/log/apache2");
		path = span_from(path, variable.len);
	}
	buf_span(&whole, path);
	if (buf_ok(&whole))
		add_log(f, buf_view(&whole), known, string);
	buf_free(&whole);
}

static void
look_apache(struct span text, struct formats *formats, struct finding *f)
{
	struct directive d;

	while (next_directive(&text, "\n", &d)) {
		if (d.count < 2)
			continue;
		if (span_is(d.words[0], "LogFormat") && d.count > 2)
			add_format(formats, d.words[2], d.all);
		else if (f != NULL && span_is(d.words[0], "CustomLog"))
			add_apache(
			    f, formats, d.words[1], d.count > 2 ? "" : "apache-common", d.words[2]);
		else if (f != NULL && span_is(d.words[0], "ErrorLog"))
			add_apache(f, formats, d.words[1], "apache-error", d.words[1]);
	}
}

/* "    (146) /etc/apache2/mods-enabled/alias.conf": the files that are really read. */
static void
read_includes(struct span listed, struct buf *text)
{
	char path[CONFIG_PATH_BYTES];

	while (listed.len > 0) {
		size_t end = span_find(listed, '\n'), at = span_find(span_of(listed.ptr, end), '/');

		if (at < end && end - at < sizeof(path)) {
			put(path, sizeof(path), span_of(listed.ptr + at, end - at));
			(void)app_doctor_read(path, text);
			buf_char(text, '\n');
		}
		listed = span_from(listed, end + 1);
	}
}

unsigned
app_init_logs_apache(struct init_log logs[static INIT_LOGS_MAX])
{
	static const char *const command[] = { "apachectl", "-t", "-D", "DUMP_INCLUDES", NULL };
	struct finding f = { .server = "apache", .logs = logs };
	struct formats formats = { .count = 0 };
	struct buf listed = { 0 }, text = { 0 };

	if (app_init_ask_program(command, &listed))
		read_includes(buf_view(&listed), &text);
	if (text.len == 0) {
		read_files("/etc/apache2/apache2.conf", &text);
		read_files("/etc/apache2/conf-enabled", &text);
		read_files("/etc/apache2/sites-enabled", &text);
	}
	if (buf_ok(&text)) {
		look_apache(buf_view(&text), &formats, NULL);
		look_apache(buf_view(&text), &formats, &f);
	}
	buf_free(&listed);
	buf_free(&text);
	return (f.count);
}
