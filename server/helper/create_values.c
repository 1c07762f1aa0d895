/* Values of options of `create` that have parts. */
#include "create.h"

#include "text.h"
#include "util.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

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
    char prefix[20];
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
    if (find_text(path, "..") || find_text(path, "//") || find_text(path, "/./"))
        return false;
    *value = text + length + 1;
    for (size_t i = 0; i < array_length(sysctl_table); i++)
        if (has_type(types, sysctl_table[i].type) &&
            strncmp(path, sysctl_table[i].prefix, strlen(sysctl_table[i].prefix)) == 0)
            return true;
    return false;
}
