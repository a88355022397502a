/* Fuzz target: any bytes as a segment's file.  The first two bound its lines. */
#include <sys/mman.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "store/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static void
observe(void *arg, const void *bytes, size_t len)
{
	(void)bytes;
	*(size_t *)arg += len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct store_reader *reader;
	uint64_t max, lines = 0;
	struct err e = { 0 };
	struct span run;
	size_t seen = 0;
	int fd, rc;

	if (size < 2)
		return (0);
	max = ((uint64_t)data[0] << 8 | data[1]) << 7;
	if (reader == NULL)
		demand(store_reader_open(&reader, NULL) == 0);
	fd = memfd_create("file", 0);
	demand(write(fd, data + 2, size - 2) == (ssize_t)(size - 2));
	(void)lseek(fd, 0, SEEK_SET);
	store_reader_begin(reader, fd, max, observe, &seen);
	while ((rc = store_reader_next(reader, &run, &e)) == 0 && run.len > 0) {
		demand(run.ptr[run.len - 1] == '\n');
		lines += run.len;
	}
	demand(lines <= max);
	if (rc == 0)
		demand(seen == size - 2 && !store_reader_torn(reader));
	else
		demand(e.code == ERR_FINDING && text_is_ascii(span_str(e.text)));
	return (0);
}
