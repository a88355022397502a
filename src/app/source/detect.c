/* app: the first look at a file. */
#include "app/source/detect.h"
#include "base/arena.h"
#include "base/err.h"

int
app_detect(const struct app_look *look, struct input **in, struct parse_evidence *found,
    struct err *e)
{
	struct arena secret = { 0 }; /* the scratch sees raw lines */
	struct input *made = NULL;
	struct span head;
	const char *wide;
	char *scratch;
	int rc = -1;

	*in = NULL;
	if (arena_open(&secret, PARSE_SCRATCH_BYTES, ARENA_SECRET, e) == -1 ||
	    input_open(look->path, look->stop, &made, e) == -1)
		goto out;
	if (input_peek(made, look->bytes, &head, e) == -1) {
		(void)err_in(e, "%s", look->path);
		goto out;
	}
	if ((wide = parse_detect_wide(head)) != NULL) {
		(void)err_set(e, ERR_INPUT,
		    "%s: is text in %s, and not in UTF-8: give - as the file, and to it what "
		    "iconv -f %s -t UTF-8 makes of this one",
		    look->path, wide, wide);
		goto out;
	}
	scratch = arena_take(&secret, PARSE_SCRATCH_BYTES);
	if (look->named != NULL)
		(void)parse_detect_envelope(head, scratch, look->named);
	if (look->named != NULL)
		parse_detect_named(head, scratch, look->named, found);
	else
		parse_detect(head, scratch, found);
	if (look->stops != NULL && look->named != NULL && look->named->string != NULL)
		parse_stops_find(look->named, head, scratch, look->stops);
	*in = made;
	made = NULL; /* handed over */
	rc = 0;
out:
	input_close(made);
	arena_close(&secret);
	return (rc);
}
