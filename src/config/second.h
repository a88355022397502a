/* config: `archive:` of a stream, the second pass over what is sealed; part of config/config.h. */
#ifndef CRETULA_CONFIG_SECOND_H
#define CRETULA_CONFIG_SECOND_H

#include <stdbool.h>

#define CONFIG_PATH_BYTES 1024

struct config_archive {
	char to[CONFIG_PATH_BYTES], keys[CONFIG_PATH_BYTES]; /* "" if not given */
	unsigned k, cpu;            /* cpu: percent of a processor */
	bool client, user, session; /* stay tokens, under another key; else they go */
};

#endif
