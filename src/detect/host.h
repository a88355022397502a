/* detect: host names: normal form and registrable domain (libpsl). */
#ifndef CRETULA_DETECT_HOST_H
#define CRETULA_DETECT_HOST_H

#include <stdbool.h>

#include "base/span.h"

struct detect_hosts;

int detect_hosts_open(struct detect_hosts **h); /* loads the public suffix list built into libpsl */
void detect_hosts_close(struct detect_hosts *h);

#define DETECT_HOST_BYTES 256

struct detect_host {
	char text[DETECT_HOST_BYTES]; /* lower case, no port, no trailing dot; A-labels */
	size_t len;
	size_t domain_at;           /* text + domain_at: registrable domain; len if none */
	int port;                   /* -1 if none */
	bool is_address;            /* an address or address-like: never a word */
	bool valid;                 /* false: no host name, mask whole */
};

/* Host as in a Host header or URL authority (user information removed). */
void detect_host_read(struct detect_hosts *h, struct span authority, struct detect_host *host);

#endif
