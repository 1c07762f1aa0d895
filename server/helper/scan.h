#ifndef NSHELPER_SCAN_H
#define NSHELPER_SCAN_H

#include "survey.h"
#include "users.h"

/* Whether the caller's rights hid nothing. */
bool survey_is_complete(const struct survey *survey);

/* Takes and prints a snapshot: `snapshot`, `user`, `ns` and `process` records. The survey is open and empty. */
int scan_run(struct survey *survey, bool deep, struct users *users, struct output *output, struct failure *failure);

/* Milliseconds of the monotonic clock. */
uint64_t milliseconds_now(void);

#endif
