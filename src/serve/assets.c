/* serve: the table of assets, and how one is found. */
#include "serve/assets.h"

#include <stdlib.h>

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
