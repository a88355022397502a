/* One stream: its directory, its chain, names that nothing explains, its vocabulary. */
#include "audit/store_check.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/history/judge.h"
#include "audit/live/live.h"
#include "audit/outside/anchors.h"
#include "audit/live/moving.h"
#include "base/err.h"
#include "base/io.h"
#include "base/scan.h"

#define WORDS_BYTES_MAX ((size_t)64 << 20)

/* ---- names ---- */

struct names {
	struct audit_chain *chain;
	uint64_t *numbers; /* of segments, sorted */
	struct audit_seg_files *files;
};

static int
compare_numbers(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return ((*one > *other) - (*one < *other));
}

static void
report_unknown(struct audit_chain *chain, const char *file)
{
	struct audit_place at = audit_place(file);

	audit_report(&chain->list, AUDIT_W_UNKNOWN_FILE, &at, "no entry names it");
}

static void
see_in_seg(void *arg, int dir, const char *name)
{
	static const char *const suffixes[] = { ".idx", ".jsonl.zst", ".salt", ".tags" };
	struct names *names = arg;
	struct audit_chain *chain = names->chain;
	char file[300];
	uint64_t seg = 0;
	int known;

	(void)dir;
	if (audit_unfinished(name, chain->coverage) ||
	    (known = audit_seg_files_see(names->files, name)) == 1)
		return;
	for (unsigned i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && seg == 0 && known == 0;
	     i++)
		seg = audit_number(name, suffixes[i]);
	if (seg != 0 &&
	    bsearch(&seg, names->numbers, chain->segment_count, sizeof(seg), compare_numbers) !=
		NULL)
		return;
	/* The entry that named it may be one that is gone. */
	if (seg != 0 && chain->damaged) {
		chain->list.suppressed++;
		return;
	}
	(void)snprintf(file, sizeof(file), "seg/%s", name);
	report_unknown(chain, file);
}

static void
check_seg(struct audit_chain *chain)
{
	struct names names = { .chain = chain };
	struct audit_place at = audit_place("seg");
	enum audit_kind kind = audit_kind(chain->dirfd, "seg");
	struct err e;

	if (kind == AUDIT_MISSING)
		return; /* each of its files will be */
	names.numbers = calloc(chain->segment_count + 1, sizeof(names.numbers[0]));
	if (names.numbers == NULL || audit_seg_files_open(&names.files, chain) == -1) {
		chain->list.failed = true;
		free(names.numbers);
		return;
	}
	for (size_t i = 0; i < chain->segment_count; i++)
		names.numbers[i] = chain->segments[i].seg;
	qsort(names.numbers, chain->segment_count, sizeof(names.numbers[0]), compare_numbers);
	if (audit_walk(chain->dirfd, "seg", see_in_seg, &names, &e) == -1) {
		audit_report(&chain->list, AUDIT_E_FILE_TYPE, &at, "not a directory");
		chain->segment_count = 0; /* not followed, wherever it leads */
	}
	audit_seg_files_close(names.files);
	free(names.numbers);
}

static void
see_in_stream(void *arg, int dir, const char *name)
{
	static const char *const known[] = { "anchor", "chain.jsonl", "checkpoint", "cp", "open",
		"seg" };
	struct audit_chain *chain = arg;

	(void)dir;
	if (audit_unfinished(name, chain->coverage))
		return;
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i]) == 0)
			return;
	/* The entry that named it may be one that is gone. */
	if (!audit_derived_names(chain, name) && !chain->damaged)
		report_unknown(chain, name);
}

/* ---- a stream ---- */

static int
check_stream(struct audit_chain *chain, int streams, const char *name)
{
	struct audit_place at = audit_place("");
	struct err e;
	int rc;

	audit_list_init(&chain->list, name, 2000);
	if ((chain->dirfd = io_open_dir(streams, name, &e)) == -1) {
		if (errno == ENOENT)
			audit_report(
			    &chain->list, AUDIT_E_STREAM_MISSING, &at, "no such directory");
		else
			audit_report(&chain->list, AUDIT_E_FILE_TYPE, &at, "not a directory");
		return (-1);
	}
	rc = audit_chain_read(chain);
	if (rc == 0) {
		audit_chain_check(chain);
		audit_anchors_end(chain);
		audit_live_check(chain);
		check_seg(chain);
	}
	(void)audit_walk(chain->dirfd, ".", see_in_stream, chain, &e);
	return (rc);
}

int
audit_stream_begin(struct audit_chain *chain, int streams, const char *name,
    const struct audit_options *options, struct audit_coverage *coverage)
{
	struct audit_coverage before = *coverage;
	int rc = -1;

	for (unsigned attempt = 0; attempt < AUDIT_ATTEMPTS; attempt++) {
		*chain = (struct audit_chain){ .name = name,
			.dirfd = -1,
			.names = options->names,
			.options = options,
			.coverage = coverage,
			.bad_entry = AUDIT_NONE };
		rc = check_stream(chain, streams, name);
		if (attempt + 1 == AUDIT_ATTEMPTS || !audit_is_moving(chain, attempt))
			break;
		audit_chain_free(chain);
		*coverage = before;
	}
	return (rc);
}

void
audit_words_said(struct audit_chain *chain, const struct seal_entry *entry, uint64_t i)
{
	bool is_segment = entry->type == SEAL_SEGMENT;
	const unsigned char *hash = is_segment ? entry->of.segment.words_hash :
						 entry->of.config.words_hash;

	if (!is_segment && (entry->type != SEAL_CONFIG || !entry->of.config.has_words))
		return;
	chain->words_line = i;
	chain->words_count =
	    is_segment ? entry->of.segment.words_count : entry->of.config.words_count;
	memcpy(chain->words_hash, hash, sizeof(chain->words_hash));
}

/* Given even where records were erased. */
static bool
words_salt(const struct audit_chain *chain, const struct audit_segment *newest,
    unsigned char salt[static 16])
{
	const struct seal_past *past =
	    chain->history == NULL ? NULL : seal_history_segment(chain->history, newest->seg);
	struct audit_salts salts = { .whole = false };
	enum audit_code code;
	bool given;

	given = audit_salts_open(&salts, chain->dirfd, newest->seg, past, &code, NULL) == 0 &&
	    audit_salts_one(&salts, SEAL_SALT_WORDS, salt);
	audit_salts_close(&salts);
	return (given);
}

/* Its hash is salted, so that nobody can test a guess of a word once the salt is gone. */
void
audit_words_check(const struct audit_chain *chain, int words, struct audit_list *list)
{
	const struct audit_segment *newest = &chain->segments[chain->segment_count - 1];
	char file[STORE_PATH_BYTES];
	struct audit_place at;
	unsigned char salt[16], hash[32];
	struct crypto_sha256 h;
	struct buf bytes = { 0 };
	size_t scanned;
	enum audit_code code;
	struct err e;

	if (newest->line >= chain->signed_count || newest->line == chain->bad_entry ||
	    chain->words_line >= chain->signed_count || chain->words_line == chain->bad_entry ||
	    !chain->newest_good || !words_salt(chain, newest, salt))
		return; /* told elsewhere; if no record fits, the salt may be another */
	(void)snprintf(file, sizeof(file), "../../words/%s", chain->name);
	at = audit_place(file);
	code = AUDIT_W_WORDS;
	if (words != -1 && audit_kind(words, chain->name) != AUDIT_MISSING &&
	    audit_read(words, chain->name, WORDS_BYTES_MAX, &bytes, &code, &e) == -1) {
		audit_report(list, code, &at, "%s", e.text);
		goto out;
	}
	crypto_sha256_init(&h);
	crypto_sha256_add(&h, "cretula words v1\n", 17);
	crypto_sha256_add(&h, salt, sizeof(salt));
	crypto_sha256_add(&h, bytes.data, bytes.len);
	crypto_sha256_end(&h, hash);
	if (memcmp(hash, chain->words_hash, sizeof(hash)) != 0)
		audit_report(list, AUDIT_W_WORDS, &at, "its sealed hash is another");
	else if (scan_count_lines(buf_view(&bytes), SIZE_MAX, &scanned) != chain->words_count)
		audit_report(list, AUDIT_W_WORDS, &at, "its sealed number of words is another");
out:
	buf_free(&bytes);
}
