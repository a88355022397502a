#include "mask/geo.h"

#include "base/err.h"

#if CRETULA_GEO
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <maxminddb.h>

struct base {
	bool open;
	MMDB_s db;
};

struct mask_geo {
	struct base country, asn;
};

bool
mask_geo_built(void)
{
	return (true);
}

/* ---- looking up ---- */

/* 0, and found says whether; -1: the file is damaged. */
static int
look_up(const struct base *b, const unsigned char *bytes, unsigned len, MMDB_lookup_result_s *found)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const struct sockaddr *address = (const struct sockaddr *)&v4;
	int status = MMDB_SUCCESS;

	found->found_entry = false;
	if (len == 4)
		memcpy(&v4.sin_addr, bytes, 4);
	else {
		if (b->db.metadata.ip_version == 4)
			return (0);
		memcpy(&v6.sin6_addr, bytes, 16);
		address = (const struct sockaddr *)&v6;
	}
	*found = MMDB_lookup_sockaddr(&b->db, address, &status);
	if (status == MMDB_SUCCESS)
		return (0);
	found->found_entry = false;
	return (-1);
}

/* A value of the entry by its path; false if it is not there or of another type. */
static bool
get(MMDB_lookup_result_s *found, const char *const *path, uint32_t type, MMDB_entry_data_s *data)
{
	return (MMDB_aget_value(&found->entry, data, path) == MMDB_SUCCESS && data->has_data &&
	    data->type == type);
}

static bool
is_capital(char c)
{
	return (c >= 'A' && c <= 'Z');
}

static void
find_country(const struct base *b, const unsigned char *bytes, unsigned len, char country[2])
{
	static const char *const iso[] = { "country", "iso_code", NULL };
	static const char *const code[] = { "country_code", NULL };
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;

	if (look_up(b, bytes, len, &found) == -1 || !found.found_entry)
		return;
	if (!get(&found, iso, MMDB_DATA_TYPE_UTF8_STRING, &data) &&
	    !get(&found, code, MMDB_DATA_TYPE_UTF8_STRING, &data))
		return;
	if (data.data_size == 2 && is_capital(data.utf8_string[0]) &&
	    is_capital(data.utf8_string[1]))
		memcpy(country, data.utf8_string, 2);
}

static void
find_asn(const struct base *b, const unsigned char *bytes, unsigned len, uint32_t *asn)
{
	static const char *const number[] = { "autonomous_system_number", NULL };
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;

	if (look_up(b, bytes, len, &found) == 0 && found.found_entry &&
	    get(&found, number, MMDB_DATA_TYPE_UINT32, &data))
		*asn = data.uint32;
}

void
mask_geo_find(
    const struct mask_geo *geo, const unsigned char *bytes, unsigned len, struct mask_place *place)
{
	memset(place, 0, sizeof(*place));
	if (geo->country.open)
		find_country(&geo->country, bytes, len, place->country);
	if (geo->asn.open)
		find_asn(&geo->asn, bytes, len, &place->asn);
}

/* ---- opening ---- */

/* Addresses all over: a tree that is cut off or points outside shows. */
static int
probe(const struct base *b)
{
	MMDB_lookup_result_s found;

	for (unsigned i = 0; i < 256; i++) {
		unsigned char v4[4] = { (unsigned char)i, 1, (unsigned char)(i * 7), 1 };
		unsigned char v6[16] = { 0x20, (unsigned char)i, (unsigned char)(i * 11), 0, 1 };

		if (look_up(b, v4, 4, &found) == -1 || look_up(b, v6, 16, &found) == -1)
			return (-1);
	}
	return (0);
}

static int
open_base(const char *path, struct base *b, struct err *e)
{
	struct stat st;
	int status;

	if (path[0] == '\0')
		return (0);
	/* A pipe would never open. */
	if (stat(path, &st) == -1)
		return (err_sys(e, ERR_CONFIG, "geo: %s", path));
	if (!S_ISREG(st.st_mode))
		return (err_set(e, ERR_CONFIG, "geo: %s: no regular file", path));
	if ((status = MMDB_open(path, MMDB_MODE_MMAP, &b->db)) != MMDB_SUCCESS)
		return (err_set(e, ERR_CONFIG, "geo: %s: %s", path, MMDB_strerror(status)));
	b->open = true;
	if (probe(b) == -1)
		return (err_set(e, ERR_CONFIG, "geo: %s: the database is damaged", path));
	return (0);
}

int
mask_geo_open(const char *country, const char *asn, struct mask_geo **geo, struct err *e)
{
	struct mask_geo *made;

	*geo = NULL;
	if (country[0] == '\0' && asn[0] == '\0')
		return (0);
	if ((made = calloc(1, sizeof(*made))) == NULL)
		return (err_set(e, ERR_CONFIG, "geo: no memory"));
	if (open_base(country, &made->country, e) == -1 || open_base(asn, &made->asn, e) == -1) {
		mask_geo_close(made);
		return (-1);
	}
	*geo = made;
	return (0);
}

void
mask_geo_close(struct mask_geo *geo)
{
	if (geo == NULL)
		return;
	if (geo->country.open)
		MMDB_close(&geo->country.db);
	if (geo->asn.open)
		MMDB_close(&geo->asn.db);
	free(geo);
}

#else

bool
mask_geo_built(void)
{
	return (false);
}

int
mask_geo_open(const char *country, const char *asn, struct mask_geo **geo, struct err *e)
{
	*geo = NULL;
	if (country[0] == '\0' && asn[0] == '\0')
		return (0);
	return (err_set(e, ERR_CONFIG, "geo: this cretula was built without libmaxminddb"));
}

void
mask_geo_close(struct mask_geo *geo)
{
	(void)geo;
}

void
mask_geo_find(
    const struct mask_geo *geo, const unsigned char *bytes, unsigned len, struct mask_place *place)
{
	(void)geo;
	(void)bytes;
	(void)len;
	*place = (struct mask_place){ .asn = 0 };
}

#endif
