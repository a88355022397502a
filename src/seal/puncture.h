/*
 * seal: the .salt file, and what is left of it after erasures; docs/format.md 3.
 *
 * A cover is the set of tree nodes from which exactly the salts that are not
 * erased derive.  It begins as the seed; puncturing a leaf replaces the node
 * above it by the leaf's co-path, and nothing gives that salt back.
 */
#ifndef CRETULA_SEAL_PUNCTURE_H
#define CRETULA_SEAL_PUNCTURE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "seal/leaf.h"

struct err;

#define SEAL_COVER_NODES_MAX 65536
#define SEAL_COVER_BYTES_MAX ((size_t)SEAL_COVER_NODES_MAX * 39) /* of a .salt */

struct seal_cover {
	struct seal_node *nodes; /* by position, disjoint */
	size_t count, size;
};

void seal_cover_free(struct seal_cover *cover); /* wipes; all zero and NULL are legal */

/* The whole tree.  0, or -1 and ERR_IO without memory. */
int seal_cover_seed(struct seal_cover *cover, const unsigned char seed[static 16], struct err *e);

/*
 * Read a .salt.  Strict: at least one line, sorted, disjoint, no two
 * siblings (no puncture leaves them), canonical numbers and base64.  0; or
 * -1, ERR_FINDING or ERR_IO, and cover is empty.  cover must be empty before.
 */
int seal_cover_read(struct span text, struct seal_cover *cover, struct err *e);
void seal_cover_print(const struct seal_cover *cover, struct buf *out);

/* Is nothing erased?  Then *seed (may be NULL) is the 16 bytes inside. */
bool seal_cover_whole(const struct seal_cover *cover, const unsigned char **seed);

/* One salt; false if it is erased. */
bool seal_cover_salt(
    const struct seal_cover *cover, uint32_t index, unsigned char salt[static 16]);

/*
 * Salts first .. first + count - 1, as seal_salts.  known[i] says whether
 * there is one; erased salts are zeros.  Returns how many are known.
 */
size_t seal_cover_salts(const struct seal_cover *cover, uint32_t first, size_t count,
    unsigned char (*salts)[16], bool *known, void *memory);

/*
 * Forget salt index.  Forgetting it again changes nothing.  0; or -1 and
 * cover as before: ERR_CONFIG if more than SEAL_COVER_NODES_MAX nodes would
 * be needed, ERR_IO without memory.
 */
int seal_cover_puncture(struct seal_cover *cover, uint32_t index, struct err *e);

/*
 * Before a record's line is erased or replaced: forget the salts of its line,
 * of each line that replaced it so far (replaced says how many) and, for the
 * file as it was contains the line, of the file's hash (SEAL_SALT_FILE).  On
 * failure some of it may be done: throw the cover away.
 */
int seal_cover_erase(struct seal_cover *cover, uint32_t record, unsigned replaced, struct err *e);

#endif
