/* A segment that a dead writer left open is sealed before records are erased. */
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "store/erase/inside.h"
#include "store/live.h"
#include "store/sweep.h"

static int
is_open(struct store *s, const char *name, bool *open, struct err *e)
{
	struct store_opens found = { .count = 0 };
	int fd = io_open_dir(s->streams_fd, name, e), rc;

	if (fd == -1)
		return (-1);
	rc = store_scan_open(fd, &found, e);
	(void)close(fd);
	*open = found.count > 0;
	return (rc);
}

/* The open recovers and seals; the segment that it begins is empty, and goes again. */
int
store_seal_left(struct store *s, const char *name, const struct seal_names *names, uint64_t *kept,
    struct err *e)
{
	const struct store_live_options how = { .store = s,
		.name = name,
		.mode = "subject",
		.names = names,
		.next = { .policy = STORE_NO_POLICY, .epochs = SPAN("{}") } };
	const struct store_live_facts nothing = { .unlocked = false };
	struct store_live_found found;
	struct store_live *l = NULL;
	bool open;
	int rc;

	*kept = 0;
	if (is_open(s, name, &open, e) == -1)
		return (err_in(e, "store %s: stream %s", s->dir, name));
	if (!open)
		return (0);
	if (store_live_open(&how, &l, &found, e) == -1)
		return (-1);
	rc = store_live_stop(l, &nothing, "end", e);
	store_live_close(l);
	*kept = found.kept;
	return (rc);
}
