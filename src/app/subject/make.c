/* app: subject approver, request, approve: a request and the signatures under it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "app/retain/hold.h"
#include "app/say.h"
#include "app/subject/actions.h"
#include "app/subject/desk.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "key/approver.h"
#include "store/layout.h"

#define DAY_US INT64_C(86400000000)

/* ---- approver ---- */

static void
print_vkey(const char *name, const unsigned char *seed, struct buf *out)
{
	unsigned char public_key[32];

	crypto_sign_public(seed, public_key);
	seal_vkey_print(span_str(name), public_key, out);
}

static void
print_approver(const struct app_args *args, struct span vkey, struct buf *out)
{
	if (args->json) {
		buf_char(out, '{');
		json_str(out, "vkey", vkey);
		json_str(out, "secret", span_str(app_arg(args, "out")));
		buf_str(out, "}\n");
		return;
	}
	buf_fmt(out,
	    "the key is in %s: whoever has it approves; keep it off this machine\n"
	    "in cretula.yaml, with those of others:\n\napprovers:\n  - %.*s\n",
	    app_arg(args, "out"), (int)vkey.len, vkey.ptr);
}

int
app_subject_approver(const struct app_args *args)
{
	const char *name = app_arg(args, "name"), *path = app_arg(args, "out");
	unsigned char *seed = crypto_secret_alloc(32, NULL);
	struct buf out = { 0 }, vkey = { 0 };
	struct err e = { ERR_NONE, "" };
	int code;

	if (name == NULL || path == NULL)
		(void)err_set(&e, ERR_USAGE, "--name NAME and --out FILE are needed");
	else if (seed == NULL)
		(void)err_set(&e, ERR_CONFIG, "no guarded memory for keys");
	if (e.code != ERR_NONE || key_approver_create(path, name, seed, &e) == -1)
		code = app_fail("subject approver", &e);
	else {
		print_vkey(name, seed, &vkey);
		print_approver(args, buf_view(&vkey), &out);
		code = app_finish("subject approver", &out, 0);
	}
	buf_free(&vkey);
	crypto_secret_free(seed);
	return (code);
}

/* ---- request ---- */

static int
read_kinds(const struct app_args *args, struct app_request *r, struct err *e)
{
	const char *kind = app_arg(args, "kind"), *name = app_arg(args, "class");
	int i = 0, value;

	if (kind == NULL || name == NULL)
		return (err_set(e, ERR_USAGE, "--kind and --class are needed"));
	while (i < APP_REQUEST_KINDS && strcmp(kind, app_request_kinds[i]) != 0)
		i++;
	if (i == APP_REQUEST_KINDS)
		return (err_set(e, ERR_USAGE, "--kind: find, export, erase, restrict or lift"));
	if ((value = mask_value_find(span_str(name))) == -1)
		return (err_set(e, ERR_USAGE, "--class: ip.client, user, session or email"));
	r->kind = (enum app_request_kind)i;
	r->value_kind = (enum mask_value_kind)value;
	return (0);
}

static int
read_texts(const struct app_args *args, struct app_request *r, struct err *e)
{
	const char *stream = app_arg(args, "stream"), *reason = app_arg(args, "reason");

	r->stream = span_str(stream == NULL ? "*" : stream);
	if (stream != NULL && !store_name_ok(r->stream))
		return (err_set(e, ERR_USAGE, "--stream: '%s' is no stream name", stream));
	if (reason == NULL || reason[0] == '\0')
		return (err_set(e, ERR_USAGE, "--reason TEXT is needed: approvers sign it"));
	r->reason = span_str(reason);
	if (r->reason.len > APP_REQUEST_REASON_BYTES || !text_is_ascii(r->reason))
		return (err_set(e, ERR_USAGE, "--reason: one line of at most %d ASCII characters",
		    APP_REQUEST_REASON_BYTES));
	return (app_hold_text("reason", r->reason, e));
}

/* Of a name or a session id no detector knows; two letters are in any text. */
static int
check_reason(const struct app_desk *d, struct err *e)
{
	const struct span reason = d->request.reason;
	const struct mask_value *value = d->value;

	if (value->kind == MASK_VALUE_ADDRESS || value->len < 3 ||
	    memmem(reason.ptr, reason.len, value->bytes, value->len) == NULL)
		return (0);
	return (
	    err_set(e, ERR_USAGE, "--reason: the value is in it; it stays in the chain for good"));
}

static int
read_times(const struct app_args *args, struct app_request *r, int64_t now_us, struct err *e)
{
	const char *valid = app_arg(args, "valid");
	int64_t valid_us = 7 * DAY_US;

	if (app_records_window(app_arg(args, "since"), app_arg(args, "until"), &r->since_us,
		&r->until_us, e) == -1)
		return (-1);
	if (valid != NULL &&
	    (num_duration(span_str(valid), &valid_us) == -1 || valid_us < 1000000 ||
		valid_us > APP_REQUEST_DAYS_MAX * DAY_US))
		return (err_set(e, ERR_USAGE, "--valid: 1s to %dd, like 7d", APP_REQUEST_DAYS_MAX));
	r->made_us = now_us - now_us % 1000;
	r->expires_us = r->made_us + valid_us;
	return (0);
}

/* The week that is now: its key is destroyed in good time, and the MAC is worth nothing. */
static int
seal_value(struct app_desk *d, struct err *e)
{
	struct app_request *r = &d->request;
	char name[16];
	int64_t index = key_epoch_index(KEY_WEEK, r->made_us);
	unsigned destroyed;

	if (key_ring_live(d->live.ring, r->made_us, NULL, &destroyed, e) == -1)
		return (-1);
	(void)key_epoch_name(KEY_WEEK, key_ring_newest(d->live.ring, KEY_WEEK, index), name);
	r->epoch = span_str(name);
	if (app_request_seal(r, d->live.ring, d->value, e) == -1)
		return (-1);
	app_request_print(r, &d->text);
	r->epoch = span_of(NULL, 0); /* name goes */
	return (buf_ok(&d->text) ? 0 : err_memory(e));
}

static int
make(struct app_desk *d, const struct app_args *args, struct err *e)
{
	struct app_request *r = &d->request;
	unsigned char id[(APP_REQUEST_ID_BYTES - 1) / 2];

	if (read_kinds(args, r, e) == -1 || read_texts(args, r, e) == -1 ||
	    app_desk_open(d, args, e) == -1 || read_times(args, r, d->live.now_us, e) == -1 ||
	    app_desk_streams(d, e) == -1 || app_desk_value(d, r->value_kind, e) == -1 ||
	    check_reason(d, e) == -1)
		return (-1);
	crypto_random(id, sizeof(id));
	r->id[text_hex(r->id, id, sizeof(id))] = '\0';
	r->store = buf_view(&d->anchor);
	r->tenant = span_str(d->live.config->tenant);
	return (seal_value(d, e));
}

static int
give(struct app_desk *d, struct err *e)
{
	const char *path = app_arg(d->args, "out");
	struct buf out = { 0 };

	if (path != NULL && io_replace(AT_FDCWD, path, buf_view(&d->text), 0600, true, e) == -1) {
		(void)err_in(e, "%s", path);
		return (app_fail("subject request", e));
	}
	if (d->args->json) {
		buf_char(&out, '{');
		json_str(&out, "id", span_str(d->request.id));
		json_str(&out, "kind", span_str(app_request_kinds[d->request.kind]));
		json_str(&out, "request", buf_view(&d->text));
		buf_str(&out, "}\n");
	} else if (path == NULL)
		buf_span(&out, buf_view(&d->text));
	else
		buf_fmt(&out,
		    "request %s\n"
		    "next:  two approvers, each: cretula subject approve --request %s --key KEY\n",
		    d->request.id, path);
	return (app_finish("subject request", &out, 0));
}

int
app_subject_request(const struct app_args *args)
{
	struct app_desk d = { .args = args };
	struct err e = { ERR_NONE, "" };
	int code = make(&d, args, &e) == -1 ? app_fail("subject request", &e) : give(&d, &e);

	app_desk_close(&d);
	return (code);
}

/* ---- approve ---- */

static int
check_new(const struct app_desk *d, const struct seal_vkey *key, struct err *e)
{
	for (unsigned i = 0; i < d->note.signature_count; i++)
		if (memcmp(d->note.signatures[i].id, key->id, 4) == 0)
			return (err_set(e, ERR_CONFIG, "%.*s approved it already",
			    (int)key->name.len, key->name.ptr));
	if (clock_now_us() >= d->request.expires_us)
		return (err_set(e, ERR_CONFIG, "the request has expired: make another"));
	return (0);
}

/* With a value on standard input: it is the one of the case, says who approves. */
static int
check_value(struct app_desk *d, struct err *e)
{
	if (app_arg(d->args, "value") == NULL)
		return (0);
	if (app_desk_open(d, d->args, e) == -1 ||
	    app_desk_value(d, d->request.value_kind, e) == -1 ||
	    app_request_check_place(&d->request, buf_view(&d->anchor), d->live.now_us, e) == -1)
		return (-1);
	return (app_request_check_value(&d->request, d->live.ring, d->value, e));
}

static int
approve(struct app_desk *d, const char *name, const unsigned char *seed, struct err *e)
{
	const struct seal_signer signer = { span_str(name), seed };
	struct buf vkey = { 0 }, text = { 0 };
	struct seal_vkey key;
	int rc = -1;

	print_vkey(name, seed, &vkey);
	if (!buf_ok(&vkey))
		(void)err_memory(e);
	else if (seal_vkey_read(buf_view(&vkey), &key, e) == 0 && check_new(d, &key, e) == 0 &&
	    check_value(d, e) == 0) {
		buf_span(&text, buf_view(&d->text));
		seal_signature_add(&signer, d->note.body, &text);
		rc = buf_ok(&text) ? io_replace(AT_FDCWD, app_arg(d->args, "request"),
					 buf_view(&text), 0600, false, e) :
				     err_memory(e);
	}
	buf_free(&vkey);
	buf_free(&text);
	return (rc);
}

/* The command that does what was approved. */
static const char *const done_by[APP_REQUEST_KINDS] = { "find", "export", "erase", "restrict",
	"restrict --lift" };

static int
say_approved(const struct app_desk *d, const char *name)
{
	struct buf out = { 0 };

	if (d->args->json) {
		buf_char(&out, '{');
		json_str(&out, "id", span_str(d->request.id));
		json_str(&out, "approved_by", span_str(name));
		json_u64(&out, "approvals", d->note.signature_count + 1);
		buf_str(&out, "}\n");
	} else {
		buf_fmt(&out, "%.*s\napproved by %s, the %s of two\n", (int)d->note.body.len,
		    d->note.body.ptr, name, d->note.signature_count == 0 ? "first" : "second");
		if (d->note.signature_count > 0)
			buf_fmt(&out,
			    "next:  cretula subject %s --config FILE --request %s < value\n",
			    done_by[d->request.kind], app_arg(d->args, "request"));
	}
	return (app_finish("subject approve", &out, 0));
}

int
app_subject_approve(const struct app_args *args)
{
	struct app_desk d = { .args = args };
	const char *path = app_arg(args, "key");
	unsigned char *seed = crypto_secret_alloc(32, NULL);
	char name[KEY_APPROVER_NAME_BYTES];
	struct err e = { ERR_NONE, "" };
	int code;

	if (path == NULL)
		(void)err_set(&e, ERR_USAGE, "--key FILE is needed");
	else if (seed == NULL)
		(void)err_set(&e, ERR_CONFIG, "no guarded memory for keys");
	if (e.code != ERR_NONE || app_desk_file(&d, &e) == -1 ||
	    key_approver_read(path, name, seed, &e) == -1 || approve(&d, name, seed, &e) == -1)
		code = app_fail("subject approve", &e);
	else
		code = say_approved(&d, name);
	crypto_secret_free(seed);
	app_desk_close(&d);
	return (code);
}
