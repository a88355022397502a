/* mask: host names: normal form and registrable domain (libpsl). */
#ifndef CRETULA_MASK_HOST_H
#define CRETULA_MASK_HOST_H

#include <stdbool.h>

#include "base/span.h"

struct mask_hosts;

int mask_hosts_open(struct mask_hosts **h); /* loads the public suffix list built into libpsl */
void mask_hosts_close(struct mask_hosts *h);

#define MASK_HOST_BYTES 256

struct mask_host {
	char text[MASK_HOST_BYTES]; /* lower case, no port, no trailing dot; A-labels */
	size_t len;
	size_t domain_at;           /* text + domain_at: registrable domain; len if none */
	int port;                   /* -1 if none */
	bool is_address;            /* an address or address-like: never a word */
	bool valid;                 /* false: no host name, mask whole */
};

/* Host as in a Host header or URL authority (user information removed). */
void mask_host_read(struct mask_hosts *h, struct span authority, struct mask_host *host);

#endif
