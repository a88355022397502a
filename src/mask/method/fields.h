/* mask, inside: fields that a policy takes away, whatever their class left in them. */
#ifndef CRETULA_MASK_METHOD_FIELDS_H
#define CRETULA_MASK_METHOD_FIELDS_H

struct mask_policy;
struct record;

/* Drop and redact in r what p says. */
void mask_fields_take(const struct mask_policy *p, struct record *r);

#endif
