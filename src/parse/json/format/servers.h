/* parse: formats of proxies and servers that write JSON under names of their own. */
#ifndef CRETULA_PARSE_JSON_SERVERS_H
#define CRETULA_PARSE_JSON_SERVERS_H

#include "parse/json/read.h"

parse_line_function parse_json_caddy, parse_json_cloudtrail, parse_json_envoy, parse_json_k8s,
    parse_json_postgres, parse_json_traefik;

/* Events that stand in {"Records":[...]}, and in an EventList's items. */
parse_piece_function parse_piece_cloudtrail, parse_piece_k8s;

/*
 * cluster.c: line becomes the audit event that a cloud wrapped in it, in
 * PARSE_LINE_MAX bytes of scratch; others stay.  False: it has no room.
 */
bool parse_json_unwrap(struct span *line, char *scratch);

#endif
