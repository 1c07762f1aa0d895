#include "kernel.h"
#include "mountinfo.h"
#include "procfs.h"
#include "survey.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* A mount found by a thread, to be merged when all are done. */
struct found {
    uint32_t view;
    uint32_t id;
    uint32_t path;
    uint32_t path_length;
    uint8_t type;
    bool remote;
};

struct visitor {
    struct survey *survey;
    struct found *found;
    size_t count, capacity;
    char *paths;
    size_t paths_length, paths_capacity;
    char *text;
    size_t text_capacity;
    uint32_t view;
    /* Of the mounts of that view so far. */
    uint64_t hash;
    int result;
};

static void visitor_free(struct visitor *visitor)
{
    free(visitor->found);
    free(visitor->paths);
    free(visitor->text);
}

static int note_mount(void *context, const struct nsfs_mount *mount)
{
    struct visitor *visitor = context;

    if (reserve(visitor->found, visitor->capacity, visitor->count + 1) ||
        reserve(visitor->paths, visitor->paths_capacity, visitor->paths_length + mount->path_length))
        return -ENOMEM;
    memcpy(visitor->paths + visitor->paths_length, mount->path, mount->path_length);
    visitor->found[visitor->count++] = (struct found){
        .view = visitor->view,
        .id = mount->id,
        .type = (uint8_t)mount->type,
        .path = (uint32_t)visitor->paths_length,
        .path_length = (uint32_t)mount->path_length,
        .remote = mount->remote,
    };
    visitor->paths_length += mount->path_length;
    visitor->hash = hash_number(visitor->hash ^ hash_bytes(mount->path, mount->path_length)) ^ hash_number(mount->id);
    return 0;
}

/* Reads the mountinfo of a process or thread. A process that went away leaves its namespace for the next pass. */
static void visit(struct visitor *visitor, uint32_t view, uint32_t pid, uint32_t tid)
{
    struct mount_view *survey_view = &visitor->survey->view[view];
    char path[PROC_PATH_SIZE];

    if (visitor->result)
        return;
    if (tid)
        text_format(path, sizeof path, "%u/task/%u/mountinfo", pid, tid);
    else
        text_format(path, sizeof path, "%u/mountinfo", pid);
    ssize_t length = read_whole_at(visitor->survey->host.proc, path, &visitor->text, &visitor->text_capacity);
    if (is_exhausted((int)length))
        visitor->result = (int)length;
    if (length < 0)
        return;
    size_t before = visitor->count;
    visitor->view = view;
    visitor->hash = 0;
    visitor->result = mountinfo_each_nsfs(visitor->text, (size_t)length, note_mount, visitor);
    survey_view->hash = visitor->hash;
    survey_view->mounts = (uint32_t)(visitor->count - before);
    survey_view->visited = true;
}

static void visit_piece(void *context, unsigned worker, size_t begin, size_t end)
{
    struct visitor *visitor = (struct visitor *)context + worker;

    for (size_t i = begin; i < end; i++) {
        const struct mount_view *view = &visitor->survey->view[i];
        if (!view->unused && !view->visited && view->pid != 0 && !view->partial)
            visit(visitor, (uint32_t)i, view->pid, view->tid);
    }
}

/* Makes the mounts that a visitor found holders of their namespaces; `pid` 0 takes that of the view. */
static int merge(struct survey *survey, const struct visitor *visitor, uint32_t pid)
{
    struct namespaces *namespaces = &survey->namespaces;
    int result = visitor->result;

    for (size_t i = 0; !result && i < visitor->count; i++) {
        const struct found *found = &visitor->found[i];
        const struct mount_view *view = &survey->view[found->view];
        uint32_t index;
        struct holder holder = {
            .kind = HELD_BY_MOUNT,
            .pid = pid ? pid : view->pid,
            .number = view->mntns,
            .path = strings_intern(&namespaces->strings, visitor->paths + found->path, found->path_length),
            .remote = found->remote,
        };
        if (holder.path == UINT32_MAX)
            return -ENOMEM;
        result = namespaces_add(namespaces, found->type, found->id, &index);
        if (!result)
            result = namespaces_hold(namespaces, index, &holder);
        if (!result)
            namespaces->item[index].flags |= NAMESPACE_DIRTY;
    }
    return result;
}

void survey_release_mounts(struct survey *survey, uint32_t mntns)
{
    for (uint32_t i = 0; i < survey->namespaces.count; i++) {
        struct namespace *namespace = &survey->namespaces.item[i];
        if (!(namespace->flags & NAMESPACE_FREE) && namespace->holders != NO_INDEX &&
            namespaces_release(&survey->namespaces, i, HELD_BY_MOUNT, mntns, 0) > 0)
            namespace->flags |= NAMESPACE_DIRTY;
    }
}

/* 1 when the mounts just found replaced others, 0 when they are the same as before. */
static int merge_if_changed(struct survey *survey, const struct visitor *visitor, uint32_t index, uint64_t before,
                            uint32_t pid)
{
    const struct mount_view *view = &survey->view[index];

    if (view->hash == before)
        return visitor->result;
    if (before != 0)
        survey_release_mounts(survey, view->mntns);
    int result = merge(survey, visitor, pid);
    return result ? result : 1;
}

static int add_view(struct survey *survey, uint32_t index, uint32_t pid, uint32_t tid, bool partial)
{
    struct namespace *namespace = &survey->namespaces.item[index];

    if (namespace->view == NO_INDEX) {
        uint32_t fresh = 0;
        while (survey->unused_views > 0 && !survey->view[fresh].unused)
            fresh++;
        if (survey->unused_views > 0) {
            survey->unused_views--;
        } else {
            int result = reserve(survey->view, survey->view_capacity, survey->view_count + 1);
            if (result)
                return result;
            fresh = (uint32_t)survey->view_count++;
        }
        survey->view[fresh] = (struct mount_view){ .mntns = namespace->id };
        namespace->view = fresh;
    }
    struct mount_view *view = &survey->view[namespace->view];
    if (view->pid == 0 || (view->partial && !partial)) {
        view->pid = pid;
        view->tid = tid;
        view->partial = partial;
    }
    return 0;
}

int survey_find_views(struct survey *survey)
{
    struct namespaces *namespaces = &survey->namespaces;
    uint32_t last_id = 0, last = NO_INDEX;
    int result = 0;

    for (size_t i = 0; !result && i < survey->process_count; i++) {
        const struct process *process = &survey->process[i];
        if (process->ns[NS_MNT] == 0)
            continue;
        /* Neighbours mostly share the namespace. */
        if (process->ns[NS_MNT] != last_id) {
            last_id = process->ns[NS_MNT];
            last = namespaces_find(namespaces, NS_MNT, last_id);
        }
        if (last != NO_INDEX)
            result = add_view(survey, last, process->pid, 0, process->flags & PROCESS_CHROOT);
    }
    for (uint32_t i = 0; !result && i < namespaces->count; i++) {
        const struct namespace *namespace = &namespaces->item[i];
        if (namespace->type != NS_MNT || (namespace->flags & NAMESPACE_FREE))
            continue;
        if (namespace->view == NO_INDEX)
            result = add_view(survey, i, 0, 0, true);
        for (uint32_t at = namespace->holders; !result && at != NO_INDEX; at = namespaces->holder[at].next) {
            const struct holder *holder = &namespaces->holder[at];
            if (holder->kind == HELD_BY_TASK)
                result = add_view(survey, i, holder->pid, holder->number, false);
        }
    }
    return result;
}

/* The only thing this process does is to be in the mount namespace until the other end is closed. */
static void stay(int namespace, int ready, pid_t parent)
{
    char byte = 0;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || setns(namespace, CLONE_NEWNS) < 0)
        _exit(1);
    if (write(ready, &byte, 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

/*
 * A mount namespace without a process, or with only chrooted ones: a child joins it, and its mountinfo shows all.
 * Without the right to do so nothing is found, which is what the caller may see. Returns as merge_if_changed does.
 */
static int visit_inside(struct survey *survey, uint32_t index, struct visitor *visitor)
{
    struct namespaces *namespaces = &survey->namespaces;
    uint32_t view = namespaces->item[index].view;
    uint64_t before = survey->view[view].hash;
    int pipes[2] = { -1, -1 };
    char byte;

    autoclose int namespace = survey_open_namespace(survey, index);
    if (namespace < 0 || survey->host.own[NS_PID] == 0)
        return is_exhausted(namespace) ? namespace : 0;
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return -errno;
    autoclose int ready = pipes[0];
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        stay(namespace, pipes[1], parent);
    close(pipes[1]);
    if (child < 0)
        return 0;
    int result = 0;
    if (read(ready, &byte, 1) == 1) {
        visit(visitor, view, (uint32_t)child, 0);
        result = merge_if_changed(survey, visitor, view, before, (uint32_t)child);
        /* While the child is there, what it sees can be opened; afterwards its pid means nothing. */
        int resolved = result < 0 ? 0 : survey_relations(survey, 1);
        if (resolved < 0)
            result = resolved;
        for (size_t i = 0; i < namespaces->holder_count; i++)
            if (namespaces->holder[i].kind == HELD_BY_MOUNT && namespaces->holder[i].pid == (uint32_t)child)
                namespaces->holder[i].pid = survey->view[view].pid;
    }
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return result;
}

static int visit_by_processes(struct survey *survey, unsigned workers)
{
    struct visitor visitors[WORKERS_MAX] = { 0 };
    int result = 0;

    for (unsigned i = 0; i < workers; i++)
        visitors[i].survey = survey;
    workers_run(workers, survey->view_count, visit_piece, visitors);
    for (unsigned i = 0; i < workers; i++) {
        if (!result)
            result = merge(survey, &visitors[i], 0);
        visitor_free(&visitors[i]);
    }
    return result;
}

static int visit_by_joining(struct survey *survey)
{
    int result = 0;

    for (uint32_t i = 0; !result && i < survey->namespaces.count; i++) {
        const struct namespace *namespace = &survey->namespaces.item[i];
        if (namespace->type != NS_MNT || (namespace->flags & NAMESPACE_FREE) || namespace->view == NO_INDEX)
            continue;
        uint32_t view = namespace->view;
        if (survey->view[view].visited)
            continue;
        struct visitor visitor = { .survey = survey };
        result = visit_inside(survey, i, &visitor);
        result = result > 0 ? 0 : result;
        if (!result && !survey->view[view].visited && survey->view[view].pid != 0) {
            /* What the chrooted process sees is better than nothing. */
            visit(&visitor, view, survey->view[view].pid, survey->view[view].tid);
            result = merge(survey, &visitor, 0);
        }
        survey->view[view].visited = true;
        visitor_free(&visitor);
    }
    return result;
}

int survey_refresh_view(struct survey *survey, uint32_t index)
{
    struct mount_view *view = &survey->view[index];
    struct visitor visitor = { .survey = survey };
    uint64_t before = view->hash;
    int result = 0;

    if (view->pid != 0 && !view->partial) {
        visit(&visitor, index, view->pid, view->tid);
        result = merge_if_changed(survey, &visitor, index, before, 0);
    } else {
        uint32_t namespace = namespaces_find(&survey->namespaces, NS_MNT, view->mntns);
        if (namespace != NO_INDEX)
            result = visit_inside(survey, namespace, &visitor);
    }
    view->visited = true;
    visitor_free(&visitor);
    return result;
}

int survey_mounts(struct survey *survey, unsigned workers)
{
    size_t before;
    int result;

    survey->sources |= SOURCE_MOUNTS;
    /* A namespace found by its mount may itself be a mount namespace with further ones in it. */
    do {
        before = survey->namespaces.live;
        result = survey_find_views(survey);
        if (!result)
            result = visit_by_processes(survey, workers);
        if (!result)
            result = survey_relations(survey, 1);
        if (!result)
            result = visit_by_joining(survey);
        if (!result)
            result = survey_relations(survey, 1);
    } while (!result && survey->namespaces.live != before);
    return result;
}
