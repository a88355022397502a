/*
 * memory: what verify says when memory runs out, at every place where it can.
 *
 * memory FIRST EVERY [--anchor LINE] [--escrow FILE] [--policy FILE]
 *     --store DIR | --bundle DIR | --proof FILE
 *
 * The linker leads each call of an allocator here (--wrap).  The request is run
 * once with all memory, and then again and again, with one allocation failing
 * alone: the FIRST, that EVERY behind it ..., until there is none to fail.  A
 * line says how the first run went: its exit code and findings; then one for
 * each that went otherwise and was not "74": which allocation failed, exit
 * code, findings; the last one how many failed.  With MEMORY_FRAMES in the
 * environment it says where.
 */
#include <errno.h>
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/outside/request.h"
#include "base/err.h"
#include "record/record.h"
#include "wrapped.h"

#define FRAMES 24

static unsigned long calls, failing; /* the call that fails, from 1; 0: none */
static void *frames[FRAMES];
static int frame_count;

static bool
fails(void)
{
	if (++calls != failing)
		return (false);
	frame_count = backtrace(frames, FRAMES);
	errno = ENOMEM;
	return (true);
}

static const char *const classes[] = {
#define CLASS(id, name, prefix, method, epoch, help) name,
#include "record/class.def"
#undef CLASS
};
static const char *const reasons[] = {
#define REASON(id, name, ...) name,
#include "parse/reasons.def"
#undef REASON
};
static const struct seal_names names = { classes, sizeof(classes) / sizeof(classes[0]), reasons,
	sizeof(reasons) / sizeof(reasons[0]) };

/* The exit code, and the codes of the report, each once, in the order of the table. */
static void
run(const struct audit_request *request, char *verdict, size_t size)
{
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code = audit_request_run(request, &out, &e);
	char word[64];

	if (code == -1)
		code = (int)e.code;
	else if (!buf_ok(&out))
		code = ERR_IO;
	(void)snprintf(verdict, size, "%d", code);
	for (unsigned c = 0; code != ERR_IO && c < AUDIT_CODE_COUNT; c++) {
		(void)snprintf(word, sizeof(word), "\"%s\"", audit_code_names[c]);
		if (out.data != NULL && strstr(out.data, word) != NULL)
			(void)snprintf(verdict + strlen(verdict), size - strlen(verdict), " %s",
			    audit_code_names[c]);
	}
	buf_free(&out);
}

static const char **
place_of(struct audit_request *request, const char *option)
{
	if (strcmp(option, "--anchor") == 0)
		return (&request->options.anchor);
	if (strcmp(option, "--bundle") == 0)
		return (&request->bundle);
	if (strcmp(option, "--escrow") == 0)
		return (&request->escrow);
	if (strcmp(option, "--policy") == 0)
		return (&request->policy);
	if (strcmp(option, "--proof") == 0)
		return (&request->proof);
	return (strcmp(option, "--store") == 0 ? &request->store : NULL);
}

int
main(int argc, char **argv)
{
	struct audit_request request = { .json = true, .options = { .names = &names, .jobs = 1 } };
	char truth[2048], verdict[2048];
	unsigned long first, every, count = 0;
	const char **place;

	if (argc < 3 || (first = strtoul(argv[1], NULL, 10)) == 0 ||
	    (every = strtoul(argv[2], NULL, 10)) == 0)
		return (2);
	for (int i = 3; i + 1 < argc; i += 2) {
		if ((place = place_of(&request, argv[i])) == NULL)
			return (2);
		*place = argv[i + 1];
	}
	run(&request, truth, sizeof(truth));
	printf("%s\n", truth);
	for (failing = first;; failing += every, count++) {
		calls = 0;
		run(&request, verdict, sizeof(verdict));
		if (calls < failing)
			break; /* there was none to fail */
		if (strcmp(verdict, "74") == 0 || strcmp(verdict, truth) == 0)
			continue;
		printf("%lu: %s\n", failing, verdict);
		fflush(stdout);
		if (getenv("MEMORY_FRAMES") != NULL)
			backtrace_symbols_fd(frames, frame_count, 1);
	}
	printf("%lu allocations\n", count);
	failing = 0; /* who counts branches allocates at the end */
	return (0);
}
