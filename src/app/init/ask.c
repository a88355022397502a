/* app: what is answered: in a file, on the terminal, or as is best. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/init/init.h"
#include "base/err.h"
#include "base/io.h"
#include "config/suggest.h"

#define ANSWERS_BYTES_MAX 65536
#define LINE_BYTES 128

/* ---- the file: lines of "nginx: files", "stored: yes" ---- */

static struct span
trimmed(struct span text)
{
	while (text.len > 0 && isspace((unsigned char)text.ptr[0]))
		text = span_from(text, 1);
	while (text.len > 0 && isspace((unsigned char)text.ptr[text.len - 1]))
		text.len--;
	return (text);
}

static int
way_of(struct span text)
{
	for (int i = 0; i < INIT_WAYS; i++)
		if (span_is(text, app_init_way_names[i]))
			return (i);
	return (-1);
}

static int
no_key(struct span key, struct err *e)
{
	struct buf words = { 0 };
	struct span near = { NULL, 0 };

	for (unsigned i = 0; i < app_init_kind_count; i++)
		buf_fmt(&words, "%s ", app_init_kinds[i].name);
	buf_str(&words, "stored");
	if (buf_ok(&words))
		near = config_suggest(key, words.data);
	if (near.len > 0)
		(void)err_set(e, ERR_CONFIG, "no server '%.*s', did you mean %.*s?",
		    (int)(key.len < 64 ? key.len : 64), key.ptr, (int)near.len, near.ptr);
	else
		(void)err_set(e, ERR_CONFIG, "no server '%.*s': one of %s",
		    (int)(key.len < 64 ? key.len : 64), key.ptr,
		    buf_ok(&words) ? words.data : "nginx ...");
	buf_free(&words);
	return (-1);
}

static int
take_answer(struct init_answers *a, struct span key, struct span value, struct err *e)
{
	unsigned i = 0;
	int way;

	if (span_is(key, "stored")) {
		a->stored = span_is(value, "yes");
		return (a->stored || span_is(value, "no") ?
			0 :
			err_set(e, ERR_CONFIG, "stored: yes or no"));
	}
	while (i < app_init_kind_count && !span_is(key, app_init_kinds[i].name))
		i++;
	if (i == app_init_kind_count)
		return (no_key(key, e));
	if ((way = way_of(value)) == -1)
		return (err_set(e, ERR_CONFIG, "%s: socket, files or no", app_init_kinds[i].name));
	a->way[i] = (enum init_way)way;
	a->given[i] = true;
	return (0);
}

static int
read_file(const char *path, struct init_answers *a, struct err *e)
{
	struct buf text = { 0 };
	struct span rest;
	unsigned number = 0;
	int rc = io_read_file(AT_FDCWD, path, ANSWERS_BYTES_MAX, &text, e);

	for (rest = buf_view(&text); rc == 0 && rest.len > 0;) {
		size_t end = span_find(rest, '\n'), colon;
		struct span line = trimmed(span_of(rest.ptr, end));

		number++;
		rest = span_from(rest, end + 1);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		colon = span_find(line, ':');
		rc = take_answer(
		    a, trimmed(span_of(line.ptr, colon)), trimmed(span_from(line, colon + 1)), e);
		if (rc == -1)
			(void)err_in(e, "%s:%u", path, number);
	}
	buf_free(&text);
	return (rc);
}

int
app_init_answers_read(const struct app_args *args, struct init_answers *a, struct err *e)
{
	const char *path = app_arg(args, "answers");

	memset(a, 0, sizeof(*a));
	a->yes = app_arg(args, "yes") != NULL;
	a->terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !args->json;
	if (path != NULL && read_file(path, a, e) == -1)
		return (-1);
	if (!a->yes && path == NULL && !a->terminal)
		return (err_set(e, ERR_USAGE,
		    "nobody can be asked here: --yes, or --answers FILE (cretula init --help)"));
	return (0);
}

/* ---- the terminal ---- */

/* A line; false: there is none. */
static bool
ask(const char *question, char line[static LINE_BYTES])
{
	(void)printf("%s ", question);
	(void)fflush(stdout);
	if (fgets(line, LINE_BYTES, stdin) == NULL) {
		(void)printf("\n");
		return (false);
	}
	line[strcspn(line, "\n")] = '\0';
	return (true);
}

static int
ask_server(struct init_server *s, struct err *e)
{
	char question[256], line[LINE_BYTES];

	(void)snprintf(question, sizeof(question), "%s: socket%s or no? [%s]", s->kind->name,
	    s->log_count > 0 ? ", files" : "", app_init_way_names[s->way]);
	for (;;) {
		int way;

		if (!ask(question, line))
			return (err_set(e, ERR_USAGE, "no answer: nothing was made"));
		if (line[0] == '\0')
			return (0);
		for (way = 0; way < INIT_WAYS; way++)
			if (strncmp(line, app_init_way_names[way], strlen(line)) == 0)
				break;
		if (way < INIT_WAYS && (way != INIT_FILES || s->log_count > 0)) {
			s->way = (enum init_way)way;
			return (0);
		}
	}
}

int
app_init_ask_servers(const struct init_answers *a, struct init_plan *plan, struct err *e)
{
	for (unsigned i = 0; i < plan->server_count; i++) {
		struct init_server *s = &plan->servers[i];
		size_t kind = (size_t)(s->kind - app_init_kinds);

		if (a->given[kind]) {
			s->way = a->way[kind];
			if (s->way == INIT_FILES && s->log_count == 0)
				return (err_set(e, ERR_CONFIG,
				    "%s: files: none of its logs was found; take socket, or "
				    "no and add `input: { file: PATH }` yourself",
				    s->kind->name));
		} else if (a->terminal && !a->yes && ask_server(s, e) == -1)
			return (-1);
	}
	return (0);
}

bool
app_init_ask_stored(const struct init_answers *a)
{
	char line[LINE_BYTES];

	if (a->stored || a->yes || !a->terminal)
		return (a->stored);
	for (unsigned i = 0; i < 5; i++)
		if (!ask("Is it stored away from this machine? yes:", line))
			break;
		else if (strcmp(line, "yes") == 0)
			return (true);
	return (false);
}
