#include "ending.h"

#include "procfs.h"
#include "text.h"
#include "util.h"

#include <signal.h>

/* The kernel nests pid namespaces no deeper than 33 levels. */
#define LEVELS_MAX 40

bool ending_has_target(const struct ending *ending, enum ns_type type, uint32_t id)
{
    for (size_t i = 0; i < ending->targets; i++)
        if (ending->target[i].type == type && ending->target[i].id == id)
            return true;
    return false;
}

static bool is_known(const struct ending *ending, const struct process *process)
{
    for (size_t i = 0; i < ending->victims; i++)
        if (ending->victim[i].pid == process->pid && ending->victim[i].start == process->start)
            return true;
    return false;
}

static int add(struct ending *ending, const struct process *process, bool signalled, enum ns_type type)
{
    if (is_known(ending, process))
        return 0;
    if (reserve(ending->victim, ending->victims_capacity, ending->victims + 1))
        return -ENOMEM;
    ending->victim[ending->victims++] = (struct victim){
        .pid = process->pid,
        .start = process->start,
        .type = type,
        .id = type == NS_NONE ? 0 : process->ns[type],
        .signalled = signalled,
        .signal = signalled ? 0 : SIGKILL,
    };
    return 1;
}

/* Number 1 at the innermost level. */
static bool is_init(const struct host *host, const struct process *process)
{
    char path[PROC_PATH_SIZE], text[8192];
    size_t size;

    text_format(path, sizeof path, "%u/status", process->pid);
    ssize_t length = read_file_at(host->proc, path, text, sizeof text);
    const char *value = length > 0 ? find_field(text, (size_t)length, "NSpid", &size) : NULL;
    return value && size >= 2 && value[size - 1] == '1' && (value[size - 2] == '\t' || value[size - 2] == ' ');
}

/* -1 when the pid namespace has no init that can be seen. */
static int add_init(struct ending *ending, uint32_t id)
{
    for (size_t i = 0; i < ending->survey.process_count; i++) {
        const struct process *process = &ending->survey.process[i];
        if (process->ns[NS_PID] == id && !(process->flags & PROCESS_ZOMBIE) && is_init(&ending->survey.host, process))
            return add(ending, process, true, NS_PID);
    }
    return -1;
}

/* Whether the pid namespace is the one given, or lies within it; 0 stands for the targets. */
static bool is_within(const struct ending *ending, uint32_t id, uint32_t outer)
{
    for (unsigned level = 0; id != 0 && level < LEVELS_MAX; level++) {
        if (outer ? id == outer : ending_has_target(ending, NS_PID, id))
            return true;
        uint32_t index = namespaces_find(&ending->survey.namespaces, NS_PID, id);
        id = index == NO_INDEX ? 0 : ending->survey.namespaces.item[index].parent;
    }
    return false;
}

/* Its holder, and who is in everything that it keeps: what only shares a namespace with it is not part of it. */
static bool is_of_instance(const struct ending *ending, const struct process *process)
{
    bool shares_target = false;

    if (process->pid == ending->instance.pid)
        return process->start == ending->instance.start;
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        if (!(ending->common >> type & 1))
            continue;
        if (process->ns[type] != ending->common_id[type])
            return false;
        shares_target = shares_target || ending_has_target(ending, type, process->ns[type]);
    }
    return shares_target;
}

/* The process that is meant itself. With the init of a pid namespace everyone in that goes. */
static int add_process(struct ending *ending, uint32_t *within)
{
    *within = 0;
    for (size_t i = 0; i < ending->survey.process_count; i++) {
        const struct process *process = &ending->survey.process[i];
        if (process->pid != ending->process.id || process->start != ending->process.start ||
            (process->flags & PROCESS_ZOMBIE))
            continue;
        if (is_init(&ending->survey.host, process))
            *within = process->ns[NS_PID];
        return add(ending, process, true, NS_NONE);
    }
    return 0;
}

static int add_signalled(struct ending *ending, enum ns_type *only_pid)
{
    int count = 0;

    /* The kernel ends everyone with the init. */
    *only_pid = NS_NONE;
    for (size_t i = 0; i < ending->targets; i++)
        if (ending->target[i].type == NS_PID) {
            int result = add_init(ending, ending->target[i].id);
            if (result >= 0)
                *only_pid = NS_PID;
            count += result > 0;
        }
    for (size_t i = 0; i < ending->survey.process_count; i++) {
        const struct process *process = &ending->survey.process[i];
        enum ns_type type = ending->targets ? ending->target[0].type : NS_NONE;
        bool is_holder = ending->instance.pid && process->pid == ending->instance.pid;
        if (process->flags & PROCESS_ZOMBIE)
            continue;
        if (ending->instance.pid ? !is_of_instance(ending, process)
                                 : type == NS_NONE || process->ns[type] != ending->target[0].id)
            continue;
        /* One that is not the init still has to be told when it is the holder. */
        if (*only_pid == NS_PID && is_within(ending, process->ns[NS_PID], 0) && !is_holder)
            continue;
        bool keeps_by_fd = is_holder && !ending->common;
        int result = add(ending, process, true, keeps_by_fd ? NS_NONE : type);
        if (result < 0)
            return result;
        count += result;
    }
    return count;
}

int ending_find_victims(struct ending *ending)
{
    enum ns_type only_pid = NS_NONE;
    uint32_t within = 0;
    int count = ending->process.id ? add_process(ending, &within) : add_signalled(ending, &only_pid);
    bool goes_on = only_pid == NS_PID || within != 0;

    for (size_t i = 0; count >= 0 && goes_on && i < ending->survey.process_count; i++) {
        const struct process *process = &ending->survey.process[i];
        if (!(process->flags & PROCESS_ZOMBIE) && is_within(ending, process->ns[NS_PID], within) &&
            add(ending, process, false, NS_PID) < 0)
            return -ENOMEM;
    }
    return count;
}
