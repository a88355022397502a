/* parse: who logged in, or tried to: sshd, sudo, su, PAM and logind, over syslog. */
#ifndef CRETULA_PARSE_MESSAGE_AUTH_H
#define CRETULA_PARSE_MESSAGE_AUTH_H

#include "parse/parse.h"

/* The program is the envelope's, or stands in front: "sshd[991]: ...". */
parse_line_function parse_auth;

#endif
