/* parse, inside: what the units of body/ share. */
#ifndef CRETULA_PARSE_BODY_INSIDE_H
#define CRETULA_PARSE_BODY_INSIDE_H

#include "parse/body.h"

/* Of texts that parse_json_walk found good; of others something, but never beyond their end. */

/* What is in a value of type '{' or '['; empty if it is none. */
struct parse_body_list parse_body_list(struct span value, char type);

/* The next member or item; name is its string without quotes, empty in arrays. */
bool parse_body_member(struct parse_body_list *list, struct span *name, struct span *value);
bool parse_body_item(struct parse_body_list *list, struct span *value);

/* The value of a member; empty if there is none. */
struct span parse_body_find(struct span object, const char *name);

/* Where a line is put together. */
struct parse_body_out {
	char *at;
	size_t room, len;
	uint64_t dropped;
};

/* Line ends, which stand between values only, become blanks. */
void parse_body_put(struct parse_body_out *out, struct span bytes);

/* One record of OTLP as JSON with flat names. */
void parse_body_record(struct span record, struct span host, struct parse_body_out *out);

/* Where it runs, by a resource. */
struct span parse_body_host(struct span resource);

#endif
