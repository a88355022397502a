/* app: a body as it comes in. */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/intake/inside.h"
#include "base/clock.h"
#include "base/err.h"
#include "crypto/random.h"
#include "key/key.h"

/* ---- memory ---- */

#define IDLE_NS INT64_C(2000000000) /* then memory goes back */

void
app_intake_pool(struct intake *in)
{
	in->fresh = (struct intake_block *)(void *)(in->plain + INTAKE_BODY_MAX);
	in->fresh_count = INTAKE_POOL_BYTES / sizeof(struct intake_block);
	in->free = NULL;
}

void
app_intake_give_back(struct intake *in, int64_t now_ns)
{
	if (in->used > 0 || in->current != NULL || in->queue.first != NULL || in->busy_ns == 0 ||
	    now_ns - in->busy_ns < IDLE_NS)
		return;
	app_intake_drop_plain(in);
	arena_forget(&in->memory, in->packed);
	app_intake_pool(in);
	in->busy_ns = 0;
}

static struct intake_block *
take_block(struct intake_body *body)
{
	struct intake *in = body->in;
	struct intake_block *block;

	pthread_mutex_lock(&in->lock);
	if ((block = in->free) != NULL)
		in->free = block->next;
	else if (in->fresh_count > 0) {
		block = in->fresh++;
		in->fresh_count--;
	}
	in->used += block != NULL;
	pthread_mutex_unlock(&in->lock);
	if (block == NULL)
		return (NULL);
	block->next = NULL;
	if (body->last == NULL)
		body->first = block;
	else
		body->last->next = block;
	body->last = block;
	return (block);
}

void
app_intake_release(struct intake_body *body)
{
	struct intake_block *block;

	while ((block = body->first) != NULL) {
		body->first = block->next;
		crypto_wipe(block->bytes, sizeof(block->bytes));
		block->next = body->in->free;
		body->in->free = block;
		body->in->used--;
	}
	body->in->busy_ns = clock_mono_ns();
	body->last = NULL;
	body->len = 0;
}

/* ---- who may ---- */

/* The file's first line.  0 or -1. */
static int
read_token(const char *path, char *bytes, size_t *len, struct err *e)
{
	ssize_t n = key_given_read(path, bytes, INTAKE_TOKEN_MAX, e);

	if (n == -1)
		return (-1);
	*len = span_find(span_of(bytes, (size_t)n), '\n');
	if (*len < 16 || *len == INTAKE_TOKEN_MAX)
		return (err_set(e, ERR_CONFIG, "%s: a token has 16 to %d bytes, on one line", path,
		    INTAKE_TOKEN_MAX - 1));
	return (0);
}

int
app_intake_token(struct intake *in, struct err *e)
{
	char bytes[INTAKE_TOKEN_MAX];
	size_t len = 0;
	int rc;

	if (in->token_path[0] == '\0')
		return (0);
	if ((rc = read_token(in->token_path, bytes, &len, e)) == 0) {
		pthread_mutex_lock(&in->lock);
		memcpy(in->token, bytes, len);
		in->token_len = len;
		pthread_mutex_unlock(&in->lock);
	}
	crypto_wipe(bytes, sizeof(bytes));
	return (rc);
}

static bool
may_send(struct intake *in, struct span authorization)
{
	static const struct span scheme = SPAN("Bearer ");
	struct span given = span_from(authorization, scheme.len);
	bool may;

	if (in->token_path[0] == '\0')
		return (true);
	pthread_mutex_lock(&in->lock);
	may = span_starts(authorization, scheme) && given.len == in->token_len &&
	    crypto_equal(given.ptr, in->token, given.len);
	in->counts.denied += !may;
	pthread_mutex_unlock(&in->lock);
	return (may);
}

/* ---- the door ---- */

static int
read_packing(struct span encoding)
{
	if (encoding.len == 0 || span_is(encoding, "identity"))
		return (INTAKE_PLAIN);
	if (span_is(encoding, "gzip") || span_is(encoding, "x-gzip"))
		return (INTAKE_GZIP);
	return (span_is(encoding, "zstd") ? INTAKE_ZSTD : -1);
}

static unsigned
count(struct intake *in, unsigned status)
{
	pthread_mutex_lock(&in->lock);
	in->counts.bad += status == 400 || status == 415;
	in->counts.large += status == 413;
	in->counts.busy += status == 503;
	pthread_mutex_unlock(&in->lock);
	return (status);
}

static unsigned
begin(void *arg, const struct app_http_head *head, struct app_http_request *r, void **body)
{
	const struct intake_route *route = arg;
	struct intake *in = route->in;
	struct intake_body *made;
	int packing = read_packing(head->encoding);

	if (!may_send(in, head->authorization))
		return (401);
	if (packing == -1)
		return (count(in, 415));
	if (head->length != UINT64_MAX && head->length > INTAKE_BODY_MAX)
		return (count(in, 413));
	if ((made = calloc(1, sizeof(*made))) == NULL)
		return (500);
	made->in = in;
	made->request = r;
	made->kind = route->kind;
	made->packing = (enum intake_packing)packing;
	made->has_key = head->key.len > 0;
	if (made->has_key)
		made->key = app_intake_id(in, span_str("key"), head->key);
	*body = made;
	return (0);
}

static unsigned
data(void *arg, struct span bytes)
{
	struct intake_body *body = arg;

	if (bytes.len > INTAKE_BODY_MAX - body->len)
		return (count(body->in, 413));
	while (bytes.len > 0) {
		size_t at = body->len % sizeof(body->last->bytes), n;

		if (at == 0 && take_block(body) == NULL)
			return (count(body->in, 503));
		n = sizeof(body->last->bytes) - at;
		n = n < bytes.len ? n : bytes.len;
		memcpy(body->last->bytes + at, bytes.ptr, n);
		body->len += n;
		bytes = span_from(bytes, n);
	}
	return (0);
}

static unsigned
end(void *arg)
{
	struct intake_body *body = arg;
	struct intake *in = body->in;
	bool stopping;

	pthread_mutex_lock(&in->lock);
	stopping = in->stopping;
	if (!stopping) {
		body->since_ns = clock_mono_ns();
		in->counts.bodies++;
		app_intake_push(&in->queue, body);
		pthread_cond_signal(&in->to_thread);
	} else
		in->counts.busy++;
	pthread_mutex_unlock(&in->lock);
	return (stopping ? 503 : 0);
}

static void
gone(void *arg)
{
	struct intake_body *body = arg;

	pthread_mutex_lock(&body->in->lock);
	app_intake_release(body);
	pthread_mutex_unlock(&body->in->lock);
	free(body);
}

const struct app_http_door app_intake_door = { begin, data, end, gone };
