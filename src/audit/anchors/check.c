/* An anchor entry: its file is there as sealed, and is of the note that it names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/anchors/anchored.h"
#include "base/err.h"
#include "crypto/sha256.h"
#include "store/layout.h"

struct check {
	struct audit_chain *chain;
	const struct seal_anchor *anchor;
	const struct audit_place *at;
	struct buf file, text; /* its file; the note of its size */
	struct seal_note note; /* of text */
	struct audit_window window; /* another than that of the entry at hand */
	struct seal_entry last; /* the last entry under the note */
	struct audit_anchored found;
};

/* anchor/SIZE.EXTENSION, or anchor/SIZE-N.EXTENSION with N from 2. */
static bool
is_name(struct span name, uint64_t size, const char *extension)
{
	char start[40], end[16];
	struct span middle;

	(void)snprintf(start, sizeof(start), "anchor/%08ju", (uintmax_t)size);
	(void)snprintf(end, sizeof(end), ".%s", extension);
	if (!span_starts(name, span_str(start)) || name.len < strlen(start) + strlen(end) ||
	    name.len > AUDIT_ANCHOR_NAME_MAX)
		return (false);
	middle = span_from(name, strlen(start));
	if (!span_is(span_from(middle, middle.len - strlen(end)), end))
		return (false);
	middle.len -= strlen(end);
	if (middle.len == 0)
		return (true);
	if (middle.len < 2 || middle.ptr[0] != '-' || middle.ptr[1] == '0' || span_is(middle, "-1"))
		return (false);
	for (size_t i = 1; i < middle.len; i++)
		if (middle.ptr[i] < '0' || middle.ptr[i] > '9')
			return (false);
	return (true);
}

/* The file as the entry names it. */
static int
read_file(struct check *c)
{
	struct audit_list *list = &c->chain->list;
	struct audit_place at = *c->at;
	enum audit_code code = AUDIT_E_ANCHOR;
	unsigned char hash[32];
	struct err e;

	at.file = c->found.name;
	switch (audit_kind(c->chain->dirfd, "anchor")) {
	case AUDIT_DIRECTORY: break;
	case AUDIT_MISSING:
		audit_report(list, code, &at, "there is no directory anchor/");
		return (-1);
	default:
		list->suppressed++; /* what it is instead is told at the end */
		return (-1);
	}
	if (audit_read(c->chain->dirfd, c->found.name, AUDIT_ANCHOR_BYTES_MAX, &c->file, &code,
		&e) == -1) {
		/* One that is longer than any is not the one that was named. */
		audit_report(
		    list, code == AUDIT_E_LIMIT ? AUDIT_E_ANCHOR : code, &at, "%s", e.text);
		return (-1);
	}
	crypto_sha256(c->file.data, c->file.len, hash);
	if (c->file.len == c->anchor->file.size &&
	    memcmp(hash, c->anchor->file.hash, sizeof(hash)) == 0)
		return (0);
	audit_report(list, code, &at, "not the file that entry %ju names", (uintmax_t)c->at->entry);
	return (-1);
}

/* What is wrong with the note itself was told with the notes. */
static int
read_note(struct check *c)
{
	char path[STORE_PATH_BYTES];
	enum audit_code code = AUDIT_E_CHECKPOINT_MISSING;

	store_note_path(path, c->anchor->size);
	if (audit_read(c->chain->dirfd, path, SEAL_NOTE_BYTES_MAX, &c->text, &code, NULL) == 0 &&
	    seal_note_read(buf_view(&c->text), &c->note, NULL) == 0 &&
	    c->note.size == c->anchor->size &&
	    seal_entry_read(
		audit_line_in(&c->chain->lines, &c->window, c->anchor->size - 1), c->chain->names,
		&c->last, NULL) == 0)
		return (0);
	if (audit_window_settle(&c->window, &c->chain->list))
		return (-1);
	c->chain->list.suppressed++;
	return (-1);
}

static void
check_file(struct check *c, const struct audit_anchor_kind *kind)
{
	struct audit_place at = *c->at;
	struct audit_anchor_input in = { .options = c->chain->options,
		.anchor = c->anchor,
		.coverage = c->chain->coverage,
		.file = buf_view(&c->file),
		.body = c->note.body,
		.sealed_us = c->last.t_us };
	enum audit_code code = AUDIT_E_ANCHOR;
	struct err e;

	at.file = c->found.name;
	if (kind->check(&in, &c->found.cosigned, &code, &e) == -1)
		audit_report(&c->chain->list, code, &at, "%s", e.text);
}

static void
check_anchor(struct check *c, const struct audit_anchor_kind *kind)
{
	struct audit_list *list = &c->chain->list;
	const struct span *name = &c->anchor->file.name;

	if (c->anchor->size == 0 || c->anchor->size > c->at->entry ||
	    c->anchor->size > c->chain->count) {
		audit_report(list, AUDIT_E_ENTRY_TARGET, c->at,
		    "an anchor of the note of size %ju, with %ju entries before",
		    (uintmax_t)c->anchor->size, (uintmax_t)c->at->entry);
		return;
	}
	if (!is_name(*name, c->anchor->size, kind->extension)) {
		audit_report(list, AUDIT_E_ENTRY_TARGET, c->at, "not the name of such an anchor");
		return;
	}
	memcpy(c->found.name, name->ptr, name->len);
	c->found.size = c->anchor->size;
	if (read_file(c) == 0 && read_note(c) == 0)
		check_file(c, kind);
	buf_add(&c->chain->anchors, &c->found, sizeof(c->found));
	if (!buf_ok(&c->chain->anchors))
		list->failed = true;
}

void
audit_anchor_check(
    struct audit_chain *chain, const struct seal_anchor *anchor, const struct audit_place *at)
{
	const struct audit_anchor_kind *kind = audit_anchor_kind(anchor->kind);
	struct check *c;

	if (kind == NULL) {
		chain->coverage->unknown_entries++; /* a newer writer's */
		return;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL || audit_window_open(&c->window, NULL) == -1) {
		chain->list.failed = true;
		free(c);
		return;
	}
	c->chain = chain;
	c->anchor = anchor;
	c->at = at;
	check_anchor(c, kind);
	buf_free(&c->file);
	buf_free(&c->text);
	audit_window_close(&c->window);
	free(c);
}
