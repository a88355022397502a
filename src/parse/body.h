/*
 * parse: bodies of requests that hold many events, cut into lines, each an
 * event: what stands around them tells nothing.  No bytes are taken from an
 * allocator; any bytes are legal.
 */
#ifndef CRETULA_PARSE_BODY_H
#define CRETULA_PARSE_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum parse_body_kind {
	PARSE_BODY_LINES, /* NDJSON, or lines of any format */
	PARSE_BODY_AUDIT, /* an EventList of audit.k8s.io */
	PARSE_BODY_OTLP /* ExportLogsServiceRequest in JSON */
};

/* An object's members, or an array's items, that are still to come. */
struct parse_body_list {
	struct span rest;
};

struct parse_body {
	enum parse_body_kind kind;
	struct parse_body_list levels[3]; /* of OTLP: resources, scopes, records; else [0] */
	unsigned level;
	struct span host; /* of the resource at hand: where it runs; a string with its quotes */
};

/* false: it is not what kind says; then nothing of it is. */
bool parse_body_begin(struct parse_body *b, enum parse_body_kind kind, struct span bytes);

struct parse_body_line {
	size_t len; /* bytes in out, no line end among them */
	uint64_t dropped; /* that found no room */
	struct span id; /* of an audit event, in the body; empty: none */
};

/* The next one into room bytes at out.  false: that was all. */
bool parse_body_next(struct parse_body *b, char *out, size_t room, struct parse_body_line *line);

#endif
