/*
 * mask: host names and referers.
 *
 * Our own sites are in clear, with the path of the referer; of all others
 * only the origin stays, its host through the vocabulary: the registrable
 * domain is a word, and what stands left of it is another one.
 */
#include "base/scan.h"
#include "mask/inside.h"
#include "mask/method/count.h"
#include "mask/words/inside.h"

static const struct span host_place = SPAN(".");

static char
lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
}

static bool
equal_folded(struct span a, struct span b)
{
	if (a.len != b.len)
		return (false);
	if (memcmp(a.ptr, b.ptr, a.len) == 0)
		return (true);
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return (false);
	return (true);
}

static bool
is_own(const struct mask_policy *p, struct span host)
{
	for (unsigned i = 0; i < p->host_count; i++)
		if (equal_folded(host, span_str(p->hosts[i])))
			return (true);
	return (false);
}

/* The host of an authority as it stands, for a quick look whether it is ours. */
static struct span
bare_host(struct span authority)
{
	struct span user = authority;

	/* Up to the last '@' is user information. */
	for (size_t at; (at = span_find(user, '@')) < user.len;)
		user = span_from(user, at + 1);
	return (span_of(user.ptr, span_find(user, ':')));
}

/* Left of the registrable domain, which is in clear. */
static void
put_below(struct mask *m, struct mask_out *out, struct span left, struct span domain)
{
	uint64_t position =
	    mask_words_child(m->words, mask_words_root(m->words, MASK_WORD_HOST), domain);
	struct mask_sighting seen = {
		.class_id = MASK_WORD_HOST, .position = position, .parent = domain, .word = left
	};

	if (mask_word_clear(m, MASK_WORD_HOST, position, left, false))
		mask_out_add(out, left);
	else {
		if (mask_word_plain(left))
			mask_word_learn(m, &seen);
		mask_put_bound(m, out, MASK_SLOT_HOST, domain, left);
	}
	mask_out_char(out, '.');
	mask_out_add(out, domain);
}

static void
put_host(struct mask *m, struct mask_out *out, const struct detect_host *host)
{
	struct span full = span_of(host->text, host->len);
	struct span domain = span_from(full, host->domain_at);
	struct span left = span_of(full.ptr, host->domain_at == 0 ? 0 : host->domain_at - 1);
	uint64_t root = mask_words_root(m->words, MASK_WORD_HOST);
	struct mask_sighting seen = {
		.class_id = MASK_WORD_HOST, .position = root, .parent = host_place, .word = domain
	};

	if (is_own(m->policy, full) ||
	    (!host->is_address && mask_word_clear(m, MASK_WORD_HOST, root, full, false))) {
		mask_out_add(out, full);
		return;
	}
	if (host->is_address || domain.len == 0) {
		mask_put_bound(m, out, MASK_SLOT_HOST, host_place, full);
		return;
	}
	if (mask_word_clear(m, MASK_WORD_HOST, root, domain, false)) {
		put_below(m, out, left, domain);
		return;
	}
	if (mask_word_plain(domain))
		mask_word_learn(m, &seen);
	if (left.len > 0 && mask_word_plain(left)) {
		seen.parent_key = mask_words_key(m->words, MASK_WORD_HOST, root, domain);
		seen.position = mask_words_child(m->words, root, domain);
		seen.parent = domain;
		seen.word = left;
		mask_word_learn(m, &seen);
	}
	mask_put_bound(m, out, MASK_SLOT_HOST, host_place, full);
}

void
mask_render_host(struct mask *m, struct span authority, struct mask_out *out)
{
	struct detect_host host;

	(void)mask_effect_bytes(m, authority);
	detect_host_read(m->hosts, authority, &host);
	if (host.valid)
		put_host(m, out, &host);
	else
		mask_put_redacted(m, out, RECORD_CLASS_HOST);
}

/* ---- referer ---- */

struct url {
	struct span scheme; /* static text; empty: another scheme, or none */
	struct span authority;
	size_t rest; /* where the path starts */
};

static size_t
authority_len(struct span text)
{
	static const bool ends[256] = { ['/'] = true, ['?'] = true, ['#'] = true, ['\\'] = true };
	size_t len = 0;

	while (len < text.len && !ends[(unsigned char)text.ptr[len]])
		len++;
	return (len);
}

/* The scheme in front of raw; empty if it is none of ours. */
static struct span
scheme_of(struct span raw)
{
	static const struct span schemes[] = { SPAN("https://"), SPAN("http://") };

	if (raw.len >= 8 && memcmp(raw.ptr, "https://", 8) == 0)
		return (schemes[0]);
	for (int i = 0; i < 2; i++)
		if (raw.len >= schemes[i].len &&
		    equal_folded(span_of(raw.ptr, schemes[i].len), schemes[i]))
			return (schemes[i]);
	return (span_of("", 0));
}

static void
split(struct span raw, struct url *url)
{
	*url = (struct url){ .scheme = scheme_of(raw) };
	if (url->scheme.len == 0)
		return;
	url->authority = span_from(raw, url->scheme.len);
	url->authority.len = authority_len(url->authority);
	url->rest = url->scheme.len + url->authority.len;
}

static void
render_origin(struct mask *m, struct span raw, struct mask_out *out)
{
	struct url url;

	split(raw, &url);
	mask_out_add(out, url.scheme);
	mask_render_host(m, url.authority, out);
}

/* An own one, without its query. */
static void
render_own(struct mask *m, struct span raw, struct mask_out *out)
{
	struct url url;

	/* That somebody comes from a page does not say that there is one. */
	m->no_learning = true;
	split(raw, &url);
	mask_out_add(out, url.scheme);
	mask_render_host(m, url.authority, out);
	mask_render_path(m, span_from(raw, url.rest), out);
	m->no_learning = false;
}

/* "/path", "//host/path", "https://host/path": what a browser would go to. */
static bool
split_nested(const struct mask *m, struct span value, struct url *url, struct span *path)
{
	split(value, url);
	if (url->scheme.len == 0) {
		if (value.ptr[0] != '/')
			return (false);
		if (value.len > 1 && value.ptr[1] == '/') {
			url->authority = span_from(value, 2);
			url->authority.len = authority_len(url->authority);
			url->rest = 2 + url->authority.len;
		}
	}
	*path = span_from(value, url->rest);
	path->len = scan_either(*path, '?', '#');
	if (url->rest > 0 && !is_own(m->policy, bare_host(url->authority)))
		path->len = 0;
	return (true);
}

__attribute__((noinline)) bool
mask_render_nested(struct mask *m, struct span value, struct mask_out *out)
{
	struct mask_render *r = &m->effects;
	uint8_t seen = r->words_seen, clear = r->words_clear;
	bool no_learning = m->no_learning;
	size_t size = out->size;
	struct span path;
	struct url url;

	/* Most values are none: one look at the first byte. */
	if (value.len == 0 || (value.ptr[0] != '/' && (value.ptr[0] | 0x20) != 'h') ||
	    !split_nested(m, value, &url, &path))
		return (false);
	mask_effect_count(m, RECORD_CLASS_QUERY);
	/* Anybody can write any path there: it says nothing of ours. */
	m->no_learning = true;
	if (size - out->len > MASK_NESTED_BYTES)
		out->size = out->len + MASK_NESTED_BYTES;
	if (url.rest > 0) {
		mask_out_add(out, url.scheme.len > 0 ? url.scheme : span_of("//", 2));
		mask_render_host(m, url.authority, out);
	}
	if (path.len > 0)
		mask_render_path(m, path, out);
	out->size = size;
	m->no_learning = no_learning;
	r->words_seen = seen;
	r->words_clear = clear;
	return (true);
}

/*
 * Only the part that is rendered names the entry: the queries of search
 * engines and of our own pages differ in every line.
 */
void
mask_referer_ahead(struct mask *m, const struct event *ev)
{
	struct span raw = ev->text[EVENT_REFERER];
	struct url url;

	m->at->ahead[MASK_RENDER_REFERER].raw.ptr = NULL;
	m->at->ahead[MASK_RENDER_ORIGIN].raw.ptr = NULL;
	if (!mask_has(ev, EVENT_REFERER))
		return;
	split(raw, &url);
	if (url.scheme.len == 0)
		return;
	if (m->policy->host_count == 0 || !is_own(m->policy, bare_host(url.authority))) {
		raw.len = url.rest;
		mask_render_ahead(m, MASK_RENDER_ORIGIN, raw);
		return;
	}
	if (m->learn_only)
		return; /* it teaches nothing */
	raw.len = scan_either(raw, '?', '#');
	mask_render_path_ahead(m, MASK_RENDER_REFERER, raw, url.rest);
}

void
mask_referer(struct mask *m, const struct event *ev)
{
	struct span own = m->at->ahead[MASK_RENDER_REFERER].raw;
	struct span origin = m->at->ahead[MASK_RENDER_ORIGIN].raw, text = { "", 0 };

	if (own.ptr != NULL)
		text = mask_render(m, MASK_RENDER_REFERER, render_own, own);
	else if (origin.ptr != NULL)
		text = mask_render(m, MASK_RENDER_ORIGIN, render_origin, origin);
	if (m->learn_only)
		return;
	if (own.ptr == NULL && origin.ptr == NULL)
		mask_count(m, RECORD_CLASS_UNKNOWN);
	else if ((own.ptr != NULL ? own.len : origin.len) < ev->text[EVENT_REFERER].len)
		mask_count(m, RECORD_CLASS_QUERY);
	if (own.ptr == NULL && origin.ptr == NULL)
		mask_set_redacted(m, RECORD_FIELD_REFERER, RECORD_CLASS_UNKNOWN);
	else {
		mask_count_text(m, &m->given.referer, text);
		mask_set_rendered(m, RECORD_FIELD_REFERER, text);
	}
}
