/* app: what cretula subject does; each answers with an exit code. */
#ifndef CRETULA_APP_SUBJECT_ACTIONS_H
#define CRETULA_APP_SUBJECT_ACTIONS_H

#include "app/args.h"

int app_subject_approver(const struct app_args *args);
int app_subject_request(const struct app_args *args);
int app_subject_approve(const struct app_args *args);
int app_subject_find(const struct app_args *args); /* and export */
int app_subject_erase(const struct app_args *args); /* with --request */
int app_subject_restrict(const struct app_args *args); /* and --lift */
int app_subject_check(const struct app_args *args);
int app_subject_records(const struct app_args *args); /* erase --record ..., rescrub */

#endif
