#include "build.h"

#include <sys/stat.h>

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/sha256.h"
#include "crypto/sign.h"
#include "seal/note.h"
#include "store/layout.h"

#define START_US (INT64_C(1764054000) * 1000000) /* 2025-11-25T07:00:00Z */

static const char *const classes[] = { "none", "ip.peer" };
static const char *const reasons[] = { "format" };
bool build_recovery;
const struct seal_names build_names = { classes, 2, reasons, 1 };

/* ---- files ---- */

void
build_path(const struct build *b, const char *path, char out[static 256])
{
	int len = snprintf(out, 256, "%s/%s", b->dir, path);

	assert(len > 0 && len < 256);
}

void
build_write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	assert(fd != -1);
	assert(write(fd, bytes, len) == (ssize_t)len);
	(void)close(fd);
}

uint64_t
build_size(const char *path)
{
	struct stat st;

	assert(stat(path, &st) == 0);
	return ((uint64_t)st.st_size);
}

void
build_read(const struct build *b, const char *path, struct buf *out)
{
	char full[256];
	struct err e;

	build_path(b, path, full);
	if (io_read_file(AT_FDCWD, full, (size_t)1 << 30, out, &e) == -1) {
		(void)fprintf(stderr, "%s\n", e.text);
		abort();
	}
}

void
build_write(const struct build *b, const char *path, const void *bytes, size_t len)
{
	char full[256];

	build_path(b, path, full);
	build_write_file(full, bytes, len);
}

void
build_copy(const struct build *b, const char *from, const char *to)
{
	struct buf bytes = { 0 };

	build_read(b, from, &bytes);
	build_write(b, to, bytes.data, bytes.len);
	buf_free(&bytes);
}

void
build_edit(const struct build *b, const char *path, const char *from, const char *to)
{
	struct buf bytes = { 0 }, changed = { 0 };
	const char *at;

	build_read(b, path, &bytes);
	at = memmem(bytes.data, bytes.len, from, strlen(from));
	assert(at != NULL);
	buf_add(&changed, bytes.data, (size_t)(at - bytes.data));
	buf_str(&changed, to);
	buf_str(&changed, at + strlen(from));
	build_write(b, path, changed.data, changed.len);
	buf_free(&bytes);
	buf_free(&changed);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return (remove(path));
}

void
build_remove(const struct build *b, const char *path)
{
	char full[256];

	build_path(b, path, full);
	assert(nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

void
build_stream_path(const struct build_stream *s, const char *path, char out[static 256])
{
	int len = snprintf(out, 256, "%s/streams/%s/%s", s->dir, s->name, path);

	assert(len > 0 && len < 256);
}

/* ---- chain ---- */

void
build_make_seed(const char *name, const char *kind, uint64_t number, unsigned thief,
    unsigned char seed[static 32])
{
	char text[128];
	int len =
	    snprintf(text, sizeof(text), "%s %s %ju %u", name, kind, (uintmax_t)number, thief);

	crypto_sha256(text, (size_t)len, seed);
}

static void
sign(struct build_stream *s)
{
	unsigned char root[32];
	char path[STORE_PATH_BYTES], full[256], epoch[128];
	struct seal_signer signers[3];
	size_t count = 0;
	struct buf note = { 0 };

	(void)snprintf(epoch, sizeof(epoch), "%s/epoch/%ju", s->origin, (uintmax_t)s->epoch);
	if (!s->no_log_line)
		signers[count++] = (struct seal_signer){ span_str(s->origin), s->log_seed };
	if (s->has_second)
		signers[count++] = (struct seal_signer){ span_str(s->origin), s->second_seed };
	if (!s->no_epoch_line)
		signers[count++] = (struct seal_signer){ span_str(epoch), s->epoch_seed };
	seal_tree_root(&s->tree, root);
	seal_note_write(span_str(s->origin), s->count, root, signers, count, &note);
	store_note_path(path, s->count);
	build_stream_path(s, path, full);
	build_write_file(full, note.data, note.len);
	build_stream_path(s, "checkpoint", full);
	build_write_file(full, note.data, note.len);
	buf_free(&note);
}

void
build_line(struct build_stream *s, const char *line)
{
	char full[256];
	FILE *f;

	build_stream_path(s, "chain.jsonl", full);
	assert((f = fopen(full, "a")) != NULL);
	assert(fputs(line, f) >= 0 && fputc('\n', f) == '\n');
	assert(fclose(f) == 0);
}

void
build_raw(struct build_stream *s, const char *line, size_t len)
{
	unsigned char leaf[1][32];
	char full[256];
	FILE *f;

	build_stream_path(s, "chain.jsonl", full);
	assert((f = fopen(full, "a")) != NULL);
	assert(fwrite(line, 1, len, f) == len && fputc('\n', f) == '\n');
	assert(fclose(f) == 0);
	crypto_sha256(line, len, s->before);
	if (s->count++ == 0)
		memcpy(s->genesis, s->before, sizeof(s->genesis));
	seal_entry_leaf(line, len, leaf[0]);
	(void)seal_tree_add(&s->tree, (const unsigned char(*)[32])leaf, 1, NULL);
	sign(s);
}

static void
append(struct build_stream *s, struct seal_entry *entry, bool rotate, bool by_next)
{
	uint64_t next = entry->type == SEAL_GENESIS ? 0 : s->epoch + 1;
	unsigned char seed[32], public_key[32];
	char name[128];
	struct buf vkey = { 0 }, line = { 0 };
	struct err e;

	build_make_seed(s->name, "epoch", next, s->thief, seed);
	crypto_sign_public(seed, public_key);
	(void)snprintf(name, sizeof(name), "%s/epoch/%ju", s->origin, (uintmax_t)next);
	seal_vkey_print(span_str(name), public_key, &vkey);
	if (rotate) {
		entry->has_next = true;
		if (entry->epoch == 0)
			entry->epoch = s->epoch;
		if (entry->next.len == 0)
			entry->next = buf_view(&vkey);
	}
	if (seal_entry_print(entry, &build_names, &line, &e) == -1) {
		(void)fprintf(stderr, "%s\n", e.text);
		abort();
	}
	if (by_next) {
		s->epoch = next;
		memcpy(s->epoch_seed, seed, sizeof(seed));
	}
	build_raw(s, line.data, line.len);
	if (rotate) {
		s->epoch = next;
		memcpy(s->epoch_seed, seed, sizeof(seed));
	}
	buf_free(&vkey);
	buf_free(&line);
}

void
build_append(struct build_stream *s, struct seal_entry *entry, bool rotate)
{
	append(s, entry, rotate, entry->type == SEAL_GENESIS);
}

void
build_append_by_next(struct build_stream *s, struct seal_entry *entry)
{
	append(s, entry, true, true);
}

void
build_common(struct build_stream *s, enum seal_type type, struct seal_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	entry->type = type;
	entry->index = s->count;
	entry->t_us = s->t_us += 1000000;
	memcpy(entry->prev, s->before, 32);
	entry->software = span_str("cretula test");
}

static void
begin_stream(const char *dir, struct build_stream *s, const char *name, unsigned char thief)
{
	unsigned char public_key[32], recovery_seed[32];
	char full[256], recovery_name[128];
	struct buf vkey = { 0 }, recovery = { 0 };
	static struct seal_entry entry;

	*s = (struct build_stream){ .dir = dir, .thief = thief, .seg = 1, .t_us = START_US };
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	(void)snprintf(s->origin, sizeof(s->origin), "cretula/0123456789abcdef/%s", name);
	build_make_seed(name, "log", 0, 0, s->log_seed);
	seal_tree_init(&s->tree);
	build_stream_path(s, "", full);
	assert(mkdir(full, 0750) == 0);
	build_stream_path(s, "cp", full);
	assert(mkdir(full, 0750) == 0);
	build_stream_path(s, "seg", full);
	assert(strcmp(name, STORE_OWN_STREAM) == 0 || mkdir(full, 0750) == 0);
	build_common(s, SEAL_GENESIS, &entry);
	crypto_sign_public(s->log_seed, public_key);
	seal_vkey_print(span_str(s->origin), public_key, &vkey);
	entry.of.genesis = (struct seal_genesis){ .stream = span_str(s->name),
		.origin = span_str(s->origin),
		.log = buf_view(&vkey),
		.policy = span_str(BUILD_POLICY) };
	if (build_recovery) {
		build_make_seed(name, "recovery", 0, 0, recovery_seed);
		crypto_sign_public(recovery_seed, public_key);
		(void)snprintf(recovery_name, sizeof(recovery_name), "%s/recovery", s->origin);
		seal_vkey_print(span_str(recovery_name), public_key, &recovery);
		entry.of.genesis.recovery = buf_view(&recovery);
	}
	build_append(s, &entry, true);
	buf_free(&vkey);
	buf_free(&recovery);
}

void
build_begin(struct build *b)
{
	char full[256];

	/* In memory: test_flip writes each file for each of its bits, and a crash of the machine is no case of any test. */
	*b = (struct build){ 0 };
	(void)snprintf(b->dir, sizeof(b->dir), "%s/cretula-audit-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert(mkdtemp(b->dir) != NULL);
	build_path(b, "streams", full);
	assert(mkdir(full, 0750) == 0);
	build_path(b, "words", full);
	assert(mkdir(full, 0750) == 0);
	begin_stream(b->dir, &b->own, STORE_OWN_STREAM, 0);
}

void
build_end(struct build *b)
{
	build_remove(b, "");
}

void
build_make(struct build *b, struct build_stream *s, const char *name)
{
	begin_stream(b->dir, s, name, 0);
}

struct build_stream *
build_stream(struct build *b, const char *name)
{
	struct build_stream *s = &b->streams[b->stream_count++];
	unsigned char public_key[32];
	struct buf vkey = { 0 };
	static struct seal_entry entry;

	assert(b->stream_count <= BUILD_STREAMS);
	begin_stream(b->dir, s, name, 0);
	crypto_sign_public(s->log_seed, public_key);
	seal_vkey_print(span_str(s->origin), public_key, &vkey);
	build_common(&b->own, SEAL_STREAM, &entry);
	entry.of.stream = (struct seal_stream){
		.name = span_str(s->name), .origin = span_str(s->origin), .log = buf_view(&vkey)
	};
	memcpy(entry.of.stream.genesis, s->genesis, 32);
	build_append(&b->own, &entry, true);
	buf_free(&vkey);
	return (s);
}

void
build_again(struct build_stream *s, unsigned char thief)
{
	char name[40], full[256];

	memcpy(name, s->name, sizeof(name));
	build_stream_path(s, "", full);
	assert(nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
	begin_stream(s->dir, s, name, thief);
}

/* ---- lines ---- */

void
build_lines(struct buf *out, unsigned first, unsigned count)
{
	static const int statuses[] = { 200, 404, 200, 301, 500 };

	for (unsigned i = first; i < first + count; i++) {
		char token[8];

		(void)snprintf(token, sizeof(token), "%06u", i % 1000000);
		for (unsigned k = 0; k < 6; k++)
			token[k] = (char)(token[k] - '0' + 'a');
		buf_fmt(out,
		    "{\"time\":\"2025-11-25T%02u:%02u:%02u.%03uZ\",\"event\":\"http.request\","
		    "\"client\":\"ip.abcdefghij%s\",\"method\":\"GET\",\"path\":\"/shop/%u\","
		    "\"status\":%d}\n",
		    i / 3600 % 24, i / 60 % 60, i % 60, i % 1000, token, i * 7, statuses[i % 5]);
	}
}

struct span
build_cut(struct span text, size_t from, size_t to)
{
	const char *start = NULL, *p = text.ptr, *end = text.ptr + text.len;

	for (size_t line = 0; line < to && p < end; line++) {
		if (line == from)
			start = p;
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	}
	return (start == NULL ? span_of(p, 0) : span_of(start, (size_t)(p - start)));
}

/* ---- verifying ---- */

static int
age(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)kind;
	(void)at;
	if (st->st_mtim.tv_sec != 0)
		(void)utimensat(
		    AT_FDCWD, path, (struct timespec[]){ { 0 }, { 0 } }, AT_SYMLINK_NOFOLLOW);
	return (0);
}

void
build_age(const struct build *b)
{
	(void)nftw(b->dir, age, 16, FTW_PHYS);
}

void
build_verify(const struct build *b, unsigned jobs, const char *anchor, struct audit_result *result)
{
	struct audit_options options = { .anchor = anchor, .jobs = jobs, .names = &build_names };
	struct err e;

	build_age(b);
	if (audit_verify(b->dir, &options, result, &e) == -1) {
		(void)fprintf(stderr, "verify: %s\n", e.text);
		abort();
	}
}

void
build_anchor(const struct build *b, struct buf *out)
{
	unsigned char public_key[32];

	crypto_sign_public(b->own.log_seed, public_key);
	seal_vkey_print(span_str(b->own.origin), public_key, out);
	buf_str(out, " sha256:");
	buf_hex(out, b->own.genesis, 32);
}

void
build_show(const struct audit_result *result)
{
	struct buf out = { 0 };

	audit_print_text(result, &out);
	(void)fprintf(stderr, "%s", out.data);
	buf_free(&out);
}
