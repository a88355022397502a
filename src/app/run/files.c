/* app: what other files than the configuration say of a stream: has it changed? */
#include <sys/stat.h>

#include <string.h>

#include "app/run/run.h"
#include "app/words/words.h"
#include "base/err.h"
#include "crypto/sha256.h"

/* Words come in the order of a directory, which means nothing: they are added up. */
struct sum {
	uint64_t words[4];
};

static int
add_word(void *arg, enum mask_word_class class_id, struct span position, struct span word,
    struct err *e)
{
	const uint64_t head[] = { (uint64_t)class_id, position.len };
	struct sum *sum = arg;
	struct crypto_sha256 h;
	uint64_t one[4];

	(void)e;
	crypto_sha256_init(&h);
	crypto_sha256_add(&h, head, sizeof(head));
	crypto_sha256_add(&h, position.ptr, position.len);
	crypto_sha256_add(&h, word.ptr, word.len);
	crypto_sha256_end(&h, (unsigned char *)one);
	for (int i = 0; i < 4; i++)
		sum->words[i] += one[i];
	return (0);
}

/* A database is renewed by rename: it is another file then. */
static int
add_database(struct crypto_sha256 *h, const char *path, struct err *e)
{
	struct stat st;
	uint64_t facts[4];

	if (path[0] == '\0')
		return (0);
	if (stat(path, &st) == -1)
		return (err_sys(e, ERR_CONFIG, "%s", path));
	facts[0] = st.st_dev;
	facts[1] = st.st_ino;
	facts[2] = (uint64_t)st.st_size;
	facts[3] = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
	crypto_sha256_add(h, facts, sizeof(facts));
	return (0);
}

int
app_run_files(const struct config *c, const struct config_stream *stream,
    unsigned char digest[static 32], struct err *e)
{
	struct sum sum = { { 0 } };
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	if (app_words_preload(stream, add_word, &sum, NULL, e) == -1 ||
	    add_database(&h, c->geo_asn, e) == -1 || add_database(&h, c->geo_country, e) == -1)
		return (-1);
	crypto_sha256_add(&h, &sum, sizeof(sum));
	crypto_sha256_end(&h, digest);
	return (0);
}
