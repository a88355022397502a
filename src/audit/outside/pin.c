/* Pins: a file of "ORIGIN SIZE ROOT" lines, and whether a chain goes on from its line. */
#include "audit/outside/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "base/text.h"
#include "seal/tree.h"

#define PINS_MAX 65536

static const struct span head = SPAN("cretula pin v1\n");

static struct audit_pin *
add_pin(struct audit_pins *pins, struct span origin)
{
	struct audit_pin *items = pins->items;

	if (pins->count == PINS_MAX || origin.len > SEAL_NAME_BYTES_MAX)
		return (NULL);
	if (pins->count == pins->room) {
		size_t room = pins->room == 0 ? 16 : pins->room * 2;

		if ((items = reallocarray(items, room, sizeof(*items))) == NULL) {
			(void)err_memory(NULL);
			return (NULL);
		}
		pins->items = items;
		pins->room = room;
	}
	items += pins->count++;
	memset(items, 0, sizeof(*items));
	memcpy(items->origin, origin.ptr, origin.len);
	return (items);
}

static const char *
stream_of(const struct audit_pin *pin)
{
	const char *slash = strrchr(pin->origin, '/');

	return (slash == NULL ? pin->origin : slash + 1);
}

/* ORIGIN SIZE ROOT, without LF. */
static int
read_line(struct audit_pins *pins, struct span line)
{
	struct span origin = span_word(&line), size = span_word(&line);
	struct audit_pin *pin;
	size_t len;

	if (origin.len == 0 || !text_is_ascii(origin) || (pin = add_pin(pins, origin)) == NULL ||
	    num_u64(size, &pin->size) == -1 || pin->size == 0 ||
	    text_unbase64(line, pin->root, 32, &len) == -1 || len != 32)
		return (-1);
	return (0);
}

int
audit_pins_read(struct audit_pins *pins, const char *path, struct err *e)
{
	unsigned shortages = err_memory_count();
	struct buf bytes = { 0 };
	struct span rest;
	int rc = -1;

	*pins = (struct audit_pins){ 0 };
	if (io_read_file(AT_FDCWD, path, AUDIT_PINS_BYTES_MAX, &bytes, e) == -1) {
		rc = errno == ENOENT ? 0 : err_in(e, "--pin");
		goto out;
	}
	rest = buf_view(&bytes);
	if (!span_starts(rest, head)) {
		(void)err_set(e, ERR_CONFIG, "--pin: %s holds no pins", path);
		goto out;
	}
	for (rest = span_from(rest, head.len); rest.len > 0;) {
		size_t len = span_find(rest, '\n');

		if (len == rest.len || read_line(pins, span_of(rest.ptr, len)) == -1) {
			if (err_memory_count() != shortages)
				(void)err_memory(e);
			else
				(void)err_set(e, ERR_CONFIG, "--pin: %s: line %zu is no pin", path,
				    pins->count + 1);
			goto out;
		}
		rest = span_from(rest, len + 1);
	}
	rc = 0;
out:
	buf_free(&bytes);
	return (rc);
}

static int
compare_pins(const void *a, const void *b)
{
	const struct audit_pin *one = a, *other = b;

	return (strcmp(one->origin, other->origin));
}

int
audit_pins_write(const struct audit_pins *pins, const char *path, struct err *e)
{
	struct buf out = { 0 };
	int rc;

	if (pins->count > 0)
		qsort(pins->items, pins->count, sizeof(pins->items[0]), compare_pins);
	buf_span(&out, head);
	for (size_t i = 0; i < pins->count; i++) {
		buf_fmt(&out, "%s %ju ", pins->items[i].origin, (uintmax_t)pins->items[i].size);
		buf_base64(&out, pins->items[i].root, sizeof(pins->items[i].root));
		buf_char(&out, '\n');
	}
	if (!buf_ok(&out))
		rc = err_memory(e);
	else
		rc = io_replace(AT_FDCWD, path, buf_view(&out), 0644, false, e);
	buf_free(&out);
	return (rc == -1 ? err_in(e, "--pin") : 0);
}

void
audit_pins_free(struct audit_pins *pins)
{
	free(pins->items);
	*pins = (struct audit_pins){ 0 };
}

static void
root_at(struct audit_chain *chain, uint64_t size, unsigned char root[static 32])
{
	struct seal_tree *tree = calloc(1, sizeof(*tree));
	unsigned char leaf[1][32];

	memset(root, 0, 32);
	if (tree == NULL)
		return; /* a root that nothing has */
	seal_tree_init(tree);
	for (uint64_t i = 0; i < size; i++) {
		struct span line = audit_line(chain, i);

		seal_entry_leaf(line.ptr, line.len, leaf[0]);
		(void)seal_tree_add(tree, (const unsigned char(*)[32])leaf, 1, NULL);
	}
	seal_tree_root(tree, root);
	free(tree);
}

/* Of a chain that is damaged anyway, another root is a dependant. */
static bool
goes_on(const struct audit_pin *pin, struct audit_chain *chain)
{
	struct audit_place at = audit_place("chain.jsonl");
	struct audit_list *list = &chain->list;
	unsigned char root[32];

	if (!span_is(chain->genesis.origin, pin->origin)) {
		audit_report(list, AUDIT_E_SPLIT_VIEW, &at, "pinned was a chain of another origin");
		return (false);
	}
	if (chain->count < pin->size) {
		at.entry = chain->count;
		audit_report(list, AUDIT_E_ROLLBACK, &at, "%ju entries were seen, %zu are here",
		    (uintmax_t)pin->size, chain->count);
		return (false);
	}
	root_at(chain, pin->size, root);
	if (memcmp(root, pin->root, sizeof(root)) == 0)
		return (true);
	if (chain->damaged)
		list->suppressed++;
	else
		audit_report(list, AUDIT_E_SPLIT_VIEW, &at,
		    "its first %ju entries are not those that were seen", (uintmax_t)pin->size);
	return (false);
}

void
audit_pins_check(struct audit_pins *pins, struct audit_chain *chain)
{
	struct audit_pin *pin = NULL;

	for (size_t i = 0; i < pins->count && pin == NULL; i++)
		if (strcmp(stream_of(&pins->items[i]), chain->name) == 0)
			pin = &pins->items[i];
	if (pin != NULL)
		pin->seen = true;
	if (!chain->has_genesis || chain->count == 0) {
		chain->list.suppressed += pin != NULL;
		return;
	}
	if (pin == NULL) {
		if ((pin = add_pin(pins, chain->genesis.origin)) == NULL) {
			chain->list.failed = true;
			return;
		}
		pin->seen = true;
		chain->coverage->pins_new++;
	} else if (!goes_on(pin, chain))
		return;
	else
		chain->coverage->pins_good++;
	pin->size = chain->count;
	root_at(chain, pin->size, pin->root);
}

void
audit_pins_missing(const struct audit_pins *pins, const char *only, struct audit_list *list)
{
	for (size_t i = 0; i < pins->count; i++) {
		const struct audit_pin *pin = &pins->items[i];
		struct audit_place at = audit_place("chain.jsonl");

		if (pin->seen ||
		    (only != NULL && strcmp(stream_of(pin), only) != 0 &&
			strcmp(stream_of(pin), "cretula.store") != 0))
			continue;
		audit_report(list, AUDIT_E_ROLLBACK, &at, "a chain of %ju entries was seen: %.80s",
		    (uintmax_t)pin->size, pin->origin);
	}
}
