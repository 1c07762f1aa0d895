#include "create.h"

#include "text.h"
#include "util.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>

/* Reads the value of an option. False when it is none. */
typedef bool option_reader(struct create *create, const char *value);

static bool read_whole(const char *text, uint64_t most, uint64_t *number)
{
    const char *end = text + strlen(text);

    return parse_number(&text, end, number) && text == end && *number <= most;
}

static bool read_new(struct create *create, const char *value)
{
    while (*value) {
        size_t length = strcspn(value, ",");
        enum ns_type type = ns_type_by_name(value, length);
        if (type == NS_NONE || (value[length] == ',' && value[length + 1] == '\0'))
            return false;
        create->new_types |= 1u << type;
        value += length + (value[length] == ',');
    }
    return true;
}

static bool read_join(struct create *create, const char *value)
{
    size_t length = strcspn(value, ":");
    enum ns_type type = ns_type_by_name(value, length);

    if (type == NS_NONE || value[length] != ':' || has_type(create->join_types, type))
        return false;
    /* A number alone is that of the type: the whole is a reference then. */
    const char *reference = value + length + 1;
    create->join[type].reference = reference[strspn(reference, "0123456789")] ? reference : value;
    create->join_types |= 1u << type;
    return value[length + 1] != '\0';
}

static bool read_uid_map(struct create *create, const char *value)
{
    return map_add(&create->uid_map, value);
}

static bool read_gid_map(struct create *create, const char *value)
{
    return map_add(&create->gid_map, value);
}

static bool read_map(struct create *create, const char *value)
{
    static const char *const names[] = { [MAP_ROOT] = "root", [MAP_SAME] = "same", [MAP_AUTO] = "auto" };

    for (enum map_kind kind = MAP_ROOT; kind <= MAP_AUTO; kind++)
        if (strcmp(names[kind], value) == 0)
            create->map = kind;
    return create->map != MAP_NONE;
}

static bool read_setgroups(struct create *create, const char *value)
{
    create->setgroups_deny = strcmp(value, "deny") == 0;
    return create->setgroups_deny;
}

/* Seconds that the kernel can add to a clock: timens_offsets refuses what lies beyond KTIME_SEC_MAX / 2 with ERANGE. */
static bool read_seconds(const char *value, int64_t *seconds)
{
    uint64_t number;
    bool negative = *value == '-';

    if (!read_whole(value + negative, INT64_MAX, &number))
        return false;
    *seconds = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool read_monotonic(struct create *create, const char *value)
{
    return create->has_monotonic = read_seconds(value, &create->monotonic);
}

static bool read_boottime(struct create *create, const char *value)
{
    return create->has_boottime = read_seconds(value, &create->boottime);
}

/* (uid_t)-1 means none. */
static bool read_uid(struct create *create, const char *value)
{
    uint64_t number;

    create->has_uid = read_whole(value, UINT32_MAX - 1, &number);
    create->uid = create->has_uid ? (uint32_t)number : 0;
    return create->has_uid;
}

static bool read_gid(struct create *create, const char *value)
{
    uint64_t number;

    create->has_gid = read_whole(value, UINT32_MAX - 1, &number);
    create->gid = create->has_gid ? (uint32_t)number : 0;
    return create->has_gid;
}

static bool read_records(struct create *create, const char *value)
{
    uint64_t number;

    create->has_records = read_whole(value, 1 << 20, &number) && fcntl((int)number, F_GETFD) >= 0;
    create->records = create->has_records ? (int)number : -1;
    return create->has_records;
}

/* sethostname(2) takes at most 64 bytes. */
static bool read_hostname(struct create *create, const char *value)
{
    create->hostname = value;
    return strlen(value) <= 64;
}

static bool read_domainname(struct create *create, const char *value)
{
    create->domainname = value;
    return strlen(value) <= 64;
}

static bool read_path(const char **to, const char *value)
{
    *to = value;
    return value[0] == '/' && strlen(value) < 4096;
}

static bool read_root(struct create *create, const char *value)
{
    return read_path(&create->root, value);
}

static bool read_chdir(struct create *create, const char *value)
{
    return read_path(&create->chdir, value);
}

/* The name is a folder's in /run/linux-namespaces, where `helper` holds the helper's own files, and a word in /proc. */
static bool read_keep(struct create *create, const char *value)
{
    size_t length = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    create->keep = value;
    return length >= 1 && length <= 64 && value[length] == '\0' && value[0] != '.' && strcmp(value, "helper") != 0;
}

static bool add(struct create_list *list, const char *value)
{
    if (list->count == CREATE_LIST_MAX)
        return false;
    list->item[list->count++] = value;
    return true;
}

static bool read_mount(struct create *create, const char *value)
{
    struct create_mount mount;

    return create_parse_mount(value, &mount) && add(&create->mounts, value);
}

static bool read_veth(struct create *create, const char *value)
{
    struct create_veth veth;

    create->veth = value;
    return create_parse_veth(value, &veth);
}

static bool read_sysctl(struct create *create, const char *value)
{
    return add(&create->sysctls, value);
}

static bool set_mount_proc(struct create *create, const char *value)
{
    (void)value;
    return create->mount_proc = true;
}

static bool set_loopback(struct create *create, const char *value)
{
    (void)value;
    return create->loopback = true;
}

static bool set_try(struct create *create, const char *value)
{
    (void)value;
    return create->try = true;
}

static const struct {
    const char *name;
    bool has_value;
    option_reader *read;
    const char *refusal;
} option_table[] = {
    { "--new", true, read_new, "--new takes types: mnt, uts, ipc, pid, net, user, cgroup, time" },
    { "--join", true, read_join, "--join takes TYPE:REFERENCE, once for a type" },
    { "--uid-map", true, read_uid_map, "--uid-map takes INSIDE:OUTSIDE:COUNT" },
    { "--gid-map", true, read_gid_map, "--gid-map takes INSIDE:OUTSIDE:COUNT" },
    { "--map", true, read_map, "--map takes root, same or auto" },
    { "--setgroups", true, read_setgroups, "--setgroups takes deny" },
    { "--hostname", true, read_hostname, "--hostname takes at most 64 bytes" },
    { "--domainname", true, read_domainname, "--domainname takes at most 64 bytes" },
    { "--monotonic", true, read_monotonic, "--monotonic takes whole seconds" },
    { "--boottime", true, read_boottime, "--boottime takes whole seconds" },
    { "--root", true, read_root, "--root takes an absolute path" },
    { "--chdir", true, read_chdir, "--chdir takes an absolute path" },
    { "--mount-proc", false, set_mount_proc, NULL },
    { "--mount", true, read_mount, "--mount takes SOURCE:TARGET or SOURCE:TARGET:ro, both absolute, at most 64 times" },
    { "--sysctl", true, read_sysctl, "--sysctl can be given 64 times" },
    { "--loopback", false, set_loopback, NULL },
    { "--veth", true, read_veth, "--veth takes NAME,ADDRESS/PREFIX,PEERADDRESS/PREFIX" },
    { "--uid", true, read_uid, "--uid takes a number" },
    { "--gid", true, read_gid, "--gid takes a number" },
    { "--keep", true, read_keep, "--keep takes 1 to 64 of A-Z a-z 0-9 _ . -, not starting with a dot, and not helper" },
    { "--records", true, read_records, "--records takes an open file descriptor" },
    { "--try", false, set_try, NULL },
};

static int parse_word(const char *word, struct create *create, struct failure *failure)
{
    for (size_t i = 0; i < array_length(option_table); i++) {
        size_t length = strlen(option_table[i].name);
        if (strncmp(word, option_table[i].name, length) != 0 || word[length] != (option_table[i].has_value ? '=' : '\0'))
            continue;
        if (option_table[i].read(create, word + length + 1))
            return 0;
        return fail_usage(failure, "option", option_table[i].refusal);
    }
    return fail_usage(failure, "option", "unknown option or argument");
}

bool create_parse_mount(const char *text, struct create_mount *mount)
{
    const char *colon = strchr(text, ':');
    size_t length = colon ? strlen(colon + 1) : 0;

    if (!colon || text[0] != '/' || colon[1] != '/' || (size_t)(colon - text) >= sizeof mount->source)
        return false;
    mount->read_only = length > 3 && strcmp(colon + 1 + length - 3, ":ro") == 0;
    length -= mount->read_only ? 3 : 0;
    if (length >= sizeof mount->target || memchr(colon + 1, ':', length))
        return false;
    text_format(mount->source, sizeof mount->source, "%.*s", (int)(colon - text), text);
    text_format(mount->target, sizeof mount->target, "%.*s", (int)length, colon + 1);
    return true;
}

static bool parse_address(const char *text, size_t length, struct create_address *address)
{
    char copy[64];
    uint64_t prefix;
    const char *slash = memchr(text, '/', length);

    if (!slash || (size_t)(slash - text) >= sizeof copy)
        return false;
    text_format(copy, sizeof copy, "%.*s", (int)(slash - text), text);
    address->family = strchr(copy, ':') ? AF_INET6 : AF_INET;
    const char *at = slash + 1, *end = text + length;
    if (!parse_number(&at, end, &prefix) || at != end || prefix > (address->family == AF_INET ? 32 : 128))
        return false;
    address->prefix = (unsigned)prefix;
    return inet_pton(address->family, copy, address->bytes) == 1;
}

bool create_parse_veth(const char *text, struct create_veth *veth)
{
    size_t name = strcspn(text, ",");
    const char *own = text + name + 1;

    if (text[name] != ',' || name == 0 || name >= IFNAMSIZ || memchr(text, '/', name) || memchr(text, ' ', name) ||
        memchr(text, ':', name) || text[0] == '.')
        return false;
    size_t length = strcspn(own, ",");
    if (own[length] != ',')
        return false;
    memcpy(veth->host, text, name);
    veth->host[name] = '\0';
    return parse_address(own, length, &veth->own) &&
           parse_address(own + length + 1, strlen(own + length + 1), &veth->peer);
}

/* What each type of namespace has a value of its own for: namespaces(7), and the kernel's Documentation/admin-guide/sysctl. */
static const struct {
    const char *prefix;
    enum ns_type type;
} sysctl_table[] = {
    { "net/", NS_NET },          { "kernel/shm", NS_IPC },      { "kernel/msg", NS_IPC },
    { "kernel/sem", NS_IPC },    { "fs/mqueue/", NS_IPC },      { "kernel/hostname", NS_UTS },
    { "user/", NS_USER },        { "kernel/domainname", NS_UTS }, { "kernel/ns_last_pid", NS_PID },
    { "kernel/auto_msgmni", NS_IPC },
};

bool create_parse_sysctl(const char *text, unsigned types, char *path, size_t size, const char **value)
{
    size_t length = strcspn(text, "=");
    /* As in sysctl(8): with a slash first, dots are part of names such as eth0.1. */
    bool dots = text[strcspn(text, "./=")] != '/';

    if (text[length] != '=' || length == 0 || length >= size || text[0] == '/')
        return false;
    memcpy(path, text, length);
    path[length] = '\0';
    for (char *at = path; dots && *at; at++)
        *at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
    if (strstr(path, "..") || strstr(path, "//") || strstr(path, "/./"))
        return false;
    *value = text + length + 1;
    for (size_t i = 0; i < array_length(sysctl_table); i++)
        if (has_type(types, sysctl_table[i].type) &&
            strncmp(path, sysctl_table[i].prefix, strlen(sysctl_table[i].prefix)) == 0)
            return true;
    return false;
}

/* What would otherwise change a namespace that was there before. */
static int check(const struct create *create, struct failure *failure)
{
    const struct {
        bool asked;
        enum ns_type type;
        const char *detail;
    } needs[] = {
        { create->root || create->mount_proc || create->mounts.count > 0, NS_MNT,
          "--root, --mount-proc and --mount need --new=mnt" },
        { create->hostname || create->domainname, NS_UTS, "--hostname and --domainname need --new=uts" },
        { create->has_monotonic || create->has_boottime, NS_TIME, "--monotonic and --boottime need --new=time" },
        { create->loopback || create->veth, NS_NET, "--loopback and --veth need --new=net" },
        { create->map || create->uid_map.count || create->gid_map.count || create->setgroups_deny, NS_USER,
          "--map, --uid-map, --gid-map and --setgroups need --new=user" },
    };
    char path[256];
    const char *value;

    for (size_t i = 0; i < array_length(needs); i++)
        if (needs[i].asked && !has_type(create->new_types, needs[i].type))
            return fail_usage(failure, "option", needs[i].detail);
    if (create->new_types & create->join_types)
        return fail_usage(failure, "option", "a type is either new or joined");
    if (create->map && (create->uid_map.count || create->gid_map.count))
        return fail_usage(failure, "option", "--map and ranges exclude each other");
    if (create->try && (create->argv || create->keep))
        return fail_usage(failure, "option", "--try neither runs nor keeps anything");
    for (size_t i = 0; i < create->sysctls.count; i++)
        if (!create_parse_sysctl(create->sysctls.item[i], create->new_types, path, sizeof path, &value))
            return fail_usage(failure, "option", "--sysctl takes NAME=VALUE of one of the new namespaces");
    return 0;
}

int create_parse(char *const *word, size_t count, struct create *create, struct failure *failure)
{
    bool asked = false;

    *create = (struct create){ .records = -1 };
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        create->join[type].fd = -1;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word[i], "--") == 0) {
            if (i + 1 == count)
                return fail_usage(failure, "option", "nothing to run after --");
            create->argv = word + i + 1;
            break;
        }
        int result = parse_word(word[i], create, failure);
        if (result)
            return result;
        asked = asked || strncmp(word[i], "--new=", 6) == 0 || strncmp(word[i], "--join=", 7) == 0;
    }
    if (!asked)
        return fail_usage(failure, "option", "nothing to create: --new or --join is missing");
    return check(create, failure);
}
