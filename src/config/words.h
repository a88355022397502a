/*
 * config: files that say which words are public: an OpenAPI description, the
 * document root of a web server.  Each word goes to a function, with its place.
 */
#ifndef CRETULA_CONFIG_WORDS_H
#define CRETULA_CONFIG_WORDS_H

#include <stddef.h>

#include "base/span.h"
#include "mask/words.h"

struct err;

#define CONFIG_OPENAPI_BYTES_MAX ((size_t)16 << 20)
#define CONFIG_OPENAPI_PATHS_MAX 20000
#define CONFIG_DOCROOT_NAMES_MAX 50000
#define CONFIG_DOCROOT_DEPTH_MAX 32

/*
 * OpenAPI 3 or Swagger 2, as JSON or YAML: the words of all paths, below the
 * path of each server (or basePath), and the names of query parameters.  Only
 * what stands in text: no reference to another file is followed.  0, or -1
 * with ERR_CONFIG "name: what".
 */
int config_openapi(struct span text, const char *name, mask_words_fn fn, void *arg,
    struct err *e);

struct config_docroot {
	size_t names;   /* given to fn */
	size_t skipped; /* dot files, links, special files, and what stands below names of people */
	bool full;      /* there were more than CONFIG_DOCROOT_NAMES_MAX, or it goes too deep */
};

/*
 * Names of files and directories below path.  No link is followed, nothing
 * outside is looked at, no file is opened.  0, or -1 with ERR_INPUT.
 */
int config_docroot(const char *path, mask_words_fn fn, void *arg, struct config_docroot *facts,
    struct err *e);

#endif
