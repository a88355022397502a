#include "app/archive/source.h"

#include <stdlib.h>
#include <string.h>

#include "app/archive/pace.h"
#include "app/names.h"
#include "audit/verify.h"
#include "base/err.h"
#include "base/io.h"
#include "seal/note.h"
#include "seal/tree.h"
#include "store/reader.h"

#define DAY_US INT64_C(86400000000)

struct verified {
	uint64_t seg;
	unsigned char hash[32];
};

/* ---- opening ---- */

/* The root of the chain that was read, at the size of its newest note. */
static void
root_of(const struct store_chain *chain, uint64_t size, unsigned char root[static 32])
{
	unsigned char leaf[1][32];
	struct seal_tree tree;

	seal_tree_init(&tree);
	for (uint64_t i = 0; i < size; i++) {
		const struct span line = store_chain_line(chain, i);

		seal_entry_leaf(line.ptr, line.len, leaf[0]);
		(void)seal_tree_add(&tree, (const unsigned char(*)[32])leaf, 1, NULL);
	}
	seal_tree_root(&tree, root);
}

/* A writer may be between an entry and its note: what has none is not there yet. */
static int
read_note(struct app_archive_source *s, struct err *e)
{
	struct seal_note *note = malloc(sizeof(*note));
	struct buf text = { 0 };
	int rc = -1;

	if (note == NULL)
		(void)err_memory(e);
	else if (io_read_file(s->records.stream_fd, "checkpoint", SEAL_NOTE_BYTES_MAX, &text, e) ==
		0 &&
	    seal_note_read(buf_view(&text), note, e) == 0) {
		buf_span(&s->origin, note->origin);
		s->size = note->size;
		memcpy(s->root, note->root, sizeof(s->root));
		rc = buf_ok(&s->origin) ? 0 : err_memory(e);
	}
	buf_free(&text);
	free(note);
	return (rc);
}

static int
check_note(const struct app_archive_source *s, struct err *e)
{
	unsigned char root[32];

	if (s->size <= s->records.chain.count) {
		root_of(&s->records.chain, s->size, root);
		if (memcmp(root, s->root, sizeof(root)) == 0)
			return (0);
	}
	return (err_set(e, ERR_FINDING, "its newest note is not of its chain; see cretula verify"));
}

int
app_archive_source_open(
    struct app_archive_source *s, const char *store, const char *stream, struct err *e)
{
	memset(s, 0, sizeof(*s));
	if (app_records_open(&s->records, store, stream, NULL, NULL, e) == -1)
		return (-1);
	if ((s->entry = calloc(1, sizeof(*s->entry))) == NULL)
		return (err_memory(e));
	if (store_reader_open(&s->reader, e) == -1)
		return (-1);
	/* The chain behind the note: who writes meanwhile only makes it longer. */
	if (read_note(s, e) == -1 || app_records_again(&s->records, e) == -1 ||
	    check_note(s, e) == -1)
		return (err_in(e, "store %s: stream %s", store, stream));
	return (0);
}

void
app_archive_source_close(struct app_archive_source *s)
{
	app_records_close(&s->records);
	store_reader_close(s->reader);
	free(s->entry);
	buf_free(&s->origin);
	buf_free(&s->parts);
	buf_free(&s->files);
}

/* ---- what is to be taken ---- */

/*
 * When a segment counts as old, as retention has it: by its seal, or what was
 * imported by its newest record, if that is not of later.
 */
static int64_t
age_of(const struct seal_entry *entry)
{
	const struct seal_segment *segment = &entry->of.segment;
	bool by_seal =
	    segment->has_tags || segment->n == 0 || segment->counts.time_max_us > entry->t_us;

	return (by_seal ? entry->t_us : segment->counts.time_max_us);
}

static void
add_part(struct app_archive_source *s, uint64_t index)
{
	const struct seal_segment *segment = &s->entry->of.segment;
	struct app_archive_part part = { .seg = segment->seg,
		.entry = index,
		.records = segment->n,
		.bytes = segment->bytes,
		.day = segment->n == 0 ? INT64_MIN : segment->counts.time_min_us / DAY_US };

	buf_add(&s->parts, &part, sizeof(part));
}

int
app_archive_source_plan(struct app_archive_source *s, const struct app_archive_state *state,
    int64_t until_us, struct err *e)
{
	const struct store_chain *chain = &s->records.chain;

	int restricted;

	buf_clear(&s->parts);
	s->restricted = 0;
	for (uint64_t i = 0; i < s->size; i++) {
		if (seal_entry_read(store_chain_line(chain, i), app_names(), s->entry, e) == -1)
			return (err_in(e, "entry %ju", (uintmax_t)i));
		if (s->entry->type != SEAL_SEGMENT ||
		    app_records_past(&s->records, s->entry)->pruned ||
		    age_of(s->entry) >= until_us ||
		    app_archive_state_has(state, s->entry->of.segment.seg))
			continue;
		/* What somebody may have restricted waits until that is over. */
		if ((restricted = app_records_restricted(&s->records, s->entry, e)) == -1)
			return (-1);
		s->restricted += restricted == 1;
		if (restricted == 0)
			add_part(s, i);
	}
	return (buf_ok(&s->parts) ? 0 : err_memory(e));
}

const struct app_archive_part *
app_archive_source_parts(const struct app_archive_source *s, size_t *count)
{
	*count = s->parts.len / sizeof(struct app_archive_part);
	return ((const struct app_archive_part *)(const void *)s->parts.data);
}

/* ---- verifying ---- */

struct verifying {
	struct app_archive_source *s;
	const struct app_archive *a;
	struct app_archive_pace *pace;
};

static void
note_file(void *arg, uint64_t seg, const unsigned char hash[static 32])
{
	struct verifying *v = arg;
	struct verified file = { .seg = seg };

	memcpy(file.hash, hash, sizeof(file.hash));
	buf_add(&v->s->files, &file, sizeof(file));
}

/* Segments in front of the plan are not read again. */
static uint64_t
checked(void *arg, const char *stream)
{
	const struct verifying *v = arg;
	size_t count;
	const struct app_archive_part *parts = app_archive_source_parts(v->s, &count);

	(void)stream;
	return (count == 0 ? v->s->size : parts[0].entry);
}

static void
progress(void *arg, uint64_t done, uint64_t total)
{
	struct verifying *v = arg;

	(void)done;
	(void)total;
	app_archive_pace_rest(v->pace);
}

int
app_archive_source_verify(struct app_archive_source *s, const struct app_archive *a,
    struct app_archive_pace *pace, struct err *e)
{
	struct verifying v = { s, a, pace };
	struct audit_options how = { .stream = a->stream,
		.jobs = 1,
		.names = app_names(),
		.checked = checked,
		.checked_arg = &v,
		.seen = note_file,
		.seen_arg = &v,
		.progress = progress,
		.progress_arg = &v };
	struct audit_result result;
	int rc = 0;

	buf_clear(&s->files);
	if (audit_verify(a->store, &how, &result, e) == -1)
		return (-1);
	if (result.errors > 0)
		rc = err_set(e, ERR_FINDING,
		    "store %s: stream %s does not verify: nothing of it is archived; see cretula "
		    "verify",
		    a->store, a->stream);
	else if (!buf_ok(&s->files))
		rc = err_memory(e);
	audit_result_free(&result);
	return (rc);
}

/* ---- reading ---- */

/* Whoever puts another file there in time gets nothing archived. */
static int
compare_file(void *arg, uint64_t seg, const unsigned char hash[static 32], struct err *e)
{
	const struct app_archive_source *s = arg;
	const struct verified *files = (const struct verified *)(const void *)s->files.data;

	for (size_t i = 0; i < s->files.len / sizeof(*files); i++)
		if (files[i].seg == seg && memcmp(files[i].hash, hash, sizeof(files[i].hash)) == 0)
			return (0);
	return (err_set(e, ERR_FINDING,
	    "segment %ju is not what was verified a moment ago: run it again", (uintmax_t)seg));
}

int
app_archive_source_walk(struct app_archive_source *s, const struct app_archive_part *part,
    app_record_each each, void *arg, struct err *e)
{
	s->records.file = compare_file;
	s->records.file_arg = s;
	if (seal_entry_read(
		store_chain_line(&s->records.chain, part->entry), app_names(), s->entry, e) == -1)
		return (-1);
	if (s->entry->of.segment.n == 0)
		return (0);
	return (app_records_segment(&s->records, s->reader, &s->entry->of.segment, each, arg, e));
}
