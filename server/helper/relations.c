#include "closing.h"
#include "kernel.h"
#include "nsfs.h"
#include "procfs.h"
#include "survey.h"
#include "text.h"
#include "util.h"
#include "workers.h"

#include <fcntl.h>
#include <string.h>

/* The kernel nests user and pid namespaces no deeper than 33 levels; a few more are room for other children. */
#define LEVELS_MAX 40

/* Refuses a descriptor that turned out to be another namespace; takes it over. */
static int proven(const struct host *host, int fd, uint32_t id, uint64_t *nsid)
{
    struct nsfs_identity identity = { 0 };
    int result;

    if (fd < 0)
        return fd;
    if (host->handles)
        result = nsfs_identify(host, fd, &identity);
    else
        result = nsfs_inode(fd, &identity.id);
    if (!result && identity.id != id)
        result = -ESTALE;
    if (!result && !host->handles && host->nsid && ioctl(fd, (int)NS_GET_ID, &identity.nsid) < 0)
        identity.nsid = 0;
    if (result) {
        close(fd);
        return result;
    }
    *nsid = identity.nsid;
    return fd;
}

/* Opens /proc/PID/ns/LINK; the inode proves that the process has not moved meanwhile. */
static int open_link(const struct host *host, uint32_t pid, uint32_t tid, unsigned slot, uint32_t id, uint64_t *nsid)
{
    char path[PROC_PATH_SIZE];

    if (tid) {
        text_format(path, sizeof path, "%u/task/%u/ns/%s", pid, tid, ns_slot_link(slot));
    } else {
        /* Once per namespace of the host, so without printf. */
        size_t length = format_number(path, pid);
        memcpy(path + length, "/ns/", 4);
        strcpy(path + length + 4, ns_slot_link(slot));
    }
    int fd = openat(host->proc, path, O_RDONLY | O_CLOEXEC);
    return proven(host, fd < 0 ? -errno : fd, id, nsid);
}

static int open_mount(const struct survey *survey, const struct holder *holder, uint32_t id)
{
    const char *path = strings_get(&survey->namespaces.strings, holder->path);
    char prefix[PROC_PATH_SIZE];

    if (holder->pid == 0 || holder->remote)
        return -ENOENT;
    size_t length = text_format(prefix, sizeof prefix, "%u/root", holder->pid);
    autofree char *full = malloc(length + strlen(path) + 1);
    if (!full)
        return -ENOMEM;
    memcpy(full, prefix, length);
    strcpy(full + length, path);
    return nsfs_open_at(&survey->host, survey->host.proc, full, id);
}

static int open_socket(uint32_t pid, uint32_t number)
{
    autoclose int process = (int)syscall(SYSCALL_PIDFD_OPEN, pid, 0);
    autoclose int socket = process < 0 ? -1 : (int)syscall(SYSCALL_PIDFD_GETFD, process, number, 0);
    int fd = socket < 0 ? -1 : ioctl(socket, SIOCGSKNS);

    return fd < 0 ? -errno : fd;
}

static int open_by_holder(const struct survey *survey, const struct namespace *namespace,
                          const struct holder *holder, uint64_t *nsid)
{
    const struct host *host = &survey->host;
    const struct ns_type_info *info = &ns_types[namespace->type];
    char path[PROC_PATH_SIZE];
    int fd;

    switch ((enum holder_kind)holder->kind) {
    case HELD_BY_FOR_CHILDREN:
        return open_link(host, holder->pid, holder->number, info->children_slot, namespace->id, nsid);
    case HELD_BY_TASK:
        return open_link(host, holder->pid, holder->number, namespace->type, namespace->id, nsid);
    case HELD_BY_MOUNT:
        return proven(host, open_mount(survey, holder, namespace->id), namespace->id, nsid);
    case HELD_BY_FD:
        text_format(path, sizeof path, "%u/fd/%u", holder->pid, holder->number);
        fd = nsfs_open_at(host, host->proc, path, namespace->id);
        return proven(host, fd, namespace->id, nsid);
    case HELD_BY_SOCKET:
        return proven(host, open_socket(holder->pid, holder->number), namespace->id, nsid);
    }
    return -ENOENT;
}

/* By the file handle that listns(2) gives the id for. */
static int open_by_id(const struct host *host, const struct namespace *namespace, uint64_t *nsid)
{
    if (namespace->nsid == 0)
        return -ENOENT;
    return proven(host, nsfs_open_id(namespace->nsid), namespace->id, nsid);
}

/* When the first member has just left, another one serves. */
static int open_by_any_member(const struct survey *survey, const struct namespace *namespace, uint64_t *nsid)
{
    int fd = -ENOENT;

    for (size_t i = 0; fd < 0 && i < survey->process_count; i++) {
        const struct process *process = &survey->process[i];
        if (process->ns[namespace->type] == namespace->id && process->pid != namespace->lowest)
            fd = open_link(&survey->host, process->pid, 0, namespace->type, namespace->id, nsid);
    }
    return fd;
}

static int open_by_child(const struct survey *survey, const struct namespace *namespace, uint64_t *nsid,
                         unsigned levels);

/* `levels` is how far up from a child it may still go. */
static int open_namespace(const struct survey *survey, const struct namespace *namespace, uint64_t *nsid,
                          unsigned levels)
{
    const struct namespaces *namespaces = &survey->namespaces;
    int fd = -ENOENT;

    if (namespace->members > 0)
        fd = open_link(&survey->host, namespace->lowest, 0, namespace->type, namespace->id, nsid);
    for (uint32_t at = namespace->holders; fd < 0 && at != NO_INDEX; at = namespaces->holder[at].next)
        fd = open_by_holder(survey, namespace, &namespaces->holder[at], nsid);
    if (fd < 0 && namespace->members > 1)
        fd = open_by_any_member(survey, namespace, nsid);
    if (fd < 0)
        fd = open_by_id(&survey->host, namespace, nsid);
    if (fd < 0 && namespace->via != NO_INDEX && levels > 0)
        fd = open_by_child(survey, namespace, nsid, levels - 1);
    return fd;
}

static int open_by_child(const struct survey *survey, const struct namespace *namespace, uint64_t *nsid,
                         unsigned levels)
{
    const struct namespace *child = &survey->namespaces.item[namespace->via];
    uint64_t ignored;

    if (child->owner != namespace->id && child->parent != namespace->id)
        return -ENOENT;
    autoclose int fd = open_namespace(survey, child, &ignored, levels);
    if (fd < 0)
        return fd;
    return proven(&survey->host, child->parent == namespace->id ? nsfs_parent(fd) : nsfs_owner(fd), namespace->id,
                  nsid);
}

int survey_open_namespace(const struct survey *survey, uint32_t index)
{
    uint64_t ignored;

    return open_namespace(survey, &survey->namespaces.item[index], &ignored, LEVELS_MAX);
}

/* Takes a descriptor, or what came instead of one, over. 0 where the kernel does not say which namespace it is. */
static int inode_of(int fd, struct closing *closing, uint32_t *id)
{
    *id = 0;
    if (fd < 0)
        return is_exhausted(fd) ? fd : 0;
    if (nsfs_inode(fd, id))
        *id = 0;
    close_later(closing, fd);
    return 0;
}

/* Writes nothing but the namespace itself, so threads may resolve different ones. */
static int resolve(struct namespace *namespace, int fd, struct closing *closing)
{
    int result = 0;

    if (ns_types[namespace->type].has_parent)
        result = inode_of(nsfs_parent(fd), closing, &namespace->parent);
    /* The owner of a user namespace is its parent, so one question is enough. */
    if (namespace->type == NS_USER)
        namespace->owner = namespace->parent;
    else if (!result)
        result = inode_of(nsfs_owner(fd), closing, &namespace->owner);
    if (namespace->type == NS_USER && nsfs_owner_uid(fd, &namespace->uid) == 0)
        namespace->flags |= NAMESPACE_HAS_UID;
    if (!result)
        namespace->flags |= NAMESPACE_RESOLVED;
    return result;
}

static int resolve_one(const struct survey *survey, struct namespace *namespace)
{
    struct closing closing = { .count = 0 };
    int fd = open_namespace(survey, namespace, &namespace->nsid, LEVELS_MAX);

    if (is_exhausted(fd))
        return fd;
    if (fd < 0) {
        namespace->flags |= NAMESPACE_RESOLVED | NAMESPACE_UNOPENED;
        return 0;
    }
    int result = resolve(namespace, fd, &closing);
    close_later(&closing, fd);
    close_now(&closing);
    return result;
}

static void resolve_piece(void *context, unsigned worker, size_t begin, size_t end)
{
    struct survey *survey = context;
    struct closing closing = { .count = 0 };

    (void)worker;
    for (size_t i = begin; i < end; i++) {
        struct namespace *namespace = &survey->namespaces.item[i];
        if ((namespace->flags & (NAMESPACE_RESOLVED | NAMESPACE_FREE)) || namespace->members == 0)
            continue;
        int fd = open_link(&survey->host, namespace->lowest, 0, namespace->type, namespace->id, &namespace->nsid);
        if (fd < 0)
            continue;
        /* One that could not be resolved for want of descriptors has another chance when all threads are done. */
        if (resolve(namespace, fd, &closing) == 0)
            namespace->flags |= NAMESPACE_UNLINKED;
        close_later(&closing, fd);
    }
    close_now(&closing);
}

/* Counts a namespace as child of `id`, which becomes known by that. */
static int link_to(struct survey *survey, uint32_t child, enum ns_type type, uint32_t id)
{
    uint32_t index;
    int result = namespaces_add(&survey->namespaces, type, id, &index);

    if (result)
        return result;
    struct namespace *namespace = &survey->namespaces.item[index];
    namespace->children++;
    namespace->flags |= NAMESPACE_DIRTY;
    if (namespace->via == NO_INDEX)
        namespace->via = child;
    return 0;
}

static void unlink_from(struct survey *survey, enum ns_type type, uint32_t id)
{
    uint32_t index = id ? namespaces_find(&survey->namespaces, type, id) : NO_INDEX;

    if (index == NO_INDEX)
        return;
    survey->namespaces.item[index].children--;
    survey->namespaces.item[index].flags |= NAMESPACE_DIRTY;
}

void survey_unlink(struct survey *survey, const struct namespace *namespace)
{
    if (namespace->flags & NAMESPACE_UNLINKED)
        return;
    unlink_from(survey, NS_USER, namespace->owner);
    if (namespace->type != NS_USER)
        unlink_from(survey, namespace->type, namespace->parent);
}

static int link_all(struct survey *survey, uint32_t index)
{
    struct namespace *namespace = &survey->namespaces.item[index];
    uint32_t owner = namespace->owner, parent = namespace->parent;
    enum ns_type type = namespace->type;

    namespace->flags &= (uint8_t)~NAMESPACE_UNLINKED;
    int result = owner ? link_to(survey, index, NS_USER, owner) : 0;
    if (!result && parent && type != NS_USER)
        result = link_to(survey, index, type, parent);
    return result;
}

int survey_renew(struct survey *survey, uint32_t index)
{
    struct namespace before = survey->namespaces.item[index], *namespace = &survey->namespaces.item[index];

    if (!(before.flags & NAMESPACE_RESOLVED) || (before.flags & NAMESPACE_UNLINKED))
        return 0;
    namespace->nsid = 0;
    namespace->owner = namespace->parent = namespace->uid = 0;
    namespace->flags &= (uint8_t)~NAMESPACE_HAS_UID;
    int result = resolve_one(survey, namespace);
    if (!result)
        result = link_all(survey, index);
    if (!result)
        survey_unlink(survey, &before);
    return result;
}

int survey_relations(struct survey *survey, unsigned workers)
{
    struct namespaces *namespaces = &survey->namespaces;
    /* The owner of most. While it is open somewhere, nsfs does not make and drop its inode with every question. */
    autoclose int own = openat(survey->host.proc, "self/ns/user", O_RDONLY | O_CLOEXEC);

    (void)own;
    workers_run(workers, namespaces->count, resolve_piece, survey);
    survey->sources |= SOURCE_IOCTL;
    /* Owners and parents are appended while this runs and so get their turn. */
    for (uint32_t i = 0; i < namespaces->count; i++) {
        struct namespace *namespace = &namespaces->item[i];
        if (namespace->flags & NAMESPACE_FREE)
            continue;
        int result = 0;
        if (!(namespace->flags & NAMESPACE_RESOLVED)) {
            result = resolve_one(survey, namespace);
            namespace->flags |= NAMESPACE_UNLINKED;
        }
        if (!result && (namespace->flags & NAMESPACE_UNLINKED))
            result = link_all(survey, i);
        if (result)
            return result;
    }
    return 0;
}
