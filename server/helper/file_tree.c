#include "file.h"

#include "util.h"

#include <fcntl.h>
#include <unistd.h>

int file_mkdir(struct files *files, const struct file_request *request)
{
    const char *name;
    autoclose int folder = files_open_parent(files, request->path, &name);

    return folder < 0 ? folder : checked(mkdirat(folder, name, request->head.amount & 0777));
}

int file_symlink(struct files *files, const struct file_request *request)
{
    const char *name;
    autoclose int folder = files_open_parent(files, request->path, &name);

    return folder < 0 ? folder : checked(symlinkat(request->content, folder, name));
}

int file_rename(struct files *files, const struct file_request *request)
{
    const char *name, *new_name;
    autoclose int from = files_open_parent(files, request->path, &name);
    autoclose int to = from < 0 ? from : files_open_parent(files, request->content, &new_name);
    autoclose int old = to < 0 ? to : files_open_unmounted(files, from, name);
    autoclose int new = old < 0 ? old : files_open_unmounted(files, to, new_name);

    return new < 0 && (old < 0 || new != -ENOENT)
               ? new
               : file_place(from, name, to, new_name, request->head.flags & FLAG_OVERWRITE);
}

/* `deep` is not NULL: also what is in a folder. */
static int remove_one(struct files *files, void *deep, int folder, const char *name)
{
    struct stat status;
    autoclose int place = files_open_unmounted(files, folder, name);
    int result = place < 0 ? place : checked(fstat(place, &status));

    if (result)
        return result;
    int flags = S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0;
    result = checked(unlinkat(folder, name, flags));
    if (!flags || !deep || (result != -ENOTEMPTY && result != -EEXIST))
        return result;
    autoclose int inner = files_reopen_folder(place);
    result = inner < 0 ? inner : files_each(files, inner, remove_one, deep);
    return result ? result : checked(unlinkat(folder, name, flags));
}

int file_delete(struct files *files, const struct file_request *request)
{
    const char *name;
    autoclose int folder = files_open_parent(files, request->path, &name);

    return folder < 0 ? folder : remove_one(files, request->head.flags & FLAG_DEEP ? files : NULL, folder, name);
}
