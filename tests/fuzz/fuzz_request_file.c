/* Any bytes as REQUESTS.jsonl: what is accepted is sound. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "request/request_file.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void require_sound(const struct bf_request_file *file)
{
    require(file->n > 0);
    for (size_t i = 0; i < file->n; i++) {
        const struct bf_request_line *line = &file->lines[i];

        require(line->line > 0 && line->name[0] != '\0' && strlen(line->name) <= BF_REQUEST_NAME_MAX);
        require(strchr(line->name, '/') == NULL && line->name[0] != '.');
        require((line->instances_path != NULL) == (line->kind == BF_KIND_INSTANCE));
        require((line->topic == NULL) == (line->kind == BF_KIND_INSTANCE));
        require(line->role < BF_ROLE_COUNT && line->request.kind == line->kind);
        require(bf_request_check(&line->request, NULL) == BF_OK);
        for (size_t r = 0; r < line->n_retain; r++) {
            const struct bf_retain_ref *ref = &line->retain[r];
            require(ref->path || ref->name || (ref->line < file->n && ref->line != i));
        }
        for (size_t other = 0; other < i; other++)
            require(strcmp(file->lines[other].name, line->name) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bf_request_file file;
    struct bf_err err = BF_ERR_INIT;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    char path[40];

    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (bf_request_file_read(path, "quick", &file, &err) == BF_OK)
        require_sound(&file);
    else
        require(err.status == BF_INPUT && err.text[0] != '\0' && bf_utf8_valid(err.text, strlen(err.text)));
    bf_request_file_release(&file);
    require(close(fd) == 0);
    return 0;
}
