"use strict";
/* The table of an experiment's sections, and the start. */
start([
    ["summary", "Summary", "words", drawWords],
    ["tradeoff", "Forgetting against utility", "tradeoff", drawTradeoff],
    ["comparison", "Against the reference", "comparison", drawLabComparison],
    ["sets", "Forget sets", "sets", drawLabSets],
    ["ablation", "Ablation", "ablation", drawAblation],
    ["table", "All metrics", "lines", drawLines],
    ["settings", "Settings, and how to repeat it", "settings", drawLabSettings],
]);
