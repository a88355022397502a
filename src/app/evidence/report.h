/* evidence: the report, beside a bundle or alone. */
#ifndef CRETULA_APP_EVIDENCE_REPORT_H
#define CRETULA_APP_EVIDENCE_REPORT_H

#include "app/args.h"
#include "base/buf.h"

struct app_evidence;
struct err;

/*
 * `evidence --report`: report.html and report.json into what->out, with the
 * bundle if that was asked for; what is said of it is added to out.  The exit
 * code of verify, or -1 with e, and nothing is left.
 */
int app_evidence_report(
    const struct app_args *args, const struct app_evidence *what, struct buf *out, struct err *e);

#endif
