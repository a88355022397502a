/*
 * serve: the files of the page, as they lie in the binary.  The table is made at build time out
 * of web/ by web/embed.py, sorted by path; with -Dweb=disabled it is empty.  Nothing is read from
 * disk to answer.
 */
#ifndef SERVE_ASSETS_H
#define SERVE_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

/*
 * The Content-Security-Policy that the page is written for: no inline script or style, nothing
 * from elsewhere, in no frame.  Send it with each asset, and Cache-Control: no-cache, for names
 * stay when contents change.
 */
#define SERVE_ASSETS_CSP \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " \
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct serve_asset {
	const char *path; /* begins with a slash; "/" is the page itself */
	const char *type; /* Content-Type */
	const char *etag; /* strong, in its quotation marks; of the plain bytes */
	const char *etag_gzip; /* of the packed bytes: each representation has its own tag */
	const unsigned char *bytes; /* in gzip, if they are fewer than those of the file */
	size_t bytes_count;
	size_t file_bytes;
};

/* The asset of path, exactly as written (no decoding, no query); NULL if there is none. */
const struct serve_asset *serve_asset_find(struct span path);

bool serve_asset_is_packed(const struct serve_asset *asset);

/* Add what the file has, for clients that take no gzip.  Without memory out is broken. */
void serve_asset_unpack(const struct serve_asset *asset, struct buf *out);

/* All of them, in order of path. */
extern const struct serve_asset serve_assets[];
extern const size_t serve_assets_count;

#endif
