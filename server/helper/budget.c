#include "budget.h"

#include <time.h>

/* Room for what the account itself and the waking up cost, which the clock does not show until later. */
#define MARGIN 0.9
/* Saved for no longer than this, so that a quiet time is not followed by a burst. */
#define SAVED_SECONDS 1.0

static uint64_t microseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void budget_init(struct budget *budget, double percent)
{
    *budget = (struct budget){
        .share = percent / 100 * MARGIN,
        .wall = microseconds(CLOCK_MONOTONIC),
        .used = microseconds(CLOCK_PROCESS_CPUTIME_ID),
    };
}

bool budget_left(struct budget *budget)
{
    uint64_t wall = microseconds(CLOCK_MONOTONIC), used = microseconds(CLOCK_PROCESS_CPUTIME_ID);
    double most = budget->share * SAVED_SECONDS * 1e6;

    budget->credit += (double)(wall - budget->wall) * budget->share;
    if (budget->credit > most)
        budget->credit = most;
    budget->credit -= (double)(used - budget->used);
    budget->wall = wall;
    budget->used = used;
    return budget->credit > 0;
}

uint64_t budget_wait(const struct budget *budget)
{
    return budget->credit >= 0 ? 0 : (uint64_t)(-budget->credit / budget->share / 1000) + 1;
}
