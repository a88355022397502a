/* Memory, swap and clock of the machine. */
#include <sys/resource.h>
#include <sys/timex.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/doctor/doctor.h"

/* What a stream locks: lines, half lines of connections, keys, candidates of words. */
#define STREAM_LOCKED ((rlim_t)48 << 20)

void
app_doctor_memory(struct app_doctor *d)
{
	rlim_t need = STREAM_LOCKED;
	struct rlimit limit;

	if (d->config != NULL && d->config->stream_count > 1)
		need *= d->config->stream_count;
	if (geteuid() == 0 || getrlimit(RLIMIT_MEMLOCK, &limit) == -1 || limit.rlim_max >= need)
		return;
	app_doctor_say(d, APP_DOCTOR_BAD,
	    "systemctl edit cretula   # [Service] LimitMEMLOCK=infinity",
	    "this user may lock %ju KiB of memory, %ju are needed: raw lines could be swapped out, "
	    "and `run` does not start",
	    (uintmax_t)limit.rlim_max / 1024, (uintmax_t)need / 1024);
}

/* ---- swap ---- */

/* A device of the mapper tells what it is. */
static bool
is_encrypted(const char *device)
{
	char path[128];
	const char *name = strrchr(device, '/');
	struct buf text = { 0 };
	bool crypt;

	(void)snprintf(
	    path, sizeof(path), "/sys/block/%.60s/dm/uuid", name == NULL ? device : name + 1);
	crypt = app_doctor_read(path, &text) && text.len > 6 && memcmp(text.data, "CRYPT-", 6) == 0;
	buf_free(&text);
	return (crypt);
}

/* The servers' memory may hold what their log lines say. */
void
app_doctor_swap(struct app_doctor *d)
{
	struct buf text = { 0 };
	struct span rest;
	char device[128], mend[APP_DOCTOR_MEND_BYTES];

	if (!app_doctor_read("/proc/swaps", &text)) {
		buf_free(&text);
		return;
	}
	rest = span_from(buf_view(&text), span_find(buf_view(&text), '\n'));
	while (rest.len > 1) {
		size_t end, word;

		rest = span_from(rest, 1);
		end = span_find(rest, '\n');
		word = span_find(span_of(rest.ptr, end), ' ');
		(void)snprintf(device, sizeof(device), "%.*s", (int)word, rest.ptr);
		rest = span_from(rest, end);
		if (word == 0 || strstr(device, "zram") != NULL || is_encrypted(device))
			continue;
		(void)snprintf(mend, sizeof(mend),
		    "swapoff %s   # and out of /etc/fstab, or encrypt it", device);
		app_doctor_say(d, APP_DOCTOR_ADVICE, mend,
		    "swap on %s is not encrypted: what servers have in memory may lie there raw",
		    device);
	}
	buf_free(&text);
}

/* ---- clock ---- */

void
app_doctor_clock(struct app_doctor *d)
{
	struct timex now = { .modes = 0 };

	if (adjtimex(&now) != -1 && (now.status & STA_UNSYNC) != 0)
		app_doctor_say(d, APP_DOCTOR_ADVICE, "timedatectl set-ntp true",
		    "the clock is not kept by a time server: times of records and the turns of "
		    "keys depend on it");
}
