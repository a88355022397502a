/* app: an import: sources in, sealed segments out. */
#ifndef CRETULA_APP_IMPORT_H
#define CRETULA_APP_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "app/sources.h"
#include "mask/mask.h"
#include "seal/entry.h"
#include "stats/counts.h"
#include "store/store.h"

struct app_counter;
struct err;
struct pipeline;

struct app_import {
	/* in */
	struct store *store;
	struct store_stream *stream;
	const char *stream_name;
	struct app_sources *sources;
	const struct mask_setup *setup; /* with words */
	char policy_hash[65];
	unsigned char mask_seed[32];    /* commitment of the import's secret */
	const char *store_path;
	uint64_t disk_limit; /* bytes that the store may take; 0: any */
	unsigned jobs;
	bool learn_first, learn_in_stream;
	unsigned char fingerprint[32];  /* key */
	struct app_counter *counter;    /* NULL: nobody counts */
	void (*progress)(void *arg, uint64_t bytes_read);
	void *arg;
	/* out */
	struct stats_counts counts;
	uint64_t records, record_bytes, disk_bytes, segments;
	uint64_t words_seen, words_clear;
	struct parse_others others;     /* what lines are that are unparsed */
	unsigned unfinished;            /* last lines that were left */
	bool interrupted;               /* the sources' stop was raised */
	bool unlocked;                  /* some secret memory could not be locked */
	double learn_s, seal_s;
	/* the segment in the making */
	const struct pipeline *pipeline;
	struct store_segment *segment;
	struct seal_segment facts;
	struct mask_epochs epochs;
	uint64_t placed_records, placed_bytes; /* of the segment, also not yet taken */
	size_t segment_first_source;           /* the source of its first batch */
	size_t segment_last_source;            /* of the newest cursor */
};

/* Does the store take less than it may?  ERR_IO: no; looked at before each segment. */
int app_import_room(const struct app_import *im, struct err *e);

/*
 * Learn, mask, seal.  0; or -1 with e, after sealing what was read before an
 * input error.
 */
int app_import_run(struct app_import *im, struct err *e);

#endif
