/* parse: proxies and web servers that write lines of their own. */
#ifndef CRETULA_PARSE_SERVER_H
#define CRETULA_PARSE_SERVER_H

#include "parse/parse.h"

/* proxy.c */
parse_line_function parse_server_envoy, parse_server_ingress, parse_server_squid;
parse_line_function parse_server_traefik;
/* haproxy.c */
parse_line_function parse_server_haproxy;
/* error.c */
parse_line_function parse_server_apache_error, parse_server_nginx_error;
parse_piece_function parse_piece_nginx_error;

#endif
