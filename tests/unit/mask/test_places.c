/* Two readers of a database of places, ours and libmaxminddb, say the same (ADR 16). */
#include <sys/socket.h>

#include <netinet/in.h>

#include <stdlib.h>
#include <unistd.h>

#include "unit/mask/bed.h"
#include "unit/mask/mmdb.h"

#if __has_include(<maxminddb.h>)
#include <maxminddb.h>

#define NETWORKS 24
#define LOOKUPS 2000

static uint64_t seed = 1;

static uint32_t
draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((uint32_t)(seed >> 33) % below);
}

/* A pointer to offset, in any of the sizes that can say it. */
static unsigned char *
put_pointer(unsigned char *p, uint32_t to)
{
	static const uint32_t from[3] = { 0, 2048, 526336 },
			      beyond[3] = { 2048, 526336, 134744064 };
	unsigned size = draw(4);

	while (size < 3 && (to < from[size] || to >= beyond[size]))
		size = (size + 1) % 4;
	if (size < 3)
		to = (to - from[size]) | (uint32_t)(1 << 5 | size << 3) << (8 * (size + 1));
	else
		*p++ = 1 << 5 | 3 << 3;
	for (unsigned i = size < 3 ? size + 2 : 4; i-- > 0;)
		*p++ = (unsigned char)(to >> (8 * i));
	return (p);
}

/* A text at p, or a pointer to where *known says that it stands already. */
static unsigned char *
put_text(struct mmdb *m, unsigned char *p, const char *text, uint32_t *known)
{
	if (*known != 0 && draw(4) > 0)
		return (put_pointer(p, *known));
	*known = m->gap + (uint32_t)(p - m->data);
	return (mmdb_text(p, text));
}

/* A place as one of the publishers writes it, with members that nobody asks for. */
static uint32_t
put_place(struct mmdb *m, uint32_t known[static 5])
{
	unsigned char *p = m->data + m->data_len;
	uint32_t at = (uint32_t)m->data_len;
	const char iso[3] = { (char)('A' + draw(26)), (char)('A' + draw(26)), '\0' };
	bool flat = draw(3) == 0;

	*p++ = 7 << 5 | 3;
	p = put_text(m, p, "names", &known[0]);
	*p++ = 7 << 5 | 1;
	p = mmdb_text(mmdb_text(p, "en"), "a name of more than twenty-eight bytes");
	p = put_text(m, p, flat ? "country_code" : "country", &known[flat ? 1 : 2]);
	if (!flat) {
		*p++ = 7 << 5 | 1;
		p = put_text(m, p, "iso_code", &known[3]);
	}
	p = mmdb_text(p, iso);
	p = put_text(m, p, "autonomous_system_number", &known[4]);
	p = mmdb_number(p, 6, draw(UINT32_MAX), 4);
	m->data_len = (size_t)(p - m->data);
	assert_true(m->data_len <= sizeof(m->data));
	return (at | MMDB_DATA);
}

static void
draw_bytes(unsigned char bytes[static 16])
{
	for (unsigned i = 0; i < 16; i++)
		bytes[i] = (unsigned char)draw(i < 2 ? 4 : 256);
}

static void
save(const char *path, const struct mmdb *m)
{
	static unsigned char bytes[MMDB_BYTES_MAX];
	size_t len = mmdb_write(m, bytes), tree = m->node_count * (size_t)m->record_bits / 4 + 16;
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, tree, file), tree);
	assert_int_equal(fseek(file, (long)m->gap, SEEK_CUR), 0);
	assert_int_equal(fwrite(bytes + tree, 1, len - tree, file), len - tree);
	assert_int_equal(fclose(file), 0);
}

/* What libmaxminddb says of an address. */
static void
ask_other(MMDB_s *db, const unsigned char *bytes, unsigned len, struct mask_place *place)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;
	int rc;

	memset(place, 0, sizeof(*place));
	memcpy(len == 4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr, bytes, len);
	found = MMDB_lookup_sockaddr(db, len == 4 ? (void *)&v4 : (void *)&v6, &rc);
	if (rc != MMDB_SUCCESS || !found.found_entry)
		return;
	if ((MMDB_get_value(&found.entry, &data, "country", "iso_code", NULL) == 0 ||
		MMDB_get_value(&found.entry, &data, "country_code", NULL) == 0) &&
	    data.has_data && data.data_size == 2)
		memcpy(place->country, data.utf8_string, 2);
	if (MMDB_get_value(&found.entry, &data, "autonomous_system_number", NULL) == 0 &&
	    data.has_data)
		place->asn = data.uint32;
}

/* How many of the addresses are known. */
static unsigned
compare(const char *claim, const char *path)
{
	struct mask_geo *geo;
	struct err e = { 0 };
	unsigned known = 0;
	MMDB_s db;

	if (mask_geo_open(path, path, &geo, &e) != 0)
		fail_msg("%s: %s", claim, e.text);
	assert_int_equal(MMDB_open(path, MMDB_MODE_MMAP, &db), MMDB_SUCCESS);
	for (unsigned i = 0; i < LOOKUPS; i++) {
		unsigned len = draw(2) == 0 ? 4 : 16;
		struct mask_place ours, theirs;
		unsigned char bytes[16];

		draw_bytes(bytes);
		if (len == 16 && draw(2) == 0)
			memset(bytes, 0, 12); /* IPv4 in a tree of IPv6 */
		mask_geo_find(geo, bytes, len, &ours);
		ask_other(&db, bytes, len, &theirs);
		if (memcmp(ours.country, theirs.country, 2) != 0 || ours.asn != theirs.asn)
			fail_msg("%s: %.2s %u, not %.2s %u", claim, ours.country, ours.asn,
			    theirs.country, theirs.asn);
		known += theirs.asn != 0;
	}
	MMDB_close(&db);
	mask_geo_close(geo);
	return (known);
}

static void
test_both_say_the_same(void **state)
{
	static const struct {
		const char *claim;
		unsigned ip_version, record_bits;
		uint32_t gap;
	} rows[] = {
		{ "IPv4, 24 bits", 4, 24, 0 },
		{ "IPv4, 28 bits", 4, 28, 0 },
		{ "IPv4, 32 bits", 4, 32, 0 },
		{ "IPv6, 24 bits", 6, 24, 0 },
		{ "IPv6, 24 bits, far data", 6, 24, 600000 },
		{ "IPv6, 28 bits, data beyond 24 bits", 6, 28, 20000000 },
		{ "IPv6, 32 bits, data beyond 27 bits", 6, 32, 140000000 },
	};
	char path[] = "/tmp/cretula-places-XXXXXX";
	static struct mmdb m;

	assert_int_not_equal(close(mkstemp(path)), -1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t known[5] = { 0 };
		unsigned answers;

		mmdb_start(&m, rows[i].ip_version);
		m.record_bits = rows[i].record_bits;
		m.gap = rows[i].gap;
		for (unsigned n = 0; n < NETWORKS; n++) {
			bool v4 = m.ip_version == 4 || n % 2 == 0;
			unsigned char bytes[28] = { 0 };

			draw_bytes(bytes + 12);
			mmdb_add(&m, bytes + (m.ip_version == 4 || !v4 ? 12 : 0),
			    (m.ip_version == 6 && v4 ? 104U : 8U) + draw(12), put_place(&m, known));
		}
		save(path, &m);
		answers = compare(rows[i].claim, path);
		if (answers < LOOKUPS / 20)
			fail_msg("%s: only %u addresses are known", rows[i].claim, answers);
	}
	assert_int_equal(unlink(path), 0);
}

#else

static void
test_both_say_the_same(void **state)
{
	print_message("libmaxminddb-dev is not installed: nothing to compare with\n");
	skip();
}

#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_say_the_same),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
