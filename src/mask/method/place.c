/*
 * mask: the country and the ASN of the client.
 *
 * A lookup walks up to 128 nodes of a mapped file: what was found is kept in
 * a small direct-mapped table, by a keyed hash of the address.
 */
#include "mask/method/place.h"

#include "base/hash.h"
#include "mask/inside.h"

#define SALT UINT64_C(0x67656f)

static struct mask_place_slot *
slot_of(const struct mask *m, const uint64_t key[static 2])
{
	return (&m->places.slots[key[1] & (MASK_PLACES - 1)]);
}

void
mask_place_ahead(struct mask *m)
{
	__builtin_prefetch(slot_of(m, m->at->peer_ahead.key));
}

void
mask_place_put(struct mask *m, const struct parse_addr *addr)
{
	const struct parse_addr *peer = &m->at->peer;
	struct mask_place_slot *at;
	char *text;
	uint64_t key[2];

	/* Mostly it is the peer, whose name was made for its token. */
	if (addr->len == peer->len && memcmp(addr->bytes, peer->bytes, addr->len) == 0)
		memcpy(key, m->at->peer_ahead.key, sizeof(key));
	else
		hash_wide(span_of((const char *)addr->bytes, addr->len), m->seed, SALT, key);
	at = slot_of(m, key);
	if (at->key != key[0]) {
		mask_geo_find(m->places.geo, addr->bytes, addr->len, &at->place);
		at->key = key[0];
	}
	if (at->place.country[0] != '\0' && (text = mask_take(m, 2)) != NULL) {
		memcpy(text, at->place.country, 2);
		record_set_plain(&m->record, RECORD_FIELD_COUNTRY, span_of(text, 2));
	}
	if (at->place.asn != 0)
		record_set_int(&m->record, RECORD_FIELD_ASN, at->place.asn);
}
