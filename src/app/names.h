/* app: the names that seal/ needs and does not know. */
#ifndef CRETULA_APP_NAMES_H
#define CRETULA_APP_NAMES_H

struct seal_names;

/* Classes of record/, reasons of parse/; static. */
const struct seal_names *app_names(void);

#endif
