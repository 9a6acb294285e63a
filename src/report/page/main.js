"use strict";
/* The table of a run's sections, and the start. To add a section: its function, a row here, a row of BF_PAGE_SECTIONS in page_internal.h. */
const sections = [
    ["summary", "Summary", "words", drawWords],
    ["unlearning", "Before and after unlearning", "closed_loop", drawClosedLoop],
    ["figures", "Metrics", "comparison", drawComparison],
    ["map", "Map of meaning", "map", drawMap],
    ["diversity", "Diversity", "trace", drawTrace],
    ["coverage", "Coverage", "coverage", drawCoverage],
    ["min-k", "Min-K% prob", "min_k", drawMinK],
    ["rejected", "Rejected samples", "rejected", drawRejected],
    ["knowledge", "Knowledge check", "knowledge", drawKnowledge],
    ["training", "Losses of unlearning", "training", drawTraining],
    ["samples", "Samples", "samples", drawSamples],
    ["settings", "Settings and hashes", "settings", drawSettings],
];

start(sections);
