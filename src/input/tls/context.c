/* input: what a TLS server is made of: its certificate, its key, who may come. */
#include <sys/stat.h>

#include <errno.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/err.h"
#include "crypto/random.h"
#include "input/tls/inside.h"
#include "key/key.h"

#define KEY_BYTES ((size_t)64 << 10)
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20" /* of TLS 1.2; those of 1.3 are all good */

/* What OpenSSL says: its own words, never those of a file. */
static int
fail(const char *path, const char *what, struct err *e)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	(void)err_set(e, ERR_CONFIG, "%s: %s%s%s%s", path, what, reason == NULL ? "" : " (",
	    reason == NULL ? "" : reason, reason == NULL ? "" : ")");
	ERR_clear_error();
	return (-1);
}

/* A passphrase that nobody can type. */
static int
no_passphrase(char *bytes, int size, int writing, void *arg)
{
	(void)bytes;
	(void)size;
	(void)writing;
	(void)arg;
	return (-1);
}

static int
use_key(SSL_CTX *c, const char *path, struct err *e)
{
	struct arena memory = { 0 };
	EVP_PKEY *key = NULL;
	BIO *bio = NULL;
	ssize_t len;
	int rc = -1;

	if (arena_open(&memory, KEY_BYTES, ARENA_SECRET, e) == -1)
		return (-1);
	if ((len = key_given_read(path, arena_take(&memory, KEY_BYTES), KEY_BYTES, e)) == -1)
		goto out;
	bio = BIO_new_mem_buf(memory.base, (int)len);
	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (key == NULL)
		rc = fail(path, "no private key in PEM, or one with a passphrase", e);
	else if (SSL_CTX_use_PrivateKey(c, key) != 1 || SSL_CTX_check_private_key(c) != 1)
		rc = fail(path, "not the key of the certificate", e);
	else
		rc = 0;
out:
	EVP_PKEY_free(key);
	BIO_free(bio);
	arena_close(&memory);
	return (rc);
}

static int
use_clients(SSL_CTX *c, const char *path, struct err *e)
{
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);

	if (names == NULL || SSL_CTX_load_verify_locations(c, path, NULL) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return (fail(path, "no certificates in PEM", e));
	}
	SSL_CTX_set_client_CA_list(c, names); /* is the context's from here on */
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return (0);
}

SSL_CTX *
input_tls_context(const struct input_tls_files *files, struct err *e)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	int rc = 0;

	if (c == NULL || SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(c, CIPHERS) != 1) {
		(void)fail("TLS", "OpenSSL does not start", e);
		SSL_CTX_free(c);
		return (NULL);
	}
	/* What was decrypted is wiped once it is handed out. */
	SSL_CTX_set_options(c,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_mode(c,
	    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
		SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(c, 0);
	if (SSL_CTX_use_certificate_chain_file(c, files->certificate) != 1)
		rc = fail(files->certificate, "no certificate in PEM", e);
	if (rc == 0)
		rc = use_key(c, files->key, e);
	if (rc == 0 && files->client_ca[0] != '\0')
		rc = use_clients(c, files->client_ca, e);
	if (rc == -1) {
		SSL_CTX_free(c);
		c = NULL;
	}
	return (c);
}
