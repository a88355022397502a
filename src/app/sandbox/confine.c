/* app: everything that confines a daemon, and what is missing of it. */
#include <dirent.h>

#include "app/sandbox/sandbox.h"
#include "base/err.h"

/* What each version of Landlock was the first to forbid. */
static const struct {
	int abi;
	const char *what;
} newer[] = {
	{ 1, "files" },
	{ 3, "truncation (Landlock 3)" },
	{ 4, "TCP connections (Landlock 4)" },
	{ 5, "devices (Landlock 5)" },
	{ 6, "signals and abstract sockets (Landlock 6)" },
};

struct missing {
	struct buf text;
	unsigned count;
};

static void
miss(struct missing *m, const char *what)
{
	buf_fmt(&m->text, "%s%s", m->count++ == 0 ? "" : ", ", what);
}

/* Threads that run already are outside of Landlock. */
static unsigned
count_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *one;
	unsigned count = 0;

	while (tasks != NULL && (one = readdir(tasks)) != NULL)
		count += one->d_name[0] != '.';
	if (tasks != NULL)
		(void)closedir(tasks);
	return (count);
}

static void
confine_files(
    const struct app_places *places, struct missing *m, struct buf *done)
{
	struct err e = { ERR_NONE, "" };
	unsigned threads = count_threads();
	int abi = 0;

	if (places->full)
		miss(m, "files (too many places are configured)");
	else if (app_confine_files(places, &abi, &e) == -1)
		miss(m, e.text);
	else {
		if (abi > 0)
			buf_fmt(done, "to %u places by Landlock %d", places->count, abi);
		for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
			if (newer[i].abi > abi)
				miss(m, newer[i].what);
		if (threads > 1)
			miss(m, "Landlock of threads that run already");
	}
}

int
app_confine(const struct app_places *places, enum app_sandbox want, unsigned calls,
    struct buf *done, struct err *e)
{
	struct missing m = { { 0 }, 0 };
	struct err why = { ERR_NONE, "" };
	int rc = 0;

#ifdef APP_COUNTED
	buf_str(done, "not confined: a build that counts writes that where it was built");
	want = APP_SANDBOX_OFF;
#else
	if (want == APP_SANDBOX_OFF)
		buf_str(done, "not confined: `sandbox: off`");
#endif
	if (want == APP_SANDBOX_OFF)
		return (0);
	buf_str(done, "confined ");
	confine_files(places, &m, done);
	if (app_confine_calls(calls, &why) == -1)
		miss(&m, why.text);
	else
		buf_str(done, done->len > sizeof("confined ") ? ", to its own system calls" :
								"to its own system calls");
	if (m.count == 0)
		buf_str(done, "; nothing is missing");
	else
		buf_fmt(done, "; not enforced: %.*s", (int)m.text.len, m.text.data);
	if (m.count > 0 && want == APP_SANDBOX_REQUIRED)
		rc = err_set(e, ERR_CONFIG, "sandbox: required, but not enforced: %.*s",
		    (int)m.text.len, m.text.data);
	buf_free(&m.text);
	return (rc);
}
