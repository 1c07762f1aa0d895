#include "kernel.h"
#include "procfs.h"
#include "text.h"
#include "util.h"
#include "watch.h"

#include <string.h>

/*
 * What starts a container or a sandbox forks, then unshares, changes root and executes, within moments. Until this
 * age a process is looked at in every pass, so that it is not shown for long as what it was at first.
 */
#define YOUNG_SECONDS 3
/* The text of a process is read again in every fourth round; the links in each. */
#define FULL_EVERY 4
/* Asking the clock costs as much as a link. */
#define CLOCK_EVERY 8

static void print_gone(struct watch *watch, const struct process *process)
{
    struct output *gone = &watch->gone;

    record_begin(gone, "gone");
    json_object(gone, "process");
    json_number(gone, "pid", process->pid);
    json_number(gone, "start", process->start);
    json_close(gone, '}');
    record_end(gone);
}

/* Takes a process out of its namespaces: it is gone, or is put into others next. */
static void take_out(struct watch *watch, const struct process *process)
{
    struct survey *survey = &watch->survey;

    watch->unsettled = true;
    if (process->flags & PROCESS_UNREADABLE)
        survey->unreadable--;
    survey_leave(survey, process);
    uint32_t index = namespaces_find(&survey->namespaces, NS_MNT, process->ns[NS_MNT]);
    uint32_t view = index == NO_INDEX ? NO_INDEX : survey->namespaces.item[index].view;
    if (view != NO_INDEX && survey->view[view].pid == process->pid) {
        survey->view[view].pid = survey->view[view].tid = 0;
        watch->views_stale = true;
    }
}

static void remove_process(struct watch *watch, const struct process *process)
{
    if (!(process->flags & PROCESS_OPAQUE))
        print_gone(watch, process);
    take_out(watch, process);
}

static int add_process(struct watch *watch, struct process *process)
{
    watch->unsettled = true;
    process->pass = watch->pass;
    if (process->flags & PROCESS_UNREADABLE)
        watch->survey.unreadable++;
    if (process->flags & PROCESS_HAS_UID) {
        int result = users_add(&watch->users, process->uid);
        if (result)
            return result;
    }
    return survey_join(&watch->survey, process);
}

int watch_list(struct watch *watch)
{
    struct survey *survey = &watch->survey;
    ssize_t count = list_numbers_at(survey->host.proc, ".", &watch->pids, &watch->pids_capacity);
    size_t old = 0, kept = 0;

    if (count < 0)
        return (int)count;
    if (reserve(watch->next, watch->next_capacity, (size_t)count + 1))
        return -ENOMEM;
    /* Both are in ascending order: procfs lists by pid. */
    for (size_t i = 0; i < (size_t)count; i++) {
        uint32_t pid = watch->pids[i];
        struct process *process = &watch->next[kept];
        for (; old < survey->process_count && survey->process[old].pid < pid; old++)
            remove_process(watch, &survey->process[old]);
        if (old < survey->process_count && survey->process[old].pid == pid) {
            watch->next[kept++] = survey->process[old++];
            continue;
        }
        int result = process_read(&watch->reader, pid, process, &watch->lines);
        if (is_vanished(result))
            continue;
        if (!result)
            result = add_process(watch, process);
        if (result)
            return result;
        kept++;
    }
    for (; old < survey->process_count; old++)
        remove_process(watch, &survey->process[old]);

    struct process *previous = survey->process;
    size_t capacity = survey->process_capacity;
    survey->process = watch->next;
    survey->process_capacity = watch->next_capacity;
    survey->process_count = kept;
    watch->next = previous;
    watch->next_capacity = capacity;
    return 0;
}

static size_t first_from(const struct survey *survey, uint32_t pid)
{
    size_t low = 0, high = survey->process_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (survey->process[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A thread has a directory in /proc, too, which is only not listed. pidfd_open takes leaders alone. */
static bool is_process(struct watch *watch, uint32_t pid)
{
    char path[PROC_PATH_SIZE];
    size_t size;
    uint64_t leader;
    autoclose int fd = (int)syscall(SYSCALL_PIDFD_OPEN, pid, 0);

    if (fd >= 0 || errno != ENOSYS)
        return fd >= 0;
    text_format(path, sizeof path, "%u/status", pid);
    ssize_t length = read_file_at(watch->survey.host.proc, path, watch->reader.text, sizeof watch->reader.text);
    const char *value = length > 0 ? find_field(watch->reader.text, (size_t)length, "Tgid", &size) : NULL;
    return value && parse_number(&value, value + size, &leader) && leader == pid;
}

static int insert(struct survey *survey, const struct process *process)
{
    size_t at = first_from(survey, process->pid);

    if (reserve(survey->process, survey->process_capacity, survey->process_count + 1))
        return -ENOMEM;
    memmove(&survey->process[at + 1], &survey->process[at], (survey->process_count - at) * sizeof *process);
    survey->process[at] = *process;
    survey->process_count++;
    return 0;
}

int watch_probe(struct watch *watch, uint32_t from, uint32_t to)
{
    struct survey *survey = &watch->survey;

    for (uint32_t pid = from + 1; pid <= to; pid++) {
        struct process process;
        size_t at = first_from(survey, pid);
        if ((at < survey->process_count && survey->process[at].pid == pid) || !is_process(watch, pid))
            continue;
        int result = process_read(&watch->reader, pid, &process, &watch->lines);
        if (is_vanished(result))
            continue;
        if (!result)
            result = add_process(watch, &process);
        if (!result)
            result = insert(survey, &process);
        if (result)
            return result;
    }
    return 0;
}

static void note_gone(struct watch *watch, struct process *known)
{
    remove_process(watch, known);
    known->flags |= PROCESS_GONE;
    known->pass = watch->pass;
    watch->gone_count++;
}

static void take_gone_out(struct watch *watch)
{
    struct survey *survey = &watch->survey;
    size_t kept = 0;

    for (size_t i = 0; watch->gone_count > 0 && i < survey->process_count; i++)
        if (!(survey->process[i].flags & PROCESS_GONE))
            survey->process[kept++] = survey->process[i];
    if (watch->gone_count > 0)
        survey->process_count = kept;
    watch->gone_count = 0;
}

/* Reads all of a known process again; says so if anything is different. */
static int recheck_fully(struct watch *watch, struct process *known)
{
    struct process fresh;

    watch->scratch.length = 0;
    int result = process_read(&watch->reader, known->pid, &fresh, &watch->scratch);
    if (is_vanished(result)) {
        note_gone(watch, known);
        return 0;
    }
    if (!result && fresh.hash == known->hash && fresh.start == known->start) {
        /* What the record does not show may still have changed: whether it has threads. */
        known->flags = fresh.flags;
        return 0;
    }
    if (result)
        return result;
    fresh.visits = known->visits;
    if (fresh.start != known->start)
        remove_process(watch, known);
    else
        take_out(watch, known);
    output_append(&watch->lines, watch->scratch.data, watch->scratch.length);
    result = add_process(watch, &fresh);
    *known = fresh;
    return result;
}

static int recheck(struct watch *watch, struct process *known, bool fully)
{
    struct process fresh;

    if (known->pass == watch->pass)
        return 0;
    known->pass = watch->pass;
    if (!fully && ++known->visits % FULL_EVERY != 0) {
        int result = process_read_links(&watch->reader, known->pid, &fresh);
        if (is_vanished(result))
            note_gone(watch, known);
        if (result)
            return is_vanished(result) ? 0 : result;
        uint8_t shown = PROCESS_UNREADABLE | PROCESS_OPAQUE;
        if (memcmp(fresh.ns, known->ns, sizeof fresh.ns) == 0 && (fresh.flags & shown) == (known->flags & shown))
            return 0;
    }
    return recheck_fully(watch, known);
}

static int recheck_young(struct watch *watch)
{
    struct survey *survey = &watch->survey;
    uint64_t now = host_ticks(), age = YOUNG_SECONDS * host_ticks_per_second();
    uint64_t since = now > age ? now - age : 0;
    /* However many there are, the rotation goes on. */
    double rest = watch->budget.credit / 2;
    size_t looked = 0;
    int result = 0;

    /* The youngest mostly have the highest pids. */
    for (size_t i = survey->process_count; !result && i-- > 0;) {
        if (survey->process[i].start < since)
            continue;
        if (looked++ % CLOCK_EVERY == 0 && (!budget_left(&watch->budget) || watch->budget.credit < rest))
            break;
        result = recheck(watch, &survey->process[i], true);
    }
    return result;
}

int watch_recheck(struct watch *watch)
{
    struct survey *survey = &watch->survey;
    int result = recheck_young(watch);
    size_t at = first_from(survey, watch->cursor);

    /* One round at most: where all fit into the budget, the rest of it stays unused. */
    for (size_t looked = 0; !result && looked < survey->process_count; looked++, at++) {
        if (looked % CLOCK_EVERY == 0 && !budget_left(&watch->budget))
            break;
        if (at >= survey->process_count) {
            uint64_t now = milliseconds_now();
            watch->rotation_took = now - watch->rotation_began;
            watch->rotation_began = now;
            watch->rotation_looked = 0;
            at = 0;
        }
        result = recheck(watch, &survey->process[at], false);
        watch->rotation_looked++;
        watch->cursor = survey->process[at].pid + 1;
    }
    take_gone_out(watch);
    return result;
}
