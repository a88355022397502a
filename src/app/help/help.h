/*
 * app: help, from the tables that the command line is read with: for people,
 * and as JSON for what is made of it (manual pages, completion).
 */
#ifndef CRETULA_APP_HELP_HELP_H
#define CRETULA_APP_HELP_HELP_H

#include <stddef.h>

#include "app/args.h"

struct buf;

/* All that there is. */
void app_help_overview(const struct app_command *const *commands, size_t count, struct buf *out);
/* One command, as its --help. */
void app_help_command(const struct app_command *c, struct buf *out);
/* Everything that both of these say, as one JSON object. */
void app_help_json(const struct app_command *const *commands, size_t count, struct buf *out);

#endif
