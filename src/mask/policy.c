#include "mask/policy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "crypto/sha256.h"
#include "detect/detect.h"
#include "key/sealkey.h"
#include "parse/addr.h"

const char *const mask_method_names[MASK_METHOD_COUNT] = {
	"token",
	"address",
	"prefix",
	"truncate",
	"keep",
	"redact",
	"drop",
	"seal",
};

#define MAY(method) (1u << (method))
#define MAY_HIDE (MAY(MASK_REDACT) | MAY(MASK_DROP))

/*
 * Who holds the offline key reads what was sealed: no class that lets him in
 * somewhere (credentials, sessions, the user of a failed login, who often is
 * a password), and none whose numbers must not be kept at all.
 */
#define SEALABLE \
	(UINT64_C(1) << RECORD_CLASS_IP_PEER | UINT64_C(1) << RECORD_CLASS_IP_FWD | \
	    UINT64_C(1) << RECORD_CLASS_USER_AUTH | UINT64_C(1) << RECORD_CLASS_EMAIL | \
	    UINT64_C(1) << RECORD_CLASS_DEVICE | UINT64_C(1) << RECORD_CLASS_SERVER | \
	    UINT64_C(1) << RECORD_CLASS_JOIN | UINT64_C(1) << RECORD_CLASS_TLS)

static const enum mask_method default_methods[RECORD_CLASS_COUNT] = {
#define CLASS(id, name, prefix, method, epoch, help) MASK_##method,
#include "record/class.def"
#undef CLASS
};

static const enum key_period default_periods[RECORD_CLASS_COUNT] = {
#define CLASS(id, name, prefix, method, epoch, help) KEY_##epoch,
#include "record/class.def"
#undef CLASS
};

const char *const mask_period_names[KEY_PERIOD_COUNT] = { "day", "week", "month" };

void
mask_policy_default(struct mask_policy *p)
{
	memset(p, 0, sizeof(*p));
	memcpy(p->method, default_methods, sizeof(p->method));
	memcpy(p->epoch, default_periods, sizeof(p->epoch));
	memcpy(p->tenant, "default", sizeof("default"));
	p->words_k = 10;
	p->words_mode = MASK_WORDS_LEARN;
}

int
mask_method_find(struct span name)
{
	for (int i = 0; i < MASK_METHOD_COUNT; i++)
		if (span_is(name, mask_method_names[i]))
			return (i);
	return (-1);
}

int
mask_class_find(struct span name)
{
	for (int i = 0; i < RECORD_CLASS_COUNT; i++)
		if (span_is(name, record_classes[i].name))
			return (i);
	return (-1);
}

/* Which methods a class may use besides sealing, one bit each. */
static unsigned
methods_without_seal(enum record_class class_id)
{
	switch (class_id) {
	case RECORD_CLASS_NONE: return (MAY(MASK_KEEP));
	case RECORD_CLASS_IP_PEER:
	case RECORD_CLASS_IP_FWD:
		return (MAY_HIDE | MAY(MASK_TOKEN) | MAY(MASK_ADDRESS) | MAY(MASK_PREFIX) |
		    MAY(MASK_TRUNCATE));
	case RECORD_CLASS_CAMPAIGN:
	case RECORD_CLASS_LANGUAGE: return (MAY_HIDE | MAY(MASK_KEEP));
	default:
		return (record_classes[class_id].prefix[0] != '\0' ? MAY_HIDE | MAY(MASK_TOKEN) :
								     MAY_HIDE);
	}
}

static unsigned
methods_of(enum record_class class_id)
{
	return (methods_without_seal(class_id) |
	    ((SEALABLE >> class_id & 1) != 0 ? MAY(MASK_SEAL) : 0));
}

int
mask_method_check(enum record_class class_id, enum mask_method method, struct err *e)
{
	unsigned may = methods_of(class_id);
	char list[128];
	size_t len = 0;

	if ((may & MAY(method)) != 0)
		return (0);
	list[0] = '\0';
	for (int i = 0; i < MASK_METHOD_COUNT; i++)
		if ((may & MAY(i)) != 0)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
			    len == 0 ? "" : ", ", mask_method_names[i]);
	return (err_set(e, ERR_CONFIG, "%s: method \"%s\" is not allowed; use one of: %s",
	    record_classes[class_id].name, mask_method_names[method], list));
}

int
mask_field_check(enum record_field field, enum mask_method method, struct err *e)
{
	const struct record_field_info *info = &record_fields[field];

	if (field == RECORD_FIELD_TIME || field == RECORD_FIELD_STATE ||
	    field == RECORD_FIELD_FLAGS)
		return (err_set(e, ERR_CONFIG, "every record keeps its %s", info->name));
	if (method == MASK_REDACT &&
	    (info->class_id == RECORD_CLASS_NONE ||
		(info->type != RECORD_TEXT && info->type != RECORD_LIST)))
		return (err_set(
		    e, ERR_CONFIG, "%s holds no identifier in a text: drop it", info->name));
	if (method == MASK_DROP || method == MASK_REDACT)
		return (0);
	return (err_set(e, ERR_CONFIG, "%s: a field can be dropped or redacted", info->name));
}

bool
mask_policy_seals(const struct mask_policy *p)
{
	for (int i = 0; i < RECORD_CLASS_COUNT; i++)
		if (p->method[i] == MASK_SEAL)
			return (true);
	return (false);
}

int
mask_epoch_check(enum record_class class_id, enum key_period period, struct err *e)
{
	const struct record_class_info *info = &record_classes[class_id];

	if (info->prefix[0] == '\0')
		return (err_set(
		    e, ERR_CONFIG, "%s: never becomes a token, so it has no key", info->name));
	/* ADR 11: no switch makes these last longer. */
	if (default_periods[class_id] == KEY_DAY && period != KEY_DAY)
		return (err_set(e, ERR_CONFIG, "%s: its key lives a day, never longer",
		    info->name));
	return (0);
}

void
mask_epoch_set(struct mask_policy *p, enum record_class class_id, enum key_period period)
{
	for (int i = 0; i < RECORD_CLASS_COUNT; i++)
		if (strcmp(record_classes[i].prefix, record_classes[class_id].prefix) == 0)
			p->epoch[i] = period;
}

/* Zero the bits behind the prefix, so that one network has one form. */
static void
network_trim(struct mask_network *net)
{
	for (unsigned i = 0; i < sizeof(net->bytes); i++) {
		unsigned from = i * 8;

		if (from >= net->bits || i >= net->len)
			net->bytes[i] = 0;
		else if (net->bits - from < 8)
			net->bytes[i] &= (unsigned char)(0xff << (8 - (net->bits - from)));
	}
}

int
mask_network_parse(struct span text, struct mask_network *net)
{
	size_t slash = span_find(text, '/');
	struct span host = span_of(text.ptr, slash);
	struct parse_addr addr;
	struct mask_network made = { .len = 0 };
	uint64_t bits;

	if (span_find(host, '%') != host.len || parse_addr(host, &addr) != PARSE_ADDR_OK)
		return (-1);
	bits = span_find(host, ':') != host.len ? 128 : 32;
	if (slash != text.len) {
		uint64_t given;

		if (num_u64(span_from(text, slash + 1), &given) == -1 || given > bits)
			return (-1);
		/* An IPv4-mapped network is an IPv4 network, or none at all. */
		if (addr.len == 4 && bits == 128 && given < 96)
			return (-1);
		bits = addr.len == 4 && bits == 128 ? given - 96 : given;
	} else if (addr.len == 4)
		bits = 32;
	memcpy(made.bytes, addr.bytes, addr.len);
	made.len = addr.len;
	made.bits = (uint8_t)bits;
	network_trim(&made);
	*net = made;
	return (0);
}

static bool
network_holds(const struct mask_network *net, const unsigned char *bytes, unsigned len)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (net->len != len || memcmp(net->bytes, bytes, whole) != 0)
		return (false);
	return (rest == 0 || ((net->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0);
}

bool
mask_network_has(
    const struct mask_network *nets, unsigned count, const unsigned char *bytes, unsigned len)
{
	for (unsigned i = 0; i < count; i++)
		if (network_holds(&nets[i], bytes, len))
			return (true);
	return (false);
}

static void
print_networks(struct buf *out, const char *key, const struct mask_network *nets, unsigned count)
{
	json_key(out, key);
	buf_char(out, '[');
	for (unsigned i = 0; i < count; i++) {
		char text[INET6_ADDRSTRLEN];

		(void)inet_ntop(
		    nets[i].len == 4 ? AF_INET : AF_INET6, nets[i].bytes, text, sizeof(text));
		buf_fmt(out, "%s\"%s/%u\"", i == 0 ? "" : ",", text, nets[i].bits);
	}
	buf_char(out, ']');
}

static void
print_names(struct buf *out, const char *key, const char (*names)[MASK_NAME_BYTES], unsigned count)
{
	json_key(out, key);
	buf_char(out, '[');
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_quote(out, span_str(names[i]));
	}
	buf_char(out, ']');
}

static void
print_fields(struct buf *out, const struct mask_policy *p)
{
	json_key(out, "fields");
	buf_char(out, '{');
	for (int f = 0; f < RECORD_FIELD_COUNT; f++)
		if (((p->field_drop | p->field_redact) >> f & 1) != 0)
			json_str(out, record_fields[f].name,
			    span_str((p->field_drop >> f & 1) != 0 ? "drop" : "redact"));
	buf_char(out, '}');
}

static void
print_detail(struct buf *out, const struct mask_policy *p)
{
	json_key(out, "detail");
	buf_char(out, '[');
	for (unsigned i = 0; i < p->detail_count; i++) {
		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "keep", span_str(detail_level_names[p->detail[i].keep]));
		json_str(out, "when", span_str(p->detail[i].when));
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void
print_triggers(struct buf *out, const struct mask_policy *p)
{
	if (p->trigger_count == 0)
		return;
	json_key(out, "triggers");
	buf_char(out, '[');
	for (unsigned i = 0; i < p->trigger_count; i++) {
		const struct detail_trigger *t = &p->triggers[i];

		buf_str(out, i == 0 ? "{" : ",{");
		json_u64(out, "for_s", (uint64_t)t->for_us / 1000000);
		json_u64(out, "least", t->least);
		json_str(out, "raise", span_str(detail_level_names[t->raise]));
		json_str(out, "when", span_str(detail_signal_names[t->when]));
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void
print_rules(struct buf *out, const struct mask_policy *p)
{
	json_key(out, "rules");
	buf_char(out, '[');
	for (unsigned i = 0; i < p->rule_count; i++) {
		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "class", span_str(record_classes[p->rules[i].class_id].name));
		json_str(out, "name", span_str(p->rules[i].name));
		json_str(out, "not", span_str(p->rules[i].not_in));
		json_str(out, "pattern", span_str(p->rules[i].pattern));
		json_str(out, "test", span_str(p->rules[i].test));
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void
print_epochs(struct buf *out, const struct mask_policy *p)
{
	json_key(out, "epochs");
	buf_char(out, '{');
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++)
		if (record_classes[i].prefix[0] != '\0')
			json_str(out, record_classes[i].name,
			    span_str(mask_period_names[p->epoch[i]]));
	buf_char(out, '}');
}

void
mask_policy_print(const struct mask_policy *p, struct buf *out)
{
	static const char *const modes[] = { "learn", "fixed", "keep" };
	char key[KEY_SEAL_TEXT_BYTES];

	buf_char(out, '{');
	json_bool(out, "agent_full", p->agent_full);
	print_names(out, "agents", p->agents, p->agent_count);
	json_key(out, "classes");
	buf_char(out, '{');
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++)
		json_str(out, record_classes[i].name, span_str(mask_method_names[p->method[i]]));
	buf_char(out, '}');
	print_detail(out, p);
	json_str(out, "detectors", span_str(detect_version));
	print_epochs(out, p);
	print_fields(out, p);
	if (p->gaps)
		json_bool(out, "gaps", true);
	if (p->sample > 0)
		json_u64(out, "public_sample", p->sample);
	json_key(out, "geo");
	buf_char(out, '{');
	json_bool(out, "asn", p->geo_asn);
	json_bool(out, "country", p->geo_country);
	buf_char(out, '}');
	print_names(out, "hosts", p->hosts, p->host_count);
	print_names(out, "machines", p->machines, p->machine_count);
	print_networks(out, "own_networks", p->own_networks, p->own_network_count);
	json_str(out, "path_token", span_str(p->path_token_shared ? "shared" : "bound"));
	if (p->has_quarantine_key) {
		key_seal_print(p->quarantine_key, key);
		json_str(out, "quarantine_key", span_str(key));
	}
	if (p->has_seal_key) {
		key_seal_print(p->seal_key, key);
		json_str(out, "seal_key", span_str(key));
	}
	print_rules(out, p);
	print_names(out, "servers", p->servers, p->server_count);
	json_str(out, "tenant", span_str(p->tenant));
	print_triggers(out, p);
	print_networks(out, "trusted_proxies", p->trusted_proxies, p->trusted_proxy_count);
	json_key(out, "words");
	buf_char(out, '{');
	json_u64(out, "k", p->words_k);
	json_str(out, "mode", span_str(modes[p->words_mode]));
	buf_str(out, "}}");
}

void
mask_policy_hash(const struct mask_policy *p, unsigned char out[static 32])
{
	struct buf text = { NULL, 0, 0, false };

	mask_policy_print(p, &text);
	crypto_sha256(text.data, text.len, out);
	buf_free(&text);
}
