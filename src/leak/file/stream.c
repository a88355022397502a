/* Looking into gzip and zstd, one in the other too; bounded in memory and in growth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/err.h"
#include "leak/file/inside.h"

#define LAYERS 3 /* a gzip in a zstd, and what is in that */
#define OUT_BYTES ((size_t)64 << 10)
#define NAME_BYTES 512 /* of a gzip header's name, comment and extra field */
#define GROWTH_MAX 1000 /* bytes out for each byte in ... */
#define GROWTH_FROM ((uint64_t)64 << 20) /* ... once there are this many */

enum kind { UNKNOWN, PLAIN, GZIP, ZSTD, SLOT };

struct layer {
	enum kind kind;
	unsigned char head[8]; /* of a text or a frame, until it is known what it is */
	size_t head_len;
	bool border; /* before a frame or member */
	uint64_t skip; /* of a skippable frame, to come */
	uint64_t in, out;
	bool z_open;
	z_stream z;
	gz_header header;
	unsigned char name[NAME_BYTES], comment[NAME_BYTES], extra[NAME_BYTES];
	ZSTD_DStream *zstd;
	unsigned char bytes[OUT_BYTES];
};

struct leak_stream {
	struct leak_scanner *scanner, *rest;
	bool look_into, broken, plain_begun;
	uint64_t seen;
	char problem[128];
	char container[32];
	struct layer layer[LAYERS];
};

int
leak_stream_open(struct leak_scanner *scanner, struct leak_scanner *rest,
    struct leak_stream **stream, struct err *e)
{
	struct leak_stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	s->scanner = scanner;
	s->rest = rest;
	*stream = s;
	return (0);
}

void
leak_stream_close(struct leak_stream *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < LAYERS; i++) {
		if (s->layer[i].z_open)
			(void)inflateEnd(&s->layer[i].z);
		ZSTD_freeDStream(s->layer[i].zstd);
	}
	free(s);
}

void
leak_stream_begin(struct leak_stream *s, bool look_into)
{
	for (int i = 0; i < LAYERS; i++) {
		struct layer *layer = &s->layer[i];

		layer->kind = UNKNOWN;
		layer->head_len = 0;
		layer->border = true;
		layer->skip = layer->in = layer->out = 0;
	}
	s->look_into = look_into;
	s->broken = s->plain_begun = false;
	s->seen = 0;
	s->problem[0] = s->container[0] = '\0';
	leak_scanner_begin(s->scanner, "");
	leak_scanner_begin(s->rest, "container");
}

static bool push(struct leak_stream *s, int level, const unsigned char *bytes, size_t len);

static bool
give_up(struct leak_stream *s, bool broken, const char *why)
{
	s->broken |= broken;
	snprintf(s->problem, sizeof(s->problem), "%s", why);
	return (false);
}

/* What is not looked into is said, not passed over. */
static const char *
other_packing(const unsigned char *head, size_t len)
{
	static const struct {
		const char *magic, *name;
		size_t len;
	} packings[] = { { "BZh", "bzip2", 3 },
		{ "\xfd"
		  "7zXZ",
		    "xz", 5 },
		{ "PK\3\4", "zip", 4 }, { "7z\xbc\xaf", "7z", 4 }, { "\x1f\x9d", "compress", 2 },
		{ "\x04\x22\x4d\x18", "lz4", 4 }, { "Rar!", "rar", 4 } };

	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++)
		if (len >= packings[i].len && memcmp(head, packings[i].magic, packings[i].len) == 0)
			return (packings[i].name);
	return (NULL);
}

static void
enter(struct leak_stream *s, const char *name)
{
	size_t len = strlen(s->container);

	snprintf(
	    s->container + len, sizeof(s->container) - len, "%s%s", len > 0 ? " > " : "", name);
}

/* The text in the innermost layer: this is what the scanner gets. */
static bool
push_plain(struct leak_stream *s, const unsigned char *bytes, size_t len)
{
	if (!s->plain_begun)
		leak_scanner_begin(s->scanner, s->container);
	s->plain_begun = true;
	s->seen += len;
	leak_scanner_add(s->scanner, bytes, len);
	return (true);
}

static void
push_rest(struct leak_stream *s, const unsigned char *bytes, size_t len)
{
	leak_scanner_add(s->rest, bytes, len);
}

/* Does a byte become so many that no log is like that? */
static bool
grows(struct leak_stream *s, const struct layer *layer)
{
	if (layer->out < GROWTH_FROM || layer->out / GROWTH_MAX < layer->in)
		return (false);
	(void)give_up(s, false, "it expands more than 1,000 times");
	return (true);
}

/* A member's own name and comment are bytes of the file as well. */
static void
push_header(struct leak_stream *s, struct layer *layer)
{
	const unsigned char *of[] = { layer->name, layer->comment, layer->extra };

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		push_rest(s, of[i], i < 2 ? strnlen((const char *)of[i], NAME_BYTES) : NAME_BYTES);
		push_rest(s, (const unsigned char *)"\n", 1);
	}
}

static bool
start_gzip(struct leak_stream *s, struct layer *layer)
{
	int rc = layer->z_open ? inflateReset(&layer->z) : inflateInit2(&layer->z, 15 + 16);

	if (rc != Z_OK)
		return (give_up(s, false, "no memory to decompress it"));
	layer->z_open = true;
	layer->border = false;
	memset(&layer->header, 0, sizeof(layer->header));
	memset(layer->name, 0, sizeof(layer->name));
	memset(layer->comment, 0, sizeof(layer->comment));
	memset(layer->extra, 0, sizeof(layer->extra));
	layer->header.name = layer->name;
	layer->header.name_max = NAME_BYTES;
	layer->header.comment = layer->comment;
	layer->header.comm_max = NAME_BYTES;
	layer->header.extra = layer->extra;
	layer->header.extra_max = NAME_BYTES;
	(void)inflateGetHeader(&layer->z, &layer->header);
	return (true);
}

/* Behind the last member: another one, or bytes that are none. */
static bool
push_gzip(struct leak_stream *s, int level, const unsigned char *bytes, size_t len)
{
	struct layer *layer = &s->layer[level];

	layer->in += len;
	layer->z.next_in = (unsigned char *)(uintptr_t)bytes;
	layer->z.avail_in = (unsigned)len;
	do {
		int rc;
		size_t made;

		if (layer->border && layer->z.avail_in > 0) {
			if (layer->z.next_in[0] != 0x1f) {
				push_rest(s, layer->z.next_in, layer->z.avail_in);
				return (true);
			}
			if (!start_gzip(s, layer))
				return (false);
		}
		layer->z.next_out = layer->bytes;
		layer->z.avail_out = OUT_BYTES;
		rc = layer->border ? Z_BUF_ERROR : inflate(&layer->z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return (give_up(s, true, "its gzip is damaged"));
		made = OUT_BYTES - layer->z.avail_out;
		layer->out += made;
		if ((made > 0 && !push(s, level + 1, layer->bytes, made)) || grows(s, layer))
			return (false);
		if (rc == Z_STREAM_END) {
			push_header(s, layer);
			layer->border = true;
		}
	} while (layer->z.avail_in > 0 || (!layer->border && layer->z.avail_out == 0));
	return (true);
}

static uint32_t
little(const unsigned char *p)
{
	return ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

static bool
decompress_frame(struct leak_stream *s, int level, ZSTD_inBuffer *in)
{
	struct layer *layer = &s->layer[level];

	for (;;) {
		ZSTD_outBuffer out = { layer->bytes, OUT_BYTES, 0 };
		size_t rc = ZSTD_decompressStream(layer->zstd, &out, in);

		if (ZSTD_isError(rc))
			return (give_up(s, true, "its zstd is damaged"));
		layer->out += out.pos;
		if ((out.pos > 0 && !push(s, level + 1, layer->bytes, out.pos)) || grows(s, layer))
			return (false);
		if (rc == 0) {
			layer->border = true;
			layer->head_len = 0;
			return (true);
		}
		if (in->pos == in->size && out.pos < OUT_BYTES)
			return (true);
	}
}

/* The first eight bytes of a frame say what it is. */
static bool
start_frame(struct leak_stream *s, int level)
{
	struct layer *layer = &s->layer[level];
	uint32_t magic = little(layer->head);
	ZSTD_inBuffer in = { layer->head, layer->head_len, 0 };

	layer->border = false;
	if ((magic & 0xfffffff0u) == 0x184d2a50u) {
		layer->skip = little(layer->head + 4);
		layer->border = layer->skip == 0;
		layer->head_len = 0;
		return (true);
	}
	if (magic != 0xfd2fb528u) {
		/* Behind the last frame: not ours to decompress, but to look at. */
		push_rest(s, layer->head, layer->head_len);
		layer->skip = UINT64_MAX;
		return (true);
	}
	if (layer->zstd == NULL && (layer->zstd = ZSTD_createDStream()) == NULL)
		return (give_up(s, false, "no memory to decompress it"));
	(void)ZSTD_DCtx_reset(layer->zstd, ZSTD_reset_session_only);
	return (decompress_frame(s, level, &in));
}

static bool
push_zstd(struct leak_stream *s, int level, const unsigned char *bytes, size_t len)
{
	struct layer *layer = &s->layer[level];
	ZSTD_inBuffer in = { bytes, len, 0 };

	layer->in += len;
	while (in.pos < in.size) {
		size_t left = in.size - in.pos;

		if (layer->skip > 0) {
			size_t n = layer->skip < left ? (size_t)layer->skip : left;

			push_rest(s, bytes + in.pos, n);
			layer->skip -= n;
			layer->border = layer->skip == 0;
			in.pos += n;
		} else if (!layer->border) {
			if (!decompress_frame(s, level, &in))
				return (false);
		} else {
			layer->head[layer->head_len++] = bytes[in.pos++];
			if (layer->head_len == 8 && !start_frame(s, level))
				return (false);
		}
	}
	return (true);
}

/* A key file is no longer than this: what may be one is held until it is longer, or ends. */
static bool
push_slot(struct leak_stream *s, struct layer *layer, const unsigned char *bytes, size_t len)
{
	if (layer->in + len <= LEAK_SLOT_BYTES) {
		memcpy(layer->bytes + layer->in, bytes, len);
		layer->in += len;
		return (true);
	}
	layer->kind = PLAIN;
	return (push_plain(s, layer->bytes, layer->in) && push_plain(s, bytes, len));
}

static void
end_slot(struct leak_stream *s, struct layer *layer)
{
	if (layer->in == LEAK_SLOT_BYTES)
		(void)leak_slot_blank(layer->bytes);
	(void)push_plain(s, layer->bytes, layer->in);
}

/* What a text is, by its first bytes; the innermost layer is taken as it is. */
static bool
decide(struct leak_stream *s, int level)
{
	struct layer *layer = &s->layer[level];
	unsigned char head[8];
	size_t len = layer->head_len;
	const char *other = other_packing(layer->head, len);

	memcpy(head, layer->head, len);
	layer->head_len = 0;
	layer->kind = PLAIN;
	if (s->look_into && other != NULL) {
		char why[64];

		snprintf(why, sizeof(why), "%s is not looked into", other);
		(void)give_up(s, false, why);
	}
	if (s->look_into && len >= 4) {
		if (head[0] == 0x1f && head[1] == 0x8b && head[2] == 8)
			layer->kind = GZIP;
		else if (little(head) == 0xfd2fb528u || (little(head) & 0xfffffff0u) == 0x184d2a50u)
			layer->kind = ZSTD;
	}
	if (layer->kind != PLAIN && level == LAYERS - 1) {
		layer->kind = PLAIN;
		(void)give_up(s, false, "it is compressed more than twice");
	}
	if (layer->kind != PLAIN)
		enter(s, layer->kind == GZIP ? "gz" : "zst");
	else if (s->look_into && len == sizeof(head) && memcmp(head, "cretula ", len) == 0)
		layer->kind = SLOT;
	return (push(s, level, head, len));
}

static bool
push(struct leak_stream *s, int level, const unsigned char *bytes, size_t len)
{
	struct layer *layer = &s->layer[level];

	while (layer->kind == UNKNOWN && len > 0) {
		layer->head[layer->head_len++] = *bytes++;
		len--;
		if (layer->head_len == sizeof(layer->head) && !decide(s, level))
			return (false);
	}
	if (len == 0)
		return (true);
	if (layer->kind == GZIP)
		return (push_gzip(s, level, bytes, len));
	if (layer->kind == ZSTD)
		return (push_zstd(s, level, bytes, len));
	if (layer->kind == SLOT)
		return (push_slot(s, layer, bytes, len));
	return (push_plain(s, bytes, len));
}

bool
leak_stream_add(struct leak_stream *s, const unsigned char *bytes, size_t len)
{
	return (push(s, 0, bytes, len));
}

void
leak_stream_end(struct leak_stream *s)
{
	for (int i = 0; i < LAYERS; i++) {
		struct layer *layer = &s->layer[i];

		if (layer->kind == UNKNOWN && layer->head_len > 0)
			(void)decide(s, i);
		if (layer->kind == SLOT)
			end_slot(s, layer);
		if (layer->kind == ZSTD && layer->border && layer->head_len > 0)
			push_rest(s, layer->head, layer->head_len);
		if ((layer->kind == GZIP || layer->kind == ZSTD) && !layer->border &&
		    layer->skip == 0 && s->problem[0] == '\0')
			(void)give_up(s, true, "it ends in the middle of what is compressed");
	}
	leak_scanner_end(s->scanner);
	leak_scanner_end(s->rest);
	if (s->problem[0] == '\0' && leak_scanner_gap(s->scanner) != NULL)
		(void)give_up(s, false, leak_scanner_gap(s->scanner));
}

const char *
leak_stream_problem(const struct leak_stream *s)
{
	return (s->problem[0] != '\0' ? s->problem : NULL);
}

uint64_t
leak_stream_seen(const struct leak_stream *s)
{
	return (s->seen);
}

bool
leak_stream_is_broken(const struct leak_stream *s)
{
	return (s->broken);
}
