/*
 * mask: who asked.  The peer's token, the hops that a header asserts, and the
 * subject of the line: the peer, or, behind a trusted proxy, the last hop
 * that is no proxy of ours.
 */
#include <arpa/inet.h>

#include <limits.h>

#include "mask/extra/extra.h"
#include "mask/inside.h"
#include "mask/method/count.h"
#include "mask/method/value.h"
#include "mask/url/render.h"
#include "mask/words/inside.h"

/* The bits of the token behind 2001:db8::/32 (RFC 3849), then 16 zero bits. */
size_t
mask_address_of_token(const char *token, char out[static INET6_ADDRSTRLEN])
{
	unsigned char bytes[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint32_t bits = 0;
	unsigned have = 0, len = 4;

	for (size_t i = 3; i < MASK_TOKEN_BYTES; i++) {
		char c = token[i];

		bits = bits << 5 | (uint32_t)(c >= 'a' ? c - 'a' : c - '2' + 26);
		have += 5;
		if (have >= 8) {
			have -= 8;
			bytes[len++] = (unsigned char)(bits >> have);
		}
	}
	(void)inet_ntop(AF_INET6, bytes, out, INET6_ADDRSTRLEN);
	return (strlen(out));
}

/*
 * The bits that tell a network: /24 and /48; of addresses with another one
 * inside fewer: 6to4 (2002::/16) 40, which is 24 bits of the inner IPv4, and
 * Teredo (2001::/32) 32.
 */
unsigned
mask_network_bits(const struct parse_addr *addr)
{
	if (addr->len == 4)
		return (24);
	if (addr->bytes[0] == 0x20 && addr->bytes[1] == 0x02)
		return (40);
	return (memcmp(addr->bytes, "\x20\x01\0\0", 4) == 0 ? 32 : 48);
}

/* "192.0.2.0" */
size_t
mask_address_truncated(const struct parse_addr *addr, char out[static INET6_ADDRSTRLEN])
{
	unsigned char bytes[16] = { 0 };

	memcpy(bytes, addr->bytes, mask_network_bits(addr) / 8);
	(void)inet_ntop(addr->len == 4 ? AF_INET : AF_INET6, bytes, out, INET6_ADDRSTRLEN);
	return (strlen(out));
}

/*
 * Only the network: of a whole address each bit would tell those who can have
 * addresses of their own masked about their neighbours.
 */
static size_t
print_prefix(struct mask *m, enum mask_slot slot, const struct parse_addr *addr,
    char out[static INET6_ADDRSTRLEN])
{
	unsigned char bytes[16];

	if (!mask_prefix(m, slot == MASK_SLOT_PEER ? MASK_SLOT_PEER_PREFIX : MASK_SLOT_FWD_PREFIX,
		span_of((const char *)addr->bytes, addr->len), mask_network_bits(addr), bytes))
		return (0);
	(void)inet_ntop(addr->len == 4 ? AF_INET : AF_INET6, bytes, out, INET6_ADDRSTRLEN);
	return (strlen(out));
}

/* Text into the record's memory. */
static struct span
store(struct mask *m, const char *text, size_t len)
{
	char *copy = mask_take(m, len);

	if (copy == NULL)
		return (span_of("", 0));
	memcpy(copy, text, len);
	return (span_of(copy, len));
}

/* An address in its one form, or the text as it stands, for the offline key. */
static struct span
seal(struct mask *m, const struct parse_addr *addr, struct span value)
{
	char text[INET6_ADDRSTRLEN];

	if (addr == NULL)
		return (mask_sealed_text(m, value));
	(void)inet_ntop(addr->len == 4 ? AF_INET : AF_INET6, addr->bytes, text, sizeof(text));
	return (mask_sealed_text(m, span_str(text)));
}

/*
 * What an address or a text in its place is written as; empty if the class
 * is dropped.  addr is NULL if it is no strict address.
 */
static struct span
hide(struct mask *m, enum mask_slot slot, const struct parse_addr *addr, struct span value)
{
	enum record_class c = mask_slot_class(slot);
	enum mask_method method = m->policy->method[c];
	char token[MASK_TOKEN_BYTES], text[INET6_ADDRSTRLEN];
	size_t len;

	if (addr != NULL &&
	    mask_network_has(
		m->policy->own_networks, m->policy->own_network_count, addr->bytes, addr->len)) {
		(void)inet_ntop(
		    addr->len == 4 ? AF_INET : AF_INET6, addr->bytes, text, sizeof(text));
		return (store(m, text, strlen(text)));
	}
	mask_count(m, c);
	if (method == MASK_DROP)
		return (span_of("", 0));
	if (method == MASK_TRUNCATE && addr != NULL)
		return (store(m, text, mask_address_truncated(addr, text)));
	if (method == MASK_SEAL) {
		struct span sealed = seal(m, addr, value);

		return (sealed.len > 0 ? sealed : mask_redaction(c));
	}
	if (method == MASK_PREFIX && addr != NULL && (len = print_prefix(m, slot, addr, text)) > 0)
		return (store(m, text, len));
	if (method != MASK_TOKEN && method != MASK_ADDRESS)
		return (mask_redaction(c));
	/* The subject's token is the peer's, unless a proxy stands between. */
	if (m->subject_known && value.ptr == m->subject_value)
		memcpy(token, m->subject, sizeof(token));
	else if (!mask_token(m, slot, value, token))
		return (mask_redaction(c));
	if (method == MASK_ADDRESS)
		return (store(m, text, mask_address_of_token(token, text)));
	return (store(m, token, sizeof(token)));
}

/* Lower case, no trailing dot: one form of a name or an address-like text. */
static struct span
fold(struct span text, char *out, size_t size)
{
	size_t len = text.len < size ? text.len : size;

	for (size_t i = 0; i < len; i++) {
		char c = text.ptr[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	if (len > 0 && out[len - 1] == '.')
		len--;
	return (span_of(out, len));
}

/* ---- hops ---- */

static struct span
trim(struct span text)
{
	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
		text = span_from(text, 1);
	while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
		text.len--;
	return (text);
}

/* The address of one hop: of "for=..." among the pairs of RFC 7239, else all. */
static struct span
hop_address(struct span hop)
{
	struct span rest = hop;

	while (rest.len > 0) {
		size_t len = span_find(rest, ';');
		struct span pair = trim(span_of(rest.ptr, len));

		rest = span_from(rest, len + 1);
		if (pair.len >= 4 && (pair.ptr[0] | 0x20) == 'f' && (pair.ptr[1] | 0x20) == 'o' &&
		    (pair.ptr[2] | 0x20) == 'r' && pair.ptr[3] == '=')
			return (trim(span_from(pair, 4)));
	}
	return (trim(hop));
}

static struct span
next_hop(struct span *rest)
{
	size_t len = span_find(*rest, ',');
	struct span hop = span_of(rest->ptr, len);

	*rest = span_from(*rest, len + 1);
	return (hop_address(hop));
}

static bool
is_trusted(const struct mask *m, const struct parse_addr *addr)
{
	return (m->policy->trusted_proxy_count > 0 &&
	    mask_network_has(m->policy->trusted_proxies, m->policy->trusted_proxy_count,
		addr->bytes, addr->len));
}

/* One hop; asserted: by a header that whoever sent the request may have written. */
static struct span
hide_hop(struct mask *m, struct span hop, bool asserted)
{
	struct parse_addr addr;
	int port;
	char form[256];
	enum parse_addr_kind kind = parse_addr_port(hop, &addr, &port);

	if (kind == PARSE_ADDR_OK)
		return (hide(m, asserted ? MASK_SLOT_FWD : MASK_SLOT_PEER, &addr,
		    span_of((const char *)addr.bytes, addr.len)));
	if (kind == PARSE_ADDR_LIKE)
		record_set_flag(&m->record, RECORD_FLAG_IP_NONCANONICAL);
	return (hide(m, kind == PARSE_ADDR_LIKE ? MASK_SLOT_FWD_LIKE : MASK_SLOT_FWD_NAME, NULL,
	    fold(hop, form, sizeof(form))));
}

/* A header of one address: a proxy that does not know it hands on what a client wrote. */
struct span
mask_hop(struct mask *m, struct span hop)
{
	return (hide_hop(m, hop, true));
}

/*
 * Each hop is asserted by the one to its right, the last one by the peer.  So
 * the last one that is no proxy of ours is the client, as our proxies saw it;
 * what stands left of it is the client's word.  How many hops those are; and
 * the client, if it is an address.
 */
static unsigned
read_hops(const struct mask *m, struct span value, struct parse_addr *client, bool *found)
{
	unsigned count = 0, asserted = 0;

	*found = false;
	for (struct span rest = value; rest.len > 0; count++) {
		struct span hop = next_hop(&rest);
		struct parse_addr addr;
		int port;
		bool is_addr = parse_addr_port(hop, &addr, &port) == PARSE_ADDR_OK;

		if (is_addr && is_trusted(m, &addr))
			continue;
		asserted = count;
		*found = is_addr;
		if (is_addr)
			*client = addr;
	}
	return (asserted);
}

static void
put_forwarded(struct mask *m, struct span value)
{
	struct record *r = &m->record;
	struct parse_addr client;
	unsigned asserted = UINT_MAX, count = 0;
	bool found;

	if (m->peer_trusted)
		asserted = read_hops(m, value, &client, &found);
	if ((mask_bytes_of(value) & MASK_BYTES_CONTROL) != 0)
		record_set_flag(r, RECORD_FLAG_CTL_IN_FIELD);
	for (struct span rest = value; rest.len > 0;) {
		struct span hop = next_hop(&rest), text;

		if (r->forwarded_count == RECORD_FORWARDED_MAX) {
			record_set_flag(r, RECORD_FLAG_FWD_CAPPED);
			break;
		}
		text = hide_hop(m, hop, count++ < asserted);
		if (text.len > 0)
			r->forwarded[r->forwarded_count++] = text;
	}
	if (r->forwarded_count > 0)
		r->present |= UINT64_C(1) << RECORD_FIELD_FORWARDED;
}

static bool
resolve(const struct mask *m, struct span value, struct parse_addr *resolved)
{
	struct parse_addr client;
	bool found;

	(void)read_hops(m, value, &client, &found);
	if (found)
		*resolved = client;
	return (found);
}

/*
 * Two headers that name hops: our proxies write one of them, and hand on what a
 * client wrote in the other.  It is not known which, so neither is believed.
 */
static bool
is_disputed(const struct event *ev)
{
	for (unsigned i = 0; i < ev->extra_count; i++) {
		const struct event_extra *extra = &ev->extra[i];

		if (extra->kind == EVENT_EXTRA_ADDRESS &&
		    memmem(extra->key.ptr, extra->key.len, "forwarded", 9) != NULL)
			return (true);
	}
	return (false);
}

/* ---- the subject ---- */

static void
set_subject(struct mask *m, enum mask_slot slot, struct span value)
{
	struct mask_token_slot *kept = mask_token_kept(m, slot, value, m->subject);

	m->subject_known = kept != NULL;
	m->subject_value = value.ptr;
	mask_count_subject(m, slot, value, kept);
}

static bool
is_unix(struct span text)
{
	return (text.len >= 5 && memcmp(text.ptr, "unix:", 5) == 0);
}

/* A peer that is no strict address. */
static void
put_odd_peer(struct mask *m, struct span client, enum parse_addr_kind kind)
{
	enum mask_slot slot = MASK_SLOT_PEER_NAME;
	char form[256];
	struct span value = fold(client, form, sizeof(form)), text;

	if (kind == PARSE_ADDR_LIKE) {
		slot = MASK_SLOT_PEER_LIKE;
		record_set_flag(&m->record, RECORD_FLAG_IP_NONCANONICAL);
	} else
		record_set_flag(&m->record, RECORD_FLAG_PEER_NAME);
	set_subject(m, slot, value);
	text = hide(m, slot, NULL, value);
	m->subject_value = NULL;
	if (text.len > 0)
		record_set_text(&m->record, RECORD_FIELD_CLIENT, text);
}

static void
put_peer(struct mask *m, const struct event *ev, const struct parse_addr *peer)
{
	struct span value = span_of((const char *)peer->bytes, peer->len), text;
	struct parse_addr resolved;

	m->peer_trusted = is_trusted(m, peer) && !is_disputed(ev);
	if (m->peer_trusted && mask_has(ev, EVENT_FORWARDED) &&
	    resolve(m, ev->text[EVENT_FORWARDED], &resolved))
		set_subject(m, MASK_SLOT_PEER, span_of((const char *)resolved.bytes, resolved.len));
	else {
		resolved = *peer;
		set_subject(m, MASK_SLOT_PEER, value);
	}
	if (m->learning)
		m->learn_subject = mask_words_subject(m->words, resolved.bytes, resolved.len);
	if (m->places.geo != NULL)
		mask_place_put(m, &resolved);
	text = hide(m, MASK_SLOT_PEER, peer, value);
	m->subject_value = NULL;
	/* Tokens and addresses are plain. */
	if (text.len > 0)
		record_set_plain(&m->record, RECORD_FIELD_CLIENT, text);
}

void
mask_client_ahead(struct mask *m, const struct event *ev)
{
	int port;

	m->at->peer_ahead.raw.ptr = NULL;
	m->at->peer_kind = PARSE_ADDR_NONE;
	if (!mask_has(ev, EVENT_CLIENT) || is_unix(ev->text[EVENT_CLIENT]))
		return;
	m->at->peer_kind = parse_addr_port(ev->text[EVENT_CLIENT], &m->at->peer, &port);
	if (m->at->peer_kind != PARSE_ADDR_OK)
		return;
	mask_token_ahead(
	    m, MASK_SLOT_PEER, span_of((const char *)m->at->peer.bytes, m->at->peer.len));
	if (m->places.geo != NULL)
		mask_place_ahead(m);
}

void
mask_client(struct mask *m, const struct event *ev)
{
	enum parse_addr_kind kind = m->at->peer_kind;

	m->subject_known = m->peer_trusted = false;
	if (mask_has(ev, EVENT_CLIENT) && !is_unix(ev->text[EVENT_CLIENT])) {
		if (kind == PARSE_ADDR_OK)
			put_peer(m, ev, &m->at->peer);
		else
			put_odd_peer(m, ev->text[EVENT_CLIENT], kind);
	} else if (mask_has(ev, EVENT_CLIENT))
		record_set_flag(&m->record, RECORD_FLAG_PEER_UNIX);
	/* What is no address has no network to count for k. */
	m->learning = m->learning && kind == PARSE_ADDR_OK;
	if (mask_has(ev, EVENT_FORWARDED))
		put_forwarded(m, ev->text[EVENT_FORWARDED]);
}

bool
mask_client_subject(struct mask *m, const struct event *ev)
{
	struct parse_addr addr;
	int port;

	if (!mask_has(ev, EVENT_CLIENT) ||
	    parse_addr_port(ev->text[EVENT_CLIENT], &addr, &port) != PARSE_ADDR_OK)
		return (false);
	if (is_trusted(m, &addr) && mask_has(ev, EVENT_FORWARDED) && !is_disputed(ev))
		(void)resolve(m, ev->text[EVENT_FORWARDED], &addr);
	m->learn_subject = mask_words_subject(m->words, addr.bytes, addr.len);
	return (true);
}
