/*
 * serve: the files of the page, as they lie in the binary.  The table is made at build time out
 * of web/ by web/embed.py, sorted by path; with -Dweb=disabled it is empty.  Nothing is read from
 * disk to answer.
 */
#ifndef SERVE_ASSETS_H
#define SERVE_ASSETS_H

#include "base/span.h"

#include <stddef.h>

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
	const unsigned char *bytes;
	size_t bytes_count;
	const unsigned char *gzip; /* for Content-Encoding: gzip; NULL where that saves nothing */
	size_t gzip_count;
};

/* The asset of path, exactly as written (no decoding, no query); NULL if there is none. */
const struct serve_asset *serve_asset_find(struct span path);

/* All of them, in order of path. */
extern const struct serve_asset serve_assets[];
extern const size_t serve_assets_count;

#endif
