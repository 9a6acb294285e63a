#include "eval/memorization.h"

#include "base/banned.h"

double bf_exact_memorization(const bool *greedy, size_t n)
{
    size_t hits = 0;
    for (size_t i = 0; i < n; i++)
        hits += greedy[i];
    return (double)hits / (double)n;
}

double bf_extraction_strength(const bool *greedy, size_t n)
{
    size_t k = n;
    while (k > 0 && greedy[k - 1])
        k--;
    k = k < n ? k : n - 1;
    return 1.0 - (double)k / (double)n;
}
