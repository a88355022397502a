#include "crypto/timestamp.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <limits.h>
#include <stdlib.h>

#include "base/err.h"

struct crypto_timestamp {
	STACK_OF(X509) * trusted, *untrusted;
};

/* All certificates of a PEM text; what else is in it is passed over. */
static STACK_OF(X509) * read_certificates(struct span pem)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *in = pem.len > INT_MAX ? NULL : BIO_new_mem_buf(pem.ptr, (int)pem.len);
	X509 *one;

	while (all != NULL && in != NULL && (one = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(all, one) == 0)
			X509_free(one);
	ERR_clear_error();
	BIO_free(in);
	return (all);
}

int
crypto_timestamp_open(
    struct span trusted, struct span untrusted, struct crypto_timestamp **ts, struct err *e)
{
	struct crypto_timestamp *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	made->trusted = read_certificates(trusted);
	made->untrusted =
	    read_certificates(span_of(untrusted.len == 0 ? "" : untrusted.ptr, untrusted.len));
	if (made->trusted == NULL || made->untrusted == NULL)
		(void)err_set(e, ERR_IO, "out of memory");
	else if (sk_X509_num(made->trusted) == 0)
		(void)err_set(e, ERR_CONFIG, "no certificate in PEM");
	else if (untrusted.len > 0 && sk_X509_num(made->untrusted) == 0)
		(void)err_set(e, ERR_CONFIG, "no certificate in PEM among the untrusted");
	else {
		*ts = made;
		return (0);
	}
	crypto_timestamp_close(made);
	return (-1);
}

void
crypto_timestamp_close(struct crypto_timestamp *ts)
{
	if (ts == NULL)
		return;
	sk_X509_pop_free(ts->trusted, X509_free);
	sk_X509_pop_free(ts->untrusted, X509_free);
	free(ts);
}

/* Those that are trusted; a chain is judged at the time that the stamp says. */
static X509_STORE *
make_store(const struct crypto_timestamp *ts, int64_t time_us)
{
	X509_STORE *store = X509_STORE_new();

	if (store == NULL)
		return (NULL);
	for (int i = 0; i < sk_X509_num(ts->trusted); i++)
		(void)X509_STORE_add_cert(store, sk_X509_value(ts->trusted, i));
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(time_us / 1000000));
	return (store);
}

static TS_VERIFY_CTX *
make_context(const struct crypto_timestamp *ts, struct span data, int64_t time_us)
{
	TS_VERIFY_CTX *context = TS_VERIFY_CTX_new();
	STACK_OF(X509) *chain = X509_chain_up_ref(ts->untrusted);
	X509_STORE *store = make_store(ts, time_us);
	BIO *in = BIO_new_mem_buf(data.ptr, (int)data.len);

	if (context == NULL || chain == NULL || store == NULL || in == NULL) {
		TS_VERIFY_CTX_free(context);
		sk_X509_pop_free(chain, X509_free);
		X509_STORE_free(store);
		BIO_free(in);
		return (NULL);
	}
	/* All three are the context's from here on. */
	(void)TS_VERIFY_CTX_set_data(context, in);
	(void)TS_VERIFY_CTX_set_store(context, store);
	(void)TS_VERIFY_CTX_set_certs(context, chain);
	(void)TS_VERIFY_CTX_set_flags(
	    context, TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNATURE | TS_VFY_SIGNER);
	return (context);
}

/* Texts of OpenSSL's own; never bytes of the token. */
static int
tell(struct err *e)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code == 0 ? NULL : ERR_reason_error_string(code);

	ERR_clear_error();
	return (err_set(
	    e, ERR_FINDING, "the authority's signature: %.100s", why == NULL ? "not good" : why));
}

int
crypto_timestamp_check(const struct crypto_timestamp *ts, struct span token, struct span data,
    int64_t time_us, struct err *e)
{
	const unsigned char *at = (const unsigned char *)token.ptr;
	PKCS7 *read = token.len > LONG_MAX ? NULL : d2i_PKCS7(NULL, &at, (long)token.len);
	TS_VERIFY_CTX *context = NULL;
	int rc = -1;

	if (read == NULL || at != (const unsigned char *)token.ptr + token.len)
		rc = tell(e);
	else if (data.len > INT_MAX || (context = make_context(ts, data, time_us)) == NULL)
		rc = err_set(e, ERR_IO, "out of memory");
	else
		rc = TS_RESP_verify_token(context, read) == 1 ? 0 : tell(e);
	TS_VERIFY_CTX_free(context);
	PKCS7_free(read);
	ERR_clear_error();
	return (rc);
}
