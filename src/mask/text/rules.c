#include "mask/text/rules.h"

#include "base/err.h"
#include "detect/rules.h"
#include "mask/inside.h"

int
mask_rules_open(struct mask *m, struct err *e)
{
	const struct mask_policy *policy = m->policy;
	unsigned at;
	size_t column;

	if (policy->rule_count == 0 ||
	    detect_rules_open(policy->rules, policy->rule_count, &m->rules, &at, &column, e) == 0)
		return (0);
	return (err_in(e, "rules: %s", policy->rules[at].name));
}

enum record_class
mask_rules_class(struct mask *m, struct span text)
{
	struct detect_hit hit;

	if (m->rules == NULL)
		return (RECORD_CLASS_NONE);
	switch (detect_rules_find(m->rules, text, 0, &hit)) {
	case DETECT_RULES_NONE: return (RECORD_CLASS_NONE);
	case DETECT_RULES_LIMIT: mask_effect_flag(&m->effects, RECORD_FLAG_UNSETTLED); break;
	case DETECT_RULES_FOUND: break;
	}
	return (hit.class_id);
}
