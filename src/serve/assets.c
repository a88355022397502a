/* serve: the table of assets, and how one is found and unpacked. */
#include "serve/assets.h"

#include <stdlib.h>

#include <zlib.h>

#define GZIP_ONLY 31 /* window bits of zlib.h: 15, and 16 for gzip */

static int
compare(const void *key, const void *member)
{
	const struct span *path = key;
	const struct serve_asset *asset = member;
	struct span other = span_str(asset->path);
	size_t shorter = path->len < other.len ? path->len : other.len;
	int order = shorter == 0 ? 0 : memcmp(path->ptr, other.ptr, shorter);

	return (order != 0 ? order : (path->len > other.len) - (path->len < other.len));
}

const struct serve_asset *
serve_asset_find(struct span path)
{
	return (bsearch(&path, serve_assets, serve_assets_count, sizeof(serve_assets[0]), compare));
}

bool
serve_asset_is_packed(const struct serve_asset *asset)
{
	return (asset->bytes_count < asset->file_bytes);
}

void
serve_asset_unpack(const struct serve_asset *asset, struct buf *out)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)asset->bytes,
		.avail_in = (unsigned)asset->bytes_count };

	if (!serve_asset_is_packed(asset)) {
		buf_add(out, asset->bytes, asset->bytes_count);
		return;
	}
	if (buf_reserve(out, asset->file_bytes) == -1 || inflateInit2(&z, GZIP_ONLY) != Z_OK) {
		out->broken = true;
		return;
	}
	z.next_out = (Bytef *)out->data + out->len;
	z.avail_out = (unsigned)asset->file_bytes;
	out->broken = inflate(&z, Z_FINISH) != Z_STREAM_END;
	out->len += z.total_out;
	out->data[out->len] = '\0';
	(void)inflateEnd(&z);
}
