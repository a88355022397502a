#include "app/anchors/authority.h"

#include <fcntl.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/timestamp.h"

#define CERTIFICATES_BYTES_MAX ((size_t)4 << 20)

int
app_authority_open(const struct app_args *args, struct crypto_timestamp **authority, struct err *e)
{
	const char *trusted = app_arg(args, "tsa-ca"), *untrusted = app_arg(args, "tsa-untrusted");
	struct buf both[2] = { { 0 }, { 0 } };
	int rc = -1;

	if (trusted == NULL && untrusted != NULL)
		return (err_set(e, ERR_USAGE, "--tsa-untrusted is nothing without --tsa-ca"));
	if (trusted == NULL)
		return (0);
	if (io_read_file(AT_FDCWD, trusted, CERTIFICATES_BYTES_MAX, &both[0], e) == 0 &&
	    (untrusted == NULL ||
		io_read_file(AT_FDCWD, untrusted, CERTIFICATES_BYTES_MAX, &both[1], e) == 0))
		rc = crypto_timestamp_open(buf_view(&both[0]), buf_view(&both[1]), authority, e);
	buf_free(&both[0]);
	buf_free(&both[1]);
	return (rc == -1 ? err_in(e, "--tsa-ca") : 0);
}

int
app_authority_check(void *arg, struct span token, struct span body, int64_t time_us, struct err *e)
{
	return (crypto_timestamp_check(arg, token, body, time_us, e));
}
