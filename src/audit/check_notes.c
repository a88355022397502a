/*
 * Notes: each size has one, signed by the log key and by the epoch key in
 * force, over the root of the entries.  Like findings in a row are
 * told once, with their number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/notes.h"
#include "base/err.h"
#include "store/layout.h"

#define GOOD AUDIT_CODE_COUNT

void
audit_notes_init(struct audit_notes *notes, struct audit_chain *chain)
{
	*notes = (struct audit_notes){ .chain = chain, .run = GOOD };
}

void
audit_notes_free(struct audit_notes *notes)
{
	buf_free(&notes->bytes);
	buf_free(&notes->newest);
}

/*
 * Read the note at path into notes->note.  size 0: of any size.  in_place: of
 * the entry at hand.  Return GOOD if it is one of this chain, signed by the
 * log key (if that is known).
 */
static enum audit_code
read_note(struct audit_notes *notes, const char *path, uint64_t size, bool in_place, struct err *e)
{
	struct audit_chain *chain = notes->chain;
	enum audit_code code = AUDIT_E_CHECKPOINT_MISSING;

	buf_clear(&notes->bytes);
	if (audit_read(chain->dirfd, path, SEAL_NOTE_BYTES_MAX, &notes->bytes, &code, e) == -1)
		return (code);
	if (seal_note_read(buf_view(&notes->bytes), &notes->note, e) == -1)
		return (AUDIT_E_NOTE);
	if (size != 0 && notes->note.size != size) {
		(void)err_set(e, ERR_FINDING, "the note of size %ju", (uintmax_t)notes->note.size);
		return (AUDIT_E_NOTE);
	}
	if (!chain->has_log)
		return (GOOD);
	if (!span_equal(notes->note.origin, chain->genesis.origin)) {
		(void)err_set(e, ERR_FINDING, "the note of another origin");
		return (AUDIT_E_NOTE);
	}
	if (in_place)
		return (audit_keys_note(chain, &notes->note, e));
	return (audit_keys_other(chain, &notes->note, e) == -1 ? AUDIT_E_LOG_SIG : GOOD);
}

/* Does a note with a good log signature tell the truth? */
static enum audit_code
check_note(const struct audit_notes *notes, const unsigned char root[static 32], struct err *e)
{
	if (memcmp(notes->note.root, root, 32) != 0) {
		(void)err_set(e, ERR_FINDING, "the first entry that is not the signed one");
		return (AUDIT_E_CHAIN_ROOT);
	}
	if (notes->has_epoch && seal_note_check(&notes->note, &notes->epoch, e) == -1)
		return (AUDIT_E_EPOCH_SIG);
	return (GOOD);
}

static void
tell(struct audit_notes *notes, enum audit_code code, uint64_t first, uint64_t count)
{
	struct audit_list *list = &notes->chain->list;
	char path[STORE_PATH_BYTES], more[48] = "";
	struct audit_place at;

	store_note_path(path, first);
	at = audit_place(
	    code == AUDIT_E_CHAIN_ROOT || code == AUDIT_E_UNSIGNED_ENTRIES ? "chain.jsonl" : path);
	at.entry = first - 1;
	at.count = count;
	if (count > 1)
		(void)snprintf(more, sizeof(more), "; and the %ju after it", (uintmax_t)count - 1);
	if (code == AUDIT_E_UNSIGNED_ENTRIES)
		audit_report(list, code, &at, "no note covers it%s", more);
	else
		audit_report(list, code, &at, "%s%s", notes->run_text, more);
}

static void
end_run(struct audit_notes *notes)
{
	if (notes->run != GOOD)
		tell(notes, notes->run, notes->run_first, notes->run_count);
	notes->run = GOOD;
}

static void
add_to_run(struct audit_notes *notes, enum audit_code code, uint64_t size, const struct err *e)
{
	if (code == notes->run && code != GOOD) {
		notes->run_count++;
		return;
	}
	end_run(notes);
	notes->run = code;
	notes->run_first = size;
	notes->run_count = 1;
	if (code != GOOD)
		(void)snprintf(notes->run_text, sizeof(notes->run_text), "%.*s",
		    (int)sizeof(notes->run_text) - 1, e->text);
}

void
audit_notes_check(struct audit_notes *notes, uint64_t size, const unsigned char root[static 32])
{
	struct audit_chain *chain = notes->chain;
	char path[STORE_PATH_BYTES];
	enum audit_code code;
	struct err e;

	notes->has_epoch = chain->has_epoch &&
	    audit_epoch_copy(&notes->epoch, notes->epoch_name, &chain->epoch);
	store_note_path(path, size);
	code = read_note(notes, path, size, true, &e);
	if (code == GOOD) {
		notes->good = size;
		memcpy(notes->good_root, notes->note.root, sizeof(notes->good_root));
		/* What a damaged entry announced or moved is its dependant. */
		if (chain->damaged)
			chain->list.suppressed += memcmp(notes->note.root, root, 32) != 0;
		else
			code = check_note(notes, root, &e);
	}
	if (code == GOOD && !chain->damaged)
		chain->coverage->notes++;
	if (code == AUDIT_E_CHAIN_ROOT)
		chain->damaged = true;
	add_to_run(notes, code, size, &e);
	if (size == chain->count) {
		buf_clear(&notes->newest);
		if (code != AUDIT_E_CHECKPOINT_MISSING && code != AUDIT_E_FILE_TYPE)
			buf_span(&notes->newest, buf_view(&notes->bytes));
	}
}

/* ---- the end of the chain ---- */

static void
see_name(void *arg, int dir, const char *name)
{
	struct audit_notes *notes = arg;
	uint64_t size = audit_number(name, ".note");
	char file[300];
	struct audit_place at = audit_place(file);

	(void)dir;
	if ((size != 0 && size <= notes->chain->count) ||
	    audit_unfinished(name, notes->chain->coverage))
		return;
	if (size != 0 && notes->beyond_count < sizeof(notes->beyond) / sizeof(notes->beyond[0])) {
		notes->beyond[notes->beyond_count++] = size;
		return;
	}
	(void)snprintf(file, sizeof(file), "cp/%s", name);
	audit_report(&notes->chain->list, AUDIT_W_UNKNOWN_FILE, &at, "not a note of this chain");
}

static int
compare_sizes(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return ((*one > *other) - (*one < *other));
}

/* Notes of sizes that the chain does not have (any more). */
static void
check_beyond(struct audit_notes *notes)
{
	struct audit_list *list = &notes->chain->list;
	char path[STORE_PATH_BYTES];
	struct audit_place at;
	enum audit_code code;
	struct err e;

	qsort(notes->beyond, notes->beyond_count, sizeof(notes->beyond[0]), compare_sizes);
	for (size_t i = 0; i < notes->beyond_count; i++) {
		store_note_path(path, notes->beyond[i]);
		code = read_note(notes, path, notes->beyond[i], false, &e);
		if (code == GOOD && notes->beyond[i] > notes->good)
			notes->good = notes->beyond[i];
		if (code == GOOD)
			continue;
		at = audit_place(path);
		audit_report(list, code, &at, "%s", e.text);
	}
}

/* checkpoint against the newest note: a copy of it, or as good as one. */
static void
check_checkpoint(struct audit_notes *notes)
{
	struct audit_chain *chain = notes->chain;
	struct audit_place at = audit_place("checkpoint");
	enum audit_code code;
	struct err e;

	code = read_note(notes, "checkpoint", 0, false, &e);
	if (notes->newest.len > 0 && span_equal(buf_view(&notes->bytes), buf_view(&notes->newest)))
		return; /* whatever is wrong with it was told of its original */
	if (code == GOOD && notes->note.size < notes->good) {
		code = AUDIT_E_CHECKPOINT_ROLLBACK;
		(void)err_set(&e, ERR_FINDING, "of size %ju, the newest note is of %ju",
		    (uintmax_t)notes->note.size, (uintmax_t)notes->good);
	} else if (code == GOOD && notes->note.size == notes->good && notes->good == chain->count &&
	    !chain->damaged)
		code = check_note(notes, notes->good_root, &e);
	else if (code == GOOD && notes->note.size > notes->good) {
		notes->good = notes->note.size;
		memcpy(notes->good_root, notes->note.root, sizeof(notes->good_root));
	}
	if (code != GOOD)
		audit_report(&chain->list, code, &at, "%s", e.text);
}

/* Sizes without a note at the end: not signed at all, or only not kept. */
static void
check_unsigned(struct audit_notes *notes)
{
	struct audit_chain *chain = notes->chain;
	uint64_t first = notes->run_first, kept;

	chain->signed_count = chain->count;
	if (notes->run != AUDIT_E_CHECKPOINT_MISSING) {
		end_run(notes);
		return;
	}
	notes->run = GOOD;
	kept = notes->good >= chain->count ? chain->count : notes->good;
	if (kept + 1 < first)
		kept = first - 1;
	if (kept >= first)
		tell(notes, AUDIT_E_CHECKPOINT_MISSING, first, kept - first + 1);
	if (kept == chain->count)
		return;
	/* Nobody vouches for these; what is odd about them does not matter. */
	chain->signed_count = kept;
	audit_list_drop(&chain->list, kept, AUDIT_E_UNSIGNED_ENTRIES);
	tell(notes, AUDIT_E_UNSIGNED_ENTRIES, kept + 1, chain->count - kept);
}

void
audit_notes_end(struct audit_notes *notes)
{
	struct audit_chain *chain = notes->chain;
	struct audit_place at = audit_place("cp");
	enum audit_kind kind = audit_kind(chain->dirfd, "cp");
	struct err e;

	if (kind != AUDIT_MISSING && audit_walk(chain->dirfd, "cp", see_name, notes, &e) == -1)
		audit_report(&chain->list, AUDIT_E_FILE_TYPE, &at, "not a directory");
	check_beyond(notes);
	check_checkpoint(notes);
	check_unsigned(notes);
	if (notes->good > chain->count && !chain->torn) {
		at = audit_place("chain.jsonl");
		at.entry = chain->count;
		at.count = notes->good - chain->count;
		audit_report(&chain->list, AUDIT_E_CHAIN_TRUNCATED, &at,
		    "%ju entries are signed, %zu are here", (uintmax_t)notes->good, chain->count);
	} else if (notes->good > chain->count)
		chain->list.suppressed++;
}
