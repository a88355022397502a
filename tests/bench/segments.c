/*
 * A store with many small segments: segments STORE STREAM COUNT.  Each has one
 * record of 2020, as an import of then would: so all of them are over any term.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gather.h"
#include "app/names.h"
#include "base/err.h"
#include "crypto/random.h"
#include "record/record.h"
#include "store/store.h"

#define POLICY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct making {
	struct store *store;
	struct store_stream *stream;
	struct app_gather *lines;
	struct seal_segment facts;
};

static int
add(struct making *m, struct store_segment *seg, struct err *e)
{
	static const char line[] = "{\"time\":\"2020-01-02T03:04:05.678Z\",\"event\":\"http.request\","
				   "\"client\":\"ip.abcdefghijklmnop\",\"status\":200}\n";
	struct stats_counts *counts = &m->facts.counts;
	struct record_facts facts;

	if (record_peek(span_of(line, sizeof(line) - 2), &facts, e) == -1)
		return (-1);
	counts->lines = counts->in.parsed = 1;
	counts->bytes = sizeof(line) - 1;
	stats_counts_record(counts, facts.status, facts.time_us);
	app_gather_begin(m->lines, seg);
	memcpy(app_gather_room(m->lines), line, sizeof(line) - 1);
	if (app_gather_took(m->lines, sizeof(line) - 1, e) == -1)
		return (-1);
	return (app_gather_end(m->lines, e));
}

static int
make(struct making *m, struct err *e)
{
	struct store_segment *seg;

	memset(&m->facts, 0, sizeof(m->facts));
	stats_counts_clear(&m->facts.counts);
	m->facts.policy = span_str(POLICY);
	m->facts.mask_epochs = span_str("{\"ip\":[\"2020-W01\"]}");
	m->facts.has_mask_seed = true;
	if (store_segment_begin(m->stream, &seg, e) == -1)
		return (-1);
	if (add(m, seg, e) == 0)
		return (store_segment_seal(seg, &m->facts, span_of("", 0), e));
	store_segment_drop(seg);
	return (-1);
}

int
main(int argc, char **argv)
{
	static struct making m;
	struct err e = { ERR_NONE, "" };
	unsigned long count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	bool created;
	int rc = -1;

	if (count == 0 || crypto_start(NULL) == -1)
		return (64);
	if (store_open(argv[1], NULL, &m.store, &created, &e) == 0 &&
	    store_stream_open(m.store, argv[2], POLICY, app_names(), &m.stream, &e) == 0 &&
	    app_gather_open(1, &m.lines, &e) == 0)
		rc = 0;
	for (unsigned long i = 0; i < count && rc == 0; i++)
		rc = make(&m, &e);
	if (rc == -1)
		(void)fprintf(stderr, "segments: %s\n", e.text);
	app_gather_close(m.lines);
	store_stream_close(m.stream);
	store_close(m.store);
	return (rc == 0 ? 0 : 1);
}
