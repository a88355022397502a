/* The files of a segment, opened: data and .idx. */
#include "audit/history/open.h"

#include <string.h>
#include <unistd.h>

#include "base/err.h"

int
audit_data_open(const struct audit_chain *chain, uint64_t n, uint64_t sealed,
    const struct audit_place *at, struct audit_list *list)
{
	enum audit_kind kind = audit_kind(chain->dirfd, at->file);
	uint64_t size;
	struct err e;
	int fd;

	if (kind == AUDIT_MISSING) {
		audit_report(list, AUDIT_E_SEGMENT_MISSING, at, "its %ju records cannot be shown",
		    (uintmax_t)n);
		return (-1);
	}
	if (kind != AUDIT_REGULAR) {
		audit_report(list, AUDIT_E_FILE_TYPE, at, "not a regular file");
		return (-1);
	}
	if ((fd = store_open_file(chain->dirfd, at->file, &size, &e)) == -1) {
		audit_report(list, AUDIT_E_SEGMENT_MISSING, at, "%s", e.text);
		return (-1);
	}
	/* A sparse file is large for nothing: do not even begin to read it. */
	if (size > sealed && size - sealed > 2 * AUDIT_SPARE_BYTES) {
		audit_report(list, AUDIT_E_LIMIT, at, "%ju bytes, sealed were %ju", (uintmax_t)size,
		    (uintmax_t)sealed);
		(void)close(fd);
		return (-1);
	}
	return (fd);
}

int
audit_idx_open(struct audit_job *job, const struct audit_chain *chain,
    const struct seal_segment *facts, const struct audit_place *at, struct audit_list *list)
{
	size_t blocks = (size_t)((facts->n + SEAL_BLOCK - 1) / SEAL_BLOCK);
	size_t size = 2 * (size_t)facts->n + 32 * blocks;
	unsigned char hash[32];
	enum audit_code code = AUDIT_E_INDEX;
	struct err e;

	if (audit_read(chain->dirfd, at->file, AUDIT_IDX_BYTES_MAX, &job->idx, &code, &e) == -1) {
		audit_report(list, code, at, "%s", e.text);
		return (-1);
	}
	crypto_sha256(job->idx.data, job->idx.len, hash);
	if (memcmp(hash, facts->idx, sizeof(hash)) != 0 || job->idx.len != size) {
		audit_report(list, AUDIT_E_INDEX, at, "its hash is not the sealed one");
		return (-1);
	}
	return (0);
}
