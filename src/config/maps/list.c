/* list: the table of lists whose items are maps. */
#include "config/maps/maps.h"
#include "detail/detail.h"
#include "detect/rules.h"

static const struct config_map_list lists[] = {
	{ CONFIG_DETAIL, sizeof(struct detail_rule), DETAIL_RULES_MAX, config_detail_set,
	    config_detail_print, config_detail_schema },
	{ CONFIG_TRIGGERS, sizeof(struct detail_trigger), DETAIL_SIGNAL_COUNT, config_triggers_set,
	    config_triggers_print, config_triggers_schema },
	{ CONFIG_RULES, sizeof(struct detect_rule), DETECT_RULES_MAX, config_rules_set,
	    config_rules_print, config_rules_schema },
};

const struct config_map_list *
config_map_list(enum config_type type)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (lists[i].type == type)
			return (&lists[i]);
	return (NULL);
}
