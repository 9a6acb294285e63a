/* Files compiled into the program, so that the binary is complete: the template sets and the list of models.
 * cmake/embed.cmake writes the array at build time. */
#ifndef BF_BASE_EMBEDDED_H
#define BF_BASE_EMBEDDED_H
#include <stddef.h>

struct bf_embedded_file {
    const char *name; /* path in the source tree: "templates/default.json", "models/manifest.json" */
    const char *data; /* the file's bytes, followed by a NUL that n does not count */
    size_t n;         /* bytes */
};

extern const struct bf_embedded_file bf_embedded_files[]; /* sorted by name */
extern const size_t bf_embedded_count;

#endif
