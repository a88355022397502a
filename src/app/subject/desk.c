/* app: opening what a request of a person needs, and checking it. */
#include "app/subject/desk.h"

#include "app/restrict/left_out.h"
#include "app/setup.h"
#include "app/subject/forms.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "store/erase/asked.h"
#include "store/keys.h"

#define STREAMS_MAX 256

/* ---- store and keys ---- */

/* Keys of an import live on with --link-epochs, or where one broke off. */
static int
open_import(struct app_desk *d, struct err *e)
{
	struct key_slot slot;
	bool there = key_slot_read(d->live.keys_fd, "import.seed", "import", &slot, NULL) == 0;

	crypto_wipe(&slot, sizeof(slot));
	if (!there)
		return (0);
	if (key_ring_open(d->live.keys_fd, &d->import, e) == -1)
		return (-1);
	return (key_ring_import(d->import, true, d->seed, e));
}

int
app_desk_open(struct app_desk *d, const struct app_args *args, struct err *e)
{
	d->args = args;
	if (app_key_live_open(args, true, &d->live, e) == -1 ||
	    store_anchor(d->live.store, &d->anchor, e) == -1)
		return (-1);
	app_left_out_keys(d->live.keys_path, d->live.config->tenant);
	return (open_import(d, e));
}

void
app_desk_close(struct app_desk *d)
{
	key_ring_free(d->import);
	buf_free(&d->anchor);
	buf_free(&d->text);
	buf_free(&d->by);
	crypto_secret_free(d->value);
	free(d->streams);
	if (d->live.config != NULL)
		app_key_live_close(&d->live);
}

/* ---- the value ---- */

static struct span
without_line_end(const char *bytes, size_t len)
{
	len -= len > 0 && bytes[len - 1] == '\n';
	len -= len > 0 && bytes[len - 1] == '\r';
	return (span_of(bytes, len));
}

int
app_desk_value(struct app_desk *d, enum mask_value_kind kind, struct err *e)
{
	const char *given = app_arg(d->args, "value");
	struct {
		char bytes[MASK_VALUE_BYTES + 3];
	} * in;
	ssize_t len;
	int rc = -1;

	if (given != NULL && strcmp(given, "-") != 0)
		return (err_set(e, ERR_USAGE,
		    "--value takes - only: the value comes on standard input, for others see "
		    "the command line"));
	d->value = crypto_secret_alloc(sizeof(*d->value), NULL);
	in = crypto_secret_alloc(sizeof(*in), NULL);
	if (d->value == NULL || in == NULL)
		(void)err_set(e, ERR_CONFIG, "no guarded memory for the value");
	else if ((len = io_read(STDIN_FILENO, in->bytes, sizeof(in->bytes), e)) == -1)
		(void)err_in(e, "standard input");
	else
		rc = mask_value_read(kind, without_line_end(in->bytes, (size_t)len), d->value, e);
	crypto_secret_free(in);
	return (rc);
}

/* ---- the request ---- */

int
app_desk_file(struct app_desk *d, struct err *e)
{
	const char *path = app_arg(d->args, "request");

	if (path == NULL)
		return (err_set(e, ERR_USAGE, "--request FILE is needed"));
	if (io_read_file(AT_FDCWD, path, APP_REQUEST_BYTES_MAX + 1, &d->text, e) == -1 ||
	    app_request_read(buf_view(&d->text), &d->request, &d->note, e) == -1)
		return (err_in(e, "%s", path));
	app_request_hash(&d->note, d->hash);
	return (0);
}

struct store_asked
app_desk_asked(const struct app_desk *d)
{
	return ((struct store_asked){ .hash = d->hash,
	    .made_us = d->request.made_us,
	    .most = d->live.config->subject_requests,
	    .by = buf_view(&d->by) });
}

static int
check_kind(const struct app_desk *d, enum app_request_kind kind, struct err *e)
{
	if (d->request.kind == kind)
		return (0);
	return (err_set(e, ERR_USAGE, "the request is to %s: subject %s --request ...",
	    app_request_kinds[d->request.kind], app_request_kinds[d->request.kind]));
}

static int
check_tenant(const struct app_desk *d, struct err *e)
{
	if (span_is(d->request.tenant, d->live.config->tenant))
		return (0);
	return (err_set(e, ERR_CONFIG, "the request is of another tenant than the configuration"));
}

int
app_desk_request(struct app_desk *d, enum app_request_kind kind, struct err *e)
{
	const struct app_request *r = &d->request;
	struct store_asked asked;

	if (app_desk_file(d, e) == -1 || check_kind(d, kind, e) == -1)
		return (-1);
	buf_fmt(&d->by, "%s %s by ", app_request_kinds[kind], r->id);
	if (app_request_check_approvals(&d->note, d->live.config, &d->by, e) == -1 ||
	    app_request_check_place(r, buf_view(&d->anchor), d->live.now_us, e) == -1 ||
	    check_tenant(d, e) == -1 || app_desk_streams(d, e) == -1 ||
	    app_desk_value(d, r->value_kind, e) == -1 ||
	    app_request_check_value(r, d->live.ring, d->value, e) == -1)
		return (-1);
	asked = app_desk_asked(d);
	return (store_asked_check(d->live.store, &asked, e));
}

/* ---- streams ---- */

static int
take_stream(void *arg, const char *name, struct err *e)
{
	struct app_desk *d = arg;

	if (strncmp(name, "cretula.", 8) == 0 || strlen(name) >= sizeof(d->streams[0]) ||
	    (!span_is(d->request.stream, "*") && !span_is(d->request.stream, name)))
		return (0);
	if (d->stream_count == STREAMS_MAX)
		return (err_set(e, ERR_CONFIG, "the store has more than %d streams", STREAMS_MAX));
	memcpy(d->streams[d->stream_count++], name, strlen(name) + 1);
	return (0);
}

int
app_desk_streams(struct app_desk *d, struct err *e)
{
	if ((d->streams = calloc(STREAMS_MAX, sizeof(*d->streams))) == NULL)
		return (err_memory(e));
	if (store_each_stream(d->live.store, take_stream, d, e) == -1)
		return (-1);
	if (d->stream_count == 0)
		return (err_set(e, ERR_INPUT, "the store has no stream %.*s",
		    (int)d->request.stream.len, d->request.stream.ptr));
	return (0);
}

struct app_form_keys
app_desk_keys(const struct app_desk *d)
{
	return ((struct app_form_keys){
	    d->live.ring, d->import, d->import == NULL ? NULL : d->seed, d->live.config->tenant });
}

int
app_desk_find(struct app_desk *d, const char *stream, struct app_records *r,
    struct app_found *found, struct err *e)
{
	const struct app_form_keys keys = app_desk_keys(d);
	const enum app_request_kind kind = d->request.kind;
	const struct app_find_where where = { .store = d->live.store_path,
		.stream = stream,
		.jobs = app_processors(APP_FRAMES_JOBS_MAX),
		.counts = d->counts,
		.touches = kind != APP_REQUEST_FIND && kind != APP_REQUEST_EXPORT };
	struct app_forms *forms = NULL;
	int rc = -1;

	if (app_records_open(r, d->live.store_path, stream, NULL, NULL, e) == -1)
		return (-1);
	r->since_us = d->request.since_us;
	r->until_us = d->request.until_us;
	r->all = true;
	if (app_forms_open(&keys, d->value, &forms, e) == 0) {
		app_forms_epochs(forms, d->only, d->alive);
		rc = app_find(forms, r, &where, found, e);
	}
	app_forms_close(forms);
	return (rc);
}
