/* Country and ASN: found before masking, from databases that are not trusted. */
#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "unit/mask/bed.h"
#include "unit/mask/mmdb.h"

static char folder[] = "/tmp/cretula-geo-XXXXXX";
static char path[64];

static void
save(const unsigned char *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Behind 96 zeros is IPv4. */
static size_t
make(unsigned char out[static MMDB_BYTES_MAX])
{
	static struct mmdb m;

	mmdb_start(&m, 6);
	mmdb_add(&m, (const unsigned char[16]){ [12] = 192, 0, 2 }, 96 + 24, mmdb_place(&m, "DE", 64496));
	mmdb_add(&m, (const unsigned char[16]){ [12] = 198, 51, 100 }, 96 + 24,
	    mmdb_place(&m, "at", 4294967295));
	mmdb_add(&m, (const unsigned char[16]){ [12] = 203, 0, 113, 7 }, 96 + 32,
	    mmdb_place(&m, "\"},", 0));
	mmdb_add(&m, (const unsigned char[16]){ 0x20, 1, 0xd, 0xb8 }, 32, mmdb_place(&m, "FR", 64497));
	return (mmdb_write(&m, out));
}

static void
test_find(void **state)
{
	static const struct {
		const char *claim, *address, *country;
		uint32_t asn;
	} rows[] = {
		{ "an address of a network", "192.0.2.7", "DE", 64496 },
		{ "its last", "192.0.2.255", "DE", 64496 },
		{ "its neighbour", "192.0.3.0", "", 0 },
		{ "mapped, the same", "::ffff:192.0.2.7", "DE", 64496 },
		{ "IPv6", "2001:db8::7", "FR", 64497 },
		{ "not there", "2001:db9::7", "", 0 },
		{ "small letters are no country", "198.51.100.1", "", UINT32_MAX },
		{ "nor is anything else", "203.0.113.7", "", 0 },
	};
	unsigned char bytes[MMDB_BYTES_MAX];
	struct mask_geo *geo;
	struct err e = { 0 };

	save(bytes, make(bytes));
	if (mask_geo_open(path, path, &geo, &e) != 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mask_place place;
		struct parse_addr addr;

		assert_int_equal(parse_addr(span_str(rows[i].address), &addr), PARSE_ADDR_OK);
		mask_geo_find(geo, addr.bytes, addr.len, &place);
		if (place.asn != rows[i].asn || strncmp(place.country, rows[i].country, 2) != 0)
			fail_msg("%s: %.2s %u", rows[i].claim, place.country, place.asn);
	}
	mask_geo_close(geo);
}

/* One of them alone, and one of IPv4 alone. */
static void
test_halves(void **state)
{
	static struct mmdb m;
	unsigned char bytes[MMDB_BYTES_MAX];
	const unsigned char v4[4] = { 192, 0, 2, 7 }, v6[16] = { 0x20, 1, 0xd, 0xb8 };
	struct mask_place place;
	struct mask_geo *geo;

	mmdb_start(&m, 4);
	mmdb_add(&m, v4, 24, mmdb_place(&m, "DE", 7));
	save(bytes, mmdb_write(&m, bytes));
	assert_int_equal(mask_geo_open(path, "", &geo, NULL), 0);
	mask_geo_find(geo, v4, 4, &place);
	assert_memory_equal(place.country, "DE", 2);
	assert_int_equal(place.asn, 0);
	mask_geo_find(geo, v6, 16, &place);
	assert_int_equal(place.country[0], 0);
	mask_geo_close(geo);
	assert_int_equal(mask_geo_open("", path, &geo, NULL), 0);
	mask_geo_find(geo, v4, 4, &place);
	assert_int_equal(place.country[0], 0);
	assert_int_equal(place.asn, 7);
	mask_geo_close(geo);
	assert_int_equal(mask_geo_open("", "", &geo, NULL), 0);
	assert_null(geo);
	mask_geo_close(NULL);
}

static void
test_refused(void **state)
{
	unsigned char bytes[MMDB_BYTES_MAX];
	size_t len = make(bytes);
	struct mask_geo *geo;
	struct err e = { 0 };

	assert_int_equal(mask_geo_open("/nowhere/x.mmdb", "", &geo, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_int_equal(mask_geo_open(folder, "", &geo, &e), -1);
	save(bytes, 0);
	assert_int_equal(mask_geo_open(path, "", &geo, &e), -1);
	save((const unsigned char *)"{}", 2);
	assert_int_equal(mask_geo_open("", path, &geo, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	/* The first node leads behind the end. */
	memset(bytes, 0xff, 6);
	save(bytes, len);
	assert_int_equal(mask_geo_open(path, "", &geo, &e), -1);
	assert_non_null(strstr(e.text, "damaged"));
}

/* Cut anywhere, and with any byte another: refused or harmless. */
static void
test_damaged(void **state)
{
	unsigned char bytes[MMDB_BYTES_MAX], other[MMDB_BYTES_MAX];
	size_t len = make(bytes);
	unsigned opened = 0, refused = 0;

	for (size_t i = 0; i < 2 * len; i++) {
		const unsigned char v4[3][4] = { { 192, 0, 2, 7 }, { 198, 51, 100, 1 }, { 203, 0, 113, 7 } };
		const unsigned char v6[16] = { 0x20, 1, 0xd, 0xb8 };
		struct mask_place place;
		struct mask_geo *geo;

		memcpy(other, bytes, len);
		if (i < len)
			other[i] ^= (unsigned char)(1u << (i * 7 % 8) | (i % 3 == 0 ? 0xf0 : 0));
		save(other, i < len ? len : i - len);
		if (mask_geo_open(path, path, &geo, NULL) == -1) {
			refused++;
			continue;
		}
		opened++;
		for (int n = 0; n < 3; n++) {
			mask_geo_find(geo, v4[n], 4, &place);
			assert_true(place.country[0] == '\0' ||
			    (place.country[0] >= 'A' && place.country[1] <= 'Z'));
		}
		mask_geo_find(geo, v6, 16, &place);
		mask_geo_close(geo);
	}
	assert_true(opened > 100 && refused > 100);
}

/* Of the client, behind a proxy of ours of the one who asked it; never of a claimed hop. */
static void
test_records(void **state)
{
	static const struct {
		const char *claim, *peer, *forwarded, *country;
	} rows[] = {
		{ "the peer", "192.0.2.7", NULL, "DE" },
		{ "the peer again", "192.0.2.7", NULL, "DE" },
		{ "not who a stranger names", "192.0.2.7", "2001:db8::7", "DE" },
		{ "whom our proxy names", "10.0.0.1", "198.51.100.9, 2001:db8::7", "FR" },
		{ "our proxy alone", "10.0.0.1", NULL, "" },
		{ "a name is nowhere", "host.example.net", NULL, "" },
	};
	static struct bed bed;
	struct mask_policy p;
	unsigned char bytes[MMDB_BYTES_MAX];
	struct mask_setup setup;
	struct mask_geo *geo;

	mask_policy_default(&p);
	assert_int_equal(mask_network_parse(span_str("10.0.0.0/8"), &p.trusted_proxies[0]), 0);
	p.trusted_proxy_count = 1;
	bed_open(&bed, &p);
	save(bytes, make(bytes));
	assert_int_equal(mask_geo_open(path, path, &geo, NULL), 0);
	mask_close(bed.mask);
	setup = (struct mask_setup){ .policy = &bed.policy, .ring = bed.ring, .words = bed.words,
		.parser.format = parse_format_find(span_str("combined")), .epochs = MASK_EPOCH_EVENT,
		.now_us = BED_NOW_US, .line_max = PARSE_LINE_MAX, .geo = geo };
	assert_int_equal(mask_open(&setup, &bed.mask, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct event ev;
		struct record *r = &bed.mask->record;
		struct span country;

		memset(&ev, 0, sizeof(ev));
		ev.has_text = UINT32_C(1) << EVENT_CLIENT;
		ev.text[EVENT_CLIENT] = span_str(rows[i].peer);
		if (rows[i].forwarded != NULL) {
			ev.has_text |= UINT32_C(1) << EVENT_FORWARDED;
			ev.text[EVENT_FORWARDED] = span_str(rows[i].forwarded);
		}
		(void)bed_run(&bed, span_of("", 0), 0);
		bed.mask->batch = &bed.batch;
		record_clear(r);
		bed.mask->text_used = 0;
		mask_line_epochs(bed.mask, BED_NOW_US);
		bed.mask->at = &bed.mask->lines[0];
		mask_event_ahead(bed.mask, &ev);
		mask_event(bed.mask, &ev, false);
		country = record_has(r, RECORD_FIELD_COUNTRY) ? r->text[RECORD_FIELD_COUNTRY] :
		    span_of("", 0);
		if (!span_is(country, rows[i].country))
			fail_msg("%s: %.*s", rows[i].claim, (int)country.len, country.ptr);
	}
	mask_geo_close(geo);
	bed_close(&bed);
}

static int
start(void **state)
{
	if (mkdtemp(folder) == NULL)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/x.mmdb", folder);
	return (0);
}

static int
stop(void **state)
{
	(void)unlink(path);
	return (rmdir(folder));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_records),
	};

	return (cmocka_run_group_tests(tests, start, stop));
}
