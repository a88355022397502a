/*
 * Fuzz target: any bytes in place of a file of a small store, or edits of it.
 * The first byte says which file, the second whether the rest is its bytes
 * or triples of a place (two bytes) and what is xored there.  Whatever else
 * than the file's own bytes must be found.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/verify.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/random.h"
#include "store/store.h"

#define POLICY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RECORDS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = { "words/shop", "streams/shop/chain.jsonl",
	"streams/shop/checkpoint", "streams/shop/cp/00000002.note", "streams/shop/seg/00000001.idx",
	"streams/shop/seg/00000001.jsonl.zst", "streams/shop/seg/00000001.salt",
	"streams/cretula.store/chain.jsonl" };
#define FILES (sizeof(files) / sizeof(files[0]))
static const char *const classes[] = { "none" };
static const char *const reasons[] = { "format" };
static const struct seal_names names = { classes, 1, reasons, 1 };
static char parent[] = "/tmp/cretula-fuzz-XXXXXX", dir[64];
static struct buf originals[FILES];

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static void
put(const char *file, const void *bytes, size_t len)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	demand((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640)) != -1);
	demand(write(fd, bytes, len) == (ssize_t)len);
	(void)close(fd);
}

static void
seal(struct store_stream *stream)
{
	static const char lines[] = "{\"time\":\"2025-11-25T00:00:00.000Z\"}\n"
				    "{\"time\":\"2025-11-25T00:00:01.000Z\"}\n"
				    "{\"time\":\"2025-11-25T00:00:02.000Z\"}\n";
	static const uint32_t ends[RECORDS] = { 36, 72, 108 };
	static struct seal_segment facts;
	static unsigned char memory[SEAL_SALTS_MEMORY(RECORDS)];
	unsigned char salts[RECORDS][16], leaves[RECORDS][32];
	struct store_compressor *compressor;
	struct store_segment *segment;
	struct store_frame frames[4];
	char packed[4096];
	struct store_part part = { lines, ends, RECORDS, leaves, packed, 0, frames, 0 };

	demand(store_segment_begin(stream, &segment, NULL) == 0);
	seal_salts(store_segment_seed(segment), 0, RECORDS, salts, memory);
	seal_leaves(lines, ends, RECORDS, (const unsigned char(*)[16])salts, leaves);
	demand(store_compressor_open(1, &compressor, NULL) == 0);
	demand(store_compress_bound(sizeof(lines)) <= sizeof(packed));
	store_compress(compressor, &part);
	store_compressor_close(compressor);
	demand(store_segment_add(segment, &part, NULL) == 0);
	stats_counts_clear(&facts.counts);
	facts.counts.lines = facts.counts.in.parsed = RECORDS;
	for (int64_t i = 0; i < RECORDS; i++)
		stats_counts_record(&facts.counts, -1, (INT64_C(1764028800) + i) * 1000000);
	facts.policy = span_str(POLICY);
	facts.mask_epochs = span_str("{}");
	demand(store_segment_seal(segment, &facts, span_str(""), NULL) == 0);
}

static int
age(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	static const struct timespec old[2] = { { .tv_sec = 1000000000 },
		{ .tv_sec = 1000000000 } };

	(void)st;
	(void)type;
	(void)walk;
	return (utimensat(AT_FDCWD, path, old, AT_SYMLINK_NOFOLLOW));
}

/* verify waits for a writer that may be at work: there is none. */
static void
age_store(void)
{
	demand(nftw(dir, age, 16, FTW_PHYS) == 0);
}

static void
clean_up(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -r %s", parent);
	demand(system(command) == 0);
}

static void
make_store(void)
{
	struct store_stream *stream;
	struct store *store;
	char path[128];
	bool created;

	demand(crypto_start(NULL) == 0 && mkdtemp(parent) != NULL && atexit(clean_up) == 0);
	(void)snprintf(dir, sizeof(dir), "%s/store", parent);
	demand(store_open(dir, NULL, &store, &created, NULL) == 0);
	demand(store_stream_open(store, "shop", POLICY, &names, &stream, NULL) == 0);
	seal(stream);
	store_stream_close(stream);
	store_close(store);
	put(files[0], "", 0);
	for (size_t i = 0; i < FILES; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		demand(io_read_file(AT_FDCWD, path, 1 << 20, &originals[i], NULL) == 0);
	}
}

static void
edit(struct buf *bytes, const uint8_t *data, size_t size)
{
	for (; size >= 3 && bytes->len > 0; data += 3, size -= 3)
		bytes->data[(size_t)(data[0] << 8 | data[1]) % bytes->len] ^= (char)data[2];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	struct audit_options options = { .jobs = 1, .names = &names };
	struct audit_result result;
	struct json_value value;
	struct buf out = { 0 }, bytes = { 0 };
	const struct buf *original;
	bool found;

	if (size < 2)
		return (0);
	if (!made)
		make_store();
	made = true;
	original = &originals[data[0] % FILES];
	if (data[1] % 2 == 0)
		buf_add(&bytes, data + 2, size - 2);
	else
		buf_span(&bytes, buf_view(original));
	if (data[1] % 2 == 1)
		edit(&bytes, data + 2, size - 2);
	put(files[data[0] % FILES], bytes.data, bytes.len);
	age_store();
	demand(audit_verify(dir, &options, &result, NULL) == 0);
	found = result.errors + result.warnings > 0;
	if (span_equal(buf_view(original), buf_view(&bytes)))
		demand(!found && result.exit_code == 0);
	else if (!span_starts(buf_view(&bytes), buf_view(original))) /* a note may grow */
		demand(found);
	demand((result.errors > 0) == (result.exit_code == 1));
	audit_print_text(&result, &out);
	demand(text_is_utf8(buf_view(&out)));
	buf_clear(&out);
	audit_print_json(&result, &out);
	demand(json_parse(span_of(out.data, out.len - 1), &value, NULL) == 0);
	buf_free(&out);
	audit_result_free(&result);
	put(files[data[0] % FILES], original->data, original->len);
	buf_free(&bytes);
	return (0);
}
