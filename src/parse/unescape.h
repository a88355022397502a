/* parse: escapes of Apache and nginx back to bytes. */
#ifndef CRETULA_PARSE_UNESCAPE_H
#define CRETULA_PARSE_UNESCAPE_H

#include "base/span.h"

/*
 * raw as plain bytes: \xHH (either case), \" \\ \n \t \r \b \f \v \a.  Any
 * other backslash stays as it is.  Without a backslash raw itself is the
 * answer; else the bytes are written to *scratch, which moves behind them:
 * never more than raw.len.  *scratch may be NULL if it is known that there is
 * none.
 */
struct span parse_unescape(struct span raw, char **scratch);

#endif
