#ifndef NSHELPER_BUDGET_H
#define NSHELPER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Processor time that may be used, as an account: it fills as time passes and what was used is taken from it. Steady
 * work then stays within the share, and what has to be done at once makes later work wait.
 */
struct budget {
    /* Share of one processor, 0.01 for a percent. */
    double share;
    /* Microseconds on the account; below zero when more was used. */
    double credit;
    uint64_t wall;
    uint64_t used;
};

void budget_init(struct budget *budget, double percent);
/* Brings the account up to date and says whether there is something on it. */
bool budget_left(struct budget *budget);
/* Milliseconds until there is. */
uint64_t budget_wait(const struct budget *budget);

#endif
