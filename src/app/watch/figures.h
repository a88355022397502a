/*
 * app: what a daemon knows of its streams while it runs: numbers and times,
 * never a byte of an event.  Writers and readers of a stream say what they
 * did; whoever asks gets a copy.
 */
#ifndef CRETULA_APP_WATCH_FIGURES_H
#define CRETULA_APP_WATCH_FIGURES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/pipe/raise.h"
#include "app/watch/rhythm.h"
#include "config/config.h"
#include "input/live.h"
#include "retain/retain.h"
#include "stats/counts.h"

enum app_state {
	APP_STARTING,
	APP_READING,
	APP_FULL, /* no space: what comes waits */
	APP_WAITING, /* to be opened again, after an error */
	APP_ENDED,
	APP_FAILED,
	APP_STATE_COUNT
};
extern const char *const app_state_names[APP_STATE_COUNT];
extern const bool app_state_good[APP_STATE_COUNT]; /* nobody has to look */

/* Of a stream; counts since the daemon began. */
struct app_seen {
	char name[CONFIG_NAME_BYTES];
	char place[INPUT_TEXT_BYTES]; /* of its input */
	char rotate[CONFIG_NAME_BYTES]; /* as configured */
	char raw_at_rest[CONFIG_NAME_BYTES]; /* where lines lie before they come; "": not known */
	bool http; /* its input counts bodies */
	char format[CONFIG_NAME_BYTES]; /* of its lines; "": not known yet */
	char envelope[CONFIG_NAME_BYTES]; /* the outermost; "": none */
	enum app_state state;
	struct stats_counts counts; /* of what is committed */
	uint64_t records, commits;
	uint64_t per_minute; /* lines, as of the last ten seconds or so */
	int64_t waits_since_ns; /* arrival of the oldest line in memory; 0: none is */
	int64_t committed_us; /* when last; 0: never */
	int64_t slowest_commit_ns;
	int64_t sealed_us; /* the newest segment, by anybody; 0: there is none */
	int64_t next_seal_ns; /* monotonic; 0: not known */
	int64_t next_rotation_us; /* 0: not by time */
	uint64_t rotation_left; /* bytes, where it is by size */
	uint64_t entries, segments; /* of the chain */
	struct app_rhythm rhythm; /* by its reports; only where no daemon was asked */
	uint64_t open_records, open_bytes; /* of the open segment */
	uint64_t full_waits, reopened;
	struct input_live_counts input;
	uint64_t errors_minute; /* 5xx, as of the last minute */
	struct stats_usual errors_usual;
	enum detail_level detail; /* what is kept at least; COUNT: as the rules say */
	int64_t detail_until_us;
	int64_t retained_us; /* when it was last looked for what is over; 0: never */
	uint64_t pruned_segments, pruned_records;
	uint64_t held_segments; /* over, and held; as of then */
	uint64_t left_tries; /* in vain, to overwrite what an entry says is gone */
};

enum app_report { APP_REPORT_CANARY, APP_REPORT_VERIFY, APP_REPORTS };
extern const char *const app_report_names[APP_REPORTS];

struct app_owed {
	uint64_t number; /* of the report; 0: none is owed */
	int code;
	unsigned char hash[32];
};

/* Of sessions that failed, until one that does not seals it. */
struct app_lost {
	uint64_t lines;
	uint64_t expected; /* records that the stream was known to have */
};

struct app_figures {
	pthread_mutex_t lock;
	struct app_seen now;
	int64_t reader_since_ns, writer_since_ns; /* of now.waits_since_ns */
	int64_t rate_ns; /* when per_minute was made */
	uint64_t rate_lines;
	double rate;
	struct app_owed owed[APP_REPORTS]; /* to be sealed */
	uint64_t reports;
	struct app_lost lost;
	struct app_wish wish;
	bool wished;
};

/* For all of them f may be NULL: then nobody wants to know. */

void app_figures_open(struct app_figures *f, const char *name);
void app_figures_close(struct app_figures *f);
void app_figures_copy(struct app_figures *f, struct app_seen *seen);

void app_figures_place(struct app_figures *f, const struct input_place *place, const char *rotate);
void app_figures_state(struct app_figures *f, enum app_state state);

/* Where its lines lie unmasked before they come, as the chain has it. */
void app_figures_raw(struct app_figures *f, const char *word);

/* What its lines are, once that is known. */
void app_figures_format(struct app_figures *f, const char *format, const char *envelope);

/* The reader: when the oldest line came that it still has (0: none), and its input. */
void app_figures_reader(
    struct app_figures *f, int64_t since_ns, const struct input_live_counts *input);
/* It gave the writer lines, the oldest of then. */
void app_figures_handed(struct app_figures *f, int64_t since_ns);
/* The writer: they are on the disk. */
void app_figures_committed(
    struct app_figures *f, const struct stats_counts *counts, uint64_t records, int64_t took_ns);

/* A report that the stream is to seal; the writer does, and says so then. */
void app_figures_owe(
    struct app_figures *f, enum app_report kind, int code, const unsigned char hash[static 32]);
bool app_figures_owed(struct app_figures *f, enum app_report kind, struct app_owed *owed);
void app_figures_sealed(struct app_figures *f, enum app_report kind, const struct app_owed *owed);

/* What a session lost, for the next one: it takes it, once. */
void app_figures_lose(struct app_figures *f, const struct app_lost *lost);
bool app_figures_lost(struct app_figures *f, struct app_lost *lost); /* false: nothing */
uint64_t app_figures_lost_lines(struct app_figures *f);

/* More detail, asked for by hand; the reader takes it, once. */
void app_figures_ask(struct app_figures *f, const struct app_wish *wish);
bool app_figures_wished(struct app_figures *f, struct app_wish *wish);
/* The reader: server errors of the last minute, and what is usual. */
void app_figures_errors(struct app_figures *f, uint64_t minute, const struct stats_usual *usual);
/* The writer: so much is kept at least; until_us 0: one reason for it is over. */
void app_figures_detail(struct app_figures *f, enum detail_level least, int64_t until_us);

/* What the writer sees from time to time. */
struct app_writer_seen {
	int64_t sealed_us, next_seal_ns, next_rotation_us; /* sealed_us 0: not known now */
	uint64_t rotation_left, entries, segments, open_records, open_bytes;
};
void app_figures_writer(struct app_figures *f, const struct app_writer_seen *w);

/* What was over its term went, at now_us; sums by enum retain_action. */
void app_figures_retained(struct app_figures *f, int64_t now_us, const struct retain_sum *sums);
void app_figures_left(struct app_figures *f); /* one more in vain */

#endif
