/* Records that nobody can vouch for go, with the seed of their salts. */
#include <string.h>

#include "base/io.h"
#include "store/live/ratchet.h"
#include "store/sweep.h"

static bool
has_end(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return (len > end_len && strcmp(name + len - end_len, end) == 0);
}

static int
remove_open(void *arg, int fd, const char *name, struct err *e)
{
	(void)arg;
	if (name[0] < '0' || name[0] > '9' ||
	    (!has_end(name, ".data") && !has_end(name, ".tags") && !has_end(name, ".salt")))
		return (0);
	return (store_remove_file(fd, name, e));
}

static int
remove_head(void *arg, int fd, const char *name, struct err *e)
{
	(void)arg;
	return (strncmp(name, "open.", 5) == 0 ? store_remove_file(fd, name, e) : 0);
}

int
store_open_give_up(struct store_live *l, struct err *e)
{
	if (store_scan(l->stream->dirfd, "open", remove_open, NULL, e) == -1)
		return (-1);
	return (store_scan(l->keys_fd, ".", remove_head, NULL, e));
}
