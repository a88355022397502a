/* mask: a value from outside, in all the forms that records have it in. */
#include "mask/method/value.h"

#include <arpa/inet.h>

#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "crypto/random.h"
#include "detect/detect.h"
#include "detect/host.h"
#include "mask/inside.h"

const char *const mask_value_names[MASK_VALUE_KINDS] = { "ip.client", "user", "session", "email" };
const char *const mask_value_prefixes[MASK_VALUE_KINDS] = { "if ip", "uc us", "se", "em" };

/* The slots whose keys a value of the kind goes through. */
static const struct {
	enum mask_slot slot[2];
	unsigned count;
} slots[MASK_VALUE_KINDS] = {
	{ { MASK_SLOT_PEER, MASK_SLOT_FWD }, 2 },
	{ { MASK_SLOT_USER_AUTH, MASK_SLOT_USER_CLAIM }, 2 },
	{ { MASK_SLOT_SESSION, MASK_SLOT_SESSION }, 1 },
	{ { MASK_SLOT_EMAIL, MASK_SLOT_EMAIL }, 0 },
};

int
mask_value_find(struct span name)
{
	for (int i = 0; i < MASK_VALUE_KINDS; i++)
		if (span_is(name, mask_value_names[i]))
			return (i);
	return (-1);
}

/* ---- reading ---- */

static int
read_address(struct span text, struct mask_value *value)
{
	struct parse_addr addr;

	if (parse_addr(text, &addr) != PARSE_ADDR_OK)
		return (-1);
	memcpy(value->bytes, addr.bytes, addr.len);
	value->len = addr.len;
	return (0);
}

/* The one form of an e-mail address, as user.c writes it. */
static int
read_email(struct span text, struct mask_value *value, struct err *e)
{
	struct detect_hosts *hosts;
	struct span form;

	if (detect_hosts_open(&hosts) == -1)
		return (err_memory(e));
	form = mask_email_form(hosts, text, value->bytes, sizeof(value->bytes));
	detect_hosts_close(hosts);
	if (form.ptr != value->bytes)
		memmove(value->bytes, form.ptr, form.len);
	value->len = form.len;
	return (0);
}

static bool
is_text(struct span text)
{
	if (text.len == 0 || text.len > MASK_VALUE_BYTES || span_is(text, "-"))
		return (false);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return (false);
	return (true);
}

int
mask_value_read(
    enum mask_value_kind kind, struct span text, struct mask_value *value, struct err *e)
{
	static const char *const what[MASK_VALUE_KINDS] = {
		"address, like 192.0.2.1 or 2001:db8::1",
		"name of a user: 1 to 512 bytes, no line ends",
		"session id: 1 to 512 bytes, no line ends",
		"e-mail address",
	};
	bool email = is_text(text) && detect_shape(text) == DETECT_SHAPE_EMAIL;

	memset(value, 0, sizeof(*value));
	value->kind = kind;
	if (!is_text(text) || (kind == MASK_VALUE_ADDRESS && read_address(text, value) == -1) ||
	    (kind == MASK_VALUE_EMAIL && !email))
		return (err_set(e, ERR_USAGE, "the value is no %s", what[kind]));
	if (email && (kind == MASK_VALUE_USER || kind == MASK_VALUE_EMAIL))
		return (read_email(text, value, e));
	if (kind != MASK_VALUE_ADDRESS) {
		memcpy(value->bytes, text.ptr, text.len);
		value->len = text.len;
	}
	return (0);
}

/* ---- forms ---- */

struct mask_forms {
	struct mask_policy policy[KEY_PERIOD_COUNT]; /* every class has keys of this period */
	struct mask_keys *keys[KEY_PERIOD_COUNT];
};

struct mask_forms *
mask_forms_open(const struct key_ring *ring, const char *tenant)
{
	struct mask_forms *f = crypto_secret_alloc(sizeof(*f), NULL);

	if (f == NULL)
		return (NULL);
	memset(f, 0, sizeof(*f));
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		struct mask_policy *policy = &f->policy[p];

		memcpy(policy->tenant, tenant, strnlen(tenant, sizeof(policy->tenant) - 1));
		for (int c = 0; c < RECORD_CLASS_COUNT; c++)
			policy->epoch[c] = (enum key_period)p;
		if ((f->keys[p] = mask_keys_open(ring, policy)) == NULL) {
			mask_forms_close(f);
			return (NULL);
		}
	}
	return (f);
}

void
mask_forms_close(struct mask_forms *f)
{
	for (int p = 0; f != NULL && p < KEY_PERIOD_COUNT; p++)
		mask_keys_close(f->keys[p]);
	crypto_secret_free(f);
}

static struct mask_form *
add(struct mask_form *form, enum mask_slot slot, const char *text, size_t len)
{
	memset(form, 0, sizeof(*form));
	form->class_id = mask_slot_class(slot);
	form->len = (uint16_t)len;
	memcpy(form->text, text, len);
	return (form + 1);
}

static struct parse_addr
address_of(const struct mask_value *value)
{
	struct parse_addr addr = { .len = (unsigned char)value->len };

	memcpy(addr.bytes, value->bytes, value->len);
	return (addr);
}

/* What the methods address and prefix make of it. */
static struct mask_form *
add_address(struct mask_keys *keys, enum mask_slot slot, int64_t index, const char *token,
    const struct mask_value *value, struct mask_form *form)
{
	const struct crypto_prefix_key *key = mask_keys_prefix(
	    keys, slot == MASK_SLOT_PEER ? MASK_SLOT_PEER_PREFIX : MASK_SLOT_FWD_PREFIX, index);
	const struct parse_addr addr = address_of(value);
	unsigned char bytes[16] = { 0 };
	char text[INET6_ADDRSTRLEN];

	form = add(form, slot, text, mask_address_of_token(token, text));
	if (key == NULL)
		return (form);
	crypto_prefix(key, addr.bytes, addr.len, mask_network_bits(&addr), bytes);
	(void)inet_ntop(addr.len == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
	form = add(form, slot, text, strlen(text));
	form[-1].network = true;
	return (form);
}

unsigned
mask_forms_of(struct mask_forms *f, const struct mask_value *value, enum key_period period,
    int64_t index, struct mask_form out[static MASK_FORMS_MAX])
{
	struct span bytes = span_of(value->bytes, value->len);
	struct mask_form *form = out;

	for (unsigned i = 0; i < slots[value->kind].count; i++) {
		enum mask_slot slot = slots[value->kind].slot[i];
		const struct crypto_hmac_key *key = mask_keys_get(f->keys[period], slot, index);
		char token[MASK_TOKEN_BYTES];

		if (key == NULL)
			return (0);
		mask_token_print(key, record_classes[mask_slot_class(slot)].prefix, bytes, token);
		form = add(form, slot, token, sizeof(token));
		if (value->kind == MASK_VALUE_ADDRESS)
			form = add_address(f->keys[period], slot, index, token, value, form);
	}
	return ((unsigned)(form - out));
}

unsigned
mask_forms_plain(const struct mask_value *value, struct mask_form out[static 2])
{
	struct mask_form *form = out;
	char text[INET6_ADDRSTRLEN], network[INET6_ADDRSTRLEN];
	struct parse_addr addr;

	if (value->kind == MASK_VALUE_USER)
		form = add(form, MASK_SLOT_USER_AUTH, value->bytes, value->len);
	if (value->kind != MASK_VALUE_ADDRESS)
		return ((unsigned)(form - out));
	addr = address_of(value);
	(void)inet_ntop(addr.len == 4 ? AF_INET : AF_INET6, addr.bytes, text, sizeof(text));
	(void)mask_address_truncated(&addr, network);
	/* 192.0.2.0 in clear is the text of its whole network, too: nobody's. */
	if (strcmp(text, network) != 0)
		form = add(form, MASK_SLOT_PEER, text, strlen(text));
	form = add(form, MASK_SLOT_PEER, network, strlen(network));
	form[-1].network = true;
	return ((unsigned)(form - out));
}

/* ---- bound to a subject ---- */

bool
mask_forms_bound(
    struct mask_forms *f, const struct mask_value *value, enum key_period period, int64_t index)
{
	return (value->kind == MASK_VALUE_EMAIL &&
	    mask_keys_get(f->keys[period], MASK_SLOT_EMAIL, index) != NULL);
}

/* The token of a peer, as itself or as an address. */
static bool
read_subject(struct span text, char token[static MASK_TOKEN_BYTES])
{
	char address[INET6_ADDRSTRLEN] = "";
	unsigned char bytes[16];

	if (text.len == MASK_TOKEN_BYTES && span_starts(text, span_str("ip."))) {
		memcpy(token, text.ptr, MASK_TOKEN_BYTES);
		return (true);
	}
	if (text.len >= sizeof(address))
		return (false);
	memcpy(address, text.ptr, text.len);
	if (inet_pton(AF_INET6, address, bytes) != 1 || memcmp(bytes, "\x20\x01\x0d\xb8", 4) != 0)
		return (false);
	memcpy(token, "ip.", 3);
	(void)text_base32(token + 3, bytes + 4, MASK_TOKEN_RAW);
	return (true);
}

static bool
has(const struct record *r, struct span part)
{
	for (uint64_t left = r->present; left != 0; left &= left - 1) {
		unsigned f = (unsigned)__builtin_ctzll(left);

		if (record_fields[f].type == RECORD_TEXT && r->text[f].len >= part.len &&
		    memmem(r->text[f].ptr, r->text[f].len, part.ptr, part.len) != NULL)
			return (true);
	}
	for (size_t i = 0; record_has(r, RECORD_FIELD_EXTRA) && i < r->extra_count; i++)
		if (!r->extra[i].is_number && r->extra[i].text.len >= part.len &&
		    memmem(r->extra[i].text.ptr, r->extra[i].text.len, part.ptr, part.len) != NULL)
			return (true);
	return (false);
}

static bool
has_of(const struct crypto_hmac_key *key, const struct mask_value *value, struct span subject,
    const struct record *r)
{
	char of[MASK_TOKEN_BYTES], token[MASK_TOKEN_BYTES];

	if (!read_subject(subject, of))
		return (false);
	mask_token_print_bound(key, record_classes[RECORD_CLASS_EMAIL].prefix,
	    span_of(of, sizeof(of)), span_str("email"), span_of(value->bytes, value->len), token);
	return (has(r, span_of(token, sizeof(token))));
}

bool
mask_forms_in(struct mask_forms *f, const struct mask_value *value, enum key_period period,
    int64_t index, const struct record *r)
{
	const struct crypto_hmac_key *key;
	bool found = false;

	if (!has(r, span_str("em.")) ||
	    (key = mask_keys_get(f->keys[period], MASK_SLOT_EMAIL, index)) == NULL)
		return (false);
	if (record_has(r, RECORD_FIELD_CLIENT))
		found = has_of(key, value, r->text[RECORD_FIELD_CLIENT], r);
	for (size_t i = 0; i < r->forwarded_count && !found; i++)
		found = has_of(key, value, r->forwarded[i], r);
	return (found);
}
