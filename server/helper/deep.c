#include "deep.h"

#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>

void dig_failed(struct digger *digger, int result)
{
    if (is_exhausted(result))
        digger->result = result;
}

void dig_note(struct digger *digger, enum holder_kind kind, enum ns_type type, uint32_t id, uint32_t pid,
              uint32_t number)
{
    if (reserve(digger->finding, digger->capacity, digger->count + 1)) {
        digger->result = -ENOMEM;
        return;
    }
    digger->finding[digger->count++] =
        (struct finding){ .id = id, .pid = pid, .number = number, .type = (uint8_t)type, .kind = (uint8_t)kind };
}

static void compare_task(struct digger *digger, const struct process *process, uint32_t tid, const uint32_t *ns)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        unsigned slot = ns_types[type].children_slot;
        if (ns[type] != 0 && ns[type] != process->ns[type])
            dig_note(digger, HELD_BY_TASK, type, ns[type], process->pid, tid);
        if (!ns_types[type].for_children || ns[slot] == 0 || ns[slot] == ns[type])
            continue;
        if (ns[slot] != process->ns[slot] && ns[slot] != process->ns[type])
            dig_note(digger, HELD_BY_FOR_CHILDREN, type, ns[slot], process->pid, tid);
    }
}

void dig_tasks(struct digger *digger, const struct process *process)
{
    int proc = digger->survey->host.proc;
    char path[PROC_PATH_SIZE];

    if (!(process->flags & PROCESS_THREADS))
        return;
    text_format(path, sizeof path, "%u/task", process->pid);
    ssize_t count = list_numbers_at(proc, path, &digger->numbers, &digger->numbers_capacity);
    dig_failed(digger, (int)count);
    for (ssize_t i = 0; i < count; i++) {
        uint32_t tid = digger->numbers[i], ns[NS_SLOTS];
        if (tid == process->pid)
            continue;
        text_format(path, sizeof path, "%u/task/%u/ns", process->pid, tid);
        autoclose int directory = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        dig_failed(digger, directory < 0 ? -errno : 0);
        if (directory >= 0 && read_namespace_links(directory, ns) == 0)
            compare_task(digger, process, tid, ns);
    }
}

static void dig_piece(void *context, unsigned worker, size_t begin, size_t end)
{
    struct digger *digger = (struct digger *)context + worker;

    for (size_t i = begin; i < end; i++) {
        const struct process *process = &digger->survey->process[i];
        if (process->flags & PROCESS_UNREADABLE)
            continue;
        dig_tasks(digger, process);
        dig_files(digger, process);
    }
}

static int merge(struct survey *survey, const struct digger *digger)
{
    int result = digger->result;

    for (size_t i = 0; !result && i < digger->count; i++) {
        const struct finding *finding = &digger->finding[i];
        struct holder holder = { .kind = finding->kind, .pid = finding->pid, .number = finding->number };
        uint32_t index;
        result = namespaces_add(&survey->namespaces, finding->type, finding->id, &index);
        if (!result)
            result = namespaces_hold(&survey->namespaces, index, &holder);
    }
    return result;
}

int survey_deep(struct survey *survey)
{
    struct digger diggers[WORKERS_MAX] = { 0 };
    unsigned workers = workers_for(survey->process_count);
    int result = 0;

    survey->sources |= SOURCE_TASKS | SOURCE_FDS | SOURCE_SOCKETS;
    for (unsigned i = 0; i < workers; i++)
        diggers[i].survey = survey;
    workers_run(workers, survey->process_count, dig_piece, diggers);
    for (unsigned i = 0; i < workers; i++) {
        if (!result)
            result = merge(survey, &diggers[i]);
        free(diggers[i].finding);
        free(diggers[i].numbers);
        free(diggers[i].sockets.entry);
    }
    return result ? result : survey_relations(survey, 1);
}
