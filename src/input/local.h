/* input: sockets that have a name in the file system. */
#ifndef CRETULA_INPUT_LOCAL_H
#define CRETULA_INPUT_LOCAL_H

#include <sys/types.h>

struct sockaddr_un;

/*
 * A socket there, not blocking; one that nobody listens on any more makes
 * room.  Its name has that mode, and at no time more.  -1 with errno:
 * EADDRINUSE, for somebody listens, or the name is no socket.
 */
int input_local_bind(const struct sockaddr_un *where, int type, mode_t mode);

#endif
