/* parse: names of columns in the W3C extended log file format. */
#include "parse/cloud/w3c.h"
#include "parse/event.h"

const struct parse_w3c_column parse_w3c_columns[] = {
	{ "c-country", PARSE_W3C_EXTRA, EVENT_EXTRA_UNKNOWN, "country" },
	{ "c-ip", PARSE_W3C_TEXT, EVENT_CLIENT, NULL },
	{ "c-port", PARSE_W3C_PEER_PORT, 0, NULL },
	{ "cs(accept-language)", PARSE_W3C_TEXT, EVENT_LANGUAGE, NULL },
	{ "cs(authorization)", PARSE_W3C_TEXT, EVENT_AUTH, NULL },
	{ "cs(cookie)", PARSE_W3C_WORDS, EVENT_COOKIE, NULL },
	{ "cs(host)", PARSE_W3C_FALLBACK, EVENT_HOST, "distribution" },
	{ "cs(referer)", PARSE_W3C_TEXT, EVENT_REFERER, NULL },
	{ "cs(referrer)", PARSE_W3C_TEXT, EVENT_REFERER, NULL },
	{ "cs(user-agent)", PARSE_W3C_WORDS, EVENT_AGENT, NULL },
	{ "cs(x-forwarded-for)", PARSE_W3C_WORDS, EVENT_FORWARDED, NULL },
	{ "cs-bytes", PARSE_W3C_NUMBER, EVENT_REQUEST_BYTES, NULL },
	{ "cs-host", PARSE_W3C_TEXT, EVENT_HOST, NULL },
	{ "cs-method", PARSE_W3C_TEXT, EVENT_METHOD, NULL },
	{ "cs-protocol", PARSE_W3C_TEXT, EVENT_SCHEME, NULL },
	{ "cs-protocol-version", PARSE_W3C_TEXT, EVENT_PROTOCOL, NULL },
	{ "cs-uri", PARSE_W3C_STEM, 0, NULL },
	{ "cs-uri-query", PARSE_W3C_QUERY, 0, NULL },
	{ "cs-uri-stem", PARSE_W3C_STEM, 0, NULL },
	{ "cs-username", PARSE_W3C_TEXT, EVENT_USER, NULL },
	{ "cs-version", PARSE_W3C_TEXT, EVENT_PROTOCOL, NULL },
	{ "date", PARSE_W3C_DATE, 0, NULL },
	{ "date-local", PARSE_W3C_DATE_LOCAL, 0, NULL },
	{ "fle-encrypted-fields", PARSE_W3C_COUNT, 0, "fle_encrypted_fields" },
	{ "fle-status", PARSE_W3C_EXTRA, EVENT_EXTRA_WORD, "fle_status" },
	{ "s-computername", PARSE_W3C_TEXT, EVENT_SERVER, NULL },
	{ "s-ip", PARSE_W3C_FALLBACK, EVENT_SERVER, "server_ip" },
	{ "s-port", PARSE_W3C_COUNT, 0, "server_port" },
	{ "s-queuename", PARSE_W3C_EXTRA, EVENT_EXTRA_NAME, "queue" },
	{ "s-reason", PARSE_W3C_EXTRA, EVENT_EXTRA_WORD, "reason" },
	{ "s-siteid", PARSE_W3C_COUNT, 0, "site_id" },
	{ "s-sitename", PARSE_W3C_EXTRA, EVENT_EXTRA_NAME, "site" },
	{ "sc-bytes", PARSE_W3C_NUMBER, EVENT_BYTES, NULL },
	{ "sc-content-len", PARSE_W3C_COUNT, 0, "content_bytes" },
	{ "sc-content-type", PARSE_W3C_EXTRA, EVENT_EXTRA_WORD, "content_type" },
	{ "sc-range-end", PARSE_W3C_COUNT, 0, "range_end" },
	{ "sc-range-start", PARSE_W3C_COUNT, 0, "range_start" },
	{ "sc-status", PARSE_W3C_STATUS, 0, NULL },
	{ "sc-substatus", PARSE_W3C_COUNT, 0, "substatus" },
	{ "sc-win32-status", PARSE_W3C_COUNT, 0, "win32_status" },
	{ "ssl-cipher", PARSE_W3C_EXTRA, EVENT_EXTRA_WORD, "tls_cipher" },
	{ "ssl-protocol", PARSE_W3C_TEXT, EVENT_TLS, NULL },
	{ "time", PARSE_W3C_TIME, 0, NULL },
	{ "time-local", PARSE_W3C_TIME_LOCAL, 0, NULL },
	{ "time-taken", PARSE_W3C_TAKEN, 0, NULL },
	{ "time-to-first-byte", PARSE_W3C_SECONDS, 0, "first_byte_us" },
	{ "timetakenms", PARSE_W3C_TAKEN_MS, 0, NULL },
	{ "x-edge-detailed-result-type", PARSE_W3C_EXTRA, EVENT_EXTRA_WORD, "edge_detail" },
	{ "x-edge-location", PARSE_W3C_EXTRA, EVENT_EXTRA_UNKNOWN, "edge_location" },
	{ "x-edge-request-id", PARSE_W3C_TEXT, EVENT_JOIN, NULL },
	{ "x-edge-response-result-type", PARSE_W3C_EXTRA, EVENT_EXTRA_WORD, "edge_response" },
	{ "x-edge-result-type", PARSE_W3C_TEXT, EVENT_CACHE, NULL },
	{ "x-forwarded-for", PARSE_W3C_WORDS, EVENT_FORWARDED, NULL },
	{ "x-host-header", PARSE_W3C_TEXT, EVENT_HOST, NULL },
};
#define ROWS (sizeof(parse_w3c_columns) / sizeof(parse_w3c_columns[0]))
_Static_assert(ROWS < PARSE_COLUMN_OTHER, "a row fits a byte");

static char
small(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
}

/* As strcmp of name in small letters with the name of a row. */
static int
compare(struct span name, const char *row)
{
	for (size_t i = 0; i < name.len; i++) {
		int d = (unsigned char)small(name.ptr[i]) - (unsigned char)row[i];

		if (d != 0 || row[i] == '\0')
			return (d);
	}
	return (row[name.len] == '\0' ? 0 : -1);
}

static uint8_t
find(struct span name)
{
	size_t low = 0, high = ROWS;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int d = compare(name, parse_w3c_columns[middle].name);

		if (d == 0)
			return ((uint8_t)middle);
		if (d < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (PARSE_COLUMN_OTHER);
}

/* "cs(X-Api-Key)" is "cs_x_api_key" in extra. */
static void
keep_name(struct parse_columns *columns, struct span name, size_t *used)
{
	size_t at = *used;

	for (size_t i = 0; i < name.len; i++) {
		char c = small(name.ptr[i]);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			columns->names[(*used)++] = c;
		else if (*used > at && columns->names[*used - 1] != '_' && i + 1 < name.len)
			columns->names[(*used)++] = '_';
	}
	if (*used == at)
		columns->names[(*used)++] = '_';
	columns->column[columns->count].name_at = (uint16_t)at;
	columns->column[columns->count].name_len = (uint16_t)(*used - at);
}

void
parse_w3c_fields(struct span names, struct parse_columns *columns)
{
	size_t at = 0, used = 0;

	columns->count = 0;
	columns->tabs = span_find(names, '\t') < names.len;
	while (at < names.len) {
		size_t len = 0;
		struct span name;

		while (at + len < names.len && names.ptr[at + len] != ' ' &&
		    names.ptr[at + len] != '\t')
			len++;
		name = span_of(names.ptr + at, len);
		at += len + 1;
		if (len == 0)
			continue;
		if (columns->count == PARSE_COLUMNS_MAX) {
			columns->count = 0;
			return;
		}
		columns->column[columns->count].row = find(name);
		if (columns->column[columns->count].row == PARSE_COLUMN_OTHER)
			keep_name(columns, name, &used);
		columns->count++;
	}
}
