/* app: files of one import that have the same content.  Inside of sources. */
#ifndef CRETULA_APP_SOURCE_SAME_H
#define CRETULA_APP_SOURCE_SAME_H

struct app_sources;
struct err;

/*
 * Mark as skipped which file is another one of the list once more, or only
 * the beginning of another: same inode, or all its bytes.  Fingerprints are
 * there already; files are read again only where these are alike.
 */
int app_sources_same(struct app_sources *s, struct err *e);

#endif
