/* parse: names that web servers' logs in JSON use, whoever wrote the format. */
#ifndef CRETULA_PARSE_JSON_WEB_H
#define CRETULA_PARSE_JSON_WEB_H

#include "parse/json/read.h"

extern const struct parse_json_name parse_json_web[];
extern const unsigned parse_json_web_count;

parse_line_function parse_json_nginx, parse_json_ingress, parse_json_lines;

#endif
