/*
 * app: lines that come as bodies of HTTP requests (ADR 26).
 *
 * POST /k8s/audit takes an EventList, /v1/logs OTLP in JSON, /ndjson lines;
 * as they are, in gzip or in zstd.  A body waits whole, in locked memory, and
 * is answered once all that is in it is committed: 200, or why not.  The
 * reader of the stream's pipe takes its lines; nothing of it is in an answer.
 */
#ifndef CRETULA_APP_INTAKE_INTAKE_H
#define CRETULA_APP_INTAKE_INTAKE_H

#include "config/config.h"
#include "input/given.h"

/* All memory is taken here, files are read.  -1 with e; else given is to be closed. */
int app_intake_open(const struct config_stream *stream, struct input_given *given, struct err *e);

#endif
