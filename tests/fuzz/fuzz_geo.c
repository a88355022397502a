/* Fuzz target: any bytes as a database of places; what is found is two letters and a number, or nothing. */
#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "mask/geo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static void
look(const struct mask_geo *geo)
{
	for (unsigned i = 0; i < 64; i++) {
		const unsigned char bytes[16] = { (unsigned char)(192 + i), (unsigned char)(i * 37), 2,
			(unsigned char)i, (unsigned char)(i * 91) };
		struct mask_place place;

		for (unsigned len = 4; len <= 16; len += 12) {
			mask_geo_find(geo, bytes, len, &place);
			demand(place.country[0] == '\0' ||
			    (place.country[0] >= 'A' && place.country[0] <= 'Z' &&
				place.country[1] >= 'A' && place.country[1] <= 'Z'));
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("geo", MFD_CLOEXEC);
	struct mask_geo *geo;
	struct err e = { 0 };
	char path[64];

	demand(fd != -1 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (mask_geo_open(path, path, &geo, &e) == 0) {
		look(geo);
		mask_geo_close(geo);
	} else
		demand(e.code == ERR_CONFIG);
	(void)close(fd);
	return (0);
}
