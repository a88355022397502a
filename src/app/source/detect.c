/* app: the first look at a file. */
#include "app/source/detect.h"
#include "base/arena.h"
#include "base/err.h"

int
app_detect(const char *path, size_t bytes, const atomic_bool *stop, struct input **in,
    struct parse_evidence *found, struct err *e)
{
	struct arena secret = { 0 }; /* the scratch sees raw lines */
	struct input *made = NULL;
	struct span head;
	int rc = -1;

	*in = NULL;
	if (arena_open(&secret, PARSE_LINE_MAX, ARENA_SECRET, e) == -1 ||
	    input_open(path, stop, &made, e) == -1)
		goto out;
	if (input_peek(made, bytes, &head, e) == -1) {
		(void)err_in(e, "%s", path);
		goto out;
	}
	parse_detect(head, arena_take(&secret, PARSE_LINE_MAX), found);
	*in = made;
	made = NULL; /* handed over */
	rc = 0;
out:
	input_close(made);
	arena_close(&secret);
	return (rc);
}
