/* config: making the structs.  Private to config/. */
#ifndef CRETULA_CONFIG_FILL_H
#define CRETULA_CONFIG_FILL_H

#include "config/config.h"

/* Everything a stream has if the file says nothing.  Longer names are cut. */
void config_stream_default(struct config_stream *s, const char *name, const char *tenant);

/*
 * One more stream with the defaults, at the end of c->streams (earlier
 * pointers into it are void).  NULL: no memory, or CONFIG_STREAMS_MAX.
 */
struct config_stream *config_stream_add(struct config *c, const char *name);

#endif
