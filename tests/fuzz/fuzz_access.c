/* Fuzz target: any bytes at the door between `serve` and the writer of access records. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/serve/access.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

/* Lines into the texts, so that what is good is found; or all of it as it comes. */
static void
make_note(const uint8_t *data, size_t size, struct app_access_note *n)
{
	struct {
		char *to;
		size_t size;
	} const texts[] = { { n->operator, sizeof(n->operator) }, { n->role, sizeof(n->role) },
		{ n->tier, sizeof(n->tier) }, { n->via, sizeof(n->via) },
		{ n->action, sizeof(n->action) }, { n->stream, sizeof(n->stream) },
		{ n->reason, sizeof(n->reason) }, { n->since, sizeof(n->since) },
		{ n->until, sizeof(n->until) }, { n->window, sizeof(n->window) },
		{ n->filter, sizeof(n->filter) } };
	struct span rest = span_of((const char *)data, size);

	memset(n, 0, sizeof(*n));
	if (size > 0 && data[0] == '\0') {
		memcpy(n, data, size < sizeof(*n) ? size : sizeof(*n));
		return;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = span_find(rest, '\n');

		memcpy(texts[i].to, rest.ptr, len < texts[i].size ? len : texts[i].size);
		rest = len < rest.len ? span_from(rest, len + 1) : span_of("", 0);
	}
}

/* Nothing in a text but what a name, a time or the shape of a filter is made of. */
static void
check_text(const char *text, size_t size, const char *more)
{
	demand(memchr(text, '\0', size) != NULL);
	for (; *text != '\0'; text++)
		demand((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		    (*text >= '0' && *text <= '9') || strchr(more, *text) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct app_access_note n;

	make_note(data, size, &n);
	if (!app_access_note_ok(&n))
		return (0);
	check_text(n.operator, sizeof(n.operator), "._@-");
	check_text(n.role, sizeof(n.role), "-");
	check_text(n.tier, sizeof(n.tier), "");
	check_text(n.via, sizeof(n.via), "");
	check_text(n.action, sizeof(n.action), "/");
	check_text(n.stream, sizeof(n.stream), ".-");
	check_text(n.reason, sizeof(n.reason), "-");
	check_text(n.since, sizeof(n.since), ":.-?");
	check_text(n.until, sizeof(n.until), ":.-?");
	check_text(n.window, sizeof(n.window), "");
	check_text(n.filter, sizeof(n.filter), " !()&|=<>^~?._");
	demand(n.operator[0] != '\0' && n.role[0] != '\0' && n.action[0] != '\0');
	return (0);
}
