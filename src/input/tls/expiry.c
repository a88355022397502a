/* input: until when a certificate is good. */
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/err.h"
#include "input/tls.h"

/* The first of a chain that ends ends all of it. */
int
input_tls_expiry(const char *path, int64_t *until_us, struct err *e)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *certificate;
	struct tm tm;

	*until_us = INT64_MAX;
	while (file != NULL && (certificate = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
		if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1 &&
		    (int64_t)timegm(&tm) * 1000000 < *until_us)
			*until_us = (int64_t)timegm(&tm) * 1000000;
		X509_free(certificate);
	}
	BIO_free(file);
	ERR_clear_error();
	return (*until_us == INT64_MAX ? err_set(e, ERR_CONFIG, "%s: no certificate in PEM", path) :
					 0);
}
