#include "survey.h"

#include "procfs.h"
#include "util.h"
#include "workers.h"

#include <string.h>

int survey_open(struct survey *survey, struct failure *failure)
{
    *survey = (struct survey){ 0 };
    namespaces_init(&survey->namespaces);
    return host_open(&survey->host, failure);
}

void survey_close(struct survey *survey)
{
    host_close(&survey->host);
    namespaces_free(&survey->namespaces);
    free(survey->process);
    free(survey->view);
    *survey = (struct survey){ .host = { .proc = -1 } };
}

void process_lines_free(struct process_lines *lines)
{
    for (unsigned i = 0; i < WORKERS_MAX; i++)
        output_free(&lines->worker[i]);
    free(lines->piece);
    *lines = (struct process_lines){ 0 };
}

int process_lines_print(const struct process_lines *lines, struct output *output)
{
    autofree struct iovec *vector = calloc(lines->pieces + 1, sizeof *vector);

    if (!vector)
        return -ENOMEM;
    for (size_t i = 0; i < lines->pieces; i++) {
        const struct piece *piece = &lines->piece[i];
        vector[i].iov_base = lines->worker[piece->worker].data + piece->offset;
        vector[i].iov_len = piece->length;
    }
    output_append_all(output, vector, lines->pieces);
    return 0;
}

/* What the threads that read processes share: each writes only its own pieces of the arrays. */
struct reading {
    const struct host *host;
    bool links_only;
    const uint32_t *pids;
    struct process *process;
    struct process_lines *lines;
    struct reader *reader[WORKERS_MAX];
    int result[WORKERS_MAX];
};

static void read_piece(void *context, unsigned worker, size_t begin, size_t end)
{
    struct reading *reading = context;
    struct output *lines = &reading->lines->worker[worker];
    size_t offset = lines->length;

    for (size_t i = begin; i < end; i++) {
        struct process *process = &reading->process[i];
        struct reader *reader = reading->reader[worker];
        int result = reading->links_only ? process_read_links(reader, reading->pids[i], process)
                                         : process_read(reader, reading->pids[i], process, lines);
        if (is_exhausted(result))
            reading->result[worker] = result;
        /* pid 0 marks one that is gone. */
        if (result)
            process->pid = 0;
    }
    reader_close(reading->reader[worker]);
    reading->lines->piece[begin / WORK_PIECE] =
        (struct piece){ .offset = offset, .length = lines->length - offset, .worker = worker };
}

static int read_all(struct survey *survey, const uint32_t *pids, size_t count, struct process_lines *lines, int64_t id)
{
    struct reading reading = { .host = &survey->host, .links_only = survey->links_only, .pids = pids, .lines = lines };
    struct outliers outliers;
    unsigned workers = workers_for(count);
    bool outliers_known = outliers_find(&outliers, &survey->host);
    int result = 0;

    lines->pieces = (count + WORK_PIECE - 1) / WORK_PIECE;
    lines->piece = calloc(lines->pieces + 1, sizeof *lines->piece);
    if (!lines->piece || reserve(survey->process, survey->process_capacity, count + 1))
        result = -ENOMEM;
    reading.process = survey->process;
    for (unsigned i = 0; i < workers; i++) {
        output_init(&lines->worker[i], -1, id);
        reading.reader[i] = malloc(sizeof *reading.reader[i]);
        if (!reading.reader[i]) {
            result = -ENOMEM;
            continue;
        }
        reader_init(reading.reader[i], &survey->host);
        if (outliers_known)
            reading.reader[i]->outliers = &outliers;
    }
    if (!result)
        workers_run(workers, count, read_piece, &reading);
    for (unsigned i = 0; i < workers; i++) {
        if (reading.reader[i])
            reader_free(reading.reader[i]);
        free(reading.reader[i]);
        if (!result)
            result = reading.result[i] ? reading.result[i] : lines->worker[i].error;
    }
    outliers_free(&outliers);
    return result;
}

int survey_processes(struct survey *survey, struct process_lines *lines, int64_t id, struct failure *failure)
{
    autofree uint32_t *pids = NULL;
    size_t capacity = 0, kept = 0;
    ssize_t count = list_numbers_at(survey->host.proc, ".", &pids, &capacity);

    if (count < 0)
        return fail(failure, "getdents64", (int)-count);
    int result = read_all(survey, pids, (size_t)count, lines, id);
    if (result)
        return fail(failure, "processes", -result);
    for (size_t i = 0; !result && i < (size_t)count; i++) {
        const struct process *process = &survey->process[i];
        if (process->pid == 0)
            continue;
        if (process->flags & PROCESS_UNREADABLE)
            survey->unreadable++;
        survey->process[kept++] = *process;
        result = survey_join(survey, process);
    }
    survey->process_count = kept;
    survey->sources |= SOURCE_PROC;
    return result;
}

static int join(struct survey *survey, const struct process *process, enum ns_type type)
{
    uint32_t index;
    int result = namespaces_add(&survey->namespaces, type, process->ns[type], &index);

    if (result)
        return result;
    struct namespace *namespace = &survey->namespaces.item[index];
    if (namespace->members == 0 || process->pid < namespace->lowest)
        namespace->lowest = process->pid;
    namespace->members++;
    namespace->joined++;
    namespace->flags |= NAMESPACE_DIRTY;
    return 0;
}

static int hold_for_children(struct survey *survey, const struct process *process, enum ns_type type)
{
    uint32_t id = process->ns[ns_types[type].children_slot], index;
    struct holder holder = { .kind = HELD_BY_FOR_CHILDREN, .pid = process->pid };

    /* The usual case is that children are created where the process itself is. */
    if (id == 0 || id == process->ns[type])
        return 0;
    int result = namespaces_add(&survey->namespaces, type, id, &index);
    if (result)
        return result;
    survey->namespaces.item[index].flags |= NAMESPACE_DIRTY;
    return namespaces_hold(&survey->namespaces, index, &holder);
}

int survey_join(struct survey *survey, const struct process *process)
{
    int result = 0;

    for (enum ns_type type = 0; !result && type < NS_TYPES; type++) {
        if (process->ns[type] != 0)
            result = join(survey, process, type);
        if (!result && ns_types[type].for_children)
            result = hold_for_children(survey, process, type);
    }
    return result;
}

static void leave(struct survey *survey, const struct process *process, enum ns_type type)
{
    uint32_t index = namespaces_find(&survey->namespaces, type, process->ns[type]);

    if (index == NO_INDEX)
        return;
    struct namespace *namespace = &survey->namespaces.item[index];
    namespace->members--;
    namespace->flags |= NAMESPACE_DIRTY | NAMESPACE_LEFT;
    if (namespace->lowest == process->pid)
        namespace->flags |= NAMESPACE_LOWEST_LEFT;
}

void survey_leave(struct survey *survey, const struct process *process)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        if (process->ns[type] != 0)
            leave(survey, process, type);
        if (!ns_types[type].for_children)
            continue;
        uint32_t id = process->ns[ns_types[type].children_slot];
        uint32_t index = id == 0 || id == process->ns[type] ? NO_INDEX : namespaces_find(&survey->namespaces, type, id);
        if (index != NO_INDEX &&
            namespaces_release(&survey->namespaces, index, HELD_BY_FOR_CHILDREN, 0, process->pid) > 0)
            survey->namespaces.item[index].flags |= NAMESPACE_DIRTY;
    }
}
