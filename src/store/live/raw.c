/* Where lines lie unmasked before they come: the chain says when that changes. */
#include "seal/raw.h"

#include <stdlib.h>
#include <string.h>

#include "store/live/inside.h"
#include "store/writer.h"

/* What the chain said last, or none. */
static int
read_said(struct store_live *l, struct seal_raw *raw, struct seal_entry *entry, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(l->stream->writer);

	for (size_t i = chain->count; i-- > 0 && raw->now[0] == '\0';) {
		if (seal_entry_read(store_chain_line(chain, i), &l->names, entry, e) == -1)
			return (err_in(e, "entry %zu", i));
		seal_raw_take(raw, entry);
	}
	if (raw->now[0] == '\0')
		memcpy(raw->now, "none", sizeof("none"));
	return (0);
}

int
store_live_raw_at_rest(struct store_live *l, const char *policy, const char *where, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_raw raw = { .words = "" };
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	pthread_mutex_lock(&l->lock);
	rc = read_said(l, &raw, entry, e);
	pthread_mutex_unlock(&l->lock);
	if (rc == 0 && strcmp(raw.now, where) != 0) {
		memset(entry, 0, sizeof(*entry));
		entry->type = SEAL_CONFIG;
		entry->of.config.kind = span_str(SEAL_RAW_KIND);
		entry->of.config.policy = span_str(policy);
		entry->of.config.text = span_str(where);
		rc = store_live_append(l, entry, e);
	}
	free(entry);
	return (rc == -1 ? -1 : strcmp(raw.now, "none") != 0);
}

int
store_live_raw_since(struct store_live *l, int64_t *t_us, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	const struct store_chain *chain;
	int rc = 0;

	*t_us = 0;
	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	pthread_mutex_lock(&l->lock);
	chain = store_writer_chain(l->stream->writer);
	for (size_t i = 0; rc == 0 && *t_us == 0 && i < chain->count; i++) {
		rc = seal_entry_read(store_chain_line(chain, i), &l->names, entry, e);
		if (rc == 0 && entry->type == SEAL_CONFIG &&
		    span_is(entry->of.config.kind, SEAL_RAW_KIND) &&
		    !span_is(entry->of.config.text, "none"))
			*t_us = entry->t_us;
	}
	pthread_mutex_unlock(&l->lock);
	free(entry);
	return (rc);
}
