#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "base/banned.h"

struct bf_opt *bf_opt_copy(const struct bf_opt *table, size_t n)
{
    struct bf_opt *copy = bf_array(n, sizeof *copy);
    memcpy(copy, table, n * sizeof *copy);
    return copy;
}
