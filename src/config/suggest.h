/* config: "did you mean", for words that are almost right. */
#ifndef CRETULA_CONFIG_SUGGEST_H
#define CRETULA_CONFIG_SUGGEST_H

#include "base/span.h"

/* The nearest of the words, blank-separated; empty if none is near. */
struct span config_suggest(struct span word, const char *words);

#endif
