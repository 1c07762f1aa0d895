#include "watch.h"

#include "sign.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <poll.h>

/* A reader that hears nothing for this long may take the helper for dead. */
#define HEARTBEAT 10000
/* The names in /proc are listed at least this often, whatever the cheaper sign says. */
#define LIST_EVERY 5000
/* Listing may take this part of the budget. What is over is for looking at processes again. */
#define LIST_PART 0.5
/* Mount events come in bursts; passes for their sake come no faster than this. */
#define EVENT_SPACING 100
/* However much was used, a pass is never put off for longer. */
#define WAIT_MAX 10000
/* What a look at one process costs at most, in microseconds, as long as nothing was measured. */
#define LOOK_COST 60

struct timing {
    uint64_t began;
    uint64_t listed;
    /* The names changed since they were listed; and what listing takes, in microseconds of processor time. */
    bool list_due;
    double list_cost;
    uint64_t ticked;
    /* What was meant to lie between the last two passes: the interval, or longer for the sake of the budget. */
    uint64_t spacing;
};

/* How long a setns of an old process can go unseen: the last rotation, or the present one if that takes longer. */
static uint64_t bound(const struct watch *watch, uint64_t now, uint64_t spacing)
{
    size_t count = watch->survey.process_count;
    uint64_t present = now - watch->rotation_began, expected = present;

    if (watch->rotation_took == 0 && watch->rotation_looked == 0)
        expected += (uint64_t)((double)count * LOOK_COST / watch->budget.share / 1000);
    else if (watch->rotation_took == 0 || watch->rotation_looked > count / 4)
        expected = present * count / (watch->rotation_looked ? watch->rotation_looked : 1);
    return (expected > watch->rotation_took ? expected : watch->rotation_took) + spacing;
}

static void print_tick(const struct watch *watch, const struct timing *timing, uint64_t now)
{
    record_begin(watch->output, "tick");
    json_number(watch->output, "processes", watch->survey.process_count);
    json_number(watch->output, "namespaces", watch->survey.namespaces.live);
    json_number(watch->output, "unreadable", watch->survey.unreadable);
    json_number(watch->output, "milliseconds", now - timing->began);
    json_number(watch->output, "interval", timing->spacing);
    json_number(watch->output, "bound", bound(watch, now, timing->spacing));
    record_end(watch->output);
}

/* Processes that are gone first: their pids may be in use again by those that follow. */
static int print_changes(struct watch *watch, bool *any)
{
    struct output *parts[] = { &watch->gone, &watch->changed, &watch->lines, &watch->released };

    *any = false;
    for (size_t i = 0; i < array_length(parts); i++) {
        if (parts[i]->error)
            return parts[i]->error;
        if (i == 1)
            users_print(&watch->users, watch->output);
        if (parts[i]->length == 0)
            continue;
        *any = true;
        output_append(watch->output, parts[i]->data, parts[i]->length);
        parts[i]->length = 0;
        /* What a burst of changes took is given back. */
        if (parts[i]->capacity > 1 << 20)
            output_free(parts[i]);
    }
    return 0;
}

static int list(struct watch *watch, struct timing *timing)
{
    budget_left(&watch->budget);
    uint64_t before = watch->budget.used;
    int result = watch_list(watch);

    budget_left(&watch->budget);
    timing->list_cost = (double)(watch->budget.used - before);
    timing->listed = timing->began;
    timing->list_due = false;
    return result;
}

/*
 * New processes are found in every pass. On a host with thousands of them, where some come and go all the time, that
 * is by their pids alone; that others are gone then shows when a listing is due, or in the rotation.
 */
static int find_processes(struct watch *watch, struct sign *sign, struct timing *timing)
{
    uint32_t from = 0, to = 0;
    enum sign_change change = sign_ask(sign, &from, &to);
    uint64_t since = timing->began - timing->listed;

    timing->list_due = timing->list_due || change != SIGN_SAME;
    if (since >= LIST_EVERY || (timing->list_due && (double)since * 1000 * watch->budget.share * LIST_PART >=
                                                        timing->list_cost))
        return list(watch, timing);
    if (change == SIGN_UNKNOWN || to - from > watch->survey.process_count / 4)
        return list(watch, timing);
    return change == SIGN_RANGE ? watch_probe(watch, from, to) : 0;
}

static int pass(struct watch *watch, struct sign *sign, struct timing *timing, bool mounts_changed)
{
    uint64_t now = milliseconds_now();
    bool any = false;

    timing->began = now;
    watch->pass++;
    int result = find_processes(watch, sign, timing);
    if (!result)
        result = watch_mounts(watch, mounts_changed);
    if (!result)
        result = watch_recheck(watch);
    reader_close(&watch->reader);
    if (!result)
        result = watch_settle(watch);
    if (!result)
        result = print_changes(watch, &any);
    if (result)
        return result;
    now = milliseconds_now();
    if (any || now - timing->ticked >= HEARTBEAT) {
        print_tick(watch, timing, now);
        timing->ticked = now;
    }
    return output_flush(watch->output);
}

/* 1 when mounts changed meanwhile, 0 when the time has come, -EPIPE when nobody reads any more. */
static int sleep_until(struct watch *watch, int mountinfo, uint64_t due, uint64_t earliest)
{
    bool changed = false;

    for (;;) {
        struct pollfd polls[] = {
            { .fd = changed ? -1 : mountinfo, .events = POLLPRI },
            { .fd = watch->output->fd, .events = 0 },
        };
        uint64_t now = milliseconds_now(), until = changed ? earliest : due;
        if (now >= until)
            return changed;
        if (poll(polls, array_length(polls), (int)(until - now)) < 0 && errno != EINTR)
            return -errno;
        if (polls[1].revents & (POLLERR | POLLHUP | POLLNVAL))
            return -EPIPE;
        /* Asking is what resets it, so it is kept here. */
        if (polls[0].revents & (POLLPRI | POLLERR))
            changed = true;
    }
}

static int run(struct watch *watch, double percent, struct failure *failure)
{
    struct sign sign;
    struct timing timing = { .began = milliseconds_now(), .spacing = watch->interval };
    autoclose int mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    uint32_t from, to;

    sign_open(&sign, &watch->survey.host);
    /* Before the snapshot, so that what happens during it counts as a change. */
    sign_ask(&sign, &from, &to);
    int result = scan_run(&watch->survey, false, &watch->users, watch->output, failure);
    if (!result)
        result = watch_remember(watch);
    watch->rotation_began = timing.listed = timing.ticked = milliseconds_now();
    budget_init(&watch->budget, percent);
    if (!result) {
        print_tick(watch, &timing, timing.ticked);
        result = output_flush(watch->output);
    }
    while (!result) {
        budget_left(&watch->budget);
        uint64_t wait = budget_wait(&watch->budget), now = milliseconds_now();
        if (wait > WAIT_MAX)
            wait = WAIT_MAX;
        uint64_t earliest = now + (wait > EVENT_SPACING ? wait : EVENT_SPACING);
        uint64_t due = timing.began + watch->interval;
        if (wait > 0 && now + wait > due)
            due = now + wait;
        timing.spacing = due - timing.began;
        int changed = sleep_until(watch, mountinfo, due, earliest);
        result = changed < 0 ? changed : pass(watch, &sign, &timing, changed > 0);
    }
    sign_close(&sign);
    return result;
}

int verb_watch(const struct options *options, struct output *output, struct failure *failure)
{
    struct watch watch = { .output = output, .interval = options->interval };
    struct output *memory[] = { &watch.gone, &watch.changed, &watch.lines, &watch.released, &watch.scratch };
    int result = survey_open(&watch.survey, failure);

    if (result)
        return result;
    for (size_t i = 0; i < array_length(memory); i++)
        output_init(memory[i], -1, output->id);
    reader_init(&watch.reader, &watch.survey.host);
    result = run(&watch, options->budget, failure);
    for (size_t i = 0; i < array_length(memory); i++)
        output_free(memory[i]);
    reader_free(&watch.reader);
    users_free(&watch.users);
    free(watch.pids);
    free(watch.next);
    free(watch.removed);
    survey_close(&watch.survey);
    /* Without a reader there is nobody to tell. */
    return result == -EPIPE && !failure->step ? fail(failure, "write", EPIPE) : result;
}
