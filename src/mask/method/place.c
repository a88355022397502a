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

void
mask_place_put(struct mask *m, const struct parse_addr *addr)
{
	struct mask_place_slot *at;
	char *text;
	uint64_t key[2];

	hash_wide(span_of((const char *)addr->bytes, addr->len), m->seed, SALT, key);
	at = &m->places.slots[key[0] & (MASK_PLACES - 1)];
	if (at->key[0] != key[0] || at->key[1] != key[1]) {
		mask_geo_find(m->places.geo, addr->bytes, addr->len, &at->place);
		memcpy(at->key, key, sizeof(key));
	}
	if (at->place.country[0] != '\0' && (text = mask_take(m, 2)) != NULL) {
		memcpy(text, at->place.country, 2);
		record_set_plain(&m->record, RECORD_FIELD_COUNTRY, span_of(text, 2));
	}
	if (at->place.asn != 0)
		record_set_int(&m->record, RECORD_FIELD_ASN, at->place.asn);
}
