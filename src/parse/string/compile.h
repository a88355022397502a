/* string, inside: what a format string is read with, and made a program of. */
#ifndef CRETULA_PARSE_STRING_COMPILE_H
#define CRETULA_PARSE_STRING_COMPILE_H

#include "parse/string/program.h"

/* A format string without quotes of the file it comes from. */
struct string_source {
	size_t len, at; /* at: the next byte to read */
	uint16_t column[PARSE_STRING_BYTES + 1];
	char text[PARSE_STRING_BYTES + 1]; /* and a NUL */
	bool escape_named;
	enum string_escape escape;
};

struct string_builder {
	struct string_source source;
	struct parse_string *string;
	struct err *e;
	size_t last_at; /* of the last field's directive */
	size_t last_len;
	size_t literal; /* bytes of text since the last field */
};

/* paste.c: text as the format string itself.  0 or -1. */
int parse_string_paste(struct span text, enum parse_string_dialect dialect,
    struct string_source *source, struct err *e);

/* The bytes of text, kept; its len is 0 if there is no room. */
struct span parse_string_keep(struct parse_string *string, struct span text);

/* Text between fields.  0 or -1. */
int parse_string_literal(struct string_builder *b, const char *bytes, size_t len);

/* A field whose directive is the source's [at, source.at).  0 or -1. */
int parse_string_add(struct string_builder *b, size_t at, struct string_field field);

/* An error at byte at of the source: "what '%z' at column 4: why".  -1. */
int parse_string_bad(struct string_builder *b, size_t at, size_t end, const char *why);

/* What a variable, header or cookie of that name is; table.c. */
struct string_field parse_string_variable(struct span name);
struct string_field parse_string_header(struct span name, bool response);
struct string_field parse_string_cookie(struct span name);
/* One that nobody knows, with a key made of prefix and name. */
int parse_string_name(struct string_builder *b, struct string_field *field, const char *prefix,
    struct span name);

/* fields.c: the columns of W3C logs. */
bool parse_string_is_fields(struct span text);
int parse_string_fields(struct parse_string *string, struct span text, struct err *e);

/* One each: the whole source.  0 or -1. */
int parse_string_nginx(struct string_builder *b);
int parse_string_apache(struct string_builder *b);
int parse_string_log4j(struct string_builder *b);

#endif
