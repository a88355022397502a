/* parse: texts of any program: logfmt, CEF, and lines without a form. */
#ifndef CRETULA_PARSE_TEXT_H
#define CRETULA_PARSE_TEXT_H

#include "parse/json/json.h"
#include "parse/parse.h"

/* plain.c, cef.c; logfmt.c */
parse_line_function parse_text_plain, parse_text_cef, parse_text_logfmt;

/* logfmt as if it were an object: key=value, key="a \"b\"", key. */
enum parse_json_result parse_text_walk_logfmt(struct span line, struct parse_json_door *door);

#endif
