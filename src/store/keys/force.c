#include "store/keys/force.h"

#include "base/err.h"
#include "seal/statement.h"

/*
 * Is line of that type?  A signed line is canonical, so the type stands where
 * it must; most lines need not be read.
 */
static bool
is_type(struct span line, const char *type)
{
	struct span head = span_of(line.ptr, line.len < 64 ? line.len : 64);
	size_t at = span_find(head, ',');

	head = span_from(head, at < head.len ? at + 1 : at);
	at = span_find(head, ',');
	head = span_from(head, at < head.len ? at + 1 : at);
	return (span_starts(head, span_str(type)));
}

bool
store_force_changes(struct span line)
{
	return (is_type(line, "\"type\":\"rekey\"") || is_type(line, "\"type\":\"recover\""));
}

struct span
store_force_brings(const struct seal_entry *entry)
{
	if (entry->type == SEAL_GENESIS)
		return (entry->of.genesis.log);
	if (entry->type == SEAL_RECOVER)
		return (entry->of.recover.log);
	if (entry->type == SEAL_REKEY && span_is(entry->of.rekey.key, "log"))
		return (entry->of.rekey.new);
	return (span_of(NULL, 0));
}

static int
read_line(const struct store_chain *chain, uint64_t i, const struct seal_names *names,
    struct seal_entry *entry, struct err *e)
{
	if (seal_entry_read(store_chain_line(chain, i), names, entry, e) == -1)
		return (err_in(e, "entry %ju", (uintmax_t)i));
	return (0);
}

/* The newest entry that named an epoch key. */
static int
find_epoch(const struct store_chain *chain, uint64_t count, const struct seal_names *names,
    struct seal_entry *entry, struct store_force *force, struct err *e)
{
	while (count-- > 0) {
		if (read_line(chain, count, names, entry, e) == -1)
			return (-1);
		if (!entry->has_next)
			continue;
		if (entry->next.len >= sizeof(force->next))
			return (err_set(e, ERR_FINDING,
			    "entry %ju: an epoch key of a name too long", (uintmax_t)count));
		memcpy(force->next, entry->next.ptr, entry->next.len);
		force->next[entry->next.len] = '\0';
		force->epoch = entry->type == SEAL_GENESIS ? 0 : entry->epoch + 1;
		return (0);
	}
	return (err_set(e, ERR_FINDING, "no entry names an epoch key"));
}

/* One that a verifier refuses changes nothing: a thief's must not lock the owner out. */
static void
take_recovery(struct store_force *force, struct span origin, const struct seal_entry *entry)
{
	const struct seal_rekey *r = &entry->of.rekey;

	if (entry->type == SEAL_REKEY && span_is(r->key, "recovery") &&
	    span_equal(r->old, force->recovery) &&
	    seal_rekey_check(origin, r, force->recovery, NULL) == 0)
		force->recovery = r->new;
}

int
store_force_find(const struct store_chain *chain, uint64_t count, const struct seal_names *names,
    struct seal_entry *scratch, struct store_force *force, struct err *e)
{
	struct store_force found = { .epoch = 0 };
	struct span origin = { NULL, 0 };

	if (find_epoch(chain, count, names, scratch, &found, e) == -1)
		return (-1);
	for (uint64_t i = 0; i < count; i++) {
		struct span log;

		if (i > 0 && !store_force_changes(store_chain_line(chain, i)))
			continue;
		if (read_line(chain, i, names, scratch, e) == -1)
			return (-1);
		if ((log = store_force_brings(scratch)).len > 0)
			found.log = log;
		if (scratch->type == SEAL_GENESIS) {
			origin = scratch->of.genesis.origin;
			found.recovery = scratch->of.genesis.recovery;
		} else
			take_recovery(&found, origin, scratch);
	}
	*force = found;
	return (0);
}

bool
store_force_was(const struct store_chain *chain, const struct seal_names *names,
    struct seal_entry *scratch, struct span vkey)
{
	for (size_t i = 0; i < chain->count; i++)
		if ((i == 0 || store_force_changes(store_chain_line(chain, i))) &&
		    seal_entry_read(store_chain_line(chain, i), names, scratch, NULL) == 0 &&
		    span_equal(store_force_brings(scratch), vkey))
			return (true);
	return (false);
}
