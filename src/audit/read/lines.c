#include "audit/read/lines.h"

#include <errno.h>

#include "audit/check.h"
#include "base/err.h"
#include "store/reader.h"

#define CHAIN_FILE "chain.jsonl"

int
audit_window_open(struct audit_window *window, struct err *e)
{
	*window = (struct audit_window){ .bytes = store_window_open(), .lost = AUDIT_NONE };
	return (window->bytes == NULL ? err_memory(e) : 0);
}

void
audit_window_close(struct audit_window *window)
{
	store_window_close(window->bytes);
	*window = (struct audit_window){ .lost = AUDIT_NONE };
}

void
audit_window_clear(struct audit_window *window)
{
	store_window_clear(window->bytes);
	window->lost = AUDIT_NONE;
}

bool
audit_window_settle(struct audit_window *window, struct audit_list *list)
{
	struct audit_place at = audit_place(CHAIN_FILE);

	if (window->bytes == NULL || window->lost == AUDIT_NONE)
		return (false);
	at.entry = window->lost;
	audit_report(list, AUDIT_E_CHAIN_ROOT, &at, "it changed while it was looked at");
	window->lost = AUDIT_NONE;
	return (true);
}

int
audit_lines_open(struct store_chain *lines, int dirfd, enum audit_code *code, struct err *e)
{
	enum audit_kind kind = audit_kind(dirfd, CHAIN_FILE);
	uint64_t size;
	int fd;

	*lines = (struct store_chain){ .open = false };
	if (kind == AUDIT_MISSING)
		return (err_set(e, ERR_FINDING, "the file is missing"));
	if (kind != AUDIT_REGULAR) {
		*code = AUDIT_E_FILE_TYPE;
		return (err_set(e, ERR_FINDING, "not a regular file"));
	}
	if ((fd = store_open_file(dirfd, CHAIN_FILE, &size, e)) == -1)
		return (-1);
	if (store_chain_find(fd, lines, e) == 0)
		return (0);
	if (errno == EFBIG)
		*code = AUDIT_E_LIMIT;
	return (-1);
}

struct span
audit_line_in(const struct store_chain *lines, struct audit_window *window, uint64_t i)
{
	struct span line;

	if (!store_chain_line_in(lines, window->bytes, i, &line))
		window->lost = i;
	return (line);
}
