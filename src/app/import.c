/* app: an import: the sink that turns batches into sealed segments. */
#include <string.h>

#include "app/import.h"
#include "app/pipeline.h"
#include "app/tally/counter.h"
#include "app/watch/disk.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "store/words.h"

/* ---- the segment in the making ---- */

/*
 * A segment is begun while the store takes less than its budget (ADR 40): an
 * import can wait, and the next one goes on behind what is sealed.
 */
int
app_import_room(const struct app_import *im, struct err *e)
{
	char taken[32], may[32];
	uint64_t used;

	if (im->disk_limit == 0 || app_disk_store(im->store_path, &used, NULL) == -1 ||
	    used < im->disk_limit)
		return (0);
	(void)num_print_bytes(taken, used);
	(void)num_print_bytes(may, im->disk_limit);
	return (err_set(e, ERR_IO,
	    "the store takes %s of the %s that `disk:` says: `cretula retain` makes room; what is "
	    "sealed stays, and the same import goes on behind it",
	    taken, may));
}

static int
segment_begin(struct app_import *im, size_t source, struct err *e)
{
	memset(&im->facts, 0, sizeof(im->facts));
	stats_counts_clear(&im->facts.counts);
	mask_epochs_clear(&im->epochs);
	im->placed_records = 0;
	im->placed_bytes = 0;
	im->segment_first_source = source;
	if (app_import_room(im, e) == -1)
		return (-1);
	return (store_segment_begin(im->stream, &im->segment, e));
}

static int
segment_seal(struct app_import *im, struct err *e)
{
	struct buf words = { 0 }, epochs = { 0 };
	struct seal_segment *facts = &im->facts;
	struct store_segment *segment = im->segment;
	int rc = -1;

	mask_words_save(im->setup->words, &words);
	mask_epochs_print(&im->epochs, im->setup->policy, &epochs);
	if (!buf_ok(&words) || !buf_ok(&epochs)) {
		(void)err_set(e, ERR_IO, "out of memory sealing a segment");
		goto out;
	}
	if (store_words_write(im->stream, &words, &facts->words_count, e) == -1)
		goto out;
	facts->policy = span_str(im->policy_hash);
	facts->mask_epochs = buf_view(&epochs);
	facts->has_mask_seed = true;
	memcpy(facts->mask_seed, im->mask_seed, sizeof(facts->mask_seed));
	im->unlocked = im->unlocked || im->pipeline->unlocked;
	facts->unlocked = im->unlocked;
	im->segment = NULL; /* handed over */
	if (store_segment_seal(segment, facts, buf_view(&words), e) == -1)
		goto out;
	stats_counts_add(&im->counts, &facts->counts);
	im->records += facts->n;
	im->record_bytes += facts->bytes;
	im->disk_bytes += facts->file_size;
	im->segments++;
	app_counter_seal(im->counter, facts->seg);
	rc = 0;
out:
	buf_free(&words);
	buf_free(&epochs);
	return (rc);
}

/* ---- the sink ---- */

static bool
fits(const struct app_import *im, const struct pipeline_batch *b)
{
	return (im->placed_records + b->mask.record_count <= SEAL_RECORDS_MAX &&
	    im->placed_bytes + b->mask.records_len <= SEAL_BYTES_MAX &&
	    b->source - im->segment_first_source < SEAL_SOURCES_MAX);
}

static int
place(void *arg, struct pipeline_batch *b, struct err *e)
{
	struct app_import *im = arg;

	if (im->segment != NULL && !fits(im, b)) {
		if (store_segment_records(im->segment) < im->placed_records ||
		    store_segment_bytes(im->segment) < im->placed_bytes)
			return (1); /* batches of it are still on their way */
		if (segment_seal(im, e) == -1)
			return (-1);
	}
	if (im->segment == NULL && segment_begin(im, b->source, e) == -1)
		return (-1);
	memcpy(b->seed, store_segment_seed(im->segment), sizeof(b->seed));
	b->first = (uint32_t)im->placed_records;
	im->placed_records += b->mask.record_count;
	im->placed_bytes += b->mask.records_len;
	return (0);
}

/* Move the cursor of the batch's source in the entry that will be sealed. */
static void
cursor_advance(struct app_import *im, const struct pipeline_batch *b)
{
	const struct app_source *source = app_sources_at(im->sources, b->source);
	struct seal_source *cursor;

	if (im->facts.source_count == 0 || im->segment_last_source != b->source)
		im->facts.source_count++;
	im->segment_last_source = b->source;
	cursor = &im->facts.sources[im->facts.source_count - 1];
	memcpy(cursor->fp, source->fp, sizeof(cursor->fp));
	cursor->head = source->head;
	cursor->at = b->at + b->read;
	cursor->has_tail = true;
	memcpy(cursor->tail, b->tail, sizeof(cursor->tail));
	cursor->end = b->end;
}

static int
take(void *arg, struct pipeline_batch *b, struct err *e)
{
	struct app_import *im = arg;

	if (store_segment_add(im->segment, &b->part, e) == -1)
		return (-1);
	if (im->counter != NULL)
		app_counter_add(im->counter, &b->mask.tally,
		    span_of(b->mask.records, b->mask.records_len), b->mask.ends, 0);
	cursor_advance(im, b);
	im->unfinished += b->unfinished;
	stats_counts_add(&im->facts.counts, &b->mask.counts);
	mask_epochs_merge(&im->epochs, &b->mask.epochs);
	parse_others_add(&im->others, &b->mask.others);
	im->words_seen += b->mask.words_seen;
	im->words_clear += b->mask.words_clear;
	return (0);
}

static int
take_learned(void *arg, struct pipeline_batch *b, struct err *e)
{
	(void)arg;
	(void)b;
	(void)e;
	return (0); /* the pipeline merges */
}

static bool
tick(void *arg)
{
	struct app_import *im = arg;
	uint64_t bytes = im->counts.bytes + (im->segment != NULL ? im->facts.counts.bytes : 0);

	if (im->progress != NULL)
		im->progress(im->arg, bytes);
	return (true); /* who stops the sources stops the pipeline */
}

/* ---- the two passes ---- */

static double
seconds_since(int64_t start_ns)
{
	return ((double)(clock_mono_ns() - start_ns) / 1e9);
}

static int
learn_pass(struct app_import *im, struct err *e)
{
	struct pipeline p = { .mode = PIPELINE_LEARN,
		.jobs = im->jobs,
		.setup = im->setup,
		.next = app_sources_next,
		.name = app_sources_name,
		.next_arg = im->sources,
		.fingerprint_key = im->fingerprint,
		.sink = { im, NULL, take_learned, tick } };
	int64_t start_ns = clock_mono_ns();
	bool input_failed;

	app_sources_rewind(im->sources);
	if (app_pipeline_run(&p, &input_failed, e) == -1 && !input_failed)
		return (-1); /* a damaged source is met again, and reported, below */
	im->interrupted = p.stopped;
	mask_words_settle(im->setup->words);
	app_sources_rewind(im->sources);
	im->learn_s = seconds_since(start_ns);
	return (0);
}

static int
seal_pass(struct app_import *im, struct err *e)
{
	struct pipeline p = { .mode = PIPELINE_SEAL,
		.jobs = im->jobs,
		.setup = im->setup,
		.learn = im->learn_in_stream,
		.tally = im->counter != NULL,
		.next = app_sources_next,
		.name = app_sources_name,
		.next_arg = im->sources,
		.fingerprint_key = im->fingerprint,
		.sink = { im, place, take, tick } };
	int64_t start_ns = clock_mono_ns();
	struct err sealing;
	bool input_failed = false;
	int rc;

	im->pipeline = &p;
	rc = app_pipeline_run(&p, &input_failed, e);
	im->interrupted = p.stopped;
	if ((rc == 0 || input_failed) && im->segment != NULL &&
	    segment_seal(im, rc == 0 ? e : &sealing) == -1)
		rc = -1;
	store_segment_drop(im->segment);
	im->segment = NULL;
	im->pipeline = NULL;
	im->seal_s = seconds_since(start_ns);
	return (rc);
}

int
app_import_run(struct app_import *im, struct err *e)
{
	stats_counts_clear(&im->counts);
	if (im->learn_first && learn_pass(im, e) == -1)
		return (-1);
	if (im->interrupted)
		return (0);
	return (seal_pass(im, e));
}
