#include "audit/history/salts.h"

#include "base/err.h"
#include "base/text.h"
#include "crypto/random.h"
#include "store/layout.h"

/* One line "0 0 BASE64": the seed itself. */
static int
read_seed(int dirfd, const char *file, unsigned char seed[static 16], enum audit_code *code,
    struct err *e)
{
	static const struct span head = SPAN("0 0 ");
	struct buf bytes = { 0 };
	struct span text;
	size_t len;
	int rc = -1;

	*code = AUDIT_E_SALT;
	if (audit_read(dirfd, file, 4096, &bytes, code, e) == -1)
		goto out;
	text = buf_view(&bytes);
	if (!span_starts(text, head) || text.ptr[text.len - 1] != '\n' ||
	    text_unbase64(span_of(text.ptr + head.len, text.len - head.len - 1), seed, 16, &len) ==
		-1 ||
	    len != 16) {
		(void)err_set(e, ERR_FINDING, "not the seed of a segment");
		goto out;
	}
	rc = 0;
out:
	buf_free(&bytes);
	return (rc);
}

int
audit_salts_open(struct audit_salts *salts, int dirfd, uint64_t seg, const struct seal_past *past,
    enum audit_code *code, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct buf bytes = { 0 };
	int rc = -1;

	store_revision_path(path, seg, past == NULL ? 0 : past->revision, "salt");
	salts->whole = past == NULL || past->revision == 0;
	if (salts->whole)
		return (read_seed(dirfd, path, salts->seed, code, e));
	*code = AUDIT_E_SALT;
	if (audit_read(dirfd, path, SEAL_COVER_BYTES_MAX, &bytes, code, e) == 0)
		rc = seal_cover_read(buf_view(&bytes), &salts->cover, e);
	buf_free(&bytes);
	return (rc);
}

void
audit_salts_close(struct audit_salts *salts)
{
	seal_cover_free(&salts->cover);
	crypto_wipe(salts->seed, sizeof(salts->seed));
}

bool
audit_salts_one(const struct audit_salts *salts, uint32_t index, unsigned char salt[static 16])
{
	if (!salts->whole)
		return (seal_cover_salt(&salts->cover, index, salt));
	seal_salt(salts->seed, index, salt);
	return (true);
}

void
audit_salts_run(const struct audit_salts *salts, uint32_t first, size_t count,
    unsigned char (*run)[16], bool *known, void *memory)
{
	if (salts->whole)
		seal_salts(salts->seed, first, count, run, memory);
	else
		(void)seal_cover_salts(&salts->cover, first, count, run, known, memory);
}

/* ---- what was erased, and what was not ---- */

static bool
is_given(const struct audit_salts *salts, uint32_t index)
{
	unsigned char salt[16];
	bool given = audit_salts_one(salts, index, salt);

	crypto_wipe(salt, sizeof(salt));
	return (given);
}

/* Any of the salts that went with what was done to the record. */
static bool
is_any_given(const struct audit_salts *salts, const struct seal_touched *t)
{
	unsigned gone = t->erased ? t->replaced : t->replaced - 1u;

	if (is_given(salts, t->record))
		return (true);
	for (unsigned k = 0; k < gone; k++)
		if (is_given(salts, SEAL_SALT_REPLACED(t->record, k)))
			return (true);
	return (false);
}

static void
check_erased(const struct audit_salts *salts, const struct seal_past *past,
    const struct audit_place *at, struct audit_list *list)
{
	struct audit_place place = *at;
	uint64_t count = 0, first = 0;

	for (size_t i = 0; i < past->touched_count; i++)
		if (is_any_given(salts, &past->touched[i]) && count++ == 0)
			first = past->touched[i].record;
	place.record = at->record + first;
	place.count = count;
	if (count > 0)
		audit_report(list, AUDIT_E_ERASED_SALT_PRESENT, &place,
		    "guesses of what was erased can be tested");
	place.record = AUDIT_NONE;
	place.count = 1;
	if (count == 0 && is_given(salts, SEAL_SALT_FILE))
		audit_report(
		    list, AUDIT_E_ERASED_SALT_PRESENT, &place, "that of the file as it was sealed");
}

/* Touched records below end, from the place on. */
static size_t
pass_touched(const struct seal_past *past, size_t place, uint64_t end)
{
	while (place < past->touched_count && past->touched[place].record < end)
		place++;
	return (place);
}

/* Records that are not touched and lie below no node.  *first: the first hole with any. */
static uint64_t
count_holes(const struct seal_cover *cover, const struct seal_past *past, uint64_t *first)
{
	uint64_t from = 0, holes = 0, missing;
	size_t place = 0, behind;

	for (size_t i = 0; i <= cover->count && from < past->n; i++) {
		const struct seal_node *node = i < cover->count ? &cover->nodes[i] : NULL;
		uint64_t start =
		    node == NULL ? past->n : (uint64_t)node->index << (32 - node->level);

		if (start > past->n)
			start = past->n;
		behind = pass_touched(past, place, start);
		missing = start - from - (behind - place);
		if (missing > 0 && holes == 0)
			*first = from;
		holes += missing;
		if (node == NULL)
			break;
		from = start + (UINT64_C(1) << (32 - node->level));
		place = pass_touched(past, behind, from);
	}
	return (holes);
}

int
audit_salts_check(const struct audit_salts *salts, const struct seal_past *past,
    const struct audit_place *at, struct audit_list *list)
{
	struct audit_place place = *at;
	uint64_t first = 0, holes = count_holes(&salts->cover, past, &first), lost = 0;

	check_erased(salts, past, at, list);
	for (size_t i = 0; i < past->touched_count; i++) {
		const struct seal_touched *t = &past->touched[i];

		if (!t->erased && lost == 0 &&
		    !is_given(salts, SEAL_SALT_REPLACED(t->record, t->replaced - 1)))
			lost = t->record + 1;
	}
	if (holes > 0) {
		place.record = at->record + first;
		place.count = holes;
		audit_report(list, AUDIT_E_SALT, &place, "salts are missing that nothing erased");
		return (-1);
	}
	if (lost > 0)
		place.record = at->record + lost - 1;
	else
		place.record = AUDIT_NONE;
	place.count = 1;
	if (lost > 0 || !is_given(salts, SEAL_SALT_WORDS))
		audit_report(list, AUDIT_E_SALT, &place,
		    lost > 0 ? "the salt of what replaced it is missing" :
			       "the salt of the vocabulary is missing");
	return (0);
}
