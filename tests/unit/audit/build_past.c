#include "build_past.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/sha256.h"
#include "crypto/sign.h"
#include "seal/note.h"
#include "seal/placeholder.h"
#include "seal/puncture.h"
#include "seal/statement.h"
#include "store/layout.h"

static struct seal_entry entry;

static struct span
text_or(const char *text, const char *otherwise)
{
	return (span_str(text == NULL ? otherwise : text));
}

/* ---- records ---- */

static void
read_cover(const struct build_stream *s, const char *path, struct seal_cover *cover)
{
	struct buf bytes = { 0 };
	char full[256];
	struct err e;

	build_stream_path(s, path, full);
	assert(io_read_file(-100, full, SEAL_COVER_BYTES_MAX, &bytes, &e) == 0);
	assert(seal_cover_read(buf_view(&bytes), cover, &e) == 0);
	buf_free(&bytes);
}

/* The leaf of the record's first line, whatever stands there now. */
static void
first_leaf(const struct seal_cover *cover, uint32_t record, struct span line,
    unsigned char leaf[static 32])
{
	uint32_t end = (uint32_t)line.len + 1;
	unsigned char salts[1][16];

	if (seal_line_read(line, leaf, NULL) != SEAL_LINE_RECORD)
		return;
	assert(seal_cover_salt(cover, record, salts[0]));
	seal_leaves(
	    line.ptr, &end, 1, (const unsigned char(*)[16])salts, (unsigned char(*)[32])leaf);
}

static void
put_item(const struct build_item *from, const struct seal_cover *cover, struct seal_item *item,
    struct buf *out)
{
	unsigned char salt[16];
	struct buf line = { 0 };

	item->record = from->record;
	item->has_new = from->line != NULL;
	if (item->has_new) {
		seal_replaced_print(item->leaf, span_str(from->line), &line);
		assert(
		    seal_cover_salt(cover, SEAL_SALT_REPLACED(from->record, from->before), salt));
		seal_replaced_leaf(buf_view(&line), salt, item->new_leaf);
	} else
		seal_erased_print(item->leaf, &line);
	buf_span(out, buf_view(&line));
	buf_char(out, '\n');
	buf_free(&line);
}

static void
rewrite(const struct build_redact *r, struct seal_cover *cover, const struct buf *lines,
    struct seal_item *items, struct buf *out)
{
	size_t k = 0;

	for (size_t i = 0; i < r->count; i++) {
		struct span line =
		    build_cut(buf_view(lines), r->items[i].record, r->items[i].record + 1);

		line.len--;
		first_leaf(cover, r->items[i].record, line, items[i].leaf);
	}
	for (size_t i = 0; i < r->count; i++)
		assert(seal_cover_erase(cover, r->items[i].record, r->items[i].before, NULL) == 0);
	for (uint32_t i = 0;; i++) {
		struct span line = build_cut(buf_view(lines), i, (size_t)i + 1);

		if (line.len == 0)
			return;
		if (k < r->count && r->items[k].record == i) {
			put_item(&r->items[k], cover, &items[k], out);
			k++;
		} else
			buf_span(out, line);
	}
}

static void
unlink_revision(const struct build_stream *s, uint64_t seg, uint64_t revision, const char *suffix)
{
	char path[STORE_PATH_BYTES], full[256];

	store_revision_path(path, seg, revision, suffix);
	build_stream_path(s, path, full);
	assert(unlink(full) == 0);
}

void
build_unlink(const struct build_stream *s, uint64_t seg, const char *suffix)
{
	unlink_revision(s, seg, 0, suffix);
}

void
build_redact(struct build_stream *s, const struct build_redact *r, struct buf *lines)
{
	struct seal_item *items = calloc(r->count, sizeof(*items));
	char path[STORE_PATH_BYTES], full[256];
	struct seal_cover cover = { 0 };
	struct buf changed = { 0 }, salt = { 0 }, list = { 0 };
	struct build b;
	uint64_t size;

	assert(items != NULL);
	store_revision_path(path, r->seg, r->revision - 1, "salt");
	read_cover(s, path, &cover);
	rewrite(r, &cover, lines, items, &changed);
	seal_cover_print(&cover, &salt);
	store_revision_path(path, r->seg, r->revision, "salt");
	build_stream_path(s, path, full);
	build_write_file(full, salt.data, salt.len);
	(void)snprintf(b.dir, sizeof(b.dir), "%s", s->dir);
	store_revision_path(path, r->seg, r->revision, "jsonl.zst");
	(void)snprintf(full, sizeof(full), "streams/%s/%s", s->name, path);
	build_repack(&b, full, changed.data, changed.len);
	build_stream_path(s, path, full);
	size = build_size(full);
	seal_items_print(items, r->count, &list);
	build_common(s, SEAL_REDACT, &entry);
	entry.of.redact = (struct seal_redact){ .seg = r->seg,
		.revision = r->revision,
		.items = buf_view(&list),
		.reason = span_str("Art. 17"),
		.file_size = size };
	build_append(s, &entry, false);
	if (!r->keep_data)
		unlink_revision(s, r->seg, r->revision - 1, "jsonl.zst");
	if (!r->keep_salt)
		unlink_revision(s, r->seg, r->revision - 1, "salt");
	buf_free(lines);
	*lines = changed;
	seal_cover_free(&cover);
	buf_free(&salt);
	buf_free(&list);
	free(items);
}

/* ---- entries ---- */

void
build_hold(struct build_stream *s, const char *id, const char *segs, uint64_t onward,
    const char *mask_epochs)
{
	build_common(s, SEAL_HOLD, &entry);
	entry.of.hold = (struct seal_hold){ .hold = span_str(id),
		.segs = text_or(segs, "[]"),
		.has_onward = onward > 0,
		.onward = onward,
		.mask_epochs = text_or(mask_epochs, "{}"),
		.reason = span_str("case 7") };
	build_append(s, &entry, false);
}

void
build_release(struct build_stream *s, const char *id)
{
	build_common(s, SEAL_RELEASE, &entry);
	entry.of.release =
	    (struct seal_release){ .hold = span_str(id), .reason = span_str("settled") };
	build_append(s, &entry, false);
}

void
build_prune(struct build_stream *s, const char *segs)
{
	build_common(s, SEAL_PRUNE, &entry);
	entry.of.prune =
	    (struct seal_prune){ .segs = span_str(segs), .rule = span_str("30d"), .cutoff_us = 0 };
	build_append(s, &entry, false);
}

void
build_rotate(struct build_stream *s, const char *segs)
{
	build_common(s, SEAL_ROTATE, &entry);
	entry.of.rotate =
	    (struct seal_rotate){ .period = span_str("2025-11-25"), .segs = span_str(segs) };
	build_append(s, &entry, false);
}

void
build_destroy(struct build_stream *s, const char *what)
{
	build_common(s, SEAL_DESTROY, &entry);
	entry.of.destroy.what = span_str(what);
	build_append(s, &entry, false);
}

void
build_replay(struct build_stream *s, uint64_t seg, uint64_t n)
{
	build_common(s, SEAL_REPLAY, &entry);
	entry.of.replay = (struct seal_replay){ .seg = seg, .n = n };
	build_append(s, &entry, false);
}

void
build_recover(struct build_stream *s, bool alarm, const char *reason)
{
	build_common(s, SEAL_RECOVER, &entry);
	entry.of.recover = (struct seal_recover){ .alarm = alarm, .reason = span_str(reason) };
	build_append(s, &entry, false);
}

void
build_head(struct build *b, const char *name, uint64_t size, const unsigned char *root)
{
	build_common(&b->own, SEAL_HEAD, &entry);
	entry.of.head = (struct seal_head){ .name = span_str(name), .size = size };
	memcpy(entry.of.head.root, root, 32);
	build_append(&b->own, &entry, false);
}

void
build_derive(struct build_stream *s, const char *origin, uint64_t size, const unsigned char *root,
    const char *to, const char *file)
{
	build_common(s, SEAL_DERIVE, &entry);
	entry.of.derive = (struct seal_derive){ .origin = span_str(origin),
		.size = size,
		.segs = span_str("[[1,1]]"),
		.transform = span_str("archive"),
		.policy = span_str(BUILD_POLICY),
		.to = to == NULL ? span_of(NULL, 0) : span_str(to),
		.has_file = file != NULL };
	memcpy(entry.of.derive.root, root, 32);
	if (file != NULL) {
		entry.of.derive.file.name = span_str("out/made.json");
		entry.of.derive.file.size = strlen(file);
		crypto_sha256(file, strlen(file), entry.of.derive.file.hash);
	}
	build_append(s, &entry, false);
}

/* ---- keys ---- */

static void
make_key(const struct build_stream *s, const char *kind, unsigned number,
    unsigned char seed[static 32], struct buf *vkey)
{
	unsigned char public_key[32];
	char name[128];

	(void)snprintf(name, sizeof(name), "%s%s", s->origin, kind[0] == 'r' ? "/recovery" : "");
	build_make_seed(s->name, kind, number, 0, seed);
	crypto_sign_public(seed, public_key);
	seal_vkey_print(span_str(name), public_key, vkey);
}

static void
sign_message(const struct buf *message, const unsigned char seed[static 32], bool bad,
    unsigned char signature[static 64])
{
	crypto_sign_message(seed, buf_view(message), signature);
	signature[0] ^= bad;
}

void
build_rekey(struct build_stream *s, const struct build_rekey *how)
{
	const char *kind = how->recovery_key ? "recovery" : "log";
	unsigned from = how->flaw == BUILD_OTHER_OLD ? how->to + 1 : how->to - 1;
	unsigned char old_seed[32], new_seed[32], recovery_seed[32];
	struct buf old = { 0 }, new = { 0 }, recovery = { 0 }, message = { 0 };

	make_key(s, kind, from, old_seed, &old);
	make_key(s, kind, how->to, new_seed, &new);
	make_key(s, "recovery", 0, recovery_seed, &recovery);
	assert(
	    seal_rekey_message(span_str(s->origin), buf_view(&old), buf_view(&new), &message) == 0);
	build_common(s, SEAL_REKEY, &entry);
	entry.of.rekey = (struct seal_rekey){ .key = span_str(kind),
		.old = buf_view(&old),
		.new = buf_view(&new),
		.has_recovery = how->with_recovery };
	sign_message(&message, new_seed, how->flaw == BUILD_BAD_PROOF, entry.of.rekey.proof);
	sign_message(
	    &message, recovery_seed, how->flaw == BUILD_BAD_RECOVERY, entry.of.rekey.recovery);
	if (!how->recovery_key) {
		s->no_log_line = how->unsigned_old;
		s->has_second = !how->unsigned_new;
		memcpy(s->second_seed, new_seed, 32);
	}
	build_append(s, &entry, false);
	s->no_log_line = s->has_second = false;
	if (!how->recovery_key)
		memcpy(s->log_seed, new_seed, 32);
	buf_free(&old);
	buf_free(&new);
	buf_free(&recovery);
	buf_free(&message);
}

void
build_revoke(struct build_stream *s, unsigned key, uint64_t from, enum build_flaw flaw)
{
	unsigned char seed[32], recovery_seed[32];
	struct buf vkey = { 0 }, recovery = { 0 }, message = { 0 };

	make_key(s, "log", key, seed, &vkey);
	make_key(s, "recovery", 0, recovery_seed, &recovery);
	seal_revoke_message(span_str(s->origin), buf_view(&vkey), from, &message);
	build_common(s, SEAL_REVOKE, &entry);
	entry.of.revoke = (struct seal_revoke){ .vkey = buf_view(&vkey), .from = from };
	sign_message(
	    &message, recovery_seed, flaw == BUILD_BAD_RECOVERY, entry.of.revoke.signature);
	build_append(s, &entry, false);
	buf_free(&vkey);
	buf_free(&recovery);
	buf_free(&message);
}

void
build_lost(struct build_stream *s, unsigned to, enum build_flaw flaw)
{
	unsigned char old_seed[32], new_seed[32], recovery_seed[32];
	struct buf old = { 0 }, new = { 0 }, recovery = { 0 }, message = { 0 };

	make_key(s, "log", to > 0 ? to - 1 : 0, old_seed, &old);
	make_key(s, "log", to, new_seed, &new);
	make_key(s, "recovery", 0, recovery_seed, &recovery);
	assert(
	    seal_rekey_message(span_str(s->origin), buf_view(&old), buf_view(&new), &message) == 0);
	build_common(s, SEAL_RECOVER, &entry);
	entry.of.recover = (struct seal_recover){
		.reason = span_str("accepted"), .has_recovery = true, .log = buf_view(&new)
	};
	sign_message(
	    &message, recovery_seed, flaw == BUILD_BAD_RECOVERY, entry.of.recover.recovery);
	memcpy(s->log_seed, new_seed, 32);
	build_append_by_next(s, &entry);
	buf_free(&old);
	buf_free(&new);
	buf_free(&recovery);
	buf_free(&message);
}
