#include "app/archive/plan.h"

#include <stdbool.h>

#include "seal/leaf.h"

size_t
app_archive_together(const struct app_archive_part *parts, size_t count)
{
	uint64_t records = 0, bytes = 0;
	int64_t day = INT64_MIN;
	size_t n;

	for (n = 0; n < count; n++) {
		bool other_day = parts[n].records > 0 && day != INT64_MIN && parts[n].day != day;

		records += parts[n].records;
		bytes += parts[n].bytes;
		if (n > 0 && (other_day || records > SEAL_RECORDS_MAX || bytes > SEAL_BYTES_MAX))
			break;
		if (parts[n].records > 0)
			day = parts[n].day;
	}
	return (n);
}

int64_t
app_archive_rest_ns(int64_t cpu_ns, int64_t wall_ns, unsigned share)
{
	int64_t rest = cpu_ns / share * 100 - wall_ns;

	return (share >= 100 || rest <= 0 ? 0 : rest);
}
