/*
 * Sealed segments first, then the open ones.  A segment that is sealed in
 * between is found in the chain the next time round: records have numbers,
 * and none is handed out twice.
 */
#include "app/tail/follow.h"

#include <sys/stat.h>

#include <fcntl.h>

#include "app/names.h"
#include "app/search/walk.h"
#include "base/err.h"
#include "store/read/unsealed.h"

#define TRIES 16 /* each time round a segment was sealed meanwhile; hours lie between two */

/* ---- how many ---- */

static bool
chain_grew(const struct app_follow *f)
{
	struct stat st;

	return (fstatat(f->records->stream_fd, "chain.jsonl", &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_size != (off_t)f->records->chain.bytes);
}

static int
read_chain(struct app_follow *f, struct err *e)
{
	return (chain_grew(f) ? app_records_again(f->records, e) : 0);
}

/* Of the newest segment entry: what follows it is open. */
static int
count_sealed(const struct app_follow *f, uint64_t *records, uint64_t *segment, struct err *e)
{
	const struct store_chain *chain = &f->records->chain;
	struct seal_entry entry;

	*records = 0;
	*segment = 0;
	for (size_t at = chain->count; at > 0; at--) {
		if (seal_entry_read(store_chain_line(chain, at - 1), app_names(), &entry, e) == -1)
			return (err_in(e, "entry %zu", at - 1));
		if (entry.type != SEAL_SEGMENT)
			continue;
		*records = entry.of.segment.first + entry.of.segment.n;
		*segment = entry.of.segment.seg;
		break;
	}
	return (0);
}

int
app_follow_count(struct app_follow *f, uint64_t *count, struct err *e)
{
	struct store_unsealed list[STORE_UNSEALED_MAX];
	uint64_t segment;
	size_t opens;

	if (read_chain(f, e) == -1 || count_sealed(f, count, &segment, e) == -1 ||
	    store_unsealed_list(f->records->stream_fd, list, &opens, e) == -1)
		return (-1);
	for (size_t i = 0; i < opens; i++)
		if (list[i].number > segment)
			*count += list[i].records;
	return (0);
}

/* ---- one open segment ---- */

static int
hand_out(struct app_follow *f, struct span lines, uint64_t *number, struct err *e)
{
	struct app_records *r = f->records;
	size_t len;
	int rc;

	for (; lines.len > 0; lines = span_from(lines, len + 1), ++*number) {
		len = span_find(lines, '\n');
		if (*number < r->from)
			continue;
		r->number = *number;
		if ((rc = f->each(f->arg, span_of(lines.ptr, len), e)) != 0)
			return (rc);
		r->from = *number + 1;
	}
	return (0);
}

/* first: number of its first record.  Where it was left, if it was read before. */
static int
walk_open(struct app_follow *f, const struct store_unsealed *open, uint64_t first, bool *gone,
    struct err *e)
{
	struct store_unsealed_reading reading;
	bool again = f->open_number == open->number;
	uint64_t number = again ? f->open_next : first;
	struct span lines;
	int rc;

	rc = store_unsealed_begin(
	    &reading, f->records->stream_fd, open->number, again ? f->open_at : 0, e);
	*gone = rc == 0;
	if (rc != 1)
		return (rc);
	while ((rc = store_unsealed_next(&reading, open->bytes, &lines, gone, e)) == 1) {
		if ((rc = hand_out(f, lines, &number, e)) != 0)
			break;
		f->open_number = open->number;
		f->open_next = number;
		f->open_at = reading.at;
	}
	store_unsealed_end(&reading);
	return (rc);
}

/* The segments behind the sealed ones, whose first record has number first. */
static int
walk_opens(struct app_follow *f, uint64_t first, uint64_t segment, bool *gone, struct err *e)
{
	struct store_unsealed list[STORE_UNSEALED_MAX];
	size_t count;
	int rc = 0;

	if (store_unsealed_list(f->records->stream_fd, list, &count, e) == -1)
		return (-1);
	/* One that was sealed meanwhile is in the chain before it leaves the list. */
	*gone = chain_grew(f);
	for (size_t i = 0; i < count && rc == 0 && !*gone; i++) {
		if (list[i].number <= segment || list[i].records == 0)
			continue;
		rc = walk_open(f, &list[i], first, gone, e);
		first += list[i].records;
	}
	return (rc);
}

static int
say_gone(struct err *e)
{
	return (err_set(e, ERR_FINDING,
	    "records that are committed are not in open/: `cretula verify` says more"));
}

int
app_follow_step(struct app_follow *f, struct err *e)
{
	struct app_records *r = f->records;
	uint64_t sealed, segment;
	bool gone = true;
	int rc = 0;

	for (int i = 0; i < TRIES && gone && rc == 0; i++) {
		if (read_chain(f, e) == -1 || count_sealed(f, &sealed, &segment, e) == -1)
			return (-1);
		if (r->from < sealed && (rc = app_records_walk(r, f->each, f->arg, e)) != 0)
			break;
		r->from = r->from < sealed ? sealed : r->from;
		rc = walk_opens(f, sealed, segment, &gone, e);
	}
	return (rc == 0 && gone ? say_gone(e) : rc);
}

/* ---- the newest one first ---- */

/* first: number of its first record. */
static int
walk_open_back(struct app_follow *f, const struct store_unsealed *open, uint64_t first, bool *gone,
    struct err *e)
{
	struct app_records *r = f->records;
	struct app_walk w = { .each = f->each, .arg = f->arg, .back = true, .below = r->below };
	struct store_unsealed_reading reading;
	struct span lines;
	int rc;

	rc = store_unsealed_begin(&reading, r->stream_fd, open->number, open->bytes, e);
	*gone = rc == 0;
	if (rc != 1)
		return (rc);
	r->number = first + open->records;
	while ((rc = store_unsealed_before(&reading, &lines, gone, e)) == 1)
		if ((rc = app_walk_lines_back(r, &w, lines, e)) != 0)
			break;
	r->below = w.below;
	store_unsealed_end(&reading);
	return (rc);
}

/* As walk_opens. */
static int
walk_opens_back(struct app_follow *f, uint64_t first, uint64_t segment, bool *gone, struct err *e)
{
	struct store_unsealed list[STORE_UNSEALED_MAX];
	size_t count;
	int rc = 0;

	if (store_unsealed_list(f->records->stream_fd, list, &count, e) == -1)
		return (-1);
	*gone = chain_grew(f);
	for (size_t i = 0; i < count; i++)
		first += list[i].number > segment ? list[i].records : 0;
	for (size_t i = count; i > 0 && rc == 0 && !*gone; i--) {
		const struct store_unsealed *open = &list[i - 1];

		if (open->number <= segment || open->records == 0)
			continue;
		first -= open->records;
		if (first < f->records->below)
			rc = walk_open_back(f, open, first, gone, e);
	}
	return (rc);
}

int
app_follow_back(struct app_follow *f, struct err *e)
{
	struct app_records *r = f->records;
	uint64_t sealed, segment;
	bool gone = true;
	int rc = 0;

	for (int i = 0; i < TRIES && gone && rc == 0; i++) {
		if (read_chain(f, e) == -1 || count_sealed(f, &sealed, &segment, e) == -1)
			return (-1);
		gone = false;
		if (r->below > sealed)
			rc = walk_opens_back(f, sealed, segment, &gone, e);
	}
	if (rc == 0 && gone)
		return (say_gone(e));
	return (rc == 0 ? app_records_back(r, f->each, f->arg, e) : rc);
}
