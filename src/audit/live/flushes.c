#include "audit/live/flushes.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "crypto/sha256.h"
#include "store/layout.h"

/* The walk ends here: what is wrong, and in which line (0: none). */
static void
stop(struct audit_flushes *f, uint64_t line, const char *why)
{
	f->more = false;
	f->bad = line == 0 ? 1 : line;
	(void)snprintf(f->text, sizeof(f->text), "%.*s", (int)sizeof(f->text) - 1, why);
}

/* Have the next line at hand; at the end, or at a bad one, more is false. */
static void
advance(struct audit_flushes *f)
{
	const struct seal_tags *walk = &f->file.walk;
	const char *why;
	struct err e;
	int got = audit_tags_next(&f->file, &e);

	f->more = got == 1;
	if (got == -1) {
		why = strrchr(e.text, ':'); /* behind the line's number */
		stop(f, walk->line, why == NULL ? e.text : why + 2);
		return;
	}
	why = got == 1 ? seal_tags_check_line(walk, &f->want) : seal_tags_check_end(walk, &f->want);
	if (why != NULL)
		stop(f, walk->line + (got == 0), why);
}

static void
compare(struct audit_flushes *f, uint64_t n, const unsigned char root[static 32])
{
	for (; f->more && f->file.walk.tag.n == n; advance(f))
		if (memcmp(root, f->file.walk.tag.root, 32) != 0 && f->wrong == 0)
			f->wrong = f->file.walk.line;
}

void
audit_flushes_begin(
    struct audit_flushes *f, const struct audit_chain *chain, const struct seal_segment *facts)
{
	char path[STORE_PATH_BYTES];
	unsigned char none[32];
	struct err e;

	f->wanted = facts->has_tags;
	f->file.fd = -1;
	f->more = false;
	f->wrong = f->bad = 0;
	f->code = AUDIT_E_TAGS;
	if (!f->wanted)
		return;
	f->want = (struct seal_tags_want){ .seg = facts->seg,
		.n = facts->n,
		.g0 = facts->tags.g0,
		.g = facts->tags.g,
		.root = facts->root };
	store_segment_path(path, facts->seg, "tags");
	if (audit_tags_open(&f->file, chain->dirfd, path, false, &f->code, &e) == -1) {
		stop(f, 0, e.text);
		return;
	}
	advance(f);
	crypto_sha256(NULL, 0, none);
	compare(f, 0, none);
}

size_t
audit_flushes_next(const struct audit_flushes *f, uint64_t n)
{
	return (f->more ? (size_t)(f->file.walk.tag.n - n) : SIZE_MAX);
}

void
audit_flushes_add(struct audit_flushes *f, uint64_t n, const struct seal_tree *tree)
{
	unsigned char root[32];

	if (!f->more || f->file.walk.tag.n != n)
		return;
	seal_tree_root(tree, root);
	compare(f, n, root);
}

void
audit_flushes_end(
    struct audit_flushes *f, bool good, const struct audit_place *at, struct audit_list *list)
{
	char path[STORE_PATH_BYTES];
	struct audit_place place = *at;

	if (!f->wanted)
		return;
	while (f->more)
		advance(f);
	audit_tags_close(&f->file);
	store_segment_path(path, f->want.seg, "tags");
	place.file = path;
	place.record = AUDIT_NONE;
	place.count = 1;
	if (f->wrong != 0 && !good)
		list->suppressed++;
	else if (f->wrong != 0 && (f->bad == 0 || f->wrong < f->bad)) {
		place.line = f->wrong;
		audit_report(list, AUDIT_E_TAGS, &place, "the root of its records was another");
		return;
	}
	if (f->bad == 0)
		return;
	place.line = f->code == AUDIT_E_TAGS && f->file.walk.line > 0 ? f->bad : AUDIT_NONE;
	audit_report(list, f->code, &place, "%s", f->text);
}
